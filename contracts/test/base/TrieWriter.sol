// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// @title TrieWriter
/// @notice Builds Merkle-Patricia tries of 32-byte paths, and the proof of one path, for tests.
abstract contract TrieWriter {
    /// @dev A trie, and the way to the wanted path.
    struct Trie {
        bytes32 root;
        /// The nodes on the way that have a hash in their parent, root first.
        bytes[] proof;
        /// Those that lie inside their parent, in order.
        bytes[] inner;
    }

    /// @dev What a build carries along. Nodes are found leaf first.
    struct Build {
        bytes32[] paths;
        bytes[] values;
        bytes32 wanted;
        bytes[] nodes;
        uint256 count;
        bytes[] inner;
        uint256 innerCount;
    }

    /// @dev All values are 1.
    function trieOf(bytes32[] memory paths, bytes32 wanted) internal pure returns (Trie memory) {
        bytes[] memory values = new bytes[](paths.length);
        for (uint256 i; i < paths.length; ++i) {
            values[i] = hex"01";
        }
        return trieOf(paths, values, wanted);
    }

    /// @param paths Distinct; sorted here, with their values.
    /// @param values RLP of what the slots hold.
    function trieOf(bytes32[] memory paths, bytes[] memory values, bytes32 wanted)
        internal
        pure
        returns (Trie memory trie)
    {
        sort(paths, values);
        Build memory build = Build(paths, values, wanted, new bytes[](65), 0, new bytes[](65), 0);
        bytes memory root = nodeOf(build, 0, paths.length, 0);
        // A root that is short was taken for one that lies inside.
        if (root.length < 32) (build.nodes[build.count++], build.innerCount) = (root, build.innerCount - 1);
        trie.root = keccak256(root);
        trie.proof = reversed(build.nodes, build.count);
        trie.inner = reversed(build.inner, build.innerCount);
    }

    /// @dev The node over paths [first, last), which are equal in their first `depth` nibbles.
    function nodeOf(Build memory build, uint256 first, uint256 last, uint256 depth)
        internal
        pure
        returns (bytes memory node)
    {
        bytes32[] memory paths = build.paths;
        if (last - first == 1) {
            node = pair(encodePath(paths[first], depth, 64, true), RLP.encode(build.values[first]));
        } else {
            uint256 fork = depth;
            while (nibble(paths[first], fork) == nibble(paths[last - 1], fork)) ++fork;
            node = fork == depth
                ? branchOf(build, first, last, depth)
                : pair(encodePath(paths[first], depth, fork, false), named(nodeOf(build, first, last, fork)));
        }
        bool isOnTheWay;
        for (uint256 i = first; i < last; ++i) {
            if (paths[i] == build.wanted) isOnTheWay = true;
        }
        if (!isOnTheWay) return node;
        if (node.length < 32) build.inner[build.innerCount++] = node;
        else build.nodes[build.count++] = node;
    }

    function branchOf(Build memory build, uint256 first, uint256 last, uint256 depth)
        internal
        pure
        returns (bytes memory)
    {
        bytes[] memory items = new bytes[](17);
        for (uint256 i; i < 17; ++i) {
            items[i] = hex"80";
        }
        while (first < last) {
            uint256 digit = nibble(build.paths[first], depth);
            uint256 next = first;
            while (next < last && nibble(build.paths[next], depth) == digit) ++next;
            items[digit] = named(nodeOf(build, first, next, depth + 1));
            first = next;
        }
        return RLP.encode(items);
    }

    /// @dev As a node's parent names it: itself if it is short, its hash otherwise.
    function named(bytes memory node) internal pure returns (bytes memory) {
        return node.length < 32 ? node : RLP.encode(abi.encodePacked(keccak256(node)));
    }

    /// @dev A list of two items, the first a string, the second encoded already.
    function pair(bytes memory path, bytes memory second) internal pure returns (bytes memory) {
        bytes[] memory items = new bytes[](2);
        (items[0], items[1]) = (RLP.encode(path), second);
        return RLP.encode(items);
    }

    /// @dev Nibbles [from, to) of `path` with the prefix of a leaf or an extension.
    function encodePath(bytes32 path, uint256 from, uint256 to, bool isLeaf)
        internal
        pure
        returns (bytes memory encoded)
    {
        uint256 kind = isLeaf ? 2 : 0;
        uint256 odd = (to - from) % 2;
        encoded = new bytes((to - from) / 2 + 1);
        encoded[0] = bytes1(uint8((kind + odd) << 4 | (odd == 1 ? nibble(path, from) : 0)));
        for (uint256 i = 1; i < encoded.length; ++i) {
            uint256 place = from + odd + 2 * (i - 1);
            encoded[i] = bytes1(uint8(nibble(path, place) << 4 | nibble(path, place + 1)));
        }
    }

    function nibble(bytes32 path, uint256 index) internal pure returns (uint256) {
        return uint256(path) >> (252 - 4 * index) & 0x0f;
    }

    function sort(bytes32[] memory paths, bytes[] memory values) internal pure {
        for (uint256 i = 1; i < paths.length; ++i) {
            for (uint256 j = i; j > 0 && paths[j] < paths[j - 1]; --j) {
                (paths[j], paths[j - 1]) = (paths[j - 1], paths[j]);
                (values[j], values[j - 1]) = (values[j - 1], values[j]);
            }
        }
    }

    function reversed(bytes[] memory list, uint256 count) internal pure returns (bytes[] memory result) {
        result = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            result[i] = list[count - 1 - i];
        }
    }

    function append(bytes[] memory list, bytes memory last) internal pure returns (bytes[] memory result) {
        result = new bytes[](list.length + 1);
        for (uint256 i; i < list.length; ++i) {
            result[i] = list[i];
        }
        result[list.length] = last;
    }

    function without(bytes[] memory list, uint256 index) internal pure returns (bytes[] memory result) {
        result = new bytes[](list.length - 1);
        for (uint256 i; i < result.length; ++i) {
            result[i] = list[i < index ? i : i + 1];
        }
    }

    /// @dev `list` with `extra` before what was at `index`.
    function inserted(bytes[] memory list, uint256 index, bytes memory extra)
        internal
        pure
        returns (bytes[] memory result)
    {
        result = new bytes[](list.length + 1);
        for (uint256 i; i < result.length; ++i) {
            result[i] = i < index ? list[i] : i == index ? extra : list[i - 1];
        }
    }
}
