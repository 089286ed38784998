// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What the rollup stores of a batch beside its output root, in one word that is read once:
/// lastL2Block (bits 0..64) | lastL2Timestamp (64..128) | l1OriginNumber (128..192) | submittedAt (192..232) | proofs (232..240).
type BatchRecord is uint256;

using BatchRecords for BatchRecord global;

/// @title BatchRecords
library BatchRecords {
    uint256 private constant PROOFS_OFFSET = 232;

    /// @param block_ Number of the last L2 block.
    /// @param timestamp Unix time of that block, in seconds.
    /// @param origin Number of the L1 block that is its origin.
    /// @param submission Unix time of submission, in seconds.
    /// @param count Number of proofs.
    function pack(uint64 block_, uint64 timestamp, uint64 origin, uint256 submission, uint256 count)
        internal
        pure
        returns (BatchRecord)
    {
        return BatchRecord.wrap(
            uint256(block_) | uint256(timestamp) << 64 | uint256(origin) << 128
                | uint256(SafeCastLib.toUint40(submission)) << 192 | uint256(SafeCastLib.toUint8(count))
                << PROOFS_OFFSET
        );
    }

    function lastL2Block(BatchRecord record) internal pure returns (uint64) {
        return uint64(BatchRecord.unwrap(record));
    }

    function lastL2Timestamp(BatchRecord record) internal pure returns (uint64) {
        return uint64(BatchRecord.unwrap(record) >> 64);
    }

    function l1OriginNumber(BatchRecord record) internal pure returns (uint64) {
        return uint64(BatchRecord.unwrap(record) >> 128);
    }

    function submittedAt(BatchRecord record) internal pure returns (uint256) {
        return uint40(BatchRecord.unwrap(record) >> 192);
    }

    function proofs(BatchRecord record) internal pure returns (uint256) {
        return BatchRecord.unwrap(record) >> PROOFS_OFFSET;
    }

    function withProofs(BatchRecord record, uint256 count) internal pure returns (BatchRecord) {
        uint256 rest = BatchRecord.unwrap(record) & type(uint232).max;
        return BatchRecord.wrap(rest | uint256(SafeCastLib.toUint8(count)) << PROOFS_OFFSET);
    }
}
