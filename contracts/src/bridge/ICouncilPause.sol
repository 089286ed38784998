// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title ICouncilPause
/// @notice The council's emergency brake: it stops deposits or withdrawals, each by itself, for a limited time.
///
/// A pause ends by itself after at most `maxPause`. After its end, early or not, the same thing stays open for `maxPause`
/// before it can be paused again: the council can slow users down, and cannot trap them.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface ICouncilPause {
    /// @notice Deposits are stopped until `until`, in Unix seconds.
    event DepositsPaused(uint256 until);
    /// @notice Withdrawals are stopped until `until`, in Unix seconds.
    event WithdrawalsPaused(uint256 until);
    /// @notice Deposits are possible again.
    event DepositsResumed();
    /// @notice Withdrawals are possible again.
    event WithdrawalsResumed();
    /// @notice The timelock replaced the council.
    event CouncilChanged(address indexed from, address indexed to);

    /// @notice Only the council may do this.
    error NotCouncil(address caller, address council);
    /// @notice Only the timelock may do this.
    error NotTimelock(address caller, address timelock);
    /// @notice The last pause ended too recently: the next is possible from `openUntil` on.
    error PausedRecently(uint256 openUntil);
    /// @notice A pause lasts between 1 and `most` seconds.
    error WrongDuration(uint256 given, uint256 most);
    /// @notice Nothing is paused.
    error NotPaused();
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    /// @notice Stops deposits for `duration` seconds. Council only.
    function pauseDeposits(uint256 duration) external;
    /// @notice Stops withdrawals for `duration` seconds. Council only.
    function pauseWithdrawals(uint256 duration) external;
    /// @notice Ends a pause before its time. Council or timelock.
    function resumeDeposits() external;
    /// @notice Ends a pause before its time. Council or timelock.
    function resumeWithdrawals() external;
    /// @notice Replaces the council. Timelock only.
    function setCouncil(address council) external;

    /// @notice Unix time until which deposits are stopped; in the past if they are not.
    function depositsPausedUntil() external view returns (uint256);
    /// @notice Unix time until which withdrawals are stopped; in the past if they are not.
    function withdrawalsPausedUntil() external view returns (uint256);
    function council() external view returns (address);
    function timelock() external view returns (address);
    /// @notice Most seconds of one pause, and least seconds between two.
    function maxPause() external view returns (uint256);
}
