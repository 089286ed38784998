// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPortal} from "./IPortal.sol";
import {ResourceMetering} from "./ResourceMetering.sol";

/// @title Portal
/// @notice See {IPortal}.
contract Portal is IPortal, ResourceMetering {
    /// @inheritdoc IPortal
    uint256 public constant override MAX_RESOURCE_LIMIT = MAX_GAS_PER_BLOCK;
    /// @inheritdoc IPortal
    uint256 public constant override MAX_DATA_LENGTH = 120_000;
    /// @inheritdoc IPortal
    uint64 public constant override RECEIVE_DEFAULT_GAS_LIMIT = 100_000;

    /// @dev Version of the event's `opaqueData`.
    uint256 internal constant DEPOSIT_VERSION = 0;

    /// @dev Added to the address of a contract that deposits, so that whoever owns the same address on L2, which may be
    /// somebody else, cannot be impersonated.
    uint160 internal constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);

    receive() external payable override {
        depositTransaction(msg.sender, msg.value, RECEIVE_DEFAULT_GAS_LIMIT, false, bytes(""));
    }

    /// @inheritdoc IPortal
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes memory data)
        public
        payable
        override
        metered(gasLimit)
    {
        require(!isCreation || to == address(0), CreationWithRecipient(to));
        require(data.length <= MAX_DATA_LENGTH, DataTooLarge(data.length, MAX_DATA_LENGTH));
        // The length is at most MAX_DATA_LENGTH.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 least = minimumGasLimit(uint64(data.length));
        require(gasLimit >= least, GasLimitTooLow(gasLimit, least));

        emit TransactionDeposited(
            _l2Sender(), to, DEPOSIT_VERSION, abi.encodePacked(msg.value, value, gasLimit, isCreation, data)
        );
    }

    /// @inheritdoc IPortal
    /// @dev The floor of EIP-7623 if no byte is zero: 10 gas a token, 4 tokens a byte.
    function minimumGasLimit(uint64 dataLength) public pure override returns (uint64) {
        return 21_000 + 40 * dataLength;
    }

    /// @inheritdoc IPortal
    function params() external view override returns (uint128, uint64, uint64) {
        return (metering.price, metering.bought, metering.blockNumber);
    }

    /// @inheritdoc IPortal
    function version() external pure override returns (string memory) {
        return "2.8.1";
    }

    /// @dev The caller as L2 will see it. An account that only delegates its code (EIP-7702) still belongs to its key.
    function _l2Sender() internal view returns (address) {
        if (msg.sender == tx.origin || _isDelegated(msg.sender)) return msg.sender;
        unchecked {
            return address(uint160(msg.sender) + ALIAS_OFFSET);
        }
    }

    /// @dev Whether the code is a delegation designator: 0xef0100 ‖ address.
    function _isDelegated(address account) internal view returns (bool) {
        return account.code.length == 23 && bytes3(account.code) == 0xef0100;
    }
}
