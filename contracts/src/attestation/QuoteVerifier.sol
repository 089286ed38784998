// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProverRegistry} from "./IProverRegistry.sol";
import {P256} from "./P256.sol";
import {Pem} from "./Pem.sol";
import {TdxQuote} from "./TdxQuote.sol";
import {X509} from "./X509.sol";

/// @title QuoteVerifier
/// @notice Verifies TDX quotes up to a pinned root key: attestation key, quoting enclave, platform certificate, cached
/// intermediate. Three P-256 checks a quote; the root's signature of the intermediate is checked once, when it is cached.
abstract contract QuoteVerifier is IProverRegistry {
    /// @dev Intel SGX Root CA.
    bytes32 internal constant INTEL_ROOT_X = 0x0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5;
    bytes32 internal constant INTEL_ROOT_Y = 0x67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394;

    uint256 internal constant ETHEREUM_MAINNET = 1;

    /// @dev Bits of the TD attributes, as they stand in the quote's 8 bytes (Intel TDX module ABI, ATTRIBUTES).
    bytes8 internal constant DEBUG = 0x0100000000000000;
    bytes8 internal constant SEPT_VE_DISABLE = 0x0000001000000000;
    bytes8 internal constant MIGRATABLE = 0x0000002000000000;

    /// @inheritdoc IProverRegistry
    bytes8 public immutable override tdAttributes;
    /// @inheritdoc IProverRegistry
    bytes8 public immutable override xfam;

    bytes32 internal immutable rootX;
    bytes32 internal immutable rootY;

    /// @inheritdoc IProverRegistry
    mapping(bytes32 keyHash => uint256 expiresAt) public override intermediateExpiresAt;

    constructor(Config memory config) {
        require(
            block.chainid != ETHEREUM_MAINNET || (config.rootX == INTEL_ROOT_X && config.rootY == INTEL_ROOT_Y),
            NotIntelRoot(config.rootX, config.rootY)
        );
        require(
            config.tdAttributes & (DEBUG | MIGRATABLE | SEPT_VE_DISABLE) == SEPT_VE_DISABLE,
            UnsafeTdAttributes(config.tdAttributes)
        );
        rootX = config.rootX;
        rootY = config.rootY;
        tdAttributes = config.tdAttributes;
        xfam = config.xfam;
    }

    /// @inheritdoc IProverRegistry
    function addIntermediate(bytes calldata der) external override {
        X509.Certificate memory certificate = X509.parse(der);
        require(certificate.x != rootX || certificate.y != rootY, RootIsNotIntermediate());
        require(certificate.isAuthority && certificate.keyUsage & X509.KEY_CERT_SIGN != 0, NotAnAuthority());
        _checkValidity(certificate);
        require(X509.isSignedBy(certificate, rootX, rootY), NotSignedByRoot());

        bytes32 keyHash = _keyHash(certificate.x, certificate.y);
        if (certificate.notAfter <= intermediateExpiresAt[keyHash]) return;
        intermediateExpiresAt[keyHash] = certificate.notAfter;
        emit IntermediateAdded(keyHash, certificate.notAfter);
    }

    /// @inheritdoc IProverRegistry
    function rootKey() external view override returns (bytes32 x, bytes32 y) {
        return (rootX, rootY);
    }

    /// @dev Verifies `quote` but for its reportData and workload.
    /// @return platformId keccak256 of the platform certificate's key.
    /// @return expiresAt When the first of the certificates it rests on expires.
    function _verify(bytes calldata quote) internal view returns (bytes32 platformId, uint256 expiresAt) {
        (bytes calldata authentication, bytes calldata pem) = TdxQuote.parse(quote);
        _checkPolicy(quote);
        _checkAttestationKey(quote, authentication);

        X509.Certificate memory leaf;
        (leaf, expiresAt) = _verifyChain(pem);
        require(
            P256.verify(sha256(TdxQuote.qeReport(quote)), TdxQuote.qeReportSignature(quote), leaf.x, leaf.y),
            InvalidQeReportSignature()
        );
        platformId = _keyHash(leaf.x, leaf.y);
    }

    /// @dev The attestation key signed the quote, and is the one that the quoting enclave reported.
    function _checkAttestationKey(bytes calldata quote, bytes calldata authentication) internal view {
        bytes calldata key = TdxQuote.attestationKey(quote);
        require(
            P256.verify(
                sha256(TdxQuote.signedPart(quote)), TdxQuote.signature(quote), bytes32(key[:32]), bytes32(key[32:])
            ),
            InvalidQuoteSignature()
        );
        (bytes32 reported, bytes32 padding) = TdxQuote.qeReportData(quote);
        bytes32 given = sha256(bytes.concat(key, authentication));
        require(reported == given && padding == bytes32(0), WrongAttestationKey(given, reported));
    }

    /// @dev The guest's properties that no workload may differ in.
    function _checkPolicy(bytes calldata quote) internal view {
        bytes8 given = TdxQuote.tdAttributes(quote);
        require(given & DEBUG == 0, DebugTd(given));
        require(given == tdAttributes, WrongTdAttributes(given, tdAttributes));
        given = TdxQuote.xfam(quote);
        require(given == xfam, WrongXfam(given, xfam));
        require(TdxQuote.hasIntelModule(quote), WrongModuleSigner());
    }

    /// @dev The platform certificate at the head of `pem`, signed by the intermediate after it, which must be cached.
    function _verifyChain(bytes calldata pem) internal view returns (X509.Certificate memory leaf, uint256 expiresAt) {
        (bytes memory der, uint256 next) = Pem.read(pem, 0);
        leaf = X509.parse(der);
        require(
            !leaf.isAuthority && leaf.keyUsage & X509.KEY_CERT_SIGN == 0 && leaf.keyUsage & X509.DIGITAL_SIGNATURE != 0
                && leaf.hasSgxExtension,
            NotAPlatformCertificate()
        );
        _checkValidity(leaf);

        (der,) = Pem.read(pem, next);
        (bytes32 x, bytes32 y) = X509.publicKey(der);
        bytes32 keyHash = _keyHash(x, y);
        expiresAt = intermediateExpiresAt[keyHash];
        require(block.timestamp <= expiresAt, IntermediateNotCached(keyHash, expiresAt));
        require(X509.isSignedBy(leaf, x, y), InvalidPckSignature());
        if (leaf.notAfter < expiresAt) expiresAt = leaf.notAfter;
    }

    function _checkValidity(X509.Certificate memory certificate) internal view {
        require(
            certificate.notBefore <= block.timestamp && block.timestamp <= certificate.notAfter,
            CertificateNotValid(certificate.notBefore, certificate.notAfter, block.timestamp)
        );
    }

    function _keyHash(bytes32 x, bytes32 y) internal pure returns (bytes32) {
        return keccak256(abi.encode(x, y));
    }
}
