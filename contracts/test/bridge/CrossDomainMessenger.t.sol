// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {CrossDomainMessenger} from "src/bridge/CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {L1CrossDomainMessenger} from "src/bridge/L1CrossDomainMessenger.sol";
import {IMessagePasser} from "src/l2/IMessagePasser.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice What messages call: notes what it sees, and does what it was told.
contract Receiver {
    ICrossDomainMessenger internal immutable messenger;
    uint256 public calls;
    address public sender;
    uint256 public gas;
    bytes public data;

    bool public refuses;
    bytes internal revertData;
    uint256 internal bombSize;
    address internal callTarget;
    bytes internal callData;

    constructor(ICrossDomainMessenger messenger_) {
        messenger = messenger_;
    }

    function refuse(bool value, bytes calldata with) external {
        (refuses, revertData) = (value, with);
    }

    function bomb(uint256 size) external {
        bombSize = size;
    }

    function callOut(address target, bytes calldata with) external {
        (callTarget, callData) = (target, with);
    }

    fallback() external payable {
        gas = gasleft();
        if (bombSize != 0) {
            uint256 size = bombSize;
            bool reverts = refuses;
            assembly {
                if reverts { revert(0, size) }
                return(0, size)
            }
        }
        if (refuses) {
            bytes memory with = revertData;
            assembly {
                revert(add(with, 32), mload(with))
            }
        }
        ++calls;
        sender = messenger.xDomainMessageSender();
        data = msg.data;
        if (callTarget != address(0)) {
            (bool success, bytes memory returned) = callTarget.call(callData);
            if (!success) {
                assembly {
                    revert(add(returned, 32), mload(returned))
                }
            }
        }
    }

    receive() external payable {
        ++calls;
    }
}

/// @notice Target whose fallback only notes the gas that it got.
contract GasGauge {
    uint256 public gas;

    fallback() external payable {
        gas = gasleft();
    }

    receive() external payable {
        gas = gasleft();
    }
}

contract CrossDomainMessengerTest is StandardBridgeTest {
    uint256 internal constant VERSION_1 = 1 << 240;
    address internal constant ESTIMATION = address(1);
    Receiver internal onL2 = new Receiver(l2Messenger);

    /// @dev The words of the specification, written out.
    function hashOf(
        uint256 nonce,
        address sender,
        address target_,
        uint256 value,
        uint256 minGasLimit,
        bytes memory message
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encodeWithSignature(
                "relayMessage(uint256,address,address,uint256,uint256,bytes)",
                nonce,
                sender,
                target_,
                value,
                minGasLimit,
                message
            )
        );
    }

    /// @dev A message of alice, under way to L2.
    function send(address target_, uint256 value, bytes memory message, uint32 minGasLimit) internal returns (bytes32) {
        uint256 nonce = l1Messenger.messageNonce();
        vm.prank(alice);
        l1Messenger.sendMessage{value: value}(target_, message, minGasLimit);
        collect();
        return hashOf(nonce, alice, target_, value, minGasLimit, message);
    }

    /// @dev A message of alice, under way to L1.
    function sendUp(address target_, uint256 value, bytes memory message, uint32 minGasLimit)
        internal
        returns (bytes32)
    {
        uint256 nonce = l2Messenger.messageNonce();
        vm.prank(alice);
        l2Messenger.sendMessage{value: value}(target_, message, minGasLimit);
        vm.deal(address(portal), address(portal).balance + value);
        collect();
        return hashOf(nonce, alice, target_, value, minGasLimit, message);
    }

    /// @dev A message to L2 that failed: its hash and the call that relays it.
    function failOnL2(uint256 value) internal returns (bytes32 msgHash, bytes memory data) {
        onL2.refuse(true, "no");
        msgHash = send(address(onL2), value, "hello", GAS);
        data = deposits[deposits.length - 1].data;
        vm.assertTrue(executeDeposit(deposits.length - 1));
        vm.assertTrue(failed(msgHash));
        onL2.refuse(false, "");
    }

    // Sending

    function testFuzz_SendsFromL1AsOpDoes(uint256 value, bytes calldata message, uint32 minGasLimit) public {
        value = bound(value, 0, 100 ether);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.SentMessage(bob, alice, message, VERSION_1, minGasLimit);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.SentMessageExtension1(alice, value);
        send(bob, value, message, minGasLimit);

        bytes32[] memory topics = new bytes32[](3);
        topics[0] = IPortal.TransactionDeposited.selector;
        topics[1] = ICrossDomainMessenger.SentMessage.selector;
        topics[2] = ICrossDomainMessenger.SentMessageExtension1.selector;
        expectEvents(topics);

        Deposit memory deposit = deposits[0];
        vm.assertEq(deposit.from, aliased(address(l1Messenger)));
        vm.assertEq(deposit.to, Predeploys.MESSENGER);
        vm.assertEq(deposit.mint, value);
        vm.assertEq(deposit.value, value);
        vm.assertEq(deposit.gasLimit, l1Messenger.baseGas(message, minGasLimit));
        vm.assertEq(keccak256(deposit.data), hashOf(VERSION_1, alice, bob, value, minGasLimit, message));
        vm.assertEq(address(portal).balance, value);
    }

    function testFuzz_SendsFromL2AsOpDoes(uint256 value, bytes calldata message, uint32 minGasLimit) public {
        value = bound(value, 0, 100 ether);
        sendUp(bob, value, message, minGasLimit);

        bytes32[] memory topics = new bytes32[](3);
        topics[0] = IMessagePasser.MessagePassed.selector;
        topics[1] = ICrossDomainMessenger.SentMessage.selector;
        topics[2] = ICrossDomainMessenger.SentMessageExtension1.selector;
        expectEvents(topics);

        Withdrawal memory withdrawal = withdrawals[0];
        vm.assertEq(withdrawal.sender, Predeploys.MESSENGER);
        vm.assertEq(withdrawal.target, address(l1Messenger));
        vm.assertEq(withdrawal.value, value);
        vm.assertEq(withdrawal.gasLimit, l1Messenger.baseGas(message, minGasLimit));
        vm.assertEq(keccak256(withdrawal.data), hashOf(VERSION_1, alice, bob, value, minGasLimit, message));
        vm.assertEq(address(passer).balance, value);
    }

    function test_NoncesCountUp() public {
        vm.assertEq(l1Messenger.messageNonce(), VERSION_1);
        bytes32 first = send(bob, 0, "", 0);
        vm.assertEq(l1Messenger.messageNonce(), VERSION_1 + 1);
        vm.assertFalse(first == send(bob, 0, "", 0));
        vm.assertEq(l2Messenger.messageNonce(), VERSION_1);
    }

    /// @dev OP's formula since EIP-7623, in its own numbers.
    function testFuzz_BaseGasIsOps(uint256 length, uint32 minGasLimit) public view {
        bytes memory message = new bytes(bound(length, 0, 20_000));
        uint256 size = message.length + 260;
        uint256 execution = 200_000 + 40_000 + 40_000 + 5000 + uint256(minGasLimit) * 64 / 63;
        uint256 paid = execution + size * 16 > size * 40 ? execution + size * 16 : size * 40;
        vm.assertEq(l1Messenger.baseGas(message, minGasLimit), 21_000 + paid);
        vm.assertEq(l2Messenger.baseGas(message, minGasLimit), 21_000 + paid);
    }

    function test_AnswersAsOpDoes() public {
        vm.assertEq(l1Messenger.MESSAGE_VERSION(), 1);
        vm.assertEq(l1Messenger.otherMessenger(), Predeploys.MESSENGER);
        vm.assertEq(l1Messenger.OTHER_MESSENGER(), Predeploys.MESSENGER);
        vm.assertEq(l1Messenger.portal(), address(portal));
        vm.assertEq(l1Messenger.PORTAL(), address(portal));
        vm.assertEq(l2Messenger.otherMessenger(), address(l1Messenger));
        vm.assertEq(l2Messenger.OTHER_MESSENGER(), address(l1Messenger));
        vm.assertEq(l2Messenger.l1CrossDomainMessenger(), address(l1Messenger));
        vm.assertFalse(l2Messenger.paused());
        vm.expectRevert(ICrossDomainMessenger.NoMessage.selector);
        l2Messenger.xDomainMessageSender();
        vm.expectRevert(ICrossDomainMessenger.NoMessage.selector);
        l1Messenger.xDomainMessageSender();
    }

    function test_TheImplementationNeedsItsParts() public {
        vm.expectRevert(L1CrossDomainMessenger.InvalidConfig.selector);
        new L1CrossDomainMessenger(L1CrossDomainMessenger.Config(address(0), address(pause)));
        vm.expectRevert(L1CrossDomainMessenger.InvalidConfig.selector);
        new L1CrossDomainMessenger(L1CrossDomainMessenger.Config(address(portal), address(0)));
    }

    // Delivering

    /// @dev A message that is no call of one of the receiver's own functions, which the fuzzer knows.
    function toFallback(bytes memory message) internal pure returns (bytes memory) {
        return bytes.concat(bytes4(0), message);
    }

    function testFuzz_DeliversToL2(uint256 value, bytes memory message, uint32 minGasLimit) public {
        value = bound(value, 0, 100 ether);
        minGasLimit = uint32(bound(minGasLimit, 300_000, 10_000_000));
        message = toFallback(message);
        bytes32 msgHash = send(address(onL2), value, message, minGasLimit);
        vm.expectEmit(Predeploys.MESSENGER);
        emit ICrossDomainMessenger.RelayedMessage(msgHash);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(l2Messenger.successfulMessages(msgHash));
        vm.assertFalse(l2Messenger.failedMessages(msgHash));
        vm.assertEq(onL2.sender(), alice);
        vm.assertEq(onL2.data(), message);
        vm.assertEq(address(onL2).balance, value);
        vm.expectRevert(ICrossDomainMessenger.NoMessage.selector);
        l2Messenger.xDomainMessageSender();
    }

    function testFuzz_DeliversToL1(uint256 value, bytes memory message) public {
        value = bound(value, 0, 100 ether);
        Receiver onL1 = new Receiver(l1Messenger);
        message = toFallback(message);
        bytes32 msgHash = sendUp(address(onL1), value, message, 1_000_000);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.RelayedMessage(msgHash);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertEq(onL1.sender(), alice);
        vm.assertEq(onL1.data(), message);
        vm.assertEq(address(onL1).balance, value);
    }

    // Forged messages

    function testFuzz_L2BelievesTheAliasAlone(address forger) public {
        vm.assume(forger != aliased(address(l1Messenger)));
        vm.assume(forger.code.length == 0);
        send(address(onL2), 0, "hello", GAS);
        vm.prank(forger);
        (bool success, bytes memory returned) = Predeploys.MESSENGER.call(deposits[0].data);
        vm.assertFalse(success);
        vm.assertEq(bytes32(bytes4(returned)), bytes32(ICrossDomainMessenger.NotReplayable.selector));
        // Not even the messenger's own address, which on L2 may be anybody's.
        vm.prank(address(l1Messenger));
        (success,) = Predeploys.MESSENGER.call(deposits[0].data);
        vm.assertFalse(success);
    }

    function testFuzz_L1BelievesThePortalAndTheL2MessengerAlone(address forger) public {
        vm.assume(forger != Predeploys.MESSENGER);
        sendUp(address(onL2), 0, "hello", GAS);
        Withdrawal memory w = withdrawals[0];
        // Another sender on L2.
        vm.assertFalse(portal.finalize(forger, w.target, w.value, w.gasLimit, w.data));
        // Not through the portal, while it is delivering or not.
        vm.assume(forger != address(portal));
        vm.prank(forger);
        (bool success,) = address(l1Messenger).call(w.data);
        vm.assertFalse(success);
        bytes memory through = abi.encodeCall(this.relayBehindThePortal, (w.data));
        vm.assertTrue(portal.finalize(Predeploys.MESSENGER, address(this), 0, 10_000_000, through));
        vm.assertEq(onL2.calls(), 0);
    }

    /// @dev Called by the portal as a withdrawal of the L2 messenger, which itself sends to the L1 messenger alone.
    function relayBehindThePortal(bytes calldata data) external {
        (bool success,) = address(l1Messenger).call(data);
        require(!success, "a message came without the portal");
    }

    function test_RefusesOtherEther() public {
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (VERSION_1, alice, address(onL2), 2 ether, GAS, "hello")
        );
        vm.deal(aliased(address(l1Messenger)), 10 ether);
        vm.prank(aliased(address(l1Messenger)));
        (bool success, bytes memory returned) = Predeploys.MESSENGER.call{value: 1 ether}(data);
        vm.assertFalse(success);
        vm.assertEq(returned, abi.encodeWithSelector(ICrossDomainMessenger.WrongValue.selector, 1 ether, 2 ether));
    }

    function testFuzz_RefusesUnknownVersions(uint256 nonce) public {
        vm.assume(nonce >> 240 != 1);
        vm.prank(aliased(address(l1Messenger)));
        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.WrongVersion.selector, nonce >> 240, 1));
        l2Messenger.relayMessage(nonce, alice, bob, 0, 0, "");
    }

    function test_MessagesCannotCallWhatBelievesTheMessenger() public {
        refusesTarget(Predeploys.MESSENGER);
        refusesTarget(Predeploys.MESSAGE_PASSER);
        refusesTargetOnL1(address(l1Messenger));
        refusesTargetOnL1(address(portal));
    }

    function refusesTarget(address target_) internal {
        vm.prank(aliased(address(l1Messenger)));
        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.ForbiddenTarget.selector, target_));
        l2Messenger.relayMessage(VERSION_1, alice, target_, 0, 0, "");
    }

    function refusesTargetOnL1(address target_) internal {
        bytes32 msgHash = sendUp(target_, 0, "hello", GAS);
        vm.assertFalse(finalizeWithdrawal(withdrawals.length - 1));
        vm.assertFalse(l1Messenger.failedMessages(msgHash));
    }

    // Failing, and trying again

    function test_AFailedMessageIsRelayedAgainByAnybody() public {
        (bytes32 msgHash, bytes memory data) = failOnL2(3 ether);
        vm.assertEq(Predeploys.MESSENGER.balance, 3 ether);
        vm.assertTrue(saw(ICrossDomainMessenger.FailedRelayedMessage.selector));

        vm.expectEmit(Predeploys.MESSENGER);
        emit ICrossDomainMessenger.RelayedMessage(msgHash);
        replay(Predeploys.MESSENGER, data);
        vm.assertEq(onL2.calls(), 1);
        vm.assertEq(onL2.sender(), alice);
        vm.assertEq(address(onL2).balance, 3 ether);
        vm.assertTrue(l2Messenger.successfulMessages(msgHash));

        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.AlreadyRelayed.selector, msgHash));
        this.replayExternally(data);
    }

    function test_AFailedMessageMayFailAgain() public {
        (bytes32 msgHash, bytes memory data) = failOnL2(1 ether);
        onL2.refuse(true, "");
        replay(Predeploys.MESSENGER, data);
        vm.assertTrue(failed(msgHash));
        onL2.refuse(false, "");
        replay(Predeploys.MESSENGER, data);
        vm.assertEq(address(onL2).balance, 1 ether);
    }

    function replayExternally(bytes calldata data) external {
        replay(Predeploys.MESSENGER, data);
    }

    function test_AReplayBringsNoEther() public {
        (, bytes memory data) = failOnL2(1 ether);
        vm.prank(bob);
        (bool success, bytes memory returned) = Predeploys.MESSENGER.call{value: 1 ether}(data);
        vm.assertFalse(success);
        vm.assertEq(returned, abi.encodeWithSelector(ICrossDomainMessenger.WrongValue.selector, 1 ether, 0));
    }

    function test_ADeliveredMessageIsNotRelayedAgain() public {
        bytes32 msgHash = send(address(onL2), 0, "hello", GAS);
        vm.assertTrue(executeDeposit(0));
        // By anybody, and by the other messenger.
        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.NotReplayable.selector, msgHash));
        this.replayExternally(deposits[0].data);
        vm.assertFalse(executeDeposit(0));
        vm.assertEq(onL2.calls(), 1);
    }

    /// @dev Changing anything in a failed message makes it another one.
    function testFuzz_AReplayIsTheMessageItself(uint256 index, bytes1 flip) public {
        (, bytes memory data) = failOnL2(1 ether);
        vm.assume(flip != 0);
        index = bound(index, 4, data.length - 1);
        data[index] ^= flip;
        (bool success,) = Predeploys.MESSENGER.call(data);
        // Bytes of padding are no part of it.
        if (success) vm.assertTrue(index >= data.length - 27, "padding");
        else vm.assertEq(onL2.calls(), 0);
    }

    function test_WhoEstimatesGasSeesTheFailure() public {
        onL2.refuse(true, "");
        bytes32 msgHash = send(address(onL2), 0, "hello", GAS);
        vm.prank(aliased(address(l1Messenger)), ESTIMATION);
        (bool success, bytes memory returned) = Predeploys.MESSENGER.call(deposits[0].data);
        vm.assertFalse(success);
        vm.assertEq(returned, abi.encodeWithSelector(ICrossDomainMessenger.RelayFailed.selector, msgHash));
        // Too little gas is a failure too.
        onL2.refuse(false, "");
        vm.prank(aliased(address(l1Messenger)), ESTIMATION);
        (success,) = Predeploys.MESSENGER.call{gas: 200_000}(deposits[0].data);
        vm.assertFalse(success);
    }

    // Gas

    /// @dev With every amount of gas a message is delivered with all the gas it asked for, or kept, or nothing happened; and
    /// with the gas that `baseGas` buys it is one of the first two.
    function test_NoAmountOfGasLosesAMessage() public {
        sweep(0, 100_000);
        sweep(500, 0);
        sweep(5000, 1_000_000);
    }

    function sweep(uint256 length, uint32 minGasLimit) internal {
        GasGauge gauge = new GasGauge();
        bool delivered;
        for (uint256 gas = 5000; gas < 450_000 + uint256(minGasLimit) + length * 20; gas += 9973) {
            bool now_ = this.relayWith(gas, gauge, length, minGasLimit);
            vm.assertTrue(now_ || !delivered, "more gas is never worse");
            delivered = now_;
        }
        vm.assertTrue(delivered);
    }

    /// @dev Whether a message is delivered with this gas. A call of its own, whose memory is free again afterwards.
    function relayWith(uint256 gas, GasGauge gauge, uint256 length, uint32 minGasLimit) external returns (bool) {
        delete deposits;
        bytes32 msgHash = send(address(gauge), 1, new bytes(length), minGasLimit);
        uint256 bought = deposits[0].gasLimit - intrinsicGas(deposits[0].data);
        vm.cool(Predeploys.MESSENGER);
        vm.cool(address(gauge));
        bool completed = executeDeposit(0, gas);
        vm.assertTrue(completed || gas < bought, "what was paid for is enough");
        if (l2Messenger.successfulMessages(msgHash)) {
            vm.assertGe(gauge.gas() + 100, minGasLimit, "the gas asked for");
            return true;
        }
        vm.assertTrue(gas < bought, "what was paid for delivers");
        vm.assertTrue(completed == failed(msgHash), "kept, or nothing happened");
        if (completed) {
            uint256 before = address(gauge).balance;
            replay(Predeploys.MESSENGER, deposits[0].data);
            vm.assertTrue(l2Messenger.successfulMessages(msgHash));
            vm.assertEq(address(gauge).balance, before + 1);
        }
        return false;
    }

    /// @dev The same on L1, where the portal passes on what `baseGas` asked for.
    function test_NoAmountOfGasLosesAMessageOnL1() public {
        GasGauge gauge = new GasGauge();
        for (uint256 gas = 5000; gas < 500_000; gas += 4999) {
            bytes32 msgHash = sendUp(address(gauge), 1, "hello", 100_000);
            Withdrawal memory w = withdrawals[withdrawals.length - 1];
            vm.cool(address(l1Messenger));
            vm.cool(address(gauge));
            bool completed = portal.finalize(w.sender, w.target, w.value, gas, w.data);
            collect();
            vm.assertTrue(completed || gas < w.gasLimit);
            if (!completed) {
                vm.assertFalse(l1Messenger.failedMessages(msgHash) || l1Messenger.successfulMessages(msgHash));
            } else if (l1Messenger.successfulMessages(msgHash)) {
                vm.assertGe(gauge.gas() + 100, 100_000);
            } else {
                vm.assertTrue(gas < w.gasLimit);
                replay(address(l1Messenger), w.data);
                vm.assertTrue(l1Messenger.successfulMessages(msgHash));
            }
        }
    }

    /// @dev The longest message that the portal takes arrives with its gas as well.
    function test_ALongMessageArrives() public {
        GasGauge gauge = new GasGauge();
        bytes memory message = new bytes(119_000);
        for (uint256 i = 0; i < message.length; ++i) {
            message[i] = 0xff;
        }
        bytes32 msgHash = send(address(gauge), 0, message, 2_000_000);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(l2Messenger.successfulMessages(msgHash));
        vm.assertGe(gauge.gas() + 100, 2_000_000);
    }

    /// @dev What a target returns costs the messenger nothing.
    function testFuzz_ReturnBombsDoNothing(uint256 size, bool reverts) public {
        onL2.bomb(bound(size, 1000, 1_000_000));
        onL2.refuse(reverts, "");
        bytes32 msgHash = send(address(onL2), 0, "hello", 3_000_000);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(reverts ? failed(msgHash) : l2Messenger.successfulMessages(msgHash));

        Receiver onL1 = new Receiver(l1Messenger);
        onL1.bomb(bound(size, 1000, 1_000_000));
        onL1.refuse(reverts, "");
        msgHash = sendUp(address(onL1), 0, "hello", 3_000_000);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(reverts ? failed(l1Messenger, msgHash) : l1Messenger.successfulMessages(msgHash));
    }

    // Calling back

    function test_AMessageWithinAMessageIsKept() public {
        (bytes32 inner, bytes memory data) = failOnL2(1 ether);
        Receiver outer = new Receiver(l2Messenger);
        outer.callOut(Predeploys.MESSENGER, data);
        bytes32 msgHash = send(address(outer), 0, "outer", 1_000_000);
        vm.assertTrue(executeDeposit(deposits.length - 1));
        vm.assertTrue(l2Messenger.successfulMessages(msgHash));
        vm.assertTrue(failed(inner));
        vm.assertEq(onL2.calls(), 0);
        replay(Predeploys.MESSENGER, data);
        vm.assertEq(onL2.calls(), 1);
    }

    function test_AMessageThatRelaysItselfIsDeliveredOnce() public {
        (bytes32 msgHash, bytes memory data) = failOnL2(1 ether);
        onL2.callOut(Predeploys.MESSENGER, data);
        replay(Predeploys.MESSENGER, data);
        vm.assertEq(onL2.calls(), 1);
        vm.assertEq(address(onL2).balance, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.AlreadyRelayed.selector, msgHash));
        this.replayExternally(data);
    }

    /// @dev A message that finalises another withdrawal while it is delivered: the portal lets it (a replay does not come
    /// through the portal), and the other message must not be lost.
    function test_AWithdrawalWithinAReplayIsKept() public {
        Receiver onL1 = new Receiver(l1Messenger);
        onL1.refuse(true, "");
        sendUp(address(onL1), 0, "outer", 2_000_000);
        vm.assertTrue(finalizeWithdrawal(0));
        onL1.refuse(false, "");

        bytes32 inner = sendUp(bob, 1 ether, "", 100_000);
        Withdrawal memory w = withdrawals[1];
        onL1.callOut(
            address(portal), abi.encodeCall(portal.finalize, (w.sender, w.target, w.value, w.gasLimit, w.data))
        );
        replay(address(l1Messenger), withdrawals[0].data);
        vm.assertEq(onL1.calls(), 1);
        vm.assertTrue(failed(l1Messenger, inner));
        uint256 before = bob.balance;
        replay(address(l1Messenger), w.data);
        vm.assertEq(bob.balance, before + 1 ether);
    }

    function test_AMessageCanSendOne() public {
        onL2.callOut(Predeploys.MESSENGER, abi.encodeCall(ICrossDomainMessenger.sendMessage, (bob, "reply", GAS)));
        send(address(onL2), 0, "hello", 1_000_000);
        vm.assertTrue(executeDeposit(0));
        vm.assertEq(withdrawals.length, 1);
        vm.assertEq(onL2.calls(), 1);
    }

    // Quota, pause and conflict on L1

    function test_WhatExceedsAQuotaIsNotSpent() public {
        Receiver onL1 = new Receiver(l1Messenger);
        bytes memory exceeded =
            abi.encodeWithSelector(IWithdrawalQuota.QuotaExceeded.selector, address(pha), 2, 1, block.timestamp + 1);
        onL1.refuse(true, exceeded);
        bytes32 msgHash = sendUp(address(onL1), 1 ether, "hello", GAS);
        Withdrawal memory w = withdrawals[0];
        vm.expectRevert(exceeded);
        portal.finalize(w.sender, w.target, w.value, w.gasLimit, w.data);
        vm.assertFalse(l1Messenger.failedMessages(msgHash));
        vm.assertEq(address(portal).balance, 1 ether);

        onL1.refuse(false, "");
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(l1Messenger.successfulMessages(msgHash));
        vm.assertEq(address(onL1).balance, 1 ether);
    }

    /// @dev Nothing but those words makes a message wait.
    function testFuzz_OtherFailuresAreKept(bytes calldata with) public {
        vm.assume(with.length != 132 || bytes4(with) != IWithdrawalQuota.QuotaExceeded.selector);
        failsOnL1(with);
    }

    function test_FailuresLikeAQuotaAreKept() public {
        failsOnL1(abi.encodeWithSelector(IWithdrawalQuota.QuotaExceeded.selector, pha, 2, 1));
        failsOnL1(abi.encodeWithSelector(IWithdrawalQuota.QuotaExceeded.selector, pha, 2, 1, 3, 4));
        failsOnL1(abi.encodeWithSelector(ICrossDomainMessenger.NoMessage.selector, pha, 2, 1, 3));
    }

    function failsOnL1(bytes memory with) internal {
        Receiver onL1 = new Receiver(l1Messenger);
        onL1.refuse(true, with);
        bytes32 msgHash = sendUp(address(onL1), 0, "hello", 1_000_000);
        vm.assertTrue(finalizeWithdrawal(withdrawals.length - 1));
        vm.assertTrue(failed(l1Messenger, msgHash));
    }

    function test_NothingIsRelayedAgainWhileWithdrawalsAreStopped() public {
        Receiver onL1 = new Receiver(l1Messenger);
        onL1.refuse(true, "");
        sendUp(address(onL1), 1 ether, "hello", GAS);
        vm.assertTrue(finalizeWithdrawal(0));
        onL1.refuse(false, "");
        bytes memory data = withdrawals[0].data;

        vm.prank(council);
        pause.pauseWithdrawals(1 hours);
        vm.assertTrue(l1Messenger.paused());
        (bool success, bytes memory returned) = address(l1Messenger).call(data);
        vm.assertFalse(success);
        vm.assertEq(returned, abi.encodeWithSelector(ICrossDomainMessenger.Paused.selector, block.timestamp + 1 hours));

        vm.warp(block.timestamp + 1 hours);
        portal.setConflict(true);
        (success,) = address(l1Messenger).call(data);
        vm.assertFalse(success);

        portal.setConflict(false);
        replay(address(l1Messenger), data);
        vm.assertEq(address(onL1).balance, 1 ether);
    }

    function test_NothingIsSentWhileDepositsAreStopped() public {
        vm.prank(council);
        pause.pauseDeposits(1 hours);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPortal.Paused.selector, block.timestamp + 1 hours));
        l1Messenger.sendMessage(bob, "", GAS);
    }
}
