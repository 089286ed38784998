// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {StubbornToken} from "./StandardBridgeTokens.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {IL2StandardBridge} from "src/l2/IL2StandardBridge.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice Takes ether in every other second.
contract Fickle {
    receive() external payable {
        require(block.timestamp % 2 == 0, "no");
    }
}

/// @notice Users of both sides, the chain between them, and whoever relays, in any order. Users of L1 and of L2 are other
/// addresses here, since both sides share one process.
contract BridgeHandler is StandardBridgeTest {
    struct Message {
        bytes data;
        uint256 ether_;
        uint256 pha_;
    }

    address internal onL1 = account("on L1");
    address internal onL2 = account("on L2");
    address internal fickle = address(new Fickle());
    StubbornToken internal stubborn;

    /// @dev Failed, and not delivered since.
    Message[] internal failedOnL1;
    Message[] internal failedOnL2;

    uint256 public deliveries;
    uint256 public failures;
    uint256 public replays;
    uint256 public returns_;
    uint256 public waits;

    constructor() {
        setUp();
        stubborn = new StubbornToken(Predeploys.STANDARD_BRIDGE, address(pha));
        vm.deal(onL1, 1000 ether);
        pha.transfer(onL1, 1000 ether);
        vm.prank(onL1);
        pha.approve(address(l1Bridge), type(uint256).max);
        vm.prank(timelock);
        l1Bridge.setQuota(address(pha), 100 ether);
        collect();
    }

    function depositEther(uint256 amount, bool toFickle) external {
        amount = bound(amount, 0, onL1.balance / 2);
        vm.prank(onL1);
        l1Bridge.bridgeETHTo{value: amount}(toFickle ? fickle : onL2, GAS, "");
        collect();
    }

    function depositTokens(uint256 amount, uint8 kind, uint32 gas) external {
        uint256 most = pha.balanceOf(onL1) / 2;
        if (most == 0) return;
        amount = bound(amount, 1, most);
        // The token of L2, or one that refuses, or none.
        address l2Token = kind % 3 == 0 ? address(stubborn) : kind % 3 == 1 ? address(0xbeef) : L2_PHA;
        vm.prank(onL1);
        l1Bridge.bridgeERC20To(address(pha), l2Token, onL2, amount, uint32(bound(gas, 0, 2_000_000)), "");
        collect();
    }

    function withdrawEther(uint256 amount, bool toFickle) external {
        amount = bound(amount, 0, onL2.balance);
        vm.prank(onL2);
        l2Bridge.bridgeETHTo{value: amount}(toFickle ? fickle : onL1, GAS, "");
        collect();
    }

    function withdrawTokens(uint256 amount) external {
        uint256 most = l2Pha.balanceOf(onL2);
        if (most == 0) return;
        vm.prank(onL2);
        l2Bridge.withdrawTo(L2_PHA, onL1, bound(amount, 1, most), GAS, "");
        collect();
    }

    /// @dev Executes the oldest deposit, with the gas it bought or more.
    function derive(uint256 more, uint8 mood) external {
        if (deposits.length == 0) return;
        stubborn.setMood(StubbornToken.Mood(1 + mood % 4));
        Deposit memory deposit = deposits[0];
        uint256 gas = deposit.gasLimit - intrinsicGas(deposit.data) + bound(more, 0, 3_000_000);
        (uint256 ether_, uint256 pha_) = worth(deposit.data);
        vm.assertTrue(executeDeposit(0, gas), "a message never reverts on L2");
        note(failedOnL2, l2Messenger, deposit.data, ether_, pha_);
        for (uint256 i = 1; i < deposits.length; ++i) {
            deposits[i - 1] = deposits[i];
        }
        deposits.pop();
    }

    /// @dev Finalises any withdrawal, with the gas it asked for or more.
    function finalize(uint256 index, uint256 more) external {
        if (withdrawals.length == 0) return;
        index = bound(index, 0, withdrawals.length - 1);
        Withdrawal memory w = withdrawals[index];
        (uint256 ether_, uint256 pha_) = worth(w.data);
        try portal.finalize(w.sender, w.target, w.value, w.gasLimit + bound(more, 0, 1_000_000), w.data) returns (
            bool success
        ) {
            vm.assertTrue(success, "a message never reverts on L1");
        } catch (bytes memory reason) {
            vm.assertTrue(bytes4(reason) == IWithdrawalQuota.QuotaExceeded.selector, "only a quota makes it wait");
            ++waits;
            return;
        }
        collect();
        note(failedOnL1, l1Messenger, w.data, ether_, pha_);
        withdrawals[index] = withdrawals[withdrawals.length - 1];
        withdrawals.pop();
    }

    function replayOnL2(uint256 index, uint256 gas, uint8 mood) external {
        stubborn.setMood(StubbornToken.Mood(1 + mood % 4));
        again(failedOnL2, l2Messenger, index, gas);
    }

    function replayOnL1(uint256 index, uint256 gas) external {
        again(failedOnL1, l1Messenger, index, gas);
    }

    /// @dev Delivers what was delivered before, once more.
    function forge(uint256 index, bool up) external {
        Message[] storage kept = up ? failedOnL1 : failedOnL2;
        if (kept.length == 0) return;
        bytes memory data = kept[bound(index, 0, kept.length - 1)].data;
        // Of the nonce, far above those that were sent.
        data[4 + 8] ^= 0x01;
        (bool success,) = address(up ? ICrossDomainMessenger(l1Messenger) : l2Messenger).call(data);
        vm.assertFalse(success, "a message that was not sent");
    }

    function wait_(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 1 days));
    }

    // What the invariants read

    /// @notice Ether with the users of L2, and on the way.
    function etherOfL2() external view returns (uint256 sum) {
        // The one who is fickle lives on both sides.
        sum = onL2.balance + Predeploys.MESSENGER.balance + Predeploys.STANDARD_BRIDGE.balance + etherOfFickle;
        sum += aliased(address(l1Messenger)).balance;
        for (uint256 i = 0; i < deposits.length; ++i) {
            sum += deposits[i].mint;
        }
        for (uint256 i = 0; i < withdrawals.length; ++i) {
            sum += withdrawals[i].value;
        }
        for (uint256 i = 0; i < failedOnL1.length; ++i) {
            sum += failedOnL1[i].ether_;
        }
    }

    /// @notice Ether that L1 holds for L2.
    function etherOnL1() external view returns (uint256) {
        return address(portal).balance + address(l1Messenger).balance;
    }

    /// @notice PHA with the users of L2, and on the way.
    function phaOfL2() external view returns (uint256 sum) {
        sum = l2Pha.totalSupply() + stubborn.balanceOf(onL2);
        for (uint256 i = 0; i < deposits.length; ++i) {
            (, uint256 pha_) = worth(deposits[i].data);
            sum += pha_;
        }
        for (uint256 i = 0; i < withdrawals.length; ++i) {
            (, uint256 pha_) = worth(withdrawals[i].data);
            sum += pha_;
        }
        for (uint256 i = 0; i < failedOnL1.length; ++i) {
            sum += failedOnL1[i].pha_;
        }
        for (uint256 i = 0; i < failedOnL2.length; ++i) {
            sum += failedOnL2[i].pha_;
        }
    }

    function phaOnL1() external view returns (uint256) {
        return pha.balanceOf(address(l1Bridge));
    }

    function phaDeposits() external view returns (uint256) {
        return l1Bridge.deposits(address(pha), L2_PHA) + l1Bridge.deposits(address(pha), address(stubborn))
            + l1Bridge.deposits(address(pha), address(0xbeef));
    }

    // Bookkeeping

    uint256 internal etherOfFickle;

    /// @dev The ether and the PHA that a message carries: arguments of `relayMessage`, and of the bridge's function within.
    function worth(bytes memory data) internal pure returns (uint256 ether_, uint256 pha_) {
        bytes4 selector;
        assembly {
            ether_ := mload(add(data, 132))
            selector := mload(add(data, 260))
            pha_ := mload(add(data, 392))
        }
        if (selector != IL2StandardBridge.finalizeBridgeERC20.selector) pha_ = 0;
    }

    function isToFickle(bytes memory data) internal view returns (bool) {
        address to;
        assembly {
            to := mload(add(data, 296))
        }
        return to == fickle;
    }

    function note(
        Message[] storage kept,
        ICrossDomainMessenger messenger,
        bytes memory data,
        uint256 ether_,
        uint256 pha_
    ) internal {
        if (failed(messenger, messageHash(data))) {
            kept.push(Message(data, ether_, pha_));
            ++failures;
        } else {
            delivered(messenger, data, ether_);
        }
    }

    function delivered(ICrossDomainMessenger messenger, bytes memory data, uint256 ether_) internal {
        ++deliveries;
        if (saw(IL2StandardBridge.DepositReturned.selector)) ++returns_;
        if (address(messenger) == Predeploys.MESSENGER && isToFickle(data)) etherOfFickle += ether_;
    }

    function again(Message[] storage kept, ICrossDomainMessenger messenger, uint256 index, uint256 gas) internal {
        if (kept.length == 0) return;
        index = bound(index, 0, kept.length - 1);
        Message memory message = kept[index];
        (bool success, bytes memory reason) = address(messenger).call{gas: bound(gas, 50_000, 3_000_000)}(message.data);
        if (!success && bytes4(reason) == IWithdrawalQuota.QuotaExceeded.selector) ++waits;
        collect();
        if (failed(messenger, messageHash(message.data))) return;
        ++replays;
        delivered(messenger, message.data, message.ether_);
        kept[index] = kept[kept.length - 1];
        kept.pop();
    }
}

/// @notice Nothing is made or lost between the layers.
contract StandardBridgeInvariantTest is StandardBridgeTest {
    BridgeHandler internal handler;

    function setUp() public override {
        handler = new BridgeHandler();
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = handler.depositEther.selector;
        selectors[1] = handler.depositTokens.selector;
        selectors[2] = handler.withdrawEther.selector;
        selectors[3] = handler.withdrawTokens.selector;
        selectors[4] = handler.derive.selector;
        selectors[5] = handler.finalize.selector;
        selectors[6] = handler.replayOnL2.selector;
        selectors[7] = handler.replayOnL1.selector;
        selectors[8] = handler.forge.selector;
        selectors[9] = handler.wait_.selector;
        target(address(handler), selectors);
    }

    function invariant_EtherOnL2IsWhatL1Holds() public view {
        vm.assertEq(handler.etherOfL2(), handler.etherOnL1());
    }

    function invariant_TokensOnL2AreWhatL1Holds() public view {
        vm.assertEq(handler.phaOfL2(), handler.phaOnL1());
        vm.assertEq(handler.phaDeposits(), handler.phaOnL1());
    }

    /// @dev A run in which everything happens, so that the invariants are not about nothing.
    function test_EverythingHappens() public {
        uint256 random = 1;
        for (uint256 i = 0; i < 600; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            uint256 action = random % 9;
            if (action == 0) handler.depositEther(random >> 8, random & 256 == 0);
            if (action == 1) handler.depositTokens(random >> 8, uint8(random >> 16), uint32(random >> 24));
            if (action == 2) handler.withdrawEther(random >> 8, random & 256 == 0);
            if (action == 3) handler.withdrawTokens(random >> 8);
            if (action == 4) handler.derive(random >> 8, uint8(random >> 16));
            if (action == 5) handler.finalize(random >> 8, random >> 16);
            if (action == 6) handler.replayOnL2(random >> 8, random >> 16, uint8(random >> 24));
            if (action == 7) handler.replayOnL1(random >> 8, random >> 16);
            if (action == 8) handler.wait_(random >> 8);
            invariant_EtherOnL2IsWhatL1Holds();
            invariant_TokensOnL2AreWhatL1Holds();
        }
        vm.assertGt(handler.deliveries(), 0);
        vm.assertGt(handler.failures(), 0);
        vm.assertGt(handler.replays(), 0);
        vm.assertGt(handler.returns_(), 0);
        vm.assertGt(handler.waits(), 0);
    }
}
