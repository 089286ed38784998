// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StakingTest} from "./StakingTest.sol";
import {EmissionController} from "src/staking/EmissionController.sol";
import {IEmissionController} from "src/staking/IEmissionController.sol";

contract EmissionTest is StakingTest {
    function test_NamesWhatItWorksWith() public view {
        vm.assertEq(emission.pha(), address(pha));
        vm.assertEq(emission.vpha(), address(vpha));
        vm.assertEq(emission.proverRewards(), address(rewards));
        vm.assertEq(emission.treasury(), treasury);
        vm.assertEq(emission.timelock(), timelock);
        vm.assertEq(emission.start(), START);
        vm.assertEq(emission.initialDaily(), INITIAL_DAILY);
    }

    function test_RefusesAConfigThatMakesNoSense() public {
        for (uint256 i; i < 5; ++i) {
            IEmissionController.Config memory config = emissionConfig();
            if (i == 1) config.treasury = address(0);
            if (i == 2) config.timelock = address(0);
            if (i == 3) config.initialDaily = 0;
            if (i == 4) config.initialDaily = 700_000_000 ether + 1;
            address at_ = i == 0 ? account("elsewhere") : address(emission);
            vm.etch(at_, abi.encodePacked(type(EmissionController).creationCode, abi.encode(config)));
            (bool success, bytes memory reason) = at_.call("");
            vm.assertFalse(success);
            vm.assertEq(reason, abi.encodeWithSelector(IEmissionController.InvalidConfig.selector));
        }
    }

    function test_ADayIsPaidWhenItIsOver() public {
        pass(1 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissionController.NothingToDistribute.selector, 0, 0));
        emission.distribute(10);
        pass(1);
        vm.expectEmit(address(emission));
        emit IEmissionController.Distributed(
            0, 1, INITIAL_DAILY / 5, INITIAL_DAILY * 2 / 5, INITIAL_DAILY - INITIAL_DAILY / 5 - INITIAL_DAILY * 2 / 5
        );
        vm.assertEq(emission.distribute(10), INITIAL_DAILY);
        vm.assertEq(pha.balanceOf(treasury), INITIAL_DAILY / 5);
        vm.assertEq(vpha.unstreamed(), INITIAL_DAILY * 2 / 5);
        vm.assertEq(rewards.unstreamed(), INITIAL_DAILY * 2 / 5);
        vm.assertEq(emission.nextDay(), 1);
        vm.assertEq(emission.emitted(), INITIAL_DAILY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionController.NothingToDistribute.selector, 1, 1));
        emission.distribute(10);
    }

    function test_NothingIsPaidBeforeTheStart() public {
        vm.warp(START - 5 days);
        vm.assertEq(emission.today(), 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionController.NothingToDistribute.selector, 0, 0));
        emission.distribute(10);
    }

    function test_MissedDaysArePaidInParts() public {
        pass(10 days);
        vm.assertEq(emission.distribute(3), 3 * INITIAL_DAILY);
        vm.assertEq(emission.nextDay(), 3);
        vm.expectRevert(abi.encodeWithSelector(IEmissionController.NothingToDistribute.selector, 3, 10));
        emission.distribute(0);
        vm.assertEq(emission.distribute(100), 7 * INITIAL_DAILY);
    }

    function test_EmissionFallsByAQuarterEach180Days() public view {
        vm.assertEq(emission.dailyEmission(0), INITIAL_DAILY);
        vm.assertEq(emission.dailyEmission(179), INITIAL_DAILY);
        vm.assertEq(emission.dailyEmission(180), INITIAL_DAILY * 3 / 4);
        vm.assertEq(emission.dailyEmission(359), INITIAL_DAILY * 3 / 4);
        vm.assertEq(emission.dailyEmission(360), INITIAL_DAILY * 9 / 16);
        vm.assertGt(emission.dailyEmission(126 * 180), 0);
        vm.assertEq(emission.dailyEmission(127 * 180), 0);
        vm.assertEq(emission.dailyEmission(type(uint256).max), 0);
    }

    /// @dev By the formula, in integers of full width.
    function testFuzz_DailyEmissionIsTheFormulaRoundedDown(uint256 day) public view {
        day = bound(day, 0, 180 * 60);
        uint256 epoch = day / 180;
        // 3^60 is below 2^96, and so is the amount.
        vm.assertEq(emission.dailyEmission(day), INITIAL_DAILY * 3 ** epoch / 4 ** epoch);
    }

    function test_AllDaysTogetherStayBelowTheCap() public view {
        uint256 sum;
        for (uint256 epoch; epoch < 127; ++epoch) {
            sum += 180 * emission.dailyEmission(180 * epoch);
        }
        vm.assertLe(sum, emission.CAP());
        vm.assertGt(sum, 699_999_000 ether);
    }

    function test_TheCapCutsASteeperSchedule() public {
        IEmissionController.Config memory config = emissionConfig();
        config.initialDaily = 300_000_000 ether;
        vm.etch(address(emission), abi.encodePacked(type(EmissionController).creationCode, abi.encode(config)));
        (bool success, bytes memory code) = address(emission).call("");
        vm.assertTrue(success);
        vm.etch(address(emission), code);
        pass(10 days);
        vm.assertEq(emission.distribute(2), 600_000_000 ether);
        vm.assertEq(emission.distribute(2), 100_000_000 ether);
        pha.transfer(address(emission), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IEmissionController.NothingToDistribute.selector, 4, 10));
        emission.distribute(2);
        vm.assertEq(emission.emitted(), emission.CAP());
    }

    function test_ADayThatCannotBePaidWaits() public {
        uint256 balance = pha.balanceOf(address(emission));
        vm.prank(address(emission));
        pha.transfer(address(this), balance - 2 * INITIAL_DAILY);
        pass(5 days);
        vm.assertEq(emission.distribute(5), 2 * INITIAL_DAILY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionController.NothingToDistribute.selector, 2, 5));
        emission.distribute(5);
        pha.transfer(address(emission), INITIAL_DAILY);
        vm.assertEq(emission.distribute(5), INITIAL_DAILY);
    }

    function test_OnlyTheTimelockReplacesTheTreasury() public {
        vm.prank(timelock);
        vm.expectEmit(address(emission));
        emit IEmissionController.TreasuryChanged(treasury, reporter);
        emission.setTreasury(reporter);
        refuses(address(emission), council, abi.encodeCall(emission.setTreasury, (council)));
        vm.prank(timelock);
        vm.expectRevert(IEmissionController.InvalidConfig.selector);
        emission.setTreasury(address(0));
        pass(1 days);
        emission.distribute(1);
        vm.assertEq(pha.balanceOf(reporter), INITIAL_DAILY / 5);
    }
}
