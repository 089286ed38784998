// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IEncodingErrors
/// @notice What can be wrong with the bytes of certificates, revocation lists and collateral. `position` is the byte that
/// shows it.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IEncodingErrors {
    /// @notice Not the DER of a certificate or revocation list (RFC 5280), or not of a kind that Intel issues.
    error MalformedDer(uint256 position);
    /// @notice Not a chain of certificates in PEM (RFC 7468), or one with headers.
    error MalformedPem(uint256 position);
    /// @notice Not JSON (RFC 8259), or a value of another type, length or range than the one that must stand here.
    error MalformedJson(uint256 position);
    /// @notice A key that stands in the object twice.
    error DuplicateKey(uint256 position);
    /// @notice The object that ends here lacks keys: the bits that are missing, in the order in which its kind lists them.
    error MissingKeys(uint256 position, uint256 missing);
    /// @notice A critical extension that this verifier does not know.
    error UnknownCriticalExtension(bytes oid);
}
