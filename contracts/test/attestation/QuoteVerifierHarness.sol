// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {ProverRegistry} from "src/attestation/ProverRegistry.sol";

/// @title QuoteVerifierHarness
/// @notice The registry with its verifier laid open: a genuine quote was made for somebody else's reportData, so it can be
/// verified but not registered.
contract QuoteVerifierHarness is ProverRegistry {
    constructor(IProverRegistry.Config memory config) ProverRegistry(config) {}

    /// @notice The registry's verification of `quote`, all but reportData and workload.
    function verify(bytes calldata quote) external view returns (bytes32 platformId, uint256 expiresAt) {
        return _verify(quote);
    }
}
