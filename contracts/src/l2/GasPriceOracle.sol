// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IGasPriceOracle} from "./IGasPriceOracle.sol";
import {IL1Block} from "./IL1Block.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title GasPriceOracle
/// @notice See {IGasPriceOracle}.
contract GasPriceOracle is IGasPriceOracle {
    /// @inheritdoc IGasPriceOracle
    uint256 public constant override decimals = 6;
    /// @inheritdoc IGasPriceOracle
    uint256 public constant override DECIMALS = 6;

    /// @inheritdoc IGasPriceOracle
    uint32 public constant override baseFeeScalar = 0;
    /// @inheritdoc IGasPriceOracle
    uint32 public constant override blobBaseFeeScalar = 0;
    /// @inheritdoc IGasPriceOracle
    uint256 public constant override overhead = 0;
    /// @inheritdoc IGasPriceOracle
    uint256 public constant override scalar = 0;

    /// @inheritdoc IGasPriceOracle
    bool public constant override isEcotone = true;
    /// @inheritdoc IGasPriceOracle
    bool public constant override isFjord = true;
    /// @inheritdoc IGasPriceOracle
    bool public constant override isIsthmus = true;
    /// @inheritdoc IGasPriceOracle
    bool public constant override isJovian = true;

    /// @inheritdoc IGasPriceOracle
    string public constant override version = "1.6.0";

    /// @inheritdoc IGasPriceOracle
    function gasPrice() external view override returns (uint256) {
        return block.basefee;
    }

    /// @inheritdoc IGasPriceOracle
    function baseFee() external view override returns (uint256) {
        return block.basefee;
    }

    /// @inheritdoc IGasPriceOracle
    function l1BaseFee() external view override returns (uint256) {
        return IL1Block(Predeploys.L1_BLOCK).basefee();
    }

    /// @inheritdoc IGasPriceOracle
    function blobBaseFee() external view override returns (uint256) {
        return IL1Block(Predeploys.L1_BLOCK).blobBaseFee();
    }

    /// @inheritdoc IGasPriceOracle
    function getL1Fee(bytes calldata) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IGasPriceOracle
    function getL1FeeUpperBound(uint256) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IGasPriceOracle
    function getL1GasUsed(bytes calldata) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IGasPriceOracle
    function getOperatorFee(uint256) external pure override returns (uint256) {
        return 0;
    }
}
