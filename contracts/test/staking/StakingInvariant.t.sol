// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Providers} from "./Providers.sol";
import {StakingTest} from "./StakingTest.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";

/// @notice What holds of collateral, cases, rewards and emission whatever happens. That slashes are in equal ratio, exits undiluted,
/// the price rising, due exits paid and strangers refused is looked at in {Providers}, at every step.
///
/// Where each invariant of the design is held. A step that is named in {Stakers} or {Providers} asserts it whenever it is taken; a
/// failed assertion and any revert end the run (`fail_on_revert`).
///
/// | invariant | here, or in {VPHAInvariantTest} |
/// |---|---|
/// | balance >= A + U + N | invariant_TheBalanceCoversAllThatIsAccounted |
/// | sums of shares and tickets | invariant_SharesAndVotesSumUp, invariant_TicketsSumUpAndStayAsPromised |
/// | price never falls, slashing included | invariant_ThePriceNeverFalls (both); `priceNeverFalls` of every step |
/// | a same-block round trip never profits | Stakers.roundTrip |
/// | C + X = vPHA held | invariant_ThePoolHoldsAllThatIsBonded |
/// | exiting and active stake slashed in equal ratio | Providers.slashed, of `takeAll` and `executeCase` |
/// | older exits undiluted | `undiluted` of Providers.bond, thaw and finish |
/// | slash never reverts | Providers.equivocate and equivocateInCase, which nothing guards; executeCase, which guards what the court refuses |
/// | a case takes its cap, or all there is | Providers.executeCase, of `execute` and `convict` |
/// | E <= C | invariant_ExposureIsCoveredAndKept |
/// | no promised unlock moves | invariant_TicketsSumUpAndStayAsPromised, invariant_ExitsAreCoveredAndUnlockAsPromised |
/// | emission <= 700M | invariant_EmissionFollowsTheScheduleAndFundsTheRewards |
/// | no L2 message reaches bond, case or votes | invariant_NoMessageMovesABondACaseOrVotes; {PortalReachTest} by the real portal |
/// forge-config: ci.invariant.runs = 1000
/// forge-config: ci.invariant.depth = 200
/// forge-config: ci.invariant.check_interval = 10
/// forge-config: deep.invariant.runs = 10000
/// forge-config: deep.invariant.depth = 200
/// forge-config: deep.invariant.check_interval = 10
contract StakingInvariantTest is StakingTest {
    Providers internal providers;

    function setUp() public override {
        providers = new Providers();
        providers.setUp();
        (pha, vpha, rollup, pool, court, rewards, emission) = providers.exposed();
        bytes4[] memory selectors = new bytes4[](23);
        selectors[0] = Providers.arrive.selector;
        selectors[1] = bytes4(keccak256("bond(uint256,uint256)"));
        selectors[2] = bytes4(keccak256("thaw(uint256,uint256)"));
        selectors[3] = bytes4(keccak256("finish(uint256,uint256)"));
        selectors[4] = Providers.give.selector;
        selectors[5] = bytes4(keccak256("submit(uint256,uint256)"));
        selectors[6] = Providers.addProof.selector;
        selectors[7] = Providers.finalize.selector;
        selectors[8] = Providers.discard.selector;
        selectors[9] = Providers.equivocate.selector;
        selectors[10] = Providers.dispute.selector;
        selectors[11] = Providers.missSlot.selector;
        selectors[12] = Providers.decide.selector;
        selectors[13] = Providers.veto.selector;
        selectors[14] = Providers.execute.selector;
        selectors[15] = Providers.expire.selector;
        selectors[16] = Providers.settleCase.selector;
        selectors[17] = Providers.setClass.selector;
        selectors[18] = Providers.distribute.selector;
        selectors[19] = Providers.claimReward.selector;
        selectors[20] = Providers.wait.selector;
        selectors[21] = Providers.equivocateInCase.selector;
        selectors[22] = Providers.convict.selector;
        target(address(providers), selectors);
    }

    /// @dev C + X of all pools, what was slashed and not yet paid, and what was given for nothing.
    function invariant_ThePoolHoldsAllThatIsBonded() public view {
        address[] memory all = providers.allOperators();
        uint256 sum = pool.slashedUnpaid() + providers.gifts();
        for (uint256 i; i < all.length; ++i) {
            sum += pool.slashable(all[i]);
        }
        vm.assertEq(sum, vpha.balanceOf(address(pool)));
        vm.assertEq(pha.balanceOf(address(vpha)), vpha.totalAssets() + vpha.unstaking() + vpha.unstreamed());
    }

    /// @dev Nor when nobody acts.
    function invariant_ThePriceNeverFalls() public view {
        (uint256 assets, uint256 shares) = (providers.lastAssets(), providers.lastShares());
        vm.assertGe((vpha.totalAssets() + 1) * (shares + 1), (assets + 1) * (vpha.totalSupply() + 1));
    }

    /// @dev E <= C, and nothing is released before it is final.
    function invariant_ExposureIsCoveredAndKept() public view {
        address[] memory all = providers.allOperators();
        for (uint256 i; i < all.length; ++i) {
            IOperatorPool.PoolState memory state = pool.poolOf(all[i]);
            vm.assertLe(state.exposure, state.active);
            vm.assertGe(state.exposure, providers.exposureOf(all[i]));
        }
    }

    /// @dev R is what the open cases may take, no more and no less.
    function invariant_OpenCasesHoldWhatTheyMayTake() public view {
        address[] memory all = providers.allOperators();
        uint256[] memory open = providers.allOpenCases();
        uint256[] memory caps = new uint256[](all.length);
        for (uint256 i; i < open.length; ++i) {
            IFaultCourt.Case memory case_ = court.caseOf(open[i]);
            for (uint256 j; j < all.length; ++j) {
                if (all[j] == case_.operator) caps[j] += case_.cap;
            }
        }
        for (uint256 j; j < all.length; ++j) {
            vm.assertEq(pool.poolOf(all[j]).reserved, caps[j]);
        }
    }

    function invariant_ExitsAreCoveredAndUnlockAsPromised() public view {
        address[] memory all = providers.allOperators();
        for (uint256 i; i < all.length; ++i) {
            (uint256[] memory ids, uint256[] memory amounts, uint256[] memory unlockAt) = pool.exits(all[i]);
            uint256 sum;
            for (uint256 j; j < ids.length; ++j) {
                vm.assertEq(unlockAt[j], providers.unlockPromised(all[i], ids[j]));
                sum += amounts[j];
            }
            IOperatorPool.PoolState memory state = pool.poolOf(all[i]);
            vm.assertLe(sum, state.exiting);
            // All of X belongs to open exits: what rounding leaves over is less than a wei for each.
            vm.assertLe(state.exiting, sum + ids.length);
        }
    }

    /// @dev Nothing is minted, nothing above the cap or the schedule is paid, and rewards only from what was funded.
    function invariant_EmissionFollowsTheScheduleAndFundsTheRewards() public view {
        uint256 scheduled;
        uint256 days_ = emission.nextDay();
        for (uint256 day; day < days_; day += 180) {
            scheduled += emission.dailyEmission(day) * (days_ - day < 180 ? days_ - day : 180);
        }
        vm.assertEq(emission.emitted(), scheduled);
        vm.assertLe(emission.emitted(), emission.CAP());
        vm.assertEq(pha.balanceOf(address(emission)), ENDOWMENT - emission.emitted());
        vm.assertLe(pha.balanceOf(treasury), emission.emitted() / 5);
        vm.assertEq(pha.balanceOf(address(rewards)), rewards.available() + rewards.unstreamed());
    }
}

/// @notice A portal that may call anything, between all that the others do: nothing that protects the chain listens to it.
/// forge-config: ci.invariant.runs = 1000
/// forge-config: ci.invariant.depth = 200
/// forge-config: ci.invariant.check_interval = 10
/// forge-config: deep.invariant.runs = 10000
/// forge-config: deep.invariant.depth = 200
/// forge-config: deep.invariant.check_interval = 10
contract PortalInvariantTest is StakingTest {
    Providers internal providers;

    function setUp() public override {
        providers = new Providers();
        providers.setUp();
        (, vpha,, pool, court,,) = providers.exposed();
        for (uint256 i; i < operators.length; ++i) {
            vm.prank(operators[i]);
            vpha.delegate(operators[i]);
        }
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = Providers.portal.selector;
        selectors[1] = Providers.dispute.selector;
        selectors[2] = Providers.wait.selector;
        target(address(providers), selectors);
    }

    function invariant_NoMessageMovesABondACaseOrVotes() public view {
        for (uint256 i; i < operators.length; ++i) {
            vm.assertEq(pool.slashable(operators[i]), 2000 ether);
            vm.assertEq(vpha.getVotes(operators[i]), 98_000 ether);
            vm.assertEq(vpha.delegates(operators[i]), operators[i]);
        }
        for (uint256 id = 1; id <= court.caseCount(); ++id) {
            vm.assertEq(uint256(court.caseOf(id).status), uint256(IFaultCourt.Status.Open));
        }
    }
}
