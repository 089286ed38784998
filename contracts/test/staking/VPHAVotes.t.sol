// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {VPHATest} from "./VPHATest.sol";
import {ERC20} from "solady/tokens/ERC20.sol";
import {ERC20Votes} from "solady/tokens/ERC20Votes.sol";

contract VPHAVotesTest is VPHATest {
    bytes32 internal constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 internal constant DELEGATION = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");

    function delegate(address from, address to) internal {
        vm.prank(from);
        vpha.delegate(to);
    }

    function test_TheClockIsTheTime() public {
        vm.assertEq(vpha.clock(), START);
        vm.assertEq(vpha.CLOCK_MODE(), "mode=timestamp");
        pass(5);
        vm.assertEq(vpha.clock(), START + 5);
    }

    function test_OnlyDelegatedSharesVote() public {
        stake(alice, 10 ether);
        vm.assertEq(vpha.getVotes(alice), 0);
        delegate(alice, alice);
        vm.assertEq(vpha.getVotes(alice), 10 ether);
    }

    /// @dev Votes that are there for a moment are not there at any past time.
    function test_FlashStakedVotesDoNotCount() public {
        stake(bob, 10 ether);
        delegate(bob, bob);
        pass(100);
        uint256 snapshot = block.timestamp;
        delegate(alice, alice);
        uint256 shares = stake(alice, 500_000 ether);
        vm.expectRevert(ERC20Votes.ERC5805FutureLookup.selector);
        vpha.getPastVotes(alice, snapshot);
        unstake(alice, shares);
        pass(1);
        vm.assertEq(vpha.getPastVotes(alice, snapshot), 0);
        vm.assertEq(vpha.getPastVotes(bob, snapshot), 10 ether);
        vm.assertEq(vpha.getPastTotalSupply(snapshot), 1010 ether);
    }

    function test_ATicketHasNoVotes() public {
        stake(alice, 10 ether);
        delegate(alice, alice);
        uint256 id = unstake(alice, 4 ether);
        vm.assertEq(vpha.getVotes(alice), 6 ether);
        vm.prank(alice);
        vpha.cancel(id);
        vm.assertEq(vpha.getVotes(alice), 10 ether);
    }

    function test_DelegationCountsOnce() public {
        stake(alice, 10 ether);
        delegate(alice, alice);
        delegate(alice, alice);
        vm.assertEq(vpha.getVotes(alice), 10 ether);
        delegate(alice, bob);
        vm.assertEq(vpha.getVotes(alice), 0);
        vm.assertEq(vpha.getVotes(bob), 10 ether);
        // What moves to another delegator's account counts for their delegate alone.
        stake(bob, 1 ether);
        delegate(bob, alice);
        vm.prank(alice);
        vpha.transfer(bob, 10 ether);
        vm.assertEq(vpha.getVotes(alice), 11 ether);
        vm.assertEq(vpha.getVotes(bob), 0);
    }

    function test_PastVotesStay() public {
        stake(alice, 10 ether);
        delegate(alice, alice);
        for (uint256 i; i < 20; ++i) {
            pass(10);
            stake(alice, 1 ether);
        }
        pass(1);
        for (uint256 i; i < 20; ++i) {
            vm.assertEq(vpha.getPastVotes(alice, START + 10 * i + 5), (10 + i) * 1 ether);
            vm.assertEq(vpha.getPastTotalSupply(START + 10 * i + 5), (1010 + i) * 1 ether);
        }
        vm.assertEq(vpha.getPastVotes(alice, START - 1), 0);
        vm.expectRevert(ERC20Votes.ERC5805FutureLookup.selector);
        vpha.getPastTotalSupply(vm.getBlockTimestamp());
    }

    function test_TakesPermits() public {
        uint256 key = uint256(keccak256("alice"));
        (uint8 v, bytes32 r, bytes32 s) = signed(key, keccak256(abi.encode(PERMIT, alice, bob, 7, 0, START)));
        vpha.permit(alice, bob, 7, START, v, r, s);
        vm.assertEq(vpha.allowance(alice, bob), 7);
        vm.expectRevert(ERC20.InvalidPermit.selector);
        vpha.permit(alice, bob, 7, START, v, r, s);
        pass(1);
        vm.expectRevert(ERC20.PermitExpired.selector);
        vpha.permit(alice, bob, 7, START, v, r, s);
    }

    function test_TakesSignedDelegations() public {
        stake(alice, 10 ether);
        (uint8 v, bytes32 r, bytes32 s) =
            signed(uint256(keccak256("alice")), keccak256(abi.encode(DELEGATION, bob, 0, START)));
        vpha.delegateBySig(bob, 0, START, v, r, s);
        vm.assertEq(vpha.getVotes(bob), 10 ether);
        vm.expectRevert(ERC20Votes.ERC5805DelegateInvalidSignature.selector);
        vpha.delegateBySig(bob, 0, START, v, r, s);
    }

    function signed(uint256 key, bytes32 structHash) internal view returns (uint8, bytes32, bytes32) {
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", vpha.DOMAIN_SEPARATOR(), structHash)));
    }
}
