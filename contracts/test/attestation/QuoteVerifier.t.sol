// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";
import {IQuoteVerifier} from "src/attestation/IQuoteVerifier.sol";
import {TdReport} from "src/attestation/TdReport.sol";

/// @notice What the verifier says of genuine quotes, and every way in which it refuses others.
contract QuoteVerifierTest is RegistryTest {
    function test_ReportsWhatTheQuoteSays() public view {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        (spec.reportDataFirst, spec.reportDataSecond) = (keccak256("first"), keccak256("second"));
        IQuoteVerifier.Report memory report = verifier.verify(encode(spec));
        vm.assertEq(uint256(report.status), uint256(IQuoteVerifier.TcbStatus.UpToDate));
        vm.assertEq(report.evaluationNumber, 20);
        vm.assertEq(report.expiresAt, START_TIME + 30 days);
        vm.assertEq(bytes32(report.fmspc), bytes32(FMSPC));
        vm.assertEq(bytes32(report.ppid), bytes32(goodSgx().ppid));
        vm.assertEq(report.platformId, keyHash(PCK_KEY));
        vm.assertEq(report.quoteVersion, 4);
        vm.assertEq(report.bodyType, 2);
        vm.assertEq(report.body, body(spec));
    }

    function test_ReadsTheBody() public view {
        QuoteSpec memory spec = goodQuote(PCK_KEY, 3);
        (spec.reportDataFirst, spec.reportDataSecond) = (keccak256("first"), keccak256("second"));
        bytes memory report = verifier.verify(encode(spec)).body;
        (bytes32 first, bytes32 second) = TdReport.reportData(report);
        vm.assertEq(first, keccak256("first"));
        vm.assertEq(second, keccak256("second"));
        vm.assertEq(TdReport.workloadId(report), workloadOf(spec));
        vm.assertEq(bytes32(TdReport.teeTcbSvn(report)), bytes32(TEE_TCB_SVN));
        vm.assertEq(bytes32(TdReport.teeTcbSvn2(report)), bytes32(spec.teeTcbSvn2));
        vm.assertEq(bytes32(TdReport.seamAttributes(report)), bytes32(0));
        vm.assertEq(bytes32(TdReport.tdAttributes(report)), bytes32(TD_ATTRIBUTES));
        vm.assertEq(bytes32(TdReport.xfam(report)), bytes32(XFAM));
        (bytes32 high, bytes16 low) = TdReport.mrSeam(report);
        vm.assertEq(abi.encodePacked(high, low), measurement("MRSEAM"));
        (high, low) = TdReport.mrSignerSeam(report);
        vm.assertEq(abi.encodePacked(high, low), new bytes(48));
        (high, low) = TdReport.mrTd(report);
        vm.assertEq(abi.encodePacked(high, low), measurement("MRTD"));
        (high, low) = TdReport.mrConfigId(report);
        vm.assertEq(abi.encodePacked(high, low), measurement("MRCONFIGID"));
        (high, low) = TdReport.mrOwner(report);
        vm.assertEq(abi.encodePacked(high, low), new bytes(48));
        (high, low) = TdReport.mrOwnerConfig(report);
        vm.assertEq(abi.encodePacked(high, low), new bytes(48));
        for (uint256 i; i < 4; ++i) {
            (high, low) = TdReport.rtmr(report, i);
            vm.assertEq(abi.encodePacked(high, low), measurement(string.concat("RTMR", vm.toString(i))));
        }
    }

    function test_ReadsEveryBodyOfVersion5() public view {
        for (uint16 kind = 2; kind <= 4; ++kind) {
            QuoteSpec memory spec = goodQuote(PCK_KEY, kind);
            IQuoteVerifier.Report memory report = verifier.verify(encode(spec));
            vm.assertEq(report.quoteVersion, 5);
            vm.assertEq(report.bodyType, kind);
            vm.assertEq(report.body, body(spec));
        }
    }

    function test_TheReportEndsWithThePlatformCertificate() public view {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.notAfter = START_TIME + 3 days;
        QuoteSpec memory spec = compact(goodQuote(PCK_KEY), encode(leaf));
        vm.assertEq(verifier.verify(encode(spec)).expiresAt, START_TIME + 3 days);
    }

    /// @dev Others may judge such platforms for themselves.
    function test_OtherStatusesAreAnswers() public view {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.teeTcbSvn = 0x04010300000000000000000000000000;
        vm.assertEq(uint256(verifier.verify(encode(spec)).status), uint256(IQuoteVerifier.TcbStatus.OutOfDate));
        spec = goodQuote(PCK_KEY, 3);
        spec.teeTcbSvn = 0x04010300000000000000000000000000;
        vm.assertEq(uint256(verifier.verify(encode(spec)).status), uint256(IQuoteVerifier.TcbStatus.TDRelaunchAdvised));
    }

    // Forms.

    function test_WhatFollowsTheQuoteIsIgnored() public view {
        bytes memory quote = encode(goodQuote(PCK_KEY));
        verifier.verify(bytes.concat(quote, new bytes(8000 - quote.length)));
        verifier.verify(bytes.concat(quote, "anything"));
    }

    function test_NeitherTheOuterTypeNorTheReportsPaddingMatters() public view {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.outerCertification = 5;
        spec.qeReportPadding = keccak256("padding");
        verifier.verify(encode(spec));
    }

    function test_AcceptsEveryLayoutOfTheChain() public view {
        bytes memory leaf = pem(encode(pckLeaf(PCK_KEY)));
        bytes memory issuer = pem(encode(platformCa()));
        bytes memory root = pem(encode(rootCertificate()));
        bytes[6] memory chains = [
            bytes.concat(leaf, issuer, root, hex"00"),
            bytes.concat(leaf, issuer, root),
            bytes.concat(leaf, issuer),
            bytes.concat(leaf, "\n", issuer),
            bytes.concat(leaf, root, issuer),
            bytes.concat("Platform:\r\n", bytes(vm.replace(string(bytes.concat(leaf, issuer)), "\n", "\r\n")))
        ];
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        for (uint256 i; i < chains.length; ++i) {
            spec.pemChain = chains[i];
            vm.assertEq(verifier.verify(encode(spec)).platformId, keyHash(PCK_KEY));
        }
        spec = compact(spec, encode(pckLeaf(PCK_KEY)));
        vm.assertEq(verifier.verify(encode(spec)).platformId, keyHash(PCK_KEY));
    }

    function test_RefusesOtherHeaders() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.version = 3;
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.UnsupportedQuoteVersion.selector, 3));
        spec = goodQuote(PCK_KEY);
        spec.keyType = 3;
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.UnsupportedAttestationKeyType.selector, 3));
        spec = goodQuote(PCK_KEY);
        spec.teeType = 0;
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.NotTdx.selector, bytes4(0)));
        spec = goodQuote(PCK_KEY);
        bytes16 intel = spec.qeVendor;
        spec.qeVendor = bytes16(uint128(1));
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.WrongQeVendor.selector, spec.qeVendor, intel));
    }

    function test_RefusesOtherBodies() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY, 3);
        for (uint16 kind; kind < 7; ++kind) {
            if (kind >= 2 && kind <= 4) continue;
            spec.bodyType = kind;
            refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.UnsupportedBodyType.selector, kind));
        }
        for (uint16 kind = 2; kind <= 4; ++kind) {
            spec = goodQuote(PCK_KEY, kind);
            uint256 size = spec.bodySize++;
            refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.WrongBodySize.selector, size + 1, size));
        }
    }

    function test_RefusesOtherAuthenticationData() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.authentication = new bytes(31);
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.WrongAuthenticationLength.selector, 31, 32));
        spec.authentication = new bytes(33);
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.WrongAuthenticationLength.selector, 33, 32));
    }

    function test_RefusesOtherCertificationData() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        for (uint16 kind; kind < 8; ++kind) {
            if (kind == 4 || kind == 5) continue;
            spec.innerCertification = kind;
            refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.UnsupportedCertificationData.selector, kind));
        }
    }

    // What no user wants.

    function test_RefusesDebugTds() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.tdAttributes = TD_ATTRIBUTES | bytes8(0x0100000000000000);
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.DebugTd.selector, spec.tdAttributes));
    }

    /// @dev Every attribute but DEBUG turned over, as `dcap-qvl` has it: those that may be set are ICSSD (16), bits 18 to 22,
    /// LASS (27), PKS (30), KL (31), TPA (62) and PERFMON (63).
    function test_RefusesUnsafeTdAttributes() public {
        uint256 harmless = 1 << 16 | 0x1f << 18 | 1 << 27 | 1 << 30 | 1 << 31 | 1 << 62 | 1 << 63;
        for (uint256 bit = 1; bit < 64; ++bit) {
            QuoteSpec memory spec = goodQuote(PCK_KEY);
            spec.tdAttributes = TD_ATTRIBUTES ^ bytes8(uint64(1 << (8 * (7 - bit / 8) + bit % 8)));
            if (harmless >> bit & 1 != 0) verifier.verify(encode(spec));
            else refuseQuote(spec, IQuoteVerifier.UnsafeTdAttributes.selector);
        }
    }

    function test_RefusesTdsBoundToAServiceTd() public {
        for (uint16 kind = 3; kind <= 4; ++kind) {
            for (uint256 i; i < 48; ++i) {
                QuoteSpec memory spec = goodQuote(PCK_KEY, kind);
                spec.mrServiceTd[i] = 0x80;
                refuseQuote(spec, IQuoteVerifier.ServiceTdBound.selector);
            }
        }
    }

    // Signatures.

    function test_RefusesAnAttestationKeyThatWasNotReported() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.qeReportData = keccak256("another key");
        refuseQuote(spec, IQuoteVerifier.WrongAttestationKey.selector);
    }

    function test_RefusesAQeReportOfAnotherPlatform() public {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pckKey = OTHER_PCK_KEY;
        refuseQuote(spec, abi.encodePacked(IQuoteVerifier.InvalidQeReportSignature.selector));
    }

    function test_RefusesABodyThatWasNotSigned() public {
        bytes memory quote = encode(goodQuote(PCK_KEY));
        quote[48 + 520] ^= 0x01;
        vm.expectRevert(IQuoteVerifier.InvalidQuoteSignature.selector);
        verifier.verify(quote);
    }

    /// @dev Bodies of other versions and types cannot be passed off as each other's.
    function test_RefusesABodyOfAnotherType() public {
        bytes memory quote = encode(goodQuote(PCK_KEY, 4));
        (quote[48], quote[50], quote[51]) = (0x03, 0x88, 0x02);
        vm.expectRevert();
        verifier.verify(quote);
    }

    // Certificates.

    function test_RefusesForgedPlatformCertificates() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.issuerKey = uint256(keccak256("forger"));
        refuseLeaf(encode(leaf), abi.encodePacked(IQuoteVerifier.InvalidPckSignature.selector));
    }

    function test_RefusesPlatformCertificatesOutsideOfTheirValidity() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.notAfter = START_TIME - 1;
        refuseLeaf(encode(leaf), notValid(leaf));
        leaf = pckLeaf(PCK_KEY);
        leaf.notBefore = START_TIME + 1;
        refuseLeaf(encode(leaf), notValid(leaf));
    }

    function test_RefusesWhatIsNoPlatformCertificate() public {
        bytes memory sgx = extension(OID_SGX, false, sgxExtension(goodSgx()));
        bytes[4] memory kinds = [
            bytes.concat(authorityExtensions(), sgx),
            bytes.concat(keyUsage(hex"06c0"), basicConstraints("")),
            bytes.concat(basicConstraints(""), sgx),
            bytes.concat(keyUsage(hex"0204"), basicConstraints(""), sgx)
        ];
        for (uint256 i; i < kinds.length; ++i) {
            CertificateSpec memory leaf = pckLeaf(PCK_KEY);
            leaf.extensions = kinds[i];
            refuseLeaf(encode(leaf), abi.encodePacked(IQuoteVerifier.NotAPlatformCertificate.selector));
        }
    }

    function test_RefusesUnknownCriticalExtensions() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.extensions = bytes.concat(leaf.extensions, extension(hex"551d1e", true, hex"3000"));
        QuoteSpec memory spec = compact(goodQuote(PCK_KEY), encode(leaf));
        refuseQuote(spec, IEncodingErrors.UnknownCriticalExtension.selector);
    }

    function test_RefusesIssuersThatTheStoreDoesNotKnow() public {
        CertificateSpec memory other = platformCa();
        other.subjectName = "Intel SGX PCK Processor CA";
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.issuerName = other.subjectName;
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(leaf)), pem(encode(other)));
        bytes32 issuer = keccak256(name(other.subjectName));
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.IssuerNotInChain.selector, issuer));
        refuseQuote(
            compact(spec, encode(leaf)), abi.encodeWithSelector(ICollateralStore.UnknownAuthority.selector, issuer)
        );
    }

    /// @dev Another certificate of the issuer's name than one that was added.
    function test_RefusesForgedIssuers() public {
        CertificateSpec memory forged = platformCa();
        forged.issuerKey = uint256(keccak256("forger"));
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(pckLeaf(PCK_KEY))), pem(encode(forged)));
        bytes32 issuer = keccak256(name(PLATFORM_CA_NAME));
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.IssuerNotInChain.selector, issuer));
    }

    function test_RefusesPlatformCertificatesOfTheRoot() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        (leaf.issuerName, leaf.issuerKey) = (ROOT_NAME, ROOT_KEY);
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(leaf)), pem(encode(rootCertificate())));
        refuseQuote(spec, IQuoteVerifier.IssuerNotInChain.selector);
        refuseQuote(compact(spec, encode(leaf)), ICollateralStore.UnknownAuthority.selector);
    }

    function test_RefusesChainsWithoutIssuerAndThoseThatAreTooLong() public {
        bytes memory leaf = pem(encode(pckLeaf(PCK_KEY)));
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = leaf;
        refuseQuote(spec, IQuoteVerifier.IssuerNotInChain.selector);
        spec.pemChain = bytes.concat(leaf, leaf, leaf, leaf, leaf, pem(encode(platformCa())));
        refuseQuote(spec, abi.encodeWithSelector(IQuoteVerifier.TooManyCertificates.selector, 5));
        spec.pemChain = "no certificate";
        refuseQuote(spec, abi.encodeWithSelector(IEncodingErrors.MalformedPem.selector, 0));
        spec.pemChain = "";
        refuseQuote(spec, abi.encodeWithSelector(IEncodingErrors.MalformedPem.selector, 0));
    }

    function test_RefusesRevokedPlatformCertificates() public {
        uint256 serial = serialOf(PCK_KEY);
        revokeCertificate(serial);
        refuseQuote(
            goodQuote(PCK_KEY), abi.encodeWithSelector(ICollateralStore.PlatformCertificateRevoked.selector, serial)
        );
        verifier.verify(encode(goodQuote(OTHER_PCK_KEY)));
    }

    function test_NamesThePlatformOfARevokedCertificate() public {
        bytes memory leaf = encode(pckLeaf(PCK_KEY));
        uint256 serial = serialOf(PCK_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IQuoteVerifier.CertificateNotRevoked.selector, keccak256(name(PLATFORM_CA_NAME)), serial
            )
        );
        verifier.revokedPlatform(leaf);
        revokeCertificate(serial);
        vm.assertEq(verifier.revokedPlatform(leaf), keyHash(PCK_KEY));
        // Long after it expired, too.
        vm.warp(3_000_000_000);
        vm.assertEq(verifier.revokedPlatform(leaf), keyHash(PCK_KEY));
    }

    /// @dev With the serial number of a revoked certificate, and the key of a platform that somebody wants revoked.
    function test_AForgedCertificateNamesNoPlatform() public {
        revokeCertificate(serialOf(PCK_KEY));
        CertificateSpec memory forged = pckLeaf(PCK_KEY);
        forged.issuerKey = uint256(keccak256("forger"));
        bytes memory leaf = encode(forged);
        vm.expectRevert(IQuoteVerifier.InvalidPckSignature.selector);
        verifier.revokedPlatform(leaf);
    }

    function refuseQuote(QuoteSpec memory spec, bytes memory reason_) internal {
        bytes memory quote = encode(spec);
        vm.expectRevert(reason_);
        verifier.verify(quote);
    }

    function refuseQuote(QuoteSpec memory spec, bytes4 selector) internal {
        bytes memory quote = encode(spec);
        vm.expectPartialRevert(selector);
        verifier.verify(quote);
    }

    /// @dev In both forms.
    function refuseLeaf(bytes memory leaf, bytes memory reason_) internal {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = fullChain(leaf);
        refuseQuote(spec, reason_);
        refuseQuote(compact(spec, leaf), reason_);
    }

    function notValid(CertificateSpec memory spec) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IQuoteVerifier.CertificateNotValid.selector, spec.notBefore, spec.notAfter, block.timestamp
        );
    }
}
