// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Json} from "./Json.sol";
import {TcbStatuses} from "./TcbStatuses.sol";

/// @title SvnLevels
/// @notice Reads the TCB levels of a TDX module or of a quoting enclave, which turn on one number:
///
///     [{"tcb": {"isvsvn": 6}, "tcbDate": "...", "tcbStatus": "UpToDate"}, ...]
library SvnLevels {
    /// @dev Bits of the keys: tcb, tcbDate, tcbStatus. In tcb: isvsvn.
    uint256 private constant LEVEL_KEYS = 0x07;
    uint256 private constant TCB_KEYS = 0x01;

    /// @notice Reads the level at `cursor`.
    /// @param most The largest svn.
    /// @param allowed Statuses that may stand there: a bit each.
    function read(bytes memory text, uint256 cursor, uint256 most, uint256 allowed)
        internal
        pure
        returns (uint256 svn, uint256 status, uint256 next)
    {
        uint256 seen;
        bytes32 key;
        (key, next) = Json.firstKey(text, cursor);
        while (key != Json.END) {
            if (key == "tcb") {
                seen = Json.once(seen, 1 << 0, next);
                (svn, next) = _readSvn(text, next, most);
            } else if (key == "tcbDate") {
                seen = Json.once(seen, 1 << 1, next);
                (, next) = Json.readWord(text, next);
            } else if (key == "tcbStatus") {
                seen = Json.once(seen, 1 << 2, next);
                (status, next) = TcbStatuses.read(text, next, allowed);
            } else {
                next = Json.skip(text, next);
            }
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, LEVEL_KEYS, next);
    }

    function _readSvn(bytes memory text, uint256 cursor, uint256 most)
        private
        pure
        returns (uint256 svn, uint256 next)
    {
        uint256 seen;
        bytes32 key;
        (key, next) = Json.firstKey(text, cursor);
        while (key != Json.END) {
            if (key == "isvsvn") {
                seen = Json.once(seen, 1 << 0, next);
                (svn, next) = Json.readUint(text, next, most);
            } else {
                next = Json.skip(text, next);
            }
            (key, next) = Json.nextKey(text, next);
        }
        Json.complete(seen, TCB_KEYS, next);
    }
}
