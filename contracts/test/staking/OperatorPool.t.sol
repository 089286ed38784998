// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StakingTest} from "./StakingTest.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {IProverBonds} from "src/staking/IProverBonds.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";
import {Tickets} from "src/staking/Tickets.sol";

/// @notice A pool of each of the first two operators; the first is called `operator`.
abstract contract PoolTest is StakingTest {
    address internal operator;

    function setUp() public virtual override {
        super.setUp();
        operator = operators[0];
        createPool(operator, CPU_TDX);
        createPool(operators[1], CPU_TDX);
    }

    /// @dev A slash without a case.
    function slash(uint256 amount) internal returns (uint256) {
        vm.prank(address(court));
        return pool.slash(operator, amount);
    }

    function state() internal view returns (IOperatorPool.PoolState memory) {
        return pool.poolOf(operator);
    }
}

contract OperatorPoolBondTest is PoolTest {
    function test_NamesWhatItWorksWith() public view {
        vm.assertEq(pool.vpha(), address(vpha));
        vm.assertEq(pool.rollup(), address(rollup));
        vm.assertEq(pool.court(), address(court));
        vm.assertEq(pool.timelock(), timelock);
        vm.assertEq(pool.exitDelay(), EXIT_DELAY);
        vm.assertEq(pool.classCount(), 4);
        vm.assertEq(pool.classOf(CPU_TDX).bondPerBatch, BOND_PER_BATCH);
        vm.assertEq(pool.classOf(H100).minBond, 1250 ether);
        vm.assertEq(pool.classOf(H200).minBond, 1875 ether);
        vm.assertEq(pool.classOf(H200).weight, 15_000);
        vm.assertEq(pool.classOf(B200).minBond, 2250 ether);
        vm.assertEq(pool.classOf(B200).weight, 18_000);
    }

    function test_RefusesAConfigThatMakesNoSense() public {
        for (uint256 i; i < 6; ++i) {
            IOperatorPool.Config memory config = poolConfig(address(court));
            if (i == 1) config.rollup = address(0);
            if (i == 2) config.court = address(0);
            if (i == 3) config.timelock = address(0);
            if (i == 4) config.exitDelay = 365 days + 1;
            if (i == 5) config.classes = new IOperatorPool.Class[](0);
            // The vPHA names the pool of `setUp`: the others run their constructor at its address.
            address at_ = i == 0 ? account("elsewhere") : address(pool);
            vm.etch(at_, abi.encodePacked(type(OperatorPool).creationCode, abi.encode(config)));
            (bool success, bytes memory reason) = at_.call("");
            vm.assertFalse(success);
            vm.assertEq(reason, abi.encodeWithSelector(IOperatorPool.InvalidConfig.selector));
        }
    }

    function test_APoolIsMadeOnceAndOfAKnownClass() public {
        vm.prank(operators[2]);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 0));
        pool.createPool(0);
        vm.prank(operators[2]);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 5));
        pool.createPool(5);
        vm.prank(operators[2]);
        vm.expectEmit(address(pool));
        emit IOperatorPool.PoolCreated(operators[2], H100);
        pool.createPool(H100);
        vm.prank(operators[2]);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.PoolExists.selector, operators[2]));
        pool.createPool(CPU_TDX);
    }

    function test_BondingAddsToTheCallersPool() public {
        vm.prank(operator);
        vm.expectEmit(address(pool));
        emit IOperatorPool.Bonded(operator, 100 ether, 100 ether);
        pool.bond(100 ether);
        bond(operator, 50 ether);
        vm.assertEq(state().active, 150 ether);
        vm.assertEq(state().shares, 150 ether);
        vm.assertEq(vpha.balanceOf(address(pool)), 150 ether);
        vm.assertEq(pool.slashable(operator), 150 ether);
        vm.assertEq(pool.poolOf(operators[1]).active, 0);
    }

    function test_BondingNeedsAPoolAndSomething() public {
        vm.prank(operators[2]);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoPool.selector, operators[2]));
        pool.bond(1 ether);
        vm.prank(operator);
        vm.expectRevert(IOperatorPool.NothingMoved.selector);
        pool.bond(0);
        vm.prank(operator);
        vm.expectRevert(SafeTransferLib.TransferFromFailed.selector);
        pool.bond(100_001 ether);
    }

    function test_AfterASlashSharesCostLess() public {
        bond(operator, 1000 ether);
        slash(500 ether);
        vm.assertEq(bond(operator, 100 ether), 200 ether);
        vm.assertEq(state().active, 600 ether);
        vm.assertEq(state().shares, 1200 ether);
    }

    function test_OnlyABondOfTheClassIsEligible() public {
        vm.assertFalse(pool.isEligible(operator));
        vm.assertFalse(pool.isEligible(operators[2]));
        bond(operator, MIN_BOND - 1);
        vm.assertFalse(pool.isEligible(operator));
        bond(operator, 1);
        vm.assertTrue(pool.isEligible(operator));
        // Classes that prove no batches.
        createPool(operators[2], B200);
        bond(operators[2], 100_000 ether);
        vm.assertFalse(pool.isEligible(operators[2]));
        thaw(operator, 1);
        vm.assertFalse(pool.isEligible(operator));
    }

    function test_ParametersHoldFromNowOnForAll() public {
        bond(operator, MIN_BOND);
        IOperatorPool.Class memory class_ = IOperatorPool.Class(MIN_BOND + 1, BOND_PER_BATCH, 20_000);
        vm.prank(timelock);
        vm.expectEmit(address(pool));
        emit IOperatorPool.ClassSet(CPU_TDX, MIN_BOND + 1, BOND_PER_BATCH, 20_000);
        pool.setClass(CPU_TDX, class_);
        vm.assertFalse(pool.isEligible(operator));
        vm.prank(timelock);
        pool.setClass(5, class_);
        vm.assertEq(pool.classCount(), 5);
    }

    function test_ParametersHaveBounds() public {
        IOperatorPool.Class[5] memory wrong = [
            IOperatorPool.Class(0, 0, 10_000),
            IOperatorPool.Class(1_000_000 ether + 1, 0, 10_000),
            IOperatorPool.Class(1 ether, 2 ether, 10_000),
            IOperatorPool.Class(1 ether, 1, 10_000),
            IOperatorPool.Class(1 ether, 0, 100_001)
        ];
        for (uint256 i; i < wrong.length; ++i) {
            vm.prank(timelock);
            vm.expectRevert(IOperatorPool.InvalidClass.selector);
            pool.setClass(CPU_TDX, wrong[i]);
        }
        IOperatorPool.Class memory right = IOperatorPool.Class(1 ether, 0, 0);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 0));
        pool.setClass(0, right);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 6));
        pool.setClass(6, right);
        for (uint256 i = 5; i <= 32; ++i) {
            vm.prank(timelock);
            pool.setClass(i, right);
        }
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 33));
        pool.setClass(33, right);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 33));
        pool.classOf(33);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NoSuchClass.selector, 0));
        pool.classOf(0);
    }
}

contract OperatorPoolExitTest is PoolTest {
    function setUp() public override {
        super.setUp();
        bond(operator, 1000 ether);
        bond(operators[1], 1000 ether);
    }

    function test_AnExitPaysWhenItsTimeHasCome() public {
        vm.prank(operator);
        vm.expectEmit(address(pool));
        emit IOperatorPool.Thawed(operator, 32, 400 ether, 400 ether, 400 ether, START + EXIT_DELAY);
        uint256 id = pool.thaw(400 ether);
        vm.assertEq(state().active, 600 ether);
        vm.assertEq(state().exiting, 400 ether);
        pass(EXIT_DELAY - 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TicketLocked.selector, id, START + EXIT_DELAY));
        pool.finish(id);
        pass(1);
        vm.prank(operator);
        vm.expectEmit(address(pool));
        emit IOperatorPool.Finished(operator, id, 400 ether);
        vm.assertEq(pool.finish(id), 400 ether);
        vm.assertEq(vpha.balanceOf(operator), 99_400 ether);
        vm.assertEq(state().exiting, 0);
        vm.assertEq(state().exitShares, 0);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Tickets.NoSuchTicket.selector, id));
        pool.finish(id);
    }

    function test_AnExitIsItsOperatorsAlone() public {
        uint256 id = thaw(operator, 400 ether);
        pass(EXIT_DELAY);
        vm.prank(operators[1]);
        vm.expectRevert(abi.encodeWithSelector(Tickets.NoSuchTicket.selector, id));
        pool.finish(id);
    }

    function test_OneCannotThawMoreThanOneHasNorNothing() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.NotEnoughShares.selector, 1000 ether + 1, 1000 ether));
        pool.thaw(1000 ether + 1);
        vm.prank(operator);
        vm.expectRevert(IOperatorPool.NothingMoved.selector);
        pool.thaw(0);
        vm.prank(operators[2]);
        vm.expectRevert(IOperatorPool.NothingMoved.selector);
        pool.thaw(0);
    }

    /// @dev Only the operator opens exits: nobody can fill its places.
    function test_AtMost32ExitsAreOpen() public {
        for (uint256 i; i < 32; ++i) {
            thaw(operator, 1 ether);
        }
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TooManyTickets.selector, 32));
        pool.thaw(1 ether);
        (uint256[] memory ids, uint256[] memory amounts, uint256[] memory unlockAt) = pool.exits(operator);
        vm.assertEq(ids.length, 32);
        vm.assertEq(amounts[31], 1 ether);
        vm.assertEq(unlockAt[31], START + EXIT_DELAY);
        thaw(operators[1], 1 ether);
    }

    function test_APoolCanBeEmptiedAndFilledAgain() public {
        uint256 id = thaw(operator, 1000 ether);
        vm.assertEq(state().active, 0);
        vm.assertEq(state().shares, 0);
        vm.assertEq(bond(operator, 5 ether), 5 ether);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, id), 1000 ether);
    }

    /// @dev Thawing does not escape a slash, in the same block or later.
    function test_ThawingDoesNotEscapeASlash() public {
        uint256 id = thaw(operator, 1000 ether);
        vm.assertEq(slash(500 ether), 500 ether);
        vm.assertEq(state().exiting, 500 ether);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, id), 500 ether);
    }

    function test_ActiveAndExitingAreSlashedAlike() public {
        thaw(operator, 250 ether);
        vm.prank(address(court));
        vm.expectEmit(address(pool));
        emit IOperatorPool.Slashed(operator, 300 ether, 100 ether);
        pool.slash(operator, 400 ether);
        vm.assertEq(state().active, 450 ether);
        vm.assertEq(state().exiting, 150 ether);
        vm.assertEq(pool.slashedUnpaid(), 400 ether);
    }

    function test_LaterExitsDoNotDiluteEarlierOnes() public {
        uint256 first = thaw(operator, 500 ether);
        slash(500 ether);
        // The first is worth 250 now; another 100 comes after the slash.
        uint256 second = thaw(operator, 200 ether);
        (, uint256[] memory amounts,) = pool.exits(operator);
        vm.assertEq(amounts[0], 250 ether);
        vm.assertEq(amounts[1], 100 ether);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, second), 100 ether);
        vm.assertEq(finish(operator, first), 250 ether);
    }

    /// @dev What was void stays void, whatever is thawed afterwards.
    function test_AnExitThatASlashTookIsVoidForGood() public {
        uint256 void_ = thaw(operator, 600 ether);
        slash(type(uint256).max);
        vm.assertEq(state().exitShares, 0);
        vm.assertEq(state().epoch, 1);
        (, uint256[] memory amounts,) = pool.exits(operator);
        vm.assertEq(amounts[0], 0);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, void_), 0);
    }

    /// @dev A slash can leave active stake but no exiting one; new exits must not pay the old ones.
    function test_AVoidExitGetsNothingOfLaterOnes() public {
        // One wei exits, all of it goes.
        uint256 void_ = thaw(operator, 1);
        slash(1000 ether - 1);
        uint256 left = state().active + state().exiting;
        vm.assertEq(left, 1);
        vm.assertTrue(state().closed);
        pass(EXIT_DELAY);
        finish(operator, void_);
    }

    function test_AfterANearlyTotalSlashThePoolIsClosedForGood() public {
        uint256 id = thaw(operator, 100 ether);
        vm.prank(address(court));
        vm.expectEmit(address(pool));
        emit IOperatorPool.PoolClosed(operator);
        pool.slash(operator, 1000 ether - 0.000_000_5 ether);
        vm.assertTrue(state().closed);
        vm.assertFalse(pool.isEligible(operator));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.PoolIsClosed.selector, operator));
        pool.bond(1 ether);
        // What is left can leave.
        uint256 rest = thaw(operator, 900 ether);
        pass(EXIT_DELAY);
        vm.assertEq(finish(operator, id) + finish(operator, rest), 0.000_000_5 ether);
    }

    function test_ATotalSlashClosesThePool() public {
        vm.assertEq(slash(type(uint256).max), 1000 ether);
        vm.assertTrue(state().closed);
        vm.assertEq(pool.slashable(operator), 0);
        vm.assertEq(slash(1), 0);
        vm.prank(operator);
        vm.expectRevert(IOperatorPool.NothingMoved.selector);
        pool.thaw(1000 ether);
    }

    function test_SlashingAnEmptyPoolTakesNothing() public {
        vm.prank(address(court));
        vm.assertEq(pool.slash(operators[2], 5 ether), 0);
        vm.assertFalse(pool.poolOf(operators[2]).closed);
    }

    function test_FinishingLeavesWhatCasesMayTake() public {
        uint256 id = thaw(operator, 600 ether);
        pass(EXIT_DELAY);
        vm.prank(address(court));
        pool.reserveForCase(operator, 400 ether + 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.ReservedByCases.selector, 400 ether, 400 ether + 1));
        pool.finish(id);
        vm.prank(address(court));
        pool.releaseFromCase(operator, 1);
        vm.assertEq(state().reserved, 400 ether);
        vm.assertEq(finish(operator, id), 600 ether);
    }

    function test_PayingOutBurnsTheSharesAndMovesNoPrice() public {
        slash(400 ether);
        uint256 price = vpha.convertToAssets(1 ether);
        vm.prank(address(court));
        vm.expectEmit(address(pool));
        emit IOperatorPool.PaidOut(reporter, 400 ether, 400 ether);
        pool.payOut(400 ether, reporter);
        vm.assertEq(pha.balanceOf(reporter), 400 ether);
        vm.assertEq(vpha.balanceOf(address(pool)), 1600 ether);
        vm.assertEq(pool.slashedUnpaid(), 0);
        vm.assertEq(vpha.convertToAssets(1 ether), price);
        // Never more than was slashed.
        vm.prank(address(court));
        vm.expectRevert();
        pool.payOut(1, reporter);
    }

    function test_OnlyTheOnesNamedMayDoWhatTheyMay() public {
        address[3] memory strangers = [operator, timelock, council];
        for (uint256 i; i < strangers.length; ++i) {
            address stranger = strangers[i];
            refuses(address(pool), stranger, abi.encodeCall(pool.slash, (operator, 1)));
            refuses(address(pool), stranger, abi.encodeCall(pool.reserveForCase, (operator, 1)));
            refuses(address(pool), stranger, abi.encodeCall(pool.releaseFromCase, (operator, 1)));
            refuses(address(pool), stranger, abi.encodeCall(pool.payOut, (1, operator)));
            refuses(address(pool), stranger, abi.encodeCall(pool.reserve, (list(operator), 1, 0)));
        }
        IOperatorPool.Class memory class_ = pool.classOf(1);
        refuses(address(pool), council, abi.encodeCall(pool.setClass, (1, class_)));
        refuses(address(pool), operator, abi.encodeCall(pool.setClass, (1, class_)));
    }

    function testFuzz_SlashesAreInEqualRatioAndNeverRevert(uint256 thawed, uint256 amount, uint256 again) public {
        thawed = bound(thawed, 0, 1000 ether);
        if (thawed != 0) thaw(operator, thawed);
        for (uint256 i; i < 2; ++i) {
            IOperatorPool.PoolState memory before = state();
            uint256 total = before.active + before.exiting;
            uint256 taken = slash(i == 0 ? amount : again);
            vm.assertEq(taken, (i == 0 ? amount : again) < total ? (i == 0 ? amount : again) : total);
            vm.assertEq(state().active + state().exiting, total - taken);
            // X / (C + X) stays, but for what rounding leaves to the exiting part.
            uint256 fromExiting = before.exiting - state().exiting;
            vm.assertLe(fromExiting * total, taken * before.exiting);
            if (total != 0) vm.assertGt((fromExiting + 1) * total, taken * before.exiting);
        }
    }
}

contract OperatorPoolExposureTest is PoolTest {
    function setUp() public override {
        super.setUp();
        bond(operator, MIN_BOND);
        bond(operators[1], MIN_BOND);
    }

    function exposure() internal view returns (uint256) {
        return state().exposure;
    }

    function test_ABatchReservesTheBondOfEachOperator() public {
        address[] memory both = new address[](2);
        (both[0], both[1]) = (operator, operators[1]);
        rollup.submit(both);
        vm.assertEq(exposure(), BOND_PER_BATCH);
        vm.assertEq(pool.poolOf(operators[1]).exposure, BOND_PER_BATCH);
        submit(operator);
        vm.assertEq(exposure(), 2 * BOND_PER_BATCH);
        vm.assertEq(state().lastBatch, 2);
    }

    function test_WhoIsNotEligibleCannotProve() public {
        createPool(operators[2], B200);
        bond(operators[2], 100_000 ether);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, operators[2]));
        rollup.submit(list(operators[2]));
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, reporter));
        rollup.submit(list(reporter));
    }

    /// @dev In the middle of a batch's delay: what it reserved stands, the next batch needs another prover.
    function test_APoolThatDropsUnderTheBondProvesNoMore() public {
        submit(operator);
        slash(1);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, operator));
        rollup.submit(list(operator));
        vm.assertEq(exposure(), BOND_PER_BATCH - 0.001 ether);
        submit(operators[1]);
    }

    function test_TheBondIsNeverExhausted() public {
        for (uint256 i; i < MIN_BOND / BOND_PER_BATCH; ++i) {
            submit(operator);
        }
        vm.assertEq(exposure(), MIN_BOND);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.BondExhausted.selector, operator, MIN_BOND, MIN_BOND));
        rollup.submit(list(operator));
        bond(operator, BOND_PER_BATCH);
        submit(operator);
    }

    function test_ExposedBondCannotThaw() public {
        submit(operator);
        uint256 most = MIN_BOND - BOND_PER_BATCH;
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.Exposed.selector, BOND_PER_BATCH - 1, BOND_PER_BATCH));
        pool.thaw(most + 1);
        thaw(operator, most);
        rollup.finalize(1);
        thaw(operator, BOND_PER_BATCH);
        vm.assertEq(exposure(), 0);
        vm.assertEq(state().active, 0);
    }

    function test_FinalityReleases() public {
        for (uint256 i; i < 4; ++i) {
            submit(operator);
        }
        // The older part is the first batch, the newer one the three others.
        rollup.finalize(1);
        pool.settle(operator);
        vm.assertEq(exposure(), 3 * BOND_PER_BATCH);
        rollup.finalize(3);
        pool.settle(operator);
        vm.assertEq(exposure(), 3 * BOND_PER_BATCH);
        rollup.finalize(4);
        vm.assertEq(pool.settle(operator), 4 * BOND_PER_BATCH);
        vm.assertEq(exposure(), 0);
        // Both parts at once.
        submit(operator);
        submit(operator);
        rollup.finalize(6);
        pool.settle(operator);
        vm.assertEq(exposure(), 0);
        vm.assertEq(state().work, 6 * BOND_PER_BATCH);
        vm.assertEq(state().lastBatch, 6);
    }

    function test_TheNextBatchReleasesByItself() public {
        submit(operator);
        submit(operator);
        rollup.finalize(2);
        submit(operator);
        vm.assertEq(exposure(), BOND_PER_BATCH);
        vm.assertEq(state().work, 2 * BOND_PER_BATCH);
    }

    function test_NoBatchCountsTwice() public {
        submit(operator);
        rollup.addProofs(1, list(operator));
        vm.assertEq(exposure(), BOND_PER_BATCH);
        // One that comes later to a batch reserves for it, too.
        rollup.addProofs(1, list(operators[1]));
        vm.assertEq(pool.poolOf(operators[1]).exposure, BOND_PER_BATCH);
        // But not if the batch is final.
        rollup.finalize(1);
        pool.settle(operator);
        rollup.addProofs(1, list(operator));
        vm.assertEq(exposure(), 0);
        vm.assertEq(state().work, BOND_PER_BATCH);
    }

    function test_AProofForAFinalBatchEarnsNothing() public {
        submit(operator);
        rollup.finalize(1);
        rollup.addProofs(1, list(operators[1]));
        vm.assertEq(pool.poolOf(operators[1]).exposure, 0);
        vm.assertEq(pool.settle(operators[1]), 0);
    }

    /// @dev The numbers of discarded batches are used again, and released when those are final.
    function test_WhatWasReservedForDiscardedBatchesStandsForTheirNumbers() public {
        for (uint256 i; i < 3; ++i) {
            submit(operator);
        }
        rollup.discard(1);
        vm.assertEq(submit(operator), 2);
        vm.assertEq(exposure(), 3 * BOND_PER_BATCH);
        submit(operator);
        submit(operator);
        vm.assertEq(exposure(), 4 * BOND_PER_BATCH);
        rollup.finalize(4);
        vm.assertEq(pool.settle(operator), 4 * BOND_PER_BATCH);
    }

    /// @dev The older part is less than a unit then, and nothing. The newer one is released when it is final all the same.
    function test_APartThatASlashTookDoesNotHideTheOther() public {
        vm.prank(timelock);
        pool.setClass(CPU_TDX, IOperatorPool.Class({minBond: MIN_BOND, bondPerBatch: 0.001 ether, weight: 10_000}));
        for (uint256 i; i < 3; ++i) {
            submit(operator);
        }
        slash(MIN_BOND / 2);
        vm.assertEq(exposure(), 0.001 ether);
        rollup.finalize(2);
        vm.assertEq(pool.settle(operator), 0);
        rollup.finalize(3);
        vm.assertEq(pool.settle(operator), 0.001 ether);
        vm.assertEq(exposure(), 0);
        thaw(operator, state().shares);
    }

    function test_ASlashLowersExposureWithTheBond() public {
        for (uint256 i; i < 3; ++i) {
            submit(operator);
        }
        slash(MIN_BOND / 2);
        vm.assertEq(exposure(), 15 ether);
        slash(type(uint256).max);
        vm.assertEq(exposure(), 0);
    }

    /// @dev A new bond for a batch holds for new batches; what was reserved stays.
    function test_ParametersDoNotTouchWhatIsReserved() public {
        submit(operator);
        vm.prank(timelock);
        pool.setClass(CPU_TDX, IOperatorPool.Class(MIN_BOND, 20 ether, 20_000));
        vm.assertEq(exposure(), 10 ether);
        submit(operator);
        vm.assertEq(exposure(), 30 ether);
        rollup.finalize(2);
        // The weight is that of the release.
        vm.assertEq(pool.settle(operator), 60 ether);
    }

    function test_SettlingNothingChangesNothing() public {
        vm.assertEq(pool.settle(operator), 0);
        vm.assertEq(pool.settle(reporter), 0);
        submit(operator);
        vm.assertEq(pool.settle(operator), 0);
        vm.assertEq(exposure(), BOND_PER_BATCH);
    }
}
