// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BridgedERC20} from "./BridgedERC20.sol";

/// @title OptimismMintableERC20
/// @notice The representation of any token of the other layer, as {OptimismMintableERC20Factory} makes it.
contract OptimismMintableERC20 is BridgedERC20 {
    address private immutable _bridge;
    address private immutable _remoteToken;
    uint8 private immutable _decimals;
    string private _name;
    string private _symbol;

    constructor(address bridge_, address remoteToken_, string memory name_, string memory symbol_, uint8 decimals_) {
        _bridge = bridge_;
        _remoteToken = remoteToken_;
        _name = name_;
        _symbol = symbol_;
        _decimals = decimals_;
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function remoteToken() public view override returns (address) {
        return _remoteToken;
    }

    function bridge() public view override returns (address) {
        return _bridge;
    }
}
