// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "./RollupTest.sol";
import {BlockHistory} from "src/BlockHistory.sol";
import {IRollup} from "src/rollup/IRollup.sol";

/// @notice Everybody who may act on the rollup, in any order, and what was observed on the way.
contract RollupActors is RollupTest {
    /// @dev The greatest index that was ever final, and its root then.
    uint256 public finalIndex;
    bytes32 public finalRoot;
    uint256 internal renewals;

    function exposed() external view returns (IRollup) {
        return rollupContract;
    }

    function submitBatch(uint256 proofs) external {
        observe();
        if (rollupContract.conflictSince() != 0) return;
        renew();
        submit(bound(proofs, 1, 2));
    }

    function addProofs(uint256 index) external {
        observe();
        if (rollupContract.conflictSince() != 0 || rollupContract.batchCount() == 0) return;
        index = bound(index, 1, rollupContract.batchCount());
        bytes32 digest = rollupContract.pendingDigest(index);
        if (digest == 0) return;
        renew();
        bytes[] memory list = new bytes[](2);
        (list[0], list[1]) = (signDigest(digest, provers[0].key), signDigest(digest, provers[1].key));
        // A final batch takes no more proofs, whether or not its finality is recorded.
        if (rollupContract.isFinalized(index)) vm.expectPartialRevert(IRollup.ProofsTooLate.selector);
        rollupContract.addProofs(index, list);
    }

    function pass(uint256 elapsed) external {
        nextBlock(bound(elapsed, 1, 2 days));
        observe();
    }

    function advance(uint256 steps) external {
        rollupContract.advanceFinality(bound(steps, 0, 3));
        observe();
    }

    /// @dev An equivocation, a dispute and an equivocation that comes out after it, or a dispute alone.
    function conflict(uint256 which) external {
        observe();
        if (rollupContract.conflictSince() != 0) return;
        renew();
        uint256 liar = which / 4 % 2;
        if (which % 4 == 0) reportConflict(liar, liar);
        else reportConflict(0, 1);
        if (which % 4 == 1) reportConflict(liar, liar);
        vm.assertEq(rollupContract.equivocated(provers[liar].signer), which % 4 < 2);
        renew();
    }

    function resolve(uint256 keep) external {
        observe();
        if (rollupContract.conflictSince() == 0) return;
        rollupContract.advanceFinality(type(uint256).max);
        keep = bound(keep, rollupContract.recordedFinalizedIndex(), rollupContract.batchCount());
        vm.prank(timelock);
        rollupContract.resolveConflict(keep);
    }

    /// @dev New keys for the first two provers if theirs are spent, and new operators if theirs lost their bonds.
    function renew() internal {
        for (uint256 i; i < 2; ++i) {
            if (
                !registry.signerOf(provers[i].signer).revoked
                    && block.timestamp < registry.signerOf(provers[i].signer).expiresAt
            ) continue;
            uint256 key = uint256(keccak256(abi.encode("renewed", ++renewals)));
            if (!pool.isEligible(provers[i].operator)) {
                provers[i].operator = account(string.concat("operator ", vm.toString(renewals)));
                bondOperator(address(pool), provers[i].operator);
            }
            QuoteSpec memory spec = goodQuote(i == 0 ? PCK_KEY : OTHER_PCK_KEY);
            uint64 number = uint64(block.number - 1);
            spec.reportDataFirst =
                registry.reportDataHash(provers[i].operator, vm.addr(key), number, BlockHistory.hashOf(number));
            spec.reportDataSecond = CONFIG_HASH;
            bytes memory quote = encode(spec);
            vm.prank(provers[i].operator);
            registry.register(quote, vm.addr(key), number);
            (provers[i].signer, provers[i].key) = (vm.addr(key), key);
        }
    }

    function observe() internal {
        uint256 index = rollupContract.finalizedIndex();
        vm.assertGe(index, finalIndex);
        vm.assertEq(rollupContract.output(finalIndex).outputRoot, finalIndex == 0 ? GENESIS_ROOT : finalRoot);
        (finalIndex, finalRoot) = (index, rollupContract.output(index).outputRoot);
    }
}

/// @notice What holds whatever happens.
contract RollupInvariantTest is RollupTest {
    RollupActors internal actors;

    function setUp() public override {
        actors = new RollupActors();
        actors.setUp();
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = RollupActors.submitBatch.selector;
        selectors[1] = RollupActors.addProofs.selector;
        selectors[2] = RollupActors.pass.selector;
        selectors[3] = RollupActors.advance.selector;
        selectors[4] = RollupActors.conflict.selector;
        selectors[5] = RollupActors.resolve.selector;
        target(address(actors), selectors);
    }

    /// @dev A final output is never replaced nor taken back; `observe` asserts it at every step too.
    function invariant_FinalityNeverGoesBack() public view {
        IRollup chain = actors.exposed();
        vm.assertGe(chain.finalizedIndex(), actors.finalIndex());
        if (actors.finalIndex() != 0) vm.assertEq(chain.output(actors.finalIndex()).outputRoot, actors.finalRoot());
    }

    function invariant_RecordedIsAtMostFinalIsAtMostSubmitted() public view {
        IRollup chain = actors.exposed();
        vm.assertLe(chain.recordedFinalizedIndex(), chain.finalizedIndex());
        vm.assertLe(chain.finalizedIndex(), chain.batchCount());
    }

    /// @dev Seen from the outputs themselves: the views take what is recorded for granted.
    function invariant_WhatIsRecordedAsFinalIsPastItsDelay() public view {
        IRollup chain = actors.exposed();
        uint256 time = chain.conflictSince() == 0 ? vm.getBlockTimestamp() : chain.conflictSince();
        for (uint256 i; i <= chain.recordedFinalizedIndex(); ++i) {
            vm.assertLe(chain.output(i).finalizableAt, time);
        }
    }

    function invariant_BlocksAndOriginsRise() public view {
        IRollup chain = actors.exposed();
        for (uint256 i = 1; i <= chain.batchCount(); ++i) {
            vm.assertGt(chain.output(i).lastL2Block, chain.output(i - 1).lastL2Block);
            vm.assertGe(chain.output(i).l1OriginNumber, chain.output(i - 1).l1OriginNumber);
            vm.assertGe(chain.output(i).submittedAt, chain.output(i - 1).submittedAt);
        }
    }

    /// @dev Finality is a prefix: everything before a final output is final, nothing after the last one is.
    function invariant_FinalityIsAPrefix() public view {
        IRollup chain = actors.exposed();
        uint256 last = chain.finalizedIndex();
        for (uint256 i; i <= chain.batchCount(); ++i) {
            vm.assertEq(chain.isFinalized(i), i <= last);
        }
    }

    /// @dev What further provers sign is told wherever they are missing.
    function invariant_ADigestIsPendingWhileProofsAreMissing() public view {
        IRollup chain = actors.exposed();
        for (uint256 i = 1; i <= chain.batchCount(); ++i) {
            vm.assertEq(chain.pendingDigest(i) != 0, chain.output(i).proofs < chain.fastThreshold());
        }
    }
}
