// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPortal} from "./IPortal.sol";

/// @title StorageProof
/// @notice Proves that a storage slot holds 1, against a storage root: a walk down a Merkle-Patricia trie whose nodes come with the
/// call (Yellow Paper, appendix D).
///
/// The root, and every node that its parent names by hash, is bound by its hash. A node of less than 32 bytes lies inside its
/// parent; it may be repeated after it, byte by byte, and need not be. Nothing else may follow the leaf.
///
/// A node is read as the strict RLP that tries are made of, and refused if it is anything else. All paths of a storage trie have
/// 64 nibbles, so that a branch never holds a value.
///
/// @dev Nodes are copied behind the free memory pointer, one over the other. Positions are memory addresses. A position past a
/// node's end may be read, into what was there before; the node is refused then, because all that is read must fill it exactly.
library StorageProof {
    uint256 private constant PATH_NIBBLES = 64;

    /// @dev A hash as an item: 0xa0 and 32 bytes.
    uint256 private constant HASH_ITEM = 0xa0;
    uint256 private constant HASH_ITEM_SIZE = 33;
    uint256 private constant EMPTY_ITEM = 0x80;
    /// @dev Headers of lists that lie inside their parent: with it, 2 to 31 bytes.
    uint256 private constant LEAST_INNER_LIST = 0xc1;
    uint256 private constant MOST_INNER_LIST = 0xde;

    /// @dev Size of a branch's items if it has all sixteen children, by hash.
    uint256 private constant FULL_BRANCH_SIZE = 16 * HASH_ITEM_SIZE + 1;

    /// @dev Positions that are none: there is no way on, and the leaf was reached.
    uint256 private constant NOWHERE = 0;
    uint256 private constant ARRIVED = 1;

    /// @notice Reverts with `InvalidProof`, naming the first node of `proof` that does not fit, unless `proof` shows that the slot
    /// is 1.
    /// @param root Storage root.
    /// @param path keccak256 of the slot's number.
    /// @param proof Trie nodes, root first.
    function requireOne(bytes32 root, bytes32 path, bytes[] calldata proof) internal pure {
        unchecked {
            uint256 index;
            uint256 depth;
            (uint256 start, uint256 end) = _load(proof, 0, root);
            while (true) {
                uint256 items = _items(start, end);
                (uint256 child, uint256 nibbles) = items == NOWHERE
                    ? (NOWHERE, 0)
                    : _descend(items, end, uint256(path) << (4 * depth), PATH_NIBBLES - depth);
                if (child == NOWHERE) revert IPortal.InvalidProof(index);
                if (child == ARRIVED) break;
                depth += nibbles;

                if (_byteAt(child) == HASH_ITEM) {
                    (start, end) = _load(proof, ++index, bytes32(_wordAt(child + 1)));
                } else {
                    (start, end) = (child, child + _itemSize(child));
                    if (index + 1 < proof.length && _equals(proof[index + 1], start, end)) ++index;
                }
            }
            if (index + 1 != proof.length) revert IPortal.InvalidProof(index + 1);
        }
    }

    /// @dev Copies node `index`, which must have `hash`, to free memory.
    function _load(bytes[] calldata proof, uint256 index, bytes32 hash)
        private
        pure
        returns (uint256 start, uint256 end)
    {
        if (index >= proof.length) revert IPortal.InvalidProof(index);
        bytes calldata node = proof[index];
        bytes32 actual;
        assembly ("memory-safe") {
            start := mload(0x40)
            end := add(start, node.length)
            calldatacopy(start, node.offset, node.length)
            actual := keccak256(start, node.length)
        }
        // Below the root, what is shorter than a hash has no hash in its parent.
        if (actual != hash || (node.length < 32 && index != 0)) revert IPortal.InvalidProof(index);
    }

    /// @dev Where the items of the list that fills [start, end) begin.
    function _items(uint256 start, uint256 end) private pure returns (uint256 items) {
        unchecked {
            uint256 header = _byteAt(start);
            uint256 size;
            if (header == 0xf9) {
                (items, size) = (start + 3, _wordAt(start + 1) >> 240);
                if (size < 256) return NOWHERE;
            } else if (header == 0xf8) {
                (items, size) = (start + 2, _byteAt(start + 1));
                if (size < 56) return NOWHERE;
            } else if (header >= 0xc0 && header < 0xf8) {
                (items, size) = (start + 1, header - 0xc0);
            } else {
                return NOWHERE;
            }
            if (items + size != end) return NOWHERE;
        }
    }

    /// @dev One step down from the node whose items fill [items, end).
    /// @param rest The path that is left, from the highest nibble on.
    /// @param left Its nibbles.
    /// @return child Position of the next node's item, `ARRIVED`, or `NOWHERE`.
    /// @return nibbles Length of the path to it.
    function _descend(uint256 items, uint256 end, uint256 rest, uint256 left)
        private
        pure
        returns (uint256 child, uint256 nibbles)
    {
        unchecked {
            if (end - items == FULL_BRANCH_SIZE && _isFullBranch(items)) {
                return (left == 0 ? NOWHERE : items + HASH_ITEM_SIZE * (rest >> 252), 1);
            }
            // A path and something that fills the rest is a leaf or an extension. In a branch, the second item has 15 more behind it.
            (uint256 start, uint256 second) = _path(items);
            if (second != NOWHERE && second + _itemSize(second) == end) return _follow(start, second, rest, left);
            return (left == 0 ? NOWHERE : _childOf(items, end, rest >> 252), 1);
        }
    }

    /// @dev The bytes of the item at `item` if it may be an encoded path, which has 1 to 33 of them.
    function _path(uint256 item) private pure returns (uint256 start, uint256 end) {
        unchecked {
            uint256 header = _byteAt(item);
            if (header < EMPTY_ITEM) return (item, item + 1);
            // A path of one byte is its own item: its first nibble is at most 3.
            if (header < EMPTY_ITEM + 2 || header > EMPTY_ITEM + 33) return (NOWHERE, NOWHERE);
            return (item + 1, item + 1 + header - EMPTY_ITEM);
        }
    }

    /// @dev One step down from the leaf or extension whose path is [start, second) and whose second item is at `second`.
    function _follow(uint256 start, uint256 second, uint256 rest, uint256 left)
        private
        pure
        returns (uint256 child, uint256 nibbles)
    {
        unchecked {
            // The first nibble tells the kind: 0 or 1 for an extension, 2 or 3 for a leaf. An odd path begins in the second one,
            // which is zero before an even path.
            uint256 first = _byteAt(start);
            uint256 odd = (first >> 4) & 1;
            if (first > 0x3f || (odd == 0 && first & 0x0f != 0)) return (NOWHERE, 0);
            nibbles = 2 * (second - start - 1) + odd;
            if (nibbles > left) return (NOWHERE, 0);
            uint256 path = odd == 0 ? _wordAt(start + 1) : _wordAt(start) << 4;
            if ((path ^ rest) >> (256 - 4 * nibbles) != 0) return (NOWHERE, 0);

            uint256 header = _byteAt(second);
            if (first >= 0x20) return (nibbles == left && header == 0x01 ? ARRIVED : NOWHERE, nibbles);
            bool isNode = header == HASH_ITEM || header >= LEAST_INNER_LIST;
            return (nibbles != 0 && nibbles != left && isNode ? second : NOWHERE, nibbles);
        }
    }

    /// @dev Child number `nibble` of the branch whose items fill [item, end), or `NOWHERE` if there is none.
    function _childOf(uint256 item, uint256 end, uint256 nibble) private pure returns (uint256 child) {
        unchecked {
            for (uint256 i; i < 16; ++i) {
                if (i == nibble) child = item;
                uint256 header = _byteAt(item);
                bool isChild = header == EMPTY_ITEM || header == HASH_ITEM || header >= LEAST_INNER_LIST;
                uint256 size = _itemSize(item);
                if (!isChild || size == 0) return NOWHERE;
                item += size;
            }
            if (item + 1 != end || _byteAt(item) != EMPTY_ITEM || _byteAt(child) == EMPTY_ITEM) return NOWHERE;
        }
    }

    /// @dev Size of an item that is an empty string, a hash, a list inside its parent, or a single byte; 0 of any other.
    function _itemSize(uint256 item) private pure returns (uint256) {
        unchecked {
            uint256 header = _byteAt(item);
            if (header <= EMPTY_ITEM) return 1;
            if (header == HASH_ITEM) return HASH_ITEM_SIZE;
            return header >= LEAST_INNER_LIST && header <= MOST_INNER_LIST ? header - 0xc0 + 1 : 0;
        }
    }

    /// @dev Whether the items, of `FULL_BRANCH_SIZE` bytes, are sixteen hashes and an empty string.
    function _isFullBranch(uint256 items) private pure returns (bool result) {
        assembly ("memory-safe") {
            let all := mload(items)
            let any := all
            let word := mload(add(items, 33))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 66))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 99))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 132))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 165))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 198))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 231))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 264))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 297))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 330))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 363))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 396))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 429))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 462))
            all := and(all, word)
            any := or(any, word)
            word := mload(add(items, 495))
            all := and(all, word)
            any := or(any, word)
            // Every first byte is 0xa0 if they have no other bit set in any, and none of its bits unset in one.
            let hashes := and(eq(byte(0, all), 0xa0), eq(byte(0, any), 0xa0))
            result := and(hashes, eq(byte(0, mload(add(items, 528))), 0x80))
        }
    }

    /// @dev Whether `node` is what lies in [start, end), which has at most 31 bytes.
    function _equals(bytes calldata node, uint256 start, uint256 end) private pure returns (bool result) {
        assembly ("memory-safe") {
            let size := sub(end, start)
            let unused := sub(256, shl(3, size))
            let same := eq(shr(unused, calldataload(node.offset)), shr(unused, mload(start)))
            result := and(eq(node.length, size), same)
        }
    }

    function _byteAt(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(position))
        }
    }

    function _wordAt(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(position)
        }
    }
}
