// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVPHA} from "../token/IVPHA.sol";
import {IEmissionController} from "./IEmissionController.sol";
import {IProverRewards} from "./IProverRewards.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title EmissionController
/// @notice See {IEmissionController}.
contract EmissionController is IEmissionController {
    using SafeTransferLib for address;

    /// @inheritdoc IEmissionController
    uint256 public constant override CAP = 700_000_000 ether;
    uint256 internal constant EPOCH_DAYS = 180;
    /// @dev From this epoch on nothing is emitted: less than 10^-15 of the first day's amount is left.
    uint256 internal constant LAST_EPOCH = 127;
    uint256 internal constant TREASURY_PERCENT = 20;
    uint256 internal constant STAKERS_PERCENT = 40;

    /// @inheritdoc IEmissionController
    address public immutable override pha;
    /// @inheritdoc IEmissionController
    address public immutable override vpha;
    /// @inheritdoc IEmissionController
    address public immutable override proverRewards;
    /// @inheritdoc IEmissionController
    address public immutable override timelock;
    /// @inheritdoc IEmissionController
    uint256 public immutable override start;
    /// @inheritdoc IEmissionController
    uint256 public immutable override initialDaily;

    /// @inheritdoc IEmissionController
    address public override treasury;
    /// @inheritdoc IEmissionController
    uint256 public override nextDay;
    /// @inheritdoc IEmissionController
    uint256 public override emitted;

    constructor(Config memory config) {
        require(
            IVPHA(config.vpha).emission() == address(this)
                && IProverRewards(config.proverRewards).emission() == address(this) && config.treasury != address(0)
                && config.timelock != address(0) && config.initialDaily != 0 && config.initialDaily <= CAP,
            InvalidConfig()
        );
        pha = IVPHA(config.vpha).asset();
        vpha = config.vpha;
        proverRewards = config.proverRewards;
        treasury = config.treasury;
        timelock = config.timelock;
        start = config.start;
        initialDaily = config.initialDaily;
        emit TreasuryChanged(address(0), config.treasury);
    }

    /// @inheritdoc IEmissionController
    function distribute(uint256 maxDays) external override returns (uint256 amount) {
        uint256 first = nextDay;
        uint256 over = today();
        uint256 left = FixedPointMathLib.min(CAP - emitted, SafeTransferLib.balanceOf(pha, address(this)));
        uint256 day = first;
        for (; day < over && day - first < maxDays; ++day) {
            uint256 due = FixedPointMathLib.min(dailyEmission(day), CAP - emitted - amount);
            if (amount + due > left) break;
            amount += due;
        }
        require(amount != 0, NothingToDistribute(first, over));

        nextDay = day;
        emitted += amount;
        uint256 forTreasury = amount * TREASURY_PERCENT / 100;
        uint256 forStakers = amount * STAKERS_PERCENT / 100;
        uint256 forProvers = amount - forTreasury - forStakers;
        emit Distributed(first, day - first, forTreasury, forStakers, forProvers);
        pha.safeTransfer(treasury, forTreasury);
        pha.safeApprove(vpha, forStakers);
        IVPHA(vpha).notifyReward(forStakers);
        pha.safeApprove(proverRewards, forProvers);
        IProverRewards(proverRewards).notifyReward(forProvers);
    }

    /// @inheritdoc IEmissionController
    function setTreasury(address treasury_) external override {
        require(msg.sender == timelock, NotAllowed(msg.sender));
        require(treasury_ != address(0), InvalidConfig());
        emit TreasuryChanged(treasury, treasury_);
        treasury = treasury_;
    }

    /// @inheritdoc IEmissionController
    function dailyEmission(uint256 day) public view override returns (uint256) {
        uint256 epoch = day / EPOCH_DAYS;
        if (epoch >= LAST_EPOCH) return 0;
        // 3^126 * CAP is above 2^256: in full width, rounded down once.
        return FixedPointMathLib.fullMulDiv(initialDaily, 3 ** epoch, 4 ** epoch);
    }

    /// @inheritdoc IEmissionController
    function today() public view override returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(block.timestamp, start) / 1 days;
    }
}
