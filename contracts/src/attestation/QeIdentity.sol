// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralHeader} from "./CollateralHeader.sol";
import {ICollateralStore} from "./ICollateralStore.sol";
import {Json} from "./Json.sol";
import {SvnLevels} from "./SvnLevels.sol";
import {TcbStatuses} from "./TcbStatuses.sol";

/// @title QeIdentity
/// @notice Reads Intel's identity of the TD quoting enclave (PCS API v4, version 2), packs it, and matches enclaves with it:
///
///     0     header, see CollateralHeader
///     39    MISCSELECT 4, mask 4, ATTRIBUTES 16, mask 16, MRSIGNER 32, ISVPRODID 2
///     113   levels in the text's order: ISVSVN 2, status 1
///
/// Stricter than dcap-qvl: every level's status must be one that may stand there, not only that of the one that is met; version
/// 3, of which no text exists, is refused.
library QeIdentity {
    struct Parsed {
        CollateralHeader.Header header;
        uint256 miscSelect;
        uint256 miscSelectMask;
        uint256 attributes;
        uint256 attributesMask;
        uint256 signer;
        uint256 productId;
        bytes levels;
    }

    bytes32 private constant ID = "TD_QE";
    uint256 private constant VERSION = 2;

    uint256 private constant MISC_SELECT = 39;
    uint256 private constant ATTRIBUTES = 47;
    uint256 private constant SIGNER = 79;
    uint256 private constant PRODUCT_ID = 111;
    uint256 private constant LEVELS = 113;
    uint256 private constant LEVEL_LENGTH = 3;

    /// @dev DEBUG, in the first byte of ATTRIBUTES.
    bytes16 private constant DEBUG = bytes16(uint128(0x02 << 120));

    /// @dev Bits of the keys: the header's, then miscselect, miscselectMask, attributes, attributesMask, mrsigner, isvprodid,
    /// tcbLevels.
    uint256 private constant KEYS = CollateralHeader.KEYS | 0x7f << CollateralHeader.KEY_COUNT;

    /// @notice Reads the whole text.
    function parse(bytes memory text) internal pure returns (Parsed memory identity) {
        uint256 seen;
        (bytes32 key, uint256 cursor) = Json.firstKey(text, 0);
        while (key != Json.END) {
            uint256 value = cursor;
            uint256 bit;
            (bit, cursor) = CollateralHeader.readKey(text, value, key, identity.header, ID, VERSION);
            if (bit == 0) (bit, cursor) = _readKey(text, value, key, identity);
            seen = Json.once(seen, bit, value);
            (key, cursor) = Json.nextKey(text, cursor);
        }
        Json.complete(seen, KEYS, cursor);
        Json.finish(text, cursor);
    }

    /// @notice What follows the header in the packed form.
    function pack(Parsed memory identity) internal pure returns (bytes memory) {
        // forge-lint: disable-start(unsafe-typecast)
        return abi.encodePacked(
            uint32(identity.miscSelect),
            uint32(identity.miscSelectMask),
            uint128(identity.attributes),
            uint128(identity.attributesMask),
            identity.signer,
            uint16(identity.productId),
            identity.levels
        );
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @notice The status of the quoting enclave; reverts if it is another one than the identity's.
    function statusOf(bytes memory packed, ICollateralStore.Platform calldata platform)
        internal
        pure
        returns (ICollateralStore.TcbStatus)
    {
        _check(packed, platform);
        for (uint256 position = LEVELS; position < packed.length; position += LEVEL_LENGTH) {
            uint256 level = uint256(_wordAt(packed, position));
            if (platform.qeSvn >= level >> 240) return ICollateralStore.TcbStatus(level >> 232 & type(uint8).max);
        }
        revert ICollateralStore.NoQeLevel(platform.qeSvn);
    }

    function _check(bytes memory packed, ICollateralStore.Platform calldata platform) private pure {
        bytes32 signer = _wordAt(packed, SIGNER);
        require(platform.qeSigner == signer, ICollateralStore.WrongQeSigner(platform.qeSigner, signer));
        require(platform.qeAttributes & DEBUG == 0, ICollateralStore.DebugQe(platform.qeAttributes));
        uint16 productId = uint16(bytes2(_wordAt(packed, PRODUCT_ID)));
        require(platform.qeProductId == productId, ICollateralStore.WrongQeProduct(platform.qeProductId, productId));

        bytes4 miscSelect = bytes4(_wordAt(packed, MISC_SELECT));
        bytes4 miscSelectMask = bytes4(_wordAt(packed, MISC_SELECT + 4));
        require(
            (platform.qeMiscSelect ^ miscSelect) & miscSelectMask == 0,
            ICollateralStore.WrongQeMiscSelect(platform.qeMiscSelect, miscSelect, miscSelectMask)
        );
        bytes16 attributes = bytes16(_wordAt(packed, ATTRIBUTES));
        bytes16 mask = bytes16(_wordAt(packed, ATTRIBUTES + 16));
        require(
            (platform.qeAttributes ^ attributes) & mask == 0,
            ICollateralStore.WrongQeAttributes(platform.qeAttributes, attributes, mask)
        );
    }

    /// @return bit The key's; zero if it is unknown and was skipped.
    function _readKey(bytes memory text, uint256 cursor, bytes32 key, Parsed memory identity)
        private
        pure
        returns (uint256 bit, uint256 next)
    {
        bit = 1 << CollateralHeader.KEY_COUNT;
        if (key == "miscselect") {
            (identity.miscSelect, next) = Json.readHex(text, cursor, 4);
        } else if (key == "miscselectMask") {
            bit <<= 1;
            (identity.miscSelectMask, next) = Json.readHex(text, cursor, 4);
        } else if (key == "attributes") {
            bit <<= 2;
            (identity.attributes, next) = Json.readHex(text, cursor, 16);
        } else if (key == "attributesMask") {
            bit <<= 3;
            (identity.attributesMask, next) = Json.readHex(text, cursor, 16);
        } else if (key == "mrsigner") {
            bit <<= 4;
            (identity.signer, next) = Json.readHex32(text, cursor);
        } else if (key == "isvprodid") {
            bit <<= 5;
            (identity.productId, next) = Json.readUint(text, cursor, type(uint16).max);
        } else if (key == "tcbLevels") {
            bit <<= 6;
            (identity.levels, next) = _readLevels(text, cursor);
        } else {
            bit = 0;
            next = Json.skip(text, cursor);
        }
    }

    function _readLevels(bytes memory text, uint256 cursor) private pure returns (bytes memory packed, uint256 next) {
        bool more;
        (more, next) = Json.firstElement(text, cursor);
        while (more) {
            uint256 svn;
            uint256 status;
            (svn, status, next) = SvnLevels.read(text, next, type(uint16).max, TcbStatuses.OF_QE);
            // forge-lint: disable-next-line(unsafe-typecast)
            packed = abi.encodePacked(packed, uint16(svn), uint8(status));
            (more, next) = Json.nextElement(text, next);
        }
    }

    /// @dev The 32 bytes from `position` on; those after the end are undefined.
    function _wordAt(bytes memory packed, uint256 position) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(packed, 0x20), position))
        }
    }
}
