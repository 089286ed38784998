// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest} from "./PortalTest.sol";
import {IPortal} from "src/bridge/IPortal.sol";

/// @notice Proving withdrawals.
contract PortalProveTest is PortalTest {
    function test_RecordsTheProof() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 40);
        bytes32 hash = hashOf(w);
        (bytes32 root, uint128 timestamp, uint128 index) = portal.provenWithdrawals(hash);
        vm.assertEq(root, bytes32(0));
        vm.assertEq(timestamp, 0);
        vm.assertEq(index, 0);

        vm.warp(START_TIME + 77);
        vm.expectEmit(address(portal));
        emit IPortal.WithdrawalProven(hash, alice, address(0xbeef));
        prove(w, proof);
        (root, timestamp, index) = portal.provenWithdrawals(hash);
        vm.assertEq(root, keccak256(abi.encode(proof.output)));
        vm.assertEq(timestamp, START_TIME + 77);
        vm.assertEq(index, proof.index);
        vm.assertFalse(portal.finalizedWithdrawals(hash));
    }

    function testFuzz_ProvesAnyWithdrawal(IPortal.WithdrawalTransaction memory w, uint256 others) public {
        vm.assume(
            w.target != address(portal) && w.target != address(rollup) && w.target != address(pause)
                && w.target != timelock
        );
        prove(w, publish(w, bound(others, 0, 30)));
        (, uint128 timestamp,) = portal.provenWithdrawals(hashOf(w));
        vm.assertEq(timestamp, block.timestamp);
    }

    /// @dev Proofs by clients come as calldata of their own making: nothing depends on how it is laid out.
    function testFuzz_EveryFieldOfTheWithdrawalCounts(uint256 field, uint256 difference) public {
        vm.assume(uint160(difference) != 0);
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 10);
        field = bound(field, 0, 6);
        if (field == 0) w.nonce ^= difference;
        if (field == 1) w.sender = address(uint160(w.sender) ^ uint160(difference));
        if (field == 2) w.target = address(uint160(w.target) ^ uint160(difference));
        if (field == 3) w.value ^= difference;
        if (field == 4) w.gasLimit ^= difference;
        if (field == 5) w.data = abi.encodePacked(w.data, uint8(difference));
        if (field == 6) w.data[difference % w.data.length] ^= 0x01;
        vm.expectPartialRevert(IPortal.InvalidProof.selector);
        prove(w, proof);
    }

    function testFuzz_EveryFieldOfTheOutputCounts(uint256 field, bytes32 difference) public {
        vm.assume(difference != 0);
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 10);
        bytes32 expected = keccak256(abi.encode(proof.output));
        field = bound(field, 0, 3);
        if (field == 0) proof.output.version ^= difference;
        if (field == 1) proof.output.stateRoot ^= difference;
        if (field == 2) proof.output.messagePasserStorageRoot ^= difference;
        if (field == 3) proof.output.latestBlockhash ^= difference;
        bytes32 given = keccak256(abi.encode(proof.output));
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.WrongOutputRoot.selector, given, expected));
    }

    function testFuzz_EveryByteOfEveryNodeCounts(uint256 node, uint256 position, uint8 difference) public {
        vm.assume(difference != 0);
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 60);
        node = bound(node, 0, proof.nodes.length - 1);
        position = bound(position, 0, proof.nodes[node].length - 1);
        proof.nodes[node][position] ^= bytes1(difference);
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.InvalidProof.selector, node));
    }

    /// @dev Only `true` at the right slot is a message: not another slot of the same contract.
    function test_AnotherSlotIsNoMessage() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        bytes32[] memory paths = new bytes32[](2);
        // `sentMessages` under the hash itself, and at slot 1.
        (paths[0], paths[1]) =
        (keccak256(abi.encode(hashOf(w))), keccak256(abi.encode(keccak256(abi.encode(hashOf(w), uint256(1))))));
        for (uint256 i; i < 2; ++i) {
            Trie memory trie = trieOf(paths, paths[i]);
            Proof memory proof;
            proof.nodes = trie.proof;
            proof.output.messagePasserStorageRoot = trie.root;
            proof.index = rollup.add(keccak256(abi.encode(proof.output)), 10);
            rollup.finalize(proof.index);
            vm.expectPartialRevert(IPortal.InvalidProof.selector);
            prove(w, proof);
        }
    }

    function test_RefusesAnOutputThatIsNotFinal() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = submit(w, 3);
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.OutputNotFinal.selector, proof.index));
        rollup.finalize(proof.index);
        prove(w, proof);
        // Nor one that does not exist.
        w.nonce += 1;
        proof.index = 99;
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.OutputNotFinal.selector, 99));
    }

    function test_RefusesASecondProof() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory first = publish(w, 3);
        Proof memory second = publish(w, 4);
        prove(w, first);
        bytes memory reason = abi.encodeWithSelector(IPortal.AlreadyProven.selector, hashOf(w));
        refuseProof(w, first, reason);
        vm.warp(block.timestamp + FINALIZATION_PERIOD);
        refuseProof(w, second, reason);
        portal.finalizeWithdrawalTransaction(w);
        refuseProof(w, second, reason);
    }

    function test_RefusesTargetsThatThePortalTrustsAndItself() public {
        address[4] memory targets = [address(portal), address(rollup), address(pause), timelock];
        for (uint256 i; i < targets.length; ++i) {
            IPortal.WithdrawalTransaction memory w = withdrawalTo(targets[i], 0, 0, "");
            Proof memory proof = publish(w, 3);
            refuseProof(w, proof, abi.encodeWithSelector(IPortal.ForbiddenTarget.selector, targets[i]));
        }
    }

    function test_NothingIsProvedInAConflict() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 3);
        vm.assertFalse(portal.paused());
        rollup.setConflict(START_TIME - 5);
        vm.assertTrue(portal.paused());
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.InConflict.selector, START_TIME - 5));
        rollup.setConflict(0);
        prove(w, proof);
    }

    function test_NothingIsProvedWhilePaused() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 3);
        vm.prank(council);
        pause.pauseWithdrawals(100);
        vm.assertTrue(portal.paused());
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.Paused.selector, START_TIME + 100));
        vm.warp(START_TIME + 99);
        refuseProof(w, proof, abi.encodeWithSelector(IPortal.Paused.selector, START_TIME + 100));
        vm.warp(START_TIME + 100);
        vm.assertFalse(portal.paused());
        prove(w, proof);
    }

    function test_APauseOfDepositsDoesNotStopWithdrawals() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 3);
        vm.prank(council);
        pause.pauseDeposits(2 hours);
        prove(w, proof);
        vm.warp(START_TIME + FINALIZATION_PERIOD);
        portal.finalizeWithdrawalTransaction(w);
    }

    /// @dev Truncated and garbled calldata, through the proxy, changes nothing.
    function testFuzz_CutCalldataProvesNothing(uint256 length) public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        Proof memory proof = publish(w, 10);
        bytes memory input =
            abi.encodeCall(IPortal.proveWithdrawalTransaction, (w, proof.index, proof.output, proof.nodes));
        // The last words are a leaf's end and its padding.
        length = bound(length, 4, input.length - 33);
        assembly ("memory-safe") {
            mstore(input, length)
        }
        (bool success,) = address(portal).call(input);
        vm.assertFalse(success);
        (, uint128 timestamp,) = portal.provenWithdrawals(hashOf(w));
        vm.assertEq(timestamp, 0);
    }
}
