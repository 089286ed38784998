// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../rollup/IRollup.sol";
import {IPortal} from "./IPortal.sol";

/// @title OutputOracle
/// @notice The final outputs of the rollup, told as OP's L2OutputOracle does.
abstract contract OutputOracle is IPortal {
    /// @inheritdoc IPortal
    address public immutable override rollup;
    /// @inheritdoc IPortal
    uint256 public immutable override submissionInterval;
    /// @inheritdoc IPortal
    uint256 public immutable override l2BlockTime;

    constructor(address rollup_, uint256 submissionInterval_, uint256 l2BlockTime_) {
        require(rollup_ != address(0) && submissionInterval_ != 0 && l2BlockTime_ != 0, InvalidConfig());
        (rollup, submissionInterval, l2BlockTime) = (rollup_, submissionInterval_, l2BlockTime_);
    }

    /// @inheritdoc IPortal
    function getL2OutputAfter(uint256 l2Block) external view override returns (OutputProposal memory) {
        return getL2Output(getL2OutputIndexAfter(l2Block));
    }

    /// @inheritdoc IPortal
    function latestBlockNumber() external view override returns (uint256) {
        return IRollup(rollup).output(latestOutputIndex()).lastL2Block;
    }

    /// @inheritdoc IPortal
    function nextOutputIndex() external view override returns (uint256) {
        return latestOutputIndex() + 1;
    }

    /// @inheritdoc IPortal
    function startingBlockNumber() external view override returns (uint256) {
        return IRollup(rollup).output(0).lastL2Block;
    }

    /// @inheritdoc IPortal
    function startingTimestamp() external view override returns (uint256) {
        return IRollup(rollup).output(0).lastL2Timestamp;
    }

    /// @inheritdoc IPortal
    function isOutputFinalized(uint256 index) external view override returns (bool) {
        return IRollup(rollup).isFinalized(index);
    }

    /// @inheritdoc IPortal
    function l2Oracle() external view override returns (address) {
        return address(this);
    }

    /// @inheritdoc IPortal
    function SUBMISSION_INTERVAL() external view override returns (uint256) {
        return submissionInterval;
    }

    /// @inheritdoc IPortal
    function L2_BLOCK_TIME() external view override returns (uint256) {
        return l2BlockTime;
    }

    /// @inheritdoc IPortal
    function getL2Output(uint256 index) public view override returns (OutputProposal memory) {
        require(IRollup(rollup).isFinalized(index), OutputNotFinal(index));
        IRollup.Output memory output = IRollup(rollup).output(index);
        return OutputProposal(output.outputRoot, output.submittedAt, output.lastL2Block);
    }

    /// @inheritdoc IPortal
    /// @dev The latest output rather than the first that covers the block: nodes can prove its state without their archives.
    function getL2OutputIndexAfter(uint256 l2Block) public view override returns (uint256 index) {
        index = latestOutputIndex();
        // Clients recognise these words.
        require(
            l2Block <= IRollup(rollup).output(index).lastL2Block,
            "L2OutputOracle: cannot get output for a block that has not been proposed"
        );
    }

    /// @inheritdoc IPortal
    function latestOutputIndex() public view override returns (uint256) {
        return IRollup(rollup).finalizedIndex();
    }
}
