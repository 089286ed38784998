// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IFeeVault} from "./IFeeVault.sol";
import {IMessagePasser} from "./IMessagePasser.sol";

/// @title FeeVault
/// @notice See {IFeeVault}.
contract FeeVault is IFeeVault {
    /// @dev The MessagePasser predeploy.
    IMessagePasser internal constant MESSAGE_PASSER =
        IMessagePasser(payable(0x4200000000000000000000000000000000000016));

    /// @dev Gas for the call on L1: a contract that splits fees needs more than a plain transfer.
    uint256 internal constant L1_GAS_LIMIT = 400_000;

    /// @inheritdoc IFeeVault
    address public override recipient;
    /// @inheritdoc IFeeVault
    WithdrawalNetwork public override withdrawalNetwork;
    /// @inheritdoc IFeeVault
    uint256 public override minWithdrawalAmount;
    /// @inheritdoc IFeeVault
    uint256 public override totalProcessed;

    receive() external payable override {}

    /// @inheritdoc IFeeVault
    function withdraw() external override returns (uint256 value) {
        address to = recipient;
        require(to != address(0), NoRecipient());
        value = address(this).balance;
        require(value >= minWithdrawalAmount, BalanceTooLow(value, minWithdrawalAmount));

        WithdrawalNetwork network = withdrawalNetwork;
        totalProcessed += value;
        emit Withdrawal(value, to, msg.sender, network);

        if (network == WithdrawalNetwork.L1) {
            MESSAGE_PASSER.initiateWithdrawal{value: value}(to, L1_GAS_LIMIT, "");
        } else {
            (bool success,) = to.call{value: value}("");
            require(success, TransferFailed(to, value));
        }
    }

    /// @inheritdoc IFeeVault
    function RECIPIENT() external view override returns (address) {
        return recipient;
    }

    /// @inheritdoc IFeeVault
    function MIN_WITHDRAWAL_AMOUNT() external view override returns (uint256) {
        return minWithdrawalAmount;
    }

    /// @inheritdoc IFeeVault
    function WITHDRAWAL_NETWORK() external view override returns (WithdrawalNetwork) {
        return withdrawalNetwork;
    }

    /// @inheritdoc IFeeVault
    function version() external pure override returns (string memory) {
        return "1.5.0";
    }
}
