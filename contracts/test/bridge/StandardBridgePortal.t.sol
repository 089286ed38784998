// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest} from "./PortalTest.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {L1CrossDomainMessenger} from "src/bridge/L1CrossDomainMessenger.sol";
import {L1StandardBridge} from "src/bridge/L1StandardBridge.sol";
import {UpgradeableProxy} from "src/governance/UpgradeableProxy.sol";
import {Predeploys} from "src/l2/Predeploys.sol";
import {PHA} from "src/token/PHA.sol";

/// @notice The bridge and the true portal, each behind its proxy: what waits, waits all the way.
contract StandardBridgePortalTest is PortalTest {
    address internal constant L2_PHA = 0x4200000000000000000000000000000000000042;
    uint256 internal constant DEPOSITED = 100 ether;

    ICrossDomainMessenger internal messenger;
    L1StandardBridge internal bridge;
    PHA internal pha = new PHA();
    address internal bob = account("bob");

    function setUp() public override {
        super.setUp();
        address code =
            address(new L1CrossDomainMessenger(L1CrossDomainMessenger.Config(address(portal), address(pause))));
        messenger = ICrossDomainMessenger(address(new UpgradeableProxy(code, upgrader, "")));
        code = address(
            new L1StandardBridge(L1StandardBridge.Config(address(messenger), address(pause), timelock, QUOTA_WINDOW))
        );
        bridge = L1StandardBridge(payable(address(new UpgradeableProxy(code, upgrader, ""))));
        pha.approve(address(bridge), DEPOSITED);
        bridge.bridgeERC20To(address(pha), L2_PHA, alice, DEPOSITED, 200_000, "");
    }

    /// @dev A withdrawal of PHA to bob, as the messenger and the bridge of L2 send it.
    function withdrawalOf(uint256 amount, uint240 number) internal view returns (IPortal.WithdrawalTransaction memory) {
        uint256 nonce = uint256(1) << 240 | number;
        bytes memory message =
            abi.encodeCall(IL1StandardBridge.finalizeBridgeERC20, (address(pha), L2_PHA, alice, bob, amount, ""));
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (nonce, Predeploys.STANDARD_BRIDGE, address(bridge), 0, 200_000, message)
        );
        uint256 gasLimit = messenger.baseGas(message, 200_000);
        return IPortal.WithdrawalTransaction(nonce, Predeploys.MESSENGER, address(messenger), 0, gasLimit, data);
    }

    function test_TheGasThatAMessageAskedForIsEnoughBehindTheProxies() public {
        IPortal.WithdrawalTransaction memory w = withdrawalOf(DEPOSITED, 1);
        ripen(w);
        vm.cool(address(messenger));
        vm.cool(address(bridge));
        vm.cool(address(pha));
        // What the portal asks for at least, and what it spends before.
        portal.finalizeWithdrawalTransaction{gas: w.gasLimit + w.gasLimit / 63 + 80_000}(w);
        vm.assertEq(pha.balanceOf(bob), DEPOSITED);
        vm.assertTrue(messenger.successfulMessages(keccak256(w.data)));
    }

    function test_WhatExceedsTheQuotaIsNotSpent() public {
        vm.prank(timelock);
        bridge.setQuota(address(pha), 30 ether);
        IPortal.WithdrawalTransaction memory first = withdrawalOf(20 ether, 1);
        IPortal.WithdrawalTransaction memory second = withdrawalOf(20 ether, 2);
        prove(first, publish(first, 3));
        ripen(second);
        portal.finalizeWithdrawalTransaction(first);

        uint256 retryAt = block.timestamp + QUOTA_WINDOW / 3;
        refuseFinalize(
            second,
            abi.encodeWithSelector(IWithdrawalQuota.QuotaExceeded.selector, address(pha), 20 ether, 10 ether, retryAt)
        );
        vm.assertFalse(portal.finalizedWithdrawals(hashOf(second)));
        vm.assertFalse(messenger.failedMessages(keccak256(second.data)));

        vm.warp(retryAt);
        portal.finalizeWithdrawalTransaction(second);
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(second)));
        vm.assertEq(pha.balanceOf(bob), 40 ether);
        vm.assertEq(bridge.deposits(address(pha), L2_PHA), 60 ether);
    }

    /// @dev What is above the whole quota waits for the timelock.
    function test_WhatIsAboveTheQuotaWaitsForTheTimelock() public {
        vm.prank(timelock);
        bridge.setQuota(address(pha), 30 ether);
        IPortal.WithdrawalTransaction memory w = withdrawalOf(31 ether, 1);
        ripen(w);
        refuseFinalize(
            w,
            abi.encodeWithSelector(
                IWithdrawalQuota.QuotaExceeded.selector, address(pha), 31 ether, 30 ether, type(uint256).max
            )
        );
        vm.prank(timelock);
        bridge.setQuota(address(pha), 0);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(pha.balanceOf(bob), 31 ether);
    }

    function test_NothingComesOrGoesWhileItIsStopped() public {
        IPortal.WithdrawalTransaction memory w = withdrawalOf(1 ether, 1);
        ripen(w);
        vm.prank(council);
        pause.pauseWithdrawals(1 hours);
        vm.prank(council);
        pause.pauseDeposits(1 hours);
        bytes memory paused = abi.encodeWithSelector(IPortal.Paused.selector, block.timestamp + 1 hours);
        refuseFinalize(w, paused);
        vm.expectRevert(paused);
        bridge.bridgeETHTo{value: 1}(bob, 200_000, "");
        vm.assertTrue(bridge.paused());

        vm.warp(block.timestamp + 1 hours);
        rollup.setConflict(block.timestamp);
        vm.assertTrue(bridge.paused());
        refuseFinalize(w, abi.encodeWithSelector(IPortal.InConflict.selector, block.timestamp));
        rollup.setConflict(0);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(pha.balanceOf(bob), 1 ether);
    }

    /// @dev The messenger of L1 answers to the messenger of L2 alone, whoever else sends it a withdrawal.
    function test_AWithdrawalOfAnotherSenderIsNoMessage() public {
        IPortal.WithdrawalTransaction memory w = withdrawalOf(1 ether, 1);
        w.sender = alice;
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(w)));
        vm.assertFalse(messenger.failedMessages(keccak256(w.data)));
        vm.assertEq(pha.balanceOf(bob), 0);
    }
}
