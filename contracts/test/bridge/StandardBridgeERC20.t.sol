// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {HonestToken, StubbornToken} from "./StandardBridgeTokens.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {L1StandardBridge} from "src/bridge/L1StandardBridge.sol";
import {IL2StandardBridge} from "src/l2/IL2StandardBridge.sol";
import {IMessagePasser} from "src/l2/IMessagePasser.sol";
import {IOptimismMintableERC20} from "src/l2/IOptimismMintableERC20.sol";
import {OptimismMintableERC20} from "src/l2/OptimismMintableERC20.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

contract StandardBridgeERC20Test is StandardBridgeTest {
    bytes internal constant EXTRA = "extra";

    function setUp() public override {
        super.setUp();
        vm.prank(alice);
        pha.approve(address(l1Bridge), type(uint256).max);
        collect();
    }

    /// @dev Alice's PHA to bob on L2, or back.
    function deposit(uint256 amount) internal {
        vm.prank(alice);
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, amount, GAS, EXTRA);
        executeDeposits();
    }

    function word(address value) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(value)));
    }

    // Every way down

    function expectDeposit(address to, uint256 amount, bytes memory extra) internal {
        collect();
        bytes32[] memory topics = new bytes32[](6);
        topics[0] = IERC20.Transfer.selector;
        topics[1] = IL1StandardBridge.ERC20DepositInitiated.selector;
        topics[2] = IL1StandardBridge.ERC20BridgeInitiated.selector;
        topics[3] = IPortal.TransactionDeposited.selector;
        topics[4] = ICrossDomainMessenger.SentMessage.selector;
        topics[5] = ICrossDomainMessenger.SentMessageExtension1.selector;
        expectEvents(topics);
        for (uint256 i = 1; i < 3; ++i) {
            vm.assertEq(events[i].topics[1], word(address(pha)));
            vm.assertEq(events[i].topics[2], word(L2_PHA));
            vm.assertEq(events[i].topics[3], word(alice));
            vm.assertEq(events[i].data, abi.encode(to, amount, extra));
        }
        vm.assertEq(pha.balanceOf(address(l1Bridge)), amount);
        vm.assertEq(l1Bridge.deposits(address(pha), L2_PHA), amount);

        vm.expectEmit(L2_PHA);
        emit IERC20.Transfer(address(0), to, amount);
        vm.expectEmit(L2_PHA);
        emit IOptimismMintableERC20.Mint(to, amount);
        vm.expectEmit(Predeploys.STANDARD_BRIDGE);
        emit IL2StandardBridge.DepositFinalized(address(pha), L2_PHA, alice, to, amount, extra);
        vm.expectEmit(Predeploys.STANDARD_BRIDGE);
        emit IL2StandardBridge.ERC20BridgeFinalized(L2_PHA, address(pha), alice, to, amount, extra);
        vm.assertTrue(executeDeposit(0));
        vm.assertEq(l2Pha.balanceOf(to), amount);
        vm.assertEq(l2Pha.totalSupply(), amount);
    }

    function testFuzz_BridgeERC20(uint256 amount, bytes calldata extra) public {
        amount = bound(amount, 1, 1_000_000 ether);
        vm.prank(alice);
        l1Bridge.bridgeERC20(address(pha), L2_PHA, amount, GAS, extra);
        expectDeposit(alice, amount, extra);
    }

    /// @dev With any gas that a client may ask for, none included.
    function testFuzz_BridgeERC20To(uint256 amount, bytes calldata extra, uint32 minGasLimit) public {
        amount = bound(amount, 1, 1_000_000 ether);
        vm.cool(Predeploys.STANDARD_BRIDGE);
        vm.cool(Predeploys.MESSENGER);
        vm.cool(L2_PHA);
        vm.prank(alice);
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, amount, uint32(bound(minGasLimit, 0, 10_000_000)), extra);
        expectDeposit(bob, amount, extra);
    }

    function test_DepositERC20() public {
        vm.prank(alice);
        l1Bridge.depositERC20(address(pha), L2_PHA, 5 ether, GAS, EXTRA);
        expectDeposit(alice, 5 ether, EXTRA);
    }

    function test_DepositERC20To() public {
        vm.prank(alice);
        l1Bridge.depositERC20To(address(pha), L2_PHA, bob, 5 ether, GAS, EXTRA);
        expectDeposit(bob, 5 ether, EXTRA);
    }

    // Every way up

    function expectWithdrawal(address to, uint256 amount, uint256 left) internal {
        collect();
        bytes32[] memory topics = new bytes32[](7);
        topics[0] = IERC20.Transfer.selector;
        topics[1] = IOptimismMintableERC20.Burn.selector;
        topics[2] = IL2StandardBridge.WithdrawalInitiated.selector;
        topics[3] = IL2StandardBridge.ERC20BridgeInitiated.selector;
        topics[4] = IMessagePasser.MessagePassed.selector;
        topics[5] = ICrossDomainMessenger.SentMessage.selector;
        topics[6] = ICrossDomainMessenger.SentMessageExtension1.selector;
        expectEvents(topics);
        vm.assertEq(events[2].topics[1], word(address(pha)));
        vm.assertEq(events[2].topics[2], word(L2_PHA));
        vm.assertEq(events[2].topics[3], word(bob));
        vm.assertEq(events[2].data, abi.encode(to, amount, EXTRA));
        vm.assertEq(events[3].topics[1], word(L2_PHA));
        vm.assertEq(events[3].topics[2], word(address(pha)));
        vm.assertEq(events[3].data, abi.encode(to, amount, EXTRA));
        vm.assertEq(l2Pha.totalSupply(), left);

        uint256 before = pha.balanceOf(to);
        vm.expectEmit(address(pha));
        emit IERC20.Transfer(address(l1Bridge), to, amount);
        vm.expectEmit(address(l1Bridge));
        emit IL1StandardBridge.ERC20WithdrawalFinalized(address(pha), L2_PHA, bob, to, amount, EXTRA);
        vm.expectEmit(address(l1Bridge));
        emit IL1StandardBridge.ERC20BridgeFinalized(address(pha), L2_PHA, bob, to, amount, EXTRA);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertEq(pha.balanceOf(to), before + amount);
        vm.assertEq(l1Bridge.deposits(address(pha), L2_PHA), left);
    }

    function testFuzz_BridgeERC20OnL2(uint256 amount) public {
        amount = bound(amount, 1, 100 ether);
        deposit(100 ether);
        vm.prank(bob);
        l2Bridge.bridgeERC20(L2_PHA, address(pha), amount, GAS, EXTRA);
        expectWithdrawal(bob, amount, 100 ether - amount);
    }

    function testFuzz_BridgeERC20ToOnL2(uint256 amount, uint32 minGasLimit) public {
        amount = bound(amount, 1, 100 ether);
        deposit(100 ether);
        vm.prank(bob);
        l2Bridge.bridgeERC20To(L2_PHA, address(pha), alice, amount, uint32(bound(minGasLimit, 0, 10_000_000)), EXTRA);
        expectWithdrawal(alice, amount, 100 ether - amount);
    }

    function test_Withdraw() public {
        deposit(100 ether);
        vm.prank(bob);
        l2Bridge.withdraw(L2_PHA, 40 ether, GAS, EXTRA);
        expectWithdrawal(bob, 40 ether, 60 ether);
    }

    function test_WithdrawTo() public {
        deposit(100 ether);
        vm.prank(bob);
        l2Bridge.withdrawTo(L2_PHA, alice, 40 ether, GAS, EXTRA);
        expectWithdrawal(alice, 40 ether, 60 ether);
    }

    // A token of L2, kept there and minted on L1

    function test_ATokenOfL2GoesToL1AndBack() public {
        HonestToken native = new HonestToken();
        OptimismMintableERC20 onL1 = new OptimismMintableERC20(address(l1Bridge), address(native), "Native", "NAT", 18);
        native.give(alice, 10 ether);
        vm.prank(alice);
        native.approve(Predeploys.STANDARD_BRIDGE, 10 ether);
        vm.prank(alice);
        l2Bridge.bridgeERC20To(address(native), address(onL1), bob, 10 ether, GAS, "");
        vm.assertEq(l2Bridge.deposits(address(native), address(onL1)), 10 ether);
        finalizeWithdrawals();
        vm.assertEq(onL1.balanceOf(bob), 10 ether);

        vm.prank(bob);
        l1Bridge.bridgeERC20To(address(onL1), address(native), alice, 4 ether, GAS, "");
        executeDeposits();
        vm.assertEq(onL1.totalSupply(), 6 ether);
        vm.assertEq(native.balanceOf(alice), 4 ether);
        vm.assertEq(l2Bridge.deposits(address(native), address(onL1)), 6 ether);
    }

    // What is refused at once

    function test_ZeroIsNothingToBridge() public {
        vm.expectRevert(IL1StandardBridge.ZeroAmount.selector);
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, 0, GAS, "");
        vm.expectRevert(IL1StandardBridge.ZeroAmount.selector);
        l1Bridge.depositERC20To(address(pha), L2_PHA, bob, 0, GAS, "");
        vm.expectRevert(IL2StandardBridge.ZeroAmount.selector);
        l2Bridge.bridgeERC20To(L2_PHA, address(pha), bob, 0, GAS, "");
        vm.expectRevert(IL2StandardBridge.ZeroAmount.selector);
        l2Bridge.withdrawTo(L2_PHA, bob, 0, GAS, "");
    }

    function test_ATokenHasCode() public {
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.NoToken.selector, bob));
        l1Bridge.bridgeERC20To(bob, L2_PHA, bob, 1, GAS, "");
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.NoToken.selector, bob));
        l2Bridge.withdrawTo(bob, bob, 1, GAS, "");
        // And the other side's is not nobody.
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.NoToken.selector, address(0)));
        l1Bridge.bridgeERC20To(address(pha), address(0), bob, 1, GAS, "");
    }

    function test_ARepresentationHasOneToken() public {
        deposit(1 ether);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.WrongRemoteToken.selector, bob, address(pha)));
        l2Bridge.bridgeERC20To(L2_PHA, bob, bob, 1, GAS, "");
        OptimismMintableERC20 onL1 = new OptimismMintableERC20(address(l1Bridge), alice, "Native", "NAT", 18);
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.WrongRemoteToken.selector, bob, alice));
        l1Bridge.bridgeERC20To(address(onL1), bob, bob, 1, GAS, "");
    }

    function test_RecipientsThatCannotHaveIt() public {
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.ForbiddenRecipient.selector, address(0)));
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, address(0), 1, GAS, "");
        vm.expectRevert(
            abi.encodeWithSelector(IL1StandardBridge.ForbiddenRecipient.selector, Predeploys.STANDARD_BRIDGE)
        );
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, Predeploys.STANDARD_BRIDGE, 1, GAS, "");
    }

    function testFuzz_NobodyBridgesWhatHeHasNot(uint256 amount) public {
        deposit(100 ether);
        amount = bound(amount, 100 ether + 1, type(uint256).max);
        vm.prank(bob);
        vm.expectRevert();
        l2Bridge.bridgeERC20To(L2_PHA, address(pha), bob, amount, GAS, "");
        vm.prank(bob);
        vm.expectRevert();
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, amount, GAS, "");
    }

    /// @dev Whatever L2 claims, not more of a pair leaves than came.
    function testFuzz_NoMoreThanWasDeposited(uint256 amount) public {
        deposit(100 ether);
        amount = bound(amount, 100 ether + 1, type(uint256).max);
        bytes memory claim =
            abi.encodeCall(IL1StandardBridge.finalizeBridgeERC20, (address(pha), L2_PHA, alice, bob, amount, ""));
        vm.prank(Predeploys.STANDARD_BRIDGE);
        l2Messenger.sendMessage(address(l1Bridge), claim, GAS);
        claim = abi.encodeCall(IL1StandardBridge.finalizeBridgeERC20, (address(pha), address(1), alice, bob, 1, ""));
        vm.prank(Predeploys.STANDARD_BRIDGE);
        l2Messenger.sendMessage(address(l1Bridge), claim, GAS);
        collect();
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertTrue(finalizeWithdrawal(i));
            vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[i].data)));
        }
        vm.assertEq(pha.balanceOf(address(l1Bridge)), 100 ether);
    }

    function test_TheImplementationNeedsItsParts() public {
        vm.expectRevert(IL1StandardBridge.InvalidConfig.selector);
        new L1StandardBridge(L1StandardBridge.Config(address(0), address(pause), timelock, WINDOW));
        vm.expectRevert(IL1StandardBridge.InvalidConfig.selector);
        new L1StandardBridge(L1StandardBridge.Config(address(l1Messenger), address(0), timelock, WINDOW));
    }

    // Quota

    function test_WhatExceedsTheQuotaWaits() public {
        deposit(100 ether);
        vm.prank(timelock);
        l1Bridge.setQuota(address(pha), 30 ether);
        vm.prank(bob);
        l2Bridge.withdrawTo(L2_PHA, bob, 20 ether, GAS, "");
        vm.prank(bob);
        l2Bridge.withdrawTo(L2_PHA, bob, 20 ether, GAS, "");
        collect();
        vm.assertTrue(finalizeWithdrawal(0));
        Withdrawal memory w = withdrawals[1];
        vm.expectPartialRevert(IWithdrawalQuota.QuotaExceeded.selector);
        portal.finalize(w.sender, w.target, w.value, w.gasLimit, w.data);
        vm.assertFalse(l1Messenger.failedMessages(messageHash(w.data)));
        vm.assertEq(pha.balanceOf(bob), 20 ether);

        vm.warp(block.timestamp + WINDOW);
        vm.assertTrue(finalizeWithdrawal(1));
        vm.assertEq(pha.balanceOf(bob), 40 ether);
    }

    /// @dev A message that failed for another reason waits as well when it is relayed again.
    function test_AReplayWaitsForTheQuota() public {
        deposit(100 ether);
        vm.prank(bob);
        l2Bridge.withdrawTo(L2_PHA, bob, 60 ether, 0, "");
        collect();
        Withdrawal memory w = withdrawals[0];
        vm.assertTrue(portal.finalize(w.sender, w.target, w.value, 85_000, w.data));
        vm.assertTrue(failed(l1Messenger, messageHash(w.data)));

        vm.prank(timelock);
        l1Bridge.setQuota(address(pha), 30 ether);
        vm.expectPartialRevert(IWithdrawalQuota.QuotaExceeded.selector);
        this.replayOnL1(w.data);
        vm.prank(timelock);
        l1Bridge.setQuota(address(pha), 0);
        replay(address(l1Messenger), w.data);
        vm.assertEq(pha.balanceOf(bob), 60 ether);
    }

    function replayOnL1(bytes calldata data) external {
        replay(address(l1Messenger), data);
    }
}
