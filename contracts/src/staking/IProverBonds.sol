// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IProverBonds
/// @notice What stands behind a prover, as `ProverRegistry` and `Rollup` see it.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IProverBonds {
    /// @notice The operator has no bond, too small a bond, a closed pool, or one of a class that does not prove.
    error NotEligible(address operator);
    /// @notice The operator's bond is taken up by batches that are not final.
    error BondExhausted(address operator, uint256 exposure, uint256 active);

    /// @notice Whether `operator` may register a prover now.
    function isEligible(address operator) external view returns (bool);

    /// @notice Reserves the bond of batch `batchIndex` in the pool of each of its `operators`, and releases what they had reserved
    /// for batches that are final by now. Reverts if one of them is not eligible, or has too little left. Rollup only.
    /// @dev Each operator reserves in rising order of batches: nothing is reserved, and nothing is earned, twice for one batch, nor
    /// for one that is before its last, or final already. After a discard this holds for the numbers that are used again: what
    /// was reserved for them stands.
    /// @param operators Distinct.
    /// @param batchIndex Number of the batch. Less than 2^32.
    /// @param finalizedIndex The last batch that is recorded as final.
    function reserve(address[] calldata operators, uint256 batchIndex, uint256 finalizedIndex) external;
}
