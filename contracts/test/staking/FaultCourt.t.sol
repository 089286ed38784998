// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StakingTest} from "./StakingTest.sol";
import {FaultCourt} from "src/staking/FaultCourt.sol";
import {IConflictListener} from "src/staking/IConflictListener.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";

contract FaultCourtTest is StakingTest {
    bytes32 internal constant EVIDENCE = keccak256("evidence");
    uint256 internal constant SLOT_BOND = 40 ether;

    address internal operator;
    address internal other;

    function setUp() public override {
        super.setUp();
        (operator, other) = (operators[0], operators[1]);
        createPool(operator, CPU_TDX);
        createPool(other, CPU_TDX);
        bond(operator, 1000 ether);
        bond(other, 2000 ether);
        vm.prank(timelock);
        court.setSlots(scheduler, SLOT_BOND);
    }

    function dispute() internal returns (uint256 id) {
        rollup.reportDispute(operator, other, EVIDENCE, reporter);
        return court.caseCount() - 1;
    }

    function uphold(uint256 id) internal {
        vm.prank(timelock);
        court.uphold(id);
    }

    function missSlot() internal returns (uint256) {
        vm.prank(scheduler);
        return court.onMissedSlot(operator, EVIDENCE, payee);
    }

    function refusesStatus(bytes memory data, address caller, uint256 id, IFaultCourt.Status status) internal {
        vm.prank(caller);
        (bool success, bytes memory reason) = address(court).call(data);
        vm.assertFalse(success);
        vm.assertEq(reason, abi.encodeWithSelector(IFaultCourt.WrongStatus.selector, id, status));
    }

    function test_NamesWhatItWorksWith() public view {
        vm.assertEq(court.pool(), address(pool));
        vm.assertEq(court.rollup(), address(rollup));
        vm.assertEq(court.timelock(), timelock);
        vm.assertEq(court.council(), council);
        vm.assertEq(court.challengePeriod(), CHALLENGE);
        vm.assertEq(court.casePeriod(), CASE);
        vm.assertEq(court.vetoPeriod(), VETO);
        vm.assertEq(court.margin(), MARGIN);
        vm.assertEq(court.reporterShare(), REPORTER_SHARE);
        vm.assertEq(court.scheduler(), scheduler);
        vm.assertEq(court.slotBond(), SLOT_BOND);
    }

    function test_RefusesAConfigThatMakesNoSense() public {
        for (uint256 i; i < 6; ++i) {
            IFaultCourt.Config memory config = courtConfig();
            bytes memory reason = abi.encodeWithSelector(IFaultCourt.InvalidConfig.selector);
            if (i == 1) config.timelock = address(0);
            if (i == 2) config.reporterShare = 1001;
            if (i == 3) config.margin = 0;
            if (i == 4) config.challengePeriod = CHALLENGE - 1;
            if (i == 5) {
                config.casePeriod = CASE + 1;
                reason = abi.encodeWithSelector(IFaultCourt.ExitTooShort.selector, EXIT_DELAY, EXIT_DELAY + 1);
            }
            // The pool names the court of `setUp`: the others run their constructor at its address.
            address at_ = i == 0 ? account("elsewhere") : address(court);
            vm.etch(at_, abi.encodePacked(type(FaultCourt).creationCode, abi.encode(config)));
            (bool success, bytes memory given) = at_.call("");
            vm.assertFalse(success);
            vm.assertEq(given, reason);
        }
    }

    // Equivocation.

    function test_EquivocationTakesAllAtOnce() public {
        uint256 id = thaw(operator, 300 ether);
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseOpened(1, operator, IFaultCourt.Fault.Equivocation, 1000 ether, reporter, EVIDENCE);
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseExecuted(1, 1000 ether);
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        vm.assertEq(pool.slashable(operator), 0);
        vm.assertTrue(pool.poolOf(operator).closed);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, id), 0);

        uint256 supply = vpha.totalSupply();
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseSettled(1, 100 ether, 900 ether);
        court.settle(1);
        vm.assertEq(pha.balanceOf(reporter), 100 ether);
        vm.assertEq(pha.balanceOf(DEAD), 900 ether);
        vm.assertEq(vpha.totalSupply(), supply - 1000 ether);
        vm.assertEq(statusOf(1), uint256(IFaultCourt.Status.Settled));
        refusesStatus(abi.encodeCall(court.settle, (1)), reporter, 1, IFaultCourt.Status.Settled);
    }

    /// @dev The rollup must be able to stop, whatever is left in the pool.
    function test_EquivocationIsHeardEvenIfNothingIsLeft() public {
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        rollup.reportEquivocation(account("nobody"), EVIDENCE, reporter);
        vm.assertEq(court.caseOf(2).taken, 0);
        court.settle(2);
        court.settle(3);
        vm.assertEq(pha.balanceOf(reporter), 0);
    }

    function test_WithoutAReporterAllIsBurned() public {
        rollup.reportEquivocation(operator, EVIDENCE, address(0));
        court.settle(1);
        vm.assertEq(pha.balanceOf(DEAD), 1000 ether);
    }

    function test_OnlyTheRollupReports() public {
        address[4] memory strangers = [operator, timelock, council, scheduler];
        for (uint256 i; i < strangers.length; ++i) {
            refuses(
                address(court),
                strangers[i],
                abi.encodeCall(IConflictListener.onEquivocation, (operator, EVIDENCE, reporter))
            );
            refuses(
                address(court),
                strangers[i],
                abi.encodeCall(IConflictListener.onDispute, (operator, other, EVIDENCE, reporter))
            );
        }
    }

    // Overturned output.

    function test_ADisputeHoldsHalfOfBothAndTakesHalfOfTheLoser() public {
        uint256 id = dispute();
        vm.assertEq(id, 1);
        vm.assertEq(pool.poolOf(operator).reserved, 500 ether);
        vm.assertEq(pool.poolOf(other).reserved, 1000 ether);
        IFaultCourt.Case memory case_ = court.caseOf(1);
        vm.assertEq(case_.operator, operator);
        vm.assertEq(case_.cap, 500 ether);
        vm.assertEq(case_.recipient, reporter);
        vm.assertEq(case_.recipientShare, 1000);
        vm.assertEq(case_.deadline, START + CASE);
        vm.assertEq(case_.evidence, EVIDENCE);

        vm.prank(timelock);
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseClosed(2, IFaultCourt.Status.Dismissed);
        court.dismiss(2);
        vm.assertEq(pool.poolOf(other).reserved, 0);
        vm.prank(timelock);
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseUpheld(1, START + VETO, START + VETO + MARGIN);
        court.uphold(1);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.NotYet.selector, 1, START + VETO));
        court.execute(1);
        pass(VETO);
        vm.assertEq(court.execute(1), 500 ether);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
        vm.assertEq(pool.slashable(operator), 500 ether);
        vm.assertEq(pool.slashable(other), 2000 ether);
        court.settle(1);
        vm.assertEq(pha.balanceOf(reporter), 50 ether);
        vm.assertEq(pha.balanceOf(DEAD), 450 ether);
    }

    function test_OneOperatorAgainstItselfIsOneCase() public {
        rollup.reportDispute(operator, operator, EVIDENCE, reporter);
        vm.assertEq(court.caseCount(), 1);
    }

    /// @dev The case takes half of what was there when it was opened, however much is there later.
    function test_BondThatIsAddedLaterIsNotLiable() public {
        uint256 id = dispute();
        bond(operator, 9000 ether);
        uphold(id);
        pass(VETO);
        vm.assertEq(court.execute(id), 500 ether);
    }

    /// @dev Half of what both found, each. A third one finds nothing left, and ends all the same.
    function test_TwoCasesOverTheSameCollateralTakeAllOfIt() public {
        uint256[3] memory ids = [dispute(), dispute(), dispute()];
        vm.assertEq(pool.poolOf(operator).reserved, 1500 ether);
        for (uint256 i; i < 3; ++i) {
            uphold(ids[i]);
        }
        pass(VETO);
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(court.execute(ids[i]), i < 2 ? 500 ether : 0);
            court.settle(ids[i]);
        }
        vm.assertEq(pool.slashable(operator), 0);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
        vm.assertTrue(pool.poolOf(operator).closed);
    }

    /// @dev A case that is opened after another was executed takes half of what that left.
    function test_ALaterCaseTakesHalfOfTheRest() public {
        uint256 id = dispute();
        uphold(id);
        pass(VETO);
        vm.assertEq(court.execute(id), 500 ether);
        id = dispute();
        uphold(id);
        pass(VETO);
        vm.assertEq(court.execute(id), 250 ether);
    }

    /// @dev What the case does not hold may leave before it is executed: the slash is no smaller for that.
    function test_AnExitDoesNotHalveTheSlash() public {
        uint256 exit = thaw(other, 1000 ether);
        pass(12 days);
        rollup.reportDispute(other, other, EVIDENCE, reporter);
        vm.assertEq(court.caseOf(1).cap, 1000 ether);
        pass(6 days);
        uphold(1);
        pass(3 days);
        vm.assertEq(finish(other, exit), 1000 ether);
        vm.assertEq(court.execute(1), 1000 ether);
        vm.assertEq(pool.slashable(other), 0);
    }

    /// @dev An equivocation takes what a dispute holds as well; the dispute then takes what is left, which is nothing.
    function test_AnEquivocationTakesWhatAnOpenCaseHolds() public {
        uint256 exit = thaw(operator, 400 ether);
        uint256 id = dispute();
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        vm.assertEq(court.caseOf(3).taken, 1000 ether);
        vm.assertEq(pool.poolOf(operator).reserved, 500 ether);
        uphold(id);
        pass(VETO);
        vm.assertEq(court.execute(id), 0);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
        court.settle(id);
        court.settle(3);
        vm.assertEq(pha.balanceOf(reporter), 100 ether);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, exit), 0);
    }

    /// @dev However such a case ends, nothing is stuck.
    function test_ACaseWithNothingLeftIsDismissedVetoedAndExpires() public {
        uint256[3] memory ids = [dispute(), dispute(), dispute()];
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        vm.prank(timelock);
        court.dismiss(ids[0]);
        uphold(ids[1]);
        vm.prank(council);
        court.veto(ids[1]);
        pass(CASE);
        court.expire(ids[2]);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
    }

    /// @dev Whatever left before, or was slashed: all that was fixed, or all there is.
    function testFuzz_ACaseTakesItsCapOrWhatIsLeft(uint256 exiting, uint256 slashes) public {
        uint256 exit = thaw(operator, bound(exiting, 1, 1000 ether));
        pass(EXIT_DELAY - VETO);
        uint256 id = dispute();
        uphold(id);
        for (uint256 i = slashes % 40; i != 0; --i) {
            vm.prank(scheduler);
            court.onMissedSlot(operator, bytes32(i), payee);
        }
        pass(VETO);
        for (uint256 i = slashes % 40; i != 0; --i) {
            court.execute(court.caseCount() - i + 1);
        }
        vm.prank(operator);
        try pool.finish(exit) {} catch {}
        uint256 there = pool.slashable(operator);
        vm.assertEq(court.execute(id), there < 500 ether ? there : 500 ether);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
    }

    function test_AnOpenCaseHoldsWhatItMayTake() public {
        uint256 exit = thaw(operator, 1000 ether);
        pass(EXIT_DELAY - 1);
        uint256 id = dispute();
        pass(1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.ReservedByCases.selector, 0, 500 ether));
        pool.finish(exit);
        // And not for ever.
        pass(CASE - 1);
        court.expire(id);
        vm.assertEq(finish(operator, exit), 1000 ether);
    }

    /// @dev The last moment of everything: the exit started with the fault, and the slash still takes half.
    function test_TheExitOutlastsTheSlowestCase() public {
        uint256 exit = thaw(operator, 1000 ether);
        pass(CHALLENGE);
        uint256 id = dispute();
        pass(CASE - 1);
        uphold(id);
        pass(VETO + MARGIN - 1);
        vm.assertEq(court.execute(id), 500 ether);
        pass(2);
        vm.assertEq(finish(operator, exit), 500 ether);
    }

    function test_ASlashAfterTheExitTakesNothing() public {
        uint256 exit = thaw(operator, 1000 ether);
        pass(EXIT_DELAY);
        finish(operator, exit);
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        vm.assertEq(court.caseOf(1).taken, 0);
        vm.assertEq(vpha.balanceOf(operator), 100_000 ether);
    }

    function test_OnlyTheTimelockDecides() public {
        uint256 id = dispute();
        address[4] memory strangers = [operator, council, scheduler, reporter];
        for (uint256 i; i < strangers.length; ++i) {
            refuses(address(court), strangers[i], abi.encodeCall(court.uphold, (id)));
            refuses(address(court), strangers[i], abi.encodeCall(court.dismiss, (id)));
        }
    }

    function test_WhatIsNotDecidedInTimeExpires() public {
        uint256 id = dispute();
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.NotYet.selector, id, START + CASE));
        court.expire(id);
        pass(CASE);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.TooLate.selector, id, START + CASE));
        court.uphold(id);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.TooLate.selector, id, START + CASE));
        court.dismiss(id);
        vm.prank(account("anybody"));
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseClosed(id, IFaultCourt.Status.Expired);
        court.expire(id);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
    }

    function test_WhatIsNotExecutedInTimeExpires() public {
        uint256 id = dispute();
        uphold(id);
        uint256 deadline = START + VETO + MARGIN;
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.NotYet.selector, id, deadline));
        court.expire(id);
        pass(VETO + MARGIN);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.TooLate.selector, id, deadline));
        court.execute(id);
        court.expire(id);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
        vm.assertEq(pool.slashable(operator), 1000 ether);
    }

    // Veto.

    function test_TheCouncilVetoesBeforeExecution() public {
        uint256 id = dispute();
        refusesStatus(abi.encodeCall(court.veto, (id)), council, id, IFaultCourt.Status.Open);
        uphold(id);
        address[4] memory strangers = [operator, timelock, scheduler, reporter];
        for (uint256 i; i < strangers.length; ++i) {
            refuses(address(court), strangers[i], abi.encodeCall(court.veto, (id)));
        }
        pass(VETO - 1);
        vm.prank(council);
        vm.expectEmit(address(court));
        emit IFaultCourt.CaseClosed(id, IFaultCourt.Status.Vetoed);
        court.veto(id);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
        pass(1);
        refusesStatus(abi.encodeCall(court.execute, (id)), reporter, id, IFaultCourt.Status.Vetoed);
    }

    function test_TheCouncilCannotVetoLater() public {
        uint256 id = dispute();
        uphold(id);
        pass(VETO);
        vm.prank(council);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.TooLate.selector, id, START + VETO));
        court.veto(id);
    }

    function test_TheCouncilCannotVetoEquivocation() public {
        rollup.reportEquivocation(operator, EVIDENCE, reporter);
        refusesStatus(abi.encodeCall(court.veto, (1)), council, 1, IFaultCourt.Status.Executed);
    }

    function test_EachStepIsTakenOnce() public {
        uint256 id = dispute();
        refusesStatus(abi.encodeCall(court.execute, (id)), reporter, id, IFaultCourt.Status.Open);
        refusesStatus(abi.encodeCall(court.settle, (id)), reporter, id, IFaultCourt.Status.Open);
        refusesStatus(abi.encodeCall(court.execute, (99)), reporter, 99, IFaultCourt.Status.None);
        refusesStatus(abi.encodeCall(court.expire, (99)), reporter, 99, IFaultCourt.Status.None);
        uphold(id);
        refusesStatus(abi.encodeCall(court.uphold, (id)), timelock, id, IFaultCourt.Status.Upheld);
        refusesStatus(abi.encodeCall(court.dismiss, (id)), timelock, id, IFaultCourt.Status.Upheld);
        pass(VETO);
        court.execute(id);
        refusesStatus(abi.encodeCall(court.execute, (id)), reporter, id, IFaultCourt.Status.Executed);
        refusesStatus(abi.encodeCall(court.expire, (id)), reporter, id, IFaultCourt.Status.Executed);
    }

    // Missed slots.

    function test_AMissedSlotPaysThePayeeHalfOfItsBond() public {
        uint256 id = missSlot();
        vm.assertEq(statusOf(id), uint256(IFaultCourt.Status.Upheld));
        vm.assertEq(pool.poolOf(operator).reserved, SLOT_BOND);
        pass(VETO);
        vm.assertEq(court.execute(id), SLOT_BOND);
        court.settle(id);
        vm.assertEq(pha.balanceOf(payee), SLOT_BOND / 2);
        vm.assertEq(pha.balanceOf(DEAD), SLOT_BOND / 2);
    }

    function test_ASlotIsReportedOnceAndByTheSchedulerAlone() public {
        missSlot();
        vm.prank(scheduler);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.AlreadyReported.selector, EVIDENCE));
        court.onMissedSlot(operator, EVIDENCE, payee);
        address[4] memory strangers = [operator, timelock, council, reporter];
        for (uint256 i; i < strangers.length; ++i) {
            refuses(address(court), strangers[i], abi.encodeCall(court.onMissedSlot, (operator, EVIDENCE, payee)));
        }
    }

    function test_NewParametersDoNotTouchOpenCases() public {
        uint256 id = missSlot();
        vm.prank(timelock);
        vm.expectEmit(address(court));
        emit IFaultCourt.SlotsSet(address(0), 1000 ether);
        court.setSlots(address(0), 1000 ether);
        pass(VETO);
        vm.assertEq(court.execute(id), SLOT_BOND);
        vm.assertEq(pool.poolOf(operator).reserved, 0);
    }

    function test_SlotParametersHaveBoundsAndAnOwner() public {
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IFaultCourt.OutOfBounds.selector, 1000 ether + 1, 1000 ether));
        court.setSlots(scheduler, 1000 ether + 1);
        refuses(address(court), council, abi.encodeCall(court.setSlots, (scheduler, 1)));
    }
}
