// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {IMessagePasser} from "src/l2/IMessagePasser.sol";
import {L2ToL1MessagePasser} from "src/l2/L2ToL1MessagePasser.sol";

contract L2ToL1MessagePasserTest is Test {
    uint256 internal constant VERSION_1 = 1 << 240;
    L2ToL1MessagePasser internal passer = new L2ToL1MessagePasser();
    address internal alice = account("alice");

    function testFuzz_RecordsTheMessageWhereL1WillLook(
        address target_,
        uint256 value,
        uint256 gasLimit,
        bytes calldata data
    ) public {
        value = bound(value, 0, 100 ether);
        vm.deal(alice, value);
        bytes32 hash = keccak256(abi.encode(VERSION_1, alice, target_, value, gasLimit, data));
        vm.expectEmit(address(passer));
        emit IMessagePasser.MessagePassed(VERSION_1, alice, target_, value, gasLimit, data, hash);
        vm.prank(alice);
        passer.initiateWithdrawal{value: value}(target_, gasLimit, data);

        vm.assertTrue(passer.sentMessages(hash));
        // The mapping is at slot 0.
        vm.assertEq(vm.load(address(passer), keccak256(abi.encode(hash, uint256(0)))), bytes32(uint256(1)));
        vm.assertEq(address(passer).balance, value);
    }

    function test_NoncesRiseSoThatEqualMessagesDiffer() public {
        vm.assertEq(passer.messageNonce(), VERSION_1);
        passer.initiateWithdrawal(alice, 1, "");
        vm.assertEq(passer.messageNonce(), VERSION_1 + 1);
        passer.initiateWithdrawal(alice, 1, "");
        vm.assertEq(passer.messageNonce(), VERSION_1 + 2);
        vm.assertTrue(passer.sentMessages(keccak256(abi.encode(VERSION_1, this, alice, 0, 1, ""))));
        vm.assertTrue(passer.sentMessages(keccak256(abi.encode(VERSION_1 + 1, this, alice, 0, 1, ""))));
    }

    function test_PlainEtherIsWithdrawnToTheSender() public {
        vm.deal(alice, 1 ether);
        bytes32 hash = keccak256(abi.encode(VERSION_1, alice, alice, 1 ether, 100_000, ""));
        vm.expectEmit(address(passer));
        emit IMessagePasser.MessagePassed(VERSION_1, alice, alice, 1 ether, 100_000, "", hash);
        vm.prank(alice);
        (bool success,) = address(passer).call{value: 1 ether}("");
        vm.assertTrue(success);
    }

    function test_AnswersAsOpDoes() public view {
        vm.assertEq(passer.MESSAGE_VERSION(), 1);
        vm.assertEq(passer.RECEIVE_DEFAULT_GAS_LIMIT(), 100_000);
    }
}
