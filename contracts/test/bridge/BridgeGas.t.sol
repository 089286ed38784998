// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TransactionGas} from "../base/TransactionGas.sol";
import {BridgeDeployment} from "./BridgeDeployment.sol";
import {MessagePasserProof} from "./MessagePasserProof.sol";
import {OpBridge} from "./OpBridge.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IRollup} from "src/rollup/IRollup.sol";
import {PHA} from "src/token/PHA.sol";

/// @notice Gas of the bridge's transactions beside OP's, of the contracts that OP publishes: the same calls in the same blocks,
/// with all that L1 charges, refunds included. Written to snapshots/BridgeGas.json.
///
/// Deposits pay for L2 gas by burning L1 gas, less what they use. At a base fee of 50 gwei that is nothing, and the contracts'
/// own work shows; at 1 gwei and below it is nearly all.
contract BridgeGasTest is BridgeDeployment, OpBridge, TransactionGas {
    struct Bridge {
        IPortal portal;
        ICrossDomainMessenger messenger;
        IL1StandardBridge bridge;
    }

    uint256 internal constant AMOUNT = 25 ether;
    uint32 internal constant MIN_GAS = 200_000;
    address internal constant L2_MESSENGER = 0x4200000000000000000000000000000000000007;
    address internal constant L2_BRIDGE = 0x4200000000000000000000000000000000000010;
    address internal constant L2_PHA = 0x4200000000000000000000000000000000000042;

    uint256 internal baseFee = 50 gwei;
    address internal alice = account("alice");
    address internal bob = account("bob");
    PHA internal pha;
    Bridge internal ours;
    Bridge internal op;

    function setUp() public override {
        super.setUp();
        pha = new PHA();
        pha.transfer(alice, 1000 ether);
        vm.deal(alice, 1000 ether);
        vm.deal(bob, 1 ether);
        pha.transfer(bob, 1 ether);

        deployOpBridge(GENESIS_BLOCK, GENESIS_TIME, SUBMISSION_INTERVAL, FINALIZATION_PERIOD);
        op = Bridge(opPortal, opMessenger, opBridge);
        deployBridge();
        ours = Bridge(portal, messenger, bridge);
        setQuota(address(portal), address(0), 50 ether);
        setQuota(address(bridge), address(pha), 50 ether);
        use(op);
        use(ours);
        nextBlock(12);
    }

    /// @dev A bridge that has been used before, and alice's exact allowance for the next deposit.
    function use(Bridge memory bridge) internal {
        vm.prank(alice, alice);
        bridge.portal.depositTransaction{value: 100 ether}(alice, 100 ether, 100_000, false, "");
        vm.prank(alice);
        pha.approve(address(bridge.bridge), 2 * AMOUNT);
        vm.prank(alice, alice);
        bridge.bridge.bridgeERC20To(address(pha), L2_PHA, alice, AMOUNT, MIN_GAS, "");
    }

    /// forge-config: default.isolate = true
    function test_DepositTransaction() public {
        compareDeposit("depositTransaction", "");
    }

    /// forge-config: default.isolate = true
    function test_DepositTransactionWithData() public {
        bytes memory data;
        for (uint256 i; i < 32; ++i) {
            data = bytes.concat(data, keccak256(abi.encode(i)));
        }
        compareDeposit("depositTransaction, 1024 bytes of data", data);
    }

    /// forge-config: default.isolate = true
    function test_DepositTransactionAtALowBaseFee() public {
        baseFee = 1 gwei;
        compareDeposit("depositTransaction, base fee 1 gwei", "");
    }

    /// forge-config: default.isolate = true
    function test_DepositTransactionAfterTenBlocks() public {
        vm.roll(block.number + 10);
        compareDeposit("depositTransaction, ten blocks after the last", "");
    }

    /// forge-config: default.isolate = true
    function test_SecondDepositTransactionOfABlock() public {
        op.portal.depositTransaction(alice, 0, 100_000, false, "");
        ours.portal.depositTransaction(alice, 0, 100_000, false, "");
        compareDeposit("depositTransaction, second of its block", "");
    }

    /// forge-config: default.isolate = true
    function testFuzz_ADepositNeverCostsMoreThanOnOp(uint64 gasLimit, uint256 length, uint256 blocks, uint256 fee)
        public
    {
        bytes memory data = new bytes(bound(length, 0, 3000));
        gasLimit = uint64(bound(gasLimit, portal.minimumGasLimit(uint64(data.length)), 10_000_000));
        vm.roll(block.number + bound(blocks, 0, 100));
        fee = bound(fee, 0, 100 gwei);
        bytes memory call_ = abi.encodeCall(IPortal.depositTransaction, (alice, 1 ether, gasLimit, false, data));
        uint256 theirs = chargedGas(alice, address(op.portal), 1 ether, call_, fee);
        vm.assertLe(chargedGas(alice, address(ours.portal), 1 ether, call_, fee), theirs);
    }

    /// forge-config: default.isolate = true
    function test_BridgeETHTo() public {
        compareBridgeETHTo("bridgeETHTo");
    }

    /// forge-config: default.isolate = true
    function test_BridgeETHToAtALowBaseFee() public {
        baseFee = 1 gwei;
        compareBridgeETHTo("bridgeETHTo, base fee 1 gwei");
    }

    /// forge-config: default.isolate = true
    function test_BridgeERC20To() public {
        compareBridgeERC20To("bridgeERC20To");
    }

    /// forge-config: default.isolate = true
    function test_BridgeERC20ToAtALowBaseFee() public {
        baseFee = 1 gwei;
        compareBridgeERC20To("bridgeERC20To, base fee 1 gwei");
    }

    /// @dev Up to messages for which EIP-7623 matters: OP's messenger does not know it yet.
    /// forge-config: default.isolate = true
    function testFuzz_BridgingATokenNeverCostsMoreThanOnOp(uint32 minGasLimit, uint256 length, uint256 fee) public {
        minGasLimit = uint32(bound(minGasLimit, 0, 5_000_000));
        fee = bound(fee, 0, 100 gwei);
        bytes memory data = new bytes(bound(length, 0, 5000));
        bytes memory call_ =
            abi.encodeCall(IL1StandardBridge.bridgeERC20To, (address(pha), L2_PHA, bob, AMOUNT, minGasLimit, data));
        uint256 theirs = chargedGas(alice, address(op.bridge), 0, call_, fee);
        vm.assertLe(chargedGas(alice, address(ours.bridge), 0, call_, fee), theirs);
    }

    /// forge-config: default.isolate = true
    function test_WithdrawPlainETH() public {
        IPortal.WithdrawalTransaction memory withdrawal = plainWithdrawal();
        uint256 before = bob.balance;
        compareWithdrawal("ETH", withdrawal, withdrawal);
        vm.assertEq(bob.balance - before, 2 ether);
    }

    /// @dev As far as the record falls behind where a batch comes every five minutes: by the outputs of two delays.
    /// forge-config: default.isolate = true
    function test_ProveFarFromRecordedFinality() public {
        IPortal.WithdrawalTransaction memory withdrawal = plainWithdrawal();
        for (uint256 i; i < 23; ++i) {
            this.submitOutputCall(keccak256(abi.encode(i)));
            nextBlock(12);
        }
        bytes memory opCall = this.proveCall(withdrawal, true);
        bytes memory ourCall = this.proveCall(withdrawal, false);
        nextBlock(FAST_DELAY);
        vm.assertEq(rollupContract.recordedFinalizedIndex(), 0);
        vm.assertEq(rollupContract.finalizedIndex(), 24);
        compare(
            "proveWithdrawalTransaction, ETH, 24 outputs after the last recorded as final",
            0,
            address(op.portal),
            opCall,
            address(ours.portal),
            ourCall
        );
    }

    /// forge-config: default.isolate = true
    function test_WithdrawETHThroughTheBridge() public {
        uint256 before = bob.balance;
        compareWithdrawal("ETH through the bridge", ethWithdrawal(op), ethWithdrawal(ours));
        vm.assertEq(bob.balance - before, 2 ether);
    }

    /// forge-config: default.isolate = true
    function test_WithdrawERC20() public {
        uint256 before = pha.balanceOf(bob);
        compareWithdrawal("ERC-20", erc20Withdrawal(op), erc20Withdrawal(ours));
        vm.assertEq(pha.balanceOf(bob) - before, 2 * AMOUNT);
    }

    /// @dev The meter against forge's own, on a call with value and one with refunds.
    /// forge-config: default.isolate = true
    function test_ForgeMetersTheSame() public {
        bytes memory call_ = abi.encodeCall(IPortal.donateETH, ());
        uint256 used = chargedGas(alice, address(op.portal), 1 ether, call_, 0);
        vm.assertEq(forgeGas(address(op.portal), 1 ether, call_), used);

        call_ = abi.encodeCall(pha.approve, (bob, 0));
        approveBob();
        used = chargedGas(alice, address(pha), 0, call_, 0);
        approveBob();
        vm.assertEq(forgeGas(address(pha), 0, call_), used);
    }

    function approveBob() internal {
        vm.prank(alice);
        pha.approve(bob, 1);
    }

    function forgeGas(address to, uint256 value, bytes memory data) internal returns (uint256) {
        vm.prank(alice, alice);
        (bool success,) = to.call{value: value}(data);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        vm.assertTrue(success);
        return used;
    }

    function compareDeposit(string memory label, bytes memory data) internal {
        bytes memory call_ = depositCall(data);
        compare(label, 1 ether, address(op.portal), call_, address(ours.portal), call_);
    }

    function depositCall(bytes memory data) internal view returns (bytes memory) {
        return abi.encodeCall(IPortal.depositTransaction, (alice, 1 ether, 100_000, false, data));
    }

    function compareBridgeETHTo(string memory label) internal {
        bytes memory call_ = abi.encodeCall(IL1StandardBridge.bridgeETHTo, (bob, MIN_GAS, ""));
        compare(label, 1 ether, address(op.bridge), call_, address(ours.bridge), call_);
    }

    function compareBridgeERC20To(string memory label) internal {
        bytes memory call_ =
            abi.encodeCall(IL1StandardBridge.bridgeERC20To, (address(pha), L2_PHA, bob, AMOUNT, MIN_GAS, ""));
        compare(label, 0, address(op.bridge), call_, address(ours.bridge), call_);
    }

    function compareWithdrawal(
        string memory kind,
        IPortal.WithdrawalTransaction memory onOp,
        IPortal.WithdrawalTransaction memory onOurs
    ) internal {
        bytes memory opCall = this.proveCall(onOp, true);
        bytes memory ourCall = this.proveCall(onOurs, false);
        nextBlock(FAST_DELAY);
        compare(
            string.concat("proveWithdrawalTransaction, ", kind),
            0,
            address(op.portal),
            opCall,
            address(ours.portal),
            ourCall
        );
        nextBlock(FINALIZATION_PERIOD + 1);
        compare(
            string.concat("finalizeWithdrawalTransaction, ", kind),
            0,
            address(op.portal),
            abi.encodeCall(IPortal.finalizeWithdrawalTransaction, (onOp)),
            address(ours.portal),
            abi.encodeCall(IPortal.finalizeWithdrawalTransaction, (onOurs))
        );
    }

    /// @return The call that proves `withdrawal` against an output submitted now.
    function proveCall(IPortal.WithdrawalTransaction memory withdrawal, bool onOp) external returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                withdrawal.nonce,
                withdrawal.sender,
                withdrawal.target,
                withdrawal.value,
                withdrawal.gasLimit,
                withdrawal.data
            )
        );
        (bytes32 root, bytes[] memory proof) = MessagePasserProof.prove(hash);
        IPortal.OutputRootProof memory output = MessagePasserProof.output(root);
        bytes32 outputRoot = keccak256(abi.encode(output));
        uint256 index = onOp ? proposeToOp(outputRoot) : submitOutput(outputRoot);
        return abi.encodeCall(IPortal.proveWithdrawalTransaction, (withdrawal, index, output, proof));
    }

    function submitOutputCall(bytes32 outputRoot) external {
        submitOutput(outputRoot);
    }

    function submitOutput(bytes32 outputRoot) internal returns (uint256) {
        IRollup.Batch memory batch = nextBatch();
        batch.outputRoot = outputRoot;
        bytes[] memory list = signatures(batch, 0, 2);
        vm.prank(sequencer);
        return rollupContract.submitBatch(batch, list);
    }

    function plainWithdrawal() internal view returns (IPortal.WithdrawalTransaction memory) {
        return IPortal.WithdrawalTransaction({
            nonce: (1 << 240) | 1000, sender: alice, target: bob, value: 1 ether, gasLimit: 21_000, data: ""
        });
    }

    function ethWithdrawal(Bridge memory to) internal view returns (IPortal.WithdrawalTransaction memory) {
        return message(to, 1 ether, abi.encodeCall(IL1StandardBridge.finalizeBridgeETH, (alice, bob, 1 ether, "")));
    }

    function erc20Withdrawal(Bridge memory to) internal view returns (IPortal.WithdrawalTransaction memory) {
        return message(
            to, 0, abi.encodeCall(IL1StandardBridge.finalizeBridgeERC20, (address(pha), L2_PHA, alice, bob, AMOUNT, ""))
        );
    }

    /// @dev A message of the bridge on L2 to the one on L1, as the messenger on L2 sends it.
    function message(Bridge memory to, uint256 value, bytes memory data)
        internal
        view
        returns (IPortal.WithdrawalTransaction memory)
    {
        return IPortal.WithdrawalTransaction({
            nonce: (1 << 240) | 1000,
            sender: L2_MESSENGER,
            target: address(to.messenger),
            value: value,
            gasLimit: op.messenger.baseGas(data, MIN_GAS),
            data: abi.encodeCall(
                ICrossDomainMessenger.relayMessage,
                ((1 << 240) | 900, L2_BRIDGE, address(to.bridge), value, MIN_GAS, data)
            )
        });
    }

    /// @dev Alice makes the call that OP's contract gets, and then the one that ours gets.
    function compare(
        string memory label,
        uint256 value,
        address opTarget,
        bytes memory opCall,
        address ourTarget,
        bytes memory ourCall
    ) internal {
        uint256 theirs = chargedGas(alice, opTarget, value, opCall, baseFee);
        vm.snapshotValue("BridgeGas", string.concat(label, ", OP"), theirs);
        uint256 used = chargedGas(alice, ourTarget, value, ourCall, baseFee);
        vm.snapshotValue("BridgeGas", label, used);
        vm.assertLe(used, theirs, label);
    }
}
