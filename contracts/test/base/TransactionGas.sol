// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "./Test.sol";
import {Vm} from "./Vm.sol";

/// @title TransactionGas
/// @notice What L1 charges for a call if it is a whole transaction, but for blobs.
///
/// @dev For tests that forge runs with `isolate`: each call that such a test makes is a transaction of its own, to which every
/// account and slot is cold. `this.executionGas` is that call, so that it starts in the state that a transaction starts in.
abstract contract TransactionGas is Test {
    uint256 private constant COLD_ACCOUNT = 2600;
    uint256 private constant WARM_ACCOUNT = 100;

    /// @dev 21,000, calldata and execution, or the floor of EIP-7623. Without refunds.
    function transactionGas(address from, address to, bytes memory data) internal returns (uint256) {
        return transactionGas(from, to, data, new bytes32[](0));
    }

    function transactionGas(address from, address to, bytes memory data, bytes32[] memory blobHashes)
        internal
        returns (uint256 used)
    {
        uint256 tokens = tokensOf(data);
        used = 21_000 + 4 * tokens + this.executionGas(from, to, data, blobHashes);
        uint256 floor = 21_000 + 10 * tokens;
        if (used < floor) used = floor;
    }

    /// @dev The same less refunds (EIP-3529), of a transaction that brings `value` in a block with `baseFee`.
    function chargedGas(address from, address to, uint256 value, bytes memory data, uint256 baseFee)
        internal
        returns (uint256 used)
    {
        uint256 tokens = tokensOf(data);
        (uint256 execution, uint256 refund) = this.executionAndRefund(from, to, value, data, baseFee);
        used = 21_000 + 4 * tokens + execution;
        used -= refund < used / 5 ? refund : used / 5;
        uint256 floor = 21_000 + 10 * tokens;
        if (used < floor) used = floor;
    }

    /// @dev What EIP-7623 counts calldata in.
    function tokensOf(bytes memory data) private pure returns (uint256 tokens) {
        for (uint256 i; i < data.length; ++i) {
            tokens += data[i] == 0 ? 1 : 4;
        }
    }

    /// @notice Execution alone, and what of it is refunded.
    function executionAndRefund(address from, address to, uint256 value, bytes memory data, uint256 baseFee)
        external
        returns (uint256 execution, uint256 refund)
    {
        // Forge gives the transactions of an isolated test a base fee of zero: it is set inside.
        vm.fee(baseFee);
        uint256 before = gasleft();
        bool success = to.code.length != 0;
        vm.assertGe(before - gasleft(), COLD_ACCOUNT, "the test is not isolated");
        // The sender is warm as well.
        success = from.balance >= value && success;
        vm.prank(from, from);
        (bool returned,) = to.call{value: value}(data);
        Vm.Gas memory gas_ = vm.lastCallGas();
        vm.assertTrue(success && returned);
        // A call's refunds are never negative as a whole.
        return (gas_.gasTotalUsed, uint256(uint64(gas_.gasRefunded)));
    }

    /// @notice Execution alone.
    function executionGas(address from, address to, bytes memory data, bytes32[] memory blobHashes)
        external
        returns (uint256 used)
    {
        // Forge 1.7.1 takes a transaction for invalid if the test that makes it has set blobs: they are set inside.
        vm.blobhashes(blobHashes);
        uint256 before = gasleft();
        bool success = to.code.length != 0;
        vm.assertGe(before - gasleft(), COLD_ACCOUNT, "the test is not isolated");
        vm.prank(from);
        assembly ("memory-safe") {
            before := gas()
            success := and(call(gas(), to, 0, add(data, 0x20), mload(data), 0, 0), success)
            used := sub(before, gas())
        }
        // The account that a transaction calls is warm (EIP-2929), and the call to it is part of the 21,000.
        used -= WARM_ACCOUNT;
        vm.assertTrue(success);
    }
}
