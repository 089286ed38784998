// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title ITimelock
/// @notice What our programs use of OpenZeppelin's TimelockController.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface ITimelock {
    /// @notice Announces a call, to be made `delay` seconds later. Proposers only.
    function schedule(
        address target,
        uint256 value,
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) external;
    /// @notice Makes a call whose delay is over.
    function execute(address target, uint256 value, bytes calldata payload, bytes32 predecessor, bytes32 salt)
        external
        payable;
    /// @notice Announces calls, to be made `delay` seconds later. Proposers only.
    function scheduleBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) external;
    /// @notice Makes calls whose delay is over.
    function executeBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) external payable;
    /// @notice Gives `account` a role. The timelock itself, or whoever administers the role.
    function grantRole(bytes32 role, address account) external;
    /// @notice Takes a role from `account`. As `grantRole`.
    function revokeRole(bytes32 role, address account) external;
    /// @notice Sets the least delay. The timelock itself.
    function updateDelay(uint256 newDelay) external;
    /// @notice Announces calls, and cancels none.
    function PROPOSER_ROLE() external view returns (bytes32);
    /// @notice Takes back what was announced.
    function CANCELLER_ROLE() external view returns (bytes32);
    /// @notice Makes calls; the zero address holds it if anyone may.
    function EXECUTOR_ROLE() external view returns (bytes32);
    /// @notice Least seconds from announcement to call.
    function getMinDelay() external view returns (uint256);
}
