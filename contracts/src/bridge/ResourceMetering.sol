// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPortal} from "./IPortal.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {GasBurnerLib} from "solady/utils/GasBurnerLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title ResourceMetering
/// @notice Sells L2 gas on L1: a cap per L1 block, and an EIP-1559 price that the buyer pays by burning L1 gas. The rule
/// and its numbers are those of OP's ResourceMetering.
abstract contract ResourceMetering {
    /// @dev L2 gas for sale per L1 block.
    uint256 internal constant MAX_GAS_PER_BLOCK = 20_000_000;
    /// @dev The price rises if an L1 block buys more than this, and falls if it buys less.
    uint256 internal constant TARGET_GAS_PER_BLOCK = MAX_GAS_PER_BLOCK / 10;
    /// @dev The price moves by at most (cap / target - 1) / 8 upwards and 1 / 8 downwards per block.
    uint256 internal constant MAX_CHANGE_DENOMINATOR = 8;
    /// @dev Wei per L2 gas.
    uint128 internal constant MIN_PRICE = 1 gwei;
    uint256 internal constant MAX_PRICE = type(uint128).max;

    /// @dev One slot: the price in wei per gas, the gas bought in block `blockNumber`, the last one that sold any.
    struct Metering {
        uint128 price;
        uint64 bought;
        uint64 blockNumber;
    }

    Metering internal metering;

    /// @dev To be called once, before anything is sold.
    function _startMetering() internal {
        metering = Metering({price: MIN_PRICE, bought: 0, blockNumber: SafeCastLib.toUint64(block.number)});
    }

    function _isMetering() internal view returns (bool) {
        return metering.price != 0;
    }

    /// @dev Sells `gasLimit` after the body ran. What the call used by itself counts towards the price.
    modifier metered(uint64 gasLimit) {
        uint256 gasBefore = gasleft();
        _;
        uint256 price = _buy(gasLimit);
        // On a chain whose base fee is far below 1 gwei, L1 gas would be cheaper than the L2 gas it stands for.
        uint256 wanted = gasLimit * price / FixedPointMathLib.max(block.basefee, 1 gwei);
        uint256 used = gasBefore - gasleft();
        if (wanted > used) GasBurnerLib.burnPure(wanted - used);
    }

    /// @dev Takes `gasLimit` out of this L1 block's supply and returns the price of it.
    function _buy(uint64 gasLimit) private returns (uint256 price) {
        Metering memory state = metering;
        price = state.price;
        uint256 bought = state.bought;
        uint256 blocks = block.number - state.blockNumber;
        if (blocks != 0) {
            price = _nextPrice(price, bought, blocks);
            bought = 0;
        }
        bought += gasLimit;
        require(bought <= MAX_GAS_PER_BLOCK, IPortal.ResourceLimitExceeded(bought, MAX_GAS_PER_BLOCK));
        metering = Metering({
            price: SafeCastLib.toUint128(price),
            bought: SafeCastLib.toUint64(bought),
            blockNumber: SafeCastLib.toUint64(block.number)
        });
    }

    /// @dev The price `blocks` (at least 1) after a block that sold `bought`, the ones between having sold nothing.
    function _nextPrice(uint256 price, uint256 bought, uint256 blocks) internal pure returns (uint256) {
        uint256 denominator = TARGET_GAS_PER_BLOCK * MAX_CHANGE_DENOMINATOR;
        if (bought >= TARGET_GAS_PER_BLOCK) {
            price += price * (bought - TARGET_GAS_PER_BLOCK) / denominator;
        } else {
            price -= price * (TARGET_GAS_PER_BLOCK - bought) / denominator;
        }
        price = FixedPointMathLib.clamp(price, MIN_PRICE, MAX_PRICE);
        if (blocks == 1) return price;

        uint256 decay = FixedPointMathLib.rpow(1 ether - 1 ether / MAX_CHANGE_DENOMINATOR, blocks - 1, 1 ether);
        return FixedPointMathLib.max(price * decay / 1 ether, MIN_PRICE);
    }
}
