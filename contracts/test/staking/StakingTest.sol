// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {TestRollup} from "./TestRollup.sol";
import {EmissionController} from "src/staking/EmissionController.sol";
import {FaultCourt} from "src/staking/FaultCourt.sol";
import {IEmissionController} from "src/staking/IEmissionController.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {IProverRewards} from "src/staking/IProverRewards.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";
import {ProverRewards} from "src/staking/ProverRewards.sol";
import {IVPHA} from "src/token/IVPHA.sol";
import {PHA} from "src/token/PHA.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @title StakingTest
/// @notice All of staking, deployed as in production, over a small rollup; and three operators with vPHA.
abstract contract StakingTest is Test {
    uint256 internal constant START = 1_900_000_000;
    uint256 internal constant EXIT_DELAY = 21 days;
    uint256 internal constant REWARD_DURATION = 7 days;
    uint256 internal constant CHALLENGE = 7 days;
    uint256 internal constant CASE = 7 days;
    uint256 internal constant VETO = 3 days;
    uint256 internal constant MARGIN = 4 days;
    uint256 internal constant REPORTER_SHARE = 1000;
    /// Classes.
    uint256 internal constant CPU_TDX = 1;
    uint256 internal constant H100 = 2;
    uint256 internal constant H200 = 3;
    uint256 internal constant B200 = 4;
    uint256 internal constant MIN_BOND = 1000 ether;
    uint256 internal constant BOND_PER_BATCH = 10 ether;
    /// A proof earns 0.5 PHA.
    uint256 internal constant REWARD_RATE = 0.05 ether;
    uint256 internal constant INITIAL_DAILY = 972_222 ether;
    /// PHA that the emission controller starts with.
    uint256 internal constant ENDOWMENT = 700_000_000 ether;
    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;

    address internal timelock = account("timelock");
    address internal council = account("council");
    address internal treasury = account("treasury");
    address internal scheduler = account("scheduler");
    address internal reporter = account("reporter");
    address internal payee = account("payee");
    address[3] internal operators = [account("operator 1"), account("operator 2"), account("operator 3")];

    PHA internal pha;
    VPHA internal vpha;
    TestRollup internal rollup;
    OperatorPool internal pool;
    FaultCourt internal court;
    ProverRewards internal rewards;
    EmissionController internal emission;

    function setUp() public virtual {
        vm.warp(START);
        pha = new PHA();
        deployStaking();
        pha.transfer(address(emission), ENDOWMENT);
        for (uint256 i; i < operators.length; ++i) {
            fund(operators[i], 100_000 ether);
        }
    }

    /// @dev Contracts that name one another are deployed at addresses that are known before.
    function deployStaking() internal {
        uint64 nonce = vm.getNonce(address(this));
        address pool_ = vm.computeCreateAddress(address(this), nonce + 2);
        address court_ = vm.computeCreateAddress(address(this), nonce + 3);
        address emission_ = vm.computeCreateAddress(address(this), nonce + 5);
        rollup = new TestRollup(pool_, court_, CHALLENGE);
        pha.approve(vm.computeCreateAddress(address(this), nonce + 1), 1000 ether);
        vpha = new VPHA(
            IVPHA.Config({
                pha: address(pha),
                timelock: timelock,
                council: council,
                emission: emission_,
                operatorPool: pool_,
                unstakeDelay: EXIT_DELAY,
                rewardDuration: REWARD_DURATION
            })
        );
        pool = new OperatorPool(poolConfig(court_));
        court = new FaultCourt(courtConfig());
        rewards = new ProverRewards(
            IProverRewards.Config({
                pool: pool_,
                emission: emission_,
                timelock: timelock,
                rewardDuration: REWARD_DURATION,
                rewardRate: REWARD_RATE
            })
        );
        emission = new EmissionController(emissionConfig());
    }

    function poolConfig(address court_) internal view returns (IOperatorPool.Config memory) {
        IOperatorPool.Class[] memory classes = new IOperatorPool.Class[](4);
        classes[0] = IOperatorPool.Class({minBond: MIN_BOND, bondPerBatch: BOND_PER_BATCH, weight: 10_000});
        classes[1] = IOperatorPool.Class({minBond: 1250 ether, bondPerBatch: 0, weight: 10_000});
        classes[2] = IOperatorPool.Class({minBond: 1875 ether, bondPerBatch: 0, weight: 15_000});
        classes[3] = IOperatorPool.Class({minBond: 2250 ether, bondPerBatch: 0, weight: 18_000});
        return IOperatorPool.Config({
            vpha: address(vpha),
            rollup: address(rollup),
            court: court_,
            timelock: timelock,
            exitDelay: EXIT_DELAY,
            classes: classes
        });
    }

    function courtConfig() internal view returns (IFaultCourt.Config memory) {
        return IFaultCourt.Config({
            pool: address(pool),
            timelock: timelock,
            council: council,
            challengePeriod: CHALLENGE,
            casePeriod: CASE,
            vetoPeriod: VETO,
            margin: MARGIN,
            reporterShare: REPORTER_SHARE
        });
    }

    function emissionConfig() internal view returns (IEmissionController.Config memory) {
        return IEmissionController.Config({
            vpha: address(vpha),
            proverRewards: address(rewards),
            treasury: treasury,
            timelock: timelock,
            start: START,
            initialDaily: INITIAL_DAILY
        });
    }

    /// @dev Gives `operator` vPHA, which the pool may take.
    function fund(address operator, uint256 amount) internal {
        pha.approve(address(vpha), amount);
        vpha.deposit(amount, operator);
        vm.prank(operator);
        vpha.approve(address(pool), type(uint256).max);
    }

    function createPool(address operator, uint256 class_) internal {
        vm.prank(operator);
        pool.createPool(class_);
    }

    function bond(address operator, uint256 amount) internal returns (uint256) {
        vm.prank(operator);
        return pool.bond(amount);
    }

    function thaw(address operator, uint256 shares) internal returns (uint256) {
        vm.prank(operator);
        return pool.thaw(shares);
    }

    function finish(address operator, uint256 id) internal returns (uint256) {
        vm.prank(operator);
        return pool.finish(id);
    }

    function submit(address operator) internal returns (uint256) {
        return rollup.submit(list(operator));
    }

    function list(address operator) internal pure returns (address[] memory addresses) {
        addresses = new address[](1);
        addresses[0] = operator;
    }

    function pass(uint256 elapsed) internal {
        vm.warp(vm.getBlockTimestamp() + elapsed);
    }

    function statusOf(uint256 id) internal view returns (uint256) {
        return uint256(court.caseOf(id).status);
    }

    /// @dev The next call to `target` by `caller` must be refused because of who it is.
    function refuses(address target_, address caller, bytes memory data) internal {
        vm.prank(caller);
        (bool success, bytes memory reason) = target_.call(data);
        vm.assertFalse(success);
        vm.assertEq(reason, abi.encodeWithSelector(IFaultCourt.NotAllowed.selector, caller));
    }
}
