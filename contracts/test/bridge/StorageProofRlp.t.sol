// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {TrieWriter} from "../base/TrieWriter.sol";
import {ProofChecker} from "./StorageProof.t.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IPortal} from "src/bridge/IPortal.sol";

/// @notice Nodes that no trie has, each with the hash that is asked for.
contract StorageProofRlpTest is Test, TrieWriter {
    bytes32 internal constant PATH = 0x3b00000000000000000000000000000000000000000000000000000000000074;
    bytes32 internal constant SOME_HASH = keccak256("some node");

    ProofChecker internal checker = new ProofChecker();

    function test_TheLeafThatTheOthersVary() public view {
        bytes memory leaf = leafWith(hex"01");
        checker.check(keccak256(leaf), PATH, listOf(leaf));
        vm.assertEq(leaf, abi.encodePacked(hex"e3a120", PATH, hex"01"));
    }

    function test_TheListsLengthIsCanonicalAndExact() public {
        refuse(abi.encodePacked(hex"f823a120", PATH, hex"01"));
        refuse(abi.encodePacked(hex"f90023a120", PATH, hex"01"));
        refuse(abi.encodePacked(hex"fa000023a120", PATH, hex"01"));
        refuse(abi.encodePacked(hex"e2a120", PATH, hex"01"));
        refuse(abi.encodePacked(hex"e4a120", PATH, hex"01"));
        refuse(abi.encodePacked(hex"e3a120", PATH, hex"0100"));
        refuse(abi.encodePacked(hex"e3a120", PATH));
        refuse(abi.encodePacked(hex"a3a120", PATH, hex"01"));
        refuse(abi.encodePacked(hex"ffffffffffffffffffa120", PATH, hex"01"));
        refuse(hex"c0");
        refuse(hex"c101");
    }

    function test_ThePathIsCanonicalAndComplete() public {
        refuse(abi.encodePacked(hex"e4b82120", PATH, hex"01"));
        for (uint256 first; first < 256; ++first) {
            if (first == 0x20) continue;
            refuse(abi.encodePacked(hex"e3a1", bytes1(uint8(first)), PATH, hex"01"));
        }
        // 62, 63 and 65 nibbles.
        refuse(abi.encodePacked(hex"e2a020", bytes31(PATH), hex"01"));
        refuse(pair(encodePath(PATH, 1, 64, true), hex"01"));
        refuse(abi.encodePacked(hex"e3a133", PATH, hex"01"));
        refuse(abi.encodePacked(hex"e4a22000", PATH, hex"01"));
        // None at all.
        refuse(hex"c28001");
        refuse(hex"c22001");
    }

    function test_TheValueIsOne() public {
        bytes[8] memory values =
            [bytes(hex"00"), hex"02", hex"7f", hex"80", hex"8101", hex"820001", hex"c101", hex"b80101"];
        for (uint256 i; i < values.length; ++i) {
            refuse(leafWith(values[i]));
        }
        refuse(leafWith(abi.encodePacked(hex"a0", SOME_HASH)));
        refuse(leafWith(hex"0101"));
        refuse(leafWith(hex"0180"));
    }

    function test_AnExtensionLeadsToANodeOnTheWay() public {
        bytes memory leaf = pair(encodePath(PATH, 60, 64, true), hex"01");
        bytes memory good = pair(encodePath(PATH, 0, 60, false), leaf);
        checker.check(keccak256(good), PATH, listOf(good));
        // Of no length: the path is read on from where it was.
        bytes[] memory proof = listOf(pair(hex"00", named(leafWith(hex"01"))));
        refuseAt(append(proof, leafWith(hex"01")), 0);
        refuse(pair(hex"00", leaf));
        // To nothing, and to something that is no node.
        refuse(pair(encodePath(PATH, 0, 60, false), hex"80"));
        refuse(pair(encodePath(PATH, 0, 60, false), hex"01"));
        refuse(pair(encodePath(PATH, 0, 60, false), hex"820101"));
        refuse(pair(encodePath(PATH, 0, 60, false), abi.encodePacked(hex"9f", bytes31(SOME_HASH))));
        // Of the whole path.
        refuse(pair(encodePath(PATH, 0, 64, false), hex"c22001"));
        proof = listOf(pair(encodePath(PATH, 0, 64, false), named(leafWith(hex"01"))));
        refuseAt(append(proof, leafWith(hex"01")), 0);
        // A single byte with a header of its own.
        leaf = pair(encodePath(PATH, 2, 64, true), hex"01");
        bytes[] memory items = new bytes[](2);
        (items[0], items[1]) = (hex"8113", abi.encodePacked(hex"a0", keccak256(leaf)));
        refuseAt(append(listOf(RLP.encode(items)), leaf), 0);
    }

    /// @dev What lies inside has less than 32 bytes; what has a hash has at least that.
    function test_NodesAreNamedAsTheirSizeDemands() public {
        bytes memory short = pair(encodePath(PATH, 10, 64, true), hex"01");
        vm.assertEq(short.length, 31);
        bytes memory parent = pair(encodePath(PATH, 0, 10, false), short);
        checker.check(keccak256(parent), PATH, listOf(parent));
        parent = pair(encodePath(PATH, 0, 10, false), abi.encodePacked(hex"a0", keccak256(short)));
        refuseAt(append(listOf(parent), short), 1);

        bytes memory long = pair(encodePath(PATH, 8, 64, true), hex"01");
        vm.assertEq(long.length, 32);
        parent = pair(encodePath(PATH, 0, 8, false), abi.encodePacked(hex"a0", keccak256(long)));
        checker.check(keccak256(parent), PATH, append(listOf(parent), long));
        refuse(pair(encodePath(PATH, 0, 8, false), long));
    }

    function test_ABranchHasSixteenChildrenAndNoValue() public {
        (bytes[] memory items, bytes memory leaf) = branchItems();
        bytes memory branch = RLP.encode(items);
        checker.check(keccak256(branch), PATH, append(listOf(branch), leaf));
        // As many as they may be.
        bytes[] memory changed = new bytes[](16);
        for (uint256 i; i < 16; ++i) {
            changed[i] = items[i];
        }
        refuseBranch(changed, leaf);
        refuseBranch(append(items, hex"80"), leaf);
        refuseBranch(append(changed, hex"01"), leaf);
        refuseBranch(append(changed, hex"00"), leaf);
        refuseBranch(append(changed, abi.encodePacked(hex"a0", SOME_HASH)), leaf);
        // Every other one absent, or not.
        for (uint256 i; i < 16; ++i) {
            if (i == 3) continue;
            items[i] = abi.encodePacked(hex"a0", SOME_HASH);
            branch = RLP.encode(items);
            checker.check(keccak256(branch), PATH, append(listOf(branch), leaf));
        }
        vm.assertEq(branch.length, 532);
        items[3] = hex"80";
        refuseAt(listOf(RLP.encode(items)), 0);
        refuseBranch(items, leaf);
    }

    function test_ABranchsChildrenAreHashesOrShortNodes() public {
        bytes[7] memory wrong = [
            bytes(hex"00"),
            hex"01",
            hex"8101",
            hex"820101",
            hex"c0",
            abi.encodePacked(hex"9f", bytes31(SOME_HASH)),
            abi.encodePacked(hex"a1", SOME_HASH, hex"00")
        ];
        for (uint256 child; child < 16; ++child) {
            for (uint256 i; i < wrong.length; ++i) {
                (bytes[] memory items, bytes memory leaf) = branchItems();
                items[child] = wrong[i];
                refuseBranch(items, leaf);
            }
        }
        // A list of 32 bytes and more has a hash.
        (bytes[] memory others, bytes memory aLeaf) = branchItems();
        others[5] = abi.encodePacked(hex"df", bytes31(SOME_HASH));
        refuseBranch(others, aLeaf);
        others[5] = abi.encodePacked(hex"de", bytes30(SOME_HASH));
        bytes memory branch = RLP.encode(others);
        checker.check(keccak256(branch), PATH, append(listOf(branch), aLeaf));
    }

    /// @dev A full branch is read faster. Only a full branch is.
    function testFuzz_AFullBranchIsSixteenHashes(uint256 position, uint8 difference) public {
        vm.assume(difference != 0);
        (bytes[] memory items, bytes memory leaf) = branchItems();
        for (uint256 i; i < 16; ++i) {
            if (i != 3) items[i] = abi.encodePacked(hex"a0", keccak256(abi.encode(i)));
        }
        bytes memory branch = RLP.encode(items);
        checker.check(keccak256(branch), PATH, append(listOf(branch), leaf));
        // The header of a child, or of the value.
        position = 3 + 33 * bound(position, 0, 16);
        branch[position] ^= bytes1(difference);
        refuseAt(append(listOf(branch), leaf), 0);
    }

    /// @dev As long as a full branch, but a child less and a value.
    function test_AValueInPlaceOfAChildIsRefused() public {
        (bytes[] memory items, bytes memory leaf) = branchItems();
        for (uint256 i; i < 16; ++i) {
            if (i != 3 && i != 9) items[i] = abi.encodePacked(hex"a0", keccak256(abi.encode(i)));
        }
        items[16] = abi.encodePacked(hex"a0", SOME_HASH);
        vm.assertEq(RLP.encode(items).length, 532);
        refuseBranch(items, leaf);
    }

    /// @dev Like the second item of an extension: the first child's hash is as long as a path.
    function test_AFirstChildIsNotTakenForAPath() public view {
        bytes32 path = PATH & bytes32(type(uint256).max >> 4);
        (bytes[] memory items,) = branchItems();
        bytes memory leaf = pair(encodePath(path, 1, 64, true), hex"01");
        items[0] = named(leaf);
        items[3] = hex"80";
        bytes memory branch = RLP.encode(items);
        checker.check(keccak256(branch), path, append(listOf(branch), leaf));
    }

    function leafWith(bytes memory value) internal pure returns (bytes memory) {
        return pair(encodePath(PATH, 0, 64, true), value);
    }

    /// @dev A branch whose child 3 is the leaf, and that leaf.
    function branchItems() internal pure returns (bytes[] memory items, bytes memory leaf) {
        leaf = pair(encodePath(PATH, 1, 64, true), hex"01");
        items = new bytes[](17);
        for (uint256 i; i < 17; ++i) {
            items[i] = hex"80";
        }
        items[3] = named(leaf);
    }

    function listOf(bytes memory node) internal pure returns (bytes[] memory list) {
        list = new bytes[](1);
        list[0] = node;
    }

    function refuseBranch(bytes[] memory items, bytes memory leaf) internal {
        refuseAt(append(listOf(RLP.encode(items)), leaf), 0);
    }

    function refuse(bytes memory node) internal {
        refuseAt(listOf(node), 0);
    }

    function refuseAt(bytes[] memory proof, uint256 index) internal {
        vm.expectRevert(abi.encodeWithSelector(IPortal.InvalidProof.selector, index));
        checker.check(keccak256(proof[0]), PATH, proof);
    }
}
