// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IEmissionController
/// @notice Pays PHA out by a schedule that nobody can change: on day d the amount is `initialDaily` * 0.75^floor(d / 180), never more
/// than `CAP` in all, and nothing after 127 times 180 days, when less than 10^-15 of the first day's is left. 20 % go to the treasury, 40 % to the stakers, 40 % to the provers.
///
/// It mints nothing. It pays from what it was given, and a day that it cannot pay in full waits until it can.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IEmissionController {
    /// @notice Constructor arguments.
    struct Config {
        address vpha;
        address proverRewards;
        address treasury;
        address timelock;
        /// Unix time in seconds.
        uint256 start;
        /// Wei of PHA. `CAP` is reached at infinity from 972,222 PHA: 720 times this.
        uint256 initialDaily;
    }

    /// @notice The emission of `days_` days from `firstDay` on was paid.
    event Distributed(
        uint256 indexed firstDay, uint256 days_, uint256 forTreasury, uint256 forStakers, uint256 forProvers
    );
    /// @notice The treasury was replaced.
    event TreasuryChanged(address indexed from, address indexed to);

    /// @notice No day is over that was not paid and can be.
    error NothingToDistribute(uint256 nextDay, uint256 today);
    /// @notice The caller may not do this.
    error NotAllowed(address caller);
    /// @notice The values make no sense together.
    error InvalidConfig();

    /// @notice Pays the emission of the days that are over, at most `maxDays` of them. By anyone.
    /// @return amount PHA paid, in wei.
    function distribute(uint256 maxDays) external returns (uint256 amount);

    /// @notice Replaces the treasury. Timelock only.
    function setTreasury(address treasury) external;

    /// @notice Emission of day `day` by the schedule, in wei of PHA, before the cap.
    function dailyEmission(uint256 day) external view returns (uint256);
    /// @notice The day that it is now: 0 on the first.
    function today() external view returns (uint256);
    /// @notice The first day that was not paid.
    function nextDay() external view returns (uint256);
    /// @notice PHA paid until now, in wei.
    function emitted() external view returns (uint256);
    /// @notice Most PHA that will ever be paid, in wei.
    function CAP() external view returns (uint256);

    /// @notice What is paid.
    function pha() external view returns (address);
    /// @notice Streams the stakers' part.
    function vpha() external view returns (address);
    /// @notice Streams the provers' part.
    function proverRewards() external view returns (address);
    /// @notice Gets the treasury's part.
    function treasury() external view returns (address);
    /// @notice Replaces the treasury.
    function timelock() external view returns (address);
    /// @notice Unix time at which day 0 starts, in seconds.
    function start() external view returns (uint256);
    /// @notice Emission of day 0, in wei of PHA.
    function initialDaily() external view returns (uint256);
}
