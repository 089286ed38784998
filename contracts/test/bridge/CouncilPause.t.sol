// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {CouncilPause} from "src/bridge/CouncilPause.sol";
import {ICouncilPause} from "src/bridge/ICouncilPause.sol";

contract CouncilPauseTest is Test {
    uint256 internal constant START_TIME = 1_795_000_000;
    uint256 internal constant MAX_PAUSE = 3 days;

    address internal council = account("council");
    address internal timelock = account("timelock");
    CouncilPause internal pause;

    function setUp() public {
        vm.warp(START_TIME);
        vm.expectEmit(vm.computeCreateAddress(address(this), vm.getNonce(address(this))));
        emit ICouncilPause.CouncilChanged(address(0), council);
        pause = new CouncilPause(council, timelock, MAX_PAUSE);
    }

    function test_SaysWhatItIs() public view {
        vm.assertEq(pause.council(), council);
        vm.assertEq(pause.timelock(), timelock);
        vm.assertEq(pause.maxPause(), MAX_PAUSE);
        vm.assertEq(pause.depositsPausedUntil(), 0);
        vm.assertEq(pause.withdrawalsPausedUntil(), 0);
    }

    function test_PausesEachByItself() public {
        vm.expectEmit(address(pause));
        emit ICouncilPause.DepositsPaused(START_TIME + 60);
        vm.prank(council);
        pause.pauseDeposits(60);
        vm.assertEq(pause.depositsPausedUntil(), START_TIME + 60);
        vm.assertEq(pause.withdrawalsPausedUntil(), 0);
        vm.expectEmit(address(pause));
        emit ICouncilPause.WithdrawalsPaused(START_TIME + MAX_PAUSE);
        vm.prank(council);
        pause.pauseWithdrawals(MAX_PAUSE);
        vm.assertEq(pause.depositsPausedUntil(), START_TIME + 60);
        vm.assertEq(pause.withdrawalsPausedUntil(), START_TIME + MAX_PAUSE);
        vm.assertEq(pause.council(), council);
    }

    function test_APauseCannotBeProlonged() public {
        bytes memory reason = abi.encodeWithSelector(ICouncilPause.PausedRecently.selector, START_TIME + 60 + MAX_PAUSE);
        vm.prank(council);
        pause.pauseDeposits(60);
        uint256[3] memory waits = [uint256(1), 60, 60 + MAX_PAUSE - 1];
        for (uint256 i; i < 3; ++i) {
            vm.warp(START_TIME + waits[i]);
            vm.prank(council);
            vm.expectRevert(reason);
            pause.pauseDeposits(60);
        }
        vm.warp(START_TIME + 60 + MAX_PAUSE);
        vm.prank(council);
        pause.pauseDeposits(60);
    }

    function test_TheOpenIntervalCountsFromTheEarlyEnd() public {
        vm.prank(council);
        pause.pauseWithdrawals(MAX_PAUSE);
        vm.warp(START_TIME + 10);
        vm.expectEmit(address(pause));
        emit ICouncilPause.WithdrawalsResumed();
        vm.prank(timelock);
        pause.resumeWithdrawals();
        vm.assertEq(pause.withdrawalsPausedUntil(), START_TIME + 10);
        vm.warp(START_TIME + 10 + MAX_PAUSE - 1);
        vm.prank(council);
        vm.expectRevert(abi.encodeWithSelector(ICouncilPause.PausedRecently.selector, START_TIME + 10 + MAX_PAUSE));
        pause.pauseWithdrawals(1);
        vm.warp(START_TIME + 10 + MAX_PAUSE);
        vm.prank(council);
        pause.pauseWithdrawals(1);
    }

    function test_OnlyWhatIsPausedIsResumed() public {
        vm.prank(council);
        vm.expectRevert(ICouncilPause.NotPaused.selector);
        pause.resumeDeposits();
        vm.prank(council);
        pause.pauseDeposits(60);
        vm.prank(council);
        vm.expectRevert(ICouncilPause.NotPaused.selector);
        pause.resumeWithdrawals();
        vm.expectEmit(address(pause));
        emit ICouncilPause.DepositsResumed();
        vm.prank(council);
        pause.resumeDeposits();
        vm.prank(council);
        vm.expectRevert(ICouncilPause.NotPaused.selector);
        pause.resumeDeposits();
        // Ended by itself: its end stays where it was.
        vm.warp(START_TIME + MAX_PAUSE);
        vm.prank(council);
        pause.pauseDeposits(60);
        vm.warp(START_TIME + MAX_PAUSE + 60);
        vm.prank(council);
        vm.expectRevert(ICouncilPause.NotPaused.selector);
        pause.resumeDeposits();
    }

    function testFuzz_RefusesAWrongDuration(uint256 duration) public {
        duration = duration == 0 ? 0 : bound(duration, MAX_PAUSE + 1, type(uint256).max);
        bytes memory reason = abi.encodeWithSelector(ICouncilPause.WrongDuration.selector, duration, MAX_PAUSE);
        vm.prank(council);
        vm.expectRevert(reason);
        pause.pauseDeposits(duration);
        vm.prank(council);
        vm.expectRevert(reason);
        pause.pauseWithdrawals(duration);
    }

    function test_OnlyTheCouncilPauses() public {
        address[2] memory strangers = [timelock, address(this)];
        for (uint256 i; i < 2; ++i) {
            bytes memory reason = abi.encodeWithSelector(ICouncilPause.NotCouncil.selector, strangers[i], council);
            vm.prank(strangers[i]);
            vm.expectRevert(reason);
            pause.pauseDeposits(1);
            vm.prank(strangers[i]);
            vm.expectRevert(reason);
            pause.pauseWithdrawals(1);
        }
        bytes memory refused = abi.encodeWithSelector(ICouncilPause.NotCouncil.selector, address(this), council);
        vm.expectRevert(refused);
        pause.resumeDeposits();
        vm.expectRevert(refused);
        pause.resumeWithdrawals();
    }

    function test_TheTimelockReplacesTheCouncil() public {
        vm.prank(council);
        pause.pauseDeposits(MAX_PAUSE);
        address next = account("next council");
        vm.prank(council);
        vm.expectRevert(abi.encodeWithSelector(ICouncilPause.NotTimelock.selector, council, timelock));
        pause.setCouncil(next);
        vm.prank(timelock);
        vm.expectRevert(ICouncilPause.InvalidConfig.selector);
        pause.setCouncil(address(0));
        vm.expectEmit(address(pause));
        emit ICouncilPause.CouncilChanged(council, next);
        vm.prank(timelock);
        pause.setCouncil(next);
        vm.assertEq(pause.council(), next);
        // A new council has the same limits.
        vm.prank(next);
        vm.expectPartialRevert(ICouncilPause.PausedRecently.selector);
        pause.pauseDeposits(1);
        vm.prank(next);
        pause.pauseWithdrawals(1);
        vm.prank(council);
        vm.expectPartialRevert(ICouncilPause.NotCouncil.selector);
        pause.resumeDeposits();
    }

    function test_RefusesAConfigurationWithoutSense() public {
        vm.expectRevert(ICouncilPause.InvalidConfig.selector);
        new CouncilPause(address(0), timelock, 1);
        vm.expectRevert(ICouncilPause.InvalidConfig.selector);
        new CouncilPause(council, address(0), 1);
        vm.expectRevert(ICouncilPause.InvalidConfig.selector);
        new CouncilPause(council, timelock, 0);
        vm.expectRevert(ICouncilPause.InvalidConfig.selector);
        new CouncilPause(council, timelock, 365 days + 1);
    }

    /// @dev A council that pauses whenever it can keeps things open for at least `maxPause` between any two pauses, each of which
    /// is at most as long.
    function testFuzz_UsersCannotBeTrapped(uint256[20] memory waits, uint256[20] memory durations) public {
        uint256 lastEnd;
        for (uint256 i; i < waits.length; ++i) {
            vm.warp(vm.getBlockTimestamp() + bound(waits[i], 0, 2 * MAX_PAUSE));
            uint256 time = vm.getBlockTimestamp();
            bool mayPause = lastEnd == 0 || time >= lastEnd + MAX_PAUSE;
            vm.prank(council);
            try pause.pauseWithdrawals(bound(durations[i], 1, MAX_PAUSE)) {
                vm.assertTrue(mayPause);
                vm.assertLe(pause.withdrawalsPausedUntil(), time + MAX_PAUSE);
            } catch {
                vm.assertFalse(mayPause);
            }
            if (durations[i] % 3 == 0 && pause.withdrawalsPausedUntil() > time) {
                vm.prank(council);
                pause.resumeWithdrawals();
            }
            lastEnd = pause.withdrawalsPausedUntil();
        }
    }
}
