// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProverRegistry} from "./IProverRegistry.sol";

/// @title TdxQuote
/// @notice Where things are in a v4 TDX quote (Intel TDX DCAP Quoting Library API, appendix 3). Numbers are little-endian.
///
///     0     header, 48 bytes: version 2, key type 2, TEE type 4, reserved 4, QE vendor 16, user data 20
///     48    TD report body, 584 bytes
///     632   length of what follows 4
///     636   signature of [0, 632) 64, attestation key 64
///     764   certification data: type 2 (6), length 4, then
///     770     QE report 384, its signature 64
///     1218    authentication data: length 2, bytes
///     ...     certification data: type 2 (5), length 4, PEM chain
library TdxQuote {
    uint256 internal constant SIGNED_LENGTH = 632;
    uint256 internal constant FIXED_LENGTH = 1220;

    uint256 internal constant VERSION = 4;
    /// @dev ECDSA over P-256.
    uint256 internal constant KEY_TYPE = 2;
    bytes4 internal constant TEE_TYPE = 0x81000000;
    bytes16 internal constant INTEL_QE_VENDOR = 0x939a7233f79c4ca9940a0db3957f0607;
    /// @dev QE report with its own certification data.
    uint256 internal constant QE_REPORT_CERTIFICATION = 6;
    /// @dev PEM chain of the platform certificate.
    uint256 internal constant PCK_CHAIN_CERTIFICATION = 5;

    /// @notice Checks that `quote` is a v4 TDX quote of Intel's quoting enclave and that all its lengths fit exactly, so that
    /// the accessors below cannot reach past its end.
    /// @return authentication The quoting enclave's authentication data.
    /// @return pem The platform certificate's chain.
    function parse(bytes calldata quote) internal pure returns (bytes calldata authentication, bytes calldata pem) {
        require(quote.length >= FIXED_LENGTH, IProverRegistry.WrongQuoteLength(quote.length, FIXED_LENGTH));
        uint256 given = _uint16(quote, 0);
        require(given == VERSION, IProverRegistry.UnsupportedQuoteVersion(given));
        given = _uint16(quote, 2);
        require(given == KEY_TYPE, IProverRegistry.UnsupportedAttestationKeyType(given));
        require(bytes4(quote[4:8]) == TEE_TYPE, IProverRegistry.NotTdx(bytes4(quote[4:8])));
        require(bytes16(quote[12:28]) == INTEL_QE_VENDOR, IProverRegistry.WrongQeVendor(bytes16(quote[12:28])));

        _checkEnd(quote, SIGNED_LENGTH + 4 + _uint32(quote, SIGNED_LENGTH));
        _checkType(_uint16(quote, 764), QE_REPORT_CERTIFICATION);
        _checkEnd(quote, 770 + _uint32(quote, 766));

        uint256 cursor = FIXED_LENGTH + _uint16(quote, 1218);
        require(cursor + 6 <= quote.length, IProverRegistry.WrongQuoteLength(quote.length, cursor + 6));
        authentication = quote[FIXED_LENGTH:cursor];
        _checkType(_uint16(quote, cursor), PCK_CHAIN_CERTIFICATION);
        _checkEnd(quote, cursor + 6 + _uint32(quote, cursor + 2));
        pem = quote[cursor + 6:];
    }

    // The accessors below hold for a quote that `parse` accepted.

    /// @notice What the attestation key signs: header and body.
    function signedPart(bytes calldata quote) internal pure returns (bytes calldata) {
        return quote[:SIGNED_LENGTH];
    }

    /// @notice MRSIGNERSEAM (48 bytes) and SEAMATTRIBUTES (8 bytes) are zero: the TDX module is Intel's own.
    function hasIntelModule(bytes calldata quote) internal pure returns (bool) {
        return (bytes32(quote[112:144]) | bytes24(quote[144:168])) == 0;
    }

    function tdAttributes(bytes calldata quote) internal pure returns (bytes8) {
        return bytes8(quote[168:176]);
    }

    function xfam(bytes calldata quote) internal pure returns (bytes8) {
        return bytes8(quote[176:184]);
    }

    /// @notice keccak256(MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID).
    function workloadId(bytes calldata quote) internal pure returns (bytes32) {
        return keccak256(bytes.concat(quote[184:232], quote[376:520], quote[232:280]));
    }

    function reportData(bytes calldata quote) internal pure returns (bytes32 first, bytes32 second) {
        return (bytes32(quote[568:600]), bytes32(quote[600:632]));
    }

    function signature(bytes calldata quote) internal pure returns (bytes calldata) {
        return quote[636:700];
    }

    function attestationKey(bytes calldata quote) internal pure returns (bytes calldata) {
        return quote[700:764];
    }

    /// @notice The quoting enclave's SGX report.
    function qeReport(bytes calldata quote) internal pure returns (bytes calldata) {
        return quote[770:1154];
    }

    /// @notice The platform key's signature of the quoting enclave's report.
    function qeReportSignature(bytes calldata quote) internal pure returns (bytes calldata) {
        return quote[1154:1218];
    }

    /// @notice reportData of the quoting enclave's report.
    function qeReportData(bytes calldata quote) internal pure returns (bytes32 first, bytes32 second) {
        return (bytes32(quote[1090:1122]), bytes32(quote[1122:1154]));
    }

    function _checkEnd(bytes calldata quote, uint256 end) private pure {
        require(end == quote.length, IProverRegistry.WrongQuoteLength(quote.length, end));
    }

    function _checkType(uint256 given, uint256 expected) private pure {
        require(given == expected, IProverRegistry.UnsupportedCertificationData(given, expected));
    }

    function _uint16(bytes calldata data, uint256 position) private pure returns (uint256) {
        return uint256(uint8(data[position])) | uint256(uint8(data[position + 1])) << 8;
    }

    function _uint32(bytes calldata data, uint256 position) private pure returns (uint256) {
        return _uint16(data, position) | _uint16(data, position + 2) << 16;
    }
}
