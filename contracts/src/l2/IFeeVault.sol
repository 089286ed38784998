// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IFeeVault
/// @notice Collects fees on L2 and pays them to one recipient. The ABI is OP's. Predeploys:
/// SequencerFeeVault 0x4200000000000000000000000000000000000011 (priority fees) and
/// BaseFeeVault 0x4200000000000000000000000000000000000019 (base fees).
///
/// Storage, which the genesis fills and nobody changes: slot 0 = recipient (bits 0..160) | network (bits 160..168);
/// slot 1 = least amount that is paid out, in wei. Slot 2 = wei paid out so far.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IFeeVault {
    /// @notice Where the recipient lives.
    enum WithdrawalNetwork {
        L1,
        L2
    }

    event Withdrawal(uint256 value, address to, address from, WithdrawalNetwork withdrawalNetwork);

    /// @notice The genesis named no recipient.
    error NoRecipient();
    /// @notice Too little to pay out.
    error BalanceTooLow(uint256 balance, uint256 least);
    /// @notice The recipient refused the ether.
    error TransferFailed(address recipient, uint256 value);

    /// @notice Pays the whole balance to the recipient: by a transfer on L2, or by a message to L1. By anyone.
    function withdraw() external returns (uint256 value);

    function recipient() external view returns (address);
    function RECIPIENT() external view returns (address);
    function minWithdrawalAmount() external view returns (uint256);
    function MIN_WITHDRAWAL_AMOUNT() external view returns (uint256);
    function withdrawalNetwork() external view returns (WithdrawalNetwork);
    function WITHDRAWAL_NETWORK() external view returns (WithdrawalNetwork);
    /// @notice Wei paid out so far.
    function totalProcessed() external view returns (uint256);
    function version() external pure returns (string memory);

    receive() external payable;
}
