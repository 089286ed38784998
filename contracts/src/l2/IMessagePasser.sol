// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IMessagePasser
/// @notice The way from L2 to L1. Predeploy 0x4200000000000000000000000000000000000016, the ABI of OP's
/// L2ToL1MessagePasser.
///
/// Storage: slot 0 = `sentMessages`, by which withdrawals are proved on L1; slot 1 = the message counter.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IMessagePasser {
    /// @notice A message left for L1.
    /// @param withdrawalHash `keccak256(abi.encode(nonce, sender, target, value, gasLimit, data))`.
    event MessagePassed(
        uint256 indexed nonce,
        address indexed sender,
        address indexed target,
        uint256 value,
        uint256 gasLimit,
        bytes data,
        bytes32 withdrawalHash
    );

    /// @notice Sends a message to `target` on L1. The ether sent along leaves L2.
    /// @param gasLimit Least gas for the call on L1.
    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data) external payable;

    /// @notice Whether the message with this hash was sent.
    function sentMessages(bytes32 withdrawalHash) external view returns (bool);

    /// @notice The next message's nonce: counter, with `MESSAGE_VERSION` in the two highest bytes.
    function messageNonce() external view returns (uint256);

    function MESSAGE_VERSION() external view returns (uint16);
    /// @notice L1 gas for a message made by sending plain ether.
    function RECEIVE_DEFAULT_GAS_LIMIT() external view returns (uint256);
    function version() external pure returns (string memory);

    /// @notice Withdraws the ether to the sender's own address on L1.
    receive() external payable;
}
