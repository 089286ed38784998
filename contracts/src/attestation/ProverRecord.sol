// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What the registry stores of a signer, in one word that a signature check reads once:
/// operator (bits 0..160) | expiry (160..200) | workload (200..216) | platform (216..248) | revoked (248).
type ProverRecord is uint256;

using ProverRecords for ProverRecord global;

/// @title ProverRecords
library ProverRecords {
    uint256 private constant REVOKED = 1 << 248;

    /// @param operator_ Who registered the signer.
    /// @param expiresAt_ Unix time in seconds.
    /// @param workload_ Number of its workload.
    /// @param platform_ Number of its platform.
    function pack(address operator_, uint256 expiresAt_, uint256 workload_, uint256 platform_)
        internal
        pure
        returns (ProverRecord)
    {
        return ProverRecord.wrap(
            uint256(uint160(operator_)) | uint256(SafeCastLib.toUint40(expiresAt_)) << 160
                | uint256(SafeCastLib.toUint16(workload_)) << 200 | uint256(SafeCastLib.toUint32(platform_)) << 216
        );
    }

    function operator(ProverRecord record) internal pure returns (address) {
        return address(uint160(ProverRecord.unwrap(record)));
    }

    function expiresAt(ProverRecord record) internal pure returns (uint256) {
        return uint40(ProverRecord.unwrap(record) >> 160);
    }

    function workload(ProverRecord record) internal pure returns (uint256) {
        return uint16(ProverRecord.unwrap(record) >> 200);
    }

    function platform(ProverRecord record) internal pure returns (uint256) {
        return uint32(ProverRecord.unwrap(record) >> 216);
    }

    function isRevoked(ProverRecord record) internal pure returns (bool) {
        return ProverRecord.unwrap(record) & REVOKED != 0;
    }

    function revoke(ProverRecord record) internal pure returns (ProverRecord) {
        return ProverRecord.wrap(ProverRecord.unwrap(record) | REVOKED);
    }
}
