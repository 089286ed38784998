// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVPHA} from "../token/IVPHA.sol";
import {IOperatorPool} from "./IOperatorPool.sol";
import {IProverRewards} from "./IProverRewards.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title ProverRewards
/// @notice See {IProverRewards}.
contract ProverRewards is IProverRewards {
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    /// @dev What has come in, and how much of it can be paid. Wei of PHA.
    struct Funds {
        uint96 unstreamed;
        uint96 available;
        /// Unix time in seconds.
        uint40 accruedAt;
    }

    struct Account {
        /// Work of the pool that was turned into `owed`.
        uint128 settled;
        /// Wei of PHA.
        uint128 owed;
    }

    /// @notice Most that the rate can be: one PHA for each vPHA.
    uint256 public constant MAX_REWARD_RATE = 1 ether;
    uint256 internal constant MAX_DURATION = 365 days;

    /// @inheritdoc IProverRewards
    address public immutable override pha;
    /// @inheritdoc IProverRewards
    address public immutable override pool;
    /// @inheritdoc IProverRewards
    address public immutable override emission;
    /// @inheritdoc IProverRewards
    address public immutable override timelock;
    /// @inheritdoc IProverRewards
    uint256 public immutable override rewardDuration;

    /// @inheritdoc IProverRewards
    uint256 public override rewardRate;
    Funds internal funds;
    uint96 internal streamRate;
    mapping(address operator => Account) internal accounts;

    constructor(Config memory config) {
        require(
            config.emission != address(0) && config.timelock != address(0) && config.rewardDuration != 0
                && config.rewardDuration <= MAX_DURATION,
            InvalidConfig()
        );
        pha = IVPHA(IOperatorPool(config.pool).vpha()).asset();
        pool = config.pool;
        emission = config.emission;
        timelock = config.timelock;
        rewardDuration = config.rewardDuration;
        _setRewardRate(config.rewardRate);
    }

    /// @inheritdoc IProverRewards
    function notifyReward(uint256 assets) external override {
        require(msg.sender == emission, NotAllowed(msg.sender));
        pha.safeTransferFrom(msg.sender, address(this), assets);

        Funds memory now_ = _accrued();
        now_.unstreamed += assets.toUint96();
        uint256 rate = now_.unstreamed / rewardDuration;
        require(rate != 0, RewardTooSmall(now_.unstreamed, rewardDuration));
        funds = now_;
        streamRate = rate.toUint96();
        emit RewardNotified(assets, rate);
    }

    /// @inheritdoc IProverRewards
    function claim(address operator) external override returns (uint256 amount) {
        // The pool calls nobody but the rollup, for the number that it recorded as final.
        // slither-disable-next-line reentrancy-no-eth
        settle(operator);
        Account storage account = accounts[operator];
        Funds memory now_ = _accrued();
        amount = FixedPointMathLib.min(account.owed, now_.available);
        account.owed -= amount.toUint128();
        now_.available -= amount.toUint96();
        funds = now_;
        emit Claimed(operator, amount);
        if (amount != 0) pha.safeTransfer(operator, amount);
    }

    /// @inheritdoc IProverRewards
    function settle(address operator) public override {
        uint256 work = IOperatorPool(pool).settle(operator);
        Account storage account = accounts[operator];
        uint256 done = work - account.settled;
        if (done == 0) return;
        uint256 amount = done * rewardRate / 1 ether;
        account.settled = work.toUint128();
        account.owed += amount.toUint128();
        emit Earned(operator, done, amount);
    }

    /// @inheritdoc IProverRewards
    function setRewardRate(uint256 rewardRate_) external override {
        require(msg.sender == timelock, NotAllowed(msg.sender));
        _setRewardRate(rewardRate_);
    }

    /// @inheritdoc IProverRewards
    function owed(address operator) external view override returns (uint256) {
        return accounts[operator].owed;
    }

    /// @inheritdoc IProverRewards
    function available() external view override returns (uint256) {
        return _accrued().available;
    }

    /// @inheritdoc IProverRewards
    function unstreamed() external view override returns (uint256) {
        return _accrued().unstreamed;
    }

    function _setRewardRate(uint256 rewardRate_) internal {
        require(rewardRate_ <= MAX_REWARD_RATE, OutOfBounds(rewardRate_, MAX_REWARD_RATE));
        rewardRate = rewardRate_;
        emit RewardRateSet(rewardRate_);
    }

    /// @dev The funds with what has streamed until now.
    function _accrued() internal view returns (Funds memory now_) {
        now_ = funds;
        // At most what is unstreamed.
        uint256 due = FixedPointMathLib.min(streamRate * (block.timestamp - now_.accruedAt), now_.unstreamed);
        now_.accruedAt = uint40(block.timestamp);
        now_.available += due.toUint96();
        now_.unstreamed -= due.toUint96();
    }
}
