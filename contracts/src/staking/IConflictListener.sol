// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IConflictListener
/// @notice Learns from the rollup which operators signed what cannot both be true. It never refuses to hear it.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IConflictListener {
    /// @notice One key of `operator` signed two results of the same input: told once for each key, also after a dispute of it.
    /// Rollup only.
    /// @param evidence Identifies the two signed transitions: keccak256 of their digests.
    /// @param reporter Who showed it.
    function onEquivocation(address operator, bytes32 evidence, address reporter) external;

    /// @notice Two keys, of `operatorA` and `operatorB`, signed different results of the same input: one of them, or both, are
    /// wrong. The two may be the same. Rollup only.
    function onDispute(address operatorA, address operatorB, bytes32 evidence, address reporter) external;
}
