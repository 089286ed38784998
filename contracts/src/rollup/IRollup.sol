// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IRollup
/// @notice The chain of proved outputs, and when each of them is final.
///
/// A batch is a run of L2 blocks whose data is in the blobs of the transaction that submits it. It arrives already
/// proved: with the signatures of one or more enclaves that re-executed it. Each accepted batch adds one output root.
///
/// Numbering: output 0 is the genesis, which is final from the start; batch `i` (from 1) made output `i`.
///
/// Finality: a batch is final once it and all before it are past their delay, counted from their submission:
/// `fastDelay` if at least `fastThreshold` independent provers signed it, `slowDelay` otherwise.
///
/// Conflict: two signatures over different results of the same input prove a broken enclave. From then on nothing is
/// submitted, proved or becomes final until the timelock has said which batches stay. What was final before stays final.
///
/// Collateral: while a batch is not final, a part of the bond of each operator that proved it is reserved, and a proof without a bond
/// is refused ({IProverBonds}). A conflict opens cases against those who signed ({IConflictListener}).
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IRollup {
    /// @notice What a submitter claims about one batch.
    struct Batch {
        /// Output before the batch: that of the last accepted batch.
        bytes32 parentOutputRoot;
        /// Output after the batch.
        bytes32 outputRoot;
        /// Number of the batch's last L2 block. Less than 2^48.
        uint64 lastL2Block;
        /// Unix time of that block, in seconds.
        uint64 lastL2Timestamp;
        /// Number of the L1 block that is that block's origin.
        uint64 l1OriginNumber;
        /// Hash of that L1 block.
        bytes32 l1OriginHash;
    }

    /// @notice What an enclave signs, as EIP-712 typed data. The field order is part of the signature.
    struct Transition {
        bytes32 configHash;
        bytes32 parentOutputRoot;
        bytes32 outputRoot;
        uint64 lastL2Block;
        uint64 lastL2Timestamp;
        uint64 l1OriginNumber;
        bytes32 l1OriginHash;
        /// keccak256 of the concatenated versioned hashes of the batch's blobs, in order.
        bytes32 daHash;
    }

    /// @notice What the contract remembers of an output.
    struct Output {
        bytes32 outputRoot;
        uint64 lastL2Block;
        uint64 lastL2Timestamp;
        uint64 l1OriginNumber;
        /// Unix time of submission, in seconds.
        uint64 submittedAt;
        /// The batch itself is past its delay from this time on. It is final once all before it are too.
        uint64 finalizableAt;
        /// Number of independent provers whose signatures were shown together.
        uint64 proofs;
    }

    /// @notice Constructor arguments. Everything but `sequencer` is fixed for the life of the contract.
    struct Config {
        /// Output 0.
        bytes32 genesisOutputRoot;
        /// Number of the L2 genesis block.
        uint64 genesisL2Block;
        /// Unix time of the L2 genesis block, in seconds.
        uint64 genesisL2Timestamp;
        /// The L1 block that is the origin of the L2 genesis block: deposits count from the next one.
        uint64 genesisL1Origin;
        /// Hash of the chain's configuration, which every enclave signs.
        bytes32 configHash;
        /// The registry that says which signers count. It must name this contract as its rollup.
        address registry;
        /// First sequencer.
        address sequencer;
        /// Resolves conflicts and replaces the sequencer.
        address timelock;
        /// Seconds of silence after which anybody may submit a proved batch.
        uint64 sequencerTimeout;
        /// A batch's origin may be at most this many L1 blocks old.
        uint64 maxOriginLag;
        /// From this number of proofs on, `fastDelay` holds. At least 1.
        uint64 fastThreshold;
        /// Seconds from submission to finality with enough proofs.
        uint64 fastDelay;
        /// Seconds from submission to finality with too few proofs. At least `fastDelay`.
        uint64 slowDelay;
    }

    /// @notice A batch was accepted. Its blobs are those of this transaction.
    event BatchSubmitted(
        uint256 indexed index,
        bytes32 indexed outputRoot,
        uint64 lastL2Block,
        uint64 lastL2Timestamp,
        uint64 l1OriginNumber,
        bytes32 daHash,
        uint256 proofs
    );

    /// @notice More independent provers signed batch `index`: `proofs` in all.
    event ProofsAdded(uint256 indexed index, uint256 proofs);

    /// @notice Two signers, or one, signed different results of the same input. Both are revoked.
    event ConflictReported(
        address indexed signerA, address indexed signerB, bytes32 digestA, bytes32 digestB, address reporter
    );

    /// @notice The conflict is over. Batches `keptThrough + 1 .. discardedThrough` are gone; their numbers are used again.
    event ConflictResolved(uint256 indexed keptThrough, uint256 discardedThrough);

    /// @notice The sequencer was replaced.
    event SequencerChanged(address indexed from, address indexed to);

    /// @notice The batch does not continue from the last output.
    error WrongParent(bytes32 given, bytes32 expected);
    /// @notice A batch must end after the one before it.
    error BlockNotRising(uint64 given, uint64 last);
    /// @notice L2 time is ahead of L1 time.
    error TimestampInFuture(uint64 given, uint256 l1Timestamp);
    /// @notice The origin lies before that of the last output.
    error OriginWentBack(uint64 given, uint64 last);
    /// @notice The origin is older than the chain allows.
    error OriginTooOld(uint64 given, uint256 oldest);
    /// @notice The origin's hash is not the hash L1 has at that number. `actual` is zero if L1 does not know the number.
    error WrongOriginHash(uint64 number, bytes32 given, bytes32 actual);
    /// @notice The transaction carries no blob.
    error NoBlobs();
    /// @notice Only the sequencer may submit before `openFrom`.
    error NotSequencer(address caller, address sequencer, uint256 openFrom);
    /// @notice Too few or too many signatures.
    error WrongSignatureCount(uint256 given, uint256 least, uint256 most);
    /// @notice Signature `position` is not 65 bytes, has a high s, or recovers to nobody.
    error MalformedSignature(uint256 position);
    /// @notice Two signatures belong to the same operator.
    error DuplicateOperator(address operator);
    /// @notice Two signatures come from the same platform.
    error DuplicatePlatform(uint256 platform);
    /// @notice There is no such output, or it is the genesis where a batch is needed.
    error NoSuchBatch(uint256 index, uint256 batchCount);
    /// @notice The batch already has as many proofs as make a difference.
    error ProofsComplete(uint256 index, uint256 proofs);
    /// @notice The batch has been past its own delay since `finalizableAt`: more proofs make no difference.
    error ProofsTooLate(uint256 index, uint256 finalizableAt);
    /// @notice A conflict was reported at `since` and is not resolved.
    error InConflict(uint256 since);
    /// @notice There is no conflict to resolve.
    error NotInConflict();
    /// @notice The two transitions do not have the same config, parent, data and origin.
    error DifferentInputs();
    /// @notice The two transitions are for another chain than this one.
    error WrongConfig(bytes32 given, bytes32 expected);
    /// @notice The two transitions have the same result.
    error SameResult();
    /// @notice It was shown before that `signer` signed two results of one input.
    error EquivocationKnown(address signer);
    /// @notice A final batch cannot be discarded.
    error AlreadyFinal(uint256 keepThrough, uint256 finalizedIndex);
    /// @notice Final outputs are not all recorded yet: call `advanceFinality` first.
    error FinalityBehind(uint256 recorded);
    /// @notice Only the timelock may do this.
    error NotTimelock(address caller, address timelock);
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    /// @notice Adds a batch. The transaction must carry the batch's blobs, in order.
    /// @param batch The claim that the signatures are for.
    /// @param signatures One to eight signatures (r ‖ s ‖ v, 65 bytes, low s) over `transitionDigest`, from distinct live
    /// operators on distinct platforms.
    /// @return index The batch's number.
    function submitBatch(Batch calldata batch, bytes[] calldata signatures) external returns (uint256 index);

    /// @notice Shows that more provers agree with batch `index`, by all their signatures together: those that were shown
    /// before count again only if they are given again. By anyone.
    /// @dev Possible while the batch has fewer than `fastThreshold` proofs and is not past its own delay: with it all before it are,
    /// and proofs that change nothing are not paid for. Waiting time counts from submission.
    function addProofs(uint256 index, bytes[] calldata signatures) external;

    /// @notice Records up to `steps` further outputs as final. By anyone; only saves others the walk.
    /// @return finalizedIndex The last output recorded as final.
    function advanceFinality(uint256 steps) external returns (uint256 finalizedIndex);

    /// @notice Proves that an enclave is broken: both transitions have the same config, parent, data and origin, but
    /// different results. Stops finality and revokes both signers. By anyone.
    /// @dev A signer is accountable for `slowDelay` after it expired, since its batches may still await finality, and even if
    /// its workload or platform was removed. Two results of one signer, an equivocation, count once for each signer, even if it is
    /// revoked already: no other report, nor the timelock, can spare its operator. Two signers must both be unrevoked. So each
    /// signer can stop finality twice at most.
    function reportConflict(
        Transition calldata a,
        bytes calldata signatureA,
        Transition calldata b,
        bytes calldata signatureB
    ) external;

    /// @notice Ends the conflict, keeping batches up to `keepThrough` and discarding all later ones. Timelock only.
    /// @dev The sequencer's silence still counts from the last kept batch: after a long conflict anybody may submit at once.
    function resolveConflict(uint256 keepThrough) external;

    /// @notice Replaces the sequencer. Timelock only.
    function setSequencer(address sequencer) external;

    /// @notice Number of batches that stand, which is also the number of the last output.
    function batchCount() external view returns (uint256);

    /// @notice Output `index`.
    function output(uint256 index) external view returns (Output memory);

    /// @notice The last output and its number.
    function lastOutput() external view returns (uint256 index, Output memory);

    /// @notice Whether output `index` is final now.
    /// @dev Walks from the last recorded final output: a contract should call `advanceFinality` first.
    function isFinalized(uint256 index) external view returns (bool);

    /// @notice The last output that is final now. It never goes back. The same walk as in `isFinalized`.
    function finalizedIndex() external view returns (uint256);

    /// @notice The last output recorded as final: at most `finalizedIndex`.
    /// @dev Submissions record finality in strides of about one delay. It falls behind by the outputs of two delays at most, while
    /// batches come: `fastDelay`, or `slowDelay` where one of them was submitted with too few proofs. `advanceFinality` catches up.
    function recordedFinalizedIndex() external view returns (uint256);

    /// @notice Digest of batch `index` that further provers sign, while it has fewer than `fastThreshold` proofs. `addProofs` takes
    /// them until the batch is past its own delay.
    function pendingDigest(uint256 index) external view returns (bytes32);

    /// @notice The EIP-712 digest an enclave signs.
    function transitionDigest(Transition calldata transition) external view returns (bytes32);

    /// @notice EIP-712 domain separator: name "PhalaRollup", version "1", this chain, this contract.
    function domainSeparator() external view returns (bytes32);

    /// @notice Unix time at which the open conflict was reported, in seconds; zero if there is none.
    function conflictSince() external view returns (uint256);

    /// @notice Whether it was shown that `signer` signed two results of one input.
    function equivocated(address signer) external view returns (bool);

    /// @notice Hash of the chain's configuration, which every enclave signs.
    function configHash() external view returns (bytes32);
    /// @notice The registry that says which signers count.
    function registry() external view returns (address);
    /// @notice Where operators' bonds are reserved: that of the registry.
    function bonds() external view returns (address);
    /// @notice What learns of conflicts: that of the bonds.
    function court() external view returns (address);
    /// @notice Who may submit while it is not silent for `sequencerTimeout`.
    function sequencer() external view returns (address);
    /// @notice Resolves conflicts and replaces the sequencer.
    function timelock() external view returns (address);
    /// @notice Seconds of silence after which anybody may submit.
    function sequencerTimeout() external view returns (uint256);
    /// @notice L1 blocks that a batch's origin may be old.
    function maxOriginLag() external view returns (uint256);
    /// @notice Number of proofs from which on `fastDelay` holds.
    function fastThreshold() external view returns (uint256);
    /// @notice Seconds from submission to finality with enough proofs.
    function fastDelay() external view returns (uint256);
    /// @notice Seconds from submission to finality with too few proofs.
    function slowDelay() external view returns (uint256);
}
