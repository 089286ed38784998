// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProverRegistry} from "./IProverRegistry.sol";
import {Base64} from "solady/utils/Base64.sol";

/// @title Pem
/// @notice Reads the certificates of a PEM chain (RFC 7468) in the one layout that quotes have: lines of 64 characters,
/// ended by a line feed.
library Pem {
    bytes28 internal constant BEGIN = "-----BEGIN CERTIFICATE-----\n";
    bytes25 internal constant END = "-----END CERTIFICATE-----";
    uint256 internal constant LINE = 64;

    /// @notice The certificate at `position`.
    /// @dev What is not base64 decodes to bytes that no signature fits.
    /// @return der Its DER.
    /// @return next Where the next one starts, if there is one.
    function read(bytes calldata pem, uint256 position) internal pure returns (bytes memory der, uint256 next) {
        uint256 start = position + 28;
        require(start <= pem.length && bytes28(pem[position:start]) == BEGIN, IProverRegistry.MalformedPem(position));
        uint256 end = _end(pem, start);
        der = Base64.decode(_unwrap(pem[start:end]));
        next = end + 25;
        if (next < pem.length && pem[next] == "\n") ++next;
    }

    /// @dev Where the END line starts: the first line that starts with a dash.
    function _end(bytes calldata pem, uint256 start) private pure returns (uint256 end) {
        end = start;
        while (end < pem.length && pem[end] != "-") {
            // The last line is the only shorter one.
            uint256 full = end + LINE;
            if (full < pem.length && pem[full] == "\n") {
                end = full + 1;
            } else {
                while (end < pem.length && pem[end] != "\n") ++end;
                ++end;
                break;
            }
        }
        require(end + 25 <= pem.length && bytes25(pem[end:end + 25]) == END, IProverRegistry.MalformedPem(end));
    }

    /// @dev Joins the lines.
    function _unwrap(bytes calldata lines) private pure returns (string memory text) {
        // Each line ends with one line feed.
        uint256 count = (lines.length + LINE) / (LINE + 1);
        text = new string(lines.length - count);
        assembly ("memory-safe") {
            let to := add(text, 0x20)
            let end := add(to, mload(text))
            for { let from := lines.offset } lt(to, end) { from := add(from, 65) } {
                let left := sub(end, to)
                calldatacopy(to, from, xor(64, mul(xor(64, left), lt(left, 64))))
                to := add(to, 64)
            }
        }
    }
}
