// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {IWETH9} from "src/l2/IWETH9.sol";
import {WETH9} from "src/l2/WETH9.sol";

contract WETH9Test is Test {
    WETH9 internal weth = new WETH9();
    address internal alice = account("alice");
    address internal bob = account("bob");

    function setUp() public {
        vm.deal(alice, 100 ether);
    }

    function deposit(uint256 wad) internal {
        vm.prank(alice);
        weth.deposit{value: wad}();
    }

    function test_AnswersAsEthereumsDoes() public view {
        vm.assertEq(weth.name(), "Wrapped Ether");
        vm.assertEq(weth.symbol(), "WETH");
        vm.assertEq(weth.decimals(), 18);
    }

    function testFuzz_WrapsAndUnwraps(uint256 wad, uint256 back) public {
        wad = bound(wad, 0, 100 ether);
        back = bound(back, 0, wad);
        vm.expectEmit(address(weth));
        emit IWETH9.Deposit(alice, wad);
        deposit(wad);
        vm.assertEq(weth.balanceOf(alice), wad);
        vm.assertEq(weth.totalSupply(), wad);
        vm.expectEmit(address(weth));
        emit IWETH9.Withdrawal(alice, back);
        vm.prank(alice);
        weth.withdraw(back);
        vm.assertEq(weth.balanceOf(alice), wad - back);
        vm.assertEq(alice.balance, 100 ether - wad + back);
    }

    function test_PlainEtherIsWrapped() public {
        vm.prank(alice);
        (bool success,) = address(weth).call{value: 1 ether}("");
        vm.assertTrue(success);
        vm.assertEq(weth.balanceOf(alice), 1 ether);
    }

    function testFuzz_Transfers(uint256 wad) public {
        deposit(100 ether);
        wad = bound(wad, 0, 100 ether);
        vm.expectEmit(address(weth));
        emit IWETH9.Transfer(alice, bob, wad);
        vm.prank(alice);
        vm.assertTrue(weth.transfer(bob, wad));
        vm.assertEq(weth.balanceOf(alice), 100 ether - wad);
        vm.assertEq(weth.balanceOf(bob), wad);
    }

    function test_TransfersToOneself() public {
        deposit(1 ether);
        vm.prank(alice);
        weth.transfer(alice, 1 ether);
        vm.assertEq(weth.balanceOf(alice), 1 ether);
    }

    function testFuzz_AllowancesAreUsedUp(uint256 allowed, uint256 wad) public {
        deposit(100 ether);
        wad = bound(wad, 0, 100 ether);
        allowed = bound(allowed, wad, type(uint256).max);
        vm.expectEmit(address(weth));
        emit IWETH9.Approval(alice, bob, allowed);
        vm.prank(alice);
        weth.approve(bob, allowed);
        vm.prank(bob);
        weth.transferFrom(alice, bob, wad);
        vm.assertEq(weth.allowance(alice, bob), allowed == type(uint256).max ? allowed : allowed - wad);
        vm.assertEq(weth.balanceOf(bob), wad);
    }

    function testFuzz_RefusesMoreThanThereIs(uint256 wad) public {
        deposit(1 ether);
        wad = bound(wad, 1 ether + 1, type(uint256).max);
        bytes memory refusal = abi.encodeWithSelector(IWETH9.BalanceTooLow.selector, alice, 1 ether, wad);
        vm.prank(alice);
        vm.expectRevert(refusal);
        weth.transfer(bob, wad);
        vm.prank(alice);
        vm.expectRevert(refusal);
        weth.withdraw(wad);
        vm.prank(alice);
        weth.approve(bob, wad - 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IWETH9.AllowanceTooLow.selector, bob, wad - 1, wad));
        weth.transferFrom(alice, bob, wad);
    }

    function test_KeepsTheEtherOfOneWhoRefusesIt() public {
        // This contract takes no ether.
        weth.deposit{value: 1}();
        vm.expectRevert(abi.encodeWithSelector(IWETH9.TransferFailed.selector, address(this), 1));
        weth.withdraw(1);
        vm.assertEq(weth.balanceOf(address(this)), 1);
    }

    /// @dev A function that it lacks is no deposit of nothing.
    function test_LacksPermit() public {
        (bool success,) = address(weth).call(abi.encodeWithSignature("permit(address,address,uint256)", alice, bob, 1));
        vm.assertFalse(success);
    }
}
