// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StakingTest} from "./StakingTest.sol";
import {TestRollup} from "./TestRollup.sol";
import {EmissionController} from "src/staking/EmissionController.sol";
import {FaultCourt} from "src/staking/FaultCourt.sol";
import {IConflictListener} from "src/staking/IConflictListener.sol";
import {IFaultCourt} from "src/staking/IFaultCourt.sol";
import {IOperatorPool} from "src/staking/IOperatorPool.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";
import {ProverRewards} from "src/staking/ProverRewards.sol";
import {PHA} from "src/token/PHA.sol";
import {VPHA} from "src/token/VPHA.sol";

/// @title Providers
/// @notice Everybody who may act on collateral, in any order: operators, the rollup, the court's parties, strangers. And what was
/// promised and observed on the way.
contract Providers is StakingTest {
    /// @dev A proof whose batch may not be final. Exposure in units of 10^15 wei, lowered by slashes.
    struct Proof {
        uint256 index;
        uint256 exposure;
    }

    uint256 internal constant MOST_OPERATORS = 8;
    uint256 internal constant MOST_OPEN_CASES = 6;
    uint256 internal constant UNIT = 1e15;

    address[] internal everybody;
    /// @dev vPHA that was sent to the pool without a purpose.
    uint256 public gifts;
    /// @dev Cases that hold collateral.
    uint256[] internal openCases;
    mapping(address operator => mapping(uint256 id => uint256)) public unlockPromised;
    mapping(address operator => Proof[]) internal proofs;

    uint256 internal slots;
    /// @dev A and S after the last action.
    uint256 public lastAssets;
    uint256 public lastShares;

    function setUp() public override {
        super.setUp();
        vm.prank(timelock);
        court.setSlots(scheduler, 40 ether);
        for (uint256 i; i < operators.length; ++i) {
            createPool(operators[i], CPU_TDX);
            bond(operators[i], 2000 ether);
            everybody.push(operators[i]);
        }
        (lastAssets, lastShares) = (vpha.totalAssets(), vpha.totalSupply());
    }

    function exposed()
        external
        view
        returns (PHA, VPHA, TestRollup, OperatorPool, FaultCourt, ProverRewards, EmissionController)
    {
        return (pha, vpha, rollup, pool, court, rewards, emission);
    }

    function allOperators() external view returns (address[] memory) {
        return everybody;
    }

    function allOpenCases() external view returns (uint256[] memory) {
        return openCases;
    }

    /// @notice What `operator` must still have reserved, in wei.
    function exposureOf(address operator) external view returns (uint256 sum) {
        for (uint256 i; i < proofs[operator].length; ++i) {
            if (proofs[operator][i].index > rollup.recordedFinalizedIndex()) sum += proofs[operator][i].exposure;
        }
        sum *= UNIT;
    }

    /// @dev The price is compared after every single action.
    modifier priceNeverFalls() {
        _;
        (uint256 assets, uint256 shares) = (vpha.totalAssets(), vpha.totalSupply());
        vm.assertGe((assets + 1) * (lastShares + 1), (lastAssets + 1) * (shares + 1), "the price fell");
        (lastAssets, lastShares) = (assets, shares);
    }

    /// @dev What `operator` already has on the way out is worth no less after than before.
    modifier undiluted(uint256 who) {
        address operator = someone(who);
        (uint256[] memory ids, uint256[] memory amounts,) = pool.exits(operator);
        _;
        (uint256[] memory idsAfter, uint256[] memory amountsAfter,) = pool.exits(operator);
        for (uint256 i; i < ids.length; ++i) {
            for (uint256 j; j < idsAfter.length; ++j) {
                if (idsAfter[j] == ids[i]) vm.assertGe(amountsAfter[j], amounts[i], "diluted");
            }
        }
    }

    // Operators.

    /// @dev Somebody new takes the place of an operator that is closed.
    function arrive(uint256 who) external {
        who %= operators.length;
        if (!pool.poolOf(operators[who]).closed || everybody.length == MOST_OPERATORS) return;
        address operator = account(vm.toString(everybody.length));
        operators[who] = operator;
        everybody.push(operator);
        // As many shares, whatever they cost by now.
        fund(operator, vpha.previewMint(10_000 ether));
        createPool(operator, CPU_TDX);
        bond(operator, 2000 ether);
        (lastAssets, lastShares) = (vpha.totalAssets(), vpha.totalSupply());
    }

    function bond(uint256 who, uint256 amount) external priceNeverFalls undiluted(who) {
        address operator = someone(who);
        IOperatorPool.PoolState memory state = pool.poolOf(operator);
        amount = bound(amount, 1 ether, 10_000 ether);
        if (state.closed || vpha.balanceOf(operator) < amount) return;
        bond(operator, amount);
    }

    function thaw(uint256 who, uint256 shares) external priceNeverFalls undiluted(who) {
        address operator = someone(who);
        pool.settle(operator);
        IOperatorPool.PoolState memory state = pool.poolOf(operator);
        (uint256[] memory ids,,) = pool.exits(operator);
        if (state.shares == 0 || ids.length == 32) return;
        uint256 most = (state.active - state.exposure) * state.shares;
        most = state.active == 0 ? 0 : most / state.active;
        shares = bound(shares, 0, most);
        if (state.active * shares / state.shares == 0) return;
        uint256 id = thaw(operator, shares);
        vm.assertEq(unlockPromised[operator][id], 0, "a number given twice");
        unlockPromised[operator][id] = vm.getBlockTimestamp() + EXIT_DELAY;
    }

    /// @dev Whatever is due is paid, in full, unless a case holds it.
    function finish(uint256 who, uint256 which) external priceNeverFalls undiluted(who) {
        address operator = someone(who);
        (uint256[] memory ids, uint256[] memory amounts, uint256[] memory unlockAt) = pool.exits(operator);
        if (ids.length == 0) return;
        which %= ids.length;
        if (unlockAt[which] > vm.getBlockTimestamp()) return;
        IOperatorPool.PoolState memory state = pool.poolOf(operator);
        if (amounts[which] != 0 && state.active + state.exiting - amounts[which] < state.reserved) return;
        uint256 before = vpha.balanceOf(operator);
        finish(operator, ids[which]);
        vm.assertEq(vpha.balanceOf(operator) - before, amounts[which]);
    }

    function give(uint256 who, uint256 amount) external {
        address operator = someone(who);
        amount = bound(amount, 0, vpha.balanceOf(operator) / 100);
        vm.prank(operator);
        vpha.transfer(address(pool), amount);
        gifts += amount;
    }

    // The rollup.

    function submit(uint256 who, uint256 second) external {
        address[] memory willing = new address[](2);
        uint256 count;
        if (canProve(someone(who))) willing[count++] = someone(who);
        if (someone(second) != someone(who) && canProve(someone(second))) willing[count++] = someone(second);
        if (count == 0) return;
        assembly ("memory-safe") {
            mstore(willing, count)
        }
        // A discarded batch's number is not reserved for again.
        uint256 index = rollup.batchCount() + 1;
        uint256 bondPerBatch = pool.classOf(CPU_TDX).bondPerBatch;
        for (uint256 i; i < count; ++i) {
            if (index > pool.poolOf(willing[i]).lastBatch) {
                proofs[willing[i]].push(Proof(index, bondPerBatch / UNIT));
            }
        }
        vm.assertEq(rollup.submit(willing), index);
    }

    function addProof(uint256 who, uint256 index) external {
        address operator = someone(who);
        if (rollup.batchCount() == 0 || !canProve(operator)) return;
        index = bound(index, 1, rollup.batchCount());
        if (index > pool.poolOf(operator).lastBatch && index > rollup.recordedFinalizedIndex()) {
            proofs[operator].push(Proof(index, pool.classOf(CPU_TDX).bondPerBatch / UNIT));
        }
        rollup.addProofs(index, list(operator));
    }

    /// @dev What is final is released when asked for, all of it if nothing came after.
    function finalize(uint256 who, uint256 index) external {
        rollup.finalize(bound(index, rollup.recordedFinalizedIndex(), rollup.batchCount()));
        address operator = someone(who);
        pool.settle(operator);
        IOperatorPool.PoolState memory state = pool.poolOf(operator);
        if (state.lastBatch <= rollup.recordedFinalizedIndex()) vm.assertEq(state.exposure, 0, "not released");
    }

    function discard(uint256 keep) external {
        rollup.discard(bound(keep, rollup.recordedFinalizedIndex(), rollup.batchCount()));
    }

    // Faults. A slash takes in equal ratio, and is made here by the court alone.

    function equivocate(uint256 who) external priceNeverFalls {
        if (who % 4 != 0) return;
        takeAll(someone(who / 4), bytes32(who));
    }

    /// @dev What a case holds is taken as well. The case stays, and ends in one of its ways.
    function equivocateInCase(uint256 which) external priceNeverFalls {
        if (which % 4 != 0) return;
        (, IFaultCourt.Case memory case_) = openCase(which / 4);
        if (case_.status != IFaultCourt.Status.None) takeAll(case_.operator, bytes32(which));
    }

    function dispute(uint256 who, uint256 whom) external {
        if (openCases.length + 2 > MOST_OPEN_CASES) return;
        rollup.reportDispute(someone(who), someone(whom), bytes32(who), reporter);
        uint256 id = court.caseCount();
        openCases.push(id);
        if (someone(who) != someone(whom)) openCases.push(id - 1);
    }

    function missSlot(uint256 who) external {
        if (openCases.length == MOST_OPEN_CASES) return;
        vm.prank(scheduler);
        openCases.push(court.onMissedSlot(someone(who), bytes32(++slots), payee));
    }

    function decide(uint256 which) external {
        (uint256 id, IFaultCourt.Case memory case_) = openCase(which);
        if (case_.status != IFaultCourt.Status.Open || vm.getBlockTimestamp() >= case_.deadline) return;
        bool right = which / 16 % 4 == 0;
        vm.prank(timelock);
        if (!right) return court.uphold(id);
        court.dismiss(id);
        closed(id);
    }

    function veto(uint256 which) external {
        (uint256 id, IFaultCourt.Case memory case_) = openCase(which);
        if (case_.status != IFaultCourt.Status.Upheld || vm.getBlockTimestamp() >= case_.executableFrom) return;
        if (which / 16 % 4 != 0) return;
        vm.prank(council);
        court.veto(id);
        closed(id);
    }

    function execute(uint256 which) external priceNeverFalls {
        executeCase(which);
    }

    /// @dev All open cases are decided against their operators and executed: what they hold together they take together.
    function convict(uint256 which) external priceNeverFalls {
        if (which % 4 != 0) return;
        for (uint256 i; i < openCases.length; ++i) {
            (uint256 id, IFaultCourt.Case memory case_) = openCase(i);
            if (case_.status != IFaultCourt.Status.Open || vm.getBlockTimestamp() >= case_.deadline) continue;
            vm.prank(timelock);
            court.uphold(id);
        }
        pass(VETO);
        // From the last one on: an executed case gives its place to the last one.
        for (uint256 i = openCases.length; i != 0; --i) {
            executeCase(i - 1);
        }
    }

    function executeCase(uint256 which) internal {
        (uint256 id, IFaultCourt.Case memory case_) = openCase(which);
        if (case_.status != IFaultCourt.Status.Upheld || vm.getBlockTimestamp() < case_.executableFrom) return;
        if (vm.getBlockTimestamp() >= case_.deadline) return;
        IOperatorPool.PoolState memory before = pool.poolOf(case_.operator);
        uint256 taken = court.execute(id);
        uint256 there = before.active + before.exiting;
        vm.assertEq(taken, case_.cap < there ? case_.cap : there, "another amount than the case's");
        slashed(case_.operator, before, taken);
        closed(id);
    }

    /// @dev No case outlives its deadline.
    function expire(uint256 which) external {
        (uint256 id, IFaultCourt.Case memory case_) = openCase(which);
        if (case_.status == IFaultCourt.Status.None || vm.getBlockTimestamp() < case_.deadline) return;
        court.expire(id);
        closed(id);
    }

    function settleCase(uint256 id) external priceNeverFalls {
        if (court.caseCount() == 0) return;
        id = bound(id, 1, court.caseCount());
        IFaultCourt.Case memory case_ = court.caseOf(id);
        if (case_.status != IFaultCourt.Status.Executed) return;
        uint256 worth = vpha.convertToAssets(case_.taken);
        uint256 before = pha.balanceOf(case_.recipient);
        court.settle(id);
        uint256 paid = pha.balanceOf(case_.recipient) - before;
        uint256 share = case_.fault == IFaultCourt.Fault.MissedSlot ? 5000 : 1000;
        vm.assertLe(paid, worth * share / 10_000 + 1);
    }

    // Parameters, rewards, time, and those who have no business here.

    function setClass(uint256 minBond, uint256 bondPerBatch, uint256 weight) external {
        minBond = bound(minBond, 500 ether, 1500 ether);
        bondPerBatch = bound(bondPerBatch, 1, 50) * 1 ether;
        vm.prank(timelock);
        pool.setClass(CPU_TDX, IOperatorPool.Class(minBond, bondPerBatch, bound(weight, 1, 100_000)));
    }

    function distribute(uint256 most) external priceNeverFalls {
        if (emission.nextDay() >= emission.today()) return;
        emission.distribute(bound(most, 1, 400));
    }

    function claimReward(uint256 who) external {
        address operator = someone(who);
        uint256 most = rewards.available();
        vm.assertLe(rewards.claim(operator), most);
    }

    function wait(uint256 elapsed) external priceNeverFalls {
        pass(bound(elapsed, 1, 6 days));
    }

    /// @dev The portal calls whatever an L2 message asks it to call: nothing that protects the chain listens to it.
    function portal(uint256 which, uint256 who, uint256 amount) external {
        address operator = someone(who);
        bytes[11] memory calls = [
            abi.encodeCall(pool.slash, (operator, amount)),
            abi.encodeCall(pool.releaseFromCase, (operator, amount)),
            abi.encodeCall(pool.reserve, (list(operator), amount, amount)),
            abi.encodeCall(pool.payOut, (amount, operator)),
            abi.encodeCall(IConflictListener.onEquivocation, (operator, bytes32(0), operator)),
            abi.encodeCall(court.uphold, (amount)),
            abi.encodeCall(court.dismiss, (amount)),
            abi.encodeCall(court.veto, (amount)),
            abi.encodeCall(vpha.seize, (amount, operator)),
            abi.encodeCall(vpha.notifyReward, (amount)),
            abi.encodeCall(rewards.setRewardRate, (amount))
        ];
        which %= calls.length;
        address to =
            which < 4 ? address(pool) : which < 8 ? address(court) : which < 10 ? address(vpha) : address(rewards);
        refuses(to, account("portal"), calls[which]);
    }

    function someone(uint256 seed) internal view returns (address) {
        return operators[seed % operators.length];
    }

    function canProve(address operator) internal returns (bool) {
        pool.settle(operator);
        IOperatorPool.PoolState memory state = pool.poolOf(operator);
        return pool.isEligible(operator) && state.exposure + pool.classOf(CPU_TDX).bondPerBatch <= state.active;
    }

    function openCase(uint256 which) internal view returns (uint256 id, IFaultCourt.Case memory case_) {
        if (openCases.length == 0) return (0, case_);
        id = openCases[which % openCases.length];
        case_ = court.caseOf(id);
    }

    function closed(uint256 id) internal {
        for (uint256 i; i < openCases.length; ++i) {
            if (openCases[i] != id) continue;
            openCases[i] = openCases[openCases.length - 1];
            openCases.pop();
            return;
        }
    }

    function takeAll(address operator, bytes32 evidence) internal {
        IOperatorPool.PoolState memory before = pool.poolOf(operator);
        rollup.reportEquivocation(operator, evidence, reporter);
        slashed(operator, before, before.active + before.exiting);
        vm.assertEq(pool.slashable(operator), 0);
    }

    /// @dev `taken` came from active and exiting stake in the ratio that these had `before`: exactly, but for one wei that rounding
    /// leaves to the exiting part. The exposure fell with the active part.
    function slashed(address operator, IOperatorPool.PoolState memory before, uint256 taken) internal {
        IOperatorPool.PoolState memory left = pool.poolOf(operator);
        uint256 total = before.active + before.exiting;
        vm.assertEq(left.active + left.exiting, total - taken);
        uint256 fromExiting = before.exiting - left.exiting;
        vm.assertLe(fromExiting * total, taken * before.exiting);
        vm.assertGe(fromExiting * total + total, taken * before.exiting);
        if (left.exiting == 0) vm.assertEq(left.exitShares, 0);
        if (before.active == 0) return;
        for (uint256 i; i < proofs[operator].length; ++i) {
            proofs[operator][i].exposure = proofs[operator][i].exposure * left.active / before.active;
        }
    }
}
