// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StakingTest} from "./StakingTest.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {IProverRewards} from "src/staking/IProverRewards.sol";
import {ProverRewards} from "src/staking/ProverRewards.sol";

contract ProverRewardsTest is StakingTest {
    uint256 internal constant PER_PROOF = 0.5 ether;
    address internal operator;

    function setUp() public override {
        super.setUp();
        operator = operators[0];
        for (uint256 i; i < 2; ++i) {
            createPool(operators[i], CPU_TDX);
            bond(operators[i], 10_000 ether);
        }
    }

    /// @dev `count` final proofs of `prover`.
    function prove(address prover, uint256 count) internal {
        uint256 last;
        for (uint256 i; i < count; ++i) {
            last = submit(prover);
        }
        rollup.finalize(last);
    }

    /// @dev Funds that have all streamed.
    function fundRewards(uint256 assets) internal {
        notifyRewards(assets);
        pass(REWARD_DURATION + 1);
    }

    function notifyRewards(uint256 assets) internal {
        vm.prank(address(emission));
        pha.approve(address(rewards), assets);
        vm.prank(address(emission));
        rewards.notifyReward(assets);
    }

    function test_NamesWhatItWorksWith() public view {
        vm.assertEq(rewards.pha(), address(pha));
        vm.assertEq(rewards.pool(), address(pool));
        vm.assertEq(rewards.emission(), address(emission));
        vm.assertEq(rewards.timelock(), timelock);
        vm.assertEq(rewards.rewardDuration(), REWARD_DURATION);
        vm.assertEq(rewards.rewardRate(), REWARD_RATE);
    }

    function test_RefusesAConfigThatMakesNoSense() public {
        for (uint256 i; i < 5; ++i) {
            IProverRewards.Config memory config =
                IProverRewards.Config(address(pool), address(emission), timelock, REWARD_DURATION, REWARD_RATE);
            if (i == 0) config.emission = address(0);
            if (i == 1) config.timelock = address(0);
            if (i == 2) config.rewardDuration = 0;
            if (i == 3) config.rewardDuration = 365 days + 1;
            if (i == 4) config.rewardRate = 1 ether + 1;
            if (i < 4) vm.expectRevert(IProverRewards.InvalidConfig.selector);
            else vm.expectRevert(abi.encodeWithSelector(IProverRewards.OutOfBounds.selector, 1 ether + 1, 1 ether));
            new ProverRewards(config);
        }
    }

    function test_FinalProofsArePaid() public {
        fundRewards(1000 ether);
        prove(operator, 4);
        submit(operator);
        vm.prank(account("anybody"));
        vm.expectEmit(address(rewards));
        emit IProverRewards.Earned(operator, 4 * BOND_PER_BATCH, 4 * PER_PROOF);
        vm.expectEmit(address(rewards));
        emit IProverRewards.Claimed(operator, 4 * PER_PROOF);
        vm.assertEq(rewards.claim(operator), 4 * PER_PROOF);
        vm.assertEq(pha.balanceOf(operator), 4 * PER_PROOF);
        vm.assertEq(rewards.owed(operator), 0);
        vm.assertEq(rewards.claim(operator), 0);
    }

    function test_WhatIsNotFundedStaysOwed() public {
        prove(operator, 10);
        vm.assertEq(rewards.claim(operator), 0);
        vm.assertEq(rewards.owed(operator), 10 * PER_PROOF);
        fundRewards(3 ether);
        vm.assertEq(rewards.claim(operator), 3 ether);
        vm.assertEq(rewards.available(), 0);
        vm.assertEq(rewards.owed(operator), 2 ether);
        fundRewards(100 ether);
        vm.assertEq(rewards.claim(operator), 2 ether);
        vm.assertEq(rewards.available(), 98 ether);
    }

    /// @dev A large claim gets what has streamed, not what is there.
    function test_FundsStream() public {
        prove(operator, 100);
        notifyRewards(70 ether);
        vm.assertEq(rewards.claim(operator), 0);
        pass(REWARD_DURATION / 7);
        uint256 paid = rewards.claim(operator);
        vm.assertLe(paid, 10 ether);
        vm.assertGe(paid, 10 ether - 1e6);
        vm.assertEq(rewards.unstreamed() + paid, 70 ether);
        notifyRewards(10 ether);
        vm.assertEq(rewards.unstreamed() + paid, 80 ether);
        pass(REWARD_DURATION + 1);
        vm.assertEq(paid + rewards.claim(operator), 50 ether);
    }

    /// @dev What is settled keeps its rate; anyone can settle before a rate changes.
    function test_ANewRateHoldsForWhatIsNotSettled() public {
        fundRewards(1000 ether);
        prove(operator, 2);
        prove(operators[1], 2);
        rewards.settle(operator);
        vm.prank(timelock);
        vm.expectEmit(address(rewards));
        emit IProverRewards.RewardRateSet(2 * REWARD_RATE);
        rewards.setRewardRate(2 * REWARD_RATE);
        vm.assertEq(rewards.claim(operator), 2 * PER_PROOF);
        vm.assertEq(rewards.claim(operators[1]), 4 * PER_PROOF);
    }

    /// @dev A new weight changes nothing of what was counted.
    function test_ANewWeightHoldsForWhatIsNotFinal() public {
        fundRewards(1000 ether);
        prove(operator, 2);
        pool.settle(operator);
        vm.prank(timelock);
        pool.setClass(CPU_TDX, IOperatorPool.Class(MIN_BOND, BOND_PER_BATCH, 18_000));
        vm.assertEq(rewards.claim(operator), 2 * PER_PROOF);
        prove(operator, 2);
        vm.assertEq(rewards.claim(operator), 2 * PER_PROOF * 18 / 10);
    }

    function test_TheFirstToClaimGetsWhatThereIs() public {
        prove(operator, 4);
        prove(operators[1], 4);
        fundRewards(3 ether);
        vm.assertEq(rewards.claim(operator), 2 ether);
        vm.assertEq(rewards.claim(operators[1]), 1 ether);
        vm.assertEq(rewards.owed(operators[1]), 1 ether);
    }

    function test_OnlyTheOnesNamedMayDoWhatTheyMay() public {
        refuses(address(rewards), timelock, abi.encodeCall(rewards.notifyReward, (1 ether)));
        refuses(address(rewards), council, abi.encodeCall(rewards.setRewardRate, (1)));
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.OutOfBounds.selector, 1 ether + 1, 1 ether));
        rewards.setRewardRate(1 ether + 1);
    }

    function test_ARewardBelowOneWeiASecondIsRefused() public {
        vm.prank(address(emission));
        pha.approve(address(rewards), 1);
        vm.prank(address(emission));
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.RewardTooSmall.selector, 1, REWARD_DURATION));
        rewards.notifyReward(1);
    }
}
