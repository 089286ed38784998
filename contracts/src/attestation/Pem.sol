// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Base64Word} from "./Base64Word.sol";
import {IProverRegistry} from "./IProverRegistry.sol";

/// @title Pem
/// @notice Reads the certificates of a PEM chain (RFC 7468) in the one layout that quotes have: lines of 64 characters, of
/// which only the last is shorter, ended by a line feed.
library Pem {
    bytes28 internal constant BEGIN = "-----BEGIN CERTIFICATE-----\n";
    bytes25 internal constant END = "-----END CERTIFICATE-----";
    uint256 internal constant LINE = 64;
    uint256 internal constant LINE_FEED = 0x0a;
    uint256 internal constant DASH = 0x2d;
    uint256 internal constant PADDING = 0x3d;
    /// @dev Bytes that a word of 32 characters decodes to.
    uint256 internal constant WORD = 24;

    /// @notice The certificate at `position`.
    /// @dev What is not base64 decodes to bytes that no signature fits.
    /// @return der Its DER.
    /// @return next Where the next one starts, if there is one.
    function read(bytes calldata pem, uint256 position) internal pure returns (bytes memory der, uint256 next) {
        uint256 cursor = position + 28;
        require(cursor <= pem.length && bytes28(pem[position:cursor]) == BEGIN, IProverRegistry.MalformedPem(position));

        // Grows at the end of memory: nothing else is allocated before `_close`.
        der = _open();
        uint256 length;
        unchecked {
            // No overflow: positions exceed the length of the calldata by less than two lines.
            while (cursor + LINE < pem.length && _byteAt(pem, cursor + LINE) == LINE_FEED) {
                _appendLine(der, length, pem, cursor);
                length += 2 * WORD;
                cursor += LINE + 1;
            }
            if (cursor < pem.length && _byteAt(pem, cursor) != DASH) {
                // The last line. What comes after it is decoded too, and then cut off.
                _appendLine(der, length, pem, cursor);
                uint256 end = _endOfShortLine(pem, cursor);
                length += (end - cursor) / 4 * 3;
                cursor = end + 1;
            }
            length -= _padding(pem, cursor);
        }
        _close(der, length);

        next = cursor + 25;
        require(next <= pem.length && bytes25(pem[cursor:next]) == END, IProverRegistry.MalformedPem(cursor));
        if (next < pem.length && _byteAt(pem, next) == LINE_FEED) ++next;
    }

    /// @dev Where the line feed is of a line of less than 64 characters, in groups of four.
    function _endOfShortLine(bytes calldata pem, uint256 cursor) private pure returns (uint256 end) {
        unchecked {
            end = cursor + 4;
            while (end < pem.length && _byteAt(pem, end) != LINE_FEED) end += 4;
            require(end < pem.length && end - cursor < LINE, IProverRegistry.MalformedPem(cursor));
        }
    }

    /// @dev Number of `=` at the end of the line before `cursor`, each of which stands for a byte that is none.
    function _padding(bytes calldata pem, uint256 cursor) private pure returns (uint256) {
        unchecked {
            if (_byteAt(pem, cursor - 2) != PADDING) return 0;
            return _byteAt(pem, cursor - 3) == PADDING ? 2 : 1;
        }
    }

    /// @dev Decodes the 64 characters from `position` on, if need be from past the end, and writes them at `length`.
    function _appendLine(bytes memory buffer, uint256 length, bytes calldata pem, uint256 position) private pure {
        unchecked {
            _append(buffer, length, Base64Word.decode(_wordAt(pem, position)));
            _append(buffer, length + WORD, Base64Word.decode(_wordAt(pem, position + 32)));
        }
    }

    /// @dev The byte at `position`, which lies in `pem`.
    function _byteAt(bytes calldata pem, uint256 position) private pure returns (uint256) {
        return _wordAt(pem, position) >> 248;
    }

    /// @dev The 32 bytes from `position` on, if need be from past the end.
    function _wordAt(bytes calldata pem, uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(pem.offset, position))
        }
    }

    /// @dev An empty array at the end of memory, which `_append` and `_close` grow.
    function _open() private pure returns (bytes memory buffer) {
        assembly ("memory-safe") {
            buffer := mload(0x40)
        }
    }

    /// @dev Writes `word` at `position` of the open buffer. The words lie past the free memory pointer until `_close`.
    function _append(bytes memory buffer, uint256 position, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(buffer, 0x20), position), word)
        }
    }

    /// @dev Allocates the open buffer with its final length.
    function _close(bytes memory buffer, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(buffer, length)
            mstore(0x40, and(add(add(buffer, length), 0x3f), not(0x1f)))
        }
    }
}
