// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICollateralStore} from "./ICollateralStore.sol";
import {Json} from "./Json.sol";

/// @title CollateralHeader
/// @notice What TCB infos and QE identities have in common: how it stands in their text, and how it is packed together with
/// what is needed of their signer's certificate:
///
///     0     issueDate 5, nextUpdate 5, evaluation number 4, signer's notAfter 5
///     19    signer's serial number 20
library CollateralHeader {
    struct Header {
        /// Unix times in seconds.
        uint256 issueDate;
        uint256 nextUpdate;
        uint256 evaluationNumber;
        uint256 signerNotAfter;
        uint256 signerSerial;
    }

    uint256 internal constant LENGTH = 39;
    /// @dev The bits that `readKey` gives out, and how many these are.
    uint256 internal constant KEYS = 0x1f;
    uint256 internal constant KEY_COUNT = 5;

    /// @notice Reads the value of `key` into `header`, if it is one of its keys.
    /// @param id What the text must be, left-aligned.
    /// @param version What its version must be.
    /// @return bit The key's; zero if it is another one, and then nothing was read.
    function readKey(bytes memory text, uint256 cursor, bytes32 key, Header memory header, bytes32 id, uint256 version)
        internal
        pure
        returns (uint256 bit, uint256 next)
    {
        if (key == "id") {
            bit = 1 << 0;
            bytes32 given;
            (given, next) = Json.readWord(text, cursor);
            require(given == id, ICollateralStore.WrongCollateralId(given, id));
        } else if (key == "version") {
            bit = 1 << 1;
            uint256 given;
            (given, next) = Json.readUint(text, cursor, type(uint8).max);
            require(given == version, ICollateralStore.UnsupportedVersion(given, version));
        } else if (key == "issueDate") {
            bit = 1 << 2;
            (header.issueDate, next) = Json.readTime(text, cursor);
        } else if (key == "nextUpdate") {
            bit = 1 << 3;
            (header.nextUpdate, next) = Json.readTime(text, cursor);
        } else if (key == "tcbEvaluationDataNumber") {
            bit = 1 << 4;
            (header.evaluationNumber, next) = Json.readUint(text, cursor, type(uint32).max);
        }
    }

    /// @dev Years have four digits: times fit into 40 bits. Serial numbers have at most 160: see `CollateralStore.addSigner`.
    function pack(Header memory header) internal pure returns (bytes memory) {
        // forge-lint: disable-start(unsafe-typecast)
        return abi.encodePacked(
            uint40(header.issueDate),
            uint40(header.nextUpdate),
            uint32(header.evaluationNumber),
            uint40(header.signerNotAfter),
            uint160(header.signerSerial)
        );
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @notice The header at the front of `packed`.
    function unpack(bytes memory packed) internal pure returns (Header memory header) {
        uint256 word;
        uint256 serial;
        assembly ("memory-safe") {
            word := mload(add(packed, 0x20))
            serial := mload(add(packed, 0x33))
        }
        header.issueDate = word >> 216;
        header.nextUpdate = word >> 176 & type(uint40).max;
        header.evaluationNumber = word >> 144 & type(uint32).max;
        header.signerNotAfter = word >> 104 & type(uint40).max;
        header.signerSerial = serial >> 96;
    }
}
