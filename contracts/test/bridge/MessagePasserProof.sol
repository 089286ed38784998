// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPortal} from "src/bridge/IPortal.sol";

/// @title MessagePasserProof
/// @notice The proof of one withdrawal among about a thousand: two full branches, a branch of four, the leaf. Only the way to
/// the leaf is real, for that is all that a verifier sees; so every withdrawal has a proof of the same size.
library MessagePasserProof {
    uint256 private constant BRANCHES = 3;
    uint256 private constant CHILDREN_OF_LAST = 4;

    /// @return root Storage root of the message passer.
    /// @return proof Nodes from the root to the leaf.
    function prove(bytes32 withdrawalHash) internal pure returns (bytes32 root, bytes[] memory proof) {
        bytes32 path = keccak256(abi.encode(keccak256(abi.encode(withdrawalHash, uint256(0)))));
        proof = new bytes[](BRANCHES + 1);
        proof[BRANCHES] = leaf(path);
        for (uint256 i = BRANCHES; i > 0; --i) {
            uint256 children = i == BRANCHES ? CHILDREN_OF_LAST : 16;
            proof[i - 1] = branch(nibble(path, i - 1), children, keccak256(proof[i]));
        }
        root = keccak256(proof[0]);
    }

    /// @return The output that commits to `messagePasserRoot`.
    function output(bytes32 messagePasserRoot) internal pure returns (IPortal.OutputRootProof memory) {
        return IPortal.OutputRootProof({
            version: 0,
            stateRoot: keccak256("state root"),
            messagePasserStorageRoot: messagePasserRoot,
            latestBlockhash: keccak256("block")
        });
    }

    function nibble(bytes32 path, uint256 index) private pure returns (uint256) {
        return (uint256(path) >> (252 - 4 * index)) & 15;
    }

    /// @dev list(0xa0 + odd path of 61 nibbles, 1), after three branches.
    function leaf(bytes32 path) private pure returns (bytes memory) {
        uint248 rest = (uint248(3) << 244) | (uint248(uint256(path)) & ((1 << 244) - 1));
        return abi.encodePacked(hex"e19f", rest, hex"01");
    }

    /// @dev A branch with `count` children from `position` on, the first of which is `child`.
    function branch(uint256 position, uint256 count, bytes32 child) private pure returns (bytes memory) {
        bytes memory payload;
        for (uint256 i; i < 16; ++i) {
            uint256 distance = (i + 16 - position) % 16;
            bytes32 hash = distance == 0 ? child : keccak256(abi.encode("sibling", count, i));
            payload = bytes.concat(payload, distance < count ? abi.encodePacked(hex"a0", hash) : bytes(hex"80"));
        }
        payload = bytes.concat(payload, hex"80");
        return payload.length < 256
            ? abi.encodePacked(hex"f8", uint8(payload.length), payload)
            : abi.encodePacked(hex"f9", uint16(payload.length), payload);
    }
}
