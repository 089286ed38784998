// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IQuoteVerifier
/// @notice Verifies Intel TDX quotes up to the root key that the collateral store pins. It stores nothing and decides nothing
/// but what is true of a quote: whether that is good enough is for its caller to say, by the report.
///
/// Quotes (Intel TDX DCAP Quoting Library API, appendix A; numbers little-endian):
///
///     header      48 bytes: version 2, key type 2 (2), TEE type 4 (0x81), QE SVN 2, PCE SVN 2, QE vendor 16, user data 20
///     body        version 4: 584 bytes, a TD 1.0 body
///                 version 5: type 2, size 4, then TD 1.0 (type 2, 584 bytes), TD 1.5 (3, 648) or TD 1.5ex (4, 885)
///     length      4, of what follows
///     signature   64 by the attestation key over all before `length`; the attestation key, 64
///     outer       certification data: type 2, size 4, then
///       QE report   384 bytes, and 64 of the platform key's signature of it
///       auth data   size 2 (32), 32 bytes
///       inner       certification data: type 2 (5 or 4), size 4, the platform certificate (PCK)
///
/// The platform certificate comes in two forms. Full, type 5, as quoting services make it: a PEM chain of the platform
/// certificate, its issuer and the root, of which the issuer's must be one that the store was given. Compact, type 4: the
/// DER of the platform certificate and nothing else; its issuer is found by its Name. No signature covers the form, nor the three
/// sizes around it, so that anybody may compact a quote: it costs a third less gas.
///
/// As `dcap-qvl` does: what follows the quote or one of its parts is ignored (some clouds pad quotes with zeros), and so are the
/// type of the outer certification data and the second half of the QE report's report data.
///
/// What no user wants is refused here: a TD under debug or profiling, migratable, with reserved attributes, bound to a service
/// TD, or without SEPT_VE_DISABLE. Errors are named here, in `IEncodingErrors` (bytes of certificates) and in
/// `ICollateralStore` (what the collateral does not cover).
///
/// Stricter than `dcap-qvl`: platform certificates must be in the form that Intel issues (RFC 5280, keyUsage with
/// digitalSignature and without keyCertSign, the SGX extension's fields in Intel's order).
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IQuoteVerifier {
    /// @notice Intel's verdict on a TCB level, in the order of Intel's own library (sgx_ql_qv_result): worse is not larger.
    enum TcbStatus {
        UpToDate,
        SWHardeningNeeded,
        ConfigurationNeeded,
        ConfigurationAndSWHardeningNeeded,
        OutOfDate,
        OutOfDateConfigurationNeeded,
        Revoked,
        TDRelaunchAdvised,
        TDRelaunchAdvisedConfigurationNeeded
    }

    /// @notice What a genuine quote says.
    struct Report {
        /// Of platform, TDX module and quoting enclave together. Every other than UpToDate deserves suspicion.
        TcbStatus status;
        /// Evaluation number of the collateral that the status rests on.
        uint32 evaluationNumber;
        /// Unix time in seconds up to which certificates and collateral hold.
        uint64 expiresAt;
        /// Family of the machine.
        bytes6 fmspc;
        /// The machine's provisioning identity, which stays when its TCB changes.
        bytes16 ppid;
        /// The machine at its present TCB: keccak256(x ‖ y) of its PCK key.
        bytes32 platformId;
        /// 4 or 5.
        uint16 quoteVersion;
        /// 2 is TD 1.0, 3 is TD 1.5, 4 is TD 1.5ex. Quotes of version 4 have type 2.
        uint16 bodyType;
        /// The TD's report as it stands in the quote; the library `TdReport` reads it.
        bytes body;
    }

    // The quote.

    /// @notice The quote, or a part of it, ends before what its sizes say.
    error QuoteTooShort(uint256 given, uint256 needed);
    /// @notice Only versions 4 and 5 are read.
    error UnsupportedQuoteVersion(uint256 given);
    /// @notice Only ECDSA over P-256 (2) is read.
    error UnsupportedAttestationKeyType(uint256 given);
    /// @notice Not a TDX quote (0x81).
    error NotTdx(bytes4 teeType);
    /// @notice The quote was not made by Intel's quoting enclave.
    error WrongQeVendor(bytes16 given, bytes16 expected);
    /// @notice A body other than TD 1.0 (2), TD 1.5 (3) and TD 1.5ex (4).
    error UnsupportedBodyType(uint256 given);
    /// @notice The body has not the size of its type.
    error WrongBodySize(uint256 given, uint256 expected);
    /// @notice Authentication data of another length than quoting enclaves use.
    error WrongAuthenticationLength(uint256 given, uint256 expected);
    /// @notice The platform certificate is given neither as a PEM chain (5) nor in DER (4).
    error UnsupportedCertificationData(uint256 given);
    /// @notice The attestation key is not the one that the quoting enclave reported.
    error WrongAttestationKey(bytes32 given, bytes32 expected);
    /// @notice The quote is not signed by its attestation key.
    error InvalidQuoteSignature();
    /// @notice The quoting enclave's report is not signed by the platform certificate's key.
    error InvalidQeReportSignature();

    // What no user wants.

    /// @notice A debug TD: its memory is open to the host.
    error DebugTd(bytes8 tdAttributes);
    /// @notice TD attributes that lack one of `required` or have one of `forbidden`.
    error UnsafeTdAttributes(bytes8 tdAttributes, bytes8 required, bytes8 forbidden);
    /// @notice The TD is bound to a service TD: MRSERVICETD (32 and 16 bytes) is not zero.
    error ServiceTdBound(bytes32 high, bytes16 low);

    // Certificates.

    /// @notice Not a platform certificate: it may issue others, may not sign, or lacks Intel's SGX extension.
    error NotAPlatformCertificate();
    /// @notice The certificate is outside its validity.
    error CertificateNotValid(uint256 notBefore, uint256 notAfter, uint256 timestamp);
    /// @notice The platform certificate is not signed by its issuer.
    error InvalidPckSignature();
    /// @notice No certificate after the platform's is one that the store knows of its issuer, keccak256 of whose Name this is.
    error IssuerNotInChain(bytes32 name);
    /// @notice More certificates than a chain has.
    error TooManyCertificates(uint256 most);
    /// @notice No revocation list of its issuer names the certificate.
    error CertificateNotRevoked(bytes32 issuer, uint256 serial);

    /// @notice Verifies `quote`. Reverts if it is forged, malformed, unsafe for everybody, or not covered by collateral that is
    /// in force now.
    function verify(bytes calldata quote) external view returns (Report memory);

    /// @notice The platform of a certificate that its issuer has revoked. Reverts if the issuer did not sign or not revoke it.
    /// @dev The certificate's validity does not matter.
    /// @param certificate The platform certificate (PCK), DER.
    /// @return platformId keccak256(x ‖ y) of its key.
    function revokedPlatform(bytes calldata certificate) external view returns (bytes32 platformId);

    /// @notice What it takes issuers, revocation lists and TCB levels from.
    function collateralStore() external view returns (address);
}
