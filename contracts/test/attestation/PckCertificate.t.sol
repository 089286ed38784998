// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DerWriter} from "../base/DerWriter.sol";
import {SoftwarePki} from "../base/SoftwarePki.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";
import {IQuoteVerifier} from "src/attestation/IQuoteVerifier.sol";
import {PckCertificate} from "src/attestation/PckCertificate.sol";
import {PckTemplate} from "src/attestation/PckTemplate.sol";

/// @title PckReader
/// @notice Both readers, to be called with anything.
contract PckReader {
    function parseAny(bytes memory der) external view returns (PckCertificate.Pck memory) {
        return PckCertificate.parseAny(der);
    }

    function readTemplate(bytes memory der) external view returns (bool ok, PckCertificate.Pck memory pck) {
        ok = PckTemplate.read(der, pck);
    }
}

/// @notice Platform certificates by the template, and by the reader of any: what the first takes, the second reads the same.
contract PckCertificateTest is SoftwarePki {
    uint256 internal constant PCK_KEY = uint256(keccak256("platform 1"));

    PckReader internal reader = new PckReader();

    function test_ReadsWhatWasWritten() public view {
        CertificateSpec memory spec = pckLeaf(PCK_KEY);
        SgxSpec memory sgx = goodSgx();
        PckCertificate.Pck memory pck = reader.parseAny(encode(spec));
        (bytes32 x, bytes32 y) = publicKey(PCK_KEY);
        vm.assertEq(pck.issuer, keccak256(name(PLATFORM_CA_NAME)));
        vm.assertEq(pck.serial, uint256(keccak256(abi.encode(PCK_KEY))) >> 96);
        vm.assertEq(pck.notBefore, spec.notBefore);
        vm.assertEq(pck.notAfter, spec.notAfter);
        vm.assertEq(pck.x, x);
        vm.assertEq(pck.y, y);
        vm.assertEq(bytes32(pck.ppid), bytes32(sgx.ppid));
        vm.assertEq(bytes32(pck.cpuSvn), bytes32(sgx.cpuSvn));
        vm.assertEq(pck.pceSvn, sgx.pceSvn);
        vm.assertEq(bytes32(pck.pceId), bytes32(sgx.pceId));
        vm.assertEq(bytes32(pck.fmspc), bytes32(sgx.fmspc));
        vm.assertEq(pck.tbsHash, sha256(tbs(spec)));
        (bytes32 r, bytes32 s) = vm.signP256(PLATFORM_CA_KEY % P256_ORDER, sha256(tbs(spec)));
        vm.assertEq(pck.r, r);
        vm.assertEq(pck.s, s);
    }

    /// @dev Keys, numbers and dates of every length.
    function testFuzz_TheTemplateTakesIntelsCertificates(
        uint256 key,
        SgxSpec memory sgx,
        uint256 notBefore,
        uint256 notAfter
    ) public view {
        CertificateSpec memory spec = pckLeaf(bound(key, 1, P256_ORDER - 1));
        sgx.pceSvn = bound(sgx.pceSvn, 0, type(uint16).max);
        spec.extensions = leafExtensions(sgx);
        spec.notBefore = bound(notBefore, 0, 2_524_607_999);
        spec.notAfter = bound(notAfter, 0, 2_524_607_999);
        bytes memory der = encode(spec);
        (bool ok, PckCertificate.Pck memory pck) = reader.readTemplate(der);
        // Numbers of three bytes are left to the other reader: Intel's have one or two.
        vm.assertEq(ok, sgx.pceSvn < 0x8000);
        if (ok) vm.assertEq(abi.encode(pck), abi.encode(reader.parseAny(der)));
    }

    /// @dev Two changed bytes, so that lengths and what they measure may agree again.
    function testFuzz_TheTemplateTakesNothingThatTheOtherRefuses(
        uint256 first,
        uint8 change,
        uint256 second,
        uint8 otherChange
    ) public view {
        bytes memory der = encode(pckLeaf(PCK_KEY));
        der[bound(first, 0, der.length - 1)] ^= bytes1(change);
        der[bound(second, 0, der.length - 1)] ^= bytes1(otherChange);
        agree(der);
    }

    function test_TheTemplateTakesNothingThatTheOtherRefusesByteByByte() public view {
        bytes memory der = encode(pckLeaf(PCK_KEY));
        uint8[5] memory changes = [0x01, 0x7f, 0x80, 0xff, 0x04];
        for (uint256 i; i < der.length; ++i) {
            bytes1 held = der[i];
            for (uint256 j; j < changes.length; ++j) {
                der[i] = held ^ bytes1(changes[j]);
                agree(der);
            }
            der[i] = held;
        }
    }

    function testFuzz_RefusesTruncationsAndGarbage(uint256 length, bytes memory garbage) public view {
        bytes memory der = encode(pckLeaf(PCK_KEY));
        length = bound(length, 0, der.length - 1);
        assembly ("memory-safe") {
            mstore(der, length)
        }
        agree(der);
        agree(garbage);
        // Garbage where a certificate's inside is expected.
        agree(DerWriter.sequence(garbage));
        agree(DerWriter.sequence(bytes.concat(DerWriter.sequence(garbage), ECDSA_WITH_SHA256)));
    }

    function testFuzz_RefusesOtherExtensions(bytes memory garbage) public view {
        CertificateSpec memory spec = pckLeaf(PCK_KEY);
        spec.extensions = garbage;
        agree(encode(spec));
        spec.extensions = bytes.concat(keyUsage(hex"06c0"), extension(OID_SGX, false, garbage));
        agree(encode(spec));
        spec.extensions = bytes.concat(leafExtensions(goodSgx()), garbage);
        agree(encode(spec));
    }

    function test_AnExtensionOccursOnce() public {
        bytes[2] memory repeated = [keyUsage(hex"06c0"), extension(OID_SGX, false, sgxExtension(goodSgx()))];
        for (uint256 i; i < 2; ++i) {
            CertificateSpec memory spec = pckLeaf(PCK_KEY);
            spec.extensions = bytes.concat(spec.extensions, repeated[i]);
            bytes memory der = encode(spec);
            agree(der);
            vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
            reader.parseAny(der);
        }
    }

    /// @dev Either reader refuses it, by a named error, or both read the same; the template may leave it to the other.
    function agree(bytes memory der) internal view {
        (bool ok, PckCertificate.Pck memory pck) = reader.readTemplate(der);
        (bool success, bytes memory answer) = address(reader).staticcall(abi.encodeCall(reader.parseAny, (der)));
        if (ok) {
            vm.assertTrue(success);
            vm.assertEq(abi.encode(pck), answer);
        }
        if (success) return;
        bytes4 reason = bytes4(answer);
        vm.assertTrue(
            reason == IEncodingErrors.MalformedDer.selector
                || reason == IEncodingErrors.UnknownCriticalExtension.selector
                || reason == IQuoteVerifier.NotAPlatformCertificate.selector
        );
    }
}
