// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IOptimismMintableERC20
/// @notice A token that represents one of the other layer. Its bridge alone mints and burns. The ABI of OP's.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IOptimismMintableERC20 {
    event Mint(address indexed account, uint256 amount);
    event Burn(address indexed account, uint256 amount);

    /// @notice Only the bridge may do this.
    error NotBridge(address caller, address bridge);

    function mint(address to, uint256 amount) external;
    function burn(address from, uint256 amount) external;
    /// @notice The token of the other layer.
    function remoteToken() external view returns (address);
    function bridge() external view returns (address);
    /// @notice ERC-165: true for this interface and those that OP's tokens answer to.
    function supportsInterface(bytes4 interfaceId) external view returns (bool);
}
