// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IFaultCourt
/// @notice Turns proved faults into slashes, never later than the collateral can leave.
///
/// | fault | opened by | decided by | takes | recipient gets |
/// |---|---|---|---|---|
/// | equivocation: one key, two results of one input | rollup | the two signatures: at once | all | reporter: `reporterShare` |
/// | overturned output | rollup, when two keys disagree | timelock, within `casePeriod` | half | reporter: `reporterShare` |
/// | missed slot that was accepted | scheduler | the scheduler's record | `slotBond` | payee: half |
///
/// What the recipient does not get is burned. A decided case can be vetoed by the council for `vetoPeriod`, then executed by anyone
/// for `margin` seconds. A case that nobody decides or executes in time expires, by anyone: it cannot hold collateral for ever.
/// An open case holds what it may take (R of the pool) from its opening on. Its amount, recipient and deadlines are fixed then, but for
/// the deadlines that count from its decision.
///
/// Execution takes what was fixed when the case was opened, or all there is if that is less. Bond that is added later makes no case
/// dearer, and an exit before the execution makes none cheaper. Two disputes over the same collateral take half of it each, which is
/// all of it. `settle` pays.
///
/// The deadlines fit into the exit: `exitDelay >= challengePeriod + casePeriod + vetoPeriod + margin`, and the chain is final before
/// the `challengePeriod` is over. So what was bonded when a fault was committed is still there when its case is executed.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IFaultCourt {
    /// @notice Constructor arguments. Times in seconds.
    struct Config {
        address pool;
        address timelock;
        address council;
        uint256 challengePeriod;
        uint256 casePeriod;
        uint256 vetoPeriod;
        uint256 margin;
        /// Basis points.
        uint256 reporterShare;
    }

    /// @notice What was done.
    enum Fault {
        Equivocation,
        OverturnedOutput,
        MissedSlot
    }

    /// @notice Where a case stands.
    enum Status {
        /// There is no such case.
        None,
        /// To be decided until the deadline.
        Open,
        /// To be vetoed until `executableFrom`, to be executed until the deadline.
        Upheld,
        /// The pool was slashed; not paid yet.
        Executed,
        /// Recipient and burn were paid.
        Settled,
        /// Decided the other way.
        Dismissed,
        Vetoed,
        /// The deadline passed.
        Expired
    }

    /// @notice A case. Amounts in wei of vPHA, times in Unix seconds.
    struct Case {
        address operator;
        /// The most it can take.
        uint96 cap;
        /// Reporter or payee.
        address recipient;
        /// What it took; set on execution.
        uint96 taken;
        Fault fault;
        Status status;
        /// Part of `taken` that the recipient gets, in basis points.
        uint16 recipientShare;
        uint40 openedAt;
        /// Zero until it is upheld.
        uint40 executableFrom;
        /// From this time on it can only expire, unless it was executed before.
        uint40 deadline;
        /// What the fault is proved by.
        bytes32 evidence;
    }

    /// @notice A case was opened.
    event CaseOpened(
        uint256 indexed id, address indexed operator, Fault fault, uint256 cap, address recipient, bytes32 evidence
    );
    /// @notice The case holds. It can be vetoed before `executableFrom`, and executed from then on until `deadline`.
    event CaseUpheld(uint256 indexed id, uint256 executableFrom, uint256 deadline);
    /// @notice The pool was slashed.
    event CaseExecuted(uint256 indexed id, uint256 taken);
    /// @notice The slash was paid: `recipientAssets` PHA to the recipient, `burnedAssets` to nobody.
    event CaseSettled(uint256 indexed id, uint256 recipientAssets, uint256 burnedAssets);
    /// @notice The case came to nothing.
    event CaseClosed(uint256 indexed id, Status status);
    /// @notice The scheduler and the bond of a slot were set.
    event SlotsSet(address scheduler, uint256 slotBond);

    /// @notice The case is not in the state that this needs.
    error WrongStatus(uint256 id, Status status);
    /// @notice Too early.
    error NotYet(uint256 id, uint256 from);
    /// @notice Too late.
    error TooLate(uint256 id, uint256 deadline);
    /// @notice The slot was reported before.
    error AlreadyReported(bytes32 evidence);
    /// @notice The parameter is out of its bounds.
    error OutOfBounds(uint256 given, uint256 most);
    /// @notice The caller may not do this.
    error NotAllowed(address caller);
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();
    /// @notice Collateral could leave before a fault is punished.
    error ExitTooShort(uint256 exitDelay, uint256 needed);

    /// @notice `operator` did not serve a slot that it had accepted. Scheduler only.
    /// @param evidence Identifies the slot; each can be reported once.
    /// @param payee Who was let down.
    function onMissedSlot(address operator, bytes32 evidence, address payee) external returns (uint256 id);

    /// @notice Decides that the output was wrong. Timelock only.
    function uphold(uint256 id) external;

    /// @notice Decides that the output was right. Timelock only.
    function dismiss(uint256 id) external;

    /// @notice Stops an upheld case for good. Council only.
    function veto(uint256 id) external;

    /// @notice Slashes. By anyone.
    function execute(uint256 id) external returns (uint256 taken);

    /// @notice Pays what was slashed: its part to the recipient, the rest to nobody. By anyone.
    function settle(uint256 id) external;

    /// @notice Closes a case whose deadline has passed. By anyone.
    function expire(uint256 id) external;

    /// @notice Sets who reports missed slots, and what one costs. Cases that are open keep theirs. Timelock only.
    function setSlots(address scheduler, uint256 slotBond) external;

    /// @notice Case `id`.
    function caseOf(uint256 id) external view returns (Case memory);
    /// @notice Number of the last case.
    function caseCount() external view returns (uint256);
    /// @notice Reports missed slots; the zero address if there are none.
    function scheduler() external view returns (address);
    /// @notice What a missed slot costs, in wei of vPHA.
    function slotBond() external view returns (uint256);

    /// @notice The collateral.
    function pool() external view returns (address);
    /// @notice Reports conflicts.
    function rollup() external view returns (address);
    /// @notice Decides disputes.
    function timelock() external view returns (address);
    /// @notice May veto, and nothing else.
    function council() external view returns (address);
    /// @notice Seconds after a batch in which a fault is found. At least the rollup's `slowDelay`.
    function challengePeriod() external view returns (uint256);
    /// @notice Seconds from opening to decision.
    function casePeriod() external view returns (uint256);
    /// @notice Seconds from decision to execution.
    function vetoPeriod() external view returns (uint256);
    /// @notice Seconds in which an upheld case can be executed.
    function margin() external view returns (uint256);
    /// @notice A reporter's part, in basis points. At most 1000.
    function reporterShare() external view returns (uint256);
}
