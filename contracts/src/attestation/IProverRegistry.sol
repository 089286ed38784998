// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IProverRegistry
/// @notice Which signing keys live inside an enclave that this chain trusts.
///
/// An enclave makes a key at boot and has the TDX platform sign a quote over it. `register` verifies the quote up to a
/// pinned root key once; from then on the key's signature is enough, for at most `MAX_KEY_LIFETIME`.
///
/// A quote binds its key to one chain, one registry, one operator and one recent L1 block:
///
///     reportData = keccak256(abi.encode("phala-prover-v1", block.chainid, registry, operator, signer,
///                                       refBlockNumber, refBlockHash)) ‖ configHash
///
/// A workload is what runs in the guest: `workloadId = keccak256(MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID)`, 48 bytes
/// each. A platform is one machine: `platformId = keccak256(x ‖ y)` of its PCK key. Removing either, or revoking a signer,
/// is permanent.
///
/// Not vouched for yet: the platform's TCB level, certificate revocation lists and the quoting enclave's identity, which
/// come with the collateral contract.
///
/// Deployment: the rollup is deployed after this contract and named here by its predicted address:
/// timelock, portal, (configuration hash), registry(rollup = next address of the deployer), rollup.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IProverRegistry {
    /// @notice Constructor arguments, fixed for the life of the contract.
    struct Config {
        /// Allows and removes workloads, revokes platforms and signers.
        address timelock;
        /// May revoke signers that it caught in a conflict.
        address rollup;
        /// Hash of the chain's configuration: second half of every reportData.
        bytes32 configHash;
        /// Root certificate authority, by its P-256 key. On Ethereum mainnet only Intel's is accepted.
        bytes32 rootX;
        bytes32 rootY;
        /// The TD attributes that a quote must have, as its 8 bytes stand there (little-endian bit order).
        bytes8 tdAttributes;
        /// The XFAM that a quote must have, as its 8 bytes stand there.
        bytes8 xfam;
    }

    /// @notice What the registry knows of a signer.
    struct Signer {
        /// Who registered it. Zero if nobody did.
        address operator;
        /// Unix time from which on it does not count, in seconds.
        uint64 expiresAt;
        /// Number of its workload.
        uint64 workload;
        /// Number of its platform.
        uint64 platform;
        bool revoked;
    }

    /// @notice `signer` counts for `operator` until `expiresAt`.
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
    /// @notice An intermediate certificate authority may issue platform certificates until `expiresAt`.
    event IntermediateAdded(bytes32 indexed keyHash, uint256 expiresAt);

    // Liveness.

    /// @notice Nobody registered this signer.
    error SignerUnknown(address signer);
    /// @notice The signer's time is over.
    error SignerExpired(address signer, uint256 expiresAt, uint256 timestamp);
    /// @notice The signer was revoked.
    error SignerIsRevoked(address signer);
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
    /// @notice The quote is shorter or longer than its length fields say.
    error WrongQuoteLength(uint256 given, uint256 expected);
    /// @notice Only version 4 is read.
    error UnsupportedQuoteVersion(uint256 given);
    /// @notice Only ECDSA over P-256 (2) is read.
    error UnsupportedAttestationKeyType(uint256 given);
    /// @notice Not a TDX quote (0x81).
    error NotTdx(bytes4 teeType);
    /// @notice The quote was not made by Intel's quoting enclave.
    error WrongQeVendor(bytes16 given);
    /// @notice Certification data of another type than the one that must stand here.
    error UnsupportedCertificationData(uint256 given, uint256 expected);
    /// @notice A debug TD: its memory is open to the host.
    error DebugTd(bytes8 tdAttributes);
    /// @notice TD attributes other than the policy's.
    error WrongTdAttributes(bytes8 given, bytes8 expected);
    /// @notice XFAM other than the policy's.
    error WrongXfam(bytes8 given, bytes8 expected);
    /// @notice The TDX module is not Intel's own: MRSIGNERSEAM or SEAMATTRIBUTES is not zero.
    error WrongModuleSigner();
    /// @notice The attestation key is not the one the quoting enclave reported.
    error WrongAttestationKey(bytes32 given, bytes32 expected);
    /// @notice The quote is not signed by its attestation key.
    error InvalidQuoteSignature();
    /// @notice The quoting enclave's report is not signed by the platform certificate's key.
    error InvalidQeReportSignature();
    /// @notice The platform certificate is not signed by the intermediate authority.
    error InvalidPckSignature();

    // Certificates.

    /// @notice The intermediate authority is not cached, or its certificate has expired.
    error IntermediateNotCached(bytes32 keyHash, uint256 expiresAt);
    /// @notice The certificate is not signed by the pinned root key.
    error NotSignedByRoot();
    /// @notice The root itself cannot be an intermediate.
    error RootIsNotIntermediate();
    /// @notice The certificate is outside its validity.
    error CertificateNotValid(uint256 notBefore, uint256 notAfter, uint256 timestamp);

    /// @notice Not the DER of an X.509 certificate, or not a kind that Intel issues; `position` is the byte that shows it.
    error MalformedCertificate(uint256 position);
    /// @notice Not a chain of PEM certificates with lines of 64 characters; `position` is the byte that shows it.
    error MalformedPem(uint256 position);
    /// @notice A critical extension that this verifier does not know.
    error UnknownCriticalExtension(bytes oid);
    /// @notice The certificate may not issue others: basicConstraints CA and keyCertSign are needed.
    error NotAnAuthority();
    /// @notice Not a platform certificate: it may issue others, may not sign, or lacks Intel's SGX extension.
    error NotAPlatformCertificate();

    // Administration.

    /// @notice Only `allowed` may do this.
    error NotAuthorized(address caller, address allowed);
    /// @notice The workload was allowed before: an allowed one needs no second time, a removed one never comes back.
    error WorkloadAlreadyKnown(bytes32 workloadId);
    /// @notice The workload is not in the allow-list.
    error WorkloadUnknown(bytes32 workloadId);
    /// @notice The platform was revoked before.
    error PlatformAlreadyRevoked(bytes32 platformId);
    /// @notice A policy that allows debug or migratable TDs, or does not keep #VE from the guest's kernel.
    error UnsafeTdAttributes(bytes8 tdAttributes);
    /// @notice Ethereum mainnet accepts no other root than Intel's.
    error NotIntelRoot(bytes32 x, bytes32 y);

    /// @notice Registers `signer` for the caller, who becomes its operator.
    /// @dev No signature covers the PEM chain's length, and its root certificate is not looked at: leaving that out (and
    /// setting both size fields accordingly) makes the call cheaper.
    /// @param quote A v4 TDX quote as Intel's quoting service makes it (certification data type 6, holding a type 5 PEM
    /// chain of leaf, intermediate, root), without padding.
    /// @param signer Address of the key that was made in the guest.
    /// @param refBlockNumber L1 block whose hash the quote binds; at most `MAX_REFERENCE_AGE` blocks old.
    function register(bytes calldata quote, address signer, uint64 refBlockNumber) external;

    /// @notice Caches an intermediate certificate authority, whose certificate the root has signed. By anyone. A
    /// certificate that lasts no longer than the cached one of the same key changes nothing.
    /// @param der The X.509 certificate, DER.
    function addIntermediate(bytes calldata der) external;

    /// @notice The operator and platform that `signer`'s signature counts for. Reverts with the reason if it does not count
    /// now: expiry, revocation, workload and platform are looked at afresh each time.
    function liveness(address signer) external view returns (address operator, uint256 platform);

    /// @notice The operator and platform that answer for what `signer` signed. Reverts with the reason if nobody does: that
    /// is so from `grace` seconds after its expiry on, and once it is itself revoked. A removed workload or platform does not
    /// free its signers.
    function accountability(address signer, uint256 grace) external view returns (address operator, uint256 platform);

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
    /// @notice Until when the intermediate with key hash `keccak256(x ‖ y)` may issue; zero if it is not cached.
    function intermediateExpiresAt(bytes32 keyHash) external view returns (uint256);

    /// @notice Allows and removes workloads, revokes platforms and signers.
    function timelock() external view returns (address);
    /// @notice May revoke signers that it caught in a conflict.
    function rollup() external view returns (address);
    /// @notice Second half of every reportData.
    function configHash() external view returns (bytes32);
    /// @notice Root certificate authority, by its P-256 key.
    function rootKey() external view returns (bytes32 x, bytes32 y);
    /// @notice The TD attributes that a quote must have.
    function tdAttributes() external view returns (bytes8);
    /// @notice The XFAM that a quote must have.
    function xfam() external view returns (bytes8);
    /// @notice Seconds a registration lasts at most.
    function MAX_KEY_LIFETIME() external view returns (uint256);
    /// @notice Blocks that a quote's reference block may be old at most.
    function MAX_REFERENCE_AGE() external view returns (uint256);
}
