// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IWithdrawalQuota} from "./IWithdrawalQuota.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title WithdrawalQuota
/// @notice See {IWithdrawalQuota}. A contract that pays tokens out calls `_spendQuota` before it does.
abstract contract WithdrawalQuota is IWithdrawalQuota {
    /// @dev One slot for each token. The time is good until the year 2106.
    struct Quota {
        /// What may leave per window. Zero means no limit, and then the rest is meaningless.
        uint112 amount;
        /// Of what left, what was not given back at `updatedAt`.
        uint112 used;
        /// Unix time in seconds.
        uint32 updatedAt;
    }

    uint256 private constant MAX_WINDOW = 365 days;
    uint256 private constant MAX_AMOUNT = type(uint112).max;

    /// @dev A quota counts for at least this part of what the contract holds.
    uint256 private constant LEAST_PART = 10;

    /// @inheritdoc IWithdrawalQuota
    uint256 public immutable override quotaWindow;
    /// @inheritdoc IWithdrawalQuota
    address public immutable override timelock;

    mapping(address token => Quota) private quotas;

    constructor(address timelock_, uint256 window) {
        require(timelock_ != address(0) && window != 0 && window <= MAX_WINDOW, InvalidQuotaConfig(timelock_, window));
        timelock = timelock_;
        quotaWindow = window;
    }

    /// @inheritdoc IWithdrawalQuota
    function setQuota(address token, uint256 amount) external override {
        require(msg.sender == timelock, NotTimelock(msg.sender, timelock));
        Quota memory quota = quotas[token];
        // What was given back so far was so at the old rate.
        // Without a quota nothing was counted.
        quota.used = quota.amount == 0 ? 0 : SafeCastLib.toUint112(_usedNow(quota, _limit(token, quota)));
        quota.amount = SafeCastLib.toUint112(amount);
        quota.updatedAt = SafeCastLib.toUint32(block.timestamp);
        quotas[token] = quota;
        emit QuotaChanged(token, amount);
    }

    /// @inheritdoc IWithdrawalQuota
    function quotaOf(address token) external view override returns (uint256 amount, uint256 available) {
        Quota memory quota = quotas[token];
        if (quota.amount == 0) return (type(uint256).max, type(uint256).max);
        amount = _limit(token, quota);
        available = FixedPointMathLib.zeroFloorSub(amount, _usedNow(quota, amount));
    }

    /// @dev What the contract holds of `token`, before it pays anything out. Zero for ether.
    function _held(address token) internal view virtual returns (uint256);

    /// @dev Takes `amount` out of the quota of `token`, or reverts.
    function _spendQuota(address token, uint256 amount) internal {
        Quota memory quota = quotas[token];
        // An amount of zero would only cost the others the fraction that rounding takes.
        if (quota.amount == 0 || amount == 0) return;

        uint256 limit = _limit(token, quota);
        uint256 used = _usedNow(quota, limit);
        uint256 available = FixedPointMathLib.zeroFloorSub(limit, used);
        if (amount > available) revert QuotaExceeded(token, amount, available, _retryAt(quota, limit, amount));
        // `used` ends up at most at `limit`, which fits.
        // forge-lint: disable-next-line(unsafe-typecast)
        quota.used = uint112(used + amount);
        quota.updatedAt = SafeCastLib.toUint32(block.timestamp);
        quotas[token] = quota;
    }

    /// @dev What the quota counts for.
    function _limit(address token, Quota memory quota) private view returns (uint256) {
        return FixedPointMathLib.clamp(_held(token) / LEAST_PART, quota.amount, MAX_AMOUNT);
    }

    /// @dev What is not given back by now, at a rate of `limit` per window.
    function _usedNow(Quota memory quota, uint256 limit) private view returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(quota.used, limit * (block.timestamp - quota.updatedAt) / quotaWindow);
    }

    /// @dev The first second in which `amount` fits, given that it does not now.
    function _retryAt(Quota memory quota, uint256 limit, uint256 amount) private view returns (uint256) {
        if (amount > limit) return type(uint256).max;
        // `amount` does not fit, so `used + amount` is above `limit`.
        return quota.updatedAt + FixedPointMathLib.divUp((quota.used + amount - limit) * quotaWindow, limit);
    }
}
