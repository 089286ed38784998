// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title DerWriter
/// @notice Writes DER elements, for tests.
library DerWriter {
    function element(uint8 tag, bytes memory content) internal pure returns (bytes memory) {
        uint256 length = content.length;
        if (length < 0x80) return abi.encodePacked(tag, uint8(length), content);
        if (length < 0x100) return abi.encodePacked(tag, uint8(0x81), uint8(length), content);
        return abi.encodePacked(tag, uint8(0x82), uint16(length), content);
    }

    function sequence(bytes memory content) internal pure returns (bytes memory) {
        return element(0x30, content);
    }

    function oid(bytes memory content) internal pure returns (bytes memory) {
        return element(0x06, content);
    }

    function octets(bytes memory content) internal pure returns (bytes memory) {
        return element(0x04, content);
    }

    function bits(bytes memory content) internal pure returns (bytes memory) {
        return element(0x03, bytes.concat(hex"00", content));
    }

    /// @dev The shortest encoding of a non-negative number.
    function integer(uint256 value) internal pure returns (bytes memory) {
        uint256 length = 1;
        while (length < 32 && value >> (8 * length) != 0) ++length;
        bytes memory content = new bytes(length);
        for (uint256 i; i < length; ++i) {
            content[i] = bytes1(uint8(value >> (8 * (length - 1 - i))));
        }
        if (uint8(content[0]) >= 0x80) content = bytes.concat(hex"00", content);
        return element(0x02, content);
    }
}
