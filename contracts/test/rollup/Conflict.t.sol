// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "./RollupTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {IRollup} from "src/rollup/IRollup.sol";

/// @notice What happens when an enclave turns out to be broken.
contract ConflictTest is RollupTest {
    function test_AConflictRevokesBothSignersAndStopsTheChain() public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        bytes memory signatureA = sign(a, 0);
        bytes memory signatureB = sign(b, 1);
        bytes32 digestA = rollupContract.transitionDigest(a);
        bytes32 digestB = rollupContract.transitionDigest(b);
        vm.expectEmit(address(rollupContract));
        emit IRollup.ConflictReported(provers[0].signer, provers[1].signer, digestA, digestB, account("reporter"));
        vm.prank(account("reporter"));
        rollupContract.reportConflict(a, signatureA, b, signatureB);

        vm.assertEq(rollupContract.conflictSince(), START_TIME);
        vm.assertTrue(registry.signerOf(provers[0].signer).revoked);
        vm.assertTrue(registry.signerOf(provers[1].signer).revoked);

        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 2, 1);
        vm.prank(sequencer);
        vm.expectRevert(abi.encodeWithSelector(IRollup.InConflict.selector, START_TIME));
        rollupContract.submitBatch(batch, list);
        vm.expectRevert(abi.encodeWithSelector(IRollup.InConflict.selector, START_TIME));
        rollupContract.addProofs(1, list);
    }

    function test_OneSignerMayConflictWithItself() public {
        reportConflict(0, 0);
        vm.assertTrue(registry.signerOf(provers[0].signer).revoked);
        vm.assertFalse(registry.signerOf(provers[1].signer).revoked);
    }

    function testFuzz_AnyDifferentResultIsAConflict(uint8 field) public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        field = uint8(bound(field, 0, 3));
        if (field == 0) b.outputRoot = keccak256("another output");
        if (field == 1) ++b.lastL2Block;
        if (field == 2) ++b.lastL2Timestamp;
        if (field == 3) ++b.l1OriginNumber;
        rollupContract.reportConflict(a, sign(a, 0), b, sign(b, 1));
        vm.assertGt(rollupContract.conflictSince(), 0);
    }

    /// @dev After an L1 reorganisation the batch is built again from the same parent: that is legitimate.
    function testFuzz_DifferentInputsAreNoConflict(uint8 field) public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        field = uint8(bound(field, 0, 2));
        if (field == 0) b.parentOutputRoot = keccak256("another parent");
        if (field == 1) b.l1OriginHash = keccak256("another origin");
        if (field == 2) b.daHash = keccak256("other data");
        refuse(a, sign(a, 0), b, sign(b, 1), abi.encodePacked(IRollup.DifferentInputs.selector));
    }

    function test_TheSameResultIsNoConflict() public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        refuse(a, sign(a, 0), a, sign(a, 1), abi.encodePacked(IRollup.SameResult.selector));
    }

    function test_AnotherChainsTransitionsAreNoConflict() public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.configHash = keccak256("another chain");
        bytes memory reason = abi.encodeWithSelector(IRollup.WrongConfig.selector, b.configHash, CONFIG_HASH);
        refuse(a, sign(a, 0), b, sign(b, 1), reason);
        refuse(b, sign(b, 1), a, sign(a, 0), reason);
    }

    function test_BothMustHaveBeenRegistered() public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        uint256 stranger = uint256(keccak256("stranger"));
        bytes memory forged = signDigest(rollupContract.transitionDigest(b), stranger);
        bytes memory reason = abi.encodeWithSelector(IProverRegistry.SignerUnknown.selector, vm.addr(stranger));
        refuse(a, sign(a, 0), b, forged, reason);
        refuse(b, forged, a, sign(a, 0), reason);
        refuse(a, sign(a, 0), b, hex"00", abi.encodeWithSelector(IRollup.MalformedSignature.selector, 1));
    }

    /// @dev Nobody is revoked because of what a revoked signer signed.
    function test_ARevokedSignerDisputesWithNobody() public {
        reportConflict(0, 0);
        resolve();
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        bytes memory reason = abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, provers[0].signer);
        refuse(a, sign(a, 1), b, sign(b, 0), reason);
        refuse(a, sign(a, 0), b, sign(b, 1), reason);
        vm.assertFalse(registry.signerOf(provers[1].signer).revoked);
    }

    /// @dev Once known, no evidence of it is worth anything: neither the same nor any other.
    function test_AnEquivocationCountsOnceForEachSigner() public {
        vm.assertFalse(rollupContract.equivocated(provers[0].signer));
        reportConflict(0, 0);
        vm.assertTrue(rollupContract.equivocated(provers[0].signer));
        vm.assertFalse(rollupContract.equivocated(provers[1].signer));
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        IRollup.Transition memory c = transitionOf(nextBatch(), 2);
        c.outputRoot = keccak256("a third output");
        bytes memory reason = abi.encodeWithSelector(IRollup.EquivocationKnown.selector, provers[0].signer);
        refuse(a, sign(a, 0), b, sign(b, 0), reason);
        refuse(b, sign(b, 0), a, sign(a, 0), reason);
        refuse(b, sign(b, 0), c, sign(c, 0), reason);
        resolve();
        refuse(a, sign(a, 0), b, sign(b, 0), reason);
        vm.assertEq(rollupContract.conflictSince(), 0);
    }

    /// @dev The operator of a signer that signed twice may report a dispute of it first: that saves nothing.
    function test_ADisputeDoesNotBuryAnEquivocation() public {
        reportConflict(1, 0);
        vm.assertTrue(registry.signerOf(provers[0].signer).revoked);
        vm.assertFalse(rollupContract.equivocated(provers[0].signer));
        reportConflict(0, 0);
        vm.assertTrue(rollupContract.equivocated(provers[0].signer));
        // The other one signed one result alone.
        vm.assertFalse(rollupContract.equivocated(provers[1].signer));
    }

    function test_FreshEvidenceStopsFinalityAgain() public {
        reportConflict(0, 1);
        resolve();
        vm.warp(START_TIME + 1);
        reportConflict(0, 0);
        vm.assertEq(rollupContract.conflictSince(), START_TIME + 1);
    }

    function test_ASignerThatTheTimelockRevokedAnswersForAnEquivocation() public {
        vm.prank(timelock);
        registry.revokeSigner(provers[0].signer);
        vm.warp(START_TIME + 7 days + SLOW_DELAY - 1);
        reportConflict(0, 0);
        vm.assertTrue(rollupContract.equivocated(provers[0].signer));
        vm.assertEq(rollupContract.conflictSince(), block.timestamp);
    }

    /// @dev Nor does a revoked signer answer for longer than others.
    function test_ARevokedSignerDoesNotAnswerForever() public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        vm.prank(timelock);
        registry.revokeSigner(provers[0].signer);
        vm.warp(START_TIME + 7 days + SLOW_DELAY);
        bytes memory reason = abi.encodeWithSelector(
            IProverRegistry.SignerExpired.selector, provers[0].signer, START_TIME + 7 days, block.timestamp
        );
        refuse(a, sign(a, 0), b, sign(b, 0), reason);
    }

    /// @dev Whatever is reported, in any order: each signer is revoked once and equivocates once, and finality stops for nothing
    /// else.
    function testFuzz_EachSignerIsRevokedOnceAndEquivocatesOnce(uint8[12] memory pairs) public {
        bool[3] memory revoked;
        bool[3] memory known;
        uint256 stops;
        for (uint256 i; i < pairs.length; ++i) {
            (uint256 a, uint256 b) = (pairs[i] % 3, pairs[i] / 3 % 3);
            bool counts = a == b ? !known[a] : !revoked[a] && !revoked[b];
            try this.report(a, b) {
                vm.assertTrue(counts);
                ++stops;
                resolve();
            } catch {
                vm.assertFalse(counts);
            }
            if (!counts) continue;
            if (a == b) known[a] = true;
            (revoked[a], revoked[b]) = (true, true);
        }
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(registry.signerOf(provers[i].signer).revoked, revoked[i]);
            vm.assertEq(rollupContract.equivocated(provers[i].signer), known[i]);
        }
        vm.assertLe(stops, 2 * 3);
    }

    function report(uint256 a, uint256 b) external {
        reportConflict(a, b);
    }

    function test_ASignerAnswersForItsBatchesUntilTheyAreFinal() public {
        vm.warp(START_TIME + 7 days + SLOW_DELAY - 1);
        reportConflict(0, 1);
        vm.assertGt(rollupContract.conflictSince(), 0);
    }

    function test_ASignerDoesNotAnswerForever() public {
        IRollup.Transition memory a = transitionOf(nextBatch(), 2);
        IRollup.Transition memory b = transitionOf(nextBatch(), 2);
        b.outputRoot = keccak256("another output");
        vm.warp(START_TIME + 7 days + SLOW_DELAY);
        refuse(
            a,
            sign(a, 0),
            b,
            sign(b, 1),
            abi.encodeWithSelector(
                IProverRegistry.SignerExpired.selector, provers[0].signer, START_TIME + 7 days, block.timestamp
            )
        );
    }

    function test_AConflictStopsTheClockOfFinality() public {
        submit(2);
        vm.warp(START_TIME + FAST_DELAY - 1);
        reportConflict(0, 1);
        vm.warp(START_TIME + 30 days);
        vm.assertFalse(rollupContract.isFinalized(1));
        vm.assertEq(rollupContract.advanceFinality(10), 0);
    }

    function test_WhatWasFinalStaysFinal() public {
        submit(2);
        submit(2);
        vm.warp(START_TIME + FAST_DELAY);
        vm.assertEq(rollupContract.finalizedIndex(), 2);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 0);
        reportConflict(0, 1);
        vm.assertEq(rollupContract.finalizedIndex(), 2);
        vm.assertEq(rollupContract.advanceFinality(10), 2);
    }

    function test_ASecondReportDoesNotMoveTheClock() public {
        submit(2);
        reportConflict(0, 0);
        vm.warp(START_TIME + FAST_DELAY);
        reportConflict(1, 1);
        vm.assertEq(rollupContract.conflictSince(), START_TIME);
        vm.assertFalse(rollupContract.isFinalized(1));
    }

    function test_TheTimelockDiscardsBatchesAndTheChainGoesOn() public {
        submit(2);
        bytes32 kept = rollupContract.output(1).outputRoot;
        submit(2);
        submit(1);
        reportConflict(1, 1);

        vm.expectEmit(address(rollupContract));
        emit IRollup.ConflictResolved(1, 3);
        vm.prank(timelock);
        rollupContract.resolveConflict(1);
        vm.assertEq(rollupContract.batchCount(), 1);
        vm.assertEq(rollupContract.conflictSince(), 0);
        vm.expectRevert(abi.encodeWithSelector(IRollup.NoSuchBatch.selector, 2, 1));
        rollupContract.output(2);

        IRollup.Batch memory batch = nextBatch();
        vm.assertEq(batch.parentOutputRoot, kept);
        batch.outputRoot = keccak256("rebuilt");
        bytes[] memory list = signatures(batch, 0, 1);
        vm.prank(sequencer);
        vm.assertEq(rollupContract.submitBatch(batch, list), 2);
        vm.assertEq(rollupContract.output(2).outputRoot, keccak256("rebuilt"));
        vm.assertEq(rollupContract.pendingDigest(2), rollupContract.transitionDigest(transitionOf(batch, 2)));
    }

    function test_TheTimelockMayKeepEverything() public {
        submit(2);
        reportConflict(1, 1);
        vm.prank(timelock);
        rollupContract.resolveConflict(1);
        vm.assertEq(rollupContract.batchCount(), 1);
        vm.warp(START_TIME + FAST_DELAY);
        vm.assertTrue(rollupContract.isFinalized(1));
    }

    function test_AFinalBatchCannotBeDiscarded() public {
        submit(2);
        submit(2);
        vm.warp(START_TIME + FAST_DELAY);
        reportConflict(0, 1);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IRollup.FinalityBehind.selector, 0));
        rollupContract.resolveConflict(0);

        rollupContract.advanceFinality(10);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IRollup.AlreadyFinal.selector, 1, 2));
        rollupContract.resolveConflict(1);
        vm.prank(timelock);
        rollupContract.resolveConflict(2);
    }

    function test_OnlyTheTimelockResolvesAndOnlyAConflict() public {
        vm.prank(timelock);
        vm.expectRevert(IRollup.NotInConflict.selector);
        rollupContract.resolveConflict(0);
        reportConflict(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IRollup.NotTimelock.selector, address(this), timelock));
        rollupContract.resolveConflict(0);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IRollup.NoSuchBatch.selector, 1, 0));
        rollupContract.resolveConflict(1);
    }

    function resolve() internal {
        vm.prank(timelock);
        rollupContract.resolveConflict(0);
    }

    function refuse(
        IRollup.Transition memory a,
        bytes memory signatureA,
        IRollup.Transition memory b,
        bytes memory signatureB,
        bytes memory reason
    ) internal {
        vm.expectRevert(reason);
        rollupContract.reportConflict(a, signatureA, b, signatureB);
    }
}
