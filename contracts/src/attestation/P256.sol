// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title P256
/// @notice ECDSA over P-256 (secp256r1) through the precompile of EIP-7951.
library P256 {
    uint256 internal constant PRECOMPILE = 0x100;

    /// @notice Whether (r, s) is the signature of `hash` by the key (x, y). False too where the precompile does not exist.
    /// @dev The answer must be exactly the 32 bytes of the number 1: a failed check, and a call to an account without code,
    /// return nothing.
    function verify(bytes32 hash, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool isValid) {
        assembly ("memory-safe") {
            // Past the free memory pointer, for the precompile alone.
            let free := mload(0x40)
            mstore(free, hash)
            mstore(add(free, 0x20), r)
            mstore(add(free, 0x40), s)
            mstore(add(free, 0x60), x)
            mstore(add(free, 0x80), y)
            mstore(0x00, 0)
            let success := staticcall(gas(), PRECOMPILE, free, 0xa0, 0x00, 0x20)
            isValid := and(and(success, eq(returndatasize(), 0x20)), eq(mload(0x00), 1))
        }
    }

    /// @notice `verify` for a signature r ‖ s of 64 bytes, as quotes carry it.
    function verify(bytes32 hash, bytes calldata signature, bytes32 x, bytes32 y) internal view returns (bool) {
        return verify(hash, bytes32(signature[:32]), bytes32(signature[32:64]), x, y);
    }
}
