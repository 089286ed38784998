// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICouncilPause} from "./ICouncilPause.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title CouncilPause
/// @notice See {ICouncilPause}.
contract CouncilPause is ICouncilPause {
    uint256 internal constant LONGEST_MAX_PAUSE = 365 days;

    /// @inheritdoc ICouncilPause
    address public immutable override timelock;
    /// @inheritdoc ICouncilPause
    uint256 public immutable override maxPause;

    // One slot: the next three.

    /// @inheritdoc ICouncilPause
    address public override council;
    uint48 internal depositsUntil;
    uint48 internal withdrawalsUntil;

    modifier onlyCouncil() {
        require(msg.sender == council, NotCouncil(msg.sender, council));
        _;
    }

    modifier onlyCouncilOrTimelock() {
        require(msg.sender == council || msg.sender == timelock, NotCouncil(msg.sender, council));
        _;
    }

    constructor(address council_, address timelock_, uint256 maxPause_) {
        require(
            council_ != address(0) && timelock_ != address(0) && maxPause_ != 0 && maxPause_ <= LONGEST_MAX_PAUSE,
            InvalidConfig()
        );
        (council, timelock, maxPause) = (council_, timelock_, maxPause_);
        emit CouncilChanged(address(0), council_);
    }

    /// @inheritdoc ICouncilPause
    function pauseDeposits(uint256 duration) external override onlyCouncil {
        depositsUntil = _pause(depositsUntil, duration);
        emit DepositsPaused(depositsUntil);
    }

    /// @inheritdoc ICouncilPause
    function pauseWithdrawals(uint256 duration) external override onlyCouncil {
        withdrawalsUntil = _pause(withdrawalsUntil, duration);
        emit WithdrawalsPaused(withdrawalsUntil);
    }

    /// @inheritdoc ICouncilPause
    function resumeDeposits() external override onlyCouncilOrTimelock {
        depositsUntil = _resume(depositsUntil);
        emit DepositsResumed();
    }

    /// @inheritdoc ICouncilPause
    function resumeWithdrawals() external override onlyCouncilOrTimelock {
        withdrawalsUntil = _resume(withdrawalsUntil);
        emit WithdrawalsResumed();
    }

    /// @inheritdoc ICouncilPause
    function setCouncil(address next) external override {
        require(msg.sender == timelock, NotTimelock(msg.sender, timelock));
        require(next != address(0), InvalidConfig());
        emit CouncilChanged(council, next);
        council = next;
    }

    /// @inheritdoc ICouncilPause
    function depositsPausedUntil() external view override returns (uint256) {
        return depositsUntil;
    }

    /// @inheritdoc ICouncilPause
    function withdrawalsPausedUntil() external view override returns (uint256) {
        return withdrawalsUntil;
    }

    /// @dev The end of a pause that starts now. The last one ended at `until`, or ends then.
    function _pause(uint48 until, uint256 duration) internal view returns (uint48) {
        require(duration != 0 && duration <= maxPause, WrongDuration(duration, maxPause));
        uint256 openUntil = until + maxPause;
        require(until == 0 || block.timestamp >= openUntil, PausedRecently(openUntil));
        return SafeCastLib.toUint48(block.timestamp + duration);
    }

    /// @dev A pause that ends now.
    function _resume(uint48 until) internal view returns (uint48) {
        require(block.timestamp < until, NotPaused());
        return SafeCastLib.toUint48(block.timestamp);
    }
}
