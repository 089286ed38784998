// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IWETH9
/// @notice Ether as an ERC-20 token. Predeploy 0x4200000000000000000000000000000000000006, the ABI of the WETH9 of Ethereum.
///
/// Unlike that one it has no fallback: a call of a function that it lacks (`permit`, say) fails instead of doing nothing.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IWETH9 {
    event Approval(address indexed src, address indexed guy, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);

    /// @notice `account` has less than that.
    error BalanceTooLow(address account, uint256 balance, uint256 wanted);
    /// @notice `spender` may take less than that.
    error AllowanceTooLow(address spender, uint256 allowed, uint256 wanted);

    /// @notice The caller refused the ether.
    error TransferFailed(address account, uint256 wad);

    /// @notice Wraps the ether sent.
    function deposit() external payable;
    /// @notice Unwraps to the caller.
    function withdraw(uint256 wad) external;
    function approve(address guy, uint256 wad) external returns (bool);
    function transfer(address dst, uint256 wad) external returns (bool);
    /// @notice An allowance of 2^256 - 1 is not used up.
    function transferFrom(address src, address dst, uint256 wad) external returns (bool);

    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    function decimals() external view returns (uint8);
    function totalSupply() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address src, address guy) external view returns (uint256);

    /// @notice Wraps the ether sent.
    receive() external payable;
}
