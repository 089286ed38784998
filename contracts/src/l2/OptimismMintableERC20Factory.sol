// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOptimismMintableERC20Factory} from "./IOptimismMintableERC20Factory.sol";
import {OptimismMintableERC20} from "./OptimismMintableERC20.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title OptimismMintableERC20Factory
/// @notice See {IOptimismMintableERC20Factory}.
contract OptimismMintableERC20Factory is IOptimismMintableERC20Factory {
    /// @inheritdoc IOptimismMintableERC20Factory
    mapping(address localToken => address remoteToken) public override deployments;

    /// @inheritdoc IOptimismMintableERC20Factory
    function createStandardL2Token(address remoteToken, string calldata name, string calldata symbol)
        external
        override
        returns (address)
    {
        return createOptimismMintableERC20WithDecimals(remoteToken, name, symbol, 18);
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function createOptimismMintableERC20(address remoteToken, string calldata name, string calldata symbol)
        external
        override
        returns (address)
    {
        return createOptimismMintableERC20WithDecimals(remoteToken, name, symbol, 18);
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function BRIDGE() external pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function bridge() external pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function version() external pure override returns (string memory) {
        return "1.10.0";
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function createOptimismMintableERC20WithDecimals(
        address remoteToken,
        string calldata name,
        string calldata symbol,
        uint8 decimals
    ) public override returns (address localToken) {
        require(remoteToken != address(0), NoRemoteToken());
        bytes32 salt = keccak256(abi.encode(remoteToken, name, symbol, decimals));
        localToken = address(
            new OptimismMintableERC20{salt: salt}(Predeploys.STANDARD_BRIDGE, remoteToken, name, symbol, decimals)
        );
        deployments[localToken] = remoteToken;
        emit StandardL2TokenCreated(remoteToken, localToken);
        emit OptimismMintableERC20Created(localToken, remoteToken, msg.sender);
    }
}
