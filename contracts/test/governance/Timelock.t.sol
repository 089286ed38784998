// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "../rollup/RollupTest.sol";
import {Timelock} from "src/governance/Timelock.sol";

/// @notice The owner of everything, on its way through its delay.
contract TimelockTest is RollupTest {
    address internal proposer = account("proposer");

    function setUp() public override {
        address[] memory proposers = new address[](1);
        proposers[0] = proposer;
        timelock = address(new Timelock(2 days, proposers, new address[](1)));
        super.setUp();
    }

    function test_ItsAdministratorIsItself() public view {
        Timelock lock = Timelock(payable(timelock));
        vm.assertTrue(lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), timelock));
        vm.assertFalse(lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), proposer));
        vm.assertFalse(lock.hasRole(lock.DEFAULT_ADMIN_ROLE(), address(this)));
    }

    function test_AConflictIsResolvedOnceTheDelayIsOver() public {
        submit(2);
        reportConflict(0, 1);
        Timelock lock = Timelock(payable(timelock));
        bytes memory call = abi.encodeCall(rollupContract.resolveConflict, (0));
        vm.prank(proposer);
        lock.schedule(rollup, 0, call, 0, 0, 2 days);
        vm.expectRevert();
        lock.execute(rollup, 0, call, 0, 0);
        vm.warp(START_TIME + 2 days);
        lock.execute(rollup, 0, call, 0, 0);
        vm.assertEq(rollupContract.batchCount(), 0);
        vm.assertEq(rollupContract.conflictSince(), 0);
    }
}
