// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest, RollupStub} from "../bridge/PortalTest.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {Portal} from "src/bridge/Portal.sol";
import {IUpgradeableProxy} from "src/governance/IUpgradeableProxy.sol";
import {UpgradeTimelock} from "src/governance/UpgradeTimelock.sol";
import {UpgradeableProxy} from "src/governance/UpgradeableProxy.sol";

/// @notice The only way to another implementation.
contract UpgradeTimelockTest is PortalTest {
    uint256 internal constant DELAY = 6 days;
    uint256 internal constant SLOWEST = 5 days + FINALIZATION_PERIOD;

    address internal proposer = account("proposer");
    UpgradeTimelock internal lock;
    Portal internal next;

    function setUp() public override {
        super.setUp();
        // The proxy names its admin, and the admin the proxy.
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        bytes memory init = abi.encodeCall(IPortal.initialize, ());
        portal = Portal(payable(address(new UpgradeableProxy(address(implementation), predicted, init))));
        lock = newLock(DELAY);
        vm.assertEq(address(lock), predicted);
        next = new Portal(config());
    }

    function test_KnowsTheSlowestWithdrawal() public view {
        vm.assertEq(lock.slowestWithdrawal(), SLOWEST);
        vm.assertEq(address(lock.rollup()), address(rollup));
        vm.assertEq(address(lock.portal()), address(portal));
        vm.assertEq(lock.getMinDelay(), DELAY);
    }

    function testFuzz_ItsDelayIsLongerThanThat(uint256 delay) public {
        delay = bound(delay, 0, SLOWEST);
        vm.expectRevert(abi.encodeWithSelector(UpgradeTimelock.DelayTooShort.selector, delay, SLOWEST));
        newLock(delay);
        newLock(SLOWEST + 1);
    }

    function test_NotEvenByItselfCanItBeShortenedBelow() public {
        bytes memory call_ = abi.encodeCall(lock.updateDelay, (SLOWEST));
        schedule(address(lock), call_);
        vm.warp(START_TIME + DELAY);
        vm.expectRevert(abi.encodeWithSelector(UpgradeTimelock.DelayTooShort.selector, SLOWEST, SLOWEST));
        lock.execute(address(lock), 0, call_, 0, 0);

        call_ = abi.encodeCall(lock.updateDelay, (SLOWEST + 1));
        schedule(address(lock), call_);
        vm.warp(START_TIME + 2 * DELAY);
        lock.execute(address(lock), 0, call_, 0, 0);
        vm.assertEq(lock.getMinDelay(), SLOWEST + 1);
    }

    function test_NobodyElseChangesTheDelay() public {
        vm.prank(proposer);
        vm.expectRevert();
        lock.updateDelay(30 days);
        vm.assertFalse(lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), proposer));
        vm.assertFalse(lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), address(this)));
        vm.assertTrue(lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), address(lock)));
    }

    function test_AnUpgradeGoesThroughTheTimelockAlone() public {
        bytes memory call_ = abi.encodeCall(IUpgradeableProxy.upgradeToAndCall, (address(next), ""));
        address[4] memory strangers = [proposer, timelock, council, address(this)];
        for (uint256 i; i < strangers.length; ++i) {
            vm.prank(strangers[i]);
            (bool success,) = address(portal).call(call_);
            vm.assertFalse(success);
        }
        vm.expectRevert();
        lock.schedule(address(portal), 0, call_, 0, 0, DELAY);
        vm.prank(proposer);
        vm.expectRevert();
        lock.schedule(address(portal), 0, call_, 0, 0, DELAY - 1);

        schedule(address(portal), call_);
        vm.warp(START_TIME + DELAY - 1);
        vm.expectRevert();
        lock.execute(address(portal), 0, call_, 0, 0);
        vm.warp(START_TIME + DELAY);
        vm.expectEmit(address(portal));
        emit IUpgradeableProxy.Upgraded(address(next));
        lock.execute(address(portal), 0, call_, 0, 0);
    }

    /// @dev A withdrawal in the slowest batch, sent when an upgrade is scheduled, is out before it.
    function test_ThereIsTimeToLeave() public {
        vm.deal(address(portal), 1 ether);
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        bytes memory call_ = abi.encodeCall(IUpgradeableProxy.upgradeToAndCall, (address(next), ""));
        schedule(address(portal), call_);
        Proof memory proof = submit(w, 3);
        vm.warp(START_TIME + rollup.slowDelay());
        rollup.finalize(proof.index);
        prove(w, proof);
        vm.warp(block.timestamp + FINALIZATION_PERIOD);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(address(0xbeef).balance, 1 ether);
        vm.expectRevert();
        lock.execute(address(portal), 0, call_, 0, 0);
    }

    function newLock(uint256 delay) internal returns (UpgradeTimelock) {
        address[] memory proposers = new address[](1);
        proposers[0] = proposer;
        return new UpgradeTimelock(delay, proposers, new address[](1), address(rollup), address(portal));
    }

    function schedule(address target_, bytes memory call_) internal {
        vm.prank(proposer);
        lock.schedule(target_, 0, call_, 0, 0, DELAY);
    }
}
