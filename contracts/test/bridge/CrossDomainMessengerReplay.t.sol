// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessengerTest, Receiver} from "./CrossDomainMessengerTest.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Messages that fail, wait, or come within others, and are tried again.
contract CrossDomainMessengerReplayTest is CrossDomainMessengerTest {
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
