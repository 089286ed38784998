// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IWETH9} from "./IWETH9.sol";

/// @title WETH9
/// @notice See {IWETH9}.
contract WETH9 is IWETH9 {
    /// @inheritdoc IWETH9
    string public constant override name = "Wrapped Ether";
    /// @inheritdoc IWETH9
    string public constant override symbol = "WETH";
    /// @inheritdoc IWETH9
    uint8 public constant override decimals = 18;

    /// @inheritdoc IWETH9
    mapping(address account => uint256) public override balanceOf;
    /// @inheritdoc IWETH9
    mapping(address src => mapping(address guy => uint256)) public override allowance;

    receive() external payable override {
        deposit();
    }

    /// @inheritdoc IWETH9
    function withdraw(uint256 wad) external override {
        _debit(msg.sender, wad);
        emit Withdrawal(msg.sender, wad);
        (bool success,) = msg.sender.call{value: wad}("");
        require(success, TransferFailed(msg.sender, wad));
    }

    /// @inheritdoc IWETH9
    function approve(address guy, uint256 wad) external override returns (bool) {
        allowance[msg.sender][guy] = wad;
        emit Approval(msg.sender, guy, wad);
        return true;
    }

    /// @inheritdoc IWETH9
    function transfer(address dst, uint256 wad) external override returns (bool) {
        return transferFrom(msg.sender, dst, wad);
    }

    /// @inheritdoc IWETH9
    function totalSupply() external view override returns (uint256) {
        return address(this).balance;
    }

    /// @inheritdoc IWETH9
    function deposit() public payable override {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    /// @inheritdoc IWETH9
    function transferFrom(address src, address dst, uint256 wad) public override returns (bool) {
        if (src != msg.sender) {
            uint256 allowed = allowance[src][msg.sender];
            if (allowed != type(uint256).max) {
                require(allowed >= wad, AllowanceTooLow(msg.sender, allowed, wad));
                allowance[src][msg.sender] = allowed - wad;
            }
        }
        _debit(src, wad);
        balanceOf[dst] += wad;
        emit Transfer(src, dst, wad);
        return true;
    }

    function _debit(address account, uint256 wad) internal {
        uint256 balance = balanceOf[account];
        require(balance >= wad, BalanceTooLow(account, balance, wad));
        balanceOf[account] = balance - wad;
    }
}
