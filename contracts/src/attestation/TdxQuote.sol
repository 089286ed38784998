// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IQuoteVerifier} from "./IQuoteVerifier.sol";

/// @title TdxQuote
/// @notice Where things are in a TDX quote of version 4 or 5; see {IQuoteVerifier} for the layout.
library TdxQuote {
    /// @notice Positions in a quote that `locate` has found complete.
    struct Parts {
        uint16 version;
        uint16 bodyType;
        /// The body; what the attestation key signs ends with it.
        uint256 body;
        uint256 bodyEnd;
        /// The quoting enclave's report; its signature follows, then the authentication data.
        uint256 qeReport;
        /// The platform's certificate, in the form that its type says.
        uint16 certificationType;
        uint256 certification;
        uint256 certificationEnd;
    }

    uint256 internal constant HEADER_LENGTH = 48;
    uint256 internal constant TD10_LENGTH = 584;
    uint256 internal constant TD15_LENGTH = 648;
    uint256 internal constant TD15EX_LENGTH = 885;
    uint256 internal constant QE_REPORT_LENGTH = 384;
    /// @dev As long as quoting enclaves make it.
    uint256 internal constant AUTHENTICATION_LENGTH = 32;

    uint16 internal constant TD10 = 2;
    uint16 internal constant TD15 = 3;
    uint16 internal constant TD15EX = 4;

    /// @dev ECDSA over P-256.
    uint256 internal constant KEY_TYPE = 2;
    bytes4 internal constant TEE_TYPE = 0x81000000;
    bytes16 internal constant INTEL_QE_VENDOR = 0x939a7233f79c4ca9940a0db3957f0607;
    /// @dev The platform certificate in DER; its chain in PEM.
    uint16 internal constant PCK_CERTIFICATE = 4;
    uint16 internal constant PCK_CHAIN = 5;

    /// @notice Finds the parts of `quote` and checks what its header says. What follows the quote, or ends of its parts that
    /// hold more than they must, are ignored.
    function locate(bytes calldata quote) internal pure returns (Parts memory parts) {
        _need(quote.length, HEADER_LENGTH + 6);
        _checkHeader(quote);
        unchecked {
            // No overflow: sizes have 32 bits, and no position is used before it was found to lie in the quote.
            (parts.version, parts.bodyType, parts.body, parts.bodyEnd) = _locateBody(quote);
            uint256 cursor = parts.bodyEnd;
            _need(quote.length, cursor + 4);
            uint256 end = cursor + 4 + uint32At(quote, cursor);
            _need(quote.length, end);

            // Signature and attestation key; then the outer certification data.
            cursor += 4 + 128;
            _need(end, cursor + 6);
            uint256 outerEnd = cursor + 6 + uint32At(quote, cursor + 2);
            _need(end, outerEnd);
            parts.qeReport = cursor + 6;

            cursor = parts.qeReport + QE_REPORT_LENGTH + 64;
            _need(outerEnd, cursor + 2 + AUTHENTICATION_LENGTH + 6);
            uint256 given = uint16At(quote, cursor);
            require(
                given == AUTHENTICATION_LENGTH, IQuoteVerifier.WrongAuthenticationLength(given, AUTHENTICATION_LENGTH)
            );
            cursor += 2 + AUTHENTICATION_LENGTH;
            parts.certificationType = uint16At(quote, cursor);
            require(
                parts.certificationType == PCK_CHAIN || parts.certificationType == PCK_CERTIFICATE,
                IQuoteVerifier.UnsupportedCertificationData(parts.certificationType)
            );
            parts.certification = cursor + 6;
            parts.certificationEnd = parts.certification + uint32At(quote, cursor + 2);
            _need(outerEnd, parts.certificationEnd);
        }
    }

    /// @notice The 32 bytes at `position`.
    /// @dev What of them lies past the end of the quote is undefined: the caller knows by `locate` which do not.
    function wordAt(bytes calldata quote, uint256 position) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(quote.offset, position))
        }
    }

    /// @notice The little-endian number of 16 bits at `position`.
    function uint16At(bytes calldata quote, uint256 position) internal pure returns (uint16) {
        uint16 reversed = uint16(bytes2(wordAt(quote, position)));
        return reversed >> 8 | reversed << 8;
    }

    /// @notice The little-endian number of 32 bits at `position`.
    function uint32At(bytes calldata quote, uint256 position) internal pure returns (uint256) {
        return uint16At(quote, position) | uint256(uint16At(quote, position + 2)) << 16;
    }

    /// @notice SHA-256 of `length` bytes from `position` on, followed by `length2` bytes from `position2` on.
    function sha256Of(bytes calldata quote, uint256 position, uint256 length, uint256 position2, uint256 length2)
        internal
        view
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            // Past the free memory pointer, for the precompile alone, which cannot fail but for want of gas.
            let free := mload(0x40)
            calldatacopy(free, add(quote.offset, position), length)
            calldatacopy(add(free, length), add(quote.offset, position2), length2)
            if iszero(staticcall(gas(), 0x02, free, add(length, length2), 0x00, 0x20)) { revert(0, 0) }
            hash := mload(0x00)
        }
    }

    function _checkHeader(bytes calldata quote) private pure {
        uint256 given = uint16At(quote, 0);
        require(given == 4 || given == 5, IQuoteVerifier.UnsupportedQuoteVersion(given));
        given = uint16At(quote, 2);
        require(given == KEY_TYPE, IQuoteVerifier.UnsupportedAttestationKeyType(given));
        bytes4 teeType = bytes4(wordAt(quote, 4));
        require(teeType == TEE_TYPE, IQuoteVerifier.NotTdx(teeType));
        bytes16 vendor = bytes16(wordAt(quote, 12));
        require(vendor == INTEL_QE_VENDOR, IQuoteVerifier.WrongQeVendor(vendor, INTEL_QE_VENDOR));
    }

    function _locateBody(bytes calldata quote)
        private
        pure
        returns (uint16 version, uint16 bodyType, uint256 body, uint256 bodyEnd)
    {
        version = uint16At(quote, 0);
        if (version == 4) return (version, TD10, HEADER_LENGTH, HEADER_LENGTH + TD10_LENGTH);
        bodyType = uint16At(quote, HEADER_LENGTH);
        require(bodyType >= TD10 && bodyType <= TD15EX, IQuoteVerifier.UnsupportedBodyType(bodyType));
        uint256 length = bodyType == TD10 ? TD10_LENGTH : bodyType == TD15 ? TD15_LENGTH : TD15EX_LENGTH;
        uint256 given = uint32At(quote, HEADER_LENGTH + 2);
        require(given == length, IQuoteVerifier.WrongBodySize(given, length));
        body = HEADER_LENGTH + 6;
        bodyEnd = body + length;
    }

    function _need(uint256 given, uint256 needed) private pure {
        require(needed <= given, IQuoteVerifier.QuoteTooShort(given, needed));
    }
}
