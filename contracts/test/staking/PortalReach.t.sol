// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest} from "../bridge/PortalTest.sol";
import {TestRollup} from "./TestRollup.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {FaultCourt} from "src/staking/FaultCourt.sol";
import {IConflictListener} from "src/staking/IConflictListener.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {IProverBonds} from "src/staking/IProverBonds.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";
import {IVPHA} from "src/token/IVPHA.sol";
import {PHA} from "src/token/PHA.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @notice The real portal executes withdrawals that aim at staking: they are called with the portal as the sender, and get nowhere. Who
/// could prove a false state of L2 could not free itself with it.
contract PortalReachTest is PortalTest {
    address internal operator = account("operator");
    address internal emissionController = account("emission");
    PHA internal pha;
    VPHA internal vpha;
    OperatorPool internal pool;
    FaultCourt internal court;

    /// @dev An operator with a bond, an exit, a case and votes.
    function setUp() public override {
        super.setUp();
        uint64 nonce = vm.getNonce(address(this));
        address pool_ = vm.computeCreateAddress(address(this), nonce + 3);
        address court_ = vm.computeCreateAddress(address(this), nonce + 4);
        pha = new PHA();
        pha.approve(vm.computeCreateAddress(address(this), nonce + 2), 1000 ether);
        TestRollup testRollup = new TestRollup(pool_, court_, 7 days);
        vpha = new VPHA(IVPHA.Config(address(pha), timelock, council, emissionController, pool_, 21 days, 7 days));
        IOperatorPool.Class[] memory classes = new IOperatorPool.Class[](1);
        classes[0] = IOperatorPool.Class(1000 ether, 10 ether, 10_000);
        pool = new OperatorPool(
            IOperatorPool.Config(address(vpha), address(testRollup), court_, timelock, 21 days, classes)
        );
        court = new FaultCourt(IFaultCourt.Config(pool_, timelock, council, 7 days, 7 days, 3 days, 4 days, 1000));
        vm.assertEq(address(court), court_);

        pha.approve(address(vpha), 3000 ether);
        vpha.deposit(3000 ether, operator);
        vm.prank(operator);
        vpha.delegate(operator);
        vm.prank(operator);
        vpha.approve(pool_, 2000 ether);
        vm.prank(operator);
        pool.createPool(1);
        vm.prank(operator);
        pool.bond(2000 ether);
        vm.prank(operator);
        pool.thaw(500 ether);
        testRollup.reportDispute(operator, operator, bytes32(uint256(1)), alice);
    }

    function test_AWithdrawalReachesNoBondCaseOrVotes() public {
        address[] memory list = new address[](1);
        list[0] = operator;
        refused(address(pool), abi.encodeCall(pool.slash, (operator, 1 ether)));
        refused(address(pool), abi.encodeCall(pool.releaseFromCase, (operator, 1000 ether)));
        refused(address(pool), abi.encodeCall(pool.reserveForCase, (operator, 1 ether)));
        refused(address(pool), abi.encodeCall(pool.payOut, (0, alice)));
        refused(address(pool), abi.encodeCall(pool.setClass, (1, IOperatorPool.Class(1, 0, 0))));
        refused(address(pool), abi.encodeCall(IProverBonds.reserve, (list, 1, 0)));
        refused(address(pool), abi.encodeCall(pool.finish, (32)));
        refused(address(court), abi.encodeCall(IConflictListener.onEquivocation, (operator, bytes32(0), alice)));
        refused(address(court), abi.encodeCall(IConflictListener.onDispute, (operator, alice, bytes32(0), alice)));
        refused(address(court), abi.encodeCall(court.onMissedSlot, (operator, bytes32(0), alice)));
        refused(address(court), abi.encodeCall(court.uphold, (1)));
        refused(address(court), abi.encodeCall(court.dismiss, (1)));
        refused(address(court), abi.encodeCall(court.veto, (1)));
        refused(address(court), abi.encodeCall(court.expire, (1)));
        refused(address(court), abi.encodeCall(court.setSlots, (alice, 0)));
        refused(address(vpha), abi.encodeCall(vpha.seize, (1 ether, alice)));
        refused(address(vpha), abi.encodeCall(vpha.notifyReward, (1 ether)));
        refused(address(vpha), abi.encodeCall(vpha.transferFrom, (operator, alice, 1 ether)));
        refused(address(vpha), abi.encodeCall(vpha.pause, ()));
    }

    /// @dev A portal has no votes that it could use: what it delegates is nothing.
    function test_AWithdrawalDelegatesNothing() public {
        execute(withdrawalTo(address(vpha), 0, 300_000, abi.encodeCall(vpha.delegate, (alice))), true);
        vm.assertEq(vpha.delegates(address(portal)), alice);
        vm.assertEq(vpha.getVotes(alice), 0);
        unmoved();
    }

    function refused(address target, bytes memory data) internal {
        execute(withdrawalTo(target, 0, 500_000, data), false);
        unmoved();
    }

    /// @dev The withdrawal is executed, and its call is obeyed or not.
    function execute(IPortal.WithdrawalTransaction memory w, bool obeyed) internal {
        ripen(w);
        vm.expectEmit(address(portal));
        emit IPortal.WithdrawalFinalized(hashOf(w), obeyed);
        portal.finalizeWithdrawalTransaction(w);
    }

    function unmoved() internal view {
        IOperatorPool.PoolState memory state = pool.poolOf(operator);
        vm.assertEq(state.active, 1500 ether);
        vm.assertEq(state.exiting, 500 ether);
        vm.assertEq(state.reserved, 1000 ether);
        vm.assertEq(state.exposure, 0);
        vm.assertEq(pool.classOf(1).minBond, 1000 ether);
        vm.assertEq(court.caseCount(), 1);
        vm.assertEq(uint256(court.caseOf(1).status), uint256(IFaultCourt.Status.Open));
        vm.assertEq(vpha.getVotes(operator), 1000 ether);
        vm.assertFalse(vpha.paused());
    }
}
