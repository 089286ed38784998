// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "./RollupTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {IRollup} from "src/rollup/IRollup.sol";

/// @notice When batches are final, and how more proofs change that.
contract FinalityTest is RollupTest {
    function test_ABatchWithEnoughProofsIsFinalAfterTheFastDelay() public {
        submit(2);
        vm.warp(START_TIME + FAST_DELAY - 1);
        vm.assertFalse(rollupContract.isFinalized(1));
        vm.warp(START_TIME + FAST_DELAY);
        vm.assertTrue(rollupContract.isFinalized(1));
    }

    function test_ABatchWithTooFewProofsIsFinalAfterTheSlowDelay() public {
        submit(1);
        vm.warp(START_TIME + SLOW_DELAY - 1);
        vm.assertFalse(rollupContract.isFinalized(1));
        vm.warp(START_TIME + SLOW_DELAY);
        vm.assertTrue(rollupContract.isFinalized(1));
    }

    function test_ABatchIsNotFinalBeforeAllThatCameBefore() public {
        submit(1);
        submit(2);
        vm.warp(START_TIME + FAST_DELAY);
        vm.assertFalse(rollupContract.isFinalized(2));
        vm.assertEq(rollupContract.finalizedIndex(), 0);
        vm.warp(START_TIME + SLOW_DELAY);
        vm.assertTrue(rollupContract.isFinalized(2));
        vm.assertEq(rollupContract.finalizedIndex(), 2);
    }

    function test_NothingPastTheLastBatchIsFinal() public {
        submit(2);
        vm.warp(START_TIME + FAST_DELAY);
        vm.assertFalse(rollupContract.isFinalized(2));
        vm.assertFalse(rollupContract.isFinalized(type(uint256).max));
    }

    /// @dev Output 1 is the first checkpoint. Once it is final, the next submission takes the last output for the next one, and
    /// the one after that can record it.
    function test_ASubmissionRecordsThePassedCheckpointAsFinal() public {
        for (uint256 i; i < 5; ++i) {
            submit(2);
        }
        nextBlock(FAST_DELAY);
        vm.assertEq(rollupContract.finalizedIndex(), 5);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 0);
        submit(2);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 1);
        submit(2);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 5);
        submit(2);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 5);
        vm.assertEq(rollupContract.finalizedIndex(), 5);
    }

    function test_SubmissionsRecordFinalityTwoDelaysLateAtMost() public {
        for (uint256 i = 1; i <= 60; ++i) {
            submit(2);
            // Outputs that stood two delays ago, less the two submissions that notice that a checkpoint has passed.
            if (i > 10) vm.assertGe(rollupContract.recordedFinalizedIndex(), i - 10);
            nextBlock(FAST_DELAY / 4);
        }
    }

    function test_ASubmissionDoesNotTakeBackWhatIsRecorded() public {
        for (uint256 i; i < 5; ++i) {
            submit(2);
        }
        nextBlock(FAST_DELAY);
        rollupContract.advanceFinality(3);
        submit(2);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 3);
    }

    /// @dev Batch 2 holds back what its successors' records would count as final.
    function test_ACheckpointIsNotFinalBeforeAllThatCameBefore() public {
        submit(2);
        submit(1);
        submit(2);
        nextBlock(FAST_DELAY);
        for (uint256 i; i < 5; ++i) {
            submit(2);
            nextBlock(FAST_DELAY);
        }
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 1);
        vm.assertEq(rollupContract.finalizedIndex(), 1);
        vm.warp(START_TIME + SLOW_DELAY);
        vm.assertEq(rollupContract.finalizedIndex(), 8);
    }

    function testFuzz_AnybodyRecordsFinalityInBoundedSteps(uint256 steps) public {
        for (uint256 i; i < 4; ++i) {
            submit(2);
        }
        vm.warp(START_TIME + FAST_DELAY);
        uint256 expected = steps < 4 ? steps : 4;
        vm.assertEq(rollupContract.advanceFinality(steps), expected);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), expected);
        vm.assertEq(rollupContract.finalizedIndex(), 4);
    }

    function test_RecordingDoesNotHurry() public {
        submit(2);
        vm.assertEq(rollupContract.advanceFinality(10), 0);
    }

    // More proofs.

    function test_AddedProofsBringTheFastDelayCountedFromSubmission() public {
        IRollup.Batch memory batch = nextBatch();
        submit(1);
        vm.assertEq(rollupContract.pendingDigest(1), rollupContract.transitionDigest(transitionOf(batch, 2)));
        vm.warp(START_TIME + FAST_DELAY + 10);
        vm.assertFalse(rollupContract.isFinalized(1));

        bytes[] memory list = signatures(batch, 0, 2);
        vm.expectEmit(address(rollupContract));
        emit IRollup.ProofsAdded(1, 2);
        rollupContract.addProofs(1, list);
        vm.assertTrue(rollupContract.isFinalized(1));
        vm.assertEq(rollupContract.output(1).proofs, 2);
        vm.assertEq(rollupContract.output(1).submittedAt, START_TIME);
        vm.assertEq(rollupContract.pendingDigest(1), 0);
    }

    /// @dev The last second counts; from the next one on the batch is final, whether or not that is recorded.
    function test_NoProofsAreAddedAfterTheBatchsOwnDelay() public {
        IRollup.Batch memory batch = nextBatch();
        submit(1);
        bytes[] memory list = signatures(batch, 0, 2);
        vm.warp(START_TIME + SLOW_DELAY);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 0);
        bytes memory reason =
            abi.encodeWithSelector(IRollup.ProofsTooLate.selector, 1, uint256(START_TIME) + SLOW_DELAY);
        vm.expectRevert(reason);
        rollupContract.addProofs(1, list);
        vm.warp(START_TIME + SLOW_DELAY - 1);
        rollupContract.addProofs(1, list);
        vm.assertEq(rollupContract.output(1).proofs, 2);
    }

    function test_AddedProofsMustBeMoreThanBefore() public {
        IRollup.Batch memory batch = nextBatch();
        submit(1);
        bytes[] memory list = signatures(batch, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongSignatureCount.selector, 1, 2, 8));
        rollupContract.addProofs(1, list);
    }

    function test_AddedProofsMustBeIndependent() public {
        IRollup.Batch memory batch = nextBatch();
        submit(1);
        bytes[] memory list = signatures(batch, 0, 2);
        list[1] = list[0];
        vm.expectRevert(abi.encodeWithSelector(IRollup.DuplicateOperator.selector, provers[0].operator));
        rollupContract.addProofs(1, list);
        list[1] = sign(transitionOf(batch, 2), 2);
        vm.expectRevert(abi.encodeWithSelector(IRollup.DuplicatePlatform.selector, 1));
        rollupContract.addProofs(1, list);
    }

    function test_AddedProofsMustBeLiveNow() public {
        IRollup.Batch memory batch = nextBatch();
        submit(1);
        bytes[] memory list = signatures(batch, 0, 2);
        vm.prank(timelock);
        registry.revokeSigner(provers[1].signer);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, provers[1].signer));
        rollupContract.addProofs(1, list);
    }

    function test_AddedProofsMustBeForThatBatch() public {
        submit(1);
        IRollup.Batch memory other = nextBatch();
        submit(1);
        bytes[] memory list = signatures(other, 0, 2);
        vm.expectPartialRevert(IProverRegistry.SignerUnknown.selector);
        rollupContract.addProofs(1, list);
        rollupContract.addProofs(2, list);
    }

    function test_NoProofsAreAddedPastTheThreshold() public {
        IRollup.Batch memory batch = nextBatch();
        submit(2);
        bytes[] memory list = signatures(batch, 0, 3);
        vm.expectRevert(abi.encodeWithSelector(IRollup.ProofsComplete.selector, 1, 2));
        rollupContract.addProofs(1, list);
    }

    function test_NoProofsAreAddedToWhatIsNoBatch() public {
        vm.expectRevert(abi.encodeWithSelector(IRollup.NoSuchBatch.selector, 0, 0));
        rollupContract.addProofs(0, new bytes[](2));
        vm.expectRevert(abi.encodeWithSelector(IRollup.NoSuchBatch.selector, 1, 0));
        rollupContract.addProofs(1, new bytes[](2));
        vm.expectRevert(abi.encodeWithSelector(IRollup.NoSuchBatch.selector, 1, 0));
        rollupContract.output(1);
        vm.expectRevert(abi.encodeWithSelector(IRollup.NoSuchBatch.selector, 0, 0));
        rollupContract.pendingDigest(0);
    }
}
