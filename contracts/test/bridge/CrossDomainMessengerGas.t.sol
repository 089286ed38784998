// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessengerTest, Receiver} from "./CrossDomainMessengerTest.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Target whose fallback only notes the gas that it got.
contract GasGauge {
    uint256 public gas;

    fallback() external payable {
        gas = gasleft();
    }

    receive() external payable {
        gas = gasleft();
    }
}

/// @notice No gas loses a message, and each has what it asked for.
contract CrossDomainMessengerGasTest is CrossDomainMessengerTest {
    /// @dev With every amount of gas a message is delivered with all the gas it asked for, or kept, or nothing happened; and
    /// with the gas that `baseGas` buys it is one of the first two.
    function test_NoAmountOfGasLosesAMessage() public {
        sweep(0, 100_000);
        sweep(500, 0);
        sweep(5000, 1_000_000);
    }

    function sweep(uint256 length, uint32 minGasLimit) internal {
        GasGauge gauge = new GasGauge();
        bool delivered;
        for (uint256 gas = 5000; gas < 450_000 + uint256(minGasLimit) + length * 20; gas += 9973) {
            bool now_ = this.relayWith(gas, gauge, length, minGasLimit);
            vm.assertTrue(now_ || !delivered, "more gas is never worse");
            delivered = now_;
        }
        vm.assertTrue(delivered);
    }

    /// @dev Whether a message is delivered with this gas. A call of its own, whose memory is free again afterwards.
    function relayWith(uint256 gas, GasGauge gauge, uint256 length, uint32 minGasLimit) external returns (bool) {
        delete deposits;
        bytes32 msgHash = send(address(gauge), 1, new bytes(length), minGasLimit);
        uint256 bought = deposits[0].gasLimit - intrinsicGas(deposits[0].data);
        vm.cool(Predeploys.MESSENGER);
        vm.cool(address(gauge));
        bool completed = executeDeposit(0, gas);
        vm.assertTrue(completed || gas < bought, "what was paid for is enough");
        if (l2Messenger.successfulMessages(msgHash)) {
            vm.assertGe(gauge.gas() + 100, minGasLimit, "the gas asked for");
            return true;
        }
        vm.assertTrue(gas < bought, "what was paid for delivers");
        vm.assertTrue(completed == failed(msgHash), "kept, or nothing happened");
        if (completed) {
            uint256 before = address(gauge).balance;
            replay(Predeploys.MESSENGER, deposits[0].data);
            vm.assertTrue(l2Messenger.successfulMessages(msgHash));
            vm.assertEq(address(gauge).balance, before + 1);
        }
        return false;
    }

    /// @dev The same on L1, where the portal passes on what `baseGas` asked for.
    function test_NoAmountOfGasLosesAMessageOnL1() public {
        GasGauge gauge = new GasGauge();
        for (uint256 gas = 5000; gas < 500_000; gas += 4999) {
            bytes32 msgHash = sendUp(address(gauge), 1, "hello", 100_000);
            Withdrawal memory w = withdrawals[withdrawals.length - 1];
            vm.cool(address(l1Messenger));
            vm.cool(address(gauge));
            bool completed = portal.finalize(w.sender, w.target, w.value, gas, w.data);
            collect();
            vm.assertTrue(completed || gas < w.gasLimit);
            if (!completed) {
                vm.assertFalse(l1Messenger.failedMessages(msgHash) || l1Messenger.successfulMessages(msgHash));
            } else if (l1Messenger.successfulMessages(msgHash)) {
                vm.assertGe(gauge.gas() + 100, 100_000);
            } else {
                vm.assertTrue(gas < w.gasLimit);
                replay(address(l1Messenger), w.data);
                vm.assertTrue(l1Messenger.successfulMessages(msgHash));
            }
        }
    }

    /// @dev The longest message that the portal takes arrives with its gas as well.
    function test_ALongMessageArrives() public {
        GasGauge gauge = new GasGauge();
        bytes memory message = new bytes(119_000);
        for (uint256 i = 0; i < message.length; ++i) {
            message[i] = 0xff;
        }
        bytes32 msgHash = send(address(gauge), 0, message, 2_000_000);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(l2Messenger.successfulMessages(msgHash));
        vm.assertGe(gauge.gas() + 100, 2_000_000);
    }

    /// @dev What a target returns costs the messenger nothing.
    function testFuzz_ReturnBombsDoNothing(uint256 size, bool reverts) public {
        onL2.bomb(bound(size, 1000, 1_000_000));
        onL2.refuse(reverts, "");
        bytes32 msgHash = send(address(onL2), 0, "hello", 3_000_000);
        vm.assertTrue(executeDeposit(0));
        vm.assertTrue(reverts ? failed(msgHash) : l2Messenger.successfulMessages(msgHash));

        Receiver onL1 = new Receiver(l1Messenger);
        onL1.bomb(bound(size, 1000, 1_000_000));
        onL1.refuse(reverts, "");
        msgHash = sendUp(address(onL1), 0, "hello", 3_000_000);
        vm.assertTrue(finalizeWithdrawal(0));
        vm.assertTrue(reverts ? failed(l1Messenger, msgHash) : l1Messenger.successfulMessages(msgHash));
    }
}
