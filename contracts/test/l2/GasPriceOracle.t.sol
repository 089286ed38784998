// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {GasPriceOracle} from "src/l2/GasPriceOracle.sol";
import {L1Block} from "src/l2/L1Block.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

contract GasPriceOracleTest is Test {
    GasPriceOracle internal oracle = new GasPriceOracle();

    function testFuzz_NothingButL2GasIsPaid(bytes calldata transaction, uint256 number) public view {
        vm.assertEq(oracle.getL1Fee(transaction), 0);
        vm.assertEq(oracle.getL1GasUsed(transaction), 0);
        vm.assertEq(oracle.getL1FeeUpperBound(number), 0);
        vm.assertEq(oracle.getOperatorFee(number), 0);
    }

    /// @dev Clients that reckon themselves: whatever the L1 base fee is, it is multiplied with nothing.
    function testFuzz_WhoReckonsHimselfFindsNothing(uint64 basefee, uint64 blobBaseFee) public {
        vm.etch(Predeploys.L1_BLOCK, vm.getDeployedCode("L1Block.sol:L1Block"));
        vm.prank(0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE);
        L1Block(Predeploys.L1_BLOCK).setL1Origin(1, 2, basefee, 0, blobBaseFee);
        vm.assertEq(oracle.l1BaseFee(), basefee);
        vm.assertEq(oracle.blobBaseFee(), blobBaseFee);
        vm.assertEq(oracle.baseFeeScalar() * oracle.l1BaseFee() + oracle.blobBaseFeeScalar() * oracle.blobBaseFee(), 0);
        vm.assertEq(oracle.overhead() + oracle.scalar(), 0);
        vm.assertEq(L1Block(Predeploys.L1_BLOCK).operatorFeeScalar(), 0);
        vm.assertEq(L1Block(Predeploys.L1_BLOCK).operatorFeeConstant(), 0);
        vm.assertTrue(oracle.isEcotone() && oracle.isFjord() && oracle.isIsthmus() && oracle.isJovian());
        vm.assertEq(oracle.decimals(), 6);
        vm.assertEq(oracle.DECIMALS(), 6);
    }

    function testFuzz_ThePriceIsTheBaseFee(uint64 fee) public {
        vm.fee(fee);
        vm.assertEq(oracle.gasPrice(), fee);
        vm.assertEq(oracle.baseFee(), fee);
    }
}
