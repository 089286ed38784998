// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IEvaluationListener
/// @notice Hears from the collateral store of each TCB recovery.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IEvaluationListener {
    /// @notice The highest evaluation number of the store's collateral rose to `number`. Reverting refuses that collateral.
    function onEvaluation(uint32 number) external;
}
