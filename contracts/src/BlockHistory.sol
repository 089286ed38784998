// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title BlockHistory
/// @notice Hashes of this chain's last 8191 blocks, from the history contract of EIP-2935.
library BlockHistory {
    /// @dev Kept by the protocol itself: each block writes its parent's hash there before its transactions run.
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice Hash of block `blockNumber`; zero if it is not one of the last 8191 blocks.
    function hashOf(uint256 blockNumber) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, blockNumber)
            // The contract reverts for a block that it does not serve. Only a call that answers 32 bytes counts.
            if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), HISTORY, 0x00, 0x20, 0x00, 0x20))) {
                mstore(0x00, 0)
            }
            hash := mload(0x00)
        }
    }
}
