// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Base64
/// @notice Decodes base64 (RFC 4648, section 4) in memory, 32 characters at a time: the bytes of a word are computed side by
/// side, for a quarter of the gas of going through them one by one.
///
/// @dev A byte of a word has reached a bound if adding what is missing from the bound to 0x80 sets the byte's highest bit. No sum
/// carries into the next byte as long as no byte has that bit already.
library Base64 {
    /// @notice Whether the 32 * `words` characters from `start` on are all of the alphabet, which has no padding.
    function isAlphabet(uint256 start, uint256 words) internal pure returns (bool ok) {
        assembly ("memory-safe") {
            let good := 0x8080808080808080808080808080808080808080808080808080808080808080
            for { let end := add(start, shl(5, words)) } lt(start, end) { start := add(start, 0x20) } {
                let word := mload(start)
                // "+", "/" to "9", "A" to "Z" and "a" to "z": a character of these has reached an odd number of the bounds at
                // which the ranges start and end.
                good := and(
                    xor(
                        xor(
                            xor(
                                add(word, 0x5555555555555555555555555555555555555555555555555555555555555555),
                                add(word, 0x5454545454545454545454545454545454545454545454545454545454545454)
                            ),
                            xor(
                                add(word, 0x5151515151515151515151515151515151515151515151515151515151515151),
                                add(word, 0x4646464646464646464646464646464646464646464646464646464646464646)
                            )
                        ),
                        xor(
                            xor(
                                add(word, 0x3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f),
                                add(word, 0x2525252525252525252525252525252525252525252525252525252525252525)
                            ),
                            xor(
                                add(word, 0x1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f),
                                add(word, 0x0505050505050505050505050505050505050505050505050505050505050505)
                            )
                        )
                    ),
                    and(good, not(word))
                )
            }
            ok := eq(good, 0x8080808080808080808080808080808080808080808080808080808080808080)
        }
    }

    /// @notice Decodes in place the 32 * `words` characters from `start` on to 24 * `words` bytes from `start` on, and 8 zeros.
    /// @return ok `isAlphabet`: if not, anything is there.
    function decode(uint256 start, uint256 words) internal pure returns (bool ok) {
        assembly ("memory-safe") {
            let highs := 0x8080808080808080808080808080808080808080808080808080808080808080
            let good := highs
            let to := start
            for { let end := add(start, shl(5, words)) } lt(start, end) { start := add(start, 0x20) } {
                let word := mload(start)
                let slash := add(word, 0x5151515151515151515151515151515151515151515151515151515151515151)
                let upper := add(word, 0x3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f)
                let lower := add(word, 0x1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f)
                // As in `isAlphabet`.
                good := and(
                    xor(
                        xor(
                            xor(
                                add(word, 0x5555555555555555555555555555555555555555555555555555555555555555),
                                add(word, 0x5454545454545454545454545454545454545454545454545454545454545454)
                            ),
                            xor(slash, add(word, 0x4646464646464646464646464646464646464646464646464646464646464646))
                        ),
                        xor(
                            xor(upper, add(word, 0x2525252525252525252525252525252525252525252525252525252525252525)),
                            xor(lower, add(word, 0x0505050505050505050505050505050505050505050505050505050505050505))
                        )
                    ),
                    and(good, not(word))
                )
                // "+" is 62, 19 more than its code. Where the next range starts, the offset falls: by 3 at "/", by 12 at "0", by
                // 69 at "A" and by 6 at "a".
                word := sub(
                    add(word, 0x1313131313131313131313131313131313131313131313131313131313131313),
                    mul(
                        3,
                        add(
                            add(shr(7, and(slash, highs)), shr(6, and(lower, highs))),
                            add(
                                shr(
                                    5,
                                    and(
                                        add(word, 0x5050505050505050505050505050505050505050505050505050505050505050),
                                        highs
                                    )
                                ),
                                mul(23, shr(7, and(upper, highs)))
                            )
                        )
                    )
                )
                // 32 numbers of 6 bits, one a byte, into 192 bits: pairs, pairs of pairs, and so on.
                word := or(
                    shr(2, and(word, 0x3f003f003f003f003f003f003f003f003f003f003f003f003f003f003f003f00)),
                    and(word, 0x003f003f003f003f003f003f003f003f003f003f003f003f003f003f003f003f)
                )
                word := or(
                    shr(4, and(word, 0x0fff00000fff00000fff00000fff00000fff00000fff00000fff00000fff0000)),
                    and(word, 0x00000fff00000fff00000fff00000fff00000fff00000fff00000fff00000fff)
                )
                word := or(
                    shr(8, and(word, 0x00ffffff0000000000ffffff0000000000ffffff0000000000ffffff00000000)),
                    and(word, 0x0000000000ffffff0000000000ffffff0000000000ffffff0000000000ffffff)
                )
                word := or(
                    shr(16, and(word, 0x0000ffffffffffff00000000000000000000ffffffffffff0000000000000000)),
                    and(word, 0x00000000000000000000ffffffffffff00000000000000000000ffffffffffff)
                )
                mstore(to, or(shl(160, shr(128, word)), shl(64, and(word, 0xffffffffffffffffffffffffffffffff))))
                to := add(to, 24)
            }
            ok := eq(good, highs)
        }
    }
}
