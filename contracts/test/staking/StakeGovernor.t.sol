// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StakingTest} from "./StakingTest.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Timelock} from "src/governance/Timelock.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {StakeGovernor} from "src/staking/StakeGovernor.sol";

contract StakeGovernorTest is StakingTest {
    uint48 internal constant DELAY = 1 days;
    uint32 internal constant PERIOD = 3 days;
    uint256 internal constant TIMELOCK_DELAY = 2 days;
    uint256 internal constant THRESHOLD = 1000 ether;
    uint8 internal constant FOR = 1;

    address internal alice = account("alice");
    address internal bob = account("bob");
    StakeGovernor internal governor;

    function setUp() public override {
        // The timelock names the governor that is deployed right after it; all of staking names the timelock.
        address[] memory proposers = list(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1 + 7));
        timelock = address(new Timelock(TIMELOCK_DELAY, proposers, list(address(0))));
        super.setUp();
        governor = new StakeGovernor(config());
        vm.assertEq(address(governor), proposers[0]);
        for (uint256 i; i < 2; ++i) {
            address holder = i == 0 ? alice : bob;
            fund(holder, 100_000 ether);
            vm.prank(holder);
            vpha.delegate(holder);
        }
        pass(1);
    }

    function config() internal view returns (StakeGovernor.Config memory) {
        return StakeGovernor.Config({
            token: address(vpha),
            timelock: payable(timelock),
            votingDelay: DELAY,
            votingPeriod: PERIOD,
            proposalThreshold: THRESHOLD,
            quorumPercent: 10
        });
    }

    /// @dev Alice proposes one call.
    function propose(address to, bytes memory data) internal returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = action(to, data);
        vm.prank(alice);
        return governor.propose(targets, values, calls, "why");
    }

    function action(address to, bytes memory data)
        internal
        pure
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        (targets, values, calls) = (list(to), new uint256[](1), new bytes[](1));
        calls[0] = data;
    }

    function vote(address voter, uint256 id) internal {
        vm.prank(voter);
        governor.castVote(id, FOR);
    }

    function carryOut(address to, bytes memory data) internal {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = action(to, data);
        governor.queue(targets, values, calls, keccak256("why"));
        pass(TIMELOCK_DELAY);
        governor.execute(targets, values, calls, keccak256("why"));
    }

    function stateOf(uint256 id) internal view returns (uint256) {
        return uint256(governor.state(id));
    }

    function test_NamesItsSettings() public view {
        vm.assertEq(governor.name(), "StakeGovernor");
        vm.assertEq(governor.votingDelay(), DELAY);
        vm.assertEq(governor.votingPeriod(), PERIOD);
        vm.assertEq(governor.proposalThreshold(), THRESHOLD);
        vm.assertEq(governor.timelock(), timelock);
        vm.assertEq(governor.clock(), vpha.clock());
        vm.assertEq(governor.CLOCK_MODE(), "mode=timestamp");
        // The seed, three operators with 100,000 each, Alice and Bob.
        vm.assertEq(governor.quorum(block.timestamp - 1), 501_000 ether / 10);
    }

    function test_RefusesAConfigThatMakesNoSense() public {
        for (uint256 i; i < 4; ++i) {
            StakeGovernor.Config memory wrong = config();
            if (i == 0) wrong.votingDelay = 0;
            if (i == 1) wrong.votingPeriod = 0;
            if (i == 2) wrong.quorumPercent = 0;
            if (i == 3) wrong.quorumPercent = 101;
            vm.expectRevert(StakeGovernor.InvalidConfig.selector);
            new StakeGovernor(wrong);
        }
    }

    function test_HoldersSetParameters() public {
        bytes memory data = abi.encodeCall(rewards.setRewardRate, (7));
        uint256 id = propose(address(rewards), data);
        pass(DELAY + 1);
        vote(alice, id);
        pass(PERIOD);
        vm.assertEq(stateOf(id), uint256(IGovernor.ProposalState.Succeeded));
        vm.assertTrue(governor.proposalNeedsQueuing(id));
        carryOut(address(rewards), data);
        vm.assertEq(rewards.rewardRate(), 7);
    }

    /// @dev From the report to the decision in less than the case period.
    function test_HoldersDecideADisputeInTime() public {
        createPool(operators[0], CPU_TDX);
        bond(operators[0], 1000 ether);
        rollup.reportDispute(operators[0], operators[0], keccak256("evidence"), reporter);
        bytes memory data = abi.encodeCall(court.uphold, (1));
        uint256 id = propose(address(court), data);
        pass(DELAY + 1);
        vote(alice, id);
        pass(PERIOD);
        carryOut(address(court), data);
        vm.assertEq(statusOf(1), uint256(IFaultCourt.Status.Upheld));
    }

    function test_FlashStakedVotesDoNotCount() public {
        uint256 id = propose(address(rewards), abi.encodeCall(rewards.setRewardRate, (7)));
        pass(DELAY + 1);
        address flash = account("flash");
        vm.prank(flash);
        vpha.delegate(flash);
        fund(flash, 100_000_000 ether);
        vote(flash, id);
        (, uint256 votesFor,) = governor.proposalVotes(id);
        vm.assertEq(votesFor, 0);
        pass(PERIOD);
        vm.assertEq(stateOf(id), uint256(IGovernor.ProposalState.Defeated));
    }

    /// @dev Votes that were cast do not count again with whoever the shares went to.
    function test_MovedSharesVoteOnce() public {
        uint256 id = propose(address(rewards), abi.encodeCall(rewards.setRewardRate, (7)));
        pass(DELAY + 1);
        vote(alice, id);
        vm.prank(alice);
        vpha.transfer(bob, 100_000 ether);
        vote(bob, id);
        (, uint256 votesFor,) = governor.proposalVotes(id);
        vm.assertEq(votesFor, 200_000 ether);
    }

    function test_ProposingNeedsVotes() public {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = action(address(rewards), "");
        vm.prank(reporter);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(targets, values, calls, "why");
    }

    function test_AProposalCanBeCancelledByItsProposerBeforeTheVote() public {
        bytes memory data = abi.encodeCall(rewards.setRewardRate, (7));
        uint256 id = propose(address(rewards), data);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = action(address(rewards), data);
        vm.prank(alice);
        governor.cancel(targets, values, calls, keccak256("why"));
        vm.assertEq(stateOf(id), uint256(IGovernor.ProposalState.Canceled));
    }

    /// @dev Collateral has no votes of its own, and the pool delegates to nobody.
    function test_CollateralDoesNotVote() public view {
        vm.assertEq(vpha.delegates(address(pool)), address(0));
    }
}
