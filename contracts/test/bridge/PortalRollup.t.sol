// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TrieWriter} from "../base/TrieWriter.sol";
import {RollupTest} from "../rollup/RollupTest.sol";
import {CouncilPause} from "src/bridge/CouncilPause.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {Portal} from "src/bridge/Portal.sol";
import {UpgradeableProxy} from "src/governance/UpgradeableProxy.sol";
import {IRollup} from "src/rollup/IRollup.sol";

/// @notice The portal over the real rollup: which outputs count, and what a conflict does.
contract PortalRollupTest is RollupTest, TrieWriter {
    uint256 internal constant FINALIZATION_PERIOD = 10 minutes;

    Portal internal portal;

    function setUp() public override {
        super.setUp();
        CouncilPause pause = new CouncilPause(account("council"), timelock, 1 days);
        Portal implementation = new Portal(
            IPortal.Config({
                rollup: rollup,
                councilPause: address(pause),
                timelock: timelock,
                quotaWindow: 1 days,
                finalizationPeriod: FINALIZATION_PERIOD,
                submissionInterval: 30,
                l2BlockTime: 1
            })
        );
        bytes memory init = abi.encodeCall(IPortal.initialize, ());
        portal = Portal(payable(address(new UpgradeableProxy(address(implementation), account("upgrades"), init))));
        vm.deal(address(portal), 10 ether);
    }

    function test_AWithdrawalGoesItsWay() public {
        submitWithdrawal("first");
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 1));
        this.prove("first", 1);
        nextBlock(FAST_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 1));
        this.prove("first", 1);
        nextBlock(1);
        this.prove("first", 1);
        nextBlock(FINALIZATION_PERIOD - 1);
        vm.expectRevert(abi.encodeWithSelector(IPortal.TooEarly.selector, block.timestamp + 1));
        portal.finalizeWithdrawalTransaction(withdrawal("first"));
        nextBlock(1);
        portal.finalizeWithdrawalTransaction(withdrawal("first"));
        vm.assertEq(address(0xbeef).balance, 1 ether);
    }

    /// @dev What is proved stays proved however many outputs come after.
    function test_AProofOutlivesTheOutputsAfterIt() public {
        submitWithdrawal("first");
        nextBlock(FAST_DELAY);
        this.prove("first", 1);
        for (uint256 i; i < 20; ++i) {
            submit(2);
            nextBlock(FAST_DELAY / 4);
        }
        (bytes32 root,, uint128 index) = portal.provenWithdrawals(hashOf("first"));
        vm.assertEq(index, 1);
        vm.assertEq(root, rollupContract.output(1).outputRoot);
        portal.finalizeWithdrawalTransaction(withdrawal("first"));
    }

    /// @dev A proof pays for the walk to its output, and spares the next one.
    function test_AProofRecordsFinality() public {
        submitWithdrawal("first");
        submitWithdrawal("second");
        submitWithdrawal("third");
        nextBlock(FAST_DELAY);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 0);
        this.prove("second", 2);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 2);
        this.prove("first", 1);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 2);
        this.prove("third", 3);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 3);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 4));
        this.prove("third", 4);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, type(uint256).max));
        this.prove("third", type(uint256).max);
    }

    function test_AnOutputThatIsDiscardedProvesNothing() public {
        submitWithdrawal("forged");
        nextBlock(FAST_DELAY - 1);
        reportConflict(0, 1);
        nextBlock(10 * FAST_DELAY);
        bytes memory inConflict = abi.encodeWithSelector(IPortal.InConflict.selector, rollupContract.conflictSince());
        vm.expectRevert(inConflict);
        this.prove("forged", 1);

        vm.prank(timelock);
        rollupContract.resolveConflict(0);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 1));
        this.prove("forged", 1);

        // The chain goes on with another output of the same number.
        submitAgain("honest");
        nextBlock(SLOW_DELAY);
        vm.expectPartialRevert(IPortal.WrongOutputRoot.selector);
        this.prove("forged", 1);
        this.prove("honest", 1);
    }

    function test_AConflictStopsWhatWasProvedAndKeepsIt() public {
        submitWithdrawal("first");
        nextBlock(FAST_DELAY);
        this.prove("first", 1);
        submitWithdrawal("second");
        nextBlock(FINALIZATION_PERIOD);
        uint256 since = block.timestamp;
        reportConflict(0, 1);
        nextBlock(FAST_DELAY);
        vm.assertTrue(portal.paused());
        bytes memory inConflict = abi.encodeWithSelector(IPortal.InConflict.selector, since);
        vm.expectRevert(inConflict);
        portal.finalizeWithdrawalTransaction(withdrawal("first"));
        vm.expectRevert(inConflict);
        this.prove("first", 1);

        // Not even the timelock can take back what is final.
        rollupContract.advanceFinality(10);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IRollup.AlreadyFinal.selector, 0, 1));
        rollupContract.resolveConflict(0);
        vm.prank(timelock);
        rollupContract.resolveConflict(1);
        vm.assertFalse(portal.paused());
        portal.finalizeWithdrawalTransaction(withdrawal("first"));
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 2));
        this.prove("second", 2);
    }

    function test_TheOracleShowsFinalOutputsAlone() public {
        bytes memory notProposed = abi.encodeWithSignature(
            "Error(string)", "L2OutputOracle: cannot get output for a block that has not been proposed"
        );
        vm.assertEq(portal.latestOutputIndex(), 0);
        vm.assertEq(portal.nextOutputIndex(), 1);
        vm.assertEq(portal.latestBlockNumber(), GENESIS_BLOCK);
        vm.assertEq(portal.startingBlockNumber(), GENESIS_BLOCK);
        vm.assertEq(portal.startingTimestamp(), GENESIS_TIME);
        vm.assertEq(portal.getL2OutputIndexAfter(0), 0);
        vm.assertEq(portal.getL2OutputIndexAfter(GENESIS_BLOCK), 0);
        vm.assertTrue(portal.isOutputFinalized(0));
        vm.expectRevert(notProposed);
        portal.getL2OutputIndexAfter(GENESIS_BLOCK + 1);

        uint256 time = block.timestamp;
        submit(2);
        submit(2);
        vm.assertEq(portal.latestOutputIndex(), 0);
        vm.assertFalse(portal.isOutputFinalized(1));
        vm.expectRevert(notProposed);
        portal.getL2OutputIndexAfter(GENESIS_BLOCK + 1);
        vm.expectRevert(notProposed);
        portal.getL2OutputAfter(GENESIS_BLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 1));
        portal.getL2Output(1);

        nextBlock(FAST_DELAY);
        vm.assertEq(portal.latestOutputIndex(), 2);
        vm.assertEq(portal.nextOutputIndex(), 3);
        vm.assertEq(portal.latestBlockNumber(), GENESIS_BLOCK + 20);
        // The latest, though the one before covers the block.
        vm.assertEq(portal.getL2OutputIndexAfter(GENESIS_BLOCK + 1), 2);
        vm.assertEq(portal.getL2OutputIndexAfter(GENESIS_BLOCK + 20), 2);
        IPortal.OutputProposal memory output = portal.getL2OutputAfter(GENESIS_BLOCK + 20);
        vm.assertEq(output.outputRoot, rollupContract.output(2).outputRoot);
        vm.assertEq(output.timestamp, time);
        vm.assertEq(output.l2BlockNumber, GENESIS_BLOCK + 20);
        vm.assertEq(portal.getL2Output(1).l2BlockNumber, GENESIS_BLOCK + 10);
        vm.expectRevert(notProposed);
        portal.getL2OutputIndexAfter(GENESIS_BLOCK + 21);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 3));
        portal.getL2Output(3);
    }

    function withdrawal(string memory name_) internal pure returns (IPortal.WithdrawalTransaction memory) {
        return IPortal.WithdrawalTransaction(1, account(name_), address(0xbeef), 1 ether, 100_000, bytes(name_));
    }

    function hashOf(string memory name_) internal pure returns (bytes32) {
        IPortal.WithdrawalTransaction memory w = withdrawal(name_);
        return keccak256(abi.encode(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data));
    }

    /// @dev An output of a chain on which the withdrawal is the only message.
    function outputOf(string memory name_)
        internal
        pure
        returns (IPortal.OutputRootProof memory output, bytes[] memory nodes)
    {
        bytes32[] memory paths = new bytes32[](1);
        paths[0] = keccak256(abi.encode(keccak256(abi.encode(hashOf(name_), uint256(0)))));
        Trie memory trie = trieOf(paths, paths[0]);
        output.messagePasserStorageRoot = trie.root;
        return (output, trie.proof);
    }

    function submitWithdrawal(string memory name_) internal {
        (IPortal.OutputRootProof memory output,) = outputOf(name_);
        IRollup.Batch memory batch = nextBatch();
        batch.outputRoot = keccak256(abi.encode(output));
        bytes[] memory list = signatures(batch, 0, 2);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
    }

    /// @dev With a new prover: a conflict revoked the first two.
    function submitAgain(string memory name_) internal {
        address signer_ = vm.addr(99);
        registerSigner(account("new operator"), signer_, PCK_KEY);
        provers[0] = Prover(account("new operator"), signer_, 99);
        (IPortal.OutputRootProof memory output,) = outputOf(name_);
        IRollup.Batch memory batch = nextBatch();
        batch.outputRoot = keccak256(abi.encode(output));
        bytes[] memory list = signatures(batch, 0, 1);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
    }

    function prove(string memory name_, uint256 index) external {
        (IPortal.OutputRootProof memory output, bytes[] memory nodes) = outputOf(name_);
        portal.proveWithdrawalTransaction(withdrawal(name_), index, output, nodes);
    }
}
