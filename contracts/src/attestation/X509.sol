// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Der} from "./Der.sol";
import {IProverRegistry} from "./IProverRegistry.sol";
import {P256} from "./P256.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

/// @title X509
/// @notice Reads the X.509 v3 certificates (RFC 5280) of Intel's provisioning hierarchy: P-256 keys, ECDSA with SHA-256.
/// Whatever is of another kind is refused.
library X509 {
    struct Certificate {
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

    /// @dev [0] { INTEGER 2 }: version 3.
    bytes5 internal constant VERSION_3 = 0xa003020102;
    /// @dev SEQUENCE { OID ecdsa-with-SHA256 }.
    bytes12 internal constant ECDSA_WITH_SHA256 = 0x300a06082a8648ce3d040302;
    /// @dev SEQUENCE { SEQUENCE { OID id-ecPublicKey, OID prime256v1 }, BIT STRING of 66 bytes: no unused bits, uncompressed
    /// point }, up to the point's coordinates. DER has one encoding of each value, so comparing bytes is exact.
    bytes27 internal constant P256_KEY = 0x3059301306072a8648ce3d020106082a8648ce3d03010703420004;
    uint256 internal constant P256_KEY_LENGTH = 91;

    /// @dev Object identifiers of extensions.
    bytes3 internal constant KEY_USAGE = 0x551d0f;
    bytes3 internal constant BASIC_CONSTRAINTS = 0x551d13;
    /// @dev 1.2.840.113741.1.13.1
    bytes9 internal constant SGX_EXTENSION = 0x2a864886f84d010d01;

    /// @notice Reads the whole certificate. Does not check its signature nor its validity.
    function parse(bytes memory der) internal view returns (Certificate memory certificate) {
        (uint256 tbs, uint256 end) = Der.read(der, 0, der.length, Der.SEQUENCE);
        require(end == der.length, IProverRegistry.MalformedCertificate(end));
        (uint256 cursor, uint256 tbsEnd) = Der.read(der, tbs, end, Der.SEQUENCE);
        certificate.tbsHash = Der.sha256Of(der, tbs, tbsEnd);

        uint256 key;
        (certificate.notBefore, certificate.notAfter, key) = _toKey(der, cursor, tbsEnd);
        (certificate.x, certificate.y) = _keyAt(der, key, tbsEnd);
        _readExtensions(der, key + P256_KEY_LENGTH, tbsEnd, certificate);
        (certificate.r, certificate.s) = _readSignature(der, tbsEnd, end);
    }

    /// @notice The subject's key alone.
    function publicKey(bytes memory der) internal pure returns (bytes32 x, bytes32 y) {
        (uint256 cursor, uint256 end) = Der.read(der, 0, der.length, Der.SEQUENCE);
        (cursor, end) = Der.read(der, cursor, end, Der.SEQUENCE);
        (,, uint256 key) = _toKey(der, cursor, end);
        return _keyAt(der, key, end);
    }

    /// @notice Whether the key (x, y) signed the certificate.
    function isSignedBy(Certificate memory certificate, bytes32 x, bytes32 y) internal view returns (bool) {
        return P256.verify(certificate.tbsHash, certificate.r, certificate.s, x, y);
    }

    /// @dev Reads from the version, at `cursor`, to the key. Names are not compared: the key that signed is what counts.
    function _toKey(bytes memory der, uint256 cursor, uint256 end)
        private
        pure
        returns (uint256 notBefore, uint256 notAfter, uint256 key)
    {
        require(
            cursor + 5 <= end && bytes5(Der.wordAt(der, cursor)) == VERSION_3,
            IProverRegistry.MalformedCertificate(cursor)
        );
        cursor = Der.skip(der, cursor + 5, end, Der.INTEGER); // serial number
        cursor = _skipAlgorithm(der, cursor, end);
        cursor = Der.skip(der, cursor, end, Der.SEQUENCE); // issuer
        (uint256 validity, uint256 validityEnd) = Der.read(der, cursor, end, Der.SEQUENCE);
        (notBefore, validity) = _readTime(der, validity, validityEnd);
        (notAfter, validity) = _readTime(der, validity, validityEnd);
        require(validity == validityEnd, IProverRegistry.MalformedCertificate(validity));
        key = Der.skip(der, validityEnd, end, Der.SEQUENCE); // subject
    }

    function _keyAt(bytes memory der, uint256 position, uint256 end) private pure returns (bytes32 x, bytes32 y) {
        require(
            position + P256_KEY_LENGTH <= end && bytes27(Der.wordAt(der, position)) == P256_KEY,
            IProverRegistry.MalformedCertificate(position)
        );
        return (Der.wordAt(der, position + 27), Der.wordAt(der, position + 59));
    }

    function _skipAlgorithm(bytes memory der, uint256 position, uint256 end) private pure returns (uint256) {
        require(
            position + 12 <= end && bytes12(Der.wordAt(der, position)) == ECDSA_WITH_SHA256,
            IProverRegistry.MalformedCertificate(position)
        );
        return position + 12;
    }

    /// @dev Fills in what the extensions say. An extension occurs at most once, and a critical one must be known.
    function _readExtensions(bytes memory der, uint256 position, uint256 end, Certificate memory certificate)
        private
        pure
    {
        (uint256 cursor, uint256 stop) = Der.read(der, position, end, Der.EXPLICIT_3);
        require(stop == end, IProverRegistry.MalformedCertificate(stop));
        (cursor, stop) = Der.read(der, cursor, stop, Der.SEQUENCE);
        require(stop == end, IProverRegistry.MalformedCertificate(stop));

        bool hasBasicConstraints;
        while (cursor < end) {
            (bytes32 id, bool critical, uint256 value, uint256 next) = _readExtension(der, cursor, end);
            if (id == BASIC_CONSTRAINTS) {
                require(!hasBasicConstraints, IProverRegistry.MalformedCertificate(cursor));
                hasBasicConstraints = true;
                certificate.isAuthority = _readBasicConstraints(der, value, next);
            } else if (id == KEY_USAGE) {
                require(certificate.keyUsage == 0, IProverRegistry.MalformedCertificate(cursor));
                certificate.keyUsage = _readKeyUsage(der, value, next);
            } else if (id == SGX_EXTENSION) {
                require(!certificate.hasSgxExtension, IProverRegistry.MalformedCertificate(cursor));
                certificate.hasSgxExtension = true;
            } else {
                require(!critical, IProverRegistry.UnknownCriticalExtension(abi.encodePacked(id)));
            }
            cursor = next;
        }
    }

    /// @dev SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING }. The value is [value, next).
    /// @return id The object identifier, left-aligned; cut after 32 bytes, which are more than any known one has.
    function _readExtension(bytes memory der, uint256 position, uint256 limit)
        private
        pure
        returns (bytes32 id, bool critical, uint256 value, uint256 next)
    {
        uint256 cursor;
        (cursor, next) = Der.read(der, position, limit, Der.SEQUENCE);
        (uint256 start, uint256 end) = Der.read(der, cursor, next, Der.OBJECT_IDENTIFIER);
        uint256 length = end - start < 32 ? end - start : 32;
        id = Der.wordAt(der, start) & ~bytes32(type(uint256).max >> (8 * length));

        require(end < next, IProverRegistry.MalformedCertificate(end));
        if (Der.byteAt(der, end) == Der.BOOLEAN) {
            critical = true;
            end = _readTrue(der, end, next);
        }
        (value, end) = Der.read(der, end, next, Der.OCTET_STRING);
        require(end == next, IProverRegistry.MalformedCertificate(end));
    }

    /// @dev SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }.
    function _readBasicConstraints(bytes memory der, uint256 position, uint256 limit) private pure returns (bool) {
        (uint256 start, uint256 end) = Der.read(der, position, limit, Der.SEQUENCE);
        require(end == limit, IProverRegistry.MalformedCertificate(end));
        if (start == end) return false;
        start = _readTrue(der, start, end);
        if (start < end) (, start) = Der.readUint256(der, start, end);
        require(start == end, IProverRegistry.MalformedCertificate(start));
        return true;
    }

    /// @dev BOOLEAN TRUE: DER leaves out the default, so FALSE does not occur.
    function _readTrue(bytes memory der, uint256 position, uint256 limit) private pure returns (uint256 end) {
        uint256 start;
        (start, end) = Der.read(der, position, limit, Der.BOOLEAN);
        require(end - start == 1 && Der.byteAt(der, start) == 0xff, IProverRegistry.MalformedCertificate(position));
    }

    /// @dev BIT STRING; bit 0 is the highest one of the first byte.
    function _readKeyUsage(bytes memory der, uint256 position, uint256 limit) private pure returns (uint256) {
        (uint256 start, uint256 end) = Der.read(der, position, limit, Der.BIT_STRING);
        require(end == limit && end - start >= 2, IProverRegistry.MalformedCertificate(position));
        return Der.byteAt(der, start + 1);
    }

    /// @dev The algorithm again, then BIT STRING { SEQUENCE { INTEGER r, INTEGER s } }.
    function _readSignature(bytes memory der, uint256 position, uint256 limit)
        private
        pure
        returns (bytes32 r, bytes32 s)
    {
        (uint256 cursor, uint256 end) = Der.read(der, _skipAlgorithm(der, position, limit), limit, Der.BIT_STRING);
        require(
            end == limit && cursor < end && Der.byteAt(der, cursor) == 0, IProverRegistry.MalformedCertificate(cursor)
        );
        (cursor, end) = Der.read(der, cursor + 1, end, Der.SEQUENCE);
        require(end == limit, IProverRegistry.MalformedCertificate(end));
        uint256 value;
        (value, cursor) = Der.readUint256(der, cursor, end);
        r = bytes32(value);
        (value, cursor) = Der.readUint256(der, cursor, end);
        s = bytes32(value);
        require(cursor == end, IProverRegistry.MalformedCertificate(cursor));
    }

    /// @dev UTCTime "YYMMDDhhmmssZ" (1950 to 2049) or GeneralizedTime "YYYYMMDDhhmmssZ" (RFC 5280, 4.1.2.5).
    function _readTime(bytes memory der, uint256 position, uint256 limit)
        private
        pure
        returns (uint256 time, uint256 end)
    {
        require(position < limit, IProverRegistry.MalformedCertificate(position));
        bool full = Der.byteAt(der, position) == Der.GENERALIZED_TIME;
        uint256 cursor;
        (cursor, end) = Der.read(der, position, limit, full ? Der.GENERALIZED_TIME : Der.UTC_TIME);
        require(
            end - cursor == (full ? 15 : 13) && Der.byteAt(der, end - 1) == 0x5a,
            IProverRegistry.MalformedCertificate(position)
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
            IProverRegistry.MalformedCertificate(position)
        );
        time = DateTimeLib.dateTimeToTimestamp(year, month, day, hour, minute, second);
    }

    function _twoDigits(bytes memory der, uint256 position) private pure returns (uint256) {
        unchecked {
            // What is not a digit becomes a number above 9.
            uint256 tens = Der.byteAt(der, position) - 0x30;
            uint256 ones = Der.byteAt(der, position + 1) - 0x30;
            require(tens < 10 && ones < 10, IProverRegistry.MalformedCertificate(position));
            return 10 * tens + ones;
        }
    }
}
