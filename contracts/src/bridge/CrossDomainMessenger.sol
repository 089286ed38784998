// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @title CrossDomainMessenger
/// @notice What the messengers of L1 and L2 share. See {ICrossDomainMessenger}.
abstract contract CrossDomainMessenger is ICrossDomainMessenger {
    /// @inheritdoc ICrossDomainMessenger
    uint16 public constant override MESSAGE_VERSION = 1;

    // What `baseGas` adds up; names and values are OP's.

    /// @notice Gas of `relayMessage` before it looks whether enough is left.
    uint64 public constant RELAY_CONSTANT_OVERHEAD = 200_000;
    /// @notice Most gas of the CALL itself: cold account, value, new account.
    uint64 public constant RELAY_CALL_OVERHEAD = 40_000;
    /// @notice Gas kept for what follows the call.
    uint64 public constant RELAY_RESERVED_GAS = 40_000;
    /// @notice Gas between the look and the call.
    uint64 public constant RELAY_GAS_CHECK_BUFFER = 5000;
    /// @notice A call passes on 63 of 64 parts of the gas (EIP-150).
    uint64 public constant MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR = 64;
    uint64 public constant MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR = 63;
    /// @notice Gas of any transaction.
    uint64 public constant TX_BASE_GAS = 21_000;
    /// @notice Most bytes that the encoding of `relayMessage` adds to a message.
    uint64 public constant ENCODING_OVERHEAD = 260;
    /// @notice Gas per byte of data.
    uint64 public constant MIN_GAS_CALLDATA_OVERHEAD = 16;
    /// @notice Least gas per byte of data, whatever is executed (EIP-7623).
    uint64 public constant FLOOR_CALLDATA_OVERHEAD = 40;

    /// @dev Who estimates gas sends from here, and so finds the gas with which the call itself goes through.
    address internal constant ESTIMATION_ADDRESS = address(1);

    /// @inheritdoc ICrossDomainMessenger
    mapping(bytes32 msgHash => bool) public override successfulMessages;
    /// @inheritdoc ICrossDomainMessenger
    mapping(bytes32 msgHash => bool) public override failedMessages;

    /// @dev Messages sent so far. 240 bits: the version fills the rest of a nonce.
    uint240 internal messageCount;

    /// @dev Sender of the message that is being delivered; zero if none is.
    address internal transient senderOnOtherSide;

    /// @inheritdoc ICrossDomainMessenger
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable override {
        uint256 nonce = messageNonce();
        ++messageCount;
        _send(
            baseGas(message, minGasLimit),
            abi.encodeCall(
                ICrossDomainMessenger.relayMessage, (nonce, msg.sender, target, msg.value, minGasLimit, message)
            )
        );
        emit SentMessage(target, msg.sender, message, nonce, minGasLimit);
        emit SentMessageExtension1(msg.sender, msg.value);
    }

    /// @inheritdoc ICrossDomainMessenger
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable override {
        require(nonce >> 240 == MESSAGE_VERSION, WrongVersion(nonce >> 240, MESSAGE_VERSION));
        bytes memory encoded =
            abi.encodeCall(ICrossDomainMessenger.relayMessage, (nonce, sender, target, value, minGasLimit, message));
        bytes32 msgHash = keccak256(encoded);

        if (_isOtherMessenger()) {
            require(msg.value == value, WrongValue(msg.value, value));
        } else {
            require(msg.value == 0, WrongValue(msg.value, 0));
            require(failedMessages[msgHash], NotReplayable(msgHash));
            _requireReplaysOpen();
        }
        require(!_isForbidden(target), ForbiddenTarget(target));
        require(!successfulMessages[msgHash], AlreadyRelayed(msgHash));

        bool success;
        if (senderOnOtherSide == address(0) && _hasGasFor(minGasLimit)) {
            senderOnOtherSide = sender;
            success = _call(target, value, encoded);
            senderOnOtherSide = address(0);
        }
        if (success) {
            successfulMessages[msgHash] = true;
            emit RelayedMessage(msgHash);
        } else {
            failedMessages[msgHash] = true;
            emit FailedRelayedMessage(msgHash);
            require(tx.origin != ESTIMATION_ADDRESS, RelayFailed(msgHash));
        }
    }

    /// @inheritdoc ICrossDomainMessenger
    function xDomainMessageSender() external view override returns (address sender) {
        sender = senderOnOtherSide;
        require(sender != address(0), NoMessage());
    }

    /// @inheritdoc ICrossDomainMessenger
    function OTHER_MESSENGER() external view override returns (address) {
        return otherMessenger();
    }

    /// @inheritdoc ICrossDomainMessenger
    function messageNonce() public view override returns (uint256) {
        return (uint256(MESSAGE_VERSION) << 240) | messageCount;
    }

    /// @inheritdoc ICrossDomainMessenger
    function otherMessenger() public view virtual override returns (address);

    /// @inheritdoc ICrossDomainMessenger
    /// @dev The gas of a transaction that relays the message: it pays for its data, at least the floor, and whatever happens
    /// the message ends up delivered or kept.
    function baseGas(bytes calldata message, uint32 minGasLimit) public pure override returns (uint64) {
        // Calldata is shorter than 2^64.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 size = uint64(message.length) + ENCODING_OVERHEAD;
        uint64 execution = RELAY_CONSTANT_OVERHEAD + RELAY_CALL_OVERHEAD + RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER
            + (minGasLimit * MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR) / MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR + size
            * MIN_GAS_CALLDATA_OVERHEAD;
        uint64 floor = size * FLOOR_CALLDATA_OVERHEAD;
        return TX_BASE_GAS + (execution > floor ? execution : floor);
    }

    /// @dev Hands a call of the other messenger, and the ether of this one, to the way there.
    function _send(uint64 gasLimit, bytes memory data) internal virtual;

    /// @dev Whether this call is one that the other messenger sent.
    function _isOtherMessenger() internal view virtual returns (bool);

    /// @dev What messages must not call: the messenger itself, and what believes it.
    function _isForbidden(address target) internal view virtual returns (bool);

    /// @dev Reverts while failed messages must not be relayed again.
    function _requireReplaysOpen() internal view virtual {}

    /// @dev Called right after a message's call failed; reverts if the message has to wait instead of being kept as failed.
    function _afterFailure() internal pure virtual {}

    /// @dev Calls `target` with the message at the end of `encoded`: there it lies in memory already, so that nothing between
    /// `_hasGasFor` and the call grows with it. What the call returns is not copied: it may be huge.
    function _call(address target, uint256 value, bytes memory encoded) private returns (bool success) {
        uint256 gasLimit = gasleft() - RELAY_RESERVED_GAS;
        assembly ("memory-safe") {
            // The words before: length of `encoded`, then selector, six arguments, length of the message.
            success := call(gasLimit, target, value, add(encoded, 260), mload(add(encoded, 228)), 0, 0)
        }
        if (!success) _afterFailure();
    }

    /// @dev Whether the call of a message can have `minGasLimit` gas, and the rest what it needs.
    function _hasGasFor(uint256 minGasLimit) private view returns (bool) {
        return gasleft() * MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR
            >= minGasLimit * MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR + MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR
                * (RELAY_CALL_OVERHEAD + RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER);
    }
}
