// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Delegation
/// @notice Tells accounts that only delegate their code (EIP-7702), and so still belong to their key, from contracts.
library Delegation {
    /// @dev First bytes of a delegation designator; the address follows.
    bytes3 internal constant PREFIX = 0xef0100;
    uint256 internal constant LENGTH = 23;

    /// @dev Whether the account has a delegation designator for its code.
    function isDelegated(address account) internal view returns (bool) {
        return account.code.length == LENGTH && bytes3(account.code) == PREFIX;
    }
}
