// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest} from "./PortalTest.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {Portal} from "src/bridge/Portal.sol";

/// @notice The metering with its price rule laid open.
contract MeteringHarness is Portal {
    constructor(IPortal.Config memory config) Portal(config) {}

    function nextPrice(uint256 price, uint256 bought, uint256 blocks) external pure returns (uint256) {
        return _nextPrice(price, bought, blocks);
    }
}

contract ResourceMeteringTest is PortalTest {
    MeteringHarness internal rule;

    function setUp() public override {
        super.setUp();
        vm.fee(1 gwei);
        rule = new MeteringHarness(config());
    }

    function test_StartsAtTheLeastPrice() public view {
        (uint128 price, uint64 bought, uint64 number) = portal.params();
        vm.assertEq(price, 1 gwei);
        vm.assertEq(bought, 0);
        vm.assertEq(number, 1000);
    }

    function test_SellsNoMoreThanTheCapPerBlock() public {
        buy(15_000_000);
        vm.expectRevert(abi.encodeWithSelector(IPortal.ResourceLimitExceeded.selector, 20_000_001, 20_000_000));
        portal.depositTransaction(address(1), 0, 5_000_001, false, "");
        buy(5_000_000);
        (, uint64 bought,) = portal.params();
        vm.assertEq(bought, 20_000_000);
        vm.roll(1001);
        buy(20_000_000);
    }

    function test_AFullBlockRaisesThePriceByNineEighths() public {
        buy(20_000_000);
        vm.roll(1001);
        buy(21_000);
        (uint128 price,,) = portal.params();
        vm.assertEq(price, 1 gwei + 1 gwei * 9 / 8);
    }

    function test_EmptyBlocksLowerThePriceByAnEighthEach() public view {
        vm.assertEq(rule.nextPrice(1000 gwei, 0, 1), 875 gwei);
        vm.assertEq(rule.nextPrice(1000 gwei, 2_000_000, 1), 1000 gwei);
        vm.assertEq(rule.nextPrice(1000 gwei, 2_000_000, 2), 875 gwei);
        vm.assertEq(rule.nextPrice(1000 gwei, 2_000_000, 3), 765.625 gwei);
        vm.assertEq(rule.nextPrice(1000 gwei, 0, 1_000_000), 1 gwei);
    }

    function testFuzz_ThePriceStaysInItsBounds(uint256 price, uint256 bought, uint256 blocks) public view {
        price = bound(price, 1 gwei, type(uint128).max);
        bought = bound(bought, 0, 20_000_000);
        blocks = bound(blocks, 1, 1e12);
        uint256 next = rule.nextPrice(price, bought, blocks);
        vm.assertGe(next, 1 gwei);
        vm.assertLe(next, type(uint128).max);
        if (bought <= 2_000_000) vm.assertLe(next, price);
        if (blocks == 1 && bought >= 2_000_000) vm.assertGe(next, price);
    }

    function testFuzz_AnotherEmptyBlockNeverRaisesThePrice(uint256 price, uint256 blocks) public view {
        price = bound(price, 1 gwei, type(uint128).max);
        blocks = bound(blocks, 1, 1000);
        vm.assertLe(rule.nextPrice(price, 0, blocks + 1), rule.nextPrice(price, 0, blocks));
    }

    function test_TheBuyerBurnsL1GasForL2Gas() public {
        // At 1 gwei for both, gas for gas; within the burner's granularity.
        uint256 used = buy(3_000_000);
        vm.assertGe(used, 2_900_000);
        vm.assertLe(used, 3_200_000);
        // At ten times the L1 price, a tenth.
        vm.roll(1001);
        vm.fee(10 gwei);
        used = buy(3_000_000);
        vm.assertGe(used, 290_000);
        vm.assertLe(used, 360_000);
    }

    function test_ACheapL1DoesNotMakeTheBurnGrow() public {
        vm.fee(1);
        vm.assertLe(buy(3_000_000), 3_200_000);
    }

    /// @dev However many deposits want however much, an L1 block's deposits fit an L2 block, and each is paid for.
    /// forge-config: default.fuzz.runs = 16
    function testFuzz_AFlood(uint64[40] memory gasLimits) public {
        uint256 sold;
        for (uint256 i; i < gasLimits.length; ++i) {
            uint64 gasLimit = uint64(bound(gasLimits[i], 21_000, 6_000_000));
            if (sold + gasLimit > 20_000_000) {
                vm.expectRevert(
                    abi.encodeWithSelector(IPortal.ResourceLimitExceeded.selector, sold + gasLimit, 20_000_000)
                );
                portal.depositTransaction(address(1), 0, gasLimit, false, "");
                continue;
            }
            vm.assertGe(buy(gasLimit) + 10_000, gasLimit);
            sold += gasLimit;
        }
        (, uint64 bought,) = portal.params();
        vm.assertEq(bought, sold);
    }

    function test_AHugeGasLimitIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IPortal.ResourceLimitExceeded.selector, type(uint64).max, 20_000_000));
        portal.depositTransaction(address(1), 0, type(uint64).max, false, "");
        buy(1_000_000);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPortal.ResourceLimitExceeded.selector, uint256(type(uint64).max) + 1_000_000, 20_000_000
            )
        );
        portal.depositTransaction(address(1), 0, type(uint64).max, false, "");
    }

    /// @dev Full blocks, one after the other: the price grows by 9/8 a block, and nobody can afford that for long.
    function test_AFloodOverManyBlocksIsPricedOut() public {
        for (uint256 i; i < 4; ++i) {
            buy(20_000_000);
            vm.roll(block.number + 1);
        }
        (uint128 price,,) = portal.params();
        vm.assertGe(price, 9 gwei);
        // At a base fee of 1 gwei, the gas of an L1 block buys no more than a deposit of 1,500,000 gas now.
        vm.assertGt(buy(1_500_000), 30_000_000);
    }

    function buy(uint64 gasLimit) internal returns (uint256 used) {
        used = gasleft();
        portal.depositTransaction(address(1), 0, gasLimit, false, "");
        used -= gasleft();
    }
}
