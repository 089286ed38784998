// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {IVPHA} from "src/token/IVPHA.sol";
import {PHA} from "src/token/PHA.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @title VPHATest
/// @notice A VPHA whose operator pool and emission controller are plain accounts, and stakers with PHA.
abstract contract VPHATest is Test {
    uint256 internal constant START = 1_900_000_000;
    uint256 internal constant UNSTAKE_DELAY = 21 days;
    uint256 internal constant REWARD_DURATION = 7 days;

    address internal timelock = account("timelock");
    address internal council = account("council");
    address internal emission = account("emission");
    address internal pool = account("pool");
    address internal alice = account("alice");
    address internal bob = account("bob");

    PHA internal pha;
    VPHA internal vpha;

    function setUp() public virtual {
        vm.warp(START);
        pha = new PHA();
        vpha = deploy(address(pha));
        fund(alice);
        fund(bob);
        fund(emission);
    }

    function vphaConfig(address token) internal view returns (IVPHA.Config memory) {
        return IVPHA.Config({
            pha: token,
            timelock: timelock,
            council: council,
            emission: emission,
            operatorPool: pool,
            unstakeDelay: UNSTAKE_DELAY,
            rewardDuration: REWARD_DURATION
        });
    }

    function deploy(address token) internal returns (VPHA) {
        PHA(token).approve(vm.computeCreateAddress(address(this), vm.getNonce(address(this))), 1000 ether);
        return new VPHA(vphaConfig(token));
    }

    /// @dev A million PHA, which the VPHA may take.
    function fund(address owner) internal {
        pha.transfer(owner, 1_000_000 ether);
        vm.prank(owner);
        pha.approve(address(vpha), type(uint256).max);
    }

    function stake(address owner, uint256 assets) internal returns (uint256) {
        vm.prank(owner);
        return vpha.deposit(assets, owner);
    }

    function unstake(address owner, uint256 shares) internal returns (uint256) {
        vm.prank(owner);
        return vpha.requestUnstake(shares);
    }

    function notify(uint256 assets) internal {
        vm.prank(emission);
        vpha.notifyReward(assets);
    }

    function pass(uint256 elapsed) internal {
        vm.warp(vm.getBlockTimestamp() + elapsed);
    }

    /// @dev Whether the price (A + 1) / (S + 1) is at least that of before.
    function notLower(uint256 assets, uint256 shares, uint256 assetsBefore, uint256 sharesBefore)
        internal
        pure
        returns (bool)
    {
        return (assets + 1) * (sharesBefore + 1) >= (assetsBefore + 1) * (shares + 1);
    }

    /// @dev The call must be refused because of who makes it.
    function refuses(address caller, bytes memory data) internal {
        vm.prank(caller);
        (bool success, bytes memory reason) = address(vpha).call(data);
        vm.assertFalse(success);
        vm.assertEq(reason, abi.encodeWithSelector(IVPHA.NotAllowed.selector, caller));
    }
}
