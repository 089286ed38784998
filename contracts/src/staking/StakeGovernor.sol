// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @title StakeGovernor
/// @notice Holders of vPHA decide what the timelock does: OpenZeppelin's Governor over the votes of vPHA on L1.
///
/// A vote counts what was delegated at a time in the past, `votingDelay` seconds after the proposal: votes that are staked for a
/// moment, or borrowed within a transaction, are not there. Nothing can be changed in its settings; a new governor is a
/// proposal that gives the timelock another proposer.
///
/// To decide a dispute in time, `votingDelay + votingPeriod` and the timelock's delay must together be shorter than the fault court's
/// `casePeriod`.
contract StakeGovernor is Governor, GovernorCountingSimple, GovernorVotes, GovernorTimelockControl {
    /// @notice Constructor arguments.
    struct Config {
        /// vPHA.
        address token;
        /// It must name this contract as its proposer and canceller.
        address payable timelock;
        /// Seconds from proposal to the time whose votes count. Not zero.
        uint48 votingDelay;
        /// Seconds in which votes are cast. Not zero.
        uint32 votingPeriod;
        /// Votes that a proposer needs.
        uint256 proposalThreshold;
        /// Percent of all shares that must vote for or abstain. 1 to 100.
        uint256 quorumPercent;
    }

    uint48 internal immutable delay;
    uint32 internal immutable period;
    uint256 internal immutable threshold;
    /// @notice Percent of all shares that must vote for or abstain.
    uint256 public immutable quorumPercent;

    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    constructor(Config memory config)
        Governor("StakeGovernor")
        GovernorVotes(IVotes(config.token))
        GovernorTimelockControl(TimelockController(config.timelock))
    {
        require(
            config.votingDelay != 0 && config.votingPeriod != 0 && config.quorumPercent != 0
                && config.quorumPercent <= 100,
            InvalidConfig()
        );
        delay = config.votingDelay;
        period = config.votingPeriod;
        threshold = config.proposalThreshold;
        quorumPercent = config.quorumPercent;
    }

    /// @notice Seconds from proposal to the time whose votes count.
    function votingDelay() public view override returns (uint256) {
        return delay;
    }

    /// @notice Seconds in which votes are cast.
    function votingPeriod() public view override returns (uint256) {
        return period;
    }

    /// @notice Votes that a proposer needs.
    function proposalThreshold() public view override returns (uint256) {
        return threshold;
    }

    /// @notice Votes that are needed, of the shares that there were at `timepoint`.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        return token().getPastTotalSupply(timepoint) * quorumPercent / 100;
    }

    /// @inheritdoc GovernorTimelockControl
    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    /// @inheritdoc GovernorTimelockControl
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
