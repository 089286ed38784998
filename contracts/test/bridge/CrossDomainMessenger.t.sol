// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessengerTest, Receiver} from "./CrossDomainMessengerTest.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {L1CrossDomainMessenger} from "src/bridge/L1CrossDomainMessenger.sol";
import {IMessagePasser} from "src/l2/IMessagePasser.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Messages that are sent and delivered, and those that are not believed.
contract CrossDomainMessengerDeliveryTest is CrossDomainMessengerTest {
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
}
