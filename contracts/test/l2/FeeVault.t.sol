// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {FeeVault} from "src/l2/FeeVault.sol";
import {IFeeVault} from "src/l2/IFeeVault.sol";
import {L2ToL1MessagePasser} from "src/l2/L2ToL1MessagePasser.sol";

contract FeeVaultTest is Test {
    address internal constant MESSAGE_PASSER = 0x4200000000000000000000000000000000000016;
    FeeVault internal vault = new FeeVault();
    address internal treasury = account("treasury");

    /// @dev As a genesis would.
    function configure(address recipient, IFeeVault.WithdrawalNetwork network, uint256 least) internal {
        vm.store(address(vault), 0, bytes32(uint256(uint160(recipient)) | uint256(network) << 160));
        vm.store(address(vault), bytes32(uint256(1)), bytes32(least));
    }

    function test_ReadsWhatTheGenesisWrote() public {
        configure(treasury, IFeeVault.WithdrawalNetwork.L2, 7);
        vm.assertEq(vault.recipient(), treasury);
        vm.assertEq(vault.RECIPIENT(), treasury);
        vm.assertEq(vault.minWithdrawalAmount(), 7);
        vm.assertEq(vault.MIN_WITHDRAWAL_AMOUNT(), 7);
        vm.assertTrue(vault.withdrawalNetwork() == IFeeVault.WithdrawalNetwork.L2);
        vm.assertTrue(vault.WITHDRAWAL_NETWORK() == IFeeVault.WithdrawalNetwork.L2);
    }

    function testFuzz_PaysEverythingOnL2(uint128 balance) public {
        configure(treasury, IFeeVault.WithdrawalNetwork.L2, 0);
        vm.deal(address(vault), balance);
        vm.expectEmit(address(vault));
        emit IFeeVault.Withdrawal(balance, treasury, address(this), IFeeVault.WithdrawalNetwork.L2);
        vm.assertEq(vault.withdraw(), balance);
        vm.assertEq(treasury.balance, balance);
        vm.assertEq(vault.totalProcessed(), balance);
    }

    function test_PaysEverythingThroughTheMessagePasser() public {
        L2ToL1MessagePasser passer = new L2ToL1MessagePasser();
        vm.etch(MESSAGE_PASSER, address(passer).code);
        configure(treasury, IFeeVault.WithdrawalNetwork.L1, 0);
        vm.deal(address(vault), 3 ether);
        vault.withdraw();
        vm.assertEq(MESSAGE_PASSER.balance, 3 ether);
        bytes32 hash = keccak256(abi.encode(uint256(1) << 240, vault, treasury, 3 ether, 400_000, ""));
        vm.assertTrue(L2ToL1MessagePasser(payable(MESSAGE_PASSER)).sentMessages(hash));
    }

    function test_RefusesTooLittle() public {
        configure(treasury, IFeeVault.WithdrawalNetwork.L2, 1 ether);
        vm.deal(address(vault), 1 ether - 1);
        vm.expectRevert(abi.encodeWithSelector(IFeeVault.BalanceTooLow.selector, 1 ether - 1, 1 ether));
        vault.withdraw();
    }

    function test_RefusesWithoutRecipient() public {
        vm.expectRevert(IFeeVault.NoRecipient.selector);
        vault.withdraw();
    }

    function test_KeepsTheFeesIfTheRecipientRefuses() public {
        // This contract takes no ether.
        configure(address(this), IFeeVault.WithdrawalNetwork.L2, 0);
        vm.deal(address(vault), 5);
        vm.expectRevert(abi.encodeWithSelector(IFeeVault.TransferFailed.selector, address(this), 5));
        vault.withdraw();
        vm.assertEq(address(vault).balance, 5);
    }

    function test_TakesFees() public {
        vm.deal(treasury, 1);
        vm.prank(treasury);
        (bool success,) = address(vault).call{value: 1}("");
        vm.assertTrue(success);
    }
}
