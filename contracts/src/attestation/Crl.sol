// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Der} from "./Der.sol";
import {IEncodingErrors} from "./IEncodingErrors.sol";
import {X509} from "./X509.sol";
import {LibSort} from "solady/utils/LibSort.sol";

/// @title Crl
/// @notice Reads X.509 v2 certificate revocation lists (RFC 5280, section 5) of Intel's provisioning hierarchy: complete,
/// direct, ECDSA with SHA-256. Whatever is of another kind is refused.
library Crl {
    struct List {
        /// keccak256 of the issuer's Name, tag and length included.
        bytes32 issuer;
        uint256 number;
        /// Unix times in seconds.
        uint256 thisUpdate;
        uint256 nextUpdate;
        /// Serial numbers of the revoked certificates, ascending, 20 bytes each.
        bytes serials;
        /// SHA-256 of the part that is signed, and the signature.
        bytes32 tbsHash;
        bytes32 r;
        bytes32 s;
    }

    /// @dev INTEGER 1: version 2.
    bytes3 internal constant VERSION_2 = 0x020101;
    uint256 internal constant SERIAL_LENGTH = 20;
    /// @dev Bytes of the shortest entry: a serial number of one byte and a UTCTime.
    uint256 internal constant SHORTEST_ENTRY = 20;

    /// @dev SEQUENCE { SEQUENCE { OID cRLReasons, OCTET STRING { ENUMERATED of one byte } } }, up to that byte.
    bytes13 internal constant REASON_ALONE = 0x300c300a0603551d1504030a01;
    /// @dev Object identifiers of extensions. The last three make a list that is not complete or not direct.
    bytes3 internal constant CRL_NUMBER = 0x551d14;
    bytes3 internal constant DELTA_CRL = 0x551d1b;
    bytes3 internal constant ISSUING_DISTRIBUTION_POINT = 0x551d1c;
    bytes3 internal constant CERTIFICATE_ISSUER = 0x551d1d;

    /// @notice Reads the whole list. Does not check its signature nor its times.
    function parse(bytes memory der) internal view returns (List memory list) {
        (uint256 tbs, uint256 end) = Der.read(der, 0, der.length, Der.SEQUENCE);
        require(end == der.length, IEncodingErrors.MalformedDer(end));
        (uint256 cursor, uint256 tbsEnd) = Der.read(der, tbs, end, Der.SEQUENCE);
        list.tbsHash = Der.sha256Of(der, tbs, tbsEnd);
        (list.r, list.s) = X509.readSignature(der, tbsEnd, end);

        require(
            cursor + 3 <= tbsEnd && bytes3(Der.wordAt(der, cursor)) == VERSION_2, IEncodingErrors.MalformedDer(cursor)
        );
        cursor = X509.skipAlgorithm(der, cursor + 3, tbsEnd);
        uint256 issuerEnd = Der.skip(der, cursor, tbsEnd, Der.SEQUENCE);
        list.issuer = Der.keccak256Of(der, cursor, issuerEnd);
        (list.thisUpdate, cursor) = X509.readTime(der, issuerEnd, tbsEnd);
        (list.nextUpdate, cursor) = X509.readTime(der, cursor, tbsEnd);
        if (cursor < tbsEnd && Der.byteAt(der, cursor) == Der.SEQUENCE) {
            (list.serials, cursor) = _readEntries(der, cursor, tbsEnd);
        }
        list.number = _readExtensions(der, cursor, tbsEnd);
    }

    /// @dev SEQUENCE OF entries.
    function _readEntries(bytes memory der, uint256 position, uint256 limit)
        private
        pure
        returns (bytes memory packed, uint256 end)
    {
        uint256 cursor;
        (cursor, end) = Der.read(der, position, limit, Der.SEQUENCE);
        uint256[] memory serials = new uint256[]((end - cursor) / SHORTEST_ENTRY);
        uint256 count;
        while (cursor < end) {
            (serials[count], cursor) = _readEntry(der, cursor, end);
            ++count;
        }
        assembly ("memory-safe") {
            mstore(serials, count)
        }
        LibSort.sort(serials);
        packed = _pack(serials);
    }

    function _pack(uint256[] memory serials) private pure returns (bytes memory packed) {
        uint256 length = serials.length * SERIAL_LENGTH;
        // A word is written for each serial number: the last one's end is cut off.
        packed = new bytes(length + 12);
        for (uint256 i; i < serials.length; ++i) {
            uint256 serial = serials[i];
            assembly ("memory-safe") {
                mstore(add(add(packed, 0x20), mul(i, 20)), shl(96, serial))
            }
        }
        assembly ("memory-safe") {
            mstore(packed, length)
        }
    }

    /// @dev SEQUENCE { serial number INTEGER, revocation date, extensions OPTIONAL }. The date is not looked at.
    function _readEntry(bytes memory der, uint256 position, uint256 limit)
        private
        pure
        returns (uint256 serial, uint256 end)
    {
        uint256 cursor;
        (cursor, end) = Der.read(der, position, limit, Der.SEQUENCE);
        (serial, cursor) = X509.readSerial(der, cursor, end);
        require(cursor < end, IEncodingErrors.MalformedDer(cursor));
        bool full = Der.byteAt(der, cursor) == Der.GENERALIZED_TIME;
        (position, cursor) = Der.read(der, cursor, end, full ? Der.GENERALIZED_TIME : Der.UTC_TIME);
        require(cursor - position == (full ? 15 : 13), IEncodingErrors.MalformedDer(position));
        if (cursor == end) return (serial, end);
        // As Intel writes it. Anything else goes the longer way.
        if (cursor + 14 == end && bytes13(Der.wordAt(der, cursor)) == REASON_ALONE) return (serial, end);

        (cursor, limit) = Der.read(der, cursor, end, Der.SEQUENCE);
        require(limit == end, IEncodingErrors.MalformedDer(limit));
        while (cursor < end) {
            bytes32 id;
            bool critical;
            (id, critical,, cursor) = X509.readExtension(der, cursor, end);
            require(
                !critical && id != CERTIFICATE_ISSUER, IEncodingErrors.UnknownCriticalExtension(abi.encodePacked(id))
            );
        }
    }

    /// @dev [0] { SEQUENCE OF extensions }, up to `end`.
    /// @return number The CRL number; at most 20 bytes (RFC 5280, 5.2.3).
    function _readExtensions(bytes memory der, uint256 position, uint256 end) private pure returns (uint256 number) {
        (uint256 cursor, uint256 stop) = Der.read(der, position, end, Der.EXPLICIT_0);
        require(stop == end, IEncodingErrors.MalformedDer(stop));
        (cursor, stop) = Der.read(der, cursor, end, Der.SEQUENCE);
        require(stop == end, IEncodingErrors.MalformedDer(stop));
        bool hasNumber;
        while (cursor < end) {
            (bytes32 id, bool critical, uint256 value, uint256 next) = X509.readExtension(der, cursor, end);
            if (id == CRL_NUMBER) {
                require(!hasNumber, IEncodingErrors.MalformedDer(cursor));
                hasNumber = true;
                (number, stop) = X509.readSerial(der, value, next);
                require(stop == next, IEncodingErrors.MalformedDer(stop));
            } else {
                require(
                    !critical && id != DELTA_CRL && id != ISSUING_DISTRIBUTION_POINT,
                    IEncodingErrors.UnknownCriticalExtension(abi.encodePacked(id))
                );
            }
            cursor = next;
        }
        require(hasNumber, IEncodingErrors.MalformedDer(end));
    }
}
