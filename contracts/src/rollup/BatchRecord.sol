// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What the rollup stores of an output beside its root, in one word that is read once:
/// lastL2Block (bits 0..48) | l1OriginNumber (48..88) | lastL2Timestamp (88..120) | submittedAt (120..152) | finalAt (152..184) |
/// checkpoint (184..216) | checkpointFinalAt (216..248) | proofs (248..256).
///
/// The last output's record tells a submission how far finality came, so that it need not read older ones. `finalAt` bounds
/// from above when the output and all before it are final: proofs that are added later only make that earlier. The checkpoint is
/// an output before it, or itself, with its own such bound. Once that has passed, the checkpoint is final, and the record's output
/// is the next one's checkpoint.
type BatchRecord is uint256;

using BatchRecords for BatchRecord global;

/// @title BatchRecords
library BatchRecords {
    uint256 private constant PROOFS_OFFSET = 248;

    /// @param block_ Number of the last L2 block.
    /// @param timestamp Unix time of that block, in seconds.
    /// @param origin Number of the L1 block that is its origin.
    /// @param submission Unix time of submission, in seconds.
    /// @param count Number of proofs.
    function pack(uint256 block_, uint256 timestamp, uint256 origin, uint256 submission, uint256 count)
        internal
        pure
        returns (BatchRecord)
    {
        require(
            block_ >> 48 | origin >> 40 | timestamp >> 32 | submission >> 32 | count >> 8 == 0, SafeCastLib.Overflow()
        );
        return BatchRecord.wrap(block_ | origin << 48 | timestamp << 88 | submission << 120 | count << PROOFS_OFFSET);
    }

    /// @notice The record with what it knows of finality, as the one after `last`, that of output `lastIndex`.
    /// @param finalizableAt Unix time at which the record's own delay has passed, in seconds.
    /// @param time Unix time now, in seconds.
    function follow(BatchRecord record, BatchRecord last, uint256 lastIndex, uint256 finalizableAt, uint256 time)
        internal
        pure
        returns (BatchRecord)
    {
        uint256 bound = FixedPointMathLib.max(finalAt(last), finalizableAt);
        require(bound >> 32 == 0, SafeCastLib.Overflow());
        (uint256 number, uint256 numberFinalAt) =
            checkpointFinalAt(last) <= time ? (lastIndex, finalAt(last)) : (checkpoint(last), checkpointFinalAt(last));
        return BatchRecord.wrap(BatchRecord.unwrap(record) | bound << 152 | number << 184 | numberFinalAt << 216);
    }

    function lastL2Block(BatchRecord record) internal pure returns (uint64) {
        return uint48(BatchRecord.unwrap(record));
    }

    function l1OriginNumber(BatchRecord record) internal pure returns (uint64) {
        return uint40(BatchRecord.unwrap(record) >> 48);
    }

    function lastL2Timestamp(BatchRecord record) internal pure returns (uint64) {
        return uint32(BatchRecord.unwrap(record) >> 88);
    }

    function submittedAt(BatchRecord record) internal pure returns (uint256) {
        return uint32(BatchRecord.unwrap(record) >> 120);
    }

    function finalAt(BatchRecord record) internal pure returns (uint256) {
        return uint32(BatchRecord.unwrap(record) >> 152);
    }

    function checkpoint(BatchRecord record) internal pure returns (uint256) {
        return uint32(BatchRecord.unwrap(record) >> 184);
    }

    function checkpointFinalAt(BatchRecord record) internal pure returns (uint256) {
        return uint32(BatchRecord.unwrap(record) >> 216);
    }

    function proofs(BatchRecord record) internal pure returns (uint256) {
        return BatchRecord.unwrap(record) >> PROOFS_OFFSET;
    }

    function withProofs(BatchRecord record, uint256 count) internal pure returns (BatchRecord) {
        uint256 rest = BatchRecord.unwrap(record) & type(uint248).max;
        return BatchRecord.wrap(rest | uint256(SafeCastLib.toUint8(count)) << PROOFS_OFFSET);
    }
}
