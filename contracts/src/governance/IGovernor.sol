// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IGovernor
/// @notice What our programs use of OpenZeppelin's Governor, which `StakeGovernor` is.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IGovernor {
    /// @notice Where a proposal stands.
    enum ProposalState {
        Pending,
        Active,
        Canceled,
        Defeated,
        Succeeded,
        Queued,
        Expired,
        Executed
    }

    /// @notice Votes are cast after `voteStart`, until `voteEnd`. Unix times in seconds.
    event ProposalCreated(
        uint256 proposalId,
        address proposer,
        address[] targets,
        uint256[] values,
        string[] signatures,
        bytes[] calldatas,
        uint256 voteStart,
        uint256 voteEnd,
        string description
    );

    /// @notice The proposal is not in one of the states that this needs, which are bits of `expectedStates`.
    error GovernorUnexpectedProposalState(uint256 proposalId, ProposalState current, bytes32 expectedStates);
    /// @notice The account has voted on this proposal.
    error GovernorAlreadyCastVote(address voter);
    /// @notice There is no such proposal.
    error GovernorNonexistentProposal(uint256 proposalId);
    /// @notice The proposer has too few votes.
    error GovernorInsufficientProposerVotes(address proposer, uint256 votes, uint256 threshold);

    /// @notice Makes a proposal that the timelock makes these calls.
    function propose(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata calldatas,
        string calldata description
    ) external returns (uint256 proposalId);
    /// @notice Votes against (0), for (1), or abstains (2).
    function castVote(uint256 proposalId, uint8 support) external returns (uint256 weight);
    /// @notice `castVote`, with a reason that is logged.
    function castVoteWithReason(uint256 proposalId, uint8 support, string calldata reason)
        external
        returns (uint256 weight);
    /// @notice Hands a proposal that succeeded to the timelock. By anyone.
    function queue(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata calldatas,
        bytes32 descriptionHash
    ) external returns (uint256 proposalId);
    /// @notice Has the timelock make the calls once its delay is over. By anyone.
    function execute(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata calldatas,
        bytes32 descriptionHash
    ) external payable returns (uint256 proposalId);

    /// @notice Where the proposal stands.
    function state(uint256 proposalId) external view returns (ProposalState);
    /// @notice Votes so far.
    function proposalVotes(uint256 proposalId)
        external
        view
        returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);
    /// @notice Unix time whose votes count, in seconds. Voting begins after it.
    function proposalSnapshot(uint256 proposalId) external view returns (uint256);
    /// @notice Unix time of the last second in which votes are cast.
    function proposalDeadline(uint256 proposalId) external view returns (uint256);
    /// @notice Whether `account` has voted.
    function hasVoted(uint256 proposalId, address account) external view returns (bool);
    /// @notice Votes of `account` at `timepoint`, Unix time in seconds.
    function getVotes(address account, uint256 timepoint) external view returns (uint256);
    /// @notice Votes that are needed, for and abstaining, of the shares at `timepoint`.
    function quorum(uint256 timepoint) external view returns (uint256);
    /// @notice Seconds from proposal to the time whose votes count.
    function votingDelay() external view returns (uint256);
    /// @notice Seconds in which votes are cast.
    function votingPeriod() external view returns (uint256);
    /// @notice Votes that a proposer needs.
    function proposalThreshold() external view returns (uint256);
}
