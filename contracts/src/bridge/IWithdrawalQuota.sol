// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IWithdrawalQuota
/// @notice How much of a token may leave L2 within `quotaWindow`. Portal limits ether (token zero), L1StandardBridge ERC-20.
///
/// What was taken is given back evenly over a window. A withdrawal that does not fit reverts, is not spent, and can be tried
/// again: `QuotaExceeded` says when. A token without a quota is not limited. A quota counts for at least a tenth of what the
/// contract holds of the token, so that a forgotten one traps nobody; a single withdrawal above it waits for the timelock.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IWithdrawalQuota {
    /// @notice The timelock set the quota of a token: at most `amount` per window. Zero means no limit.
    event QuotaChanged(address indexed token, uint256 amount);

    /// @notice More than the window allows now.
    /// @param token Zero for ether.
    /// @param available What could leave now, in the token's smallest unit.
    /// @param retryAt Unix time from which it fits if nothing else leaves; the greatest number if it is above the whole quota.
    error QuotaExceeded(address token, uint256 amount, uint256 available, uint256 retryAt);

    /// @notice Sets the quota of `token`; zero lifts it. Timelock only.
    function setQuota(address token, uint256 amount) external;
    /// @notice The quota of `token` per window, and what may leave now. The greatest numbers if there is none.
    function quotaOf(address token) external view returns (uint256 amount, uint256 available);
    /// @notice Length of the window in seconds.
    function quotaWindow() external view returns (uint256);
}
