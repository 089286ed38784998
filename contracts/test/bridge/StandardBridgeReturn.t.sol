// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {HonestToken, StubbornToken} from "./StandardBridgeTokens.sol";
import {IL2StandardBridge} from "src/l2/IL2StandardBridge.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Deposits that cannot be delivered go back once, and those that can never do.
contract StandardBridgeReturnTest is StandardBridgeTest {
    bytes internal constant EXTRA = "extra";

    function setUp() public override {
        super.setUp();
        vm.prank(alice);
        pha.approve(address(l1Bridge), type(uint256).max);
        collect();
    }

    /// @dev A deposit of alice for a token of L2 that will not have it.
    function depositFor(address l2Token, uint32 minGasLimit) internal {
        vm.prank(alice);
        l1Bridge.bridgeERC20To(address(pha), l2Token, bob, 7 ether, minGasLimit, EXTRA);
        collect();
    }

    function expectReturn(address l2Token) internal {
        bytes32 msgHash = messageHash(deposits[0].data);
        vm.assertTrue(saw(IL2StandardBridge.DepositReturned.selector));
        vm.assertFalse(saw(IL2StandardBridge.DepositFinalized.selector));
        vm.assertTrue(l2Messenger.successfulMessages(msgHash));
        vm.assertEq(withdrawals.length, 1);
        uint256 before = pha.balanceOf(alice);
        finalizeWithdrawals();
        vm.assertEq(pha.balanceOf(alice), before + 7 ether);
        vm.assertEq(l1Bridge.deposits(address(pha), l2Token), 0);
        // Once.
        vm.assertFalse(executeDeposit(0));
        (bool success,) = Predeploys.MESSENGER.call(deposits[0].data);
        vm.assertFalse(success);
        vm.assertEq(withdrawals.length, 0);
    }

    function test_ADepositForATokenWithoutCodeReturns() public {
        depositFor(bob, 0);
        vm.expectEmit(Predeploys.STANDARD_BRIDGE);
        emit IL2StandardBridge.DepositReturned(address(pha), bob, alice, bob, 7 ether);
        vm.assertTrue(executeDeposit(0));
        expectReturn(bob);
    }

    function test_ADepositForAnotherTokensRepresentationReturns() public {
        address other = factory.createOptimismMintableERC20(bob, "Other", "OTH");
        depositFor(other, 0);
        vm.assertTrue(executeDeposit(0));
        expectReturn(other);
        vm.assertEq(IERC20(other).totalSupply(), 0);
    }

    function test_ADepositForATokenOfL2Returns() public {
        address native = address(new HonestToken());
        depositFor(native, 0);
        vm.assertTrue(executeDeposit(0));
        expectReturn(native);
    }

    function test_ADepositForAContractThatIsNoTokenReturns() public {
        depositFor(Predeploys.MESSENGER, 0);
        vm.assertTrue(executeDeposit(0));
        expectReturn(Predeploys.MESSENGER);
    }

    function test_ADepositThatTheTokenRefusesReturns() public {
        StubbornToken token = new StubbornToken(Predeploys.STANDARD_BRIDGE, address(pha));
        token.setMood(StubbornToken.Mood.Reverts);
        depositFor(address(token), 0);
        vm.assertTrue(executeDeposit(0));
        expectReturn(address(token));
    }

    /// @dev Not even a token that burns all the gas it is given keeps a deposit: with much gas it returns.
    function test_ADepositThatAlwaysRunsOutOfGasReturns() public {
        StubbornToken token = new StubbornToken(Predeploys.STANDARD_BRIDGE, address(pha));
        for (uint256 mood = uint256(StubbornToken.Mood.Bomb); mood <= uint256(StubbornToken.Mood.BurnsAllGas); ++mood) {
            token.setMood(StubbornToken.Mood(mood));
            depositFor(address(token), GAS);
            vm.assertTrue(executeDeposit(0));
            vm.assertTrue(failed(messageHash(deposits[0].data)));
            vm.assertEq(withdrawals.length, 0);
            (bool success,) = Predeploys.MESSENGER.call{gas: 2_000_000}(deposits[0].data);
            vm.assertTrue(success);
            collect();
            expectReturn(address(token));
            delete deposits;
        }
    }

    /// @dev Too little gas is no reason to send it back.
    function test_ADepositThatNeedsMoreGasIsReplayed() public {
        StubbornToken token = new StubbornToken(Predeploys.STANDARD_BRIDGE, address(pha));
        token.setMood(StubbornToken.Mood.NeedsMuchGas);
        depositFor(address(token), GAS);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(failed(messageHash(deposits[0].data)));
        replay(Predeploys.MESSENGER, deposits[0].data);
        vm.assertEq(token.balanceOf(bob), 7 ether);
        collect();
        vm.assertEq(withdrawals.length, 0);
    }

    /// @dev With every amount of gas a deposit that can be delivered is delivered or kept, never sent back.
    function test_NoAmountOfGasReturnsAGoodDeposit() public {
        uint256 minted;
        for (uint256 gas = 5000; gas < 700_000; gas += 2503) {
            delete deposits;
            vm.prank(alice);
            l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, 1, 0, EXTRA);
            collect();
            uint256 bought = deposits[0].gasLimit - intrinsicGas(deposits[0].data);
            vm.cool(Predeploys.STANDARD_BRIDGE);
            vm.cool(Predeploys.MESSENGER);
            vm.cool(L2_PHA);
            bool completed = executeDeposit(0, gas);
            vm.assertEq(withdrawals.length, 0);
            if (l2Messenger.successfulMessages(messageHash(deposits[0].data))) minted += 1;
            else vm.assertTrue(gas < bought, "what is paid for delivers");
            vm.assertTrue(completed || gas < bought);
            vm.assertEq(l2Pha.totalSupply(), minted);
            if (completed && failed(messageHash(deposits[0].data))) {
                replay(Predeploys.MESSENGER, deposits[0].data);
                minted += 1;
                vm.assertEq(l2Pha.totalSupply(), minted);
            }
        }
        vm.assertGt(minted, 0);
    }

    /// @dev And one that cannot be is kept or sent back, once.
    function test_NoAmountOfGasReturnsADepositTwice() public {
        for (uint256 gas = 5000; gas < 700_000; gas += 2503) {
            delete deposits;
            delete withdrawals;
            depositFor(bob, 0);
            uint256 bought = deposits[0].gasLimit - intrinsicGas(deposits[0].data);
            vm.cool(Predeploys.STANDARD_BRIDGE);
            vm.cool(Predeploys.MESSENGER);
            vm.cool(Predeploys.MESSAGE_PASSER);
            bool completed = executeDeposit(0, gas);
            bytes32 msgHash = messageHash(deposits[0].data);
            vm.assertEq(withdrawals.length, l2Messenger.successfulMessages(msgHash) ? 1 : 0);
            if (gas >= bought) vm.assertEq(withdrawals.length, 1, "what is paid for returns it");
            if (completed && failed(msgHash)) {
                replay(Predeploys.MESSENGER, deposits[0].data);
                collect();
                vm.assertEq(withdrawals.length, 1);
            }
        }
    }

    function testFuzz_TheBridgeAloneDelivers(address caller) public {
        vm.assume(caller != Predeploys.STANDARD_BRIDGE);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.NotSelf.selector, caller));
        l2Bridge.deliver(L2_PHA, address(pha), caller, 1);
    }
}
