// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IL2StandardBridge} from "src/l2/IL2StandardBridge.sol";
import {IMessagePasser} from "src/l2/IMessagePasser.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Takes ether only when it is told to.
contract Moody {
    bool public takes;

    function take(bool value) external {
        takes = value;
    }

    receive() external payable {
        require(takes, "no");
    }
}

contract StandardBridgeEtherTest is StandardBridgeTest {
    bytes internal constant EXTRA = "extra";
    Moody internal moody = new Moody();

    /// @dev After a deposit of alice: OP's events in OP's order, and the ether with `to` on L2.
    function expectDeposit(address to, uint256 amount, bytes memory extra) internal {
        collect();
        bytes32[] memory topics = new bytes32[](5);
        topics[0] = IL1StandardBridge.ETHDepositInitiated.selector;
        topics[1] = IL1StandardBridge.ETHBridgeInitiated.selector;
        topics[2] = IPortal.TransactionDeposited.selector;
        topics[3] = ICrossDomainMessenger.SentMessage.selector;
        topics[4] = ICrossDomainMessenger.SentMessageExtension1.selector;
        expectEvents(topics);
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(events[i].emitter, address(l1Bridge));
            vm.assertEq(events[i].topics[1], bytes32(uint256(uint160(alice))));
            vm.assertEq(events[i].topics[2], bytes32(uint256(uint160(to))));
            vm.assertEq(events[i].data, abi.encode(amount, extra));
        }
        vm.assertEq(address(portal).balance, amount);

        uint256 before = to.balance;
        vm.expectEmit(Predeploys.STANDARD_BRIDGE);
        emit IL2StandardBridge.DepositFinalized(address(0), LEGACY_ETH, alice, to, amount, extra);
        vm.expectEmit(Predeploys.STANDARD_BRIDGE);
        emit IL2StandardBridge.ETHBridgeFinalized(alice, to, amount, extra);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(l2Messenger.successfulMessages(messageHash(deposits[0].data)));
        vm.assertEq(to.balance, before + amount);
    }

    /// @dev After a withdrawal of alice on L2: the same upwards.
    function expectWithdrawal(address to, uint256 amount, bytes memory extra) internal {
        collect();
        bytes32[] memory topics = new bytes32[](5);
        topics[0] = IL2StandardBridge.WithdrawalInitiated.selector;
        topics[1] = IL2StandardBridge.ETHBridgeInitiated.selector;
        topics[2] = IMessagePasser.MessagePassed.selector;
        topics[3] = ICrossDomainMessenger.SentMessage.selector;
        topics[4] = ICrossDomainMessenger.SentMessageExtension1.selector;
        expectEvents(topics);
        vm.assertEq(events[0].topics[1], bytes32(0));
        vm.assertEq(events[0].topics[2], bytes32(uint256(uint160(LEGACY_ETH))));
        vm.assertEq(events[0].topics[3], bytes32(uint256(uint160(alice))));
        vm.assertEq(events[0].data, abi.encode(to, amount, extra));
        vm.assertEq(events[1].data, abi.encode(amount, extra));
        vm.assertEq(address(passer).balance, amount);

        vm.deal(address(portal), amount);
        uint256 before = to.balance;
        vm.expectEmit(address(l1Bridge));
        emit IL1StandardBridge.ETHWithdrawalFinalized(alice, to, amount, extra);
        vm.expectEmit(address(l1Bridge));
        emit IL1StandardBridge.ETHBridgeFinalized(alice, to, amount, extra);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(l1Messenger.successfulMessages(messageHash(withdrawals[0].data)));
        vm.assertEq(to.balance, before + amount);
    }

    // Every way down. Zero is a deposit as any other, as on OP: its message may be what is wanted.

    function testFuzz_BridgeETH(uint256 amount, bytes calldata extra) public {
        amount = bound(amount, 0, 1000 ether);
        vm.prank(alice);
        l1Bridge.bridgeETH{value: amount}(GAS, extra);
        expectDeposit(alice, amount, extra);
    }

    function testFuzz_BridgeETHTo(uint256 amount, bytes calldata extra, uint32 minGasLimit) public {
        amount = bound(amount, 0, 1000 ether);
        vm.prank(alice);
        l1Bridge.bridgeETHTo{value: amount}(bob, uint32(bound(minGasLimit, 0, 10_000_000)), extra);
        expectDeposit(bob, amount, extra);
    }

    function test_DepositETH() public {
        vm.prank(alice);
        l1Bridge.depositETH{value: 3 ether}(GAS, EXTRA);
        expectDeposit(alice, 3 ether, EXTRA);
    }

    function test_DepositETHTo() public {
        vm.prank(alice);
        l1Bridge.depositETHTo{value: 3 ether}(bob, GAS, EXTRA);
        expectDeposit(bob, 3 ether, EXTRA);
    }

    function test_PlainEtherIsDeposited() public {
        vm.prank(alice);
        (bool success,) = address(l1Bridge).call{value: 3 ether}("");
        vm.assertTrue(success);
        expectDeposit(alice, 3 ether, "");
    }

    // Every way up

    function testFuzz_BridgeETHOnL2(uint256 amount, bytes calldata extra) public {
        amount = bound(amount, 0, 1000 ether);
        vm.prank(alice);
        l2Bridge.bridgeETH{value: amount}(GAS, extra);
        expectWithdrawal(alice, amount, extra);
    }

    function testFuzz_BridgeETHToOnL2(uint256 amount, bytes calldata extra, uint32 minGasLimit) public {
        amount = bound(amount, 0, 1000 ether);
        vm.prank(alice);
        l2Bridge.bridgeETHTo{value: amount}(bob, uint32(bound(minGasLimit, 0, 10_000_000)), extra);
        expectWithdrawal(bob, amount, extra);
    }

    function test_Withdraw() public {
        vm.prank(alice);
        l2Bridge.withdraw{value: 3 ether}(LEGACY_ETH, 3 ether, GAS, EXTRA);
        expectWithdrawal(alice, 3 ether, EXTRA);
    }

    function test_WithdrawTo() public {
        vm.prank(alice);
        l2Bridge.withdrawTo{value: 3 ether}(LEGACY_ETH, bob, 3 ether, 0, EXTRA);
        expectWithdrawal(bob, 3 ether, EXTRA);
    }

    function test_PlainEtherIsWithdrawn() public {
        vm.prank(alice);
        (bool success,) = address(l2Bridge).call{value: 3 ether}("");
        vm.assertTrue(success);
        expectWithdrawal(alice, 3 ether, "");
    }

    // What is refused

    function test_ContractsNameARecipient() public {
        bytes memory refusal = abi.encodeWithSelector(IL1StandardBridge.CallerHasCode.selector, address(this));
        vm.expectRevert(refusal);
        l1Bridge.bridgeETH{value: 1}(GAS, "");
        vm.expectRevert(refusal);
        l1Bridge.depositETH{value: 1}(GAS, "");
        vm.expectRevert(refusal);
        l1Bridge.bridgeERC20(address(pha), L2_PHA, 1, GAS, "");
        vm.expectRevert(refusal);
        l1Bridge.depositERC20(address(pha), L2_PHA, 1, GAS, "");
        vm.expectRevert(refusal);
        l2Bridge.bridgeETH{value: 1}(GAS, "");
        vm.expectRevert(refusal);
        l2Bridge.bridgeERC20(L2_PHA, address(pha), 1, GAS, "");
        vm.expectRevert(refusal);
        l2Bridge.withdraw{value: 1}(LEGACY_ETH, 1, GAS, "");
        (bool success, bytes memory returned) = address(l1Bridge).call{value: 1}("");
        vm.assertFalse(success);
        vm.assertEq(returned, refusal);
        (success, returned) = address(l2Bridge).call{value: 1}("");
        vm.assertFalse(success);
        vm.assertEq(returned, refusal);
    }

    /// @dev EIP-7702: the key is still the owner.
    function test_AccountsThatDelegateTheirCodeAreNoContracts() public {
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(moody)));
        vm.prank(alice);
        l1Bridge.bridgeETH{value: 1 ether}(GAS, EXTRA);
        collect();
        vm.assertEq(deposits.length, 1);
        vm.etch(alice, abi.encodePacked(hex"600160", address(moody)));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.CallerHasCode.selector, alice));
        l1Bridge.bridgeETH{value: 1 ether}(GAS, EXTRA);
    }

    function test_RecipientsThatCannotBePaid() public {
        address[2] memory forbidden = [address(0), Predeploys.STANDARD_BRIDGE];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory refusal = abi.encodeWithSelector(IL1StandardBridge.ForbiddenRecipient.selector, forbidden[i]);
            vm.expectRevert(refusal);
            l1Bridge.bridgeETHTo{value: 1}(forbidden[i], GAS, "");
            vm.expectRevert(refusal);
            l1Bridge.depositETHTo{value: 1}(forbidden[i], GAS, "");
        }
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.ForbiddenRecipient.selector, address(l1Bridge)));
        l2Bridge.bridgeETHTo{value: 1}(address(l1Bridge), GAS, "");
        // The messenger would refuse the ether as well: the message is kept.
        l1Bridge.bridgeETHTo{value: 1}(Predeploys.MESSENGER, GAS, "");
        collect();
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(failed(messageHash(deposits[0].data)));
    }

    function test_WithdrawSendsWhatItNames() public {
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.WrongValue.selector, 1 ether, 2 ether));
        l2Bridge.withdrawTo{value: 1 ether}(LEGACY_ETH, bob, 2 ether, GAS, "");
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.WrongValue.selector, 1 ether, 0));
        l2Bridge.withdrawTo{value: 1 ether}(L2_PHA, bob, 1 ether, GAS, "");
    }

    function test_NothingIsDepositedWhileDepositsAreStopped() public {
        vm.prank(council);
        pause.pauseDeposits(1 hours);
        bytes memory paused = abi.encodeWithSelector(IL1StandardBridge.Paused.selector, block.timestamp + 1 hours);
        vm.expectRevert(paused);
        l1Bridge.bridgeETHTo{value: 1}(bob, GAS, "");
        vm.expectRevert(paused);
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, 1, GAS, "");
        vm.assertFalse(l1Bridge.paused());
        vm.warp(block.timestamp + 1 hours);
        l1Bridge.bridgeETHTo{value: 1}(bob, GAS, "");
    }

    function test_PausedTellsOfWithdrawals() public {
        vm.prank(council);
        pause.pauseWithdrawals(1 hours);
        vm.assertTrue(l1Bridge.paused());
        vm.warp(block.timestamp + 1 hours);
        vm.assertFalse(l1Bridge.paused());
    }

    // Forged messages

    function testFuzz_TheOtherBridgeAloneIsBelieved(address forger) public {
        vm.assume(forger != Predeploys.MESSENGER && forger != address(l1Messenger));
        vm.deal(forger, 1 ether);
        bytes memory refusal = abi.encodeWithSelector(IL1StandardBridge.NotOtherBridge.selector, forger, address(0));
        vm.prank(forger);
        vm.expectRevert(refusal);
        l1Bridge.finalizeBridgeETH{value: 1}(alice, bob, 1, "");
        vm.prank(forger);
        vm.expectRevert(refusal);
        l1Bridge.finalizeBridgeERC20(address(pha), L2_PHA, alice, bob, 1, "");
        vm.prank(forger);
        vm.expectRevert(refusal);
        l2Bridge.finalizeBridgeETH{value: 1}(alice, bob, 1, "");
        vm.prank(forger);
        vm.expectRevert(refusal);
        l2Bridge.finalizeBridgeERC20(L2_PHA, address(pha), alice, bob, 1, "");
    }

    /// @dev Messages of anybody else through the true messengers.
    function testFuzz_MessagesOfOthersAreNotBelieved(address forger) public {
        vm.assume(forger != Predeploys.STANDARD_BRIDGE && forger != address(l1Bridge) && forger != address(0));
        bytes memory forged =
            abi.encodeCall(IL1StandardBridge.finalizeBridgeERC20, (L2_PHA, address(pha), alice, bob, 1, ""));
        vm.prank(forger);
        l1Messenger.sendMessage(Predeploys.STANDARD_BRIDGE, forged, GAS);
        vm.prank(forger);
        l2Messenger.sendMessage(address(l1Bridge), forged, GAS);
        collect();
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(failed(messageHash(deposits[0].data)));
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[0].data)));
        vm.assertEq(l2Pha.totalSupply(), 0);
    }

    function test_TheEtherIsTheAmount() public {
        bytes memory more = abi.encodeCall(IL1StandardBridge.finalizeBridgeETH, (alice, bob, 2 ether, ""));
        vm.deal(address(l1Bridge), 1 ether);
        vm.prank(address(l1Bridge));
        l1Messenger.sendMessage{value: 1 ether}(Predeploys.STANDARD_BRIDGE, more, GAS);
        collect();
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(failed(messageHash(deposits[0].data)));
    }

    // Recipients that refuse

    function test_EtherThatIsRefusedOnL2IsReplayed() public {
        vm.prank(alice);
        l1Bridge.bridgeETHTo{value: 2 ether}(address(moody), GAS, EXTRA);
        collect();
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(failed(messageHash(deposits[0].data)));
        vm.assertEq(Predeploys.MESSENGER.balance, 2 ether);

        replay(Predeploys.MESSENGER, deposits[0].data);
        vm.assertTrue(failed(messageHash(deposits[0].data)));
        moody.take(true);
        replay(Predeploys.MESSENGER, deposits[0].data);
        vm.assertEq(address(moody).balance, 2 ether);
        vm.assertEq(Predeploys.MESSENGER.balance, 0);
    }

    function test_EtherThatIsRefusedOnL1IsReplayed() public {
        vm.prank(alice);
        l2Bridge.bridgeETHTo{value: 2 ether}(address(moody), GAS, EXTRA);
        collect();
        vm.deal(address(portal), 2 ether);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[0].data)));
        vm.assertEq(address(l1Messenger).balance, 2 ether);
        moody.take(true);
        replay(address(l1Messenger), withdrawals[0].data);
        vm.assertEq(address(moody).balance, 2 ether);
    }

    function test_AnswersAsOpDoes() public view {
        vm.assertEq(l1Bridge.messenger(), address(l1Messenger));
        vm.assertEq(l1Bridge.MESSENGER(), address(l1Messenger));
        vm.assertEq(l1Bridge.otherBridge(), Predeploys.STANDARD_BRIDGE);
        vm.assertEq(l1Bridge.OTHER_BRIDGE(), Predeploys.STANDARD_BRIDGE);
        vm.assertEq(l1Bridge.l2TokenBridge(), Predeploys.STANDARD_BRIDGE);
        vm.assertEq(l2Bridge.messenger(), Predeploys.MESSENGER);
        vm.assertEq(l2Bridge.MESSENGER(), Predeploys.MESSENGER);
        vm.assertEq(l2Bridge.otherBridge(), address(l1Bridge));
        vm.assertEq(l2Bridge.OTHER_BRIDGE(), address(l1Bridge));
        vm.assertEq(l2Bridge.l1TokenBridge(), address(l1Bridge));
        vm.assertFalse(l2Bridge.paused());
    }

    /// @dev The interfaces of both sides are two files for the sake of the bindings; what they share must stay the same.
    function test_BothInterfacesDeclareTheSame() public pure {
        vm.assertTrue(IL1StandardBridge.finalizeBridgeETH.selector == IL2StandardBridge.finalizeBridgeETH.selector);
        vm.assertTrue(IL1StandardBridge.finalizeBridgeERC20.selector == IL2StandardBridge.finalizeBridgeERC20.selector);
        vm.assertTrue(IL1StandardBridge.ZeroAmount.selector == IL2StandardBridge.ZeroAmount.selector);
        vm.assertTrue(IL1StandardBridge.CallerHasCode.selector == IL2StandardBridge.CallerHasCode.selector);
        vm.assertTrue(IL1StandardBridge.NotOtherBridge.selector == IL2StandardBridge.NotOtherBridge.selector);
        vm.assertTrue(IL1StandardBridge.WrongValue.selector == IL2StandardBridge.WrongValue.selector);
        vm.assertTrue(IL1StandardBridge.WrongRemoteToken.selector == IL2StandardBridge.WrongRemoteToken.selector);
        vm.assertTrue(IL1StandardBridge.NoToken.selector == IL2StandardBridge.NoToken.selector);
        vm.assertTrue(IL1StandardBridge.InexactTransfer.selector == IL2StandardBridge.InexactTransfer.selector);
        vm.assertTrue(IL1StandardBridge.TransferFailed.selector == IL2StandardBridge.TransferFailed.selector);
        vm.assertTrue(IL1StandardBridge.ForbiddenRecipient.selector == IL2StandardBridge.ForbiddenRecipient.selector);
        vm.assertTrue(IL1StandardBridge.ExceedsDeposits.selector == IL2StandardBridge.ExceedsDeposits.selector);
        vm.assertTrue(IL1StandardBridge.Reentered.selector == IL2StandardBridge.Reentered.selector);
        vm.assertTrue(IL1StandardBridge.ETHBridgeInitiated.selector == IL2StandardBridge.ETHBridgeInitiated.selector);
        vm.assertTrue(
            IL1StandardBridge.ERC20BridgeInitiated.selector == IL2StandardBridge.ERC20BridgeInitiated.selector
        );
    }
}
