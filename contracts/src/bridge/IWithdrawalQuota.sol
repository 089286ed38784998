// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IWithdrawalQuota
/// @notice How much of a token may leave L2. Portal limits ether (token zero), L1StandardBridge ERC-20.
///
/// At most the quota leaves at once, and what was taken is given back evenly, a quota per `quotaWindow`: in `t` seconds no more
/// leaves than `quota * (1 + t / quotaWindow)`. A withdrawal that does not fit reverts, is not spent, and can be tried again:
/// `QuotaExceeded` says when.
///
/// A token without a quota is not limited. A quota counts for at least a tenth of what the contract holds of the token, so that
/// a forgotten one traps nobody; a single withdrawal above it waits for the timelock. No quota counts for more than 2^112 - 1.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IWithdrawalQuota {
    /// @notice The timelock set the quota of a token: at most `amount` per window. Zero means no limit.
    event QuotaChanged(address indexed token, uint256 amount);

    /// @notice More than may leave now.
    /// @param token Zero for ether.
    /// @param available What could leave now, in the token's smallest unit.
    /// @param retryAt Unix time from which it fits if nothing else leaves; the greatest number if it is above the whole quota.
    error QuotaExceeded(address token, uint256 amount, uint256 available, uint256 retryAt);
    /// @notice Only the timelock may do this.
    error NotTimelock(address caller, address timelock);
    /// @notice A quota needs a timelock and a window between a second and a year.
    error InvalidQuotaConfig(address timelock, uint256 window);

    /// @notice Sets the quota of `token`; zero lifts it. What left under an earlier quota still counts. Timelock only.
    /// @param amount In the token's smallest unit, less than 2^112.
    function setQuota(address token, uint256 amount) external;
    /// @notice The quota of `token` per window, and what may leave now. The greatest numbers if there is none.
    function quotaOf(address token) external view returns (uint256 amount, uint256 available);
    /// @notice Length of the window in seconds.
    function quotaWindow() external view returns (uint256);
    /// @notice Who sets quotas.
    function timelock() external view returns (address);
}
