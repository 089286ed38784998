// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title P256
/// @notice ECDSA over P-256 (secp256r1) through the precompile of EIP-7951.
library P256 {
    address internal constant PRECOMPILE = address(0x100);

    /// @notice Whether (r, s) is the signature of `hash` by the key (x, y). False too where the precompile does not exist.
    /// @dev The answer must be exactly the 32 bytes of the number 1: a failed check, and a call to an account without code,
    /// return nothing.
    function verify(bytes32 hash, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool) {
        (bool success, bytes memory answer) = PRECOMPILE.staticcall(abi.encode(hash, r, s, x, y));
        return success && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    /// @notice `verify` for a signature r ‖ s of 64 bytes, as quotes carry it.
    function verify(bytes32 hash, bytes calldata signature, bytes32 x, bytes32 y) internal view returns (bool) {
        return verify(hash, bytes32(signature[:32]), bytes32(signature[32:64]), x, y);
    }
}
