// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IVPHA
/// @notice Staked PHA. Shares of a pot of PHA that rewards flow into, with votes.
///
/// Accounting: S shares in issue (`totalSupply`), A accounted PHA that they share (`totalAssets`), U PHA promised to open
/// tickets (`unstaking`), N PHA of rewards that is still to be streamed (`unstreamed`). The contract holds at least A + U + N;
/// what is sent to it beside its functions belongs to nobody and moves nothing.
///
/// Price: a share costs (A + 1) / (S + 1). It rises while rewards stream into A, and never falls: every operation rounds in
/// favour of those who stay, and a seizure pays out what it burns.
///
/// Leaving takes two steps: `requestUnstake` fixes the amount of PHA and the time, `claim` pays. A ticket earns nothing, has no
/// votes, and neither its amount nor its time ever changes.
///
/// ERC-4626 is followed in its views and in `deposit` and `mint`. Withdrawal in one step does not exist: `maxWithdraw` and
/// `maxRedeem` are zero, `previewWithdraw` and `previewRedeem` tell what `requestUnstake` would take and promise now.
///
/// Votes count shares that are delegated (to oneself, too), at a time in the past (ERC-6372, mode timestamp).
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IVPHA {
    /// @notice Constructor arguments. All are fixed for the life of the contract.
    struct Config {
        address pha;
        address timelock;
        address council;
        address emission;
        address operatorPool;
        /// Seconds. At most a year.
        uint256 unstakeDelay;
        /// Seconds. At least 7 days, at most a year.
        uint256 rewardDuration;
    }

    /// @notice PHA came in, shares came out (ERC-4626).
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    /// @notice `owner` gave `shares` for ticket `id`, which pays `assets` from `unlockAt` on.
    event UnstakeRequested(address indexed owner, uint256 indexed id, uint256 shares, uint256 assets, uint256 unlockAt);
    /// @notice `owner` gave ticket `id` back and got `shares` at the day's price.
    event UnstakeCancelled(address indexed owner, uint256 indexed id, uint256 assets, uint256 shares);
    /// @notice Ticket `id` was paid.
    event Claimed(address indexed owner, uint256 indexed id, uint256 assets);
    /// @notice `shares` of slashed collateral were burned, and the PHA behind them paid to `to`.
    event Seized(address indexed to, uint256 shares, uint256 assets);
    /// @notice `assets` of rewards came in. From now on `rate` wei of PHA stream in each second.
    event RewardNotified(uint256 assets, uint256 rate);
    /// @notice Deposits stopped.
    event Paused(address account);
    /// @notice Deposits go on.
    event Unpaused(address account);

    /// @notice Deposits are stopped.
    error DepositsPaused();
    /// @notice So little would be moved that it rounds to nothing.
    error NothingMoved();
    /// @notice The reward is too small to stream one wei each second.
    error RewardTooSmall(uint256 unstreamed, uint256 duration);
    /// @notice Shares cannot belong to the zero address.
    error ZeroReceiver();
    /// @notice The caller may not do this.
    error NotAllowed(address caller);
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    /// @notice Stakes `assets` PHA of the caller for `receiver`. The caller must have approved this contract.
    /// @return shares floor(assets * (S + 1) / (A + 1)). Reverts if that is zero.
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);

    /// @notice Stakes as much PHA as `shares` cost, rounded up.
    function mint(uint256 shares, address receiver) external returns (uint256 assets);

    /// @notice Burns `shares` of the caller for a ticket: floor(shares * (A + 1) / (S + 1)) PHA, to be claimed after
    /// `unstakeDelay` seconds. At most 32 tickets of an owner are open at once.
    /// @return id The ticket's number.
    function requestUnstake(uint256 shares) external returns (uint256 id);

    /// @notice Gives the caller's ticket `id` back, locked or not, and stakes its PHA again at today's price.
    /// @dev No new PHA comes in: a pause does not stop it.
    function cancel(uint256 id) external returns (uint256 shares);

    /// @notice Pays the caller's ticket `id`.
    function claim(uint256 id) external returns (uint256 assets);

    /// @notice Moves the rewards that are due from N to A. Every operation does it by itself.
    function accrue() external;

    /// @notice Pulls `assets` PHA from the caller and streams them, and what is not streamed yet, over `rewardDuration`
    /// seconds from now. Emission controller only.
    function notifyReward(uint256 assets) external;

    /// @notice Burns `shares` of the caller and pays the PHA behind them to `to`: the price does not fall. Operator pool only.
    /// @dev Shares that are worth nothing are burned alone.
    function seize(uint256 shares, address to) external returns (uint256 assets);

    /// @notice Stops deposits, and nothing else. Council or timelock only.
    function pause() external;

    /// @notice Lets deposits go on. Timelock only.
    function unpause() external;

    /// @notice The open tickets of `owner`: numbers, PHA, Unix times of unlocking in seconds.
    function tickets(address owner)
        external
        view
        returns (uint256[] memory ids, uint256[] memory assets, uint256[] memory unlockAt);

    /// @notice U: PHA promised to open tickets.
    function unstaking() external view returns (uint256);
    /// @notice N: PHA of rewards that is still to be streamed.
    function unstreamed() external view returns (uint256);
    /// @notice Wei of PHA that stream from N to A each second, while there is any.
    function rewardRate() external view returns (uint256);
    /// @notice Whether deposits are stopped.
    function paused() external view returns (bool);

    /// @notice PHA.
    function asset() external view returns (address);
    /// @notice A: PHA that the shares have in common, rewards streamed until now included.
    function totalAssets() external view returns (uint256);
    /// @notice floor(assets * (S + 1) / (A + 1)).
    function convertToShares(uint256 assets) external view returns (uint256 shares);
    /// @notice floor(shares * (A + 1) / (S + 1)).
    function convertToAssets(uint256 shares) external view returns (uint256 assets);
    /// @notice PHA that may be staked at once; zero while deposits are stopped.
    function maxDeposit(address receiver) external view returns (uint256);
    /// @notice Shares that may be bought at once; zero while deposits are stopped.
    function maxMint(address receiver) external view returns (uint256);
    /// @notice Zero: nothing leaves in one step.
    function maxWithdraw(address owner) external view returns (uint256);
    /// @notice Zero: nothing leaves in one step.
    function maxRedeem(address owner) external view returns (uint256);
    /// @notice Shares that `deposit` would give.
    function previewDeposit(uint256 assets) external view returns (uint256 shares);
    /// @notice PHA that `mint` would take.
    function previewMint(uint256 shares) external view returns (uint256 assets);
    /// @notice Shares that `requestUnstake` needs to promise at least `assets`.
    function previewWithdraw(uint256 assets) external view returns (uint256 shares);
    /// @notice PHA that `requestUnstake` would promise.
    function previewRedeem(uint256 shares) external view returns (uint256 assets);

    /// @notice Shares that there were at `timepoint`, a time in the past: what a quorum is a part of (ERC-5805).
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256);

    /// @notice Unpauses.
    function timelock() external view returns (address);
    /// @notice May stop deposits.
    function council() external view returns (address);
    /// @notice Where rewards come from.
    function emission() external view returns (address);
    /// @notice Holds the collateral, and may seize of what it holds.
    function operatorPool() external view returns (address);
    /// @notice Seconds from `requestUnstake` to `claim`.
    function unstakeDelay() external view returns (uint256);
    /// @notice Seconds over which a reward is streamed.
    function rewardDuration() external view returns (uint256);
}
