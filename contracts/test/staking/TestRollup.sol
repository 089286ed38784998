// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IConflictListener} from "src/staking/IConflictListener.sol";
import {IProverBonds} from "src/staking/IProverBonds.sol";

/// @title TestRollup
/// @notice What collateral needs of a rollup, and what a rollup does to collateral: batches that reserve exposure, finality that
/// moves on, conflicts that are reported, batches that are discarded.
contract TestRollup {
    IProverBonds internal immutable bonds;
    IConflictListener internal immutable court;
    uint256 public immutable slowDelay;

    uint256 public batchCount;
    uint256 public recordedFinalizedIndex;

    constructor(address bonds_, address court_, uint256 slowDelay_) {
        (bonds, court, slowDelay) = (IProverBonds(bonds_), IConflictListener(court_), slowDelay_);
    }

    function submit(address[] calldata operators) external returns (uint256 index) {
        index = ++batchCount;
        bonds.reserve(operators, index, recordedFinalizedIndex);
    }

    function addProofs(uint256 index, address[] calldata operators) external {
        bonds.reserve(operators, index, recordedFinalizedIndex);
    }

    function finalize(uint256 index) external {
        if (index > recordedFinalizedIndex && index <= batchCount) recordedFinalizedIndex = index;
    }

    function discard(uint256 keepThrough) external {
        batchCount = keepThrough;
    }

    function reportEquivocation(address operator, bytes32 evidence, address reporter) external {
        court.onEquivocation(operator, evidence, reporter);
    }

    function reportDispute(address operatorA, address operatorB, bytes32 evidence, address reporter) external {
        court.onDispute(operatorA, operatorB, evidence, reporter);
    }
}
