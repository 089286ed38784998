// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IOptimismMintableERC20Factory
/// @notice Predeploy 0x4200000000000000000000000000000000000012: makes the representations of L1 tokens, for anyone. The ABI of OP's.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IOptimismMintableERC20Factory {
    event StandardL2TokenCreated(address indexed remoteToken, address indexed localToken);
    event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer);

    /// @notice A token represents another one.
    error NoRemoteToken();

    /// @notice Makes a token of 18 decimals for `remoteToken`. The same arguments make one token, ever.
    function createOptimismMintableERC20(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address);
    function createOptimismMintableERC20WithDecimals(
        address remoteToken,
        string calldata name,
        string calldata symbol,
        uint8 decimals
    ) external returns (address);
    function createStandardL2Token(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address);

    /// @notice The remote token of a token made here; zero for any other.
    function deployments(address localToken) external view returns (address);
    function bridge() external view returns (address);
    function BRIDGE() external view returns (address);
    function version() external view returns (string memory);
}
