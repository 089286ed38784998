// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IUpgradeableProxy
/// @notice What the admin of an {UpgradeableProxy} can ask of it. The same call by anybody else, and every other call, is the
/// implementation's. Implementation and admin are in the slots of ERC-1967.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IUpgradeableProxy {
    /// @notice Another implementation is in force (ERC-1967).
    event Upgraded(address indexed implementation);
    /// @notice Who can upgrade (ERC-1967). Once, at construction.
    event AdminChanged(address previousAdmin, address newAdmin);

    /// @notice There is no contract at the address.
    error ERC1967InvalidImplementation(address implementation);
    /// @notice The zero address cannot be the admin.
    error ERC1967InvalidAdmin(address admin);
    /// @notice Ether was sent without a call that could take it.
    error ERC1967NonPayable();

    /// @notice Replaces the implementation, and calls it with `data` if there is any. Admin only.
    function upgradeToAndCall(address implementation, bytes calldata data) external payable;
}
