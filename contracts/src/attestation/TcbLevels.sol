// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICollateralStore} from "./ICollateralStore.sol";
import {TcbInfo} from "./TcbInfo.sol";
import {TcbStatuses} from "./TcbStatuses.sol";

/// @title TcbLevels
/// @notice Matches a platform with a TCB info that TcbInfo packed, as Intel's library and dcap-qvl do.
library TcbLevels {
    using TcbStatuses for ICollateralStore.TcbStatus;

    /// @dev The highest bit of each byte.
    uint256 private constant HIGHS = 0x8080808080808080808080808080808080808080808080808080808080808080;

    /// @notice The status of a platform whose TDX components are `teeTcbSvn`, with that of its TDX module.
    function statusOf(bytes memory packed, ICollateralStore.Platform calldata platform, bytes16 teeTcbSvn)
        internal
        pure
        returns (ICollateralStore.TcbStatus status)
    {
        uint256 version = uint8(teeTcbSvn[1]);
        uint256 have = uint256(bytes32(platform.cpuSvn)) | uint128(teeTcbSvn);
        // A module with an identity is judged by that: components 0 and 1, its svn and version, meet every level.
        if (version != 0) have |= 0xffff << 112;
        status = ICollateralStore.TcbStatus(_match(packed, have, platform, teeTcbSvn));
        if (version != 0) {
            uint256 identity = _identityOf(packed, version);
            uint256 svn = uint8(teeTcbSvn[0]);
            status = status.converge(ICollateralStore.TcbStatus(_matchModule(packed, identity, version, svn)));
        }
    }

    /// @notice The TDX module is signed by whom its identity says, or the TCB info if its version is 0; its attributes are
    /// those, and none outside of their mask.
    function checkModule(bytes memory packed, ICollateralStore.Platform calldata platform) internal pure {
        uint256 version = uint8(platform.teeTcbSvn[1]);
        uint256 position = version == 0 ? TcbInfo.MODULE : _identityOf(packed, version) + 1;
        bytes32 high = _wordAt(packed, position);
        bytes16 low = bytes16(_wordAt(packed, position + 32));
        require(
            platform.moduleSignerHigh == high && platform.moduleSignerLow == low,
            ICollateralStore.WrongModuleSigner(platform.moduleSignerHigh, platform.moduleSignerLow, high, low)
        );
        bytes8 expected = bytes8(_wordAt(packed, position + 48));
        bytes8 mask = bytes8(_wordAt(packed, position + 56));
        require(
            platform.seamAttributes == expected & mask,
            ICollateralStore.WrongSeamAttributes(platform.seamAttributes, expected, mask)
        );
    }

    /// @notice The PCE id in the TCB info.
    function pceId(bytes memory packed) internal pure returns (bytes2) {
        return bytes2(_wordAt(packed, TcbInfo.PCE_ID));
    }

    /// @dev The status of the first level that `have`, SGX and TDX components, and the PCESVN meet.
    function _match(bytes memory packed, uint256 have, ICollateralStore.Platform calldata platform, bytes16 teeTcbSvn)
        private
        pure
        returns (uint256)
    {
        uint256 pceSvn = platform.pceSvn;
        uint256 end = _endOfLevels(packed);
        for (uint256 position = TcbInfo.LEVELS; position < end; position += TcbInfo.LEVEL_LENGTH) {
            uint256 high = uint256(_wordAt(packed, position));
            uint256 low = uint256(_wordAt(packed, position + 18));
            uint256 needs = high & ~uint256(type(uint128).max) | low >> 128;
            if (_meets(have, needs) && pceSvn >= high >> 112 & type(uint16).max) return low >> 120 & type(uint8).max;
        }
        revert ICollateralStore.NoTcbLevel(platform.cpuSvn, platform.pceSvn, teeTcbSvn);
    }

    /// @dev The status of the first level of the identity that `svn` meets.
    function _matchModule(bytes memory packed, uint256 identity, uint256 version, uint256 svn)
        private
        pure
        returns (uint256)
    {
        uint256 position = identity + TcbInfo.IDENTITY_LENGTH;
        uint256 end = _endOfIdentity(packed, identity);
        for (; position < end; position += 2) {
            uint256 level = uint256(_wordAt(packed, position));
            if (svn >= level >> 248) return level >> 240 & type(uint8).max;
        }
        // A byte each.
        // forge-lint: disable-next-line(unsafe-typecast)
        revert ICollateralStore.NoTdxModuleLevel(uint8(version), uint8(svn));
    }

    /// @dev Where the first identity of the module version is.
    function _identityOf(bytes memory packed, uint256 version) private pure returns (uint256 position) {
        position = _endOfLevels(packed);
        while (position < packed.length) {
            if (uint8(packed[position]) == version) return position;
            position = _endOfIdentity(packed, position);
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        revert ICollateralStore.UnknownTdxModule(uint8(version));
    }

    function _endOfLevels(bytes memory packed) private pure returns (uint256) {
        return TcbInfo.LEVELS + TcbInfo.LEVEL_LENGTH * uint8(packed[TcbInfo.LEVEL_COUNT]);
    }

    function _endOfIdentity(bytes memory packed, uint256 position) private pure returns (uint256) {
        return position + TcbInfo.IDENTITY_LENGTH + 2 * uint256(uint8(packed[position + TcbInfo.IDENTITY_LENGTH - 1]));
    }

    /// @dev Whether no byte of `have` is below the same one of `needs`.
    function _meets(uint256 have, uint256 needs) private pure returns (bool) {
        unchecked {
            // Compares the lower seven bits of each byte: the borrow stays in it, since its highest bit is set. Then the
            // highest bits decide where they differ.
            uint256 lower = (have | HIGHS) - (needs & ~HIGHS);
            return (have & ~needs | ~(have ^ needs) & lower) & HIGHS == HIGHS;
        }
    }

    /// @dev The 32 bytes from `position` on; those after the end are undefined.
    function _wordAt(bytes memory packed, uint256 position) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(packed, 0x20), position))
        }
    }
}
