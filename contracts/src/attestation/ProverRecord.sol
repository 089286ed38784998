// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProverRegistry} from "./IProverRegistry.sol";

/// @notice What the registry stores of a signer, in one word that a signature check reads once:
/// operator (bits 0..160) | expiry (160..192) | seconds it counts before that (192..212) | evaluation number (212..223) |
/// workload (223..235) | platform (235..255) | revoked (255).
type ProverRecord is uint256;

using ProverRecords for ProverRecord global;

/// @title ProverRecords
library ProverRecords {
    uint256 private constant REVOKED = 1 << 255;

    /// @param operator_ Who registered the signer.
    /// @param activeFrom_ Unix time in seconds from which on it counts, before `expiresAt_`.
    /// @param expiresAt_ Unix time in seconds.
    /// @param evaluation_ Evaluation number of the collateral that it was registered under.
    /// @param workload_ Number of its workload.
    /// @param platform_ Number of its platform.
    function pack(
        address operator_,
        uint256 activeFrom_,
        uint256 expiresAt_,
        uint256 evaluation_,
        uint256 workload_,
        uint256 platform_
    ) internal pure returns (ProverRecord) {
        return ProverRecord.wrap(
            uint256(uint160(operator_)) | _fit(expiresAt_, 32) << 160 | _fit(expiresAt_ - activeFrom_, 20) << 192
                | _fit(evaluation_, 11) << 212 | _fit(workload_, 12) << 223 | _fit(platform_, 20) << 235
        );
    }

    function operator(ProverRecord record) internal pure returns (address) {
        return address(uint160(ProverRecord.unwrap(record)));
    }

    function expiresAt(ProverRecord record) internal pure returns (uint32) {
        return uint32(ProverRecord.unwrap(record) >> 160);
    }

    function activeFrom(ProverRecord record) internal pure returns (uint32) {
        unchecked {
            // No underflow: it was packed from a difference.
            return expiresAt(record) - uint32(ProverRecord.unwrap(record) >> 192 & 0xfffff);
        }
    }

    function evaluation(ProverRecord record) internal pure returns (uint32) {
        return uint32(ProverRecord.unwrap(record) >> 212 & 0x7ff);
    }

    function workload(ProverRecord record) internal pure returns (uint32) {
        return uint32(ProverRecord.unwrap(record) >> 223 & 0xfff);
    }

    function platform(ProverRecord record) internal pure returns (uint32) {
        return uint32(ProverRecord.unwrap(record) >> 235 & 0xfffff);
    }

    function isRevoked(ProverRecord record) internal pure returns (bool) {
        return ProverRecord.unwrap(record) & REVOKED != 0;
    }

    function revoke(ProverRecord record) internal pure returns (ProverRecord) {
        return ProverRecord.wrap(ProverRecord.unwrap(record) | REVOKED);
    }

    function _fit(uint256 value, uint256 size) private pure returns (uint256) {
        require(value >> size == 0, IProverRegistry.NumberTooLarge(value, (1 << size) - 1));
        return value;
    }
}
