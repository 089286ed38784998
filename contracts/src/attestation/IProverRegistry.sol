// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IProverRegistry
/// @notice Which signing keys live inside an enclave that this chain trusts.
///
/// An enclave makes a key at boot and has the TDX platform sign a quote over it. `register` has the quote verified once; from
/// then on the key's signature is enough, for at most `MAX_KEY_LIFETIME` and never longer than the collateral.
///
/// A quote binds its key to one chain, one registry, one operator and one recent L1 block:
///
///     reportData = keccak256(abi.encode("phala-prover-v1", block.chainid, registry, operator, signer,
///                                       refBlockNumber, refBlockHash)) ‖ configHash
///
/// A workload is what runs in the guest, and how:
///
///     workloadId = keccak256(MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID ‖ TDATTRIBUTES ‖ XFAM)
///
/// of 48 bytes each, the last two of 8, as they stand in the quote. A platform is one machine: `platformId = keccak256(x ‖ y)` of
/// its PCK key. Removing either, or revoking a signer, is permanent.
///
/// After a TCB recovery: the collateral store calls `onEvaluation` when its highest evaluation number rises. Keys that were
/// registered under a lower number count for `recoveryGrace` more seconds. A second rise within that time does not prolong it: its
/// number is demanded together with the first one's. The store's first number has no grace, since no key is older.
///
/// Verified by {IQuoteVerifier}, whose errors `register` passes on: everything that no user wants is refused there. Demanded
/// here: TCB status UpToDate, an allowed workload, and a caller whose bond is large enough (see {IProverBonds}).
///
/// Deployment: timelock, portal, (configuration hash), vPHA and operator pool (rollup and court = predicted addresses), collateral
/// store (listener = predicted address of the registry), quote verifier(store), registry(verifier, bonds, rollup = next address of
/// the deployer), rollup, fault court.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IProverRegistry {
    /// @notice Constructor arguments, fixed for the life of the contract.
    struct Config {
        /// Allows and removes workloads, revokes platforms and signers.
        address timelock;
        /// May revoke signers that it caught in a conflict.
        address rollup;
        /// Says whose bond is large enough to register (`IProverBonds`). It must name the same rollup.
        address bonds;
        /// Hash of the chain's configuration: second half of every reportData.
        bytes32 configHash;
        /// Verifies quotes. Its collateral store must name this contract as its listener.
        address verifier;
        /// Seconds from registration until a key counts: time to notice a key that should not be there. Less than
        /// `MAX_KEY_LIFETIME`.
        uint64 activationDelay;
        /// Seconds for which older keys count after a TCB recovery. At most `MAX_RECOVERY_GRACE`.
        uint64 recoveryGrace;
    }

    /// @notice What the registry knows of a signer.
    struct Signer {
        /// Who registered it. Zero if nobody did.
        address operator;
        /// Unix time from which on it counts, in seconds.
        uint64 activeFrom;
        /// Unix time from which on it does not count, in seconds; a TCB recovery may end it earlier, see `evaluationFloor`.
        uint64 expiresAt;
        /// Evaluation number of the collateral it was registered under.
        uint32 evaluationNumber;
        /// Number of its workload.
        uint64 workload;
        /// Number of its platform.
        uint64 platform;
        bool revoked;
    }

    /// @notice `signer` counts for `operator` until `expiresAt`, from `activationDelay` seconds after this block on.
    event SignerRegistered(
        address indexed signer,
        address indexed operator,
        bytes32 indexed platformId,
        bytes32 workloadId,
        uint256 platform,
        uint256 expiresAt
    );
    /// @notice The signer never counts again.
    event SignerRevoked(address indexed signer, address indexed by);
    /// @notice The platform's signers never count again.
    event PlatformRevoked(bytes32 indexed platformId, uint256 platform);
    /// @notice Guests that run the workload may prove.
    event WorkloadAllowed(bytes32 indexed workloadId, uint256 workload);
    /// @notice The workload's signers never count again.
    event WorkloadRemoved(bytes32 indexed workloadId, uint256 workload);
    /// @notice Keys registered under a lower evaluation number than `number` do not count from `from` on.
    event EvaluationRaised(uint32 number, uint256 from);

    // Liveness.

    /// @notice Nobody registered this signer.
    error SignerUnknown(address signer);
    /// @notice The signer's time is over.
    error SignerExpired(address signer, uint256 expiresAt, uint256 timestamp);
    /// @notice The signer was revoked.
    error SignerIsRevoked(address signer);
    /// @notice The signer does not count yet.
    error SignerNotActive(address signer, uint256 activeFrom, uint256 timestamp);
    /// @notice The signer was registered under an evaluation number from before a TCB recovery.
    error SignerOutdated(address signer, uint256 evaluationNumber, uint256 least);
    /// @notice The signer's workload is no longer allowed.
    error SignerWorkloadRemoved(address signer, uint256 workload);
    /// @notice The signer's platform was revoked.
    error SignerPlatformRevoked(address signer, uint256 platform);

    // Registration.

    /// @notice A signer can be registered once: its quote cannot be replayed.
    error SignerAlreadyRegistered(address signer);
    /// @notice The zero address cannot sign.
    error ZeroSigner();
    /// @notice The reference block is in the future, or older than `MAX_REFERENCE_AGE` blocks.
    error StaleReference(uint256 refBlockNumber, uint256 oldest, uint256 newest);
    /// @notice The quote is for another chain, registry, operator, signer or reference block.
    error WrongReportData(bytes32 given, bytes32 expected);
    /// @notice The quote is for an enclave of another chain configuration.
    error WrongConfigHash(bytes32 given, bytes32 expected);
    /// @notice The quote's workload is not in the allow-list.
    error WorkloadNotAllowed(bytes32 workloadId);
    /// @notice The quote's platform was revoked.
    error PlatformIsRevoked(bytes32 platformId);
    /// @notice The TCB status (`IQuoteVerifier.TcbStatus`) is another than UpToDate (0).
    error TcbNotUpToDate(uint8 given);
    /// @notice The collateral is from before a TCB recovery.
    error CollateralOutdated(uint256 evaluationNumber, uint256 least);
    /// @notice The key would expire before it counts.
    error NeverActive(uint256 activeFrom, uint256 expiresAt);
    /// @notice Records have no room for a number that large.
    error NumberTooLarge(uint256 given, uint256 most);

    // Administration.

    /// @notice Only `allowed` may do this.
    error NotAuthorized(address caller, address allowed);
    /// @notice The workload was allowed before: an allowed one needs no second time, a removed one never comes back.
    error WorkloadAlreadyKnown(bytes32 workloadId);
    /// @notice The workload is not in the allow-list.
    error WorkloadUnknown(bytes32 workloadId);
    /// @notice The platform was revoked before.
    error PlatformAlreadyRevoked(bytes32 platformId);
    /// @notice A key must become active before it expires, and a grace must end.
    error UnsafeDelays(uint256 activationDelay, uint256 recoveryGrace);
    /// @notice The verifier's collateral store tells another contract of TCB recoveries.
    error WrongListener(address given, address expected);
    /// @notice The bonds are those of another rollup.
    error WrongBonds(address given, address expected);

    /// @notice Registers `signer` for the caller, who becomes its operator and must be eligible by its bond.
    /// @param quote A TDX quote, full or compact: see {IQuoteVerifier}.
    /// @param signer Address of the key that was made in the guest.
    /// @param refBlockNumber L1 block whose hash the quote binds; at most `MAX_REFERENCE_AGE` blocks old.
    function register(bytes calldata quote, address signer, uint64 refBlockNumber) external;

    /// @notice Revokes the platform of a certificate that its issuer has revoked, for good: its signers stop counting at once,
    /// whatever later revocation lists say. By anyone.
    /// @param certificate The platform certificate (PCK), DER.
    function reportRevokedPlatform(bytes calldata certificate) external;

    /// @notice The highest evaluation number of the collateral rose to `number`. Collateral store only.
    function onEvaluation(uint32 number) external;

    /// @notice The operator and platform that `signer`'s signature counts for. Reverts with the reason if it does not count
    /// now: activation, expiry, TCB recoveries, revocation, workload and platform are looked at afresh each time.
    function liveness(address signer) external view returns (address operator, uint256 platform);

    /// @notice The operator that answers for what `signer` signed, and whether `signer` is revoked. Reverts with the reason if
    /// nobody answers: nobody registered it, or it expired `grace` seconds ago or earlier. Nothing else frees a signer: no removed
    /// workload or platform, nor its own revocation, since what it signed before may be shown after.
    function accountability(address signer, uint256 grace) external view returns (address operator, bool revoked);

    /// @notice Allows a workload. Timelock only.
    function allowWorkload(bytes32 workloadId) external;

    /// @notice Removes a workload for good: its signers stop counting at once. Timelock only.
    function removeWorkload(bytes32 workloadId) external;

    /// @notice Revokes a platform for good, whether or not it was seen yet: its signers stop counting at once. Timelock only.
    function revokePlatform(bytes32 platformId) external;

    /// @notice Revokes a signer for good. Timelock only.
    function revokeSigner(address signer) external;

    /// @notice Revokes a signer that signed one of two conflicting transitions. Rollup only.
    function revokeForConflict(address signer) external;

    /// @notice What is known of `signer`; all zero if nobody registered it.
    function signerOf(address signer) external view returns (Signer memory);
    /// @notice First half of the reportData that `register` will want.
    function reportDataHash(address operator, address signer, uint64 refBlockNumber, bytes32 refBlockHash)
        external
        view
        returns (bytes32);
    /// @notice The workload's number, from 1; zero if it was never allowed.
    function workloadNumber(bytes32 workloadId) external view returns (uint256);
    /// @notice Whether the workload is in the allow-list now.
    function isWorkloadAllowed(bytes32 workloadId) external view returns (bool);
    /// @notice The platform's number, from 1; zero if it was never seen.
    function platformNumber(bytes32 platformId) external view returns (uint256);
    /// @notice Whether the platform was revoked.
    function isPlatformRevoked(bytes32 platformId) external view returns (bool);
    /// @notice The least evaluation number under which a key must have been registered to count now; and the one that is
    /// demanded from `nextFrom` (Unix time in seconds) on. The last two are zero if none is pending.
    function evaluationFloor() external view returns (uint32 current, uint32 next, uint64 nextFrom);

    /// @notice Allows and removes workloads, revokes platforms and signers.
    function timelock() external view returns (address);
    /// @notice May revoke signers that it caught in a conflict.
    function rollup() external view returns (address);
    /// @notice Second half of every reportData.
    function configHash() external view returns (bytes32);
    /// @notice Verifies quotes.
    function verifier() external view returns (address);
    /// @notice Whose TCB recoveries are followed: the verifier's collateral store.
    function collateralStore() external view returns (address);
    /// @notice Whose bonds are large enough: see {IProverBonds}.
    function bonds() external view returns (address);
    /// @notice Seconds from registration until a key counts.
    function activationDelay() external view returns (uint256);
    /// @notice Seconds for which older keys count after a TCB recovery.
    function recoveryGrace() external view returns (uint256);
    /// @notice Seconds a registration lasts at most.
    function MAX_KEY_LIFETIME() external view returns (uint256);
    /// @notice Seconds that `recoveryGrace` is at most.
    function MAX_RECOVERY_GRACE() external view returns (uint256);
    /// @notice Blocks that a quote's reference block may be old at most.
    function MAX_REFERENCE_AGE() external view returns (uint256);
}
