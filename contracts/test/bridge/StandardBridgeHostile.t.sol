// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {
    BombToken,
    BurningToken,
    FalseToken,
    FeeToken,
    GenerousToken,
    HonestToken,
    RebasingToken,
    ReentrantHolder,
    ReentrantToken,
    SilentToken,
    StubbornToken
} from "./StandardBridgeTokens.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Tokens of L1 that do not behave.
contract StandardBridgeHostileTest is StandardBridgeTest {
    address internal representation;

    /// @dev Alice has 100 of the token, and L2 a representation.
    function prepare(HonestToken token) internal {
        token.give(alice, 100);
        vm.prank(alice);
        token.approve(address(l1Bridge), type(uint256).max);
        representation = factory.createOptimismMintableERC20(address(token), "Hostile", "HST");
        collect();
    }

    function deposit(HonestToken token, uint256 amount) internal {
        vm.prank(alice);
        l1Bridge.bridgeERC20To(address(token), representation, bob, amount, GAS, "");
    }

    /// @dev Down to L2 and back again.
    function roundTrip(HonestToken token) internal {
        prepare(token);
        deposit(token, 100);
        executeDeposits();
        vm.assertEq(HonestToken(representation).balanceOf(bob), 100);
        vm.prank(bob);
        l2Bridge.withdrawTo(representation, alice, 100, GAS, "");
        finalizeWithdrawals();
        vm.assertEq(token.balanceOf(alice), 100);
        vm.assertEq(l1Bridge.deposits(address(token), representation), 0);
    }

    function test_AnHonestTokenGoesDownAndUp() public {
        roundTrip(new HonestToken());
    }

    function test_ATokenThatReturnsNothingWorks() public {
        roundTrip(new SilentToken());
    }

    function test_ATokenThatReturnsAMegabyteWorks() public {
        roundTrip(new BombToken());
    }

    /// @dev Asking it what it is costs no more than ERC-165 allows.
    function test_ATokenThatBurnsTheGasOfQuestionsWorks() public {
        HonestToken token = new BurningToken();
        prepare(token);
        uint256 before = gasleft();
        deposit(token, 100);
        vm.assertLe(before - gasleft(), 300_000);
    }

    function test_AFeeOnTransferIsRefused() public {
        HonestToken token = new FeeToken();
        prepare(token);
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.InexactTransfer.selector, 99, 100));
        deposit(token, 100);
        // What loses nothing to the fee is exact.
        deposit(token, 99);
        vm.assertEq(l1Bridge.deposits(address(token), representation), 99);
    }

    function test_AGiftOnTransferIsRefused() public {
        HonestToken token = new GenerousToken();
        prepare(token);
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.InexactTransfer.selector, 101, 100));
        deposit(token, 100);
    }

    function test_ATokenThatSaysNoIsRefused() public {
        FalseToken token = new FalseToken();
        prepare(token);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        deposit(token, 100);
    }

    /// @dev If it says no on the way back, the message is kept.
    function test_ATokenThatSaysNoLaterIsPaidOutLater() public {
        FalseToken token = new FalseToken();
        prepare(token);
        token.refuse(false);
        deposit(token, 100);
        executeDeposits();
        vm.prank(bob);
        l2Bridge.withdrawTo(representation, alice, 100, GAS, "");
        collect();
        token.refuse(true);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[0].data)));
        vm.assertEq(l1Bridge.deposits(address(token), representation), 100);
        token.refuse(false);
        replay(address(l1Messenger), withdrawals[0].data);
        vm.assertEq(token.balanceOf(alice), 100);
        vm.assertEq(l1Bridge.deposits(address(token), representation), 0);
    }

    function test_ATokenWhoseCodeIsGoneIsPaidOutOnceItIsBack() public {
        HonestToken token = new HonestToken();
        prepare(token);
        deposit(token, 100);
        executeDeposits();
        vm.prank(bob);
        l2Bridge.withdrawTo(representation, alice, 100, GAS, "");
        collect();
        bytes memory code = address(token).code;
        vm.etch(address(token), "");
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[0].data)));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.NoToken.selector, address(token)));
        l1Bridge.bridgeERC20To(address(token), representation, bob, 1, GAS, "");
        vm.etch(address(token), code);
        replay(address(l1Messenger), withdrawals[0].data);
        vm.assertEq(token.balanceOf(alice), 100);
    }

    /// @dev What a rebase adds stays; what it takes is missing for the last, whose message is kept.
    function test_ARebasingTokenIsPaidOutWhileItLasts() public {
        RebasingToken token = new RebasingToken();
        prepare(token);
        deposit(token, 100);
        executeDeposits();
        token.rebase(200);
        vm.assertEq(l1Bridge.deposits(address(token), representation), 100);
        vm.prank(bob);
        l2Bridge.withdrawTo(representation, alice, 100, GAS, "");
        finalizeWithdrawals();
        vm.assertEq(l1Bridge.deposits(address(token), representation), 0);
    }

    // Reentrancy

    function test_ADepositWithinADepositIsRefused() public {
        ReentrantToken token = new ReentrantToken();
        ReentrantHolder holder = new ReentrantHolder(l1Bridge, token);
        token.give(address(holder), 100);
        vm.expectRevert(IL1StandardBridge.Reentered.selector);
        holder.run(50, 50);
        vm.assertEq(l1Bridge.deposits(address(token), address(1)), 0);
    }

    /// @dev The case that a look at the balance alone does not see: the outer transfer moves less, and what the inner one
    /// brings makes up for it.
    function test_WhatOneTransferBringsIsNotCountedTwice() public {
        ReentrantToken token = new ReentrantToken();
        ReentrantHolder holder = new ReentrantHolder(l1Bridge, token);
        token.give(address(holder), 100);
        token.moveInstead(0);
        vm.expectRevert(IL1StandardBridge.Reentered.selector);
        holder.run(50, 50);
        vm.assertEq(l1Bridge.deposits(address(token), address(1)), 0);
        // The next one is free again.
        token.callBefore(address(0), "");
        vm.prank(address(holder));
        token.approve(address(l1Bridge), 50);
        holder.deposit(50);
        vm.assertEq(l1Bridge.deposits(address(token), address(1)), 50);
    }

    /// @dev A withdrawal that is paid out while a deposit is taken makes that deposit inexact, never the books.
    function test_AWithdrawalWithinADepositIsRefused() public {
        ReentrantToken token = new ReentrantToken();
        prepare(token);
        deposit(token, 50);
        executeDeposits();
        vm.prank(bob);
        l2Bridge.withdrawTo(representation, alice, 20, GAS, "");
        collect();
        Withdrawal memory w = withdrawals[0];
        token.callBefore(
            address(portal), abi.encodeCall(portal.finalize, (w.sender, w.target, w.value, w.gasLimit, w.data))
        );
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.InexactTransfer.selector, 10, 30));
        deposit(token, 30);
        vm.assertEq(token.balanceOf(address(l1Bridge)), 50);
        vm.assertEq(l1Bridge.deposits(address(token), representation), 50);
        token.callBefore(address(0), "");
        vm.assertTrue(finalizeWithdrawal(0));
    }

    /// @dev While it is paid out, the token finalises the same withdrawal again.
    function test_AWithdrawalIsPaidOutOnce() public {
        ReentrantToken token = new ReentrantToken();
        prepare(token);
        deposit(token, 100);
        executeDeposits();
        vm.prank(bob);
        l2Bridge.withdrawTo(representation, alice, 20, GAS, "");
        collect();
        vm.assertTrue(portal.finalize(withdrawals[0].sender, address(l1Messenger), 0, 110_000, withdrawals[0].data));
        vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[0].data)));
        token.callBefore(address(l1Messenger), withdrawals[0].data);
        replay(address(l1Messenger), withdrawals[0].data);
        vm.assertEq(token.balanceOf(alice), 20);
        vm.assertEq(l1Bridge.deposits(address(token), representation), 80);
        (bool success,) = address(l1Messenger).call(withdrawals[0].data);
        vm.assertFalse(success);
    }

    // Tokens that lie about what they are

    /// @dev A token of L1 that claims to be minted and burned: what it brings to L2 is good for nothing but itself.
    function test_ALiarGetsNothingOfOthers() public {
        depositPha(100 ether);
        executeDeposits();
        StubbornToken liar = new StubbornToken(address(l1Bridge), L2_PHA);
        liar.give(alice, 100 ether);
        vm.prank(alice);
        l1Bridge.bridgeERC20To(address(liar), L2_PHA, alice, 100 ether, GAS, "");
        executeDeposits();
        vm.assertEq(l2Pha.balanceOf(alice), 0);
        // It returned, to where it came from.
        finalizeWithdrawals();
        vm.assertEq(liar.balanceOf(alice), 100 ether);
        vm.assertEq(pha.balanceOf(address(l1Bridge)), 100 ether);
    }

    /// @dev A token of L2 that claims to represent PHA takes nothing that was not deposited for it.
    function test_ALiarOnL2WithdrawsNothingOfOthers() public {
        depositPha(100 ether);
        executeDeposits();
        StubbornToken liar = new StubbornToken(Predeploys.STANDARD_BRIDGE, address(pha));
        liar.give(bob, 100 ether);
        vm.prank(bob);
        l2Bridge.withdrawTo(address(liar), bob, 100 ether, GAS, "");
        collect();
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(failed(l1Messenger, messageHash(withdrawals[0].data)));
        vm.assertEq(pha.balanceOf(address(l1Bridge)), 100 ether);
    }
}
