// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {Vm} from "../base/Vm.sol";
import {CouncilPause} from "src/bridge/CouncilPause.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {L1CrossDomainMessenger} from "src/bridge/L1CrossDomainMessenger.sol";
import {L1StandardBridge} from "src/bridge/L1StandardBridge.sol";
import {IMessagePasser} from "src/l2/IMessagePasser.sol";
import {IOptimismMintableERC20Factory} from "src/l2/IOptimismMintableERC20Factory.sol";
import {L2CrossDomainMessenger} from "src/l2/L2CrossDomainMessenger.sol";
import {L2PHA} from "src/l2/L2PHA.sol";
import {L2StandardBridge} from "src/l2/L2StandardBridge.sol";
import {Predeploys} from "src/l2/Predeploys.sol";
import {PHA} from "src/token/PHA.sol";

/// @notice What the messenger sees of the portal: deposits go out as events, and withdrawals come in without a proof.
contract FakePortal {
    address internal constant NOBODY = 0x000000000000000000000000000000000000dEaD;
    uint160 internal constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);

    CouncilPause internal immutable pause;
    address public l2Sender = NOBODY;
    bool public inConflict;

    constructor(CouncilPause pause_) {
        pause = pause_;
    }

    function setConflict(bool value) external {
        inConflict = value;
    }

    function paused() external view returns (bool) {
        return inConflict || block.timestamp < pause.withdrawalsPausedUntil();
    }

    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
    {
        require(block.timestamp >= pause.depositsPausedUntil(), IPortal.Paused(pause.depositsPausedUntil()));
        address from;
        unchecked {
            from = address(uint160(msg.sender) + ALIAS_OFFSET);
        }
        emit IPortal.TransactionDeposited(from, to, 0, abi.encodePacked(msg.value, value, gasLimit, isCreation, data));
    }

    /// @dev As the portal finalises: what exceeds a quota reverts, any other failure is the end of the withdrawal.
    function finalize(address sender, address target, uint256 value, uint256 gasLimit, bytes calldata data)
        external
        returns (bool success)
    {
        require(l2Sender == NOBODY, IPortal.Reentered());
        l2Sender = sender;
        bytes memory returned;
        (success, returned) = target.call{value: value, gas: gasLimit}(data);
        l2Sender = NOBODY;
        if (!success && bytes4(returned) == IWithdrawalQuota.QuotaExceeded.selector) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }
}

/// @title StandardBridgeTest
/// @notice L1 and L2 in one process: the contracts of both sides, and the ways between them taken by hand.
abstract contract StandardBridgeTest is Test {
    struct Deposit {
        address from;
        address to;
        uint256 mint;
        uint256 value;
        uint64 gasLimit;
        bytes data;
    }

    struct Withdrawal {
        address sender;
        address target;
        uint256 value;
        uint256 gasLimit;
        bytes data;
    }

    address internal constant LEGACY_ETH = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;
    address internal constant L2_PHA = 0x4200000000000000000000000000000000000042;
    address internal constant FACTORY = 0x4200000000000000000000000000000000000012;
    uint160 internal constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);
    uint256 internal constant WINDOW = 1 days;
    uint32 internal constant GAS = 200_000;

    address internal council = account("council");
    address internal timelock = account("timelock");
    address internal alice = account("alice");
    address internal bob = account("bob");

    CouncilPause internal pause;
    FakePortal internal portal;
    L1CrossDomainMessenger internal l1Messenger;
    L1StandardBridge internal l1Bridge;
    PHA internal pha;

    L2CrossDomainMessenger internal constant l2Messenger = L2CrossDomainMessenger(Predeploys.MESSENGER);
    L2StandardBridge internal constant l2Bridge = L2StandardBridge(payable(Predeploys.STANDARD_BRIDGE));
    IMessagePasser internal constant passer = IMessagePasser(payable(Predeploys.MESSAGE_PASSER));
    IOptimismMintableERC20Factory internal constant factory = IOptimismMintableERC20Factory(FACTORY);
    L2PHA internal constant l2Pha = L2PHA(L2_PHA);

    Deposit[] internal deposits;
    Withdrawal[] internal withdrawals;
    /// @dev Events since the last `collect`.
    Vm.Log[] internal events;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        pause = new CouncilPause(council, timelock, 7 days);
        portal = new FakePortal(pause);
        l1Messenger = new L1CrossDomainMessenger(L1CrossDomainMessenger.Config(address(portal), address(pause)));
        l1Bridge = new L1StandardBridge(L1StandardBridge.Config(address(l1Messenger), address(pause), timelock, WINDOW));
        pha = new PHA();

        predeploy(Predeploys.MESSENGER, "L2CrossDomainMessenger.sol:L2CrossDomainMessenger", address(l1Messenger));
        predeploy(Predeploys.STANDARD_BRIDGE, "L2StandardBridge.sol:L2StandardBridge", address(l1Bridge));
        predeploy(Predeploys.MESSAGE_PASSER, "L2ToL1MessagePasser.sol:L2ToL1MessagePasser", address(0));
        predeploy(FACTORY, "OptimismMintableERC20Factory.sol:OptimismMintableERC20Factory", address(0));
        predeploy(L2_PHA, "L2PHA.sol:L2PHA", address(pha));

        vm.deal(alice, 1000 ether);
        vm.deal(bob, 1000 ether);
        pha.transfer(alice, 1_000_000 ether);
        vm.recordLogs();
    }

    /// @dev As the genesis places it.
    function predeploy(address location, string memory artifact, address counterpart) internal {
        vm.etch(location, vm.getDeployedCode(artifact));
        if (counterpart != address(0)) vm.store(location, 0, bytes32(uint256(uint160(counterpart))));
    }

    function aliased(address l1) internal pure returns (address) {
        unchecked {
            return address(uint160(l1) + ALIAS_OFFSET);
        }
    }

    /// @dev Takes the events since the last time, and from them the deposits and withdrawals.
    function collect() internal {
        delete events;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            // What the test itself emits is an expectation.
            if (logs[i].emitter == address(this)) continue;
            events.push(logs[i]);
            if (logs[i].topics[0] == IPortal.TransactionDeposited.selector && logs[i].emitter == address(portal)) {
                pushDeposit(logs[i]);
            } else if (logs[i].topics[0] == IMessagePasser.MessagePassed.selector) {
                pushWithdrawal(logs[i]);
            }
        }
    }

    function pushDeposit(Vm.Log memory log) private {
        (address from, address to) =
            (address(uint160(uint256(log.topics[1]))), address(uint160(uint256(log.topics[2]))));
        bytes memory opaque = abi.decode(log.data, (bytes));
        bytes memory data = new bytes(opaque.length - 73);
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] = opaque[73 + i];
        }
        uint256 mint;
        uint256 value;
        uint256 gasLimit;
        assembly {
            mint := mload(add(opaque, 32))
            value := mload(add(opaque, 64))
            gasLimit := shr(192, mload(add(opaque, 96)))
        }
        deposits.push(Deposit(from, to, mint, value, uint64(gasLimit), data));
    }

    function pushWithdrawal(Vm.Log memory log) private {
        (uint256 value, uint256 gasLimit, bytes memory data,) = abi.decode(log.data, (uint256, uint256, bytes, bytes32));
        withdrawals.push(
            Withdrawal(
                address(uint160(uint256(log.topics[2]))),
                address(uint160(uint256(log.topics[3]))),
                value,
                gasLimit,
                data
            )
        );
    }

    /// @dev Gas of a transaction before its code runs.
    function intrinsicGas(bytes memory data) internal pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i = 0; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    /// @dev Executes a deposit on L2.
    function executeDeposit(uint256 index) internal returns (bool success) {
        Deposit memory deposit = deposits[index];
        return executeDeposit(index, deposit.gasLimit - intrinsicGas(deposit.data));
    }

    /// @dev The same with another amount of gas for the code.
    function executeDeposit(uint256 index, uint256 gas) internal returns (bool success) {
        Deposit memory deposit = deposits[index];
        vm.deal(deposit.from, deposit.from.balance + deposit.mint);
        vm.prank(deposit.from, deposit.from);
        (success,) = deposit.to.call{value: deposit.value, gas: gas}(deposit.data);
        collect();
    }

    /// @dev Executes all that is under way to L2, what it causes included.
    function executeDeposits() internal {
        collect();
        for (uint256 i = 0; i < deposits.length; ++i) {
            vm.assertTrue(executeDeposit(i), "a message never reverts on L2");
        }
        delete deposits;
    }

    /// @dev Finalises a withdrawal on L1.
    function finalizeWithdrawal(uint256 index) internal returns (bool success) {
        Withdrawal memory w = withdrawals[index];
        success = portal.finalize(w.sender, w.target, w.value, w.gasLimit, w.data);
        collect();
    }

    /// @dev Finalises all that is under way to L1.
    function finalizeWithdrawals() internal {
        collect();
        for (uint256 i = 0; i < withdrawals.length; ++i) {
            vm.assertTrue(finalizeWithdrawal(i), "a message never reverts on L1");
        }
        delete withdrawals;
    }

    /// @dev The message that a deposit or withdrawal carries.
    function messageHash(bytes memory data) internal pure returns (bytes32) {
        return keccak256(data);
    }

    /// @dev Relays a message again, as anybody can.
    function replay(address messenger, bytes memory data) internal {
        vm.prank(account("anybody"));
        (bool success, bytes memory returned) = messenger.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }

    function expectEvents(bytes32[] memory expected) internal view {
        vm.assertEq(events.length, expected.length, "number of events");
        for (uint256 i = 0; i < expected.length; ++i) {
            vm.assertEq(events[i].topics[0], expected[i]);
        }
    }

    /// @dev Whether an event of this kind is among the last.
    function saw(bytes32 topic) internal view returns (bool) {
        for (uint256 i = 0; i < events.length; ++i) {
            if (events[i].topics[0] == topic) return true;
        }
        return false;
    }

    function failed(bytes32 msgHash) internal view returns (bool) {
        return failed(l2Messenger, msgHash);
    }

    function failed(ICrossDomainMessenger messenger, bytes32 msgHash) internal view returns (bool) {
        return messenger.failedMessages(msgHash) && !messenger.successfulMessages(msgHash);
    }

    /// @dev `amount` PHA of alice to bob on L2.
    function depositPha(uint256 amount) internal {
        vm.prank(alice);
        pha.approve(address(l1Bridge), amount);
        vm.prank(alice);
        l1Bridge.bridgeERC20To(address(pha), L2_PHA, bob, amount, GAS, "");
    }
}
