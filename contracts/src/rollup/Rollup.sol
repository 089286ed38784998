// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlockHistory} from "../BlockHistory.sol";
import {IProverRegistry} from "../attestation/IProverRegistry.sol";
import {IConflictListener} from "../staking/IConflictListener.sol";
import {IOperatorPool} from "../staking/IOperatorPool.sol";
import {IProverBonds} from "../staking/IProverBonds.sol";
import {BatchRecord, BatchRecords} from "./BatchRecord.sol";
import {IRollup} from "./IRollup.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

// The equalities are of the contract's own counters, and of a time of which zero means none. No balance is compared.
// slither-disable-start incorrect-equality

/// @title Rollup
/// @notice See {IRollup}.
contract Rollup is IRollup, EIP712 {
    /// @dev What all entry points read. One slot: times and counts of 32 bits last until the year 2106.
    struct Head {
        address sequencer;
        /// Unix time of the open conflict; zero if there is none.
        uint32 conflictSince;
        /// Number of the last output.
        uint32 batchCount;
        /// Number of the last output recorded as final. At most `batchCount`.
        uint32 finalized;
    }

    /// @dev What is stored of an output. Two slots.
    struct StoredOutput {
        bytes32 outputRoot;
        BatchRecord record;
    }

    bytes32 internal constant TRANSITION_TYPEHASH = keccak256(
        "Transition(bytes32 configHash,bytes32 parentOutputRoot,bytes32 outputRoot,uint64 lastL2Block,"
        "uint64 lastL2Timestamp,uint64 l1OriginNumber,bytes32 l1OriginHash,bytes32 daHash)"
    );

    /// @dev Bounds the quadratic search for duplicates.
    uint256 internal constant MAX_SIGNATURES = 8;

    /// @dev No delay of finality is longer: sums of times cannot overflow.
    uint256 internal constant MAX_DELAY = 365 days;

    /// @dev Half the order of secp256k1: of the two signatures (s, n - s) only the lower is accepted.
    uint256 internal constant MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @inheritdoc IRollup
    bytes32 public immutable override configHash;
    /// @inheritdoc IRollup
    address public immutable override registry;
    /// @inheritdoc IRollup
    address public immutable override bonds;
    /// @inheritdoc IRollup
    address public immutable override court;
    /// @inheritdoc IRollup
    address public immutable override timelock;
    /// @inheritdoc IRollup
    uint256 public immutable override sequencerTimeout;
    /// @inheritdoc IRollup
    uint256 public immutable override maxOriginLag;
    /// @inheritdoc IRollup
    uint256 public immutable override fastThreshold;
    /// @inheritdoc IRollup
    uint256 public immutable override fastDelay;
    /// @inheritdoc IRollup
    uint256 public immutable override slowDelay;

    Head internal head;

    mapping(uint256 index => StoredOutput) internal outputs;

    /// @dev Digest of a batch that was submitted with fewer than `fastThreshold` proofs. A batch that came with enough
    /// needs none, and is spared the slot. Entries above `batchCount` are left over from discarded batches.
    mapping(uint256 index => bytes32) internal digests;

    /// @inheritdoc IRollup
    mapping(address signer => bool) public override equivocated;

    modifier onlyTimelock() {
        require(msg.sender == timelock, NotTimelock(msg.sender, timelock));
        _;
    }

    constructor(Config memory config) {
        require(
            config.genesisOutputRoot != bytes32(0) && config.genesisL1Origin <= block.number
                && config.sequencer != address(0) && config.timelock != address(0) && config.fastThreshold != 0
                && config.fastThreshold <= MAX_SIGNATURES && config.fastDelay <= config.slowDelay
                && config.slowDelay <= MAX_DELAY && IProverRegistry(config.registry).rollup() == address(this)
                && IProverRegistry(config.registry).configHash() == config.configHash,
            InvalidConfig()
        );
        bonds = IProverRegistry(config.registry).bonds();
        require(IOperatorPool(bonds).rollup() == address(this), InvalidConfig());
        court = IOperatorPool(bonds).court();
        configHash = config.configHash;
        registry = config.registry;
        timelock = config.timelock;
        sequencerTimeout = config.sequencerTimeout;
        maxOriginLag = config.maxOriginLag;
        fastThreshold = config.fastThreshold;
        fastDelay = config.fastDelay;
        slowDelay = config.slowDelay;

        head.sequencer = config.sequencer;
        emit SequencerChanged(address(0), config.sequencer);
        outputs[0].outputRoot = config.genesisOutputRoot;
        outputs[0].record = BatchRecords.pack(
            config.genesisL2Block, config.genesisL2Timestamp, config.genesisL1Origin, block.timestamp, 0
        );
    }

    /// @inheritdoc IRollup
    /// @dev The batch is copied to memory, where reading its fields again costs little.
    function submitBatch(Batch memory batch, bytes[] calldata signatures) external override returns (uint256 index) {
        Head memory state = head;
        require(state.conflictSince == 0, InConflict(state.conflictSince));
        StoredOutput storage parent = outputs[state.batchCount];
        BatchRecord last = parent.record;
        _checkSubmitter(state.sequencer, last);
        _checkBatch(batch, parent.outputRoot, last);

        bytes32 daHash = _daHash();
        bytes32 digest = _digest(batch, daHash);
        address[] memory operators = _operatorsOf(digest, signatures);

        index = ++state.batchCount;
        BatchRecord record = BatchRecords.pack(
            batch.lastL2Block, batch.lastL2Timestamp, batch.l1OriginNumber, block.timestamp, operators.length
        );
        outputs[index].outputRoot = batch.outputRoot;
        outputs[index].record = record.follow(last, index - 1, _finalizableAt(record), block.timestamp);
        if (operators.length < fastThreshold) digests[index] = digest;
        emit BatchSubmitted(
            index,
            batch.outputRoot,
            batch.lastL2Block,
            batch.lastL2Timestamp,
            batch.l1OriginNumber,
            daHash,
            operators.length
        );
        // What the parent's record knows of finality costs no slot; the rest is left to `advanceFinality`.
        if (last.checkpointFinalAt() <= block.timestamp && last.checkpoint() > state.finalized) {
            // At most the number of batches.
            // forge-lint: disable-next-line(unsafe-typecast)
            state.finalized = uint32(last.checkpoint());
        }
        head = state;
        IProverBonds(bonds).reserve(operators, index, state.finalized);
    }

    /// @inheritdoc IRollup
    function addProofs(uint256 index, bytes[] calldata signatures) external override {
        Head memory state = head;
        require(state.conflictSince == 0, InConflict(state.conflictSince));
        require(index != 0 && index <= state.batchCount, NoSuchBatch(index, state.batchCount));
        BatchRecord record = outputs[index].record;
        uint256 before = record.proofs();
        require(before < fastThreshold, ProofsComplete(index, before));
        // From then on it is final, recorded or not: more proofs would change nothing, and be paid for like others.
        uint256 finalizableAt = _finalizableAt(record);
        require(block.timestamp < finalizableAt, ProofsTooLate(index, finalizableAt));
        require(signatures.length > before, WrongSignatureCount(signatures.length, before + 1, MAX_SIGNATURES));

        address[] memory operators = _operatorsOf(digests[index], signatures);
        uint256 proofs = operators.length;
        outputs[index].record = record.withProofs(proofs);
        if (proofs >= fastThreshold) delete digests[index];
        emit ProofsAdded(index, proofs);
        IProverBonds(bonds).reserve(operators, index, state.finalized);
    }

    /// @inheritdoc IRollup
    function advanceFinality(uint256 steps) external override returns (uint256 index) {
        index = _finalizedIndex(head, steps);
        // At most the number of batches.
        // forge-lint: disable-next-line(unsafe-typecast)
        head.finalized = uint32(index);
    }

    /// @inheritdoc IRollup
    function reportConflict(
        Transition calldata a,
        bytes calldata signatureA,
        Transition calldata b,
        bytes calldata signatureB
    ) external override {
        require(a.configHash == configHash, WrongConfig(a.configHash, configHash));
        require(b.configHash == configHash, WrongConfig(b.configHash, configHash));
        require(
            a.parentOutputRoot == b.parentOutputRoot && a.daHash == b.daHash && a.l1OriginHash == b.l1OriginHash,
            DifferentInputs()
        );
        (bytes32 digestA, bytes32 digestB) = (_digest(a), _digest(b));
        require(digestA != digestB, SameResult());
        address signerA = _recover(digestA, signatureA, 0);
        address signerB = _recover(digestB, signatureB, 1);

        if (head.conflictSince == 0) head.conflictSince = uint32(block.timestamp);
        emit ConflictReported(signerA, signerB, digestA, digestB, msg.sender);
        // Whatever the court does not take note of goes unpunished, since evidence counts once: a report that the court cannot
        // hear, for want of gas above all, is no report.
        bytes32 evidence = keccak256(abi.encode(digestA, digestB));
        if (signerA == signerB) _reportEquivocation(signerA, evidence);
        else _reportDispute(signerA, signerB, evidence);
    }

    /// @inheritdoc IRollup
    function resolveConflict(uint256 keepThrough) external override onlyTimelock {
        Head memory state = head;
        require(state.conflictSince != 0, NotInConflict());
        require(keepThrough <= state.batchCount, NoSuchBatch(keepThrough, state.batchCount));
        require(_finalizedIndex(state, 1) == state.finalized, FinalityBehind(state.finalized));
        require(keepThrough >= state.finalized, AlreadyFinal(keepThrough, state.finalized));

        emit ConflictResolved(keepThrough, state.batchCount);
        // At most the old count.
        // forge-lint: disable-next-line(unsafe-typecast)
        state.batchCount = uint32(keepThrough);
        state.conflictSince = 0;
        head = state;
    }

    /// @inheritdoc IRollup
    function setSequencer(address next) external override onlyTimelock {
        require(next != address(0), InvalidConfig());
        emit SequencerChanged(head.sequencer, next);
        head.sequencer = next;
    }

    /// @inheritdoc IRollup
    function batchCount() external view override returns (uint256) {
        return head.batchCount;
    }

    /// @inheritdoc IRollup
    function output(uint256 index) public view override returns (Output memory) {
        require(index <= head.batchCount, NoSuchBatch(index, head.batchCount));
        BatchRecord record = outputs[index].record;
        return Output({
            outputRoot: outputs[index].outputRoot,
            lastL2Block: record.lastL2Block(),
            lastL2Timestamp: record.lastL2Timestamp(),
            l1OriginNumber: record.l1OriginNumber(),
            submittedAt: uint64(record.submittedAt()),
            // A 40-bit time and at most MAX_DELAY.
            // forge-lint: disable-next-line(unsafe-typecast)
            finalizableAt: uint64(index == 0 ? record.submittedAt() : _finalizableAt(record)),
            proofs: uint64(record.proofs())
        });
    }

    /// @inheritdoc IRollup
    function lastOutput() external view override returns (uint256 index, Output memory) {
        index = head.batchCount;
        return (index, output(index));
    }

    /// @inheritdoc IRollup
    function isFinalized(uint256 index) external view override returns (bool) {
        Head memory state = head;
        if (index <= state.finalized) return true;
        return index <= state.batchCount && _finalizedIndex(state, index - state.finalized) == index;
    }

    /// @inheritdoc IRollup
    function finalizedIndex() external view override returns (uint256) {
        return _finalizedIndex(head, type(uint256).max);
    }

    /// @inheritdoc IRollup
    function recordedFinalizedIndex() external view override returns (uint256) {
        return head.finalized;
    }

    /// @inheritdoc IRollup
    function pendingDigest(uint256 index) external view override returns (bytes32) {
        require(index != 0 && index <= head.batchCount, NoSuchBatch(index, head.batchCount));
        return outputs[index].record.proofs() < fastThreshold ? digests[index] : bytes32(0);
    }

    /// @inheritdoc IRollup
    function transitionDigest(Transition calldata transition) external view override returns (bytes32) {
        return _digest(transition);
    }

    /// @inheritdoc IRollup
    function domainSeparator() external view override returns (bytes32) {
        return _domainSeparator();
    }

    /// @inheritdoc IRollup
    function conflictSince() external view override returns (uint256) {
        return head.conflictSince;
    }

    /// @inheritdoc IRollup
    function sequencer() external view override returns (address) {
        return head.sequencer;
    }

    /// @dev Once for each key, whether or not it is revoked by then: otherwise a dispute that is reported first, by the operator
    /// itself for instance, would bury the graver fault.
    function _reportEquivocation(address signer, bytes32 evidence) internal {
        (address operator, bool revoked) = IProverRegistry(registry).accountability(signer, slowDelay);
        require(!equivocated[signer], EquivocationKnown(signer));
        equivocated[signer] = true;
        if (!revoked) IProverRegistry(registry).revokeForConflict(signer);
        IConflictListener(court).onEquivocation(operator, evidence, msg.sender);
    }

    /// @dev Once for each key: the registry refuses to revoke one that is revoked. So nobody asks here whether it is.
    function _reportDispute(address signerA, address signerB, bytes32 evidence) internal {
        // slither-disable-next-line unused-return
        (address operatorA,) = IProverRegistry(registry).accountability(signerA, slowDelay);
        // slither-disable-next-line unused-return
        (address operatorB,) = IProverRegistry(registry).accountability(signerB, slowDelay);
        IProverRegistry(registry).revokeForConflict(signerA);
        IProverRegistry(registry).revokeForConflict(signerB);
        IConflictListener(court).onDispute(operatorA, operatorB, evidence, msg.sender);
    }

    /// @dev Only the sequencer may submit, until it was silent for too long.
    function _checkSubmitter(address current, BatchRecord last) internal view {
        if (msg.sender == current) return;
        uint256 openFrom = last.submittedAt() + sequencerTimeout;
        require(block.timestamp >= openFrom, NotSequencer(msg.sender, current, openFrom));
    }

    /// @dev The batch starts where the last one ended and ends later, but not ahead of L1.
    function _checkBatch(Batch memory batch, bytes32 parentOutputRoot, BatchRecord last) internal view {
        require(batch.parentOutputRoot == parentOutputRoot, WrongParent(batch.parentOutputRoot, parentOutputRoot));
        require(batch.lastL2Block > last.lastL2Block(), BlockNotRising(batch.lastL2Block, last.lastL2Block()));
        require(batch.lastL2Timestamp <= block.timestamp, TimestampInFuture(batch.lastL2Timestamp, block.timestamp));
        _checkOrigin(batch, last.l1OriginNumber());
    }

    /// @dev The origin is a recent block of this L1 that does not lie before the last one. Together with the enclave, which
    /// derives all deposits up to the origin, this forces every deposit in.
    function _checkOrigin(Batch memory batch, uint64 lastOrigin) internal view {
        uint64 number = batch.l1OriginNumber;
        require(number >= lastOrigin, OriginWentBack(number, lastOrigin));
        uint256 oldest = FixedPointMathLib.zeroFloorSub(block.number, maxOriginLag);
        require(number >= oldest, OriginTooOld(number, oldest));
        // The opcode is cheaper, but it answers for 256 blocks only, and a development node answers wrongly for blocks from
        // before its last start. What it does not confirm is asked of the history contract.
        bytes32 actual = blockhash(number);
        if (actual != batch.l1OriginHash) actual = BlockHistory.hashOf(number);
        // An unknown block has the hash zero, which is no claim.
        require(
            actual == batch.l1OriginHash && actual != bytes32(0), WrongOriginHash(number, batch.l1OriginHash, actual)
        );
    }

    /// @dev keccak256 of this transaction's blob hashes, in order.
    function _daHash() internal view returns (bytes32 hash) {
        require(blobhash(0) != bytes32(0), NoBlobs());
        assembly ("memory-safe") {
            let start := mload(0x40)
            let count := 0
            // The first index past the last blob yields zero. The words lie past the free memory pointer, for the keccak alone.
            for { let blob := blobhash(0) } blob { blob := blobhash(count) } {
                mstore(add(start, shl(5, count)), blob)
                count := add(count, 1)
            }
            hash := keccak256(start, shl(5, count))
        }
    }

    /// @dev The digest of what `batch` claims on this chain, for this transaction's blobs. A transition has the fields of a batch in
    /// the same order, between `configHash` and `daHash`.
    function _digest(Batch memory batch, bytes32 daHash) internal view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(TRANSITION_TYPEHASH, configHash, batch, daHash)));
    }

    function _digest(Transition calldata transition) internal view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(TRANSITION_TYPEHASH, transition)));
    }

    /// @dev The operators behind `signatures` over `digest`, all of which must be from live signers of distinct operators on
    /// distinct platforms.
    function _operatorsOf(bytes32 digest, bytes[] calldata signatures)
        internal
        view
        returns (address[] memory operators)
    {
        uint256 count = signatures.length;
        require(count != 0 && count <= MAX_SIGNATURES, WrongSignatureCount(count, 1, MAX_SIGNATURES));
        // Operator and platform of each signature so far, packed.
        uint256[] memory seen = new uint256[](count);
        unchecked {
            // No overflow: at most MAX_SIGNATURES.
            for (uint256 i; i < count; ++i) {
                (address operator, uint256 platform) =
                    IProverRegistry(registry).liveness(_recover(digest, signatures[i], i));
                uint256 prover = platform << 160 | uint160(operator);
                for (uint256 j; j < i; ++j) {
                    uint256 difference = seen[j] ^ prover;
                    // The operator's bits alone.
                    // forge-lint: disable-next-line(unsafe-typecast)
                    if (uint160(difference) == 0) revert DuplicateOperator(operator);
                    if (difference >> 160 == 0) revert DuplicatePlatform(platform);
                }
                seen[i] = prover;
            }
        }
        // The operators in the place of both.
        assembly ("memory-safe") {
            operators := seen
            for { let end := add(seen, shl(5, count)) } lt(seen, end) {} {
                seen := add(seen, 0x20)
                mstore(seen, shr(96, shl(96, mload(seen))))
            }
        }
    }

    function _recover(bytes32 digest, bytes calldata signature, uint256 position)
        internal
        pure
        returns (address signer)
    {
        if (signature.length != 65) revert MalformedSignature(position);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            s := calldataload(add(signature.offset, 0x20))
            v := byte(0, calldataload(add(signature.offset, 0x40)))
        }
        if (uint256(s) > MAX_S) revert MalformedSignature(position);
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert MalformedSignature(position);
    }

    /// @dev When a batch, which is not the genesis, is past its own delay.
    function _finalizableAt(BatchRecord record) internal view returns (uint256) {
        return record.submittedAt() + (record.proofs() >= fastThreshold ? fastDelay : slowDelay);
    }

    /// @dev The last final output at most `steps` past the recorded one. A conflict stops the clock.
    function _finalizedIndex(Head memory state, uint256 steps) internal view returns (uint256 index) {
        uint256 time = state.conflictSince == 0 ? block.timestamp : state.conflictSince;
        index = state.finalized;
        uint256 last = index + FixedPointMathLib.min(steps, state.batchCount - index);
        while (index < last && _finalizableAt(outputs[index + 1].record) <= time) ++index;
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("PhalaRollup", "1");
    }

    // slither-disable-end incorrect-equality
}
