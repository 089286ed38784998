// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPortal} from "../bridge/IPortal.sol";
import {IRollup} from "../rollup/IRollup.sol";
import {Timelock} from "./Timelock.sol";

/// @title UpgradeTimelock
/// @notice The admin of the bridge's proxies. Its delay is longer than the slowest withdrawal: whoever does not like an upgrade that
/// was scheduled can still leave before it.
///
/// The bound knows neither the council's pauses nor quotas. A deployment that wants users out in time even against a hostile council
/// adds two of its longest pauses: one before the proof, one before the end.
///
/// @dev An upgrade that lengthens the portal's finalisation period has to raise the delay first, in another proposal.
contract UpgradeTimelock is Timelock {
    /// @notice The rollup whose slow delay a withdrawal waits for.
    IRollup public immutable rollup;
    /// @notice The portal whose finalisation period it waits for after that.
    IPortal public immutable portal;

    /// @notice Users would not have the time to leave.
    error DelayTooShort(uint256 given, uint256 slowestWithdrawal);

    /// @param minDelay Seconds between scheduling and execution. More than `slowestWithdrawal`.
    /// @param proposers Who may schedule and cancel.
    /// @param executors Who may execute; the zero address means anybody.
    constructor(
        uint256 minDelay,
        address[] memory proposers,
        address[] memory executors,
        address rollup_,
        address portal_
    ) Timelock(minDelay, proposers, executors) {
        rollup = IRollup(rollup_);
        portal = IPortal(payable(portal_));
        _requireLongEnough(minDelay, IRollup(rollup_), IPortal(payable(portal_)));
    }

    /// @notice Changes the delay. The timelock itself only.
    function updateDelay(uint256 newDelay) public override {
        _requireLongEnough(newDelay, rollup, portal);
        super.updateDelay(newDelay);
    }

    /// @notice Seconds from the submission of a batch with a single proof until its withdrawals can be finalised.
    function slowestWithdrawal() public view returns (uint256) {
        return _slowestWithdrawal(rollup, portal);
    }

    function _requireLongEnough(uint256 delay, IRollup rollup_, IPortal portal_) internal view {
        uint256 slowest = _slowestWithdrawal(rollup_, portal_);
        require(delay > slowest, DelayTooShort(delay, slowest));
    }

    function _slowestWithdrawal(IRollup rollup_, IPortal portal_) internal view returns (uint256) {
        return rollup_.slowDelay() + portal_.FINALIZATION_PERIOD_SECONDS();
    }
}
