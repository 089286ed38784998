// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {TrieWriter} from "../base/TrieWriter.sol";
import {CouncilPause} from "src/bridge/CouncilPause.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {Portal} from "src/bridge/Portal.sol";
import {UpgradeableProxy} from "src/governance/UpgradeableProxy.sol";
import {IRollup} from "src/rollup/IRollup.sol";

/// @notice As much of a rollup as the portal asks, under the test's control.
contract RollupStub {
    uint256 public conflictSince;
    uint256 public finalizedIndex;
    uint256 public recordedFinalizedIndex;
    uint256 public slowDelay = 5 days;
    IRollup.Output[] internal outputs;

    function add(bytes32 root, uint64 l2Block) external returns (uint256 index) {
        index = outputs.length;
        uint64 time = uint64(block.timestamp);
        outputs.push(IRollup.Output(root, l2Block, time - 1, uint64(block.number - 1), time, time, 1));
    }

    function finalize(uint256 index) external {
        finalizedIndex = index;
    }

    function advanceFinality(uint256 steps) external returns (uint256) {
        uint256 last = recordedFinalizedIndex + steps;
        return recordedFinalizedIndex = last < finalizedIndex ? last : finalizedIndex;
    }

    function setConflict(uint256 since) external {
        conflictSince = since;
    }

    function output(uint256 index) external view returns (IRollup.Output memory) {
        require(index < outputs.length, IRollup.NoSuchBatch(index, outputs.length - 1));
        return outputs[index];
    }

    function isFinalized(uint256 index) external view returns (bool) {
        return index <= finalizedIndex;
    }
}

/// @title PortalTest
/// @notice A portal behind its proxy, over a rollup that says what a test wants, and withdrawals with their proofs.
abstract contract PortalTest is Test, TrieWriter {
    /// @dev All that proves a withdrawal.
    struct Proof {
        uint256 index;
        IPortal.OutputRootProof output;
        bytes[] nodes;
    }

    uint256 internal constant START_TIME = 1_795_000_000;
    uint256 internal constant START_BLOCK = 1000;
    uint64 internal constant GENESIS_BLOCK = 5;
    uint256 internal constant QUOTA_WINDOW = 1 days;
    uint256 internal constant FINALIZATION_PERIOD = 1 hours;
    uint256 internal constant MAX_PAUSE = 3 days;

    address internal alice = account("alice");
    address internal council = account("council");
    address internal timelock = account("timelock");
    address internal upgrader = account("upgrade timelock");

    RollupStub internal rollup;
    CouncilPause internal pause;
    Portal internal implementation;
    Portal internal portal;

    function setUp() public virtual {
        vm.roll(START_BLOCK);
        vm.warp(START_TIME);
        rollup = new RollupStub();
        rollup.add(keccak256("genesis"), GENESIS_BLOCK);
        pause = new CouncilPause(council, timelock, MAX_PAUSE);
        implementation = new Portal(config());
        bytes memory init = abi.encodeCall(IPortal.initialize, ());
        portal = Portal(payable(address(new UpgradeableProxy(address(implementation), upgrader, init))));
        vm.deal(alice, 100 ether);
        vm.deal(address(portal), 1000 ether);
    }

    function config() internal view returns (IPortal.Config memory) {
        return IPortal.Config({
            rollup: address(rollup),
            councilPause: address(pause),
            timelock: timelock,
            quotaWindow: QUOTA_WINDOW,
            finalizationPeriod: FINALIZATION_PERIOD,
            submissionInterval: 30,
            l2BlockTime: 1
        });
    }

    /// @dev A withdrawal of `value` by alice to `target`.
    function withdrawalTo(address target, uint256 value, uint256 gasLimit, bytes memory data)
        internal
        view
        returns (IPortal.WithdrawalTransaction memory)
    {
        return IPortal.WithdrawalTransaction(uint256(1) << 240 | 7, alice, target, value, gasLimit, data);
    }

    function aWithdrawal() internal view returns (IPortal.WithdrawalTransaction memory) {
        return withdrawalTo(address(0xbeef), 1 ether, 50_000, hex"c0de");
    }

    function hashOf(IPortal.WithdrawalTransaction memory w) internal pure returns (bytes32) {
        return keccak256(abi.encode(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data));
    }

    /// @dev Where `sentMessages[withdrawalHash]` is in the trie.
    function pathOf(bytes32 withdrawalHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(withdrawalHash, uint256(0)))));
    }

    /// @dev A final output in which `w` was sent among `others` other messages.
    function publish(IPortal.WithdrawalTransaction memory w, uint256 others) internal returns (Proof memory proof) {
        proof = submit(w, others);
        rollup.finalize(proof.index);
    }

    /// @dev An output that is not final.
    function submit(IPortal.WithdrawalTransaction memory w, uint256 others) internal returns (Proof memory proof) {
        bytes32 path = pathOf(hashOf(w));
        bytes32[] memory paths = new bytes32[](others + 2);
        bytes[] memory values = new bytes[](others + 2);
        for (uint256 i; i < others; ++i) {
            (paths[i], values[i]) = (pathOf(keccak256(abi.encode("message", i))), hex"01");
        }
        (paths[others], values[others]) = (path, hex"01");
        // Slot 1, the counter.
        (paths[others + 1], values[others + 1]) = (keccak256(abi.encode(1)), hex"820123");
        Trie memory trie = trieOf(paths, values, path);
        proof.nodes = trie.inner.length == 0 ? trie.proof : append(trie.proof, trie.inner[trie.inner.length - 1]);
        proof.output = IPortal.OutputRootProof({
            version: 0,
            stateRoot: keccak256(abi.encode("state", trie.root)),
            messagePasserStorageRoot: trie.root,
            latestBlockhash: keccak256(abi.encode("block", trie.root))
        });
        proof.index = rollup.add(keccak256(abi.encode(proof.output)), uint64(block.number));
    }

    function prove(IPortal.WithdrawalTransaction memory w, Proof memory proof) internal {
        portal.proveWithdrawalTransaction(w, proof.index, proof.output, proof.nodes);
    }

    /// @dev Proves `w` and waits until it can be finalised.
    function ripen(IPortal.WithdrawalTransaction memory w) internal {
        prove(w, publish(w, 3));
        vm.warp(block.timestamp + FINALIZATION_PERIOD);
    }

    function refuseProof(IPortal.WithdrawalTransaction memory w, Proof memory proof, bytes memory reason) internal {
        vm.expectRevert(reason);
        prove(w, proof);
    }

    function refuseFinalize(IPortal.WithdrawalTransaction memory w, bytes memory reason) internal {
        vm.expectRevert(reason);
        portal.finalizeWithdrawalTransaction(w);
    }
}
