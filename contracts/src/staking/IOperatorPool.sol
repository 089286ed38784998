// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IOperatorPool
/// @notice The collateral of all compute providers: one pool of vPHA for each operator.
///
/// A pool has C active vPHA with Sh shares, and X exiting vPHA with Xs shares. Its operator alone bonds, thaws and finishes.
///
/// - `bond` adds v to C for floor(v * Sh / C) shares.
/// - `thaw` turns x shares into v = floor(x * C / Sh) exiting vPHA, floor(v * Xs / X) exit shares. `exitDelay` later `finish` pays
///   what they are worth then: floor(xs * X / Xs). Later thaws do not dilute earlier ones.
/// - A slash takes from C and X in equal ratio, so that thawing does not escape it. When it leaves no X, all exit shares are void.
///   When it leaves C below a billionth of Sh the pool is closed for good: it can be emptied, not filled.
/// - Exposure E is what is reserved for batches that are not final. It never exceeds C: a thaw that would break this is refused,
///   and a slash lowers it with C.
/// - R is what open cases may take. `finish` leaves at least that much.
///
/// Exposure is kept in two parts, an older and a newer one, each with its last batch; a part is released as a whole when that is
/// final. So each operator costs a batch one slot, and exposure counts for at most twice the delay of finality.
///
/// Released exposure is work that counts for rewards, times the weight of the pool's class.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IOperatorPool {
    /// @notice Kind of hardware that a provider stands for.
    struct Class {
        /// vPHA in wei without which a provider of this class does not count.
        uint256 minBond;
        /// vPHA in wei that each batch which is not final takes up; a multiple of 10^15. Zero if providers of this class prove no
        /// batches.
        uint256 bondPerBatch;
        /// What their work counts for, in basis points: 10,000 is once.
        uint256 weight;
    }

    /// @notice Constructor arguments.
    struct Config {
        address vpha;
        /// It will be deployed later.
        address rollup;
        /// It will be deployed later.
        address court;
        address timelock;
        /// Seconds. The court checks that it is long enough.
        uint256 exitDelay;
        /// The first classes, numbered from 1.
        Class[] classes;
    }

    /// @notice All that is known of a pool. Amounts in wei of vPHA.
    struct PoolState {
        /// From 1; zero if there is no pool.
        uint256 class_;
        bool closed;
        /// C.
        uint256 active;
        /// Sh.
        uint256 shares;
        /// X.
        uint256 exiting;
        /// Xs.
        uint256 exitShares;
        /// How often the exit shares became void.
        uint256 epoch;
        /// R.
        uint256 reserved;
        /// E, as of the last `settle` or `reserve`.
        uint256 exposure;
        /// Number of the last batch that exposure was reserved for.
        uint256 lastBatch;
        /// Sum of all exposure that was released, weighted.
        uint256 work;
    }

    /// @notice `operator` has a pool.
    event PoolCreated(address indexed operator, uint256 class_);
    /// @notice `operator` added `amount` for `shares`.
    event Bonded(address indexed operator, uint256 amount, uint256 shares);
    /// @notice `amount` started to leave, as `exitShares` of ticket `id`.
    event Thawed(
        address indexed operator,
        uint256 indexed id,
        uint256 shares,
        uint256 amount,
        uint256 exitShares,
        uint256 unlockAt
    );
    /// @notice Ticket `id` was paid with `amount`; zero if a slash took all.
    event Finished(address indexed operator, uint256 indexed id, uint256 amount);
    /// @notice `active` and `exiting` were taken from the pool.
    event Slashed(address indexed operator, uint256 active, uint256 exiting);
    /// @notice The pool takes no more bond, for good.
    event PoolClosed(address indexed operator);
    /// @notice Slashed `amount` was burned, and the PHA behind it paid to `to`.
    event PaidOut(address indexed to, uint256 amount, uint256 assets);
    /// @notice The parameters of class `number` were set.
    event ClassSet(uint256 indexed number, uint256 minBond, uint256 bondPerBatch, uint256 weight);

    /// @notice There is no such class.
    error NoSuchClass(uint256 class_);
    /// @notice The parameters are out of their bounds.
    error InvalidClass();
    /// @notice The operator has a pool already.
    error PoolExists(address operator);
    /// @notice The operator has no pool.
    error NoPool(address operator);
    /// @notice The pool is closed for good.
    error PoolIsClosed(address operator);
    /// @notice So little would be moved that it rounds to nothing.
    error NothingMoved();
    /// @notice There are fewer shares.
    error NotEnoughShares(uint256 given, uint256 shares);
    /// @notice What would remain active is less than the exposure.
    error Exposed(uint256 remaining, uint256 exposure);
    /// @notice What would remain is less than open cases may take.
    error ReservedByCases(uint256 remaining, uint256 reserved);
    /// @notice The caller may not do this.
    error NotAllowed(address caller);
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    /// @notice Makes a pool for the caller, whose class is `class_` for good.
    function createPool(uint256 class_) external;

    /// @notice Adds `amount` of the caller's vPHA to its pool. The caller must have approved this contract.
    function bond(uint256 amount) external returns (uint256 shares);

    /// @notice Starts the exit of `shares` of the caller's pool. At most 32 exits are open at once. Exposure is released by what the
    /// rollup has recorded as final: `Rollup.advanceFinality` may be due first.
    /// @return id Number of the exit's ticket.
    function thaw(uint256 shares) external returns (uint256 id);

    /// @notice Pays the caller's ticket `id`.
    function finish(uint256 id) external returns (uint256 amount);

    /// @notice Releases the exposure of `operator` that is final by now. By anyone.
    /// @return work The pool's work until now.
    function settle(address operator) external returns (uint256 work);

    /// @notice Takes `amount` from the pool, or all there is. Never reverts, calls nobody. Fault court only.
    /// @return taken What was taken; to be paid out later.
    function slash(address operator, uint256 amount) external returns (uint256 taken);

    /// @notice Raises R by `amount`. Fault court only.
    function reserveForCase(address operator, uint256 amount) external;

    /// @notice Lowers R by `amount`. Fault court only.
    function releaseFromCase(address operator, uint256 amount) external;

    /// @notice Burns `amount` of what was slashed and pays the PHA behind it to `to`. Fault court only.
    function payOut(uint256 amount, address to) external returns (uint256 assets);

    /// @notice Sets the parameters of class `number`, or of the next one. They hold from now on for all pools of the class.
    /// Timelock only.
    function setClass(uint256 number, Class calldata parameters) external;

    /// @notice What is known of the pool.
    function poolOf(address operator) external view returns (PoolState memory);
    /// @notice C + X: all that a slash can take.
    function slashable(address operator) external view returns (uint256);
    /// @notice Open exits: numbers, what they would be paid now, Unix times of unlocking in seconds.
    function exits(address operator)
        external
        view
        returns (uint256[] memory ids, uint256[] memory amounts, uint256[] memory unlockAt);
    /// @notice Parameters of class `number`.
    function classOf(uint256 number) external view returns (Class memory);
    /// @notice Number of classes.
    function classCount() external view returns (uint256);
    /// @notice Slashed vPHA that is not paid out yet.
    function slashedUnpaid() external view returns (uint256);

    /// @notice What is bonded.
    function vpha() external view returns (address);
    /// @notice Reserves exposure.
    function rollup() external view returns (address);
    /// @notice Slashes.
    function court() external view returns (address);
    /// @notice Sets classes.
    function timelock() external view returns (address);
    /// @notice Seconds from `thaw` to `finish`.
    function exitDelay() external view returns (uint256);
}
