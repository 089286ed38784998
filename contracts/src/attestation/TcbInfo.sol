// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralHeader} from "./CollateralHeader.sol";
import {ICollateralStore} from "./ICollateralStore.sol";
import {IEncodingErrors} from "./IEncodingErrors.sol";
import {Json} from "./Json.sol";
import {SvnLevels} from "./SvnLevels.sol";
import {TcbStatuses} from "./TcbStatuses.sol";

/// @title TcbInfo
/// @notice Reads Intel's TCB info for TDX (PCS API v4, version 3) into the packed form that TcbLevels matches:
///
///     0     header, see CollateralHeader
///     39    PCE id 2, number of levels 1
///     42    TDX module: MRSIGNER 48, SEAMATTRIBUTES 8, mask 8
///     106   levels, 35 bytes each: SGX components 16, PCESVN 2, TDX components 16, status 1
///     ...   TDX module identities: version 1, MRSIGNER 48, SEAMATTRIBUTES 8, mask 8, number of levels 1, then these: ISVSVN 1,
///           status 1
///
/// Levels are put in the order in which Intel's library looks at them: descending by SGX components, then PCESVN, then TDX
/// components. Identities and their levels stay in the text's order.
///
/// Stricter than dcap-qvl: every level must have 16 components of each kind and a status that may stand there, not only the
/// one that is met; tcbType must be 0; times are UTC in whole seconds.
library TcbInfo {
    /// @notice What the text says, lists already packed.
    struct Parsed {
        CollateralHeader.Header header;
        bytes6 fmspc;
        bytes2 pceId;
        bytes module;
        uint256 levelCount;
        bytes levels;
        uint256 identitiesLength;
        bytes identities;
    }

    /// @dev MRSIGNER in two parts, SEAMATTRIBUTES and their mask.
    struct Module {
        uint256 signerHigh;
        uint256 signerLow;
        uint256 attributes;
        uint256 mask;
    }

    uint256 internal constant PCE_ID = 39;
    uint256 internal constant LEVEL_COUNT = 41;
    uint256 internal constant MODULE = 42;
    uint256 internal constant LEVELS = 106;
    uint256 internal constant LEVEL_LENGTH = 35;
    /// @dev Of an identity without its levels, which come last.
    uint256 internal constant IDENTITY_LENGTH = 66;

    bytes32 private constant ID = "TDX";
    uint256 private constant VERSION = 3;
    /// @dev Of its levels: which comparisons decide.
    uint256 private constant TYPE = 0;
    uint256 private constant COMPONENTS = 16;
    uint256 private constant MAX_LEVELS = type(uint8).max;

    /// @dev Bits of the keys of a TCB info: the header's, then fmspc, pceId, tcbType, tdxModule, tcbLevels, and
    /// tdxModuleIdentities, which may be missing.
    uint256 private constant KEYS = CollateralHeader.KEYS | 0x1f << CollateralHeader.KEY_COUNT;
    /// @dev Of a TDX module: mrsigner, attributes, attributesMask; of an identity also: id, tcbLevels.
    uint256 private constant MODULE_KEYS = 0x07;
    uint256 private constant IDENTITY_KEYS = 0x1f;
    /// @dev Of a level: tcb, tcbDate, tcbStatus; of its tcb: sgxtcbcomponents, tdxtcbcomponents, pcesvn; of a component: svn.
    uint256 private constant LEVEL_KEYS = 0x07;
    uint256 private constant TCB_KEYS = 0x07;
    uint256 private constant COMPONENT_KEYS = 0x01;
    /// @dev `{"svn":`
    uint256 private constant SVN = 0x7b2273766e223a;

    /// @notice Reads the whole text.
    function parse(bytes memory text) internal pure returns (Parsed memory info) {
        // What is packed is shorter than its text.
        info.levels = new bytes(text.length);
        info.identities = new bytes(text.length);
        uint256 seen;
        (bytes32 key, uint256 cursor) = Json.firstKey(text, 0);
        while (key != Json.END) {
            uint256 value = cursor;
            uint256 bit;
            (bit, cursor) = CollateralHeader.readKey(text, value, key, info.header, ID, VERSION);
            if (bit == 0) (bit, cursor) = _readKey(text, value, key, info);
            seen = Json.once(seen, bit, value);
            (key, cursor) = Json.nextKey(text, cursor);
        }
        Json.complete(seen, KEYS, cursor);
        Json.finish(text, cursor);
        _cut(info.levels, info.levelCount * LEVEL_LENGTH);
        _cut(info.identities, info.identitiesLength);
    }

    /// @notice What follows the header in the packed form.
    function pack(Parsed memory info) internal pure returns (bytes memory) {
        return abi.encodePacked(
            info.pceId,
            // At most MAX_LEVELS.
            // forge-lint: disable-next-line(unsafe-typecast)
            uint8(info.levelCount),
            info.module,
            info.levels,
            info.identities
        );
    }

    /// @return bit The key's; zero if it is unknown and was skipped.
    function _readKey(bytes memory text, uint256 cursor, bytes32 key, Parsed memory info)
        private
        pure
        returns (uint256 bit, uint256 next)
    {
        uint256 value;
        bit = 1 << CollateralHeader.KEY_COUNT;
        if (key == "fmspc") {
            (value, next) = Json.readHex(text, cursor, 6);
            // As many bytes as were read.
            // forge-lint: disable-next-line(unsafe-typecast)
            info.fmspc = bytes6(uint48(value));
        } else if (key == "pceId") {
            bit <<= 1;
            (value, next) = Json.readHex(text, cursor, 2);
            // As many bytes as were read.
            // forge-lint: disable-next-line(unsafe-typecast)
            info.pceId = bytes2(uint16(value));
        } else if (key == "tcbType") {
            bit <<= 2;
            (value, next) = Json.readUint(text, cursor, type(uint32).max);
            require(value == TYPE, ICollateralStore.UnsupportedTcbType(value, TYPE));
        } else if (key == "tdxModule") {
            bit <<= 3;
            (info.module, next) = _readModule(text, cursor);
        } else if (key == "tcbLevels") {
            bit <<= 4;
            (info.levelCount, next) = _readLevels(text, cursor, info.levels);
        } else if (key == "tdxModuleIdentities") {
            bit <<= 5;
            (info.identitiesLength, next) = _readIdentities(text, cursor, info.identities);
        } else {
            bit = 0;
            next = Json.skip(text, cursor);
        }
    }

    function _readModule(bytes memory text, uint256 cursor) private pure returns (bytes memory packed, uint256 next) {
        Module memory module;
        uint256 seen;
        bytes32 key;
        (key, next) = Json.firstKey(text, cursor);
        while (key != Json.END) {
            uint256 value = next;
            uint256 bit;
            (bit, next) = _readModuleKey(text, value, key, module);
            seen = Json.once(seen, bit, value);
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, MODULE_KEYS, next);
        packed = _packModule(module);
    }

    /// @return bit The key's; zero if it is unknown and was skipped.
    function _readModuleKey(bytes memory text, uint256 cursor, bytes32 key, Module memory module)
        private
        pure
        returns (uint256 bit, uint256 next)
    {
        if (key == "mrsigner") {
            bit = 1 << 0;
            (module.signerHigh, module.signerLow, next) = Json.readHex48(text, cursor);
        } else if (key == "attributes") {
            bit = 1 << 1;
            (module.attributes, next) = Json.readHex(text, cursor, 8);
        } else if (key == "attributesMask") {
            bit = 1 << 2;
            (module.mask, next) = Json.readHex(text, cursor, 8);
        } else {
            next = Json.skip(text, cursor);
        }
    }

    function _packModule(Module memory module) private pure returns (bytes memory) {
        // forge-lint: disable-start(unsafe-typecast)
        return
            abi.encodePacked(
                module.signerHigh, uint128(module.signerLow), uint64(module.attributes), uint64(module.mask)
            );
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev Appends each identity to `packed`.
    function _readIdentities(bytes memory text, uint256 cursor, bytes memory packed)
        private
        pure
        returns (uint256 length, uint256 next)
    {
        bool more;
        (more, next) = Json.firstElement(text, cursor);
        while (more) {
            (length, next) = _readIdentity(text, next, packed, length);
            (more, next) = Json.nextElement(text, next);
        }
    }

    /// @dev Writes the identity to `packed`, from `start` on.
    function _readIdentity(bytes memory text, uint256 cursor, bytes memory packed, uint256 start)
        private
        pure
        returns (uint256 end, uint256 next)
    {
        Module memory module;
        uint256 version;
        uint256 seen;
        bytes32 key;
        (key, next) = Json.firstKey(text, cursor);
        while (key != Json.END) {
            uint256 value = next;
            uint256 bit;
            if (key == "id") {
                bit = 1 << 3;
                (version, next) = _readModuleVersion(text, value);
            } else if (key == "tcbLevels") {
                bit = 1 << 4;
                (end, next) = _readModuleLevels(text, value, packed, start + IDENTITY_LENGTH);
            } else {
                (bit, next) = _readModuleKey(text, value, key, module);
            }
            seen = Json.once(seen, bit, value);
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, IDENTITY_KEYS, next);
        uint256 count = (end - start - IDENTITY_LENGTH) / 2;
        // forge-lint: disable-next-line(unsafe-typecast)
        _put(packed, start, abi.encodePacked(uint8(version), _packModule(module), uint8(count)));
    }

    /// @dev "TDX_" and two hexadecimal digits, all in either case, as dcap-qvl compares it.
    function _readModuleVersion(bytes memory text, uint256 cursor)
        private
        pure
        returns (uint256 version, uint256 next)
    {
        bytes32 id;
        (id, next) = Json.readWord(text, cursor);
        uint256 prefix = uint256(id) >> 224 | 0x20202000;
        require(prefix == 0x7464785f && uint256(id) << 48 == 0, IEncodingErrors.MalformedJson(cursor));
        // The two characters before the closing quote; if there is only one, the underscore is no digit.
        version = Json.hexAt(text, next - 3, 1);
    }

    /// @dev Writes pairs of svn and status to `packed` from `end` on.
    function _readModuleLevels(bytes memory text, uint256 cursor, bytes memory packed, uint256 end)
        private
        pure
        returns (uint256, uint256 next)
    {
        uint256 limit = end + 2 * MAX_LEVELS;
        bool more;
        (more, next) = Json.firstElement(text, cursor);
        while (more) {
            require(end < limit, IEncodingErrors.MalformedJson(next));
            uint256 svn;
            uint256 status;
            (svn, status, next) = SvnLevels.read(text, next, type(uint8).max, TcbStatuses.OF_MODULE);
            assembly ("memory-safe") {
                let pointer := add(add(packed, 0x20), end)
                mstore8(pointer, svn)
                mstore8(add(pointer, 1), status)
            }
            end += 2;
            (more, next) = Json.nextElement(text, next);
        }
        return (end, next);
    }

    /// @dev Writes the levels to `packed`, in order.
    function _readLevels(bytes memory text, uint256 cursor, bytes memory packed)
        private
        pure
        returns (uint256 count, uint256 next)
    {
        bool more;
        (more, next) = Json.firstElement(text, cursor);
        while (more) {
            require(count < MAX_LEVELS, IEncodingErrors.MalformedJson(next));
            uint256 high;
            uint256 low;
            (high, low, next) = _readLevel(text, next);
            _insert(packed, count, high, low);
            ++count;
            (more, next) = Json.nextElement(text, next);
        }
    }

    /// @return high The first 32 bytes of the packed level.
    /// @return low Its last 3.
    function _readLevel(bytes memory text, uint256 cursor)
        private
        pure
        returns (uint256 high, uint256 low, uint256 next)
    {
        uint256 status;
        uint256 seen;
        bytes32 key;
        (key, next) = Json.firstKey(text, cursor);
        while (key != Json.END) {
            if (key == "tcb") {
                seen = Json.once(seen, 1 << 0, next);
                (high, low, next) = _readTcb(text, next);
            } else if (key == "tcbDate") {
                seen = Json.once(seen, 1 << 1, next);
                (, next) = Json.readWord(text, next);
            } else if (key == "tcbStatus") {
                seen = Json.once(seen, 1 << 2, next);
                (status, next) = TcbStatuses.read(text, next, TcbStatuses.OF_TCB_INFO);
            } else {
                next = Json.skip(text, next);
            }
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, LEVEL_KEYS, next);
        low |= status;
    }

    function _readTcb(bytes memory text, uint256 cursor)
        private
        pure
        returns (uint256 high, uint256 low, uint256 next)
    {
        uint256 sgx;
        uint256 tdx;
        uint256 pceSvn;
        uint256 seen;
        bytes32 key;
        (key, next) = Json.firstKey(text, cursor);
        while (key != Json.END) {
            if (key == "sgxtcbcomponents") {
                seen = Json.once(seen, 1 << 0, next);
                (sgx, next) = _readComponents(text, next);
            } else if (key == "tdxtcbcomponents") {
                seen = Json.once(seen, 1 << 1, next);
                (tdx, next) = _readComponents(text, next);
            } else if (key == "pcesvn") {
                seen = Json.once(seen, 1 << 2, next);
                (pceSvn, next) = Json.readUint(text, next, type(uint16).max);
            } else {
                next = Json.skip(text, next);
            }
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, TCB_KEYS, next);
        high = sgx << 128 | pceSvn << 112 | tdx >> 16;
        low = tdx << 8 & 0xffff00;
    }

    /// @return components Their svns, a byte each, the first one highest.
    function _readComponents(bytes memory text, uint256 cursor)
        private
        pure
        returns (uint256 components, uint256 next)
    {
        bool more;
        (more, next) = Json.firstElement(text, cursor);
        for (uint256 i; i < COMPONENTS; ++i) {
            require(more, IEncodingErrors.MalformedJson(next));
            uint256 svn;
            (svn, next) = _readComponent(text, next);
            components = components << 8 | svn;
            (more, next) = Json.nextElement(text, next);
        }
        require(!more, IEncodingErrors.MalformedJson(next));
    }

    function _readComponent(bytes memory text, uint256 cursor) private pure returns (uint256 svn, uint256 next) {
        uint256 seen;
        bytes32 key;
        if (Json.wordAt(text, cursor) >> 200 == SVN) {
            // As Intel writes it. Anything else goes the longer way.
            seen = COMPONENT_KEYS;
            (svn, next) = Json.readUint(text, cursor + 7, type(uint8).max);
            (key, next) = Json.nextKey(text, next);
        } else {
            (key, next) = Json.firstKey(text, cursor);
        }
        while (key != Json.END) {
            if (key == "svn") {
                seen = Json.once(seen, 1 << 0, next);
                (svn, next) = Json.readUint(text, next, type(uint8).max);
            } else {
                next = Json.skip(text, next);
            }
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, COMPONENT_KEYS, next);
    }

    /// @dev Puts a level after those that are not lower: equal ones stay in the text's order.
    function _insert(bytes memory packed, uint256 count, uint256 high, uint256 low) private pure {
        assembly ("memory-safe") {
            let end := add(add(packed, 0x20), mul(count, 35))
            let pointer := end
            for {} gt(pointer, add(packed, 0x20)) {} {
                let before := sub(pointer, 35)
                let word := mload(before)
                // The last 3 bytes are 2 of components, which are compared, and the status.
                let rest := shr(240, mload(add(before, 0x20)))
                if iszero(or(lt(word, high), and(eq(word, high), lt(rest, shr(8, low))))) { break }
                pointer := before
            }
            mcopy(add(pointer, 35), pointer, sub(end, pointer))
            mstore(pointer, high)
            pointer := add(pointer, 0x20)
            mstore8(pointer, shr(16, low))
            mstore8(add(pointer, 1), shr(8, low))
            mstore8(add(pointer, 2), low)
        }
    }

    /// @dev Writes `part` at `position`.
    function _put(bytes memory packed, uint256 position, bytes memory part) private pure {
        assembly ("memory-safe") {
            mcopy(add(add(packed, 0x20), position), add(part, 0x20), mload(part))
        }
    }

    function _cut(bytes memory packed, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(packed, length)
        }
    }
}
