// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Der} from "./Der.sol";
import {IEncodingErrors} from "./IEncodingErrors.sol";
import {IQuoteVerifier} from "./IQuoteVerifier.sol";
import {PckTemplate} from "./PckTemplate.sol";
import {X509} from "./X509.sol";

/// @title PckCertificate
/// @notice Reads the certificate of a platform (PCK): X.509 as {X509} reads it, and what its SGX extension says of the machine
/// (Intel SGX PCK Certificate and CRL Profile, 1.3.5), whose fields stand in one order:
///
///     SEQUENCE { { 1, PPID OCTET STRING (16) }, { 2, TCB }, { 3, PCE id OCTET STRING (2) }, { 4, FMSPC OCTET STRING (6) },
///                { 5, SGX type ENUMERATED }, ... }
///     TCB := SEQUENCE { { 2.1, component 1 INTEGER } ... { 2.16, component 16 }, { 2.17, PCESVN INTEGER },
///                       { 2.18, CPUSVN OCTET STRING (16), the components } }
///
/// where { n, value } is SEQUENCE { OID 1.2.840.113741.1.13.1.n, value }. DER has one encoding of each value, so comparing bytes
/// is exact.
library PckCertificate {
    struct Pck {
        /// keccak256 of the issuer's Name, tag and length included.
        bytes32 issuer;
        uint256 serial;
        /// Unix times in seconds; both ends belong to the validity.
        uint256 notBefore;
        uint256 notAfter;
        /// The platform's key.
        bytes32 x;
        bytes32 y;
        bytes16 ppid;
        bytes16 cpuSvn;
        uint16 pceSvn;
        bytes2 pceId;
        bytes6 fmspc;
        /// SHA-256 of the part that is signed, and the signature.
        bytes32 tbsHash;
        bytes32 r;
        bytes32 s;
    }

    /// @dev OBJECT IDENTIFIER of an extension 2.5.29.n, but for n.
    bytes4 private constant STANDARD_EXTENSION = 0x0603551d;
    bytes11 private constant SGX_EXTENSION = 0x06092a864886f84d010d01;
    /// @dev n of keyUsage and basicConstraints.
    uint256 private constant KEY_USAGE = 15;
    uint256 private constant BASIC_CONSTRAINTS = 19;
    /// @dev Stands for the SGX extension, 1.2.840.113741.1.13.1.
    uint256 private constant SGX = 256;
    /// @dev BOOLEAN TRUE.
    bytes3 private constant CRITICAL = 0x0101ff;

    /// @dev Fields of the SGX extension, up to their values.
    bytes16 private constant PPID = 0x301e060a2a864886f84d010d01010410;
    bytes16 private constant PCE_ID = 0x3010060a2a864886f84d010d01030402;
    bytes16 private constant FMSPC = 0x3014060a2a864886f84d010d01040406;
    bytes16 private constant SGX_TYPE = 0x300f060a2a864886f84d010d01050a01;
    bytes12 private constant TCB_OID = 0x060a2a864886f84d010d0102;
    bytes13 private constant PCE_SVN_OID = 0x060b2a864886f84d010d010211;
    bytes17 private constant CPU_SVN = 0x301f060b2a864886f84d010d0102120410;
    /// @dev Components before PCESVN.
    uint256 private constant COMPONENTS = 16;

    /// @notice Reads the whole certificate. Does not check its signature nor its validity.
    function parse(bytes memory der) internal view returns (Pck memory pck) {
        if (!PckTemplate.read(der, pck)) return parseAny(der);
    }

    /// @notice The same for a certificate that need not look as Intel's do.
    function parseAny(bytes memory der) internal view returns (Pck memory pck) {
        (uint256 tbs, uint256 end) = Der.read(der, 0, der.length, Der.SEQUENCE);
        require(end == der.length, IEncodingErrors.MalformedDer(end));
        (uint256 cursor, uint256 tbsEnd) = Der.read(der, tbs, end, Der.SEQUENCE);
        pck.tbsHash = Der.sha256Of(der, tbs, tbsEnd);
        (pck.r, pck.s) = X509.readSignature(der, tbsEnd, end);

        cursor = _readToKey(der, cursor, tbsEnd, pck);
        require(
            cursor + X509.P256_KEY_LENGTH <= tbsEnd && bytes27(Der.wordAt(der, cursor)) == X509.P256_KEY,
            IEncodingErrors.MalformedDer(cursor)
        );
        (pck.x, pck.y) = (Der.wordAt(der, cursor + 27), Der.wordAt(der, cursor + 59));
        _readExtensions(der, cursor + X509.P256_KEY_LENGTH, tbsEnd, pck);
    }

    /// @dev Reads from the version, at `cursor`, to the key, whose position it answers.
    function _readToKey(bytes memory der, uint256 cursor, uint256 end, Pck memory pck)
        private
        pure
        returns (uint256 key)
    {
        require(
            cursor + 5 <= end && bytes5(Der.wordAt(der, cursor)) == X509.VERSION_3, IEncodingErrors.MalformedDer(cursor)
        );
        (pck.serial, cursor) = Der.readUint256(der, cursor + 5, end);
        cursor = X509.skipAlgorithm(der, cursor, end);
        uint256 next = Der.skip(der, cursor, end, Der.SEQUENCE);
        pck.issuer = Der.keccak256Of(der, cursor, next);
        (cursor, next) = Der.read(der, next, end, Der.SEQUENCE);
        (pck.notBefore, cursor) = X509.readTime(der, cursor, next);
        (pck.notAfter, cursor) = X509.readTime(der, cursor, next);
        require(cursor == next, IEncodingErrors.MalformedDer(cursor));
        return Der.skip(der, cursor, end, Der.SEQUENCE);
    }

    /// @dev An extension occurs at most once, and a critical one must be known.
    function _readExtensions(bytes memory der, uint256 position, uint256 end, Pck memory pck) private pure {
        (uint256 cursor, uint256 stop) = Der.read(der, position, end, Der.EXPLICIT_3);
        require(stop == end, IEncodingErrors.MalformedDer(stop));
        (cursor, stop) = Der.read(der, cursor, stop, Der.SEQUENCE);
        require(stop == end, IEncodingErrors.MalformedDer(stop));

        uint256 keyUsage;
        bool isSgx;
        while (cursor < end) {
            (uint256 number, uint256 value, uint256 next) = _readExtension(der, cursor, end);
            if (number == KEY_USAGE) {
                require(keyUsage == 0, IEncodingErrors.MalformedDer(cursor));
                keyUsage = _readKeyUsage(der, value, next);
            } else if (number == BASIC_CONSTRAINTS) {
                // An empty SEQUENCE: it is no authority.
                require(
                    next - value == 2 && bytes2(Der.wordAt(der, value)) == 0x3000,
                    IQuoteVerifier.NotAPlatformCertificate()
                );
            } else if (number == SGX) {
                require(!isSgx, IEncodingErrors.MalformedDer(cursor));
                isSgx = true;
                _readSgx(der, value, next, pck);
            }
            cursor = next;
        }
        require(
            isSgx && keyUsage & (X509.DIGITAL_SIGNATURE | X509.KEY_CERT_SIGN) == X509.DIGITAL_SIGNATURE,
            IQuoteVerifier.NotAPlatformCertificate()
        );
    }

    /// @dev SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING }. The value is [value, next).
    /// @return number The n of 2.5.29.n, or SGX; zero for others.
    function _readExtension(bytes memory der, uint256 position, uint256 limit)
        private
        pure
        returns (uint256 number, uint256 value, uint256 next)
    {
        (value, next) = Der.read(der, position, limit, Der.SEQUENCE);
        // Of these bytes those are compared that lie in the range: the value's header follows them, and is read below.
        bytes32 oid = Der.wordAt(der, value);
        // forge-lint: disable-next-item(unsafe-typecast)
        if (bytes4(oid) == STANDARD_EXTENSION) {
            number = uint8(oid[4]);
            value += 5;
        } else if (bytes11(oid) == SGX_EXTENSION) {
            number = SGX;
            value += 11;
        } else {
            value = Der.skip(der, value, next, Der.OBJECT_IDENTIFIER);
        }

        if (bytes3(Der.wordAt(der, value)) == CRITICAL) {
            value += 3;
            require(
                number == KEY_USAGE || number == BASIC_CONSTRAINTS || number == SGX,
                IEncodingErrors.UnknownCriticalExtension(abi.encodePacked(oid))
            );
        }
        uint256 end;
        (value, end) = Der.read(der, value, next, Der.OCTET_STRING);
        require(end == next, IEncodingErrors.MalformedDer(end));
    }

    /// @dev BIT STRING; bit 0 is the highest one of the first byte.
    function _readKeyUsage(bytes memory der, uint256 position, uint256 limit) private pure returns (uint256) {
        (uint256 start, uint256 end) = Der.read(der, position, limit, Der.BIT_STRING);
        require(end == limit && end - start >= 2, IEncodingErrors.MalformedDer(position));
        return Der.byteAt(der, start + 1);
    }

    function _readSgx(bytes memory der, uint256 position, uint256 limit, Pck memory pck) private pure {
        (uint256 cursor, uint256 end) = Der.read(der, position, limit, Der.SEQUENCE);
        require(end == limit, IEncodingErrors.MalformedDer(end));
        bytes32 value;
        // As many bytes as the field has.
        // forge-lint: disable-start(unsafe-typecast)
        (value, cursor) = _field(der, cursor, end, PPID, 16);
        pck.ppid = bytes16(value);
        cursor = _readTcb(der, cursor, end, pck);
        (value, cursor) = _field(der, cursor, end, PCE_ID, 2);
        pck.pceId = bytes2(value);
        (value, cursor) = _field(der, cursor, end, FMSPC, 6);
        pck.fmspc = bytes6(value);
        // forge-lint: disable-end(unsafe-typecast)
        _field(der, cursor, end, SGX_TYPE, 1);
    }

    /// @dev The value of a field that begins with `header`, and ends with `length` bytes of value.
    function _field(bytes memory der, uint256 position, uint256 limit, bytes16 header, uint256 length)
        private
        pure
        returns (bytes32 value, uint256 next)
    {
        next = position + 16 + length;
        require(next <= limit && bytes16(Der.wordAt(der, position)) == header, IEncodingErrors.MalformedDer(position));
        value = Der.wordAt(der, position + 16);
    }

    function _readTcb(bytes memory der, uint256 position, uint256 limit, Pck memory pck)
        private
        pure
        returns (uint256 next)
    {
        uint256 cursor;
        uint256 end;
        (cursor, next) = Der.read(der, position, limit, Der.SEQUENCE);
        require(bytes12(Der.wordAt(der, cursor)) == TCB_OID, IEncodingErrors.MalformedDer(cursor));
        (cursor, end) = Der.read(der, cursor + 12, next, Der.SEQUENCE);
        require(end == next, IEncodingErrors.MalformedDer(end));
        // CPUSVN says what the components say.
        for (uint256 i; i < COMPONENTS; ++i) {
            cursor = Der.skip(der, cursor, end, Der.SEQUENCE);
        }

        (uint256 field, uint256 fieldEnd) = Der.read(der, cursor, end, Der.SEQUENCE);
        require(bytes13(Der.wordAt(der, field)) == PCE_SVN_OID, IEncodingErrors.MalformedDer(field));
        uint256 svn;
        (svn, field) = Der.readUint256(der, field + 13, fieldEnd);
        require(field == fieldEnd && svn <= type(uint16).max, IEncodingErrors.MalformedDer(field));
        // Just checked.
        // forge-lint: disable-next-line(unsafe-typecast)
        pck.pceSvn = uint16(svn);

        require(
            fieldEnd + 33 == end && bytes17(Der.wordAt(der, fieldEnd)) == CPU_SVN,
            IEncodingErrors.MalformedDer(fieldEnd)
        );
        pck.cpuSvn = bytes16(Der.wordAt(der, fieldEnd + 17));
    }
}
