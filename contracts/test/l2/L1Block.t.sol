// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {IL1Block} from "src/l2/IL1Block.sol";
import {L1Block} from "src/l2/L1Block.sol";

contract L1BlockTest is Test {
    address internal constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;
    L1Block internal l1Block = new L1Block();

    /// @dev The slots are read by provers: their layout is part of the protocol.
    function testFuzz_KeepsTheOriginWhereProversReadIt(
        uint64 number,
        uint64 timestamp,
        uint256 basefee,
        bytes32 hash,
        uint256 blobBaseFee
    ) public {
        vm.prank(SYSTEM);
        l1Block.setL1Origin(number, timestamp, basefee, hash, blobBaseFee);
        vm.assertEq(l1Block.number(), number);
        vm.assertEq(l1Block.timestamp(), timestamp);
        vm.assertEq(l1Block.basefee(), basefee);
        vm.assertEq(l1Block.hash(), hash);
        vm.assertEq(l1Block.blobBaseFee(), blobBaseFee);
        vm.assertEq(vm.load(address(l1Block), 0), bytes32(uint256(number) | uint256(timestamp) << 64));
        vm.assertEq(vm.load(address(l1Block), bytes32(uint256(1))), bytes32(basefee));
        vm.assertEq(vm.load(address(l1Block), bytes32(uint256(2))), hash);
        vm.assertEq(vm.load(address(l1Block), bytes32(uint256(3))), bytes32(blobBaseFee));
    }

    function testFuzz_OnlyTheSystemSetsTheOrigin(address caller) public {
        vm.assume(caller != SYSTEM);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IL1Block.NotSystem.selector, caller, SYSTEM));
        l1Block.setL1Origin(1, 2, 3, 0, 4);
    }

    function test_ThereIsNoL1DataFee() public view {
        vm.assertEq(l1Block.DEPOSITOR_ACCOUNT(), SYSTEM);
        vm.assertEq(l1Block.sequenceNumber(), 0);
        vm.assertEq(l1Block.batcherHash(), 0);
        vm.assertEq(l1Block.baseFeeScalar(), 0);
        vm.assertEq(l1Block.blobBaseFeeScalar(), 0);
    }
}
