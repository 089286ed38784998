// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {BatchRecord, BatchRecords} from "src/rollup/BatchRecord.sol";

/// @notice What is packed comes back, whatever stands beside it.
contract BatchRecordTest is Test {
    function testFuzz_EveryFieldComesBack(
        uint48 block_,
        uint32 timestamp,
        uint40 origin,
        uint32 submission,
        uint8 count,
        uint32 finalizableAt,
        uint32 lastIndex
    ) public pure {
        BatchRecord genesis = BatchRecords.pack(type(uint48).max, type(uint32).max, type(uint40).max, 0, 255);
        BatchRecord record = BatchRecords.pack(block_, timestamp, origin, submission, count)
            .follow(genesis, lastIndex, finalizableAt, submission);
        assertBatch(record, block_, timestamp, origin, submission);
        vm.assertEq(record.proofs(), count);
        vm.assertEq(record.finalAt(), finalizableAt);
        vm.assertEq(record.checkpoint(), lastIndex);
        vm.assertEq(record.checkpointFinalAt(), 0);

        BatchRecord more = record.withProofs(255 - count);
        assertBatch(more, block_, timestamp, origin, submission);
        vm.assertEq(more.proofs(), 255 - count);
        vm.assertEq(more.finalAt(), finalizableAt);
        vm.assertEq(more.checkpoint(), lastIndex);
        vm.assertEq(more.checkpointFinalAt(), 0);
    }

    function testFuzz_ARecordFollowsThatBeforeIt(uint32 lastFinalAt, uint32 finalizableAt, uint32 time) public pure {
        BatchRecord empty = BatchRecords.pack(0, 0, 0, 0, 0);
        BatchRecord last = empty.follow(empty.follow(empty, 0, lastFinalAt, 0), 6, lastFinalAt, 0);
        vm.assertEq(last.checkpoint(), 6);
        vm.assertEq(last.checkpointFinalAt(), lastFinalAt);

        BatchRecord record = empty.follow(last, 7, finalizableAt, time);
        vm.assertEq(record.finalAt(), finalizableAt > lastFinalAt ? finalizableAt : lastFinalAt);
        vm.assertEq(record.checkpoint(), lastFinalAt <= time ? 7 : 6);
        vm.assertEq(record.checkpointFinalAt(), lastFinalAt);
    }

    function testFuzz_WhatDoesNotFitIsRefused(uint256 field, uint256 excess) public {
        uint8[6] memory widths = [48, 32, 40, 32, 8, 32];
        uint256[6] memory values;
        field = bound(field, 0, 5);
        values[field] = bound(excess, 1 << widths[field], type(uint256).max);
        vm.expectRevert(SafeCastLib.Overflow.selector);
        this.make(values);
    }

    function make(uint256[6] calldata values) external pure returns (BatchRecord) {
        BatchRecord empty = BatchRecords.pack(0, 0, 0, 0, 0);
        return BatchRecords.pack(values[0], values[1], values[2], values[3], values[4]).follow(empty, 0, values[5], 0);
    }

    function assertBatch(BatchRecord record, uint256 block_, uint256 timestamp, uint256 origin, uint256 submission)
        internal
        pure
    {
        vm.assertEq(record.lastL2Block(), block_);
        vm.assertEq(record.lastL2Timestamp(), timestamp);
        vm.assertEq(record.l1OriginNumber(), origin);
        vm.assertEq(record.submittedAt(), submission);
    }
}
