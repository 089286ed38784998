// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What may change between two signature checks for all signers alike, in one word that every check reads: the evaluation
/// number demanded (bits 0..32) | the one demanded next, or the same (32..64) | Unix time in seconds from which on that one is
/// (64..104) | which of the first workloads are allowed, a bit each (104..180) | which of the first platforms are revoked
/// (180..256).
type RegistryPolicy is uint256;

using RegistryPolicies for RegistryPolicy global;

/// @title RegistryPolicies
library RegistryPolicies {
    /// @dev Workloads and platforms of this number and above are kept elsewhere. Number 0 is none.
    uint256 internal constant FIRST = 76;

    uint256 private constant WORKLOAD_OFFSET = 104;
    uint256 private constant PLATFORM_OFFSET = WORKLOAD_OFFSET + FIRST;
    uint256 private constant EVALUATION_BITS = (1 << WORKLOAD_OFFSET) - 1;

    /// @notice The policy that demands `evaluation` and allows no workload.
    function start(uint32 evaluation) internal pure returns (RegistryPolicy) {
        return RegistryPolicy.wrap(uint256(evaluation) << 32 | evaluation);
    }

    /// @notice The evaluation number demanded at `time`.
    function floorAt(RegistryPolicy policy, uint256 time) internal pure returns (uint32) {
        return time >= nextFrom(policy) ? next(policy) : current(policy);
    }

    function current(RegistryPolicy policy) internal pure returns (uint32) {
        return uint32(RegistryPolicy.unwrap(policy));
    }

    function next(RegistryPolicy policy) internal pure returns (uint32) {
        return uint32(RegistryPolicy.unwrap(policy) >> 32);
    }

    function nextFrom(RegistryPolicy policy) internal pure returns (uint40) {
        return uint40(RegistryPolicy.unwrap(policy) >> 64);
    }

    /// @notice The policy once the evaluation number rose to `number` at `time`: it is demanded after `grace` seconds, or with
    /// the one that is pending. The first number of all is demanded at once: no key is older.
    function raise(RegistryPolicy policy, uint32 number, uint256 time, uint256 grace)
        internal
        pure
        returns (RegistryPolicy)
    {
        uint32 demanded = floorAt(policy, time);
        bool isPending = next(policy) > demanded;
        if (number <= (isPending ? next(policy) : demanded)) return policy;
        // Both are far below 40 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint40 from = isPending ? nextFrom(policy) : uint40(demanded == 0 ? time : time + grace);
        uint256 rest = RegistryPolicy.unwrap(policy) & ~EVALUATION_BITS;
        return RegistryPolicy.wrap(rest | uint256(from) << 64 | uint256(number) << 32 | demanded);
    }

    /// @notice Whether workload `number`, less than `FIRST`, is allowed.
    function allows(RegistryPolicy policy, uint256 number) internal pure returns (bool) {
        return RegistryPolicy.unwrap(policy) >> WORKLOAD_OFFSET >> number & 1 != 0;
    }

    function allow(RegistryPolicy policy, uint256 number) internal pure returns (RegistryPolicy) {
        return RegistryPolicy.wrap(RegistryPolicy.unwrap(policy) | 1 << (WORKLOAD_OFFSET + number));
    }

    function disallow(RegistryPolicy policy, uint256 number) internal pure returns (RegistryPolicy) {
        return RegistryPolicy.wrap(RegistryPolicy.unwrap(policy) & ~(1 << (WORKLOAD_OFFSET + number)));
    }

    /// @notice Whether platform `number`, less than `FIRST`, is revoked.
    function revokes(RegistryPolicy policy, uint256 number) internal pure returns (bool) {
        return RegistryPolicy.unwrap(policy) >> PLATFORM_OFFSET >> number & 1 != 0;
    }

    function revoke(RegistryPolicy policy, uint256 number) internal pure returns (RegistryPolicy) {
        return RegistryPolicy.wrap(RegistryPolicy.unwrap(policy) | 1 << (PLATFORM_OFFSET + number));
    }
}
