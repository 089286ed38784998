// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IL1Block} from "./IL1Block.sol";

/// @title L1Block
/// @notice See {IL1Block}.
contract L1Block is IL1Block {
    /// @inheritdoc IL1Block
    address public constant override DEPOSITOR_ACCOUNT = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    // The order of these is part of the protocol: see the interface.

    /// @inheritdoc IL1Block
    uint64 public override number;
    /// @inheritdoc IL1Block
    uint64 public override timestamp;
    /// @inheritdoc IL1Block
    uint256 public override basefee;
    /// @inheritdoc IL1Block
    bytes32 public override hash;
    /// @inheritdoc IL1Block
    uint256 public override blobBaseFee;

    /// @inheritdoc IL1Block
    function setL1Origin(
        uint64 originNumber,
        uint64 originTimestamp,
        uint256 originBasefee,
        bytes32 originHash,
        uint256 originBlobBaseFee
    ) external override {
        require(msg.sender == DEPOSITOR_ACCOUNT, NotSystem(msg.sender, DEPOSITOR_ACCOUNT));
        number = originNumber;
        timestamp = originTimestamp;
        basefee = originBasefee;
        hash = originHash;
        blobBaseFee = originBlobBaseFee;
    }

    /// @inheritdoc IL1Block
    function sequenceNumber() external pure override returns (uint64) {
        return 0;
    }

    /// @inheritdoc IL1Block
    function batcherHash() external pure override returns (bytes32) {
        return bytes32(0);
    }

    /// @inheritdoc IL1Block
    function baseFeeScalar() external pure override returns (uint32) {
        return 0;
    }

    /// @inheritdoc IL1Block
    function blobBaseFeeScalar() external pure override returns (uint32) {
        return 0;
    }

    /// @inheritdoc IL1Block
    function operatorFeeScalar() external pure override returns (uint32) {
        return 0;
    }

    /// @inheritdoc IL1Block
    function operatorFeeConstant() external pure override returns (uint64) {
        return 0;
    }

    /// @inheritdoc IL1Block
    function version() external pure override returns (string memory) {
        return "1.7.0";
    }
}
