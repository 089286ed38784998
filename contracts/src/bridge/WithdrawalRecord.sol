// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice A withdrawal that was proved, in one word: the Unix time of its proof in seconds (bits 0..64) | the number of the output
/// (64..128) | whether it was executed (255). The output's root is not kept: a final output stays what it is.
type WithdrawalRecord is uint256;

using WithdrawalRecords for WithdrawalRecord global;

/// @title WithdrawalRecords
library WithdrawalRecords {
    uint256 private constant FINALIZED = 1 << 255;

    /// @param timestamp Unix time now, in seconds.
    /// @param output Number of an output, which is less than 2^32.
    function proved(uint256 timestamp, uint256 output) internal pure returns (WithdrawalRecord) {
        return WithdrawalRecord.wrap(output << 64 | timestamp);
    }

    function finalized(WithdrawalRecord record) internal pure returns (WithdrawalRecord) {
        return WithdrawalRecord.wrap(WithdrawalRecord.unwrap(record) | FINALIZED);
    }

    function isProven(WithdrawalRecord record) internal pure returns (bool) {
        return WithdrawalRecord.unwrap(record) != 0;
    }

    function isFinalized(WithdrawalRecord record) internal pure returns (bool) {
        return WithdrawalRecord.unwrap(record) >= FINALIZED;
    }

    function provenAt(WithdrawalRecord record) internal pure returns (uint256) {
        return uint64(WithdrawalRecord.unwrap(record));
    }

    function outputIndex(WithdrawalRecord record) internal pure returns (uint256) {
        return uint64(WithdrawalRecord.unwrap(record) >> 64);
    }
}
