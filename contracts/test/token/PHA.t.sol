// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {PHA} from "src/token/PHA.sol";

contract PHATest is Test {
    function test_TheDeployerHoldsAllOfTheFixedSupply() public {
        PHA pha = new PHA();
        vm.assertEq(pha.name(), "Phala");
        vm.assertEq(pha.symbol(), "PHA");
        vm.assertEq(pha.decimals(), 18);
        vm.assertEq(pha.totalSupply(), 1_000_000_000e18);
        vm.assertEq(pha.balanceOf(address(this)), pha.totalSupply());
    }

    function test_TakesPermits() public {
        PHA pha = new PHA();
        uint256 key = uint256(keccak256("owner"));
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                vm.addr(key),
                address(1),
                7,
                0,
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", pha.DOMAIN_SEPARATOR(), structHash)));
        pha.permit(vm.addr(key), address(1), 7, block.timestamp, v, r, s);
        vm.assertEq(pha.allowance(vm.addr(key), address(1)), 7);
    }
}
