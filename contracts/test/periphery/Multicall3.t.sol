// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {Multicall3} from "src/periphery/Multicall3.sol";

contract Callee {
    error Refused(uint256 value);

    function double(uint256 value) external payable returns (uint256, uint256) {
        return (2 * value, msg.value);
    }

    function refuse(uint256 value) external pure {
        revert Refused(value);
    }
}

contract Multicall3Test is Test {
    Multicall3 internal multicall = new Multicall3();
    Callee internal callee = new Callee();
    bytes internal refusal = abi.encodeWithSelector(Callee.Refused.selector, 3);

    function test_Aggregate() public {
        Multicall3.Call[] memory calls = plainCalls(false);
        (uint256 number, bytes[] memory data) = multicall.aggregate(calls);
        vm.assertEq(number, block.number);
        vm.assertEq(data[1], abi.encode(4, 0));
        calls = plainCalls(true);
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1, refusal));
        multicall.aggregate(calls);
    }

    function test_TryAggregate() public {
        Multicall3.Call[] memory calls = plainCalls(true);
        Multicall3.Result[] memory results = multicall.tryAggregate(false, calls);
        vm.assertTrue(results[0].success);
        vm.assertFalse(results[1].success);
        vm.assertEq(results[1].returnData, refusal);
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1, refusal));
        multicall.tryAggregate(true, calls);
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1, refusal));
        multicall.blockAndAggregate(calls);
        (uint256 number, bytes32 hash,) = multicall.tryBlockAndAggregate(false, calls);
        vm.assertEq(number, block.number);
        vm.assertEq(hash, bytes32(0));
    }

    function test_Aggregate3() public {
        Multicall3.Call3[] memory calls = new Multicall3.Call3[](2);
        calls[0] = Multicall3.Call3(address(callee), false, abi.encodeCall(callee.double, 1));
        calls[1] = Multicall3.Call3(address(callee), true, abi.encodeCall(callee.refuse, 3));
        Multicall3.Result[] memory results = multicall.aggregate3(calls);
        vm.assertEq(results[0].returnData, abi.encode(2, 0));
        vm.assertFalse(results[1].success);
        calls[1].allowFailure = false;
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1, refusal));
        multicall.aggregate3(calls);
    }

    function test_Aggregate3Value() public {
        Multicall3.Call3Value[] memory calls = new Multicall3.Call3Value[](2);
        calls[0] = Multicall3.Call3Value(address(callee), false, 5, abi.encodeCall(callee.double, 1));
        calls[1] = Multicall3.Call3Value(address(callee), true, 0, abi.encodeCall(callee.refuse, 3));
        Multicall3.Result[] memory results = multicall.aggregate3Value{value: 5}(calls);
        vm.assertEq(results[0].returnData, abi.encode(2, 5));
        vm.assertEq(address(callee).balance, 5);
        vm.expectRevert(abi.encodeWithSelector(Multicall3.WrongValue.selector, 6, 5));
        multicall.aggregate3Value{value: 6}(calls);
    }

    function test_Environment() public {
        vm.roll(50);
        vm.setBlockhash(49, keccak256("parent"));
        vm.fee(9);
        vm.assertEq(multicall.getBlockNumber(), 50);
        vm.assertEq(multicall.getBlockHash(49), keccak256("parent"));
        vm.assertEq(multicall.getLastBlockHash(), keccak256("parent"));
        vm.assertEq(multicall.getBasefee(), 9);
        vm.assertEq(multicall.getChainId(), block.chainid);
        vm.assertEq(multicall.getCurrentBlockTimestamp(), block.timestamp);
        vm.assertEq(multicall.getCurrentBlockGasLimit(), block.gaslimit);
        vm.assertEq(multicall.getCurrentBlockCoinbase(), block.coinbase);
        vm.assertEq(multicall.getCurrentBlockDifficulty(), block.prevrandao);
        vm.deal(address(7), 11);
        vm.assertEq(multicall.getEthBalance(address(7)), 11);
    }

    function plainCalls(bool secondFails) internal view returns (Multicall3.Call[] memory calls) {
        calls = new Multicall3.Call[](2);
        calls[0] = Multicall3.Call(address(callee), abi.encodeCall(callee.double, 1));
        bytes memory second = secondFails ? abi.encodeCall(callee.refuse, 3) : abi.encodeCall(callee.double, 2);
        calls[1] = Multicall3.Call(address(callee), second);
    }
}
