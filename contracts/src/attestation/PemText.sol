// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IEncodingErrors} from "./IEncodingErrors.sol";

/// @title PemText
/// @notice Reads PEM (RFC 7468) of any layout: other line lengths, carriage returns, text between the certificates. It takes a
/// text for what the crate `pem` 4 takes it for, which `dcap-qvl` uses; but headers are refused. A character costs a few
/// hundred gas: {Pem} reads what services make.
library PemText {
    bytes internal constant BEGIN = "-----BEGIN ";
    bytes internal constant END = "-----END ";
    bytes internal constant DASHES = "-----";
    /// @dev No position in any text.
    uint256 private constant NOWHERE = type(uint256).max;

    /// @notice All blocks of `text` whatever their label, decoded. A block without end ends the text.
    /// @param most How many there may be.
    function readAll(bytes calldata text, uint256 most) internal pure returns (bytes[] memory blocks) {
        blocks = new bytes[](most + 1);
        uint256 count;
        uint256 next;
        while (count <= most) {
            bytes memory der;
            (der, next) = _readBlock(text, next);
            if (next == NOWHERE) break;
            blocks[count++] = der;
        }
        assembly ("memory-safe") {
            // Shorter than what was allocated.
            mstore(blocks, count)
        }
    }

    /// @return der The first block's content from `position` on.
    /// @return next Where to go on, or NOWHERE if there is no block.
    function _readBlock(bytes calldata text, uint256 position) private pure returns (bytes memory der, uint256 next) {
        uint256 label = _after(text, position, text.length, BEGIN);
        if (label == NOWHERE) return ("", NOWHERE);
        uint256 start = _after(text, label, text.length, DASHES);
        if (start == NOWHERE) return ("", NOWHERE);
        uint256 endLabel = _after(text, start, text.length, END);
        if (endLabel == NOWHERE) return ("", NOWHERE);
        next = _after(text, endLabel, text.length, DASHES);
        if (next == NOWHERE) return ("", NOWHERE);

        bytes calldata name = text[label:start - DASHES.length];
        require(
            name.length != 0 && keccak256(name) == keccak256(text[endLabel:next - DASHES.length]),
            IEncodingErrors.MalformedPem(endLabel)
        );
        der = _decode(text, start, endLabel - END.length);
    }

    /// @dev Base64 (RFC 4648, section 4) with any white space in it. A blank line would end headers.
    function _decode(bytes calldata text, uint256 start, uint256 end) private pure returns (bytes memory data) {
        while (start < end && _isSpace(uint8(text[start]))) ++start;
        require(
            _after(text, start, end, "\n\n") == NOWHERE && _after(text, start, end, "\r\n\r\n") == NOWHERE,
            IEncodingErrors.MalformedPem(start)
        );
        data = new bytes((end - start) / 4 * 3 + 3);
        uint256 length;
        uint256 characters;
        uint256 padding;
        uint256 bits;
        for (uint256 i = start; i < end; ++i) {
            uint256 character = uint8(text[i]);
            if (_isSpace(character)) continue;
            if (character == 0x3d) {
                ++padding;
            } else {
                require(padding == 0, IEncodingErrors.MalformedPem(i));
                bits = bits << 6 | _value(character, i);
                // Every character but the first of four completes a byte, the lowest of what is left.
                // forge-lint: disable-next-line(unsafe-typecast)
                if (characters % 4 != 0) data[length++] = bytes1(uint8(bits >> (6 - 2 * (characters % 4))));
            }
            ++characters;
        }
        // Padding completes the last four, and its bits are zero.
        require(
            characters % 4 == 0 && padding <= 2 && bits & ((1 << (2 * padding)) - 1) == 0,
            IEncodingErrors.MalformedPem(end)
        );
        assembly ("memory-safe") {
            mstore(data, length)
        }
    }

    function _value(uint256 character, uint256 position) private pure returns (uint256) {
        if (character >= 0x61 && character <= 0x7a) return character - 0x61 + 26;
        if (character >= 0x41 && character <= 0x5a) return character - 0x41;
        if (character >= 0x30 && character <= 0x39) return character - 0x30 + 52;
        if (character == 0x2b) return 62;
        require(character == 0x2f, IEncodingErrors.MalformedPem(position));
        return 63;
    }

    function _isSpace(uint256 character) private pure returns (bool) {
        return character == 0x20 || (character >= 0x09 && character <= 0x0d);
    }

    /// @dev Where the first `marker` between `position` and `end` ends. As the crate does, a mismatch starts over with the next
    /// byte, even where the one at hand begins a marker.
    function _after(bytes calldata text, uint256 position, uint256 end, bytes memory marker)
        private
        pure
        returns (uint256)
    {
        uint256 found;
        while (end - position >= marker.length - found) {
            found = text[position] == marker[found] ? found + 1 : 0;
            ++position;
            if (found == marker.length) return position;
        }
        return NOWHERE;
    }
}
