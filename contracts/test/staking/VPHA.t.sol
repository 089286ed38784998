// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {VPHATest} from "./VPHATest.sol";
import {ERC20} from "solady/tokens/ERC20.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {Tickets} from "src/staking/Tickets.sol";
import {IVPHA} from "src/token/IVPHA.sol";
import {VPHA} from "src/token/VPHA.sol";

contract VPHAStakeTest is VPHATest {
    function test_StartsWithASeedThatNobodyOwns() public view {
        vm.assertEq(vpha.name(), "Staked Phala");
        vm.assertEq(vpha.symbol(), "vPHA");
        vm.assertEq(vpha.decimals(), 18);
        vm.assertEq(vpha.totalSupply(), 1000 ether);
        vm.assertEq(vpha.totalAssets(), 1000 ether);
        vm.assertEq(vpha.balanceOf(vpha.DEAD()), 1000 ether);
        vm.assertEq(pha.balanceOf(address(vpha)), 1000 ether);
        vm.assertEq(vpha.asset(), address(pha));
        vm.assertEq(vpha.timelock(), timelock);
        vm.assertEq(vpha.council(), council);
        vm.assertEq(vpha.emission(), emission);
        vm.assertEq(vpha.operatorPool(), pool);
        vm.assertEq(vpha.unstakeDelay(), UNSTAKE_DELAY);
        vm.assertEq(vpha.rewardDuration(), REWARD_DURATION);
        vm.assertEq(vpha.rewardRate(), 0);
    }

    function test_RefusesAConfigThatMakesNoSense() public {
        for (uint256 i; i < 5; ++i) {
            IVPHA.Config memory config = vphaConfig(address(pha));
            if (i == 0) config.pha = address(0);
            if (i == 1) config.timelock = address(0);
            if (i == 2) config.unstakeDelay = 365 days + 1;
            if (i == 3) config.rewardDuration = 7 days - 1;
            if (i == 4) config.rewardDuration = 365 days + 1;
            vm.expectRevert(IVPHA.InvalidConfig.selector);
            new VPHA(config);
        }
    }

    function test_DepositGivesSharesAtThePrice() public {
        vm.assertEq(stake(alice, 100 ether), 100 ether);
        notify(1100 ether);
        pass(REWARD_DURATION + 1);
        // 2200 PHA for 1100 shares.
        vm.prank(bob);
        vm.expectEmit(address(vpha));
        emit IVPHA.Deposit(bob, alice, 100 ether, 50 ether);
        vm.assertEq(vpha.deposit(100 ether, alice), 50 ether);
        vm.assertEq(vpha.balanceOf(alice), 150 ether);
        vm.assertEq(vpha.totalAssets(), 2300 ether);
        vm.assertEq(pha.balanceOf(bob), 999_900 ether);
    }

    function test_MintTakesTheCostRoundedUp() public {
        notify(1 ether);
        pass(REWARD_DURATION + 1);
        uint256 cost = vpha.previewMint(100);
        vm.assertEq(cost, 101);
        vm.prank(alice);
        vm.assertEq(vpha.mint(100, bob), cost);
        vm.assertEq(vpha.balanceOf(bob), 100);
        vm.assertEq(pha.balanceOf(alice), 1_000_000 ether - cost);
    }

    function test_WhatRoundsToNothingIsRefused() public {
        notify(1000 ether);
        pass(REWARD_DURATION + 1);
        vm.prank(alice);
        vm.expectRevert(IVPHA.NothingMoved.selector);
        vpha.deposit(0, alice);
        vm.prank(alice);
        vm.expectRevert(IVPHA.NothingMoved.selector);
        vpha.deposit(1, alice);
        vm.prank(alice);
        vm.expectRevert(IVPHA.NothingMoved.selector);
        vpha.mint(0, alice);
        vm.prank(alice);
        vm.expectRevert(IVPHA.NothingMoved.selector);
        vpha.requestUnstake(0);
    }

    function test_AmountsBeyondAllPhaAreRefused() public {
        vm.prank(alice);
        vm.expectRevert(SafeCastLib.Overflow.selector);
        vpha.deposit(1 << 96, alice);
        vm.prank(alice);
        vm.expectRevert(SafeCastLib.Overflow.selector);
        vpha.mint(1 << 96, alice);
        vm.prank(alice);
        vm.expectRevert(SafeCastLib.Overflow.selector);
        vpha.requestUnstake(1 << 96);
    }

    function test_WhatTheCallerDoesNotHaveIsRefused() public {
        vm.prank(alice);
        vm.expectRevert(SafeTransferLib.TransferFromFailed.selector);
        vpha.deposit(1_000_001 ether, alice);
        stake(alice, 1 ether);
        vm.prank(alice);
        vm.expectRevert(ERC20.InsufficientBalance.selector);
        vpha.requestUnstake(1 ether + 1);
    }

    function test_NothingBelongsToTheZeroAddress() public {
        vm.prank(alice);
        vm.expectRevert(IVPHA.ZeroReceiver.selector);
        vpha.deposit(1 ether, address(0));
        stake(alice, 1 ether);
        vm.prank(alice);
        vm.expectRevert(IVPHA.ZeroReceiver.selector);
        vpha.transfer(address(0), 1);
        vm.prank(alice);
        vpha.approve(bob, 1);
        vm.prank(bob);
        vm.expectRevert(IVPHA.ZeroReceiver.selector);
        vpha.transferFrom(alice, address(0), 1);
    }

    function test_TransfersMoveShares() public {
        stake(alice, 3 ether);
        vm.prank(alice);
        vpha.transfer(bob, 1 ether);
        vm.prank(alice);
        vpha.approve(address(this), 1 ether);
        vpha.transferFrom(alice, bob, 1 ether);
        vm.assertEq(vpha.balanceOf(bob), 2 ether);
        vm.expectRevert(ERC20.InsufficientAllowance.selector);
        vpha.transferFrom(alice, bob, 1);
    }

    /// @dev The Permit2 contract is given nothing by itself.
    function test_NobodyHasAnAllowanceByItself() public view {
        vm.assertEq(vpha.allowance(alice, 0x000000000022D473030F116dDEE9F6B43aC78BA3), 0);
    }

    /// @dev The first to come after the seed gains nothing by staking little and sending much.
    function testFuzz_TheFirstStakerCannotInflateThePrice(uint256 own, uint256 gift, uint256 victim) public {
        own = bound(own, 1, 1000 ether);
        gift = bound(gift, 0, 900_000 ether);
        victim = bound(victim, 1, 1_000_000 ether);
        stake(alice, own);
        vm.prank(alice);
        pha.transfer(address(vpha), gift);
        uint256 shares = stake(bob, victim);
        vm.assertEq(shares, victim);
        vm.assertEq(vpha.convertToAssets(shares), victim);
    }

    function test_GiftsMoveNothing() public {
        stake(alice, 1 ether);
        pha.transfer(address(vpha), 5 ether);
        vm.assertEq(vpha.totalAssets(), 1001 ether);
        vm.assertEq(vpha.convertToAssets(1 ether), 1 ether);
        vpha.accrue();
        vm.assertEq(vpha.totalAssets(), 1001 ether);
    }

    function testFuzz_ARoundTripInOneBlockNeverProfits(uint256 reward, uint256 assets, uint256 elapsed) public {
        stake(bob, 12_345 ether);
        notify(bound(reward, 1 ether, 500_000 ether));
        pass(bound(elapsed, 1, 8 days));
        assets = bound(assets, 1000, 1_000_000 ether);
        uint256 shares = stake(alice, assets);
        uint256 id = unstake(alice, shares);
        (uint256[] memory ids, uint256[] memory promised,) = vpha.tickets(alice);
        vm.assertEq(ids[0], id);
        vm.assertLe(promised[0], assets);
        // And neither does taking the ticket back.
        vm.prank(alice);
        vm.assertLe(vpha.cancel(id), shares);
    }

    function testFuzz_PreviewsTellWhatHappens(uint256 reward, uint256 amount) public {
        notify(bound(reward, 1 ether, 500_000 ether));
        pass(3 days);
        amount = bound(amount, 1000, 1000 ether);
        uint256 expected = vpha.previewDeposit(amount);
        vm.assertEq(vpha.convertToShares(amount), expected);
        vm.assertEq(stake(alice, amount), expected);
        uint256 cost = vpha.previewMint(amount);
        vm.prank(bob);
        vm.assertEq(vpha.mint(amount, bob), cost);
        uint256 promised = vpha.previewRedeem(expected);
        vm.assertEq(vpha.convertToAssets(expected), promised);
        vm.assertLe(vpha.previewWithdraw(promised), expected);
        vm.assertGe(vpha.previewRedeem(vpha.previewWithdraw(promised)), promised);
        unstake(alice, expected);
        vm.assertEq(vpha.unstaking(), promised);
        vm.assertEq(vpha.maxWithdraw(alice), 0);
        vm.assertEq(vpha.maxRedeem(alice), 0);
    }

    /// @dev To the last wei, at amounts that tell the virtual share apart.
    function testFuzz_ConversionsAreTheFormulas(uint256 amount, uint256 reward) public {
        notify(bound(reward, 1 ether, 500_000 ether));
        pass(REWARD_DURATION + 1);
        amount = bound(amount, 1e24, 1e27);
        (uint256 shares, uint256 assets) = (vpha.totalSupply() + 1, vpha.totalAssets() + 1);
        vm.assertEq(vpha.convertToShares(amount), amount * shares / assets);
        vm.assertEq(vpha.previewDeposit(amount), amount * shares / assets);
        vm.assertEq(vpha.previewWithdraw(amount), (amount * shares + assets - 1) / assets);
        vm.assertEq(vpha.convertToAssets(amount), amount * assets / shares);
        vm.assertEq(vpha.previewRedeem(amount), amount * assets / shares);
        vm.assertEq(vpha.previewMint(amount), (amount * assets + shares - 1) / shares);
    }

    function test_MaximaAreWhatFitsAndNothingWhilePaused() public {
        vm.assertEq(vpha.maxDeposit(alice), type(uint96).max - 1000 ether);
        vm.assertEq(vpha.maxMint(alice), type(uint96).max - 1000 ether);
        vm.prank(council);
        vpha.pause();
        vm.assertEq(vpha.maxDeposit(alice), 0);
        vm.assertEq(vpha.maxMint(alice), 0);
    }
}

contract VPHATicketTest is VPHATest {
    function setUp() public override {
        super.setUp();
        stake(alice, 1000 ether);
    }

    function test_ATicketPaysItsAmountWhenItsTimeHasCome() public {
        vm.prank(alice);
        vm.expectEmit(address(vpha));
        emit IVPHA.UnstakeRequested(alice, 32, 400 ether, 400 ether, START + UNSTAKE_DELAY);
        uint256 id = vpha.requestUnstake(400 ether);
        vm.assertEq(vpha.balanceOf(alice), 600 ether);
        vm.assertEq(vpha.totalAssets(), 1600 ether);
        vm.assertEq(vpha.unstaking(), 400 ether);

        pass(UNSTAKE_DELAY - 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TicketLocked.selector, id, START + UNSTAKE_DELAY));
        vpha.claim(id);
        pass(1);
        vm.prank(alice);
        vm.expectEmit(address(vpha));
        emit IVPHA.Claimed(alice, id, 400 ether);
        vm.assertEq(vpha.claim(id), 400 ether);
        vm.assertEq(pha.balanceOf(alice), 999_400 ether);
        vm.assertEq(vpha.unstaking(), 0);

        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Tickets.NoSuchTicket.selector, id));
        vpha.claim(id);
    }

    function test_ATicketIsItsOwnersAlone() public {
        uint256 id = unstake(alice, 1 ether);
        pass(UNSTAKE_DELAY);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(Tickets.NoSuchTicket.selector, id));
        vpha.claim(id);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(Tickets.NoSuchTicket.selector, id));
        vpha.cancel(id);
    }

    function test_ThereIsNoTicketZeroNorOneOfAnotherSerial() public {
        uint256 id = unstake(alice, 1 ether);
        uint256[3] memory wrong = [uint256(0), id - 32, id + 32];
        for (uint256 i; i < 3; ++i) {
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(Tickets.NoSuchTicket.selector, wrong[i]));
            vpha.cancel(wrong[i]);
        }
    }

    function test_AtMost32TicketsAreOpen() public {
        uint256[] memory given = new uint256[](32);
        for (uint256 i; i < 32; ++i) {
            given[i] = unstake(alice, 1 ether);
        }
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Tickets.TooManyTickets.selector, 32));
        vpha.requestUnstake(1 ether);
        // Others have their own places.
        stake(bob, 1 ether);
        unstake(bob, 1 ether);

        vm.prank(alice);
        vpha.cancel(given[7]);
        uint256 id = unstake(alice, 2 ether);
        vm.assertEq(id % 32, 7);
        vm.assertTrue(id != given[7]);
        (uint256[] memory ids, uint256[] memory assets, uint256[] memory unlockAt) = vpha.tickets(alice);
        vm.assertEq(ids.length, 32);
        vm.assertEq(ids[7], id);
        vm.assertEq(assets[7], 2 ether);
        vm.assertEq(ids[31], given[31]);
        vm.assertEq(unlockAt[31], START + UNSTAKE_DELAY);
    }

    /// @dev What rewards do later is not the ticket's.
    function test_ATicketEarnsNothing() public {
        uint256 id = unstake(alice, 1000 ether);
        notify(500 ether);
        pass(UNSTAKE_DELAY);
        vm.assertEq(vpha.totalAssets(), 1500 ether);
        vm.prank(alice);
        vm.assertEq(vpha.claim(id), 1000 ether);
    }

    function test_CancellingStakesAgainAtTodaysPrice() public {
        uint256 id = unstake(alice, 1000 ether);
        notify(1000 ether);
        pass(REWARD_DURATION + 1);
        // 2000 PHA for the seed's 1000 shares.
        vm.prank(alice);
        vm.expectEmit(address(vpha));
        emit IVPHA.UnstakeCancelled(alice, id, 1000 ether, 500 ether);
        vm.assertEq(vpha.cancel(id), 500 ether);
        vm.assertEq(vpha.unstaking(), 0);
        vm.assertEq(vpha.totalAssets(), 3000 ether);
        (uint256[] memory ids,,) = vpha.tickets(alice);
        vm.assertEq(ids.length, 0);
    }

    function test_CancellingDustThatIsWorthNoShareIsRefused() public {
        uint256 id = unstake(alice, 1);
        notify(100_000 ether);
        pass(REWARD_DURATION + 1);
        vm.prank(alice);
        vm.expectRevert(IVPHA.NothingMoved.selector);
        vpha.cancel(id);
        pass(UNSTAKE_DELAY);
        vm.prank(alice);
        vm.assertEq(vpha.claim(id), 1);
    }

    function test_APauseStopsDepositsAlone() public {
        uint256 first = unstake(alice, 100 ether);
        vm.prank(council);
        vm.expectEmit(address(vpha));
        emit IVPHA.Paused(council);
        vpha.pause();
        vm.assertTrue(vpha.paused());
        vm.prank(bob);
        vm.expectRevert(IVPHA.DepositsPaused.selector);
        vpha.deposit(1 ether, bob);
        vm.prank(bob);
        vm.expectRevert(IVPHA.DepositsPaused.selector);
        vpha.mint(1 ether, bob);

        notify(100 ether);
        uint256 second = unstake(alice, 100 ether);
        vm.prank(alice);
        vpha.cancel(second);
        vm.prank(alice);
        vpha.transfer(bob, 1 ether);
        pass(UNSTAKE_DELAY);
        vm.prank(alice);
        vpha.claim(first);

        vm.prank(timelock);
        vm.expectEmit(address(vpha));
        emit IVPHA.Unpaused(timelock);
        vpha.unpause();
        stake(bob, 1 ether);
    }

    function test_OnlyCouncilAndTimelockPauseAndOnlyTheTimelockEndsIt() public {
        refuses(alice, abi.encodeCall(vpha.pause, ()));
        refuses(alice, abi.encodeCall(vpha.unpause, ()));
        refuses(council, abi.encodeCall(vpha.unpause, ()));
        vm.prank(timelock);
        vpha.pause();
        vm.assertTrue(vpha.paused());
    }
}

contract VPHARewardTest is VPHATest {
    function test_RewardsStream() public {
        vm.prank(emission);
        vm.expectEmit(address(vpha));
        emit IVPHA.RewardNotified(604_800 ether, 1 ether);
        vpha.notifyReward(604_800 ether);
        vm.assertEq(vpha.totalAssets(), 1000 ether);
        vm.assertEq(vpha.unstreamed(), 604_800 ether);
        pass(100);
        vm.assertEq(vpha.totalAssets(), 1100 ether);
        vpha.accrue();
        vm.assertEq(vpha.totalAssets(), 1100 ether);
        vm.assertEq(vpha.unstreamed(), 604_700 ether);
        pass(REWARD_DURATION);
        vm.assertEq(vpha.totalAssets(), 605_800 ether);
        vm.assertEq(vpha.unstreamed(), 0);
        pass(1 days);
        vm.assertEq(vpha.totalAssets(), 605_800 ether);
    }

    /// @dev What was not streamed yet is streamed anew with the next reward.
    function test_TheNextRewardTakesTheRestAlong() public {
        notify(604_800 ether);
        pass(REWARD_DURATION / 2);
        notify(302_400 ether);
        vm.assertEq(vpha.rewardRate(), 1 ether);
        vm.assertEq(vpha.unstreamed(), 604_800 ether);
        pass(REWARD_DURATION);
        vm.assertEq(vpha.totalAssets(), 1000 ether + 907_200 ether);
    }

    function testFuzz_HowOftenOneLooksDoesNotMatter(uint256 reward, uint256[8] memory steps) public {
        reward = bound(reward, REWARD_DURATION, 1_000_000 ether);
        notify(reward);
        uint256 elapsed;
        for (uint256 i; i < steps.length; ++i) {
            uint256 step = bound(steps[i], 0, 2 days);
            pass(step);
            vpha.accrue();
            elapsed += step;
        }
        uint256 due = vpha.rewardRate() * elapsed;
        vm.assertEq(vpha.totalAssets(), 1000 ether + (due < reward ? due : reward));
        vm.assertEq(vpha.totalAssets() + vpha.unstreamed(), 1000 ether + reward);
    }

    /// @dev Who comes for the reward alone gets what streams while they are there, in proportion.
    function test_ComingJustInTimeGainsNothing() public {
        stake(bob, 99_000 ether);
        stake(alice, 900_000 ether);
        notify(10_000 ether);
        uint256 id = unstake(alice, 900_000 ether);
        (, uint256[] memory assets,) = vpha.tickets(alice);
        vm.assertEq(assets[0], 900_000 ether);
        pass(UNSTAKE_DELAY);
        vm.prank(alice);
        vpha.claim(id);
        vm.assertEq(pha.balanceOf(alice), 1_000_000 ether);
        vm.assertEq(vpha.convertToAssets(99_000 ether), 108_900 ether - 1);
    }

    function test_OnlyTheEmissionControllerNotifies() public {
        refuses(alice, abi.encodeCall(vpha.notifyReward, (1 ether)));
        refuses(timelock, abi.encodeCall(vpha.notifyReward, (1 ether)));
    }

    function test_ARewardThatIsNotThereIsRefused() public {
        vm.prank(emission);
        vm.expectRevert(SafeTransferLib.TransferFromFailed.selector);
        vpha.notifyReward(1_000_001 ether);
    }

    function test_ARewardBelowOneWeiASecondIsRefused() public {
        vm.prank(emission);
        vm.expectRevert(abi.encodeWithSelector(IVPHA.RewardTooSmall.selector, REWARD_DURATION - 1, REWARD_DURATION));
        vpha.notifyReward(REWARD_DURATION - 1);
    }
}

contract VPHASeizureTest is VPHATest {
    function setUp() public override {
        super.setUp();
        stake(alice, 3000 ether);
        notify(2000 ether);
        pass(REWARD_DURATION);
        vm.prank(alice);
        vpha.transfer(pool, 1000 ether);
    }

    function test_ASeizurePaysOutWhatItBurns() public {
        uint256 assets = vpha.convertToAssets(1000 ether);
        uint256 price = vpha.convertToAssets(1 ether);
        vm.prank(pool);
        vm.expectEmit(address(vpha));
        emit IVPHA.Seized(bob, 1000 ether, assets);
        vm.assertEq(vpha.seize(1000 ether, bob), assets);
        vm.assertEq(pha.balanceOf(bob), 1_000_000 ether + assets);
        vm.assertEq(vpha.totalSupply(), 3000 ether);
        vm.assertEq(vpha.convertToAssets(1 ether), price);
    }

    function test_ASeizureOfNothingMovesNothing() public {
        vm.prank(pool);
        vm.assertEq(vpha.seize(0, bob), 0);
        vm.assertEq(pha.balanceOf(bob), 1_000_000 ether);
    }

    function test_OnlyThePoolSeizesAndOnlyOfItsOwn() public {
        refuses(alice, abi.encodeCall(vpha.seize, (1, alice)));
        refuses(timelock, abi.encodeCall(vpha.seize, (1, timelock)));
        vm.prank(pool);
        vm.expectRevert(ERC20.InsufficientBalance.selector);
        vpha.seize(1000 ether + 1, bob);
    }

    function testFuzz_NothingLowersThePrice(uint256 amount) public {
        (uint256 assets, uint256 shares) = (vpha.totalAssets(), vpha.totalSupply());
        vm.prank(pool);
        vpha.seize(bound(amount, 0, 1000 ether), bob);
        vm.assertTrue(notLower(vpha.totalAssets(), vpha.totalSupply(), assets, shares));
        (assets, shares) = (vpha.totalAssets(), vpha.totalSupply());
        unstake(alice, bound(amount, 1, 1000 ether));
        vm.assertTrue(notLower(vpha.totalAssets(), vpha.totalSupply(), assets, shares));
        (assets, shares) = (vpha.totalAssets(), vpha.totalSupply());
        stake(bob, bound(amount, 10, 1000 ether));
        vm.assertTrue(notLower(vpha.totalAssets(), vpha.totalSupply(), assets, shares));
    }
}
