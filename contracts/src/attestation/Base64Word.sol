// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Base64Word
/// @notice Decodes base64 (RFC 4648, section 4) 32 characters at a time: the bytes of a word are computed side by side, for a
/// quarter of the gas of going through them one by one.
library Base64Word {
    /// @dev One in each byte, and the highest bit of each.
    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant HIGHS = 0x80 * ONES;

    /// @notice Decodes 32 characters of the base64 alphabet. What is none decodes to anything, and so may its neighbours.
    /// @return 24 bytes, left-aligned.
    function decode(uint256 word) internal pure returns (uint256) {
        unchecked {
            // "+" is 62. Where the next range of the alphabet starts, the offset changes: at "/", "0", "A" and "a". A byte
            // reaches a bound if adding what is missing from the bound to 0x80 sets its highest bit; no sum carries.
            word = word + 19 * ONES - 3 * (((word + (0x80 - 0x2f) * ONES) & HIGHS) >> 7) - 12
                * (((word + (0x80 - 0x30) * ONES) & HIGHS) >> 7) - 69 * (((word + (0x80 - 0x41) * ONES) & HIGHS) >> 7)
                - 6 * (((word + (0x80 - 0x61) * ONES) & HIGHS) >> 7);

            // 32 numbers of 6 bits, one a byte, into 192 bits: pairs, pairs of pairs, and so on.
            word = ((word & 0x3f003f003f003f003f003f003f003f003f003f003f003f003f003f003f003f00) >> 2)
                | (word & 0x003f003f003f003f003f003f003f003f003f003f003f003f003f003f003f003f);
            word = ((word & 0x0fff00000fff00000fff00000fff00000fff00000fff00000fff00000fff0000) >> 4)
                | (word & 0x00000fff00000fff00000fff00000fff00000fff00000fff00000fff00000fff);
            word = ((word & 0x00ffffff0000000000ffffff0000000000ffffff0000000000ffffff00000000) >> 8)
                | (word & 0x0000000000ffffff0000000000ffffff0000000000ffffff0000000000ffffff);
            word = ((word & 0x0000ffffffffffff00000000000000000000ffffffffffff0000000000000000) >> 16)
                | (word & 0x00000000000000000000ffffffffffff00000000000000000000ffffffffffff);
            return ((word >> 128) << 160) | ((word & type(uint128).max) << 64);
        }
    }
}
