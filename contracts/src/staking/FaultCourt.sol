// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../rollup/IRollup.sol";
import {IConflictListener} from "./IConflictListener.sol";
import {IFaultCourt} from "./IFaultCourt.sol";
import {IOperatorPool} from "./IOperatorPool.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title FaultCourt
/// @notice See {IFaultCourt} and {IConflictListener}.
contract FaultCourt is IFaultCourt, IConflictListener {
    using SafeCastLib for uint256;

    /// @notice What is burned goes here: PHA has no burning of its own.
    address public constant BURN = 0x000000000000000000000000000000000000dEaD;
    uint256 internal constant BASIS_POINTS = 10_000;
    uint256 internal constant MAX_REPORTER_SHARE = 1000;
    uint256 internal constant OVERTURNED_SHARE = 5000;
    uint256 internal constant PAYEE_SHARE = 5000;
    /// @notice Most that a missed slot may cost, in wei of vPHA.
    uint256 public constant MAX_SLOT_BOND = 1000 ether;

    /// @inheritdoc IFaultCourt
    address public immutable override pool;
    /// @inheritdoc IFaultCourt
    address public immutable override rollup;
    /// @inheritdoc IFaultCourt
    address public immutable override timelock;
    /// @inheritdoc IFaultCourt
    address public immutable override council;
    /// @inheritdoc IFaultCourt
    uint256 public immutable override challengePeriod;
    /// @inheritdoc IFaultCourt
    uint256 public immutable override casePeriod;
    /// @inheritdoc IFaultCourt
    uint256 public immutable override vetoPeriod;
    /// @inheritdoc IFaultCourt
    uint256 public immutable override margin;
    /// @inheritdoc IFaultCourt
    uint256 public immutable override reporterShare;

    mapping(uint256 id => Case) internal cases;
    mapping(bytes32 evidence => bool) internal slotReported;
    /// @inheritdoc IFaultCourt
    uint256 public override caseCount;
    /// @inheritdoc IFaultCourt
    address public override scheduler;
    /// @inheritdoc IFaultCourt
    uint256 public override slotBond;

    modifier only(address allowed) {
        require(msg.sender == allowed, NotAllowed(msg.sender));
        _;
    }

    /// @dev The rollup and the pool must be there.
    constructor(Config memory config) {
        address rollup_ = IOperatorPool(config.pool).rollup();
        require(
            IOperatorPool(config.pool).court() == address(this) && config.timelock != address(0)
                && config.reporterShare <= MAX_REPORTER_SHARE && config.margin != 0
                && config.challengePeriod >= IRollup(rollup_).slowDelay(),
            InvalidConfig()
        );
        uint256 exitDelay = IOperatorPool(config.pool).exitDelay();
        uint256 needed = config.challengePeriod + config.casePeriod + config.vetoPeriod + config.margin;
        require(exitDelay >= needed, ExitTooShort(exitDelay, needed));
        pool = config.pool;
        rollup = rollup_;
        timelock = config.timelock;
        council = config.council;
        challengePeriod = config.challengePeriod;
        casePeriod = config.casePeriod;
        vetoPeriod = config.vetoPeriod;
        margin = config.margin;
        reporterShare = config.reporterShare;
    }

    /// @inheritdoc IConflictListener
    /// @dev No pool is too empty to be closed: a case is opened even if there is nothing left to take.
    function onEquivocation(address operator, bytes32 evidence, address reporter) external override only(rollup) {
        uint256 cap = IOperatorPool(pool).slashable(operator);
        uint256 id = _open(operator, Fault.Equivocation, cap, reporter, reporterShare, evidence);
        _take(id, cap);
    }

    /// @inheritdoc IConflictListener
    function onDispute(address operatorA, address operatorB, bytes32 evidence, address reporter)
        external
        override
        only(rollup)
    {
        // The pool calls nobody when it reserves.
        // slither-disable-next-line reentrancy-no-eth
        _dispute(operatorA, evidence, reporter);
        if (operatorB != operatorA) _dispute(operatorB, evidence, reporter);
    }

    /// @inheritdoc IFaultCourt
    function onMissedSlot(address operator, bytes32 evidence, address payee)
        external
        override
        only(scheduler)
        returns (uint256 id)
    {
        require(!slotReported[evidence], AlreadyReported(evidence));
        slotReported[evidence] = true;
        id = _open(operator, Fault.MissedSlot, slotBond, payee, PAYEE_SHARE, evidence);
        _uphold(id);
        IOperatorPool(pool).reserveForCase(operator, slotBond);
    }

    /// @inheritdoc IFaultCourt
    function uphold(uint256 id) external override only(timelock) {
        _decide(id);
        _uphold(id);
    }

    /// @inheritdoc IFaultCourt
    function dismiss(uint256 id) external override only(timelock) {
        _decide(id);
        _close(id, Status.Dismissed);
    }

    /// @inheritdoc IFaultCourt
    function veto(uint256 id) external override only(council) {
        Case storage case_ = cases[id];
        require(case_.status == Status.Upheld, WrongStatus(id, case_.status));
        require(block.timestamp < case_.executableFrom, TooLate(id, case_.executableFrom));
        _close(id, Status.Vetoed);
    }

    /// @inheritdoc IFaultCourt
    function execute(uint256 id) external override returns (uint256 taken) {
        Case storage case_ = cases[id];
        require(case_.status == Status.Upheld, WrongStatus(id, case_.status));
        require(block.timestamp >= case_.executableFrom, NotYet(id, case_.executableFrom));
        require(block.timestamp < case_.deadline, TooLate(id, case_.deadline));
        // Not half of what is there now: an exit that left no more than the cap would halve the slash.
        taken = _take(id, case_.cap);
        IOperatorPool(pool).releaseFromCase(case_.operator, case_.cap);
    }

    /// @inheritdoc IFaultCourt
    function settle(uint256 id) external override {
        Case storage case_ = cases[id];
        require(case_.status == Status.Executed, WrongStatus(id, case_.status));
        case_.status = Status.Settled;
        uint256 forRecipient = uint256(case_.taken) * case_.recipientShare / BASIS_POINTS;
        address recipient = case_.recipient == address(0) ? BURN : case_.recipient;
        uint256 recipientAssets = IOperatorPool(pool).payOut(forRecipient, recipient);
        uint256 burnedAssets = IOperatorPool(pool).payOut(case_.taken - forRecipient, BURN);
        emit CaseSettled(id, recipientAssets, burnedAssets);
    }

    /// @inheritdoc IFaultCourt
    function expire(uint256 id) external override {
        Case storage case_ = cases[id];
        require(case_.status == Status.Open || case_.status == Status.Upheld, WrongStatus(id, case_.status));
        require(block.timestamp >= case_.deadline, NotYet(id, case_.deadline));
        _close(id, Status.Expired);
    }

    /// @inheritdoc IFaultCourt
    function setSlots(address scheduler_, uint256 slotBond_) external override only(timelock) {
        require(slotBond_ <= MAX_SLOT_BOND, OutOfBounds(slotBond_, MAX_SLOT_BOND));
        (scheduler, slotBond) = (scheduler_, slotBond_);
        emit SlotsSet(scheduler_, slotBond_);
    }

    /// @inheritdoc IFaultCourt
    function caseOf(uint256 id) external view override returns (Case memory) {
        return cases[id];
    }

    function _dispute(address operator, bytes32 evidence, address reporter) internal {
        uint256 cap = _halfOf(operator);
        _open(operator, Fault.OverturnedOutput, cap, reporter, reporterShare, evidence);
        IOperatorPool(pool).reserveForCase(operator, cap);
    }

    function _open(
        address operator,
        Fault fault,
        uint256 cap,
        address recipient,
        uint256 recipientShare,
        bytes32 evidence
    ) internal returns (uint256 id) {
        id = ++caseCount;
        cases[id] = Case({
            operator: operator,
            cap: cap.toUint96(),
            recipient: recipient,
            taken: 0,
            fault: fault,
            status: Status.Open,
            recipientShare: recipientShare.toUint16(),
            openedAt: uint40(block.timestamp),
            executableFrom: 0,
            deadline: (block.timestamp + casePeriod).toUint40(),
            evidence: evidence
        });
        emit CaseOpened(id, operator, fault, cap, recipient, evidence);
    }

    /// @dev The case waits for its decision, and not for too long.
    function _decide(uint256 id) internal view {
        Case storage case_ = cases[id];
        require(case_.status == Status.Open, WrongStatus(id, case_.status));
        require(block.timestamp < case_.deadline, TooLate(id, case_.deadline));
    }

    function _uphold(uint256 id) internal {
        Case storage case_ = cases[id];
        uint256 executableFrom = block.timestamp + vetoPeriod;
        case_.status = Status.Upheld;
        case_.executableFrom = executableFrom.toUint40();
        case_.deadline = (executableFrom + margin).toUint40();
        emit CaseUpheld(id, executableFrom, executableFrom + margin);
    }

    /// @dev Slashes the case's operator by `amount`, or all there is.
    function _take(uint256 id, uint256 amount) internal returns (uint256 taken) {
        Case storage case_ = cases[id];
        case_.status = Status.Executed;
        // The pool calls nobody in a slash.
        // slither-disable-next-line reentrancy-no-eth
        taken = IOperatorPool(pool).slash(case_.operator, amount);
        case_.taken = taken.toUint96();
        emit CaseExecuted(id, taken);
    }

    /// @dev Ends a case that held collateral.
    function _close(uint256 id, Status status) internal {
        Case storage case_ = cases[id];
        case_.status = status;
        emit CaseClosed(id, status);
        IOperatorPool(pool).releaseFromCase(case_.operator, case_.cap);
    }

    function _halfOf(address operator) internal view returns (uint256) {
        return IOperatorPool(pool).slashable(operator) * OVERTURNED_SHARE / BASIS_POINTS;
    }
}
