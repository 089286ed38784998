// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title TdReport
/// @notice Reads the TD report body of a verified quote (`IQuoteVerifier.Report.body`): TD 1.0 (584 bytes), TD 1.5 (648) or TD
/// 1.5ex (885), each of which begins with the one before. Values of 48 bytes come in two parts, of 32 and 16 bytes.
///
///     0    TEE_TCB_SVN 16, MRSEAM 48, MRSIGNERSEAM 48, SEAMATTRIBUTES 8
///     120  TDATTRIBUTES 8, XFAM 8, MRTD 48, MRCONFIGID 48, MROWNER 48, MROWNERCONFIG 48
///     328  RTMR0..3, 48 each
///     520  REPORTDATA 64
///     584  TEE_TCB_SVN_2 16, MRSERVICETD 48 (TD 1.5)
///
/// @dev The body's length was checked when its quote was verified; these functions do not look at it again.
library TdReport {
    /// @notice What runs in the guest: keccak256(MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID ‖ TDATTRIBUTES ‖ XFAM).
    function workloadId(bytes memory body) internal pure returns (bytes32 id) {
        assembly ("memory-safe") {
            // Past the free memory pointer, for the keccak alone.
            let free := mload(0x40)
            let start := add(body, 0x20)
            mcopy(free, add(start, 136), 48)
            mcopy(add(free, 48), add(start, 328), 144)
            mcopy(add(free, 192), add(start, 184), 48)
            mcopy(add(free, 240), add(start, 120), 16)
            id := keccak256(free, 256)
        }
    }

    function teeTcbSvn(bytes memory body) internal pure returns (bytes16) {
        return bytes16(_word(body, 0));
    }

    function mrSeam(bytes memory body) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 16);
    }

    function mrSignerSeam(bytes memory body) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 64);
    }

    function seamAttributes(bytes memory body) internal pure returns (bytes8) {
        return bytes8(_word(body, 112));
    }

    function tdAttributes(bytes memory body) internal pure returns (bytes8) {
        return bytes8(_word(body, 120));
    }

    function xfam(bytes memory body) internal pure returns (bytes8) {
        return bytes8(_word(body, 128));
    }

    function mrTd(bytes memory body) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 136);
    }

    function mrConfigId(bytes memory body) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 184);
    }

    function mrOwner(bytes memory body) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 232);
    }

    function mrOwnerConfig(bytes memory body) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 280);
    }

    /// @param index 0 to 3.
    function rtmr(bytes memory body, uint256 index) internal pure returns (bytes32, bytes16) {
        return _measurement(body, 328 + 48 * index);
    }

    function reportData(bytes memory body) internal pure returns (bytes32, bytes32) {
        return (_word(body, 520), _word(body, 552));
    }

    /// @dev TD 1.5 and TD 1.5ex alone.
    function teeTcbSvn2(bytes memory body) internal pure returns (bytes16) {
        return bytes16(_word(body, 584));
    }

    function _measurement(bytes memory body, uint256 position) private pure returns (bytes32, bytes16) {
        return (_word(body, position), bytes16(_word(body, position + 32)));
    }

    function _word(bytes memory body, uint256 position) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(body, 0x20), position))
        }
    }
}
