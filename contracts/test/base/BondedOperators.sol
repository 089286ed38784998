// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "./Test.sol";
import {FaultCourt} from "src/staking/FaultCourt.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";
import {IVPHA} from "src/token/IVPHA.sol";
import {PHA} from "src/token/PHA.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @title BondedOperators
/// @notice Collateral for tests of what stands on it: PHA, vPHA, and operators with a bond for ten thousand batches.
abstract contract BondedOperators is Test {
    uint256 internal constant MIN_BOND = 1000 ether;
    uint256 internal constant BOND_PER_BATCH = 10 ether;
    uint256 internal constant BOND = 100_000 ether;
    uint256 internal constant EXIT_DELAY = 21 days;
    /// @dev Contracts that `deployBonds` deploys: PHA, VPHA, OperatorPool.
    uint256 internal constant BONDS_DEPLOYED = 3;

    /// @dev The first class proves.
    function deployBonds(address rollup_, address court_, address timelock_) internal returns (OperatorPool pool) {
        PHA pha = new PHA();
        uint256 nonce = vm.getNonce(address(this));
        pha.approve(vm.computeCreateAddress(address(this), nonce), 1000 ether);
        VPHA vpha = new VPHA(
            IVPHA.Config({
                pha: address(pha),
                timelock: timelock_,
                council: address(0),
                emission: address(0),
                operatorPool: vm.computeCreateAddress(address(this), nonce + 1),
                unstakeDelay: EXIT_DELAY,
                rewardDuration: 7 days
            })
        );
        IOperatorPool.Class[] memory classes = new IOperatorPool.Class[](1);
        classes[0] = IOperatorPool.Class({minBond: MIN_BOND, bondPerBatch: BOND_PER_BATCH, weight: 10_000});
        pool = new OperatorPool(
            IOperatorPool.Config({
                vpha: address(vpha),
                rollup: rollup_,
                court: court_,
                timelock: timelock_,
                exitDelay: EXIT_DELAY,
                classes: classes
            })
        );
    }

    function deployCourt(address pool, address timelock_) internal returns (FaultCourt) {
        return new FaultCourt(
            IFaultCourt.Config({
                pool: pool,
                timelock: timelock_,
                council: address(0),
                challengePeriod: 7 days,
                casePeriod: 7 days,
                vetoPeriod: 3 days,
                margin: 4 days,
                reporterShare: 1000
            })
        );
    }

    /// @dev Gives `operator_` a pool with `BOND`, unless it has one.
    function bondOperator(address pool, address operator_) internal {
        if (IOperatorPool(pool).poolOf(operator_).class_ != 0) return;
        VPHA vpha = VPHA(IOperatorPool(pool).vpha());
        PHA(vpha.asset()).approve(address(vpha), BOND);
        vpha.deposit(BOND, operator_);
        vm.prank(operator_);
        vpha.approve(pool, BOND);
        vm.prank(operator_);
        IOperatorPool(pool).createPool(1);
        vm.prank(operator_);
        IOperatorPool(pool).bond(BOND);
    }
}
