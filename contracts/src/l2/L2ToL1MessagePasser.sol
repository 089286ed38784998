// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IMessagePasser} from "./IMessagePasser.sol";

/// @title L2ToL1MessagePasser
/// @notice See {IMessagePasser}.
contract L2ToL1MessagePasser is IMessagePasser {
    /// @inheritdoc IMessagePasser
    uint16 public constant override MESSAGE_VERSION = 1;
    /// @inheritdoc IMessagePasser
    uint256 public constant override RECEIVE_DEFAULT_GAS_LIMIT = 100_000;

    /// @inheritdoc IMessagePasser
    /// @dev Slot 0, by which withdrawals are proved on L1.
    mapping(bytes32 withdrawalHash => bool sent) public override sentMessages;

    /// @dev Messages sent so far. 240 bits: the version fills the rest of a nonce.
    uint240 internal messageCount;

    receive() external payable override {
        _send(msg.sender, RECEIVE_DEFAULT_GAS_LIMIT, "");
    }

    /// @inheritdoc IMessagePasser
    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data) external payable override {
        _send(target, gasLimit, data);
    }

    /// @inheritdoc IMessagePasser
    function messageNonce() public view override returns (uint256) {
        return (uint256(MESSAGE_VERSION) << 240) | messageCount;
    }

    /// @inheritdoc IMessagePasser
    function version() external pure override returns (string memory) {
        return "1.1.2";
    }

    function _send(address target, uint256 gasLimit, bytes memory data) internal {
        uint256 nonce = messageNonce();
        bytes32 withdrawalHash = keccak256(abi.encode(nonce, msg.sender, target, msg.value, gasLimit, data));
        sentMessages[withdrawalHash] = true;
        ++messageCount;
        emit MessagePassed(nonce, msg.sender, target, msg.value, gasLimit, data, withdrawalHash);
    }
}
