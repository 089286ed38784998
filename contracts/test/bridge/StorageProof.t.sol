// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {TrieWriter} from "../base/TrieWriter.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {StorageProof} from "src/bridge/StorageProof.sol";

/// @notice The walk, and OpenZeppelin's as its oracle.
contract ProofChecker {
    function check(bytes32 root, bytes32 path, bytes[] calldata proof) external pure {
        StorageProof.requireOne(root, path, proof);
    }

    function oracle(bytes32 root, bytes32 path, bytes[] calldata proof) external pure returns (bool) {
        return TrieProof.verify(hex"01", root, abi.encodePacked(path), proof);
    }
}

/// @notice Tries as they are in storage, and everything that can be done to the proofs of them.
contract StorageProofTest is Test, TrieWriter {
    ProofChecker internal checker = new ProofChecker();

    function testFuzz_ProvesAnySlotOfAnyTrie(uint256 seed, uint256 size, uint256 index) public view {
        bytes32[] memory paths = randomPaths(seed, bound(size, 1, 150));
        bytes32 path = paths[bound(index, 0, paths.length - 1)];
        Trie memory trie = trieOf(paths, path);
        checker.check(trie.root, path, trie.proof);
        vm.assertTrue(checker.oracle(trie.root, path, trie.proof), "oracle");
    }

    /// @dev Paths that differ late: extensions, leaves and branches inside their parents.
    function testFuzz_ProvesSlotsWithLongCommonPaths(uint256 seed, uint256 size, uint256 common, uint256 index)
        public
        view
    {
        bytes32[] memory paths = relatedPaths(seed, bound(size, 1, 12), bound(common, 0, 63));
        bytes32 path = paths[bound(index, 0, paths.length - 1)];
        Trie memory trie = trieOf(paths, path);
        checker.check(trie.root, path, trie.proof);
        vm.assertTrue(checker.oracle(trie.root, path, trie.proof), "oracle");
        // Clients append the leaf that lies inside.
        if (trie.inner.length == 0) return;
        bytes[] memory longer = trie.proof;
        for (uint256 i = trie.inner.length; i > 0; --i) {
            longer = inserted(longer, trie.proof.length, trie.inner[i - 1]);
            checker.check(trie.root, path, inserted(trie.proof, trie.proof.length, trie.inner[trie.inner.length - 1]));
        }
        checker.check(trie.root, path, longer);
    }

    function testFuzz_ARandomPathIsNotInTheTrie(
        uint256 seed,
        uint256 size,
        uint256 common,
        uint256 index,
        bytes32 other
    ) public {
        bytes32[] memory paths = relatedPaths(seed, bound(size, 1, 12), bound(common, 0, 63));
        bytes32 path = paths[bound(index, 0, paths.length - 1)];
        Trie memory trie = trieOf(paths, path);
        // Equal to the proved path up to some nibble.
        uint256 shared = bound(uint256(keccak256(abi.encode(seed, other))), 0, 63);
        other = bytes32(
            (uint256(path) ^ (uint256(other) | 1)) & (type(uint256).max >> (4 * shared)) | uint256(path)
                & ~(type(uint256).max >> (4 * shared))
        );
        for (uint256 i; i < paths.length; ++i) {
            vm.assume(paths[i] != other);
        }
        refuse(trie.root, other, trie.proof);
    }

    function testFuzz_AValueThatIsNotOneIsRefused(uint256 seed, uint256 size, uint256 value) public {
        value = bound(value, 2, type(uint256).max);
        bytes32[] memory paths = randomPaths(seed, bound(size, 1, 40));
        bytes[] memory values = new bytes[](paths.length);
        for (uint256 i; i < values.length; ++i) {
            values[i] = rlp(value);
        }
        bytes32 path = paths[0];
        Trie memory trie = trieOf(paths, values, path);
        refuse(trie.root, path, trie.proof);
    }

    function test_EveryByteOfEveryNodeCounts() public {
        bytes32[] memory paths = randomPaths(7, 150);
        bytes32 path = paths[33];
        Trie memory trie = trieOf(paths, path);
        vm.assertGe(trie.proof.length, 3);
        for (uint256 i; i < trie.proof.length; ++i) {
            bytes memory node = trie.proof[i];
            for (uint256 j; j < node.length; ++j) {
                node[j] ^= bytes1(uint8(1 << (j % 8)));
                refuseAt(trie.root, path, trie.proof, i);
                node[j] ^= bytes1(uint8(1 << (j % 8)));
            }
        }
        checker.check(trie.root, path, trie.proof);
    }

    function testFuzz_AChangedNodeIsNamed(uint256 seed, uint256 node, uint256 position, uint8 difference) public {
        vm.assume(difference != 0);
        bytes32[] memory paths = relatedPaths(seed, 8, bound(seed, 0, 63));
        bytes32 path = paths[0];
        Trie memory trie = trieOf(paths, path);
        node = bound(node, 0, trie.proof.length - 1);
        position = bound(position, 0, trie.proof[node].length - 1);
        trie.proof[node][position] ^= bytes1(difference);
        refuseAt(trie.root, path, trie.proof, node);
    }

    function testFuzz_EveryBitOfTheRootAndThePathCounts(uint256 seed, uint8 bit) public {
        bytes32[] memory paths = randomPaths(seed, 20);
        bytes32 path = paths[0];
        Trie memory trie = trieOf(paths, path);
        bytes32 flip = bytes32(uint256(1) << bit);
        refuseAt(trie.root ^ flip, path, trie.proof, 0);
        refuse(trie.root, path ^ flip, trie.proof);
    }

    function testFuzz_TruncatedReorderedAndRepeatedNodesAreRefused(uint256 seed, uint256 a, uint256 b) public {
        bytes32[] memory paths = randomPaths(seed, 100);
        bytes32 path = paths[0];
        Trie memory trie = trieOf(paths, path);
        uint256 length = trie.proof.length;
        (a, b) = (bound(a, 0, length - 1), bound(b, 0, length - 1));

        bytes[] memory changed = without(trie.proof, a);
        refuseAt(trie.root, path, changed, a);
        changed = inserted(trie.proof, a, trie.proof[b]);
        refuseAt(trie.root, path, changed, a == b ? a + 1 : a);
        changed = append(trie.proof, trie.proof[b]);
        refuseAt(trie.root, path, changed, length);
        changed = append(trie.proof, "");
        refuseAt(trie.root, path, changed, length);
        if (a == b) return;
        (trie.proof[a], trie.proof[b]) = (trie.proof[b], trie.proof[a]);
        refuseAt(trie.root, path, trie.proof, a < b ? a : b);
    }

    function test_AnEmptyProofIsRefused() public {
        refuseAt(keccak256(hex"80"), bytes32(0), new bytes[](0), 0);
        bytes[] memory proof = append(new bytes[](0), hex"80");
        refuseAt(keccak256(hex"80"), bytes32(0), proof, 0);
        proof[0] = "";
        refuseAt(keccak256(""), bytes32(0), proof, 0);
    }

    function test_TheRepeatedInnerLeafMustBeTheLeaf() public {
        bytes32[] memory paths = relatedPaths(1, 2, 60);
        bytes32 path = paths[0];
        Trie memory trie = trieOf(paths, path);
        uint256 length = trie.proof.length;
        bytes memory leaf = trie.inner[trie.inner.length - 1];
        checker.check(trie.root, path, append(trie.proof, leaf));
        refuseAt(trie.root, path, append(append(trie.proof, leaf), leaf), length + 1);
        for (uint256 i; i < leaf.length; ++i) {
            bytes memory changed = bytes.concat(leaf);
            changed[i] ^= 0x01;
            refuseAt(trie.root, path, append(trie.proof, changed), length);
        }
        refuseAt(trie.root, path, append(trie.proof, bytes.concat(leaf, hex"00")), length);
        refuseAt(trie.root, path, append(trie.proof, ""), length);
        // The other leaf of the branch is not on the way.
        bytes memory other = trieOf(paths, paths[1]).inner[trie.inner.length - 1];
        if (keccak256(other) != keccak256(leaf)) refuseAt(trie.root, path, append(trie.proof, other), length);
    }

    /// @dev A branch inside an extension, with leaves inside: the smallest trie of two slots there is.
    function test_ABranchMayLieInsideItsParent() public {
        bytes32[] memory paths = new bytes32[](2);
        (paths[0], paths[1]) = (bytes32(uint256(0x1f) << 240), bytes32(uint256(0x1f) << 240 | 0x12));
        Trie memory trie = trieOf(paths, paths[0]);
        vm.assertEq(trie.inner.length, 2);
        vm.assertEq(trie.proof.length, 1);
        checker.check(trie.root, paths[0], trie.proof);
        checker.check(trie.root, paths[0], append(append(trie.proof, trie.inner[0]), trie.inner[1]));
        refuseAt(trie.root, paths[0], append(append(trie.proof, trie.inner[1]), trie.inner[0]), 2);
    }

    /// @dev Whatever is hashed to a root: what this accepts, the oracle accepts.
    function testFuzz_AcceptsNothingThatTheOracleRefuses(uint256 seed, uint256 position, uint8 difference) public view {
        bytes32[] memory paths = relatedPaths(seed, bound(seed >> 8, 1, 4), bound(seed, 0, 63));
        bytes32 path = paths[0];
        Trie memory trie = trieOf(paths, path);
        position = bound(position, 0, trie.proof[0].length - 1);
        trie.proof[0][position] ^= bytes1(difference);
        bytes32 root = keccak256(trie.proof[0]);
        try checker.check(root, path, trie.proof) {
            vm.assertTrue(checker.oracle(root, path, trie.proof), "oracle");
        } catch (bytes memory reason) {
            vm.assertEq(reason.length, 36);
            vm.assertTrue(bytes4(reason) == IPortal.InvalidProof.selector, "reason");
        }
    }

    function testFuzz_RandomBytesAreRefusedInOrder(bytes32 path, bytes[] memory proof) public {
        refuse(proof.length == 0 ? bytes32(0) : keccak256(proof[0]), path, proof);
    }

    function refuse(bytes32 root, bytes32 path, bytes[] memory proof) internal {
        vm.expectPartialRevert(IPortal.InvalidProof.selector);
        checker.check(root, path, proof);
    }

    function refuseAt(bytes32 root, bytes32 path, bytes[] memory proof, uint256 node) internal {
        vm.expectRevert(abi.encodeWithSelector(IPortal.InvalidProof.selector, node));
        checker.check(root, path, proof);
    }

    function randomPaths(uint256 seed, uint256 size) internal pure returns (bytes32[] memory paths) {
        paths = new bytes32[](size);
        for (uint256 i; i < size; ++i) {
            paths[i] = keccak256(abi.encode(seed, i));
        }
    }

    /// @dev Distinct paths that have the first `common` nibbles in common, and differ at different depths after them.
    function relatedPaths(uint256 seed, uint256 size, uint256 common) internal pure returns (bytes32[] memory paths) {
        if (common == 63 && size > 16) size = 16;
        paths = new bytes32[](size);
        uint256 stem = uint256(keccak256(abi.encode(seed)));
        for (uint256 i; i < size; ++i) {
            // The nibble after the common ones tells the first sixteen apart.
            uint256 tail = uint256(keccak256(abi.encode(seed, "tail", i)));
            uint256 place = 4 * (common + 1);
            uint256 high = stem >> (256 - 4 * common) << (256 - 4 * common);
            uint256 low = tail & (type(uint256).max >> place);
            paths[i] = bytes32(high | (i & 0x0f) << (256 - place) | low);
        }
    }

    function rlp(uint256 value) internal pure returns (bytes memory) {
        if (value < 0x80) return abi.encodePacked(uint8(value));
        uint256 length = 32;
        while (value >> (8 * (length - 1)) == 0) --length;
        bytes memory word = abi.encodePacked(value << (8 * (32 - length)));
        assembly ("memory-safe") {
            mstore(word, length)
        }
        return bytes.concat(bytes1(uint8(0x80 + length)), word);
    }
}
