// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IEncodingErrors} from "./IEncodingErrors.sol";

/// @title Der
/// @notice Reads DER (ITU-T X.690) elements out of memory, and never past the end it is given.
///
/// An element is tag, length, content. Positions are byte offsets into the buffer; a range is [start, end).
library Der {
    uint256 internal constant BOOLEAN = 0x01;
    uint256 internal constant INTEGER = 0x02;
    uint256 internal constant BIT_STRING = 0x03;
    uint256 internal constant OCTET_STRING = 0x04;
    uint256 internal constant OBJECT_IDENTIFIER = 0x06;
    uint256 internal constant UTF8_STRING = 0x0c;
    uint256 internal constant UTC_TIME = 0x17;
    uint256 internal constant GENERALIZED_TIME = 0x18;
    uint256 internal constant SEQUENCE = 0x30;
    uint256 internal constant SET = 0x31;
    /// @dev Context-specific, constructed, numbers 0 and 3.
    uint256 internal constant EXPLICIT_0 = 0xa0;
    uint256 internal constant EXPLICIT_3 = 0xa3;

    /// @notice The content of the element at `position`, which must have `tag` and lie before `limit`.
    /// @dev Lengths are those of definite form up to 65,535, shortest encoding: longer ones do not occur in a certificate.
    /// @return start First byte of the content.
    /// @return end First byte after the element.
    function read(bytes memory der, uint256 position, uint256 limit, uint256 tag)
        internal
        pure
        returns (uint256 start, uint256 end)
    {
        bool valid;
        assembly ("memory-safe") {
            // The header's four bytes may lie past the limit: an element that ends before it has its header before it.
            let header := mload(add(add(der, 0x20), position))
            let length := byte(1, header)
            start := add(position, 2)
            valid := and(eq(byte(0, header), tag), iszero(gt(limit, mload(der))))
            if gt(length, 0x7f) {
                // One byte of length that needs it, or two.
                switch length
                case 0x81 {
                    length := byte(2, header)
                    start := add(position, 3)
                    valid := and(valid, gt(length, 0x7f))
                }
                case 0x82 {
                    length := and(shr(224, header), 0xffff)
                    start := add(position, 4)
                    valid := and(valid, gt(length, 0xff))
                }
                default { valid := 0 }
            }
            end := add(start, length)
            // Positions are far below the point of overflow: they are those of a buffer, or up to 65,539 bytes after it.
            valid := and(valid, iszero(gt(end, limit)))
        }
        require(valid, IEncodingErrors.MalformedDer(position));
    }

    /// @notice The first byte after the element at `position`, which must have `tag` and lie before `limit`.
    function skip(bytes memory der, uint256 position, uint256 limit, uint256 tag) internal pure returns (uint256 end) {
        (, end) = read(der, position, limit, tag);
    }

    /// @notice The non-negative INTEGER at `position`, of at most 256 bits.
    function readUint256(bytes memory der, uint256 position, uint256 limit)
        internal
        pure
        returns (uint256 value, uint256 end)
    {
        uint256 start;
        (start, end) = read(der, position, limit, INTEGER);
        uint256 length = end - start;
        require(length != 0 && byteAt(der, start) < 0x80, IEncodingErrors.MalformedDer(position));
        if (length > 1 && byteAt(der, start) == 0) {
            // A leading zero only keeps the next byte from being a sign.
            require(byteAt(der, start + 1) >= 0x80, IEncodingErrors.MalformedDer(position));
            ++start;
            --length;
        }
        require(length <= 32, IEncodingErrors.MalformedDer(position));
        value = uint256(wordAt(der, start)) >> (8 * (32 - length));
    }

    /// @notice The byte at `position`.
    /// @dev The caller has checked that it lies in the buffer.
    function byteAt(bytes memory der, uint256 position) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(add(add(der, 0x20), position)))
        }
    }

    /// @notice The 32 bytes from `position` on.
    /// @dev The caller has checked that those it uses lie in the buffer; what comes after the buffer is undefined.
    function wordAt(bytes memory der, uint256 position) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := mload(add(add(der, 0x20), position))
        }
    }

    /// @notice The first 32 bytes of the range; zeros after its end if it is shorter.
    /// @dev The caller has checked that it lies in the buffer.
    function leading(bytes memory der, uint256 start, uint256 end) internal pure returns (bytes32) {
        unchecked {
            // A shift by 256 or more leaves nothing.
            return wordAt(der, start) & ~bytes32(type(uint256).max >> (8 * (end - start)));
        }
    }

    /// @notice keccak256 of the range.
    /// @dev The caller has checked that it lies in the buffer.
    function keccak256Of(bytes memory der, uint256 start, uint256 end) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(add(der, 0x20), start), sub(end, start))
        }
    }

    /// @notice SHA-256 of the range.
    /// @dev The caller has checked that it lies in the buffer.
    function sha256Of(bytes memory der, uint256 start, uint256 end) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            // The precompile cannot fail but for want of gas, and then nothing after it can succeed.
            if iszero(staticcall(gas(), 0x02, add(add(der, 0x20), start), sub(end, start), 0x00, 0x20)) {
                revert(0, 0)
            }
            hash := mload(0x00)
        }
    }
}
