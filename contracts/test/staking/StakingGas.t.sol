// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TransactionGas} from "../base/TransactionGas.sol";
import {StakingTest} from "./StakingTest.sol";
import {IConflictListener} from "src/staking/IConflictListener.sol";

/// @notice Gas of whole transactions as L1 charges them: 21,000, calldata, cold accounts and slots. Written to
/// snapshots/Staking.json. Rewards stream, others have staked and bonded, approvals are finite: nothing is made cheap.
contract StakingGasTest is StakingTest, TransactionGas {
    address internal staker = account("staker");
    address internal operator = operators[0];

    function setUp() public override {
        super.setUp();
        pass(1 days);
        emission.distribute(1);
        pha.transfer(staker, 10_000 ether);
        vm.prank(staker);
        pha.approve(address(vpha), 10_000 ether);
        for (uint256 i; i < 2; ++i) {
            createPool(operators[i], CPU_TDX);
            vm.prank(operators[i]);
            vpha.approve(address(pool), 100_000 ether);
        }
        pass(1 hours);
    }

    /// forge-config: default.isolate = true
    function test_Stake() public {
        bytes memory data = abi.encodeCall(vpha.deposit, (1234.5 ether, staker));
        vm.assertLe(measure("stake, first", staker, address(vpha), data), 120_000, "goal");
        later();
        vm.assertLe(measure("stake, again", staker, address(vpha), data), 120_000, "goal");
    }

    /// @dev Votes that are delegated have a checkpoint of their own: another new slot.
    /// forge-config: default.isolate = true
    function test_StakeDelegated() public {
        this.stakeAndDelegate();
        later();
        measure("stake, delegated", staker, address(vpha), abi.encodeCall(vpha.deposit, (1234.5 ether, staker)));
    }

    /// forge-config: default.isolate = true
    function test_Unstake() public {
        this.stakeOnly();
        later();
        bytes memory data = abi.encodeCall(vpha.requestUnstake, (100.5 ether));
        vm.assertLe(measure("unstake, first ticket", staker, address(vpha), data), 140_000, "goal");
        later();
        vm.assertLe(measure("unstake, second ticket", staker, address(vpha), data), 140_000, "goal");
    }

    /// forge-config: default.isolate = true
    function test_UnstakeDelegated() public {
        this.stakeAndDelegate();
        later();
        measure("unstake, delegated", staker, address(vpha), abi.encodeCall(vpha.requestUnstake, (100.5 ether)));
    }

    /// forge-config: default.isolate = true
    function test_Claim() public {
        // All of it: the balance that a claim writes is empty, and the ticket is not the only one.
        this.stakeAll();
        later();
        for (uint256 i; i < 2; ++i) {
            vm.prank(staker);
            vpha.requestUnstake(100.5 ether);
        }
        pass(EXIT_DELAY);
        vm.assertLe(measure("claim", staker, address(vpha), abi.encodeCall(vpha.claim, (32))), 80_000, "goal");
    }

    /// forge-config: default.isolate = true
    function test_Bond() public {
        this.bondOf(operators[1], 5000 ether);
        later();
        bytes memory data = abi.encodeCall(pool.bond, (1234.5 ether));
        vm.assertLe(measure("bond, first", operator, address(pool), data), 120_000, "goal");
        later();
        vm.assertLe(measure("bond, again", operator, address(pool), data), 120_000, "goal");
    }

    /// @dev An operator that votes with its vPHA: the votes of what it bonds go.
    /// forge-config: default.isolate = true
    function test_BondDelegated() public {
        this.bondOf(operators[1], 5000 ether);
        vm.prank(operator);
        vpha.delegate(operator);
        later();
        bytes memory data = abi.encodeCall(pool.bond, (1234.5 ether));
        measure("bond, delegated", operator, address(pool), data);
    }

    /// @dev What a batch pays beside the call itself. In the steady state each operator has both parts of its exposure.
    /// forge-config: default.isolate = true
    function test_Reserve() public {
        for (uint256 i; i < 2; ++i) {
            this.bondOf(operators[i], 5000 ether);
        }
        address[] memory both = new address[](2);
        (both[0], both[1]) = (operators[0], operators[1]);
        for (uint256 i; i < 3; ++i) {
            rollup.submit(both);
        }
        address[] memory one = list(operators[0]);
        bytes memory data = abi.encodeCall(pool.reserve, (one, 4, 0));
        inside("reserve, 1 operator", address(rollup), address(pool), data);
        data = abi.encodeCall(pool.reserve, (both, 5, 0));
        inside("reserve, 2 operators", address(rollup), address(pool), data);
        // The older part is final, and counted: once in each delay of finality.
        data = abi.encodeCall(pool.reserve, (both, 6, 1));
        inside("reserve, 2 operators, with the first release", address(rollup), address(pool), data);
        data = abi.encodeCall(pool.reserve, (both, 7, 5));
        inside("reserve, 2 operators, with a release", address(rollup), address(pool), data);
        inside("isEligible", operators[0], address(pool), abi.encodeCall(pool.isEligible, (operators[0])));
    }

    /// forge-config: default.isolate = true
    function test_Cases() public {
        this.bondOf(operator, 5000 ether);
        this.bondOf(operators[1], 5000 ether);
        bytes memory data =
            abi.encodeCall(IConflictListener.onDispute, (operator, operators[1], keccak256("evidence"), staker));
        inside("onDispute", address(rollup), address(court), data);
        data = abi.encodeCall(IConflictListener.onEquivocation, (operator, keccak256("evidence"), staker));
        inside("onEquivocation", address(rollup), address(court), data);
        measure("settle a case", staker, address(court), abi.encodeCall(court.settle, (3)));
    }

    /// forge-config: default.isolate = true
    function test_ProverRewards() public {
        this.bondOf(operator, 5000 ether);
        submit(operator);
        submit(operator);
        rollup.finalize(2);
        pass(1 days);
        measure("claim prover rewards", staker, address(rewards), abi.encodeCall(rewards.claim, (operator)));
    }

    // Calls of one transaction each, as `executionGas` is.

    function stakeOnly() external {
        vm.prank(staker);
        vpha.deposit(1000 ether, staker);
    }

    function stakeAll() external {
        vm.prank(staker);
        vpha.deposit(10_000 ether, staker);
    }

    function stakeAndDelegate() external {
        vm.prank(staker);
        vpha.deposit(1000 ether, staker);
        vm.prank(staker);
        vpha.delegate(staker);
    }

    function bondOf(address who, uint256 amount) external {
        bond(who, amount);
    }

    function later() internal {
        pass(1 hours);
    }

    function measure(string memory label, address from, address to, bytes memory data) internal returns (uint256 used) {
        used = transactionGas(from, to, data);
        vm.snapshotValue("Staking", label, used);
    }

    /// @dev Execution alone, of a call that another contract makes.
    function inside(string memory label, address from, address to, bytes memory data) internal {
        vm.snapshotValue("Staking", label, this.executionGas(from, to, data, new bytes32[](0)));
    }
}
