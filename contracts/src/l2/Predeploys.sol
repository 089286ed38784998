// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Predeploys
/// @notice Where the L2 genesis places the contracts that others must find.
library Predeploys {
    address internal constant MESSENGER = 0x4200000000000000000000000000000000000007;
    address internal constant STANDARD_BRIDGE = 0x4200000000000000000000000000000000000010;
    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
    address internal constant MESSAGE_PASSER = 0x4200000000000000000000000000000000000016;
}
