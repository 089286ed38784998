// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICollateralStore} from "./ICollateralStore.sol";
import {IEncodingErrors} from "./IEncodingErrors.sol";
import {IQuoteVerifier} from "./IQuoteVerifier.sol";
import {P256} from "./P256.sol";
import {PckCertificate} from "./PckCertificate.sol";
import {Pem} from "./Pem.sol";
import {PemText} from "./PemText.sol";
import {TdxQuote} from "./TdxQuote.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title QuoteVerifier
/// @notice See {IQuoteVerifier}. Three P-256 checks a quote: attestation key, platform key, issuer. The root's signature of the
/// issuer and all collateral were checked when the store was given them.
contract QuoteVerifier is IQuoteVerifier {
    using TdxQuote for bytes;

    /// @dev Bits of the TD attributes, as they stand in the quote's 8 bytes (Intel TDX module ABI, ATTRIBUTES).
    bytes8 internal constant DEBUG = 0x0100000000000000;
    bytes8 internal constant SEPT_VE_DISABLE = 0x0000001000000000;
    /// @dev Profiling (bits 4 to 6), SERVTD_EXT (17), MIGRATABLE (29) and all reserved bits.
    bytes8 internal constant FORBIDDEN = 0xfeff8227ffffff3f;

    /// @dev Certificates after the platform's.
    uint256 internal constant MAX_ISSUERS = 4;

    /// @inheritdoc IQuoteVerifier
    address public immutable override collateralStore;

    constructor(address store) {
        collateralStore = store;
    }

    /// @inheritdoc IQuoteVerifier
    function verify(bytes calldata quote) external view override returns (Report memory report) {
        TdxQuote.Parts memory parts = TdxQuote.locate(quote);
        _checkTd(quote, parts);
        PckCertificate.Pck memory pck =
            _readPck(quote[parts.certification:parts.certificationEnd], parts.certificationType);
        _checkSignatures(quote, parts, pck);

        ICollateralStore.Assessment memory assessment =
            ICollateralStore(collateralStore).assess(_platform(quote, parts, pck));
        report.status = TcbStatus(uint8(assessment.status));
        report.evaluationNumber = assessment.evaluationNumber;
        // The lower one has 64 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        report.expiresAt = uint64(FixedPointMathLib.min(pck.notAfter, assessment.expiresAt));
        report.fmspc = pck.fmspc;
        report.ppid = pck.ppid;
        report.platformId = _keyHash(pck);
        report.quoteVersion = parts.version;
        report.bodyType = parts.bodyType;
        report.body = quote[parts.body:parts.bodyEnd];
    }

    /// @inheritdoc IQuoteVerifier
    function revokedPlatform(bytes calldata certificate) external view override returns (bytes32 platformId) {
        PckCertificate.Pck memory pck = PckCertificate.parse(certificate);
        _checkIssuer(pck);
        require(
            ICollateralStore(collateralStore).isRevoked(pck.issuer, pck.serial),
            CertificateNotRevoked(pck.issuer, pck.serial)
        );
        return _keyHash(pck);
    }

    /// @dev What no user wants: see `validate_attrs` of dcap-qvl.
    function _checkTd(bytes calldata quote, TdxQuote.Parts memory parts) internal pure {
        bytes8 attributes = bytes8(quote.wordAt(parts.body + 120));
        require(attributes & DEBUG == 0, DebugTd(attributes));
        require(
            attributes & (SEPT_VE_DISABLE | FORBIDDEN) == SEPT_VE_DISABLE,
            UnsafeTdAttributes(attributes, SEPT_VE_DISABLE, FORBIDDEN)
        );
        if (parts.bodyType != TdxQuote.TD10) {
            (bytes32 high, bytes16 low) = (quote.wordAt(parts.body + 600), bytes16(quote.wordAt(parts.body + 632)));
            require(high | bytes32(low) == 0, ServiceTdBound(high, low));
        }
    }

    /// @dev The platform key signed the quoting enclave's report, this reports the attestation key, which signed the quote.
    function _checkSignatures(bytes calldata quote, TdxQuote.Parts memory parts, PckCertificate.Pck memory pck)
        internal
        view
    {
        uint256 qe = parts.qeReport;
        uint256 end = qe + TdxQuote.QE_REPORT_LENGTH;
        require(
            P256.verify(
                quote.sha256Of(qe, TdxQuote.QE_REPORT_LENGTH, 0, 0),
                quote.wordAt(end),
                quote.wordAt(end + 32),
                pck.x,
                pck.y
            ),
            InvalidQeReportSignature()
        );

        // After the signed part: its length, signature r ‖ s, key x ‖ y.
        uint256 signature = parts.bodyEnd + 4;
        bytes32 given = quote.sha256Of(signature + 64, 64, end + 66, TdxQuote.AUTHENTICATION_LENGTH);
        bytes32 reported = quote.wordAt(qe + 320);
        require(given == reported, WrongAttestationKey(given, reported));
        require(
            P256.verify(
                quote.sha256Of(0, parts.bodyEnd, 0, 0),
                quote.wordAt(signature),
                quote.wordAt(signature + 32),
                quote.wordAt(signature + 64),
                quote.wordAt(signature + 96)
            ),
            InvalidQuoteSignature()
        );
    }

    /// @dev The platform certificate, in either form, signed by its issuer and valid now.
    function _readPck(bytes calldata certification, uint16 kind) internal view returns (PckCertificate.Pck memory pck) {
        pck = kind == TdxQuote.PCK_CERTIFICATE ? PckCertificate.parse(certification) : _readChain(certification);
        require(
            pck.notBefore <= block.timestamp && block.timestamp <= pck.notAfter,
            CertificateNotValid(pck.notBefore, pck.notAfter, block.timestamp)
        );
        _checkIssuer(pck);
    }

    /// @dev The certificate at the head of the chain, which holds its issuer's too.
    function _readChain(bytes calldata pem) internal view returns (PckCertificate.Pck memory pck) {
        (bytes memory leaf, uint256 end) = Pem.read(pem, 0);
        if (leaf.length != 0) {
            pck = PckCertificate.parse(leaf);
            if (_isUsualRest(pem, end, pck.issuer)) return pck;
        }
        bytes[] memory certificates = PemText.readAll(pem, 1 + MAX_ISSUERS);
        require(certificates.length != 0, IEncodingErrors.MalformedPem(0));
        pck = PckCertificate.parse(certificates[0]);
        _checkHasIssuer(certificates, pck.issuer);
    }

    /// @dev The issuer of this name signed the certificate.
    function _checkIssuer(PckCertificate.Pck memory pck) internal view {
        (bytes32 x, bytes32 y) = ICollateralStore(collateralStore).issuerKey(pck.issuer);
        require(P256.verify(pck.tbsHash, pck.r, pck.s, x, y), InvalidPckSignature());
    }

    /// @dev Nothing is left of the chain but the zero that ends it as a string of C.
    function _isEnd(bytes calldata pem, uint256 position) internal pure returns (bool) {
        return position == pem.length || (position + 1 == pem.length && pem[position] == 0);
    }

    /// @dev The issuer's certificate is at `position`, as it is usually written, and after it at most one more, the root's,
    /// which says nothing: what the root's key is was pinned.
    function _isUsualRest(bytes calldata pem, uint256 position, bytes32 issuer) internal view returns (bool) {
        uint256 start = _afterLineFeed(pem, position);
        (uint256 length, uint256 end) = Pem.locate(pem, start);
        if (length == 0) return false;
        if (!_isCertificateOf(issuer, keccak256(pem[start:end]))) return false;
        end = _afterLineFeed(pem, end);
        if (_isEnd(pem, end)) return true;
        bool isRoot;
        (isRoot, end) = Pem.check(pem, end);
        return isRoot && _isEnd(pem, _afterLineFeed(pem, end));
    }

    function _afterLineFeed(bytes calldata pem, uint256 position) internal pure returns (uint256) {
        return position < pem.length && pem[position] == "\n" ? position + 1 : position;
    }

    /// @dev One of the certificates after the first is the issuer's.
    function _checkHasIssuer(bytes[] memory certificates, bytes32 issuer) internal view {
        require(certificates.length <= 1 + MAX_ISSUERS, TooManyCertificates(1 + MAX_ISSUERS));
        bool found;
        for (uint256 i = 1; i < certificates.length && !found; ++i) {
            found = _isCertificateOf(issuer, keccak256(certificates[i]));
        }
        require(found, IssuerNotInChain(issuer));
    }

    function _isCertificateOf(bytes32 issuer, bytes32 hash) internal view returns (bool) {
        return ICollateralStore(collateralStore).issuerOfCertificate(hash) == issuer;
    }

    /// @dev What the collateral is asked about.
    function _platform(bytes calldata quote, TdxQuote.Parts memory parts, PckCertificate.Pck memory pck)
        internal
        pure
        returns (ICollateralStore.Platform memory platform)
    {
        platform.issuer = pck.issuer;
        platform.serial = pck.serial;
        platform.fmspc = pck.fmspc;
        platform.pceId = pck.pceId;
        platform.cpuSvn = pck.cpuSvn;
        platform.pceSvn = pck.pceSvn;

        uint256 body = parts.body;
        platform.teeTcbSvn = bytes16(quote.wordAt(body));
        platform.moduleSignerHigh = quote.wordAt(body + 64);
        platform.moduleSignerLow = bytes16(quote.wordAt(body + 96));
        platform.seamAttributes = bytes8(quote.wordAt(body + 112));
        if (parts.bodyType != TdxQuote.TD10) {
            platform.hasTeeTcbSvn2 = true;
            platform.teeTcbSvn2 = bytes16(quote.wordAt(body + 584));
        }

        uint256 qe = parts.qeReport;
        platform.qeMiscSelect = bytes4(quote.wordAt(qe + 16));
        platform.qeAttributes = bytes16(quote.wordAt(qe + 48));
        platform.qeSigner = quote.wordAt(qe + 128);
        platform.qeProductId = quote.uint16At(qe + 256);
        platform.qeSvn = quote.uint16At(qe + 258);
    }

    function _keyHash(PckCertificate.Pck memory pck) internal pure returns (bytes32) {
        return keccak256(abi.encode(pck.x, pck.y));
    }
}
