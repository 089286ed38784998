// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title ICrossDomainMessenger
/// @notice Messages between contracts of L1 and L2, with a second chance: a message whose call failed is kept, and anybody can
/// relay it again with more gas. The ABI and the rules of OP's messengers; both sides have it.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface ICrossDomainMessenger {
    /// @notice A message left for the other side.
    event SentMessage(address indexed target, address sender, bytes message, uint256 messageNonce, uint256 gasLimit);
    /// @notice The wei that went with the message of the event before.
    event SentMessageExtension1(address indexed sender, uint256 value);
    /// @notice A message was delivered, for ever.
    event RelayedMessage(bytes32 indexed msgHash);
    /// @notice A message's call failed. It can be relayed again.
    event FailedRelayedMessage(bytes32 indexed msgHash);

    /// @notice The ether sent is not what the message carries; a message that is relayed again brings its ether from before.
    error WrongValue(uint256 given, uint256 expected);
    /// @notice The nonce names an encoding of messages that this contract does not know.
    error WrongVersion(uint256 given, uint256 expected);
    /// @notice The message comes neither from the other messenger, nor did it fail before.
    error NotReplayable(bytes32 msgHash);
    /// @notice The message was delivered before.
    error AlreadyRelayed(bytes32 msgHash);
    /// @notice A message cannot call the messenger or what it trusts.
    error ForbiddenTarget(address target);
    /// @notice No message is being delivered.
    error NoMessage();
    /// @notice The call failed. Only for who estimates gas: see `relayMessage`.
    error RelayFailed(bytes32 msgHash);
    /// @notice Withdrawals are stopped until `until` (Unix seconds), or by a conflict between provers if that is past.
    error Paused(uint256 until);

    /// @notice Sends `message` to `target` on the other side, with the ether sent along.
    /// @param minGasLimit Least gas that the call has there.
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;

    /// @notice Delivers a message: the other messenger through the portal or a deposit, anybody for one that failed before.
    ///
    /// A message whose call fails, that comes with too little gas for it, or that comes while another is delivered, is kept as
    /// failed. Only if the origin of the transaction is address(1), as in estimates of gas, it reverts instead. On L1 a message
    /// that exceeds a quota reverts too, so that its withdrawal is not spent.
    ///
    /// Its hash is the keccak256 of the call of this function, ABI-encoded.
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable;

    /// @notice Gas to ask for on the other side so that `message` gets `minGasLimit` there.
    function baseGas(bytes calldata message, uint32 minGasLimit) external pure returns (uint64);
    /// @notice Who sent the message that is being delivered. Reverts outside of a delivery.
    function xDomainMessageSender() external view returns (address);
    /// @notice The next message's nonce: counter, with the version (1) in the two highest bytes.
    function messageNonce() external view returns (uint256);
    function successfulMessages(bytes32 msgHash) external view returns (bool);
    function failedMessages(bytes32 msgHash) external view returns (bool);
    function otherMessenger() external view returns (address);
    function OTHER_MESSENGER() external view returns (address);
    function paused() external view returns (bool);
    function version() external view returns (string memory);
    function MESSAGE_VERSION() external view returns (uint16);
}
