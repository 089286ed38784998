// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "./RollupTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {IRollup} from "src/rollup/IRollup.sol";
import {Rollup} from "src/rollup/Rollup.sol";

/// @notice What a batch must satisfy to be accepted, one refusal a rule.
contract SubmitBatchTest is RollupTest {
    function test_StoresTheOutputAndSaysSo() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 2);
        vm.expectEmit(address(rollupContract));
        emit IRollup.BatchSubmitted(
            1,
            batch.outputRoot,
            batch.lastL2Block,
            batch.lastL2Timestamp,
            batch.l1OriginNumber,
            transitionOf(batch, 2).daHash,
            2
        );
        vm.prank(sequencer);
        vm.assertEq(rollupContract.submitBatch(batch, list), 1);

        (uint256 index, IRollup.Output memory last) = rollupContract.lastOutput();
        vm.assertEq(index, 1);
        vm.assertEq(last.outputRoot, batch.outputRoot);
        vm.assertEq(last.lastL2Block, batch.lastL2Block);
        vm.assertEq(last.lastL2Timestamp, batch.lastL2Timestamp);
        vm.assertEq(last.l1OriginNumber, batch.l1OriginNumber);
        vm.assertEq(last.submittedAt, block.timestamp);
        vm.assertEq(last.finalizableAt, block.timestamp + FAST_DELAY);
        vm.assertEq(last.proofs, 2);
    }

    function test_StartsWithTheGenesisAsAFinalOutput() public view {
        (uint256 index, IRollup.Output memory last) = rollupContract.lastOutput();
        vm.assertEq(index, 0);
        vm.assertEq(last.outputRoot, GENESIS_ROOT);
        vm.assertEq(last.lastL2Block, GENESIS_BLOCK);
        vm.assertEq(last.l1OriginNumber, GENESIS_ORIGIN);
        vm.assertEq(last.finalizableAt, START_TIME);
        vm.assertTrue(rollupContract.isFinalized(0));
    }

    // The chain.

    function test_RefusesAGapInOutputs() public {
        IRollup.Batch memory batch = nextBatch();
        batch.parentOutputRoot = keccak256("a later output");
        refuse(batch, abi.encodeWithSelector(IRollup.WrongParent.selector, batch.parentOutputRoot, GENESIS_ROOT));
    }

    function test_RefusesTheSameBatchTwice() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
        refuse(batch, abi.encodeWithSelector(IRollup.WrongParent.selector, GENESIS_ROOT, batch.outputRoot));
    }

    function testFuzz_RefusesABlockThatDoesNotRise(uint64 number) public {
        IRollup.Batch memory batch = nextBatch();
        batch.lastL2Block = uint64(bound(number, 0, GENESIS_BLOCK));
        refuse(batch, abi.encodeWithSelector(IRollup.BlockNotRising.selector, batch.lastL2Block, GENESIS_BLOCK));
    }

    function testFuzz_RefusesL2TimeAheadOfL1(uint64 timestamp) public {
        IRollup.Batch memory batch = nextBatch();
        batch.lastL2Timestamp = uint64(bound(timestamp, START_TIME + 1, type(uint64).max));
        refuse(batch, abi.encodeWithSelector(IRollup.TimestampInFuture.selector, batch.lastL2Timestamp, START_TIME));
    }

    function test_AcceptsL2TimeEqualToL1() public {
        IRollup.Batch memory batch = nextBatch();
        batch.lastL2Timestamp = uint64(START_TIME);
        accept(batch);
    }

    // The origin.

    function test_RefusesAnOriginThatGoesBack() public {
        IRollup.Batch memory batch = nextBatch();
        batch.l1OriginNumber = GENESIS_ORIGIN - 1;
        refuse(batch, abi.encodeWithSelector(IRollup.OriginWentBack.selector, GENESIS_ORIGIN - 1, GENESIS_ORIGIN));
    }

    function test_AcceptsTheSameOriginAgain() public {
        submit(2);
        submit(2);
        vm.assertEq(rollupContract.output(1).l1OriginNumber, rollupContract.output(2).l1OriginNumber);
    }

    function test_RefusesAnOriginThatIsTooOld() public {
        IRollup.Batch memory batch = nextBatch();
        enterBlock(batch.l1OriginNumber + MAX_ORIGIN_LAG + 1, START_TIME + 1, keccak256("late"));
        refuse(
            batch,
            abi.encodeWithSelector(IRollup.OriginTooOld.selector, batch.l1OriginNumber, block.number - MAX_ORIGIN_LAG)
        );
    }

    function test_AcceptsTheOldestOriginFromTheHistoryContract() public {
        IRollup.Batch memory batch = nextBatch();
        enterBlock(batch.l1OriginNumber + MAX_ORIGIN_LAG, START_TIME + 1, keccak256("late"));
        vm.assertEq(blockhash(batch.l1OriginNumber), bytes32(0));
        accept(batch);
    }

    function testFuzz_RefusesAnOriginHashThatIsNotOfL1(bytes32 hash) public {
        IRollup.Batch memory batch = nextBatch();
        vm.assume(hash != batch.l1OriginHash);
        bytes32 actual = batch.l1OriginHash;
        batch.l1OriginHash = hash;
        refuse(batch, abi.encodeWithSelector(IRollup.WrongOriginHash.selector, batch.l1OriginNumber, hash, actual));
    }

    function testFuzz_RefusesAnOriginThatL1DoesNotKnow(uint64 number) public {
        IRollup.Batch memory batch = nextBatch();
        batch.l1OriginNumber = uint64(bound(number, block.number, type(uint64).max));
        batch.l1OriginHash = 0;
        refuse(
            batch,
            abi.encodeWithSelector(IRollup.WrongOriginHash.selector, batch.l1OriginNumber, bytes32(0), bytes32(0))
        );
    }

    // The data.

    function test_RefusesATransactionWithoutBlobs() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        setBlobs(0);
        vm.prank(sequencer);
        vm.expectRevert(IRollup.NoBlobs.selector);
        rollupContract.submitBatch(batch, list);
    }

    /// @dev The signature is over other data, so it recovers to somebody whom nobody registered.
    function test_RefusesBlobsThatDoNotMatch() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        for (uint256 count = 1; count < 4; count += 2) {
            setBlobs(count);
            vm.prank(sequencer);
            vm.expectPartialRevert(IProverRegistry.SignerUnknown.selector);
            rollupContract.submitBatch(batch, list);
        }
        bytes32[] memory swapped = blobs(2);
        (swapped[0], swapped[1]) = (swapped[1], swapped[0]);
        vm.blobhashes(swapped);
        vm.prank(sequencer);
        vm.expectPartialRevert(IProverRegistry.SignerUnknown.selector);
        rollupContract.submitBatch(batch, list);
    }

    function testFuzz_AcceptsAnyNumberOfBlobs(uint256 count) public {
        count = bound(count, 1, 21);
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = new bytes[](1);
        list[0] = sign(transitionOf(batch, count), 0);
        setBlobs(count);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
    }

    // The signatures.

    function test_RefusesAnUnregisteredSigner() public {
        IRollup.Batch memory batch = nextBatch();
        uint256 key = uint256(keccak256("stranger"));
        bytes[] memory list = new bytes[](1);
        list[0] = signDigest(rollupContract.transitionDigest(transitionOf(batch, 2)), key);
        refuse(batch, list, abi.encodeWithSelector(IProverRegistry.SignerUnknown.selector, vm.addr(key)));
    }

    function test_RefusesAnExpiredSigner() public {
        enterBlock(block.number + 1, START_TIME + 7 days, keccak256("a week later"));
        refuse(
            nextBatch(),
            abi.encodeWithSelector(
                IProverRegistry.SignerExpired.selector, provers[0].signer, START_TIME + 7 days, START_TIME + 7 days
            )
        );
    }

    function test_RefusesARevokedSigner() public {
        vm.prank(timelock);
        registry.revokeSigner(provers[0].signer);
        refuse(nextBatch(), abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, provers[0].signer));
    }

    function test_RefusesASignerOfARemovedWorkload() public {
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        refuse(
            nextBatch(), abi.encodeWithSelector(IProverRegistry.SignerWorkloadRemoved.selector, provers[0].signer, 1)
        );
    }

    function test_RefusesASignerOfARevokedPlatform() public {
        bytes32 platformId = keyHash(PCK_KEY);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        refuse(
            nextBatch(), abi.encodeWithSelector(IProverRegistry.SignerPlatformRevoked.selector, provers[0].signer, 1)
        );
    }

    function test_RefusesTheSameOperatorTwice() public {
        uint256 key = uint256(keccak256("second key"));
        registerSigner(provers[0].operator, vm.addr(key), OTHER_PCK_KEY);
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 2);
        list[1] = signDigest(rollupContract.transitionDigest(transitionOf(batch, 2)), key);
        refuse(batch, list, abi.encodeWithSelector(IRollup.DuplicateOperator.selector, provers[0].operator));
        list[1] = list[0];
        refuse(batch, list, abi.encodeWithSelector(IRollup.DuplicateOperator.selector, provers[0].operator));
    }

    function test_RefusesTheSamePlatformTwice() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 2);
        list[1] = sign(transitionOf(batch, 2), 2);
        refuse(batch, list, abi.encodeWithSelector(IRollup.DuplicatePlatform.selector, 1));
    }

    function test_RefusesTooFewOrTooManySignatures() public {
        IRollup.Batch memory batch = nextBatch();
        refuse(batch, new bytes[](0), abi.encodeWithSelector(IRollup.WrongSignatureCount.selector, 0, 1, 8));
        refuse(batch, new bytes[](9), abi.encodeWithSelector(IRollup.WrongSignatureCount.selector, 9, 1, 8));
    }

    function test_RefusesMalformedSignatures() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        bytes memory good = list[0];

        list[0] = slice(good, 0, 64);
        refuse(batch, list, abi.encodeWithSelector(IRollup.MalformedSignature.selector, 0));
        list[0] = bytes.concat(good, hex"00");
        refuse(batch, list, abi.encodeWithSelector(IRollup.MalformedSignature.selector, 0));
        list[0] = bytes.concat(slice(good, 0, 64), hex"00");
        refuse(batch, list, abi.encodeWithSelector(IRollup.MalformedSignature.selector, 0));

        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(provers[0].key, rollupContract.transitionDigest(transitionOf(batch, 2)));
        list[0] = abi.encodePacked(r, SECP256K1_ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
        refuse(batch, list, abi.encodeWithSelector(IRollup.MalformedSignature.selector, 0));
    }

    /// @dev Whatever field the prover signed differently.
    function testFuzz_RefusesASignatureOverAnyOtherTransition(uint8 field, uint256 change) public {
        vm.assume(change != 0);
        IRollup.Batch memory batch = nextBatch();
        IRollup.Transition memory t = transitionOf(batch, 2);
        field = uint8(bound(field, 0, 7));
        uint64 small = uint64(bound(change, 1, type(uint64).max));
        if (field == 0) t.configHash ^= bytes32(change);
        if (field == 1) t.parentOutputRoot ^= bytes32(change);
        if (field == 2) t.outputRoot ^= bytes32(change);
        if (field == 3) t.lastL2Block ^= small;
        if (field == 4) t.lastL2Timestamp ^= small;
        if (field == 5) t.l1OriginNumber ^= small;
        if (field == 6) t.l1OriginHash ^= bytes32(change);
        if (field == 7) t.daHash ^= bytes32(change);
        bytes[] memory list = new bytes[](1);
        list[0] = sign(t, 0);
        vm.prank(sequencer);
        vm.expectPartialRevert(IProverRegistry.SignerUnknown.selector);
        rollupContract.submitBatch(batch, list);
    }

    function test_DigestIsThatOfEip712() public view {
        IRollup.Transition memory t = IRollup.Transition({
            configHash: bytes32(uint256(1)),
            parentOutputRoot: bytes32(uint256(2)),
            outputRoot: bytes32(uint256(3)),
            lastL2Block: 4,
            lastL2Timestamp: 5,
            l1OriginNumber: 6,
            l1OriginHash: bytes32(uint256(7)),
            daHash: bytes32(uint256(8))
        });
        bytes32 typeHash = keccak256(
            "Transition(bytes32 configHash,bytes32 parentOutputRoot,bytes32 outputRoot,uint64 lastL2Block,uint64 lastL2Timestamp,uint64 l1OriginNumber,bytes32 l1OriginHash,bytes32 daHash)"
        );
        bytes32 domainTypeHash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(
            abi.encode(domainTypeHash, keccak256("PhalaRollup"), keccak256("1"), block.chainid, address(rollupContract))
        );
        vm.assertEq(rollupContract.domainSeparator(), domain);
        bytes32 structHash = keccak256(abi.encode(typeHash, 1, 2, 3, 4, 5, 6, 7, 8));
        vm.assertEq(rollupContract.transitionDigest(t), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    // The submitter.

    function test_OnlyTheSequencerMaySubmitAtFirst() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        uint256 openFrom = START_TIME + SEQUENCER_TIMEOUT;
        vm.prank(account("anybody"));
        vm.expectRevert(abi.encodeWithSelector(IRollup.NotSequencer.selector, account("anybody"), sequencer, openFrom));
        rollupContract.submitBatch(batch, list);
    }

    function test_AnybodyMaySubmitOnceTheSequencerIsSilent() public {
        submit(1);
        enterBlock(block.number + 1, START_TIME + SEQUENCER_TIMEOUT - 1, keccak256("almost"));
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        vm.prank(account("anybody"));
        vm.expectPartialRevert(IRollup.NotSequencer.selector);
        rollupContract.submitBatch(batch, list);

        vm.warp(START_TIME + SEQUENCER_TIMEOUT);
        vm.prank(account("anybody"));
        rollupContract.submitBatch(batch, list);
    }

    function test_TheTimelockReplacesTheSequencer() public {
        address next = account("next sequencer");
        vm.expectRevert(abi.encodeWithSelector(IRollup.NotTimelock.selector, address(this), timelock));
        rollupContract.setSequencer(next);

        vm.expectEmit(address(rollupContract));
        emit IRollup.SequencerChanged(sequencer, next);
        vm.prank(timelock);
        rollupContract.setSequencer(next);
        vm.assertEq(rollupContract.sequencer(), next);

        vm.prank(timelock);
        vm.expectRevert(IRollup.InvalidConfig.selector);
        rollupContract.setSequencer(address(0));
    }

    function test_TheConstructorRefusesNonsense() public {
        for (uint256 i; i < 9; ++i) {
            deployRegistry();
            IRollup.Config memory config = rollupConfig();
            if (i == 0) config.genesisOutputRoot = 0;
            if (i == 1) config.genesisL1Origin = uint64(block.number + 1);
            if (i == 2) config.sequencer = address(0);
            if (i == 3) config.timelock = address(0);
            if (i == 4) config.fastThreshold = 0;
            if (i == 5) config.fastThreshold = 9;
            if (i == 6) config.fastDelay = config.slowDelay + 1;
            if (i == 7) config.slowDelay = 365 days + 1;
            if (i == 8) config.configHash = keccak256("another configuration");
            vm.expectRevert(IRollup.InvalidConfig.selector);
            new Rollup(config);
        }
        deployRegistry();
        new Rollup(rollupConfig());
        // This registry now names a rollup that exists, and will not serve a second one.
        IRollup.Config memory second = rollupConfig();
        vm.expectRevert(IRollup.InvalidConfig.selector);
        new Rollup(second);
    }

    function accept(IRollup.Batch memory batch) internal {
        bytes[] memory list = signatures(batch, 0, 1);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
    }

    function refuse(IRollup.Batch memory batch, bytes memory reason) internal {
        refuse(batch, signatures(batch, 0, 1), reason);
    }

    function refuse(IRollup.Batch memory batch, bytes[] memory list, bytes memory reason) internal {
        vm.prank(sequencer);
        vm.expectRevert(reason);
        rollupContract.submitBatch(batch, list);
    }
}
