// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title L1Counterpart
/// @notice What a predeploy knows of L1: the contract that it answers to there. The genesis fills it and nobody changes it.
/// @dev To be inherited first: this must be slot 0.
abstract contract L1Counterpart {
    address internal l1Counterpart;
}
