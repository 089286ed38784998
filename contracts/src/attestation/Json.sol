// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.31;

import {IEncodingErrors} from "./IEncodingErrors.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

/// @title Json
/// @notice Reads JSON (RFC 8259) from front to back, once, and never past its end.
///
/// A text is read where `copy` put it: zeros follow it, which continue no token. So what is cut off is malformed, and no
/// position needs to be compared with the length. A cursor is a byte offset into the text, at most its length.
///
/// Keys and strings that are asked for must not hold escapes; values that are skipped may.
library Json {
    /// @dev Stands for the key after the last one. No key is this word: it holds control characters.
    bytes32 internal constant END = bytes32(uint256(1));

    uint256 private constant QUOTE = 0x22;
    uint256 private constant COMMA = 0x2c;
    uint256 private constant MINUS = 0x2d;
    uint256 private constant POINT = 0x2e;
    uint256 private constant COLON = 0x3a;
    uint256 private constant OPEN_ARRAY = 0x5b;
    uint256 private constant BACKSLASH = 0x5c;
    uint256 private constant CLOSE_ARRAY = 0x5d;
    uint256 private constant OPEN_OBJECT = 0x7b;
    uint256 private constant CLOSE_OBJECT = 0x7d;
    /// @dev Space, tab, line feed, carriage return: a bit each.
    uint256 private constant SPACES = 0x100002600;

    /// @dev What may follow a backslash, `"/\bfnrtu`: a bit each.
    uint256 private constant ESCAPABLES =
        1 << 0x22 | 1 << 0x2f | 1 << 0x5c | 1 << 0x62 | 1 << 0x66 | 1 << 0x6e | 1 << 0x72 | 1 << 0x74 | 1 << 0x75;

    /// @dev One in each byte, and the lower seven bits and the highest bit of each.
    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant LOWS = 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f;
    uint256 private constant HIGHS = 0x8080808080808080808080808080808080808080808080808080808080808080;

    /// @dev "0000-00-00T00:00:00Z" without its digits, and where these are.
    uint256 private constant DATE_MARKS = 0x000000002d00002d00005400003a00003a00005a000000000000000000000000;
    uint256 private constant DATE_DIGITS = 0x8080808000808000808000808000808000808000000000000000000000000000;

    /// @dev Levels of nesting in a value that is skipped.
    uint256 private constant MAX_DEPTH = 16;

    /// @notice The text, ready to be read.
    function copy(bytes calldata json) internal pure returns (bytes memory text) {
        assembly ("memory-safe") {
            text := mload(0x40)
            mstore(text, json.length)
            let end := add(add(text, 0x20), json.length)
            calldatacopy(add(text, 0x20), json.offset, json.length)
            mstore(end, 0)
            mstore(0x40, and(add(end, 0x3f), not(0x1f)))
        }
    }

    /// @notice Nothing but space follows.
    function finish(bytes memory text, uint256 cursor) internal pure {
        (, cursor) = _token(text, cursor);
        require(cursor == text.length, IEncodingErrors.MalformedJson(cursor));
    }

    /// @notice The first key of the object at `cursor`, or END if it is empty.
    /// @return key Its first 32 bytes, left-aligned.
    /// @return next Where its value is; after the object at its END.
    function firstKey(bytes memory text, uint256 cursor) internal pure returns (bytes32 key, uint256 next) {
        uint256 token;
        (token, cursor) = _token(text, expect(text, cursor, OPEN_OBJECT));
        return token == CLOSE_OBJECT ? (END, cursor + 1) : _key(text, cursor);
    }

    /// @notice The key after a value, or END.
    function nextKey(bytes memory text, uint256 cursor) internal pure returns (bytes32 key, uint256 next) {
        uint256 token;
        (token, cursor) = _token(text, cursor);
        if (token == CLOSE_OBJECT) return (END, cursor + 1);
        return _key(text, expect(text, cursor, COMMA));
    }

    /// @notice Notes that a key was seen, which must not have been seen before.
    /// @param seen Bits of the keys so far.
    /// @param bit The one of this key.
    function once(uint256 seen, uint256 bit, uint256 cursor) internal pure returns (uint256) {
        require(seen & bit == 0, IEncodingErrors.DuplicateKey(cursor));
        return seen | bit;
    }

    /// @notice All keys of `wanted` were seen.
    function complete(uint256 seen, uint256 wanted, uint256 cursor) internal pure {
        require(seen & wanted == wanted, IEncodingErrors.MissingKeys(cursor, wanted & ~seen));
    }

    /// @notice Whether the array at `cursor` has a first element.
    /// @return more False if it is empty.
    /// @return next Where the element is; after the array if there is none.
    function firstElement(bytes memory text, uint256 cursor) internal pure returns (bool more, uint256 next) {
        uint256 token;
        (token, next) = _token(text, expect(text, cursor, OPEN_ARRAY));
        return token == CLOSE_ARRAY ? (false, next + 1) : (true, next);
    }

    /// @notice Whether another element follows.
    function nextElement(bytes memory text, uint256 cursor) internal pure returns (bool more, uint256 next) {
        uint256 token;
        (token, cursor) = _token(text, cursor);
        return token == CLOSE_ARRAY ? (false, cursor + 1) : (true, expect(text, cursor, COMMA));
    }

    /// @notice The string at `cursor`.
    /// @return start Its first character.
    /// @return end Its closing quote.
    function readString(bytes memory text, uint256 cursor) internal pure returns (uint256 start, uint256 end) {
        start = expect(text, cursor, QUOTE);
        end = _endOfPlain(text, start);
        require(_byteAt(text, end) == QUOTE, IEncodingErrors.MalformedJson(end));
    }

    /// @notice The first 32 bytes of the string at `cursor`, left-aligned.
    function readWord(bytes memory text, uint256 cursor) internal pure returns (bytes32 value, uint256 next) {
        (uint256 start, uint256 end) = readString(text, cursor);
        return (_leading(text, start, end), end + 1);
    }

    /// @notice keccak256 of the string at `cursor`.
    function readHash(bytes memory text, uint256 cursor) internal pure returns (bytes32 hash, uint256 next) {
        (uint256 start, uint256 end) = readString(text, cursor);
        assembly ("memory-safe") {
            hash := keccak256(add(add(text, 0x20), start), sub(end, start))
        }
        next = end + 1;
    }

    /// @notice The number at `cursor`: decimal digits, at most `most`.
    function readUint(bytes memory text, uint256 cursor, uint256 most)
        internal
        pure
        returns (uint256 value, uint256 next)
    {
        uint256 token;
        (token, next) = _token(text, cursor);
        cursor = next;
        unchecked {
            // What is not a digit becomes a number above 9.
            value = token - 0x30;
            require(value < 10, IEncodingErrors.MalformedJson(cursor));
            uint256 digit = _byteAt(text, ++next) - 0x30;
            while (digit < 10) {
                // No overflow: at most ten times `most`, which is far below 2**252. Leading zeros are no JSON.
                require(value != 0, IEncodingErrors.MalformedJson(cursor));
                value = 10 * value + digit;
                require(value <= most, IEncodingErrors.MalformedJson(cursor));
                digit = _byteAt(text, ++next) - 0x30;
            }
            require(value <= most, IEncodingErrors.MalformedJson(cursor));
        }
    }

    /// @notice The string of `count` bytes in hexadecimal at `cursor`; at most 16 bytes.
    /// @return value Right-aligned.
    function readHex(bytes memory text, uint256 cursor, uint256 count)
        internal
        pure
        returns (uint256 value, uint256 next)
    {
        cursor = expect(text, cursor, QUOTE);
        value = hexAt(text, cursor, count);
        next = _closing(text, cursor + 2 * count);
    }

    /// @notice The string of 32 bytes in hexadecimal at `cursor`.
    function readHex32(bytes memory text, uint256 cursor) internal pure returns (uint256 value, uint256 next) {
        cursor = expect(text, cursor, QUOTE);
        value = hexAt(text, cursor, 16) << 128 | hexAt(text, cursor + 32, 16);
        next = _closing(text, cursor + 64);
    }

    /// @notice The string of 48 bytes in hexadecimal at `cursor`, in two parts: 32 and 16 bytes.
    function readHex48(bytes memory text, uint256 cursor)
        internal
        pure
        returns (uint256 high, uint256 low, uint256 next)
    {
        cursor = expect(text, cursor, QUOTE);
        high = hexAt(text, cursor, 16) << 128 | hexAt(text, cursor + 32, 16);
        low = hexAt(text, cursor + 64, 16);
        next = _closing(text, cursor + 96);
    }

    /// @notice `count` bytes in hexadecimal, of either case, from `position` on; at most 16 bytes. Right-aligned.
    function hexAt(bytes memory text, uint256 position, uint256 count) internal pure returns (uint256 value) {
        unchecked {
            uint256 word = wordAt(text, position);
            uint256 wanted = HIGHS << (256 - 16 * count);
            require(_hexDigits(word) & wanted == wanted, IEncodingErrors.MalformedJson(position));
            // A digit's value is its lower half, and 9 more for a letter. Then 32 numbers of 4 bits, one a byte, into 128
            // bits: pairs, pairs of pairs, and so on. A byte holds at most 0x18, so that no sum carries.
            word = (word & 0x0f * ONES) + 9 * ((word >> 6) & ONES);
            word = (word >> 4 | word) & 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
            word = (word >> 8 | word) & 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
            word = (word >> 16 | word) & 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
            word = (word >> 32 | word) & 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
            word = (word >> 64 | word) & type(uint128).max;
            value = word >> (128 - 8 * count);
        }
    }

    /// @notice The time "YYYY-MM-DDThh:mm:ssZ" (RFC 3339) in the string at `cursor`, Unix time in seconds.
    function readTime(bytes memory text, uint256 cursor) internal pure returns (uint256 time, uint256 next) {
        (uint256 start, uint256 end) = readString(text, cursor);
        uint256 word = wordAt(text, start);
        unchecked {
            require(
                end - start == 20 && _digits(word) & DATE_DIGITS == DATE_DIGITS
                    && word & (0xff * (DATE_DIGITS >> 7 ^ ONES << 96)) == DATE_MARKS,
                IEncodingErrors.MalformedJson(start)
            );
            // Pairs of digits: each becomes a number, in the second byte of the pair.
            word &= 0x0f * ONES;
            word += 10 * (word >> 8);
        }
        uint256 year = 100 * _at(word, 1) + _at(word, 3);
        require(
            year >= 1970
                && DateTimeLib.isSupportedDateTime(
                    year, _at(word, 6), _at(word, 9), _at(word, 12), _at(word, 15), _at(word, 18)
                ),
            IEncodingErrors.MalformedJson(start)
        );
        time = DateTimeLib.dateTimeToTimestamp(
            year, _at(word, 6), _at(word, 9), _at(word, 12), _at(word, 15), _at(word, 18)
        );
        next = end + 1;
    }

    /// @notice What follows the value at `cursor`, whatever it is.
    function skip(bytes memory text, uint256 cursor) internal pure returns (uint256 next) {
        return _skip(text, cursor, 0);
    }

    /// @notice What follows `token`, which must come next.
    function expect(bytes memory text, uint256 cursor, uint256 token) internal pure returns (uint256 next) {
        uint256 given;
        (given, next) = _token(text, cursor);
        require(given == token, IEncodingErrors.MalformedJson(next));
        unchecked {
            ++next;
        }
    }

    function _skip(bytes memory text, uint256 cursor, uint256 depth) private pure returns (uint256 next) {
        uint256 token;
        (token, cursor) = _token(text, cursor);
        if (token == QUOTE) return _skipString(text, cursor + 1);
        if (token == OPEN_OBJECT || token == OPEN_ARRAY) return _skipNested(text, cursor, depth);
        if (token == MINUS || _isDigit(token)) return _skipNumber(text, cursor);
        uint256 word = wordAt(text, cursor);
        if (word >> 224 == 0x74727565 || word >> 224 == 0x6e756c6c) return cursor + 4; // true, null
        require(word >> 216 == 0x66616c7365, IEncodingErrors.MalformedJson(cursor)); // false
        return cursor + 5;
    }

    function _skipNested(bytes memory text, uint256 cursor, uint256 depth) private pure returns (uint256 next) {
        require(depth < MAX_DEPTH, IEncodingErrors.MalformedJson(cursor));
        if (_byteAt(text, cursor) == OPEN_ARRAY) {
            bool more;
            (more, next) = firstElement(text, cursor);
            while (more) (more, next) = nextElement(text, _skip(text, next, depth + 1));
        } else {
            bytes32 key;
            (key, next) = firstKey(text, cursor);
            while (key != END) (key, next) = nextKey(text, _skip(text, next, depth + 1));
        }
    }

    /// @dev `cursor` is after the opening quote.
    function _skipString(bytes memory text, uint256 cursor) private pure returns (uint256 next) {
        next = _endOfPlain(text, cursor);
        while (_byteAt(text, next) != QUOTE) {
            uint256 escaped = _byteAt(text, next + 1);
            require(
                _byteAt(text, next) == BACKSLASH && ESCAPABLES >> escaped & 1 != 0
                    && (escaped != 0x75 || _hexDigits(wordAt(text, next + 2)) >> 224 == 0x80808080),
                IEncodingErrors.MalformedJson(next)
            );
            next = _endOfPlain(text, next + 2);
        }
        return next + 1;
    }

    function _skipNumber(bytes memory text, uint256 cursor) private pure returns (uint256 next) {
        next = _byteAt(text, cursor) == MINUS ? cursor + 1 : cursor;
        next = _byteAt(text, next) == 0x30 ? next + 1 : _skipDigits(text, next);
        if (_byteAt(text, next) == POINT) next = _skipDigits(text, next + 1);
        if (_byteAt(text, next) | 0x20 == 0x65) {
            // e or E
            ++next;
            uint256 sign = _byteAt(text, next);
            if (sign == MINUS || sign == 0x2b) ++next;
            next = _skipDigits(text, next);
        }
    }

    /// @dev At least one digit.
    function _skipDigits(bytes memory text, uint256 cursor) private pure returns (uint256 next) {
        unchecked {
            next = cursor;
            while (_isDigit(_byteAt(text, next))) ++next;
            require(next != cursor, IEncodingErrors.MalformedJson(cursor));
        }
    }

    /// @dev What follows the closing quote, which must be at `cursor`.
    function _closing(bytes memory text, uint256 cursor) private pure returns (uint256) {
        require(_byteAt(text, cursor) == QUOTE, IEncodingErrors.MalformedJson(cursor));
        return cursor + 1;
    }

    /// @dev The string at `cursor`, and the colon after it.
    function _key(bytes memory text, uint256 cursor) private pure returns (bytes32 key, uint256 next) {
        (key, next) = readWord(text, cursor);
        next = expect(text, next, COLON);
    }

    /// @dev The first character from `cursor` on that is no space, and where it is.
    function _token(bytes memory text, uint256 cursor) private pure returns (uint256 token, uint256 position) {
        assembly ("memory-safe") {
            position := cursor
            token := byte(0, mload(add(add(text, 0x20), position)))
            // Above the bits of a word there is none: a shift by 256 is not reached.
            for {} and(shr(token, SPACES), 1) {} {
                position := add(position, 1)
                token := byte(0, mload(add(add(text, 0x20), position)))
            }
        }
    }

    /// @dev The first quote, backslash or control character from `cursor` on. The zeros after the text are such.
    function _endOfPlain(bytes memory text, uint256 cursor) private pure returns (uint256 end) {
        assembly ("memory-safe") {
            let pointer := add(add(text, 0x20), cursor)
            for {} 1 {} {
                let word := mload(pointer)
                // A byte is zero if adding 0x7f to its lower bits leaves the highest bit unset, and it was not set before. No
                // sum carries. What is below 0x20 is zero in its upper three bits.
                let other := xor(word, mul(ONES, 0x22))
                let plain := or(add(and(other, LOWS), LOWS), other)
                other := xor(word, mul(ONES, 0x5c))
                plain := and(plain, or(add(and(other, LOWS), LOWS), other))
                plain := and(plain, or(add(and(word, mul(ONES, 0x60)), LOWS), word))
                let found := and(not(plain), HIGHS)
                if found {
                    end := sub(add(pointer, shr(3, clz(found))), add(text, 0x20))
                    break
                }
                pointer := add(pointer, 0x20)
            }
        }
    }

    function _isDigit(uint256 character) private pure returns (bool) {
        unchecked {
            return character - 0x30 < 10;
        }
    }

    /// @dev The highest bit of each byte that is a decimal digit.
    function _digits(uint256 word) private pure returns (uint256) {
        unchecked {
            uint256 low = word & LOWS;
            return (low + 0x50 * ONES) & ~(low + 0x46 * ONES) & ~word & HIGHS;
        }
    }

    /// @dev The highest bit of each byte that is a hexadecimal digit of either case.
    function _hexDigits(uint256 word) private pure returns (uint256) {
        unchecked {
            uint256 low = (word | 0x20 * ONES) & LOWS;
            return _digits(word) | (low + 0x1f * ONES) & ~(low + 0x19 * ONES) & ~word & HIGHS;
        }
    }

    /// @dev Byte `index` of `word`.
    function _at(uint256 word, uint256 index) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(index, word)
        }
    }

    function _leading(bytes memory text, uint256 start, uint256 end) private pure returns (bytes32) {
        unchecked {
            // A shift by 256 or more leaves nothing.
            return bytes32(wordAt(text, start) & ~(type(uint256).max >> (8 * (end - start))));
        }
    }

    function _byteAt(bytes memory text, uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(add(add(text, 0x20), position)))
        }
    }

    /// @notice The 32 bytes from `position` on.
    function wordAt(bytes memory text, uint256 position) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(text, 0x20), position))
        }
    }
}
