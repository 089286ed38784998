// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {WithdrawalQuota} from "src/bridge/WithdrawalQuota.sol";

/// @notice A quota that holds what it is told.
contract QuotaHarness is WithdrawalQuota {
    mapping(address token => uint256) public held;

    constructor(address timelock, uint256 window) WithdrawalQuota(timelock, window) {}

    function hold(address token, uint256 amount) external {
        held[token] = amount;
    }

    function spend(address token, uint256 amount) external {
        _spendQuota(token, amount);
    }

    function _held(address token) internal view override returns (uint256) {
        return held[token];
    }
}

contract WithdrawalQuotaTest is Test {
    uint256 internal constant START_TIME = 1_795_000_000;
    uint256 internal constant WINDOW = 1 days;
    address internal constant TOKEN = address(0x70);

    address internal timelock = account("timelock");
    QuotaHarness internal quota;

    function setUp() public {
        vm.warp(START_TIME);
        quota = new QuotaHarness(timelock, WINDOW);
    }

    function test_ATokenWithoutAQuotaIsNotLimited() public {
        (uint256 amount, uint256 available) = quota.quotaOf(TOKEN);
        vm.assertEq(amount, type(uint256).max);
        vm.assertEq(available, type(uint256).max);
        quota.spend(TOKEN, type(uint256).max);
        quota.spend(TOKEN, type(uint256).max);
    }

    function test_GivesBackEvenly() public {
        set(TOKEN, 2400);
        quota.spend(TOKEN, 2400);
        expect(TOKEN, 2400, 0);
        vm.warp(START_TIME + 1 hours);
        expect(TOKEN, 2400, 100);
        vm.warp(START_TIME + 12 hours);
        expect(TOKEN, 2400, 1200);
        quota.spend(TOKEN, 1000);
        expect(TOKEN, 2400, 200);
        vm.warp(START_TIME + 24 hours - 1);
        expect(TOKEN, 2400, 1399);
        vm.warp(START_TIME + 10 days);
        expect(TOKEN, 2400, 2400);
    }

    function test_TokensDoNotTouchEachOther() public {
        set(TOKEN, 100);
        set(address(0), 50);
        quota.spend(TOKEN, 100);
        expect(address(0), 50, 50);
        quota.spend(address(0), 50);
        expect(TOKEN, 100, 0);
    }

    function test_SaysWhenItFits() public {
        set(TOKEN, 2400);
        quota.spend(TOKEN, 2000);
        refuse(TOKEN, 401, 400, START_TIME + 36);
        refuse(TOKEN, 2400, 400, START_TIME + 20 hours);
        refuse(TOKEN, 2401, 400, type(uint256).max);
        refuse(TOKEN, type(uint256).max, 400, type(uint256).max);
    }

    function test_AQuotaCountsForATenthOfWhatIsHeld() public {
        set(TOKEN, 100);
        quota.hold(TOKEN, 999);
        expect(TOKEN, 100, 100);
        quota.hold(TOKEN, 5009);
        expect(TOKEN, 500, 500);
        quota.spend(TOKEN, 500);
        expect(TOKEN, 500, 0);
        // It shrinks with what is held. What left still counts in full.
        quota.hold(TOKEN, 2000);
        expect(TOKEN, 200, 0);
        vm.warp(START_TIME + WINDOW);
        expect(TOKEN, 200, 0);
        vm.warp(START_TIME + 2 * WINDOW);
        expect(TOKEN, 200, 100);
    }

    function test_AQuotaHasItsGreatestNumber() public {
        set(TOKEN, type(uint112).max);
        quota.hold(TOKEN, type(uint256).max);
        expect(TOKEN, type(uint112).max, type(uint112).max);
        quota.spend(TOKEN, type(uint112).max);
        expect(TOKEN, type(uint112).max, 0);
        refuse(TOKEN, type(uint112).max, 0, START_TIME + WINDOW);
        vm.prank(timelock);
        vm.expectRevert(SafeCastLib.Overflow.selector);
        quota.setQuota(TOKEN, uint256(type(uint112).max) + 1);
    }

    function test_AChangeKeepsWhatLeft() public {
        set(TOKEN, 2400);
        quota.spend(TOKEN, 2400);
        vm.warp(START_TIME + 12 hours);
        set(TOKEN, 4800);
        expect(TOKEN, 4800, 3600);
        set(TOKEN, 600);
        expect(TOKEN, 600, 0);
        vm.warp(START_TIME + 12 hours + 2 * WINDOW);
        expect(TOKEN, 600, 600);
    }

    function test_ALiftedQuotaStartsAfresh() public {
        set(TOKEN, 100);
        quota.spend(TOKEN, 100);
        set(TOKEN, 0);
        quota.spend(TOKEN, 1_000_000);
        set(TOKEN, 100);
        expect(TOKEN, 100, 100);
    }

    function test_NothingCostsNothing() public {
        set(TOKEN, 10);
        quota.spend(TOKEN, 10);
        // Below the tenth of a window, nothing came back: a call that counted would forget that time.
        for (uint256 i = 1; i < 10; ++i) {
            vm.warp(START_TIME + i * WINDOW / 100);
            quota.spend(TOKEN, 0);
        }
        vm.warp(START_TIME + WINDOW / 10);
        quota.spend(TOKEN, 1);
    }

    function test_OnlyTheTimelockSets() public {
        vm.expectRevert(abi.encodeWithSelector(IWithdrawalQuota.NotTimelock.selector, address(this), timelock));
        quota.setQuota(TOKEN, 1);
        vm.expectEmit(address(quota));
        emit IWithdrawalQuota.QuotaChanged(TOKEN, 1);
        set(TOKEN, 1);
    }

    function test_RefusesAConfigurationWithoutSense() public {
        vm.expectRevert(abi.encodeWithSelector(IWithdrawalQuota.InvalidQuotaConfig.selector, address(0), 1));
        new QuotaHarness(address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IWithdrawalQuota.InvalidQuotaConfig.selector, timelock, 0));
        new QuotaHarness(timelock, 0);
        vm.expectRevert(abi.encodeWithSelector(IWithdrawalQuota.InvalidQuotaConfig.selector, timelock, 365 days + 1));
        new QuotaHarness(timelock, 365 days + 1);
        vm.assertEq(new QuotaHarness(timelock, 365 days).quotaWindow(), 365 days);
    }

    /// @dev The bound that the interface states, at every step; and nothing that fits is refused for longer than it says.
    function testFuzz_NoMoreLeavesThanTheQuotaAllows(
        uint256 amount,
        uint256 window,
        uint256[24] memory waits,
        uint256[24] memory spends
    ) public {
        amount = bound(amount, 1, type(uint112).max);
        window = bound(window, 1, 365 days);
        quota = new QuotaHarness(timelock, window);
        set(TOKEN, amount);
        uint256 spent;
        for (uint256 i; i < waits.length; ++i) {
            vm.warp(vm.getBlockTimestamp() + bound(waits[i], 0, window / 4));
            uint256 time = vm.getBlockTimestamp();
            uint256 wanted = bound(spends[i], 1, amount);
            (, uint256 available) = quota.quotaOf(TOKEN);
            vm.assertLe(available, amount);
            if (wanted > available) {
                uint256 retryAt = retryOf(TOKEN, wanted);
                vm.assertGt(retryAt, time);
                vm.warp(retryAt - 1);
                vm.expectPartialRevert(IWithdrawalQuota.QuotaExceeded.selector);
                quota.spend(TOKEN, wanted);
                vm.warp(retryAt);
            }
            quota.spend(TOKEN, wanted);
            spent += wanted;
            vm.assertLe(spent * window, amount * (window + vm.getBlockTimestamp() - START_TIME));
        }
        vm.warp(vm.getBlockTimestamp() + window);
        expect(TOKEN, amount, amount);
    }

    /// @dev Between any two times, not only from the start.
    function testFuzz_NoMoreComesBackThanTheQuotaPerWindow(uint256 amount, uint256 spend, uint256 elapsed) public {
        amount = bound(amount, 1, type(uint112).max);
        spend = bound(spend, 1, amount);
        elapsed = bound(elapsed, 0, 2 * WINDOW);
        set(TOKEN, amount);
        quota.spend(TOKEN, spend);
        (, uint256 before) = quota.quotaOf(TOKEN);
        vm.warp(START_TIME + elapsed);
        (, uint256 available) = quota.quotaOf(TOKEN);
        vm.assertLe((available - before) * WINDOW, amount * elapsed);
        if (elapsed >= WINDOW) vm.assertEq(available, amount);
    }

    function set(address token, uint256 amount) internal {
        vm.prank(timelock);
        quota.setQuota(token, amount);
    }

    function expect(address token, uint256 amount, uint256 available) internal view {
        (uint256 actualAmount, uint256 actualAvailable) = quota.quotaOf(token);
        vm.assertEq(actualAmount, amount);
        vm.assertEq(actualAvailable, available);
    }

    function refuse(address token, uint256 amount, uint256 available, uint256 retryAt) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IWithdrawalQuota.QuotaExceeded.selector, token, amount, available, retryAt)
        );
        quota.spend(token, amount);
    }

    function retryOf(address token, uint256 amount) internal returns (uint256 retryAt) {
        try quota.spend(token, amount) {
            revert("spent");
        } catch (bytes memory reason) {
            vm.assertEq(reason.length, 132);
            assembly ("memory-safe") {
                retryAt := mload(add(reason, 0x84))
            }
        }
    }
}
