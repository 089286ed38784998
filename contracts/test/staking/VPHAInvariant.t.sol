// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {VPHATest} from "./VPHATest.sol";
import {PHA} from "src/token/PHA.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @notice Everybody who may act on vPHA, in any order, and what was promised and observed on the way.
contract Stakers is VPHATest {
    struct Promise {
        uint256 amount;
        uint256 unlockAt;
    }

    address[4] public owners;
    /// @dev PHA that was sent without a purpose.
    uint256 public gifts;
    /// @dev Every ticket that was ever opened, as it was promised.
    mapping(address owner => mapping(uint256 id => Promise)) public promises;

    /// @dev A and S after the last action.
    uint256 public lastAssets;
    uint256 public lastShares;

    function setUp() public override {
        super.setUp();
        owners = [alice, bob, account("carol"), pool];
        fund(owners[2]);
        fund(pool);
        (lastAssets, lastShares) = (vpha.totalAssets(), vpha.totalSupply());
    }

    function exposed() external view returns (VPHA, PHA) {
        return (vpha, pha);
    }

    /// @dev The price is compared after every single action.
    modifier priceNeverFalls() {
        _;
        (uint256 assets, uint256 shares) = (vpha.totalAssets(), vpha.totalSupply());
        vm.assertTrue(notLower(assets, shares, lastAssets, lastShares), "the price fell");
        (lastAssets, lastShares) = (assets, shares);
    }

    function deposit(uint256 who, uint256 assets) external priceNeverFalls {
        address owner = someone(who);
        uint256 least = vpha.previewMint(1);
        uint256 most = pha.balanceOf(owner);
        if (vpha.paused() || most < least) return;
        stake(owner, bound(assets, least, most));
    }

    function mint(uint256 who, uint256 shares) external priceNeverFalls {
        address owner = someone(who);
        uint256 most = vpha.convertToShares(pha.balanceOf(owner));
        if (vpha.paused() || most == 0) return;
        vm.prank(owner);
        vpha.mint(bound(shares, 1, most), owner);
    }

    function requestUnstake(uint256 who, uint256 shares) external priceNeverFalls {
        address owner = someone(who);
        uint256 most = vpha.balanceOf(owner);
        (uint256[] memory ids,,) = vpha.tickets(owner);
        if (most == 0 || ids.length == 32) return;
        shares = bound(shares, 1, most);
        uint256 amount = vpha.convertToAssets(shares);
        uint256 id = unstake(owner, shares);
        vm.assertEq(promises[owner][id].unlockAt, 0);
        promises[owner][id] = Promise(amount, vm.getBlockTimestamp() + UNSTAKE_DELAY);
    }

    function cancel(uint256 who, uint256 which) external priceNeverFalls {
        address owner = someone(who);
        (uint256[] memory ids, uint256[] memory assets,) = vpha.tickets(owner);
        if (ids.length == 0) return;
        which %= ids.length;
        if (vpha.convertToShares(assets[which]) == 0) return;
        vm.prank(owner);
        vpha.cancel(ids[which]);
    }

    /// @dev Whatever is due is paid, in full.
    function claim(uint256 who, uint256 which) external priceNeverFalls {
        address owner = someone(who);
        (uint256[] memory ids, uint256[] memory assets, uint256[] memory unlockAt) = vpha.tickets(owner);
        if (ids.length == 0) return;
        which %= ids.length;
        if (unlockAt[which] > vm.getBlockTimestamp()) return;
        uint256 before = pha.balanceOf(owner);
        vm.prank(owner);
        vpha.claim(ids[which]);
        vm.assertEq(pha.balanceOf(owner) - before, assets[which]);
    }

    /// @dev In and out again in one block.
    function roundTrip(uint256 who, uint256 assets) external priceNeverFalls {
        address owner = someone(who);
        uint256 most = pha.balanceOf(owner);
        (uint256[] memory ids,,) = vpha.tickets(owner);
        if (vpha.paused() || ids.length == 32 || most < vpha.previewMint(1)) return;
        assets = bound(assets, vpha.previewMint(1), most);
        uint256 before = vpha.balanceOf(owner);
        uint256 shares = stake(owner, assets);
        uint256 promised = vpha.convertToAssets(shares);
        uint256 id = unstake(owner, shares);
        promises[owner][id] = Promise(promised, vm.getBlockTimestamp() + UNSTAKE_DELAY);
        vm.assertLe(promised, assets, "a profit");
        if (vpha.convertToShares(promised) == 0) return;
        vm.prank(owner);
        vpha.cancel(id);
        vm.assertLe(vpha.balanceOf(owner) - before, shares, "a profit");
    }

    function transfer(uint256 who, uint256 whom, uint256 shares) external priceNeverFalls {
        address owner = someone(who);
        shares = bound(shares, 0, vpha.balanceOf(owner));
        vm.prank(owner);
        vpha.transfer(someone(whom), shares);
    }

    function delegate(uint256 who, uint256 whom) external {
        vm.prank(someone(who));
        vpha.delegate(someone(whom));
    }

    function notifyReward(uint256 assets) external priceNeverFalls {
        uint256 most = pha.balanceOf(emission);
        if (most < REWARD_DURATION) return;
        notify(bound(assets, REWARD_DURATION, most));
    }

    function give(uint256 assets) external priceNeverFalls {
        assets = bound(assets, 0, 1000 ether);
        pha.transfer(address(vpha), assets);
        gifts += assets;
    }

    function seize(uint256 shares, uint256 whom) external priceNeverFalls {
        shares = bound(shares, 0, vpha.balanceOf(pool));
        uint256 worth = vpha.convertToAssets(shares);
        address to = someone(whom);
        uint256 before = pha.balanceOf(to);
        vm.prank(pool);
        vpha.seize(shares, to);
        vm.assertEq(pha.balanceOf(to) - before, worth);
    }

    function togglePause() external {
        bool paused = vpha.paused();
        vm.prank(timelock);
        if (paused) vpha.unpause();
        else vpha.pause();
    }

    function wait(uint256 elapsed) external priceNeverFalls {
        pass(bound(elapsed, 1, 10 days));
    }

    function someone(uint256 seed) internal view returns (address) {
        return owners[seed % owners.length];
    }
}

/// @notice What holds of vPHA whatever happens. The price, round trips and payment are looked at in {Stakers}, at every step.
/// forge-config: ci.invariant.runs = 1000
/// forge-config: ci.invariant.depth = 200
/// forge-config: ci.invariant.check_interval = 10
/// forge-config: deep.invariant.runs = 10000
/// forge-config: deep.invariant.depth = 200
/// forge-config: deep.invariant.check_interval = 10
contract VPHAInvariantTest is VPHATest {
    Stakers internal stakers;

    function setUp() public override {
        stakers = new Stakers();
        stakers.setUp();
        (vpha, pha) = stakers.exposed();
        bytes4[] memory selectors = new bytes4[](13);
        selectors[0] = Stakers.deposit.selector;
        selectors[1] = Stakers.mint.selector;
        selectors[2] = Stakers.requestUnstake.selector;
        selectors[3] = Stakers.cancel.selector;
        selectors[4] = Stakers.claim.selector;
        selectors[5] = Stakers.roundTrip.selector;
        selectors[6] = Stakers.transfer.selector;
        selectors[7] = Stakers.delegate.selector;
        selectors[8] = Stakers.notifyReward.selector;
        selectors[9] = Stakers.give.selector;
        selectors[10] = Stakers.seize.selector;
        selectors[11] = Stakers.togglePause.selector;
        selectors[12] = Stakers.wait.selector;
        target(address(stakers), selectors);
    }

    /// @dev Exactly what is accounted, and what was given for nothing.
    function invariant_TheBalanceCoversAllThatIsAccounted() public view {
        vm.assertEq(
            pha.balanceOf(address(vpha)), vpha.totalAssets() + vpha.unstaking() + vpha.unstreamed() + stakers.gifts()
        );
    }

    /// @dev Nor when nobody acts. That no action lowers it is looked at after each, in {Stakers}.
    function invariant_ThePriceNeverFalls() public view {
        uint256 assets = vpha.totalAssets();
        vm.assertTrue(notLower(assets, vpha.totalSupply(), stakers.lastAssets(), stakers.lastShares()));
        vm.assertTrue(notLower(assets, vpha.totalSupply(), vpha.SEED(), vpha.SEED()));
    }

    function invariant_SharesAndVotesSumUp() public view {
        uint256 shares = vpha.balanceOf(vpha.DEAD());
        uint256 delegated;
        uint256 votes;
        for (uint256 i; i < 4; ++i) {
            address owner = stakers.owners(i);
            shares += vpha.balanceOf(owner);
            votes += vpha.getVotes(owner);
            if (vpha.delegates(owner) != address(0)) delegated += vpha.balanceOf(owner);
        }
        vm.assertEq(shares, vpha.totalSupply());
        vm.assertEq(vpha.getVotesTotalSupply(), vpha.totalSupply());
        vm.assertEq(votes, delegated);
    }

    function invariant_TicketsSumUpAndStayAsPromised() public view {
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            address owner = stakers.owners(i);
            (uint256[] memory ids, uint256[] memory assets, uint256[] memory unlockAt) = vpha.tickets(owner);
            for (uint256 j; j < ids.length; ++j) {
                (uint256 amount, uint256 promisedFor) = stakers.promises(owner, ids[j]);
                vm.assertEq(assets[j], amount);
                vm.assertEq(unlockAt[j], promisedFor);
                sum += assets[j];
            }
        }
        vm.assertEq(sum, vpha.unstaking());
    }
}
