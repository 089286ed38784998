// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "./Vm.sol";

/// @title Test
/// @notice Base of all tests: the cheatcodes, bounded fuzz inputs, and what Forge asks an invariant test.
abstract contract Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Forge looks for this name.
    bool public constant IS_TEST = true;

    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Storage contract of EIP-2935, and its code.
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes internal constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

    address[] private _targets;
    FuzzSelector[] private _selectors;

    /// @notice Contracts that an invariant run calls.
    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    /// @notice Their functions that it calls.
    function targetSelectors() external view returns (FuzzSelector[] memory) {
        return _selectors;
    }

    function target(address handler, bytes4[] memory selectors) internal {
        _targets.push(handler);
        _selectors.push(FuzzSelector(handler, selectors));
    }

    /// @dev `value` folded into [least, most].
    function bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        uint256 span = most - least;
        if (span == type(uint256).max) return value;
        return least + value % (span + 1);
    }

    /// @dev An address that nothing else has.
    function account(string memory name) internal pure returns (address) {
        return vm.addr(uint256(keccak256(bytes(name))));
    }

    /// @dev Moves to block `number` at `timestamp`, and makes L1 remember `parentHash` for the block before it, as EIP-2935
    /// does at the start of a block.
    function enterBlock(uint256 number, uint256 timestamp, bytes32 parentHash) internal {
        if (HISTORY.code.length == 0) vm.etch(HISTORY, HISTORY_CODE);
        vm.roll(number);
        vm.warp(timestamp);
        vm.setBlockhash(number - 1, parentHash);
        vm.store(HISTORY, bytes32((number - 1) % 8191), parentHash);
    }
}
