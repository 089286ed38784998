// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DerWriter} from "./DerWriter.sol";
import {Test} from "./Test.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

/// @title SoftwarePki
/// @notice Certificates of the shape that Intel's provisioning hierarchy issues, from keys that tests know.
abstract contract SoftwarePki is Test {
    using DerWriter for bytes;

    /// @dev What a certificate says, and who signs it.
    struct CertificateSpec {
        uint256 issuerKey;
        uint256 subjectKey;
        uint256 notBefore;
        uint256 notAfter;
        /// DER of the extensions, one after the other.
        bytes extensions;
    }

    bytes internal constant OID_BASIC_CONSTRAINTS = hex"551d13";
    bytes internal constant OID_KEY_USAGE = hex"551d0f";
    bytes internal constant OID_CRL_DISTRIBUTION_POINTS = hex"551d1f";
    bytes internal constant OID_SUBJECT_KEY_IDENTIFIER = hex"551d0e";
    bytes internal constant OID_SGX = hex"2a864886f84d010d01";
    bytes internal constant ECDSA_WITH_SHA256 = hex"300a06082a8648ce3d040302";
    bytes internal constant P256_KEY_PREFIX = hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004";

    uint256 internal constant ROOT_KEY = uint256(keccak256("root"));
    uint256 internal constant PLATFORM_CA_KEY = uint256(keccak256("platform CA"));

    function rootCertificate() internal pure returns (CertificateSpec memory) {
        return CertificateSpec(ROOT_KEY, ROOT_KEY, 1_526_899_510, 2_524_607_999, authorityExtensions());
    }

    function platformCa() internal pure returns (CertificateSpec memory) {
        return CertificateSpec(ROOT_KEY, PLATFORM_CA_KEY, 1_526_899_810, 2_000_285_410, authorityExtensions());
    }

    function pckLeaf(uint256 pckKey) internal pure returns (CertificateSpec memory) {
        return CertificateSpec(PLATFORM_CA_KEY, pckKey, 1_738_884_351, 1_959_809_151, leafExtensions());
    }

    function authorityExtensions() internal pure returns (bytes memory) {
        return bytes.concat(
            extension(OID_SUBJECT_KEY_IDENTIFIER, false, bytes(hex"00112233445566778899aabbccddeeff00112233").octets()),
            // So long that the certificate has the 666 bytes of Intel's.
            extension(OID_CRL_DISTRIBUTION_POINTS, false, new bytes(283)),
            keyUsage(hex"0106"),
            basicConstraints(hex"0101ff020100")
        );
    }

    function leafExtensions() internal pure returns (bytes memory) {
        return bytes.concat(
            extension(OID_SUBJECT_KEY_IDENTIFIER, false, bytes(hex"ffeeddccbbaa99887766554433221100ffeeddcc").octets()),
            keyUsage(hex"06c0"),
            basicConstraints(""),
            sgxExtension()
        );
    }

    function keyUsage(bytes memory unusedAndBits) internal pure returns (bytes memory) {
        return extension(OID_KEY_USAGE, true, DerWriter.element(0x03, unusedAndBits));
    }

    function basicConstraints(bytes memory content) internal pure returns (bytes memory) {
        return extension(OID_BASIC_CONSTRAINTS, true, content.sequence());
    }

    /// @dev So long that the leaf has the 1269 bytes of Intel's. Its content is not looked at here.
    function sgxExtension() internal pure returns (bytes memory) {
        return extension(OID_SGX, false, new bytes(878).octets().sequence());
    }

    function extension(bytes memory id, bool critical, bytes memory value) internal pure returns (bytes memory) {
        return bytes.concat(id.oid(), critical ? bytes(hex"0101ff") : bytes(""), value.octets()).sequence();
    }

    function encode(CertificateSpec memory spec) internal pure returns (bytes memory) {
        return signedBy(spec.issuerKey, tbs(spec));
    }

    /// @dev The part that is signed.
    function tbs(CertificateSpec memory spec) internal pure returns (bytes memory) {
        bytes memory serial = DerWriter.integer(uint256(keccak256(abi.encode(spec.subjectKey))) >> 96);
        bytes memory validity = bytes.concat(time(spec.notBefore), time(spec.notAfter)).sequence();
        bytes memory subject = bytes.concat(name("Subject"), publicKeyInfo(spec.subjectKey));
        bytes memory extensions = DerWriter.element(0xa3, spec.extensions.sequence());
        bytes memory issuer = bytes.concat(ECDSA_WITH_SHA256, name("Issuer"));
        return bytes.concat(hex"a003020102", serial, issuer, validity, subject, extensions).sequence();
    }

    function signedBy(uint256 key, bytes memory body) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(key % P256_ORDER, sha256(body));
        bytes memory signature = bytes.concat(DerWriter.integer(uint256(r)), DerWriter.integer(uint256(s))).sequence();
        return bytes.concat(body, ECDSA_WITH_SHA256, signature.bits()).sequence();
    }

    uint256 internal constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;

    function publicKey(uint256 key) internal pure returns (bytes32 x, bytes32 y) {
        (uint256 keyX, uint256 keyY) = vm.publicKeyP256(key % P256_ORDER);
        return (bytes32(keyX), bytes32(keyY));
    }

    function keyHash(uint256 key) internal pure returns (bytes32) {
        (bytes32 x, bytes32 y) = publicKey(key);
        return keccak256(abi.encode(x, y));
    }

    function publicKeyInfo(uint256 key) internal pure returns (bytes memory) {
        (bytes32 x, bytes32 y) = publicKey(key);
        return bytes.concat(P256_KEY_PREFIX, x, y);
    }

    function name(string memory commonName) internal pure returns (bytes memory) {
        bytes memory attribute =
            bytes.concat(bytes(hex"550403").oid(), DerWriter.element(0x0c, bytes(commonName))).sequence();
        return DerWriter.element(0x31, attribute).sequence();
    }

    /// @dev UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5).
    function time(uint256 timestamp) internal pure returns (bytes memory) {
        (uint256 year, uint256 month, uint256 day, uint256 hour, uint256 minute, uint256 second) =
            DateTimeLib.timestampToDateTime(timestamp);
        bytes memory rest = bytes.concat(two(year % 100), two(month), two(day));
        rest = bytes.concat(rest, two(hour), two(minute), two(second), "Z");
        if (year < 2050) return DerWriter.element(0x17, rest);
        return DerWriter.element(0x18, bytes.concat(two(year / 100), rest));
    }

    function two(uint256 value) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0x30 + value / 10), uint8(0x30 + value % 10));
    }

    /// @dev PEM with lines of 64 characters.
    function pem(bytes memory der) internal pure returns (bytes memory text) {
        bytes memory base64 = bytes(vm.toBase64(der));
        text = "-----BEGIN CERTIFICATE-----\n";
        for (uint256 i; i < base64.length; i += 64) {
            uint256 length = base64.length - i < 64 ? base64.length - i : 64;
            text = bytes.concat(text, slice(base64, i, length), "\n");
        }
        text = bytes.concat(text, "-----END CERTIFICATE-----\n");
    }

    function slice(bytes memory data, uint256 start, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = data[start + i];
        }
    }
}
