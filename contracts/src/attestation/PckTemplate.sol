// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Der} from "./Der.sol";
import {PckCertificate} from "./PckCertificate.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

/// @title PckTemplate
/// @notice Reads platform certificates that look exactly as Intel's do, by comparing them with a template, for a fourth of the
/// gas of {PckCertificate}. It fills in the same values, or says that a certificate looks otherwise, which is no error.
///
/// The template is the DER of Intel's certificates with these gaps: the serial number, both names (of less than 128 bytes), both
/// dates, the key, order and values of the standard extensions, the SGX extension's values, the signature.
///
/// @dev Whatever is read lies before a position that is compared with the end of its range; until then, reading memory past the
/// certificate does no harm. `ok` collects all comparisons.
library PckTemplate {
    /// @dev The two times of a validity; bytes of digits are zero.
    uint256 private constant VALIDITY = 0x301e170d0000000000000000000000005a170d0000000000000000000000005a;
    uint256 private constant VALIDITY_MASK = 0xffffffff000000000000000000000000ffffff000000000000000000000000ff;

    /// @notice Fills in `pck`.
    /// @return ok False if the certificate looks otherwise: `pck` then holds anything.
    function read(bytes memory der, PckCertificate.Pck memory pck) internal view returns (bool ok) {
        (bool isTemplate, uint256 tbsEnd, uint256 validity, uint256 key) = _readToKey(der, pck);
        (bool hasExtensions, uint256 sgx, uint256 sgxEnd) = _findSgx(der, key, tbsEnd);
        if (!isTemplate || !hasExtensions) return false;
        if (!_readSgx(der, sgx, sgxEnd, pck) || !_readSignature(der, tbsEnd, pck)) return false;

        bool isTime;
        (ok, pck.notBefore) = _time(validity >> 128);
        (isTime, pck.notAfter) = _time(validity >> 8);
        pck.tbsHash = Der.sha256Of(der, 4, tbsEnd);
        return ok && isTime;
    }

    /// @dev From the beginning to the subject's key, whose position it answers.
    function _readToKey(bytes memory der, PckCertificate.Pck memory pck)
        private
        pure
        returns (bool ok, uint256 tbsEnd, uint256 validity, uint256 key)
    {
        assembly ("memory-safe") {
            let start := add(der, 0x20)
            // 30 82 length, 30 82 length, a0 03 02 01 02, 02 length: 15 bytes; the serial number.
            let word := mload(start)
            ok := eq(and(shr(144, word), 0xffff0000ffff0000ffffffffffff), 0x3082000030820000a00302010202)
            ok := and(ok, eq(add(and(shr(224, word), 0xffff), 4), mload(der)))
            tbsEnd := add(8, and(shr(192, word), 0xffff))
            ok := and(ok, gt(tbsEnd, 0x107))
            let length := byte(14, word)
            ok := and(ok, and(gt(length, 1), lt(length, 33)))
            word := mload(add(start, 15))
            // Two bytes or more, as short as can be, not negative.
            let first := shr(240, word)
            ok := and(ok, and(gt(first, 0x7f), lt(first, 0x8000)))
            mstore(add(pck, 0x20), shr(sub(256, mul(8, length)), word))

            // The algorithm, 12 bytes; 30 length, the issuer.
            let cursor := add(add(start, 15), length)
            word := mload(cursor)
            length := byte(13, word)
            ok := and(ok, and(eq(shr(152, word), 0x300a06082a8648ce3d04030230), lt(length, 0x80)))
            mstore(pck, keccak256(add(cursor, 12), add(length, 2)))

            cursor := add(cursor, add(length, 14))
            validity := mload(cursor)
            ok := and(ok, eq(and(validity, VALIDITY_MASK), VALIDITY))

            // 30 length, the subject; the key.
            word := mload(add(cursor, 32))
            length := byte(1, word)
            ok := and(ok, and(eq(byte(0, word), 0x30), lt(length, 0x80)))
            cursor := add(cursor, add(length, 34))
            ok := and(ok, eq(shr(40, mload(cursor)), 0x3059301306072a8648ce3d020106082a8648ce3d03010703420004))
            mstore(add(pck, 0x80), mload(add(cursor, 27)))
            mstore(add(pck, 0xa0), mload(add(cursor, 59)))
            key := sub(cursor, start)
        }
    }

    /// @dev From the key to the end of the signed part. Answers where the content of the SGX extension's SEQUENCE is.
    function _findSgx(bytes memory der, uint256 key, uint256 tbsEnd)
        private
        pure
        returns (bool ok, uint256 sgx, uint256 sgxEnd)
    {
        assembly ("memory-safe") {
            let start := add(der, 0x20)
            // a3 82 length, 30 82 length: both up to the end.
            let cursor := add(key, 91)
            let word := mload(add(start, cursor))
            ok := eq(and(shr(192, word), 0xffff0000ffff0000), 0xa382000030820000)
            ok := and(ok, eq(add(add(cursor, 4), and(shr(224, word), 0xffff)), tbsEnd))
            ok := and(ok, eq(add(add(cursor, 8), and(shr(192, word), 0xffff)), tbsEnd))
            cursor := add(cursor, 8)

            // Bits: keyUsage was there, basicConstraints was.
            let seen := 0
            for {} and(ok, lt(cursor, tbsEnd)) {} {
                word := mload(add(start, cursor))
                switch eq(and(shr(208, word), 0xff00ffffffff), 0x30000603551d)
                case 1 {
                    // 30 length, 06 03 55 1d n, (01 01 ff,) 04 length, value.
                    let header := 7
                    let critical := eq(and(shr(176, word), 0xffffff), 0x0101ff)
                    if critical { header := 10 }
                    let size := byte(1, word)
                    let length := byte(add(header, 1), word)
                    ok := and(and(lt(size, 0x80), eq(byte(header, word), 0x04)), eq(add(header, length), size))
                    let value := shl(mul(8, add(header, 2)), word)
                    switch byte(6, word)
                    case 15 {
                        // A BIT STRING of one byte, with digitalSignature and without keyCertSign.
                        ok := and(ok, and(eq(length, 4), eq(shr(240, value), 0x0302)))
                        ok := and(ok, and(eq(and(byte(3, value), 0x84), 0x80), iszero(and(seen, 1))))
                        seen := or(seen, 1)
                    }
                    case 19 {
                        // An empty SEQUENCE: no authority.
                        ok := and(ok, and(eq(length, 2), eq(shr(240, value), 0x3000)))
                        ok := and(ok, iszero(and(seen, 2)))
                        seen := or(seen, 2)
                    }
                    default { ok := and(ok, iszero(critical)) }
                    cursor := add(cursor, add(size, 2))
                }
                default {
                    // 30 82 length, 06 09 2a864886f84d010d01, 04 82 length, 30 82 length: all three up to the same end.
                    ok := eq(
                        and(shr(72, word), 0xffff0000ffffffffffffffffffffffffff0000ffff0000),
                        0x3082000006092a864886f84d010d010482000030820000
                    )
                    ok := and(ok, iszero(sgx))
                    sgx := add(cursor, 23)
                    let length := and(shr(72, word), 0xffff)
                    sgxEnd := add(sgx, length)
                    ok := and(ok, gt(length, 0xff))
                    ok := and(ok, eq(add(add(cursor, 19), and(shr(104, word), 0xffff)), sgxEnd))
                    ok := and(ok, eq(add(add(cursor, 4), and(shr(224, word), 0xffff)), sgxEnd))
                    cursor := sgxEnd
                }
            }
            ok := and(ok, and(eq(cursor, tbsEnd), and(seen, gt(sgx, 0))))
        }
    }

    /// @dev The fields in their order.
    function _readSgx(bytes memory der, uint256 sgx, uint256 sgxEnd, PckCertificate.Pck memory pck)
        private
        pure
        returns (bool ok)
    {
        assembly ("memory-safe") {
            let limit := add(add(der, 0x20), sgxEnd)
            let cursor := add(add(der, 0x20), sgx)
            // PPID: header and value of 16 bytes each.
            let word := mload(cursor)
            ok := eq(shr(128, word), 0x301e060a2a864886f84d010d01010410)
            mstore(add(pck, 0xc0), shl(128, word))

            // TCB: 30 82 length, 06 0a 2a864886f84d010d0102, 30 82 length.
            word := mload(add(cursor, 32))
            ok := and(
                ok,
                eq(
                    and(shr(96, word), 0xffff0000ffffffffffffffffffffffffffff0000),
                    0x30820000060a2a864886f84d010d010230820000
                )
            )
            let length := and(shr(96, word), 0xffff)
            ok := and(ok, and(gt(length, 0xff), eq(and(shr(224, word), 0xffff), add(length, 16))))
            cursor := add(cursor, 52)
            let tcbEnd := add(cursor, length)
            for { let i := 0 } lt(i, 16) { i := add(i, 1) } {
                // A component, which CPUSVN repeats: 30 length.
                word := mload(cursor)
                length := byte(1, word)
                ok := and(ok, and(eq(byte(0, word), 0x30), lt(length, 0x80)))
                cursor := add(cursor, add(length, 2))
            }

            // PCESVN: 30 length, 06 0b 2a864886f84d010d010211, 02 length; of one or two bytes, not negative.
            word := mload(cursor)
            ok := and(
                ok,
                eq(and(shr(128, word), 0xff00ffffffffffffffffffffffffffff), 0x3000060b2a864886f84d010d01021102)
            )
            length := byte(16, word)
            ok := and(ok, eq(byte(1, word), add(15, length)))
            let svn := byte(17, word)
            switch length
            case 1 { ok := and(ok, lt(svn, 0x80)) }
            case 2 {
                svn := or(shl(8, svn), byte(18, word))
                ok := and(ok, and(gt(svn, 0x7f), lt(svn, 0x8000)))
            }
            default { ok := 0 }
            mstore(add(pck, 0x100), svn)
            cursor := add(cursor, add(length, 17))

            // CPUSVN: header of 17 bytes, value of 16; the last in the TCB.
            ok := and(ok, eq(shr(120, mload(cursor)), 0x301f060b2a864886f84d010d0102120410))
            mstore(add(pck, 0xe0), shl(128, shr(128, mload(add(cursor, 17)))))
            cursor := add(cursor, 33)
            ok := and(ok, eq(cursor, tcbEnd))

            // PCE id, FMSPC, SGX type: headers of 16 bytes, values of 2, 6 and 1.
            word := mload(cursor)
            ok := and(ok, eq(shr(128, word), 0x3010060a2a864886f84d010d01030402))
            mstore(add(pck, 0x120), and(shl(128, word), shl(240, 0xffff)))
            word := mload(add(cursor, 18))
            ok := and(ok, eq(shr(128, word), 0x3014060a2a864886f84d010d01040406))
            mstore(add(pck, 0x140), and(shl(128, word), shl(208, 0xffffffffffff)))
            ok := and(ok, eq(shr(128, mload(add(cursor, 40))), 0x300f060a2a864886f84d010d01050a01))
            ok := and(ok, iszero(gt(add(cursor, 57), limit)))
        }
    }

    /// @dev The algorithm (12 bytes), 03 length 00, 30 length, 02 length r, 02 length s.
    function _readSignature(bytes memory der, uint256 tbsEnd, PckCertificate.Pck memory pck)
        private
        pure
        returns (bool ok)
    {
        assembly ("memory-safe") {
            // The INTEGER of `length` bytes that ends at `limit`: two bytes or more, as short as can be, positive, below 2^256.
            function integerBefore(limit, length) -> good, value {
                let first := shr(240, mload(sub(limit, length)))
                good := and(and(gt(first, 0x7f), lt(first, 0x8000)), and(gt(length, 1), lt(length, 34)))
                // The 33rd byte is the one that keeps the next from being a sign.
                good := and(good, or(lt(length, 33), lt(first, 0x100)))
                // A shift by 256 or more leaves nothing, and nothing less one is everything.
                value := and(mload(sub(limit, 32)), sub(shl(mul(8, length), 1), 1))
            }

            let end := add(add(der, 0x20), mload(der))
            let cursor := add(add(der, 0x20), tbsEnd)
            let word := mload(cursor)
            ok := eq(
                and(shr(104, word), 0xffffffffffffffffffffffffff00ffff00ff00),
                0x300a06082a8648ce3d04030203000030000200
            )
            let length := byte(13, word)
            ok := and(ok, and(lt(length, 0x80), eq(add(add(cursor, 14), length), end)))
            ok := and(ok, eq(add(add(cursor, 17), byte(16, word)), end))
            length := byte(18, word)
            cursor := add(add(cursor, 19), length)
            let good, value := integerBefore(cursor, length)
            mstore(add(pck, 0x180), value)
            ok := and(ok, good)

            word := mload(cursor)
            length := byte(1, word)
            cursor := add(add(cursor, 2), length)
            good, value := integerBefore(cursor, length)
            mstore(add(pck, 0x1a0), value)
            ok := and(and(ok, good), and(eq(byte(0, word), 0x02), eq(cursor, end)))
        }
    }

    /// @dev Of "YYMMDDhhmmss", the last 12 bytes of `digits`: Unix time in seconds, of the years 1950 to 2049.
    function _time(uint256 digits) private pure returns (bool ok, uint256 time) {
        unchecked {
            digits &= 0xffffffffffffffffffffffff;
            // Digits are 0x30 to 0x39.
            ok = digits & 0xf0f0f0f0f0f0f0f0f0f0f0f0 == 0x303030303030303030303030;
            digits &= 0x0f0f0f0f0f0f0f0f0f0f0f0f;
            ok = ok && (digits + 0x060606060606060606060606) & 0x101010101010101010101010 == 0;
            // Six numbers of 16 bits.
            digits = (digits >> 8 & 0x00ff00ff00ff00ff00ff00ff) * 10 + (digits & 0x00ff00ff00ff00ff00ff00ff);
            uint256 year = digits >> 80;
            year += year < 50 ? 2000 : 1900;
            (uint256 month, uint256 day) = (digits >> 64 & 0xff, digits >> 48 & 0xff);
            (uint256 hour, uint256 minute, uint256 second) = (digits >> 32 & 0xff, digits >> 16 & 0xff, digits & 0xff);
            ok = ok && DateTimeLib.isSupportedDateTime(year, month, day, hour, minute, second);
            time = DateTimeLib.dateTimeToTimestamp(year, month, day, hour, minute, second);
        }
    }
}
