// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {VPHATest} from "./VPHATest.sol";
import {PHA} from "src/token/PHA.sol";

/// @notice A token that calls somebody whenever it moves, as PHA does not.
contract CallingToken is PHA {
    Attacker internal attacker;

    function arm(Attacker attacker_) external {
        attacker = attacker_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (address(attacker) != address(0)) attacker.onMove();
    }
}

/// @notice Does one more thing in the middle of another.
contract Attacker {
    address internal target;
    bytes internal call;
    bool public called;
    bool public succeeded;

    function act(address target_, bytes calldata first, bytes calldata second) external returns (bool success) {
        (target, call) = (target_, second);
        (success,) = target_.call(first);
    }

    function approve(PHA token, address spender) external {
        token.approve(spender, type(uint256).max);
    }

    function onMove() external {
        if (called || target == address(0)) return;
        called = true;
        (succeeded,) = target.call(call);
    }
}

/// @notice Even with a token that calls back nothing can be had twice.
contract ReentrancyTest is VPHATest {
    Attacker internal attacker;

    function setUp() public override {
        vm.warp(START);
        pha = new CallingToken();
        vpha = deploy(address(pha));
        fund(alice);
        attacker = new Attacker();
        pha.transfer(address(attacker), 1000 ether);
        attacker.approve(pha, address(vpha));
        stake(alice, 1000 ether);
        CallingToken(address(pha)).arm(attacker);
    }

    function test_ClaimingWithinAClaim() public {
        attacker.act(address(vpha), abi.encodeCall(vpha.deposit, (100 ether, address(attacker))), "");
        attacker.act(address(vpha), abi.encodeCall(vpha.requestUnstake, (100 ether)), "");
        pass(UNSTAKE_DELAY);
        CallingToken(address(pha)).arm(attacker);
        Attacker fresh = attacker;
        bytes memory claim = abi.encodeCall(vpha.claim, (32));
        vm.assertTrue(fresh.act(address(vpha), claim, claim));
        vm.assertFalse(fresh.succeeded());
        vm.assertEq(pha.balanceOf(address(attacker)), 1000 ether);
        solvent();
    }

    function test_LeavingWithinADeposit() public {
        bytes memory enter = abi.encodeCall(vpha.deposit, (100 ether, address(attacker)));
        vm.assertTrue(attacker.act(address(vpha), enter, abi.encodeCall(vpha.requestUnstake, (100 ether))));
        vm.assertTrue(attacker.succeeded());
        (, uint256[] memory assets,) = vpha.tickets(address(attacker));
        vm.assertEq(assets[0], 100 ether);
        vm.assertEq(pha.balanceOf(address(attacker)), 900 ether);
        solvent();
    }

    function test_DepositingWithinADeposit() public {
        bytes memory enter = abi.encodeCall(vpha.deposit, (100 ether, address(attacker)));
        vm.assertTrue(attacker.act(address(vpha), enter, enter));
        vm.assertTrue(attacker.succeeded());
        vm.assertEq(vpha.balanceOf(address(attacker)), 200 ether);
        vm.assertEq(pha.balanceOf(address(attacker)), 800 ether);
        solvent();
    }

    function solvent() internal view {
        vm.assertEq(pha.balanceOf(address(vpha)), vpha.totalAssets() + vpha.unstaking() + vpha.unstreamed(), "solvent");
    }
}
