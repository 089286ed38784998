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
        string issuerName;
        string subjectName;
        uint256 issuerKey;
        uint256 subjectKey;
        uint256 notBefore;
        uint256 notAfter;
        /// DER of the extensions, one after the other.
        bytes extensions;
    }

    /// @dev What the SGX extension of a platform's certificate says.
    struct SgxSpec {
        bytes16 ppid;
        bytes16 cpuSvn;
        uint256 pceSvn;
        bytes2 pceId;
        bytes6 fmspc;
    }

    bytes internal constant OID_BASIC_CONSTRAINTS = hex"551d13";
    bytes internal constant OID_KEY_USAGE = hex"551d0f";
    bytes internal constant OID_CRL_DISTRIBUTION_POINTS = hex"551d1f";
    bytes internal constant OID_SUBJECT_KEY_IDENTIFIER = hex"551d0e";
    bytes internal constant OID_AUTHORITY_KEY_IDENTIFIER = hex"551d23";
    bytes internal constant OID_SGX = hex"2a864886f84d010d01";
    bytes internal constant ECDSA_WITH_SHA256 = hex"300a06082a8648ce3d040302";
    bytes internal constant P256_KEY_PREFIX = hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004";

    uint256 internal constant ROOT_KEY = uint256(keccak256("root"));
    uint256 internal constant PLATFORM_CA_KEY = uint256(keccak256("platform CA"));
    string internal constant ROOT_NAME = "Intel SGX Root CA";
    string internal constant PLATFORM_CA_NAME = "Intel SGX PCK Platform CA";
    string internal constant PCK_NAME = "Intel SGX PCK Certificate";

    function rootCertificate() internal pure returns (CertificateSpec memory) {
        return
            CertificateSpec(
                ROOT_NAME, ROOT_NAME, ROOT_KEY, ROOT_KEY, 1_526_899_510, 2_524_607_999, authorityExtensions()
            );
    }

    function platformCa() internal pure returns (CertificateSpec memory) {
        return CertificateSpec(
            ROOT_NAME, PLATFORM_CA_NAME, ROOT_KEY, PLATFORM_CA_KEY, 1_526_899_810, 2_000_285_410, authorityExtensions()
        );
    }

    function pckLeaf(uint256 pckKey) internal pure returns (CertificateSpec memory) {
        return CertificateSpec(
            PLATFORM_CA_NAME, PCK_NAME, PLATFORM_CA_KEY, pckKey, 1_738_884_351, 1_959_809_151, leafExtensions(goodSgx())
        );
    }

    /// @dev The machine that Intel's newest quotes come from.
    function goodSgx() internal pure returns (SgxSpec memory) {
        return SgxSpec({
            ppid: 0x811dca2a26b952e85bb6448b097ba4fd,
            cpuSvn: 0x03030202040100050000000000000000,
            pceSvn: 11,
            pceId: 0,
            fmspc: 0xb0c06f000000
        });
    }

    /// @dev As long as Intel's, as is what a certificate says of its issuer and itself, so that certificates are too.
    function authorityExtensions() internal pure returns (bytes memory) {
        return bytes.concat(identifiers(75), keyUsage(hex"0106"), basicConstraints(hex"0101ff020100"));
    }

    function leafExtensions(SgxSpec memory sgx) internal pure returns (bytes memory) {
        return bytes.concat(
            identifiers(100), keyUsage(hex"06c0"), basicConstraints(""), extension(OID_SGX, false, sgxExtension(sgx))
        );
    }

    /// @dev Authority key identifier, CRL distribution points of `length` bytes, and subject key identifier.
    function identifiers(uint256 length) internal pure returns (bytes memory) {
        bytes memory id = hex"00112233445566778899aabbccddeeff00112233";
        return bytes.concat(
            extension(OID_AUTHORITY_KEY_IDENTIFIER, false, DerWriter.element(0x80, id).sequence()),
            extension(OID_CRL_DISTRIBUTION_POINTS, false, DerWriter.element(0x30, new bytes(length - 2))),
            extension(OID_SUBJECT_KEY_IDENTIFIER, false, id.octets())
        );
    }

    function keyUsage(bytes memory unusedAndBits) internal pure returns (bytes memory) {
        return extension(OID_KEY_USAGE, true, DerWriter.element(0x03, unusedAndBits));
    }

    function basicConstraints(bytes memory content) internal pure returns (bytes memory) {
        return extension(OID_BASIC_CONSTRAINTS, true, content.sequence());
    }

    /// @dev Intel SGX PCK Certificate and CRL Profile, 1.3.5, with platform instance id and configuration.
    function sgxExtension(SgxSpec memory sgx) internal pure returns (bytes memory) {
        bytes memory tcb;
        for (uint8 i; i < 16; ++i) {
            tcb = bytes.concat(tcb, sgxField(hex"02", i + 1, DerWriter.integer(uint8(sgx.cpuSvn[i]))));
        }
        tcb = bytes.concat(tcb, sgxField(hex"02", 17, DerWriter.integer(sgx.pceSvn)));
        tcb = bytes.concat(tcb, sgxField(hex"02", 18, abi.encodePacked(sgx.cpuSvn).octets()));
        bytes memory configuration;
        for (uint8 i = 1; i < 4; ++i) {
            configuration = bytes.concat(configuration, sgxField(hex"07", i, hex"0101ff"));
        }
        bytes memory fields = bytes.concat(
            sgxField("", 1, abi.encodePacked(sgx.ppid).octets()),
            sgxField("", 2, tcb.sequence()),
            sgxField("", 3, abi.encodePacked(sgx.pceId).octets()),
            sgxField("", 4, abi.encodePacked(sgx.fmspc).octets())
        );
        return bytes.concat(
                fields,
                sgxField("", 5, hex"0a0101"),
                sgxField("", 6, new bytes(16).octets()),
                sgxField("", 7, configuration.sequence())
            ).sequence();
    }

    function sgxField(bytes memory group, uint8 number, bytes memory value) internal pure returns (bytes memory) {
        return bytes.concat(bytes.concat(OID_SGX, group, bytes1(number)).oid(), value).sequence();
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
        bytes memory subject = bytes.concat(name(spec.subjectName), publicKeyInfo(spec.subjectKey));
        bytes memory extensions = DerWriter.element(0xa3, spec.extensions.sequence());
        bytes memory issuer = bytes.concat(ECDSA_WITH_SHA256, name(spec.issuerName));
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

    /// @dev A Name as all of Intel's are.
    function name(string memory commonName) internal pure returns (bytes memory) {
        return bytes.concat(
                attribute(hex"550403", 0x0c, commonName),
                attribute(hex"55040a", 0x0c, "Intel Corporation"),
                attribute(hex"550407", 0x0c, "Santa Clara"),
                attribute(hex"550408", 0x0c, "CA"),
                attribute(hex"550406", 0x13, "US")
            ).sequence();
    }

    function attribute(bytes memory id, uint8 tag, string memory value) internal pure returns (bytes memory) {
        return DerWriter.element(0x31, bytes.concat(id.oid(), DerWriter.element(tag, bytes(value))).sequence());
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
