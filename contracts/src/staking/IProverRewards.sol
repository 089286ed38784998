// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IProverRewards
/// @notice Pays operators in PHA for proofs whose batches are final.
///
/// What an operator has earned is the work that its pool counted (the bond behind each proof, weighted by class) times `rewardRate`.
/// It is paid from what was funded and has streamed: if that is too little, the rest stays owed, and is paid first to whoever claims
/// first. Nothing is ever paid that was not funded.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IProverRewards {
    /// @notice Constructor arguments.
    struct Config {
        address pool;
        address emission;
        address timelock;
        /// Seconds. Not zero, at most a year.
        uint256 rewardDuration;
        /// See {IProverRewards.rewardRate}.
        uint256 rewardRate;
    }

    /// @notice `assets` came in. From now on `rate` wei of PHA stream in each second.
    event RewardNotified(uint256 assets, uint256 rate);
    /// @notice `operator` did `work`, for which it is owed `amount` more.
    event Earned(address indexed operator, uint256 work, uint256 amount);
    /// @notice `operator` was paid.
    event Claimed(address indexed operator, uint256 amount);
    /// @notice What a unit of work is paid was set.
    event RewardRateSet(uint256 rewardRate);

    /// @notice The reward is too small to stream one wei each second.
    error RewardTooSmall(uint256 unstreamed, uint256 duration);
    /// @notice The parameter is out of its bounds.
    error OutOfBounds(uint256 given, uint256 most);
    /// @notice The caller may not do this.
    error NotAllowed(address caller);
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    /// @notice Pulls `assets` PHA from the caller and streams them, and what is not streamed yet, over `rewardDuration` seconds from
    /// now. Emission controller only.
    function notifyReward(uint256 assets) external;

    /// @notice Settles `operator` and pays it what it is owed, as far as that has streamed. By anyone, to the operator.
    function claim(address operator) external returns (uint256 amount);

    /// @notice Turns the work of `operator` that is final by now into what it is owed, at today's rate. By anyone.
    function settle(address operator) external;

    /// @notice Sets the rate for work that is not settled yet. Timelock only.
    function setRewardRate(uint256 rewardRate) external;

    /// @notice What `operator` is owed, without the work that is not settled yet. Wei of PHA.
    function owed(address operator) external view returns (uint256);
    /// @notice What has streamed and was not paid. Wei of PHA.
    function available() external view returns (uint256);
    /// @notice What is still to be streamed. Wei of PHA.
    function unstreamed() external view returns (uint256);
    /// @notice Wei of PHA for each vPHA (10^18 wei) of weighted bond behind a final proof.
    function rewardRate() external view returns (uint256);

    /// @notice What is paid.
    function pha() external view returns (address);
    /// @notice Counts work.
    function pool() external view returns (address);
    /// @notice Where rewards come from.
    function emission() external view returns (address);
    /// @notice Sets the rate.
    function timelock() external view returns (address);
    /// @notice Seconds over which a reward is streamed.
    function rewardDuration() external view returns (uint256);
}
