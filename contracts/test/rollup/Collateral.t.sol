// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "./RollupTest.sol";
import {IRollup} from "src/rollup/IRollup.sol";
import {Rollup} from "src/rollup/Rollup.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {IProverBonds} from "src/staking/IProverBonds.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @notice What stands behind proofs: who may register and prove, what a batch takes up of a bond and when it gives it back, and what
/// becomes of the bonds of those who sign what cannot both be true.
contract CollateralTest is RollupTest {
    address internal reporter = account("reporter");

    // Registration.

    function test_WhoHasNoBondRegistersNoProver() public {
        QuoteSpec memory spec = quoteFor(reporter, signer, PCK_KEY);
        bytes memory quote = encode(spec);
        vm.prank(reporter);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, reporter));
        registry.register(quote, signer, REF_BLOCK);
    }

    function test_WhoseBondIsTooSmallRegistersNoProver() public {
        leaveWith(0, MIN_BOND - 1);
        address thin = provers[0].operator;
        bytes memory quote = encode(quoteFor(thin, signer, PCK_KEY));
        vm.prank(thin);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, thin));
        registry.register(quote, signer, REF_BLOCK);
    }

    function test_ARollupTakesTheBondsOfItsRegistry() public {
        vm.assertEq(rollupContract.bonds(), registry.bonds());
        vm.assertEq(rollupContract.court(), address(faultCourt));
        // Bonds that another rollup reserves.
        deployRegistry();
        new Rollup(rollupConfig());
        IRollup.Config memory second = rollupConfig();
        vm.expectRevert(IRollup.InvalidConfig.selector);
        new Rollup(second);
    }

    // Exposure.

    function test_EachProofReservesAndFinalityReleases() public {
        submit(2);
        vm.assertEq(exposure(0), BOND_PER_BATCH);
        vm.assertEq(exposure(1), BOND_PER_BATCH);
        nextBlock(1);
        submit(2);
        vm.assertEq(exposure(0), 2 * BOND_PER_BATCH);
        nextBlock(FAST_DELAY);
        rollupContract.advanceFinality(type(uint256).max);
        pool.settle(provers[0].operator);
        vm.assertEq(exposure(0), 0);
        vm.assertEq(pool.poolOf(provers[0].operator).work, 2 * BOND_PER_BATCH);
        // The other one is released by its next batch.
        vm.assertEq(exposure(1), 2 * BOND_PER_BATCH);
        submit(2);
        vm.assertEq(exposure(1), BOND_PER_BATCH);
    }

    function test_AddedProofsReserveOnceForEachOperator() public {
        bytes[] memory list = signatures(nextBatch(), 0, 2);
        submit(1);
        vm.assertEq(exposure(0), BOND_PER_BATCH);
        vm.assertEq(exposure(1), 0);
        rollupContract.addProofs(1, list);
        vm.assertEq(exposure(0), BOND_PER_BATCH);
        vm.assertEq(exposure(1), BOND_PER_BATCH);
    }

    /// @dev A batch that is final already, though that is not recorded, pays nobody for agreeing with it.
    function test_AProofThatIsTooLateEarnsNothing() public {
        bytes[] memory list = signatures(nextBatch(), 0, 2);
        submit(1);
        nextBlock(SLOW_DELAY);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 0);
        vm.expectPartialRevert(IRollup.ProofsTooLate.selector);
        rollupContract.addProofs(1, list);
        vm.assertEq(exposure(1), 0);
        rollupContract.advanceFinality(type(uint256).max);
        vm.assertEq(pool.settle(provers[0].operator), BOND_PER_BATCH);
        vm.assertEq(pool.settle(provers[1].operator), 0);
    }

    function test_AProofWithoutABondIsRefused() public {
        leaveWith(1, MIN_BOND - 1);
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory both = signatures(batch, 0, 2);
        vm.prank(sequencer);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, provers[1].operator));
        rollupContract.submitBatch(batch, both);
        // The chain goes on with the other's, and takes no more of the one without.
        submit(1);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, provers[1].operator));
        rollupContract.addProofs(1, both);
    }

    function test_NoMoreBatchesAreOpenThanTheBondStandsFor() public {
        leaveWith(0, MIN_BOND + 5 * BOND_PER_BATCH / 2);
        uint256 most = (MIN_BOND + 2 * BOND_PER_BATCH) / BOND_PER_BATCH;
        for (uint256 i; i < most; ++i) {
            submit(1);
            nextBlock(10);
        }
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        uint256 active = pool.poolOf(provers[0].operator).active;
        vm.prank(sequencer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverBonds.BondExhausted.selector, provers[0].operator, most * BOND_PER_BATCH, active
            )
        );
        rollupContract.submitBatch(batch, list);
        // Another operator's bond does.
        list = signatures(batch, 1, 1);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
    }

    function test_ABondThatStandsForABatchCannotLeave() public {
        submit(2);
        IOperatorPool.PoolState memory state = pool.poolOf(provers[0].operator);
        vm.prank(provers[0].operator);
        vm.expectRevert(abi.encodeWithSelector(IOperatorPool.Exposed.selector, 0, BOND_PER_BATCH));
        pool.thaw(state.shares);
        nextBlock(FAST_DELAY);
        rollupContract.advanceFinality(1);
        vm.prank(provers[0].operator);
        pool.thaw(state.shares);
    }

    // Faults.

    function test_OneKeyThatSignsTwoResultsLosesAllAtOnce() public {
        address guilty = provers[0].operator;
        submit(2);
        vm.prank(guilty);
        pool.thaw(BOND / 2);
        uint256 worth = vpha().convertToAssets(BOND);
        report(0, 0);

        IFaultCourt.Case memory case_ = faultCourt.caseOf(1);
        vm.assertEq(case_.operator, guilty);
        vm.assertEq(uint256(case_.fault), uint256(IFaultCourt.Fault.Equivocation));
        vm.assertEq(uint256(case_.status), uint256(IFaultCourt.Status.Executed));
        vm.assertEq(case_.taken, BOND);
        vm.assertEq(case_.recipient, reporter);
        vm.assertEq(pool.slashable(guilty), 0);
        vm.assertFalse(pool.isEligible(guilty));
        // What left in good time is in it.
        faultCourt.settle(1);
        vm.assertEq(phaOf(reporter), worth / 10);
        // Nobody else is touched.
        vm.assertEq(faultCourt.caseCount(), 1);
        vm.assertEq(pool.slashable(provers[1].operator), BOND);
    }

    function test_TwoKeysThatDisagreeAreACaseEach() public {
        report(0, 1);
        vm.assertEq(faultCourt.caseCount(), 2);
        for (uint256 i; i < 2; ++i) {
            IFaultCourt.Case memory case_ = faultCourt.caseOf(i + 1);
            vm.assertEq(case_.operator, provers[i].operator);
            vm.assertEq(uint256(case_.fault), uint256(IFaultCourt.Fault.OverturnedOutput));
            vm.assertEq(uint256(case_.status), uint256(IFaultCourt.Status.Open));
            vm.assertEq(pool.poolOf(case_.operator).reserved, BOND / 2);
        }
        // The honest one is cleared, the other one loses half.
        vm.prank(timelock);
        faultCourt.dismiss(1);
        vm.prank(timelock);
        faultCourt.uphold(2);
        nextBlock(3 days);
        faultCourt.execute(2);
        vm.assertEq(pool.slashable(provers[0].operator), BOND);
        vm.assertEq(pool.slashable(provers[1].operator), BOND / 2);
    }

    /// @dev The operator of a key that signed twice reports a dispute of it before anybody reports that: it loses everything all the
    /// same. The dispute's case then finds nothing left, and ends like any other.
    function test_AnEquivocationTakesAllThoughADisputeWasFirst() public {
        address guilty = provers[1].operator;
        report(0, 1);
        report(1, 1);
        IFaultCourt.Case memory case_ = faultCourt.caseOf(3);
        vm.assertEq(case_.operator, guilty);
        vm.assertEq(uint256(case_.fault), uint256(IFaultCourt.Fault.Equivocation));
        vm.assertEq(case_.taken, BOND);
        vm.assertEq(pool.slashable(guilty), 0);
        vm.assertEq(pool.slashable(provers[0].operator), BOND);
        vm.prank(timelock);
        faultCourt.uphold(2);
        nextBlock(3 days);
        vm.assertEq(faultCourt.execute(2), 0);
        vm.assertEq(pool.poolOf(guilty).reserved, 0);
        faultCourt.settle(2);
    }

    function test_AKeyThatTheTimelockRevokedLosesAllForAnEquivocation() public {
        vm.prank(timelock);
        registry.revokeSigner(provers[1].signer);
        report(1, 1);
        vm.assertEq(faultCourt.caseOf(1).taken, BOND);
        vm.assertEq(pool.slashable(provers[1].operator), 0);
    }

    /// @dev Evidence counts once: a report that ran out of gas in the court must not use it up.
    function test_AReportIsHeardOrDoesNotHappen(uint256 gas_) public {
        IRollup.Transition memory left = transitionOf(nextBatch(), 2);
        IRollup.Transition memory right = transitionOf(nextBatch(), 2);
        right.outputRoot = keccak256("another output");
        bytes memory data = abi.encodeCall(rollupContract.reportConflict, (left, sign(left, 0), right, sign(right, 0)));
        (bool success,) = address(rollupContract).call{gas: bound(gas_, 30_000, 500_000)}(data);
        bool stopped = rollupContract.conflictSince() != 0;
        vm.assertEq(stopped, success);
        vm.assertEq(pool.slashable(provers[0].operator), success ? 0 : BOND);
        vm.assertEq(registry.signerOf(provers[0].signer).revoked, success);
        vm.assertEq(rollupContract.equivocated(provers[0].signer), success);
    }

    function test_TheChainGoesOnWithoutTheOneThatLied() public {
        submit(2);
        reportConflict(1, 1);
        rollupContract.advanceFinality(type(uint256).max);
        vm.prank(timelock);
        rollupContract.resolveConflict(1);
        vm.assertEq(submit(1), 2);
        nextBlock(SLOW_DELAY);
        vm.assertTrue(rollupContract.isFinalized(2));
        // A new key does not help the one that has nothing left.
        bytes memory quote = encode(quoteFor(provers[1].operator, signer, OTHER_PCK_KEY));
        vm.prank(provers[1].operator);
        vm.expectRevert(abi.encodeWithSelector(IProverBonds.NotEligible.selector, provers[1].operator));
        registry.register(quote, signer, REF_BLOCK);
    }

    /// @dev The call that shows two results for the same input, signed by provers `a` and `b`.
    function evidence(uint256 a, uint256 b) internal returns (bytes memory) {
        IRollup.Transition memory left = transitionOf(nextBatch(), 2);
        IRollup.Transition memory right = transitionOf(nextBatch(), 2);
        right.outputRoot = keccak256("another output");
        return abi.encodeCall(rollupContract.reportConflict, (left, sign(left, a), right, sign(right, b)));
    }

    function report(uint256 a, uint256 b) internal {
        bytes memory data = evidence(a, b);
        vm.prank(reporter);
        (bool success,) = address(rollupContract).call(data);
        vm.assertTrue(success);
    }

    /// @dev Lets all of a prover's bond exit but `rest`.
    function leaveWith(uint256 prover, uint256 rest) internal {
        vm.prank(provers[prover].operator);
        pool.thaw(BOND - rest);
    }

    function exposure(uint256 prover) internal view returns (uint256) {
        return pool.poolOf(provers[prover].operator).exposure;
    }

    function vpha() internal view returns (VPHA) {
        return VPHA(pool.vpha());
    }

    function phaOf(address account_) internal view returns (uint256) {
        (bool success, bytes memory data) =
            vpha().asset().staticcall(abi.encodeWithSignature("balanceOf(address)", account_));
        vm.assertTrue(success);
        return abi.decode(data, (uint256));
    }
}
