// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Base64} from "./Base64.sol";

/// @title Pem
/// @notice Reads certificates in PEM (RFC 7468) in the one layout that Intel's services make: "-----BEGIN CERTIFICATE-----",
/// lines of 64 characters, of which only the last may be shorter, ended by a line feed each, "-----END CERTIFICATE-----". Any
/// other layout is for {PemText}.
library Pem {
    bytes28 internal constant BEGIN = "-----BEGIN CERTIFICATE-----\n";
    bytes25 internal constant END = "-----END CERTIFICATE-----";
    uint256 internal constant LINE_FEED = 0x0a;
    /// @dev "MII": the first two bytes of DER of 256 to 16,387 bytes, and two bits of its length.
    uint256 internal constant DER_LENGTH_FOLLOWS = 0x4d4949;

    /// @notice Finds the certificate at `position`, by the length that its DER begins with.
    /// @return length Bytes of DER; zero if there is no certificate in this layout.
    /// @return end Where its last dash ends.
    function locate(bytes calldata text, uint256 position) internal pure returns (uint256 length, uint256 end) {
        unchecked {
            // No overflow: positions are those of calldata, lengths have 16 bits.
            if (position + 64 > text.length || bytes28(_wordAt(text, position)) != BEGIN) return (0, 0);
            uint256 first = uint256(_wordAt(text, position + 28));
            if (first >> 232 != DER_LENGTH_FOLLOWS) return (0, 0);
            assembly ("memory-safe") {
                mstore(0x00, first)
            }
            Base64.decode(0x00, 1);
            assembly ("memory-safe") {
                length := add(and(shr(224, mload(0x00)), 0xffff), 4)
            }
            uint256 characters = (length + 2) / 3 * 4;
            uint256 close = position + 28 + characters + (characters + 63) / 64;
            end = close + 25;
            if (end > text.length || bytes25(_wordAt(text, close)) != END) return (0, 0);
        }
    }

    /// @notice The certificate at `position`.
    /// @return der Its DER; empty if there is no certificate in this layout.
    /// @return end Where its last dash ends.
    function read(bytes calldata text, uint256 position) internal pure returns (bytes memory der, uint256 end) {
        uint256 length;
        (length, end) = locate(text, position);
        if (length == 0) return ("", 0);
        unchecked {
            (bool ok, uint256 start, uint256 words) = _copy(text, position + 28, length);
            if (!ok || !Base64.decode(start, words)) return ("", 0);
            assembly ("memory-safe") {
                // What was copied lies past the free memory pointer, after room for the length.
                der := sub(start, 0x20)
                mstore(der, length)
                mstore(0x40, and(add(add(start, length), 0x1f), not(0x1f)))
                // Bits of the last character that no byte takes are zero.
                ok := iszero(byte(0, mload(add(start, length))))
            }
            if (!ok) return ("", 0);
        }
    }

    /// @notice Whether a certificate, in base64 at least, is at `position`.
    /// @return ok Whether it is.
    /// @return end Where its last dash ends.
    function check(bytes calldata text, uint256 position) internal pure returns (bool ok, uint256 end) {
        uint256 length;
        (length, end) = locate(text, position);
        if (length == 0) return (false, 0);
        uint256 start;
        uint256 words;
        (ok, start, words) = _copy(text, position + 28, length);
        ok = ok && Base64.isAlphabet(start, words);
    }

    /// @dev Copies the characters of a certificate of `length` bytes past the free memory pointer, without line feeds, and with
    /// such as stand for zero in place of padding and up to the end of the last of `words` words.
    /// @return ok Whether all line feeds and padding are where they must be.
    function _copy(bytes calldata text, uint256 position, uint256 length)
        private
        pure
        returns (bool ok, uint256 start, uint256 words)
    {
        unchecked {
            uint256 kept = (length * 8 + 5) / 6;
            uint256 padding = (3 - length % 3) % 3;
            words = (kept + 31) / 32;
            assembly ("memory-safe") {
                start := add(mload(0x40), 0x20)
                let from := add(text.offset, position)
                let to := start
                let wrong := 0
                let end := add(start, add(kept, padding))
                for {} lt(add(to, 64), end) {} {
                    calldatacopy(to, from, 64)
                    wrong := or(wrong, xor(byte(0, calldataload(add(from, 64))), LINE_FEED))
                    from := add(from, 65)
                    to := add(to, 64)
                }
                calldatacopy(to, from, sub(end, to))
                from := add(from, sub(end, to))
                wrong := or(wrong, xor(byte(0, calldataload(from)), LINE_FEED))

                // Padding: "=" once or twice.
                let last := sub(end, padding)
                if padding { wrong := or(wrong, xor(byte(0, mload(last)), 0x3d)) }
                if gt(padding, 1) { wrong := or(wrong, xor(byte(1, mload(last)), 0x3d)) }
                mstore(last, 0x4141414141414141414141414141414141414141414141414141414141414141)
                ok := iszero(wrong)
            }
        }
    }

    /// @dev The 32 bytes from `position` on, if need be from past the end.
    function _wordAt(bytes calldata text, uint256 position) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(text.offset, position))
        }
    }
}
