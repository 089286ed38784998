// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "../attestation/RegistryTest.sol";
import {BlockHistory} from "src/BlockHistory.sol";
import {IRollup} from "src/rollup/IRollup.sol";
import {Rollup} from "src/rollup/Rollup.sol";
import {FaultCourt} from "src/staking/FaultCourt.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";

/// @title RollupTest
/// @notice A rollup over a real registry and a real court with three registered provers: each its own operator with a bond, the
/// third on the first's platform.
abstract contract RollupTest is RegistryTest {
    struct Prover {
        address operator;
        address signer;
        uint256 key;
    }

    bytes32 internal constant GENESIS_ROOT = keccak256("genesis");
    uint64 internal constant GENESIS_BLOCK = 5;
    uint64 internal constant GENESIS_TIME = uint64(START_TIME) - 100;
    uint64 internal constant GENESIS_ORIGIN = uint64(START_BLOCK) - 10;
    uint64 internal constant SEQUENCER_TIMEOUT = 1 hours;
    uint64 internal constant MAX_ORIGIN_LAG = 600;
    uint64 internal constant FAST_DELAY = 1 hours;
    uint64 internal constant SLOW_DELAY = 5 days;
    uint256 internal constant SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    address internal sequencer = account("sequencer");
    Rollup internal rollupContract;
    OperatorPool internal pool;
    FaultCourt internal faultCourt;
    Prover[3] internal provers;

    function setUp() public virtual override {
        nameNextRollup();
        super.setUp();
        rollupContract = new Rollup(rollupConfig());
        vm.assertEq(address(rollupContract), rollup);
        pool = OperatorPool(registry.bonds());
        faultCourt = deployCourt(address(pool), timelock);
        vm.assertEq(address(faultCourt), court);
        addProver(0, "prover 1", PCK_KEY);
        addProver(1, "prover 2", OTHER_PCK_KEY);
        addProver(2, "prover 3", PCK_KEY);
    }

    /// @dev Registries and bonds name the rollup that is deployed right after them, and the court that is deployed next.
    function nameNextRollup() internal {
        uint256 next = vm.getNonce(address(this)) + DEPLOYED;
        rollup = vm.computeCreateAddress(address(this), next);
        court = vm.computeCreateAddress(address(this), next + 1);
    }

    /// @dev Another registry, for another rollup.
    function deployRegistry() internal {
        nameNextRollup();
        (store, verifier, registry) = deploy(0, RECOVERY_GRACE);
    }

    function addProver(uint256 index, string memory name_, uint256 pckKey) internal {
        uint256 key = uint256(keccak256(bytes(name_)));
        provers[index] = Prover(account(string.concat(name_, " operator")), vm.addr(key), key);
        registerSigner(provers[index].operator, provers[index].signer, pckKey);
    }

    function rollupConfig() internal view returns (IRollup.Config memory) {
        return IRollup.Config({
            genesisOutputRoot: GENESIS_ROOT,
            genesisL2Block: GENESIS_BLOCK,
            genesisL2Timestamp: GENESIS_TIME,
            genesisL1Origin: GENESIS_ORIGIN,
            configHash: CONFIG_HASH,
            registry: address(registry),
            sequencer: sequencer,
            timelock: timelock,
            sequencerTimeout: SEQUENCER_TIMEOUT,
            maxOriginLag: MAX_ORIGIN_LAG,
            fastThreshold: 2,
            fastDelay: FAST_DELAY,
            slowDelay: SLOW_DELAY
        });
    }

    function blobs(uint256 count) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            hashes[i] = bytes32(uint256(1) << 248 | uint248(uint256(keccak256(abi.encode("blob", i)))));
        }
    }

    function setBlobs(uint256 count) internal {
        vm.blobhashes(blobs(count));
    }

    /// @dev A batch that follows the last output, with L1's previous block as its origin and two blobs.
    function nextBatch() internal returns (IRollup.Batch memory) {
        setBlobs(2);
        (uint256 index, IRollup.Output memory last) = rollupContract.lastOutput();
        return IRollup.Batch({
            parentOutputRoot: last.outputRoot,
            outputRoot: keccak256(abi.encode("output", index + 1)),
            lastL2Block: last.lastL2Block + 10,
            lastL2Timestamp: last.lastL2Timestamp + 10,
            l1OriginNumber: uint64(block.number - 1),
            l1OriginHash: BlockHistory.hashOf(block.number - 1)
        });
    }

    function transitionOf(IRollup.Batch memory batch, uint256 blobCount)
        internal
        pure
        returns (IRollup.Transition memory)
    {
        return IRollup.Transition({
            configHash: CONFIG_HASH,
            parentOutputRoot: batch.parentOutputRoot,
            outputRoot: batch.outputRoot,
            lastL2Block: batch.lastL2Block,
            lastL2Timestamp: batch.lastL2Timestamp,
            l1OriginNumber: batch.l1OriginNumber,
            l1OriginHash: batch.l1OriginHash,
            daHash: keccak256(abi.encodePacked(blobs(blobCount)))
        });
    }

    function sign(IRollup.Transition memory transition, uint256 prover) internal view returns (bytes memory) {
        return signDigest(rollupContract.transitionDigest(transition), provers[prover].key);
    }

    function signDigest(bytes32 digest, uint256 key) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The signatures of provers `first` .. `first + count - 1` for `batch` with two blobs.
    function signatures(IRollup.Batch memory batch, uint256 first, uint256 count)
        internal
        view
        returns (bytes[] memory list)
    {
        list = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = sign(transitionOf(batch, 2), first + i);
        }
    }

    /// @dev The sequencer submits the next batch with the first `proofs` provers' signatures.
    function submit(uint256 proofs) internal returns (uint256 index) {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, proofs);
        vm.prank(sequencer);
        return rollupContract.submitBatch(batch, list);
    }

    /// @dev L1 moves on by one block of `elapsed` seconds.
    function nextBlock(uint256 elapsed) internal {
        enterBlock(block.number + 1, block.timestamp + elapsed, keccak256(abi.encode("L1", block.number)));
    }

    /// @dev Two signed results for the same input, by provers `a` and `b`.
    function reportConflict(uint256 a, uint256 b) internal {
        IRollup.Transition memory left = transitionOf(nextBatch(), 2);
        IRollup.Transition memory right = transitionOf(nextBatch(), 2);
        right.outputRoot = keccak256("another output");
        rollupContract.reportConflict(left, sign(left, a), right, sign(right, b));
    }
}
