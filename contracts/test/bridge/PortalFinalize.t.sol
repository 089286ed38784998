// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest} from "./PortalTest.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {Portal} from "src/bridge/Portal.sol";

/// @notice Remembers how it was called.
contract Recorder {
    address public caller;
    address public l2Sender;
    uint256 public value;
    bytes public data;

    receive() external payable {
        record();
    }

    fallback() external payable {
        record();
    }

    function record() private {
        (caller, value, data) = (msg.sender, msg.value, msg.data);
        l2Sender = Portal(payable(msg.sender)).l2Sender();
    }
}

/// @notice Answers with what it is given: a revert, or a return, of any size.
contract Answering {
    function revertWith(bytes calldata reason) external payable {
        bytes memory copy = reason;
        assembly ("memory-safe") {
            revert(add(copy, 0x20), mload(copy))
        }
    }

    /// @dev Copying as much would cost the caller more than it has.
    function bomb(uint256 size, bool fails) external payable {
        assembly {
            if fails { revert(0, size) }
            return(0, size)
        }
    }
}

/// @notice Calls the portal back.
contract Reentrant {
    bytes public answer;
    bool public succeeded;

    function call(address target, bytes calldata data) external payable {
        (succeeded, answer) = target.call{value: msg.value}(data);
    }
}

/// @notice Executing withdrawals.
contract PortalFinalizeTest is PortalTest {
    Recorder internal recorder = new Recorder();
    Answering internal answering = new Answering();
    Reentrant internal reentrant = new Reentrant();

    function test_CallsTheTarget() public {
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(recorder), 3 ether, 100_000, hex"0102030405");
        ripen(w);
        vm.assertEq(portal.l2Sender(), 0x000000000000000000000000000000000000dEaD);
        vm.expectEmit(address(portal));
        emit IPortal.WithdrawalFinalized(hashOf(w), true);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(recorder.caller(), address(portal));
        vm.assertEq(recorder.l2Sender(), alice);
        vm.assertEq(recorder.value(), 3 ether);
        vm.assertEq(recorder.data(), hex"0102030405");
        vm.assertEq(address(recorder).balance, 3 ether);
        vm.assertEq(address(portal).balance, 997 ether);
        vm.assertEq(portal.l2Sender(), 0x000000000000000000000000000000000000dEaD);
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(w)));
        // The proof is still told.
        (bytes32 root, uint128 timestamp, uint128 index) = portal.provenWithdrawals(hashOf(w));
        vm.assertEq(root, rollup.output(1).outputRoot);
        vm.assertEq(timestamp, START_TIME);
        vm.assertEq(index, 1);
    }

    function testFuzz_CallsWithAnyData(uint256 value, bytes memory data) public {
        value = bound(value, 0, 1000 ether);
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(recorder), value, 100_000, data);
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(recorder.data(), data);
        vm.assertEq(address(recorder).balance, value);
    }

    function test_RefusesASecondTime() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
        refuseFinalize(w, abi.encodeWithSelector(IPortal.AlreadyFinalized.selector, hashOf(w)));
        vm.assertEq(address(0xbeef).balance, 1 ether);
    }

    function test_RefusesWhatIsNotProved() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        refuseFinalize(w, abi.encodeWithSelector(IPortal.NotProven.selector, hashOf(w)));
        ripen(w);
        w.value += 1;
        refuseFinalize(w, abi.encodeWithSelector(IPortal.NotProven.selector, hashOf(w)));
    }

    function test_RefusesBeforeThePeriodIsOver() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        prove(w, publish(w, 3));
        bytes memory reason = abi.encodeWithSelector(IPortal.TooEarly.selector, START_TIME + FINALIZATION_PERIOD);
        refuseFinalize(w, reason);
        vm.warp(START_TIME + FINALIZATION_PERIOD - 1);
        refuseFinalize(w, reason);
        vm.warp(START_TIME + FINALIZATION_PERIOD);
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_NothingIsExecutedInAConflictOrWhilePaused() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        ripen(w);
        rollup.setConflict(7);
        refuseFinalize(w, abi.encodeWithSelector(IPortal.InConflict.selector, 7));
        rollup.setConflict(0);
        vm.prank(council);
        pause.pauseWithdrawals(MAX_PAUSE);
        refuseFinalize(w, abi.encodeWithSelector(IPortal.Paused.selector, block.timestamp + MAX_PAUSE));
        vm.prank(council);
        pause.resumeWithdrawals();
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_AFailedCallSpendsTheWithdrawal() public {
        IPortal.WithdrawalTransaction memory w =
            withdrawalTo(address(answering), 1 ether, 50_000, abi.encodeCall(Answering.revertWith, (hex"08c379a0")));
        ripen(w);
        vm.expectEmit(address(portal));
        emit IPortal.WithdrawalFinalized(hashOf(w), false);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(w)));
        vm.assertEq(address(portal).balance, 1000 ether);
        vm.assertEq(portal.l2Sender(), 0x000000000000000000000000000000000000dEaD);
    }

    function test_AFailedCallRevertsForTheEstimator() public {
        bytes memory data = abi.encodeCall(Answering.revertWith, (""));
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(answering), 0, 50_000, data);
        ripen(w);
        vm.prank(address(1), address(1));
        refuseFinalize(w, abi.encodeWithSelector(IPortal.GasEstimation.selector));
        // One that succeeds does not.
        w = aWithdrawal();
        ripen(w);
        vm.prank(address(1), address(1));
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_MoreEtherThanThereIsWaits() public {
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(recorder), 1000 ether + 1, 100_000, "");
        ripen(w);
        refuseFinalize(w, abi.encodeWithSelector(IPortal.NotEnoughEther.selector, 1000 ether + 1, 1000 ether));
        portal.donateETH{value: 1}();
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(address(recorder).balance, 1000 ether + 1);
    }

    /// @dev Whatever it answers, in success or failure, costs the portal nothing.
    function testFuzz_ReturnBombs(uint256 size, bool fails) public {
        size = bound(size, 0, 300_000);
        bytes memory data = abi.encodeCall(Answering.bomb, (size, fails));
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(answering), 0, 500_000, data);
        ripen(w);
        uint256 used = gasleft();
        portal.finalizeWithdrawalTransaction{gas: 600_000}(w);
        used -= gasleft();
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(w)));
        // The target pays for its memory; copying it would cost the same once more.
        uint256 words = (size + 31) / 32;
        vm.assertLe(used, 80_000 + 3 * words + words * words / 512);
    }

    function test_ACallThatBurnsItAllLeavesEnough() public {
        vm.etch(address(0xdead01), hex"fe");
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(0xdead01), 0, 1_000_000, "");
        ripen(w);
        portal.finalizeWithdrawalTransaction{gas: 1_150_000}(w);
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(w)));
    }

    /// @dev The target, `GAS PUSH0 SSTORE STOP`, sees what it gets, after the two gas that looking costs.
    function test_TheTargetGetsItsGasOrNothingIsSpent() public {
        uint256[4] memory limits = [uint256(0), 22_102, 100_000, 3_000_000];
        for (uint256 i; i < limits.length; ++i) {
            for (uint256 value; value < 2; ++value) {
                sweep(limits[i], value);
            }
        }
    }

    function sweep(uint256 gasLimit, uint256 value) internal {
        address target = address(uint160(0xdead02 + gasLimit));
        vm.etch(target, hex"5a5f5500");
        IPortal.WithdrawalTransaction memory w = withdrawalTo(target, value, gasLimit, hex"00");
        w.nonce += value;
        ripen(w);
        uint256 refused;
        uint256 executed;
        uint256 most = gasLimit + gasLimit / 60 + 160_000;
        for (uint256 gas = most > 400_000 ? most - 300_000 : 1000; gas < most; gas += 313) {
            (bool done, uint256 seen) = tryWith(w, gas);
            if (!done) {
                ++refused;
                vm.assertEq(executed, 0, "refused with more gas than enough");
                continue;
            }
            ++executed;
            vm.assertGe(seen + 2, gasLimit, "too little for the target");
        }
        vm.assertGt(refused, 30);
        vm.assertGt(executed, 30);
    }

    function test_TooLittleGasIsNamed() public {
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(recorder), 0, 200_000, "");
        ripen(w);
        vm.expectPartialRevert(IPortal.NotEnoughGas.selector);
        portal.finalizeWithdrawalTransaction{gas: 220_000}(w);
        // More than any block has.
        w.gasLimit = uint256(type(uint64).max) + 1;
        ripen(w);
        vm.expectPartialRevert(IPortal.NotEnoughGas.selector);
        portal.finalizeWithdrawalTransaction(w);
        w.gasLimit = type(uint256).max;
        ripen(w);
        vm.expectPartialRevert(IPortal.NotEnoughGas.selector);
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_AWithdrawalCannotExecuteAnother() public {
        IPortal.WithdrawalTransaction memory inner = aWithdrawal();
        bytes memory call = abi.encodeCall(IPortal.finalizeWithdrawalTransaction, (inner));
        IPortal.WithdrawalTransaction memory outer =
            withdrawalTo(address(reentrant), 0, 500_000, abi.encodeCall(Reentrant.call, (address(portal), call)));
        prove(inner, publish(inner, 2));
        ripen(outer);
        portal.finalizeWithdrawalTransaction(outer);
        vm.assertFalse(reentrant.succeeded());
        vm.assertEq(reentrant.answer(), abi.encodeWithSelector(IPortal.Reentered.selector));
        vm.assertFalse(portal.finalizedWithdrawals(hashOf(inner)));
        portal.finalizeWithdrawalTransaction(inner);
    }

    function test_AWithdrawalCanDepositAndProve() public {
        IPortal.WithdrawalTransaction memory inner = aWithdrawal();
        Proof memory proof = publish(inner, 2);
        bytes memory call =
            abi.encodeCall(IPortal.proveWithdrawalTransaction, (inner, proof.index, proof.output, proof.nodes));
        bytes memory data = abi.encodeCall(Reentrant.call, (address(portal), call));
        IPortal.WithdrawalTransaction memory outer = withdrawalTo(address(reentrant), 0, 500_000, data);
        ripen(outer);
        portal.finalizeWithdrawalTransaction(outer);
        vm.assertTrue(reentrant.succeeded());
        (, uint128 timestamp,) = portal.provenWithdrawals(hashOf(inner));
        vm.assertGt(timestamp, 0);

        call = abi.encodeCall(IPortal.depositTransaction, (alice, 1, 30_000, false, ""));
        data = abi.encodeCall(Reentrant.call, (address(portal), call));
        outer = withdrawalTo(address(reentrant), 5, 500_000, data);
        ripen(outer);
        portal.finalizeWithdrawalTransaction(outer);
        vm.assertTrue(reentrant.succeeded());
        vm.assertEq(address(portal).balance, 1000 ether);
    }

    function test_EtherOverTheQuotaWaits() public {
        vm.prank(timelock);
        portal.setQuota(address(0), 150 ether);
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(recorder), 100 ether, 100_000, "");
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
        uint256 start = block.timestamp;
        w.nonce += 1;
        ripen(w);
        // In an hour, 150 / 24 ether came back.
        uint256 available = 50 ether + 6.25 ether;
        bytes memory reason = abi.encodeWithSelector(
            IWithdrawalQuota.QuotaExceeded.selector, address(0), 100 ether, available, start + 8 hours
        );
        refuseFinalize(w, reason);
        vm.assertFalse(portal.finalizedWithdrawals(hashOf(w)));
        vm.warp(start + 8 hours - 1);
        vm.expectPartialRevert(IWithdrawalQuota.QuotaExceeded.selector);
        portal.finalizeWithdrawalTransaction(w);
        vm.warp(start + 8 hours);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(address(recorder).balance, 200 ether);
        // What carries no ether does not need any quota.
        w = withdrawalTo(address(recorder), 0, 100_000, "");
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
    }

    /// @dev Whoever it is that says that something has to wait, the withdrawal does.
    function test_AQuotaOrAPauseBehindTheTargetSpendsNothing() public {
        bytes[2] memory reasons = [
            abi.encodeWithSelector(IWithdrawalQuota.QuotaExceeded.selector, address(0x77), 5, 4, 3),
            abi.encodeWithSelector(IPortal.Paused.selector, 99)
        ];
        for (uint256 i; i < reasons.length; ++i) {
            bytes memory data = abi.encodeCall(Answering.revertWith, (reasons[i]));
            IPortal.WithdrawalTransaction memory w = withdrawalTo(address(answering), 1, 50_000, data);
            ripen(w);
            refuseFinalize(w, reasons[i]);
            vm.assertFalse(portal.finalizedWithdrawals(hashOf(w)));
        }
    }

    function testFuzz_OtherReasonsSpendIt(bytes memory reason) public {
        bytes4 start = bytes4(reason);
        vm.assume(start != IWithdrawalQuota.QuotaExceeded.selector && start != IPortal.Paused.selector);
        spentBy(reason);
    }

    function test_ReasonsThatOnlyLookLikeThoseSpendIt() public {
        bytes4[2] memory selectors = [IWithdrawalQuota.QuotaExceeded.selector, IPortal.Paused.selector];
        uint256[2] memory sizes = [uint256(128), 32];
        for (uint256 i; i < 2; ++i) {
            spentBy(abi.encodePacked(selectors[i]));
            spentBy(abi.encodePacked(selectors[i], new bytes(sizes[i] - 1)));
            spentBy(abi.encodePacked(selectors[i], new bytes(sizes[i] + 1)));
            spentBy(abi.encodePacked(selectors[i], new bytes(sizes[1 - i])));
        }
    }

    function spentBy(bytes memory reason) internal {
        bytes memory data = abi.encodeCall(Answering.revertWith, (reason));
        IPortal.WithdrawalTransaction memory w = withdrawalTo(address(answering), 1, 100_000, data);
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertTrue(portal.finalizedWithdrawals(hashOf(w)));
    }

    /// @dev Finalises with `gas` and takes it back. What the target saw is zero if it was not called.
    function tryWith(IPortal.WithdrawalTransaction memory w, uint256 gas) internal returns (bool done, uint256 seen) {
        vm.cool(w.target);
        try this.attempt(w, gas) {
            revert("attempt returned");
        } catch (bytes memory outcome) {
            (done, seen) = abi.decode(outcome, (bool, uint256));
        }
    }

    function attempt(IPortal.WithdrawalTransaction calldata w, uint256 gas) external {
        (bool success,) = address(portal).call{gas: gas}(abi.encodeCall(IPortal.finalizeWithdrawalTransaction, (w)));
        vm.assertEq(portal.finalizedWithdrawals(hashOf(w)), success);
        bytes memory outcome = abi.encode(success, uint256(vm.load(w.target, 0)));
        assembly ("memory-safe") {
            revert(add(outcome, 0x20), mload(outcome))
        }
    }
}
