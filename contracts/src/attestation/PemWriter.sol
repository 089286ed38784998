// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Base64} from "solady/utils/Base64.sol";

/// @title PemWriter
/// @notice Writes a certificate as PEM (RFC 7468) in the one layout that Pem reads.
library PemWriter {
    uint256 private constant LINE = 64;

    /// @notice The PEM text of `der`, from the first dash to the last.
    function encode(bytes memory der) internal pure returns (bytes memory) {
        bytes memory base64 = bytes(Base64.encode(der));
        uint256 count = (base64.length + LINE - 1) / LINE;
        bytes memory lines = new bytes(base64.length + count);
        for (uint256 i; i < count; ++i) {
            assembly ("memory-safe") {
                let from := mul(i, LINE)
                let length := sub(mload(base64), from)
                if gt(length, LINE) { length := LINE }
                let to := add(add(lines, 0x20), add(from, i))
                mcopy(to, add(add(base64, 0x20), from), length)
                mstore8(add(to, length), 0x0a)
            }
        }
        return bytes.concat("-----BEGIN CERTIFICATE-----\n", lines, "-----END CERTIFICATE-----");
    }
}
