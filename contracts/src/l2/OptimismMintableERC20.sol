// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {BridgedERC20} from "./BridgedERC20.sol";

/// @title OptimismMintableERC20
/// @notice The representation of any token of the other layer, as {OptimismMintableERC20Factory} makes it.
contract OptimismMintableERC20 is BridgedERC20 {
    address private immutable _bridge;
    address private immutable _remoteToken;
    uint8 private immutable _decimals;

    constructor(address bridge_, address remoteToken_, string memory name_, string memory symbol_, uint8 decimals_)
        ERC20(name_, symbol_)
    {
        (_bridge, _remoteToken, _decimals) = (bridge_, remoteToken_, decimals_);
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
