// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Der} from "./Der.sol";
import {IEncodingErrors} from "./IEncodingErrors.sol";
import {P256} from "./P256.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

/// @title X509
/// @notice Reads the X.509 v3 certificates (RFC 5280) of Intel's provisioning hierarchy: P-256 keys, ECDSA with SHA-256.
/// Whatever is of another kind is refused.
library X509 {
    struct Certificate {
        uint256 serial;
        /// keccak256 of the issuer's and of the subject's Name, tag and length included.
        bytes32 issuer;
        bytes32 subject;
        /// Where the subject's Name is.
        uint256 subjectPosition;
        /// The subject's key.
        bytes32 x;
        bytes32 y;
        /// Unix times in seconds; both ends belong to the validity.
        uint256 notBefore;
        uint256 notAfter;
        /// basicConstraints says CA.
        bool isAuthority;
        /// First byte of keyUsage; zero if there is none.
        uint256 keyUsage;
        /// Intel's SGX extension is there.
        bool hasSgxExtension;
        /// SHA-256 of the part that is signed, and the signature.
        bytes32 tbsHash;
        bytes32 r;
        bytes32 s;
    }

    /// @dev Bits of keyUsage's first byte.
    uint256 internal constant DIGITAL_SIGNATURE = 0x80;
    uint256 internal constant KEY_CERT_SIGN = 0x04;
    uint256 internal constant CRL_SIGN = 0x02;

    /// @dev [0] { INTEGER 2 }: version 3.
    bytes5 internal constant VERSION_3 = 0xa003020102;
    /// @dev SEQUENCE { OID ecdsa-with-SHA256 }.
    bytes12 internal constant ECDSA_WITH_SHA256 = 0x300a06082a8648ce3d040302;
    /// @dev SEQUENCE { SEQUENCE { OID id-ecPublicKey, OID prime256v1 }, BIT STRING of 66 bytes: no unused bits, uncompressed
    /// point }, up to the point's coordinates. DER has one encoding of each value, so comparing bytes is exact.
    bytes27 internal constant P256_KEY = 0x3059301306072a8648ce3d020106082a8648ce3d03010703420004;
    uint256 internal constant P256_KEY_LENGTH = 91;

    /// @dev Object identifier of the attribute commonName.
    bytes3 internal constant COMMON_NAME = 0x550403;
    /// @dev Object identifiers of extensions.
    bytes3 internal constant KEY_USAGE = 0x551d0f;
    bytes3 internal constant BASIC_CONSTRAINTS = 0x551d13;
    /// @dev 1.2.840.113741.1.13.1
    bytes9 internal constant SGX_EXTENSION = 0x2a864886f84d010d01;

    /// @notice Reads the whole certificate. Does not check its signature nor its validity.
    function parse(bytes memory der) internal view returns (Certificate memory certificate) {
        (uint256 tbs, uint256 end) = Der.read(der, 0, der.length, Der.SEQUENCE);
        require(end == der.length, IEncodingErrors.MalformedDer(end));
        (uint256 cursor, uint256 tbsEnd) = Der.read(der, tbs, end, Der.SEQUENCE);
        certificate.tbsHash = Der.sha256Of(der, tbs, tbsEnd);

        uint256 key = _toKey(der, cursor, tbsEnd, certificate);
        (certificate.x, certificate.y) = _keyAt(der, key, tbsEnd);
        _readExtensions(der, key + P256_KEY_LENGTH, tbsEnd, certificate);
        (certificate.r, certificate.s) = readSignature(der, tbsEnd, end);
    }

    /// @notice The subject's key alone.
    function publicKey(bytes memory der) internal pure returns (bytes32 x, bytes32 y) {
        (uint256 cursor, uint256 end) = Der.read(der, 0, der.length, Der.SEQUENCE);
        (cursor, end) = Der.read(der, cursor, end, Der.SEQUENCE);
        Certificate memory certificate;
        return _keyAt(der, _toKey(der, cursor, end, certificate), end);
    }

    /// @notice Whether the key (x, y) signed the certificate.
    function isSignedBy(Certificate memory certificate, bytes32 x, bytes32 y) internal view returns (bool) {
        return P256.verify(certificate.tbsHash, certificate.r, certificate.s, x, y);
    }

    /// @notice The commonName of the Name at `position`, left-aligned: the value of the first attribute of that type, zero if
    /// there is none or it has more than 32 bytes.
    function commonName(bytes memory der, uint256 position) internal pure returns (bytes32 value) {
        (uint256 cursor, uint256 end) = Der.read(der, position, der.length, Der.SEQUENCE);
        while (cursor < end) {
            uint256 next;
            (cursor, next) = Der.read(der, cursor, end, Der.SET);
            (cursor,) = Der.read(der, cursor, next, Der.SEQUENCE);
            (uint256 start, uint256 stop) = Der.read(der, cursor, next, Der.OBJECT_IDENTIFIER);
            if (stop - start == 3 && bytes3(Der.wordAt(der, start)) == COMMON_NAME) {
                (start, stop) = Der.read(der, stop, next, Der.UTF8_STRING);
                return stop - start > 32 ? bytes32(0) : Der.leading(der, start, stop);
            }
            cursor = next;
        }
    }

    /// @notice The serial number at `position`: at most 20 bytes (RFC 5280, 4.1.2.2).
    function readSerial(bytes memory der, uint256 position, uint256 limit)
        internal
        pure
        returns (uint256 serial, uint256 end)
    {
        (serial, end) = Der.readUint256(der, position, limit);
        require(serial >> 160 == 0, IEncodingErrors.MalformedDer(position));
    }

    /// @dev Reads from the version, at `cursor`, to the key, whose position it answers.
    function _toKey(bytes memory der, uint256 cursor, uint256 end, Certificate memory certificate)
        private
        pure
        returns (uint256 key)
    {
        require(cursor + 5 <= end && bytes5(Der.wordAt(der, cursor)) == VERSION_3, IEncodingErrors.MalformedDer(cursor));
        (certificate.serial, cursor) = readSerial(der, cursor + 5, end);
        cursor = skipAlgorithm(der, cursor, end);
        uint256 next = Der.skip(der, cursor, end, Der.SEQUENCE);
        certificate.issuer = Der.keccak256Of(der, cursor, next);
        (cursor, next) = Der.read(der, next, end, Der.SEQUENCE);
        (certificate.notBefore, cursor) = readTime(der, cursor, next);
        (certificate.notAfter, cursor) = readTime(der, cursor, next);
        require(cursor == next, IEncodingErrors.MalformedDer(cursor));
        key = Der.skip(der, cursor, end, Der.SEQUENCE);
        certificate.subjectPosition = cursor;
        certificate.subject = Der.keccak256Of(der, cursor, key);
    }

    function _keyAt(bytes memory der, uint256 position, uint256 end) private pure returns (bytes32 x, bytes32 y) {
        require(
            position + P256_KEY_LENGTH <= end && bytes27(Der.wordAt(der, position)) == P256_KEY,
            IEncodingErrors.MalformedDer(position)
        );
        return (Der.wordAt(der, position + 27), Der.wordAt(der, position + 59));
    }

    function skipAlgorithm(bytes memory der, uint256 position, uint256 end) internal pure returns (uint256) {
        require(
            position + 12 <= end && bytes12(Der.wordAt(der, position)) == ECDSA_WITH_SHA256,
            IEncodingErrors.MalformedDer(position)
        );
        return position + 12;
    }

    /// @dev Fills in what the extensions say. An extension occurs at most once, and a critical one must be known.
    function _readExtensions(bytes memory der, uint256 position, uint256 end, Certificate memory certificate)
        private
        pure
    {
        (uint256 cursor, uint256 stop) = Der.read(der, position, end, Der.EXPLICIT_3);
        require(stop == end, IEncodingErrors.MalformedDer(stop));
        (cursor, stop) = Der.read(der, cursor, stop, Der.SEQUENCE);
        require(stop == end, IEncodingErrors.MalformedDer(stop));

        bool hasBasicConstraints;
        while (cursor < end) {
            (bytes32 id, bool critical, uint256 value, uint256 next) = readExtension(der, cursor, end);
            if (id == BASIC_CONSTRAINTS) {
                require(!hasBasicConstraints, IEncodingErrors.MalformedDer(cursor));
                hasBasicConstraints = true;
                certificate.isAuthority = _readBasicConstraints(der, value, next);
            } else if (id == KEY_USAGE) {
                require(certificate.keyUsage == 0, IEncodingErrors.MalformedDer(cursor));
                certificate.keyUsage = _readKeyUsage(der, value, next);
            } else if (id == SGX_EXTENSION) {
                require(!certificate.hasSgxExtension, IEncodingErrors.MalformedDer(cursor));
                certificate.hasSgxExtension = true;
            } else {
                require(!critical, IEncodingErrors.UnknownCriticalExtension(abi.encodePacked(id)));
            }
            cursor = next;
        }
    }

    /// @dev SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING }. The value is [value, next).
    /// @return id The object identifier, left-aligned; cut after 32 bytes, which are more than any known one has.
    function readExtension(bytes memory der, uint256 position, uint256 limit)
        internal
        pure
        returns (bytes32 id, bool critical, uint256 value, uint256 next)
    {
        uint256 cursor;
        (cursor, next) = Der.read(der, position, limit, Der.SEQUENCE);
        (uint256 start, uint256 end) = Der.read(der, cursor, next, Der.OBJECT_IDENTIFIER);
        id = Der.leading(der, start, end);

        require(end < next, IEncodingErrors.MalformedDer(end));
        if (Der.byteAt(der, end) == Der.BOOLEAN) {
            critical = true;
            end = readTrue(der, end, next);
        }
        (value, end) = Der.read(der, end, next, Der.OCTET_STRING);
        require(end == next, IEncodingErrors.MalformedDer(end));
    }

    /// @dev SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }.
    function _readBasicConstraints(bytes memory der, uint256 position, uint256 limit) private pure returns (bool) {
        (uint256 start, uint256 end) = Der.read(der, position, limit, Der.SEQUENCE);
        require(end == limit, IEncodingErrors.MalformedDer(end));
        if (start == end) return false;
        start = readTrue(der, start, end);
        if (start < end) (, start) = Der.readUint256(der, start, end);
        require(start == end, IEncodingErrors.MalformedDer(start));
        return true;
    }

    /// @dev BOOLEAN TRUE: DER leaves out the default, so FALSE does not occur.
    function readTrue(bytes memory der, uint256 position, uint256 limit) internal pure returns (uint256 end) {
        uint256 start;
        (start, end) = Der.read(der, position, limit, Der.BOOLEAN);
        require(end - start == 1 && Der.byteAt(der, start) == 0xff, IEncodingErrors.MalformedDer(position));
    }

    /// @dev BIT STRING; bit 0 is the highest one of the first byte.
    function _readKeyUsage(bytes memory der, uint256 position, uint256 limit) private pure returns (uint256) {
        (uint256 start, uint256 end) = Der.read(der, position, limit, Der.BIT_STRING);
        require(end == limit && end - start >= 2, IEncodingErrors.MalformedDer(position));
        return Der.byteAt(der, start + 1);
    }

    /// @dev The algorithm again, then BIT STRING { SEQUENCE { INTEGER r, INTEGER s } }.
    function readSignature(bytes memory der, uint256 position, uint256 limit)
        internal
        pure
        returns (bytes32 r, bytes32 s)
    {
        (uint256 cursor, uint256 end) = Der.read(der, skipAlgorithm(der, position, limit), limit, Der.BIT_STRING);
        require(end == limit && cursor < end && Der.byteAt(der, cursor) == 0, IEncodingErrors.MalformedDer(cursor));
        (cursor, end) = Der.read(der, cursor + 1, end, Der.SEQUENCE);
        require(end == limit, IEncodingErrors.MalformedDer(end));
        uint256 value;
        (value, cursor) = Der.readUint256(der, cursor, end);
        r = bytes32(value);
        (value, cursor) = Der.readUint256(der, cursor, end);
        s = bytes32(value);
        require(cursor == end, IEncodingErrors.MalformedDer(cursor));
    }

    /// @dev UTCTime "YYMMDDhhmmssZ" (1950 to 2049) or GeneralizedTime "YYYYMMDDhhmmssZ" (RFC 5280, 4.1.2.5).
    function readTime(bytes memory der, uint256 position, uint256 limit)
        internal
        pure
        returns (uint256 time, uint256 end)
    {
        require(position < limit, IEncodingErrors.MalformedDer(position));
        bool full = Der.byteAt(der, position) == Der.GENERALIZED_TIME;
        uint256 cursor;
        (cursor, end) = Der.read(der, position, limit, full ? Der.GENERALIZED_TIME : Der.UTC_TIME);
        require(
            end - cursor == (full ? 15 : 13) && Der.byteAt(der, end - 1) == 0x5a, IEncodingErrors.MalformedDer(position)
        );
        uint256 year;
        if (full) {
            year = 100 * _twoDigits(der, cursor) + _twoDigits(der, cursor + 2);
            cursor += 2;
        } else {
            year = _twoDigits(der, cursor);
            year += year < 50 ? 2000 : 1900;
        }
        uint256 month = _twoDigits(der, cursor + 2);
        uint256 day = _twoDigits(der, cursor + 4);
        uint256 hour = _twoDigits(der, cursor + 6);
        uint256 minute = _twoDigits(der, cursor + 8);
        uint256 second = _twoDigits(der, cursor + 10);
        require(
            DateTimeLib.isSupportedDateTime(year, month, day, hour, minute, second),
            IEncodingErrors.MalformedDer(position)
        );
        time = DateTimeLib.dateTimeToTimestamp(year, month, day, hour, minute, second);
    }

    function _twoDigits(bytes memory der, uint256 position) private pure returns (uint256) {
        unchecked {
            // What is not a digit becomes a number above 9.
            uint256 tens = Der.byteAt(der, position) - 0x30;
            uint256 ones = Der.byteAt(der, position + 1) - 0x30;
            require(tens < 10 && ones < 10, IEncodingErrors.MalformedDer(position));
            return 10 * tens + ones;
        }
    }
}
