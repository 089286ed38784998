// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "../base/Vm.sol";
import {PortalTest} from "./PortalTest.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {Portal} from "src/bridge/Portal.sol";

/// @notice Deposits as a contract, which L2 sees under its alias.
contract Depositor {
    function deposit(Portal portal) external payable {
        portal.depositTransaction{value: msg.value}(address(0xbeef), 1, 100_000, false, hex"1234");
    }

    function send(Portal portal) external payable {
        (bool success,) = address(portal).call{value: msg.value}("");
        require(success);
    }
}

/// @notice Deposits, and what the portal says of itself.
contract PortalDepositTest is PortalTest {
    function test_EmitsTheDeposit() public {
        expectDeposit(
            alice, address(0xbeef), abi.encodePacked(uint256(5), uint256(7), uint64(100_000), false, hex"c0de")
        );
        vm.prank(alice, alice);
        portal.depositTransaction{value: 5}(address(0xbeef), 7, 100_000, false, hex"c0de");
        vm.assertEq(address(portal).balance, 1000 ether + 5);
    }

    function testFuzz_EmitsWhatItWasGiven(address to, uint256 mint, uint256 value, uint64 gasLimit, bytes calldata data)
        public
    {
        mint = bound(mint, 0, 100 ether);
        gasLimit = uint64(bound(gasLimit, portal.minimumGasLimit(uint64(data.length)), 1_000_000));
        expectDeposit(alice, to, abi.encodePacked(mint, value, gasLimit, false, data));
        vm.prank(alice, alice);
        portal.depositTransaction{value: mint}(to, value, gasLimit, false, data);
    }

    function test_EmitsACreation() public {
        expectDeposit(alice, address(0), abi.encodePacked(uint256(0), uint256(0), uint64(100_000), true, hex"00"));
        vm.prank(alice, alice);
        portal.depositTransaction(address(0), 0, 100_000, true, hex"00");
    }

    function test_PlainEtherGoesToTheSender() public {
        expectDeposit(alice, alice, abi.encodePacked(uint256(3), uint256(3), uint64(100_000), false));
        vm.prank(alice, alice);
        (bool success,) = address(portal).call{value: 3}("");
        vm.assertTrue(success);
    }

    function test_AContractIsAliased() public {
        Depositor depositor = new Depositor();
        address aliased = address(uint160(address(depositor)) + uint160(0x1111000000000000000000000000000000001111));
        expectDeposit(
            aliased, address(0xbeef), abi.encodePacked(uint256(2), uint256(1), uint64(100_000), false, hex"1234")
        );
        depositor.deposit{value: 2}(portal);
        // Its plain ether is for its own address on L2, out of its alias's hands.
        expectDeposit(aliased, address(depositor), abi.encodePacked(uint256(2), uint256(2), uint64(100_000), false));
        depositor.send{value: 2}(portal);
    }

    function test_AnAliasWrapsAround() public {
        address high = address(type(uint160).max);
        vm.etch(high, hex"00");
        expectDeposit(
            address(uint160(0x1111000000000000000000000000000000001110)),
            address(0xbeef),
            abi.encodePacked(uint256(0), uint256(0), uint64(100_000), false)
        );
        vm.prank(high);
        portal.depositTransaction(address(0xbeef), 0, 100_000, false, "");
    }

    function test_ADelegatedAccountIsNotAliased() public {
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(0xc0de)));
        expectDeposit(alice, address(0xbeef), abi.encodePacked(uint256(0), uint256(0), uint64(100_000), false));
        // Called through its own code, so it is not the transaction's origin.
        vm.prank(alice, account("somebody else"));
        portal.depositTransaction(address(0xbeef), 0, 100_000, false, "");
    }

    function test_CodeThatOnlyLooksDelegatedIsAliased() public {
        bytes[2] memory codes = [bytes.concat(hex"600100", new bytes(20)), bytes.concat(hex"6001ef", new bytes(20))];
        for (uint256 i; i < 2; ++i) {
            vm.etch(alice, codes[i]);
            vm.recordLogs();
            vm.prank(alice, account("somebody else"));
            portal.depositTransaction(address(0xbeef), 0, 100_000, false, "");
            Vm.Log[] memory logs = vm.getRecordedLogs();
            vm.assertTrue(logs[0].topics[1] != bytes32(uint256(uint160(alice))));
        }
    }

    function test_RefusesACreationWithRecipient() public {
        vm.expectRevert(abi.encodeWithSelector(IPortal.CreationWithRecipient.selector, address(1)));
        portal.depositTransaction(address(1), 0, 100_000, true, "");
    }

    function testFuzz_RefusesTooLittleGas(uint256 length, uint64 gasLimit) public {
        bytes memory data = new bytes(bound(length, 0, 1000));
        uint64 least = uint64(21_000 + 40 * data.length);
        vm.assertEq(portal.minimumGasLimit(uint64(data.length)), least);
        gasLimit = uint64(bound(gasLimit, 0, least - 1));
        vm.expectRevert(abi.encodeWithSelector(IPortal.GasLimitTooLow.selector, gasLimit, least));
        portal.depositTransaction(address(1), 0, gasLimit, false, data);
        portal.depositTransaction(address(1), 0, least, false, data);
    }

    function test_RefusesTooMuchData() public {
        portal.depositTransaction(address(1), 0, 10_000_000, false, new bytes(120_000));
        vm.expectRevert(abi.encodeWithSelector(IPortal.DataTooLarge.selector, 120_001, 120_000));
        portal.depositTransaction(address(1), 0, 10_000_000, false, new bytes(120_001));
    }

    function test_NothingIsDepositedWhilePaused() public {
        vm.prank(council);
        pause.pauseDeposits(100);
        bytes memory reason = abi.encodeWithSelector(IPortal.Paused.selector, START_TIME + 100);
        vm.expectRevert(reason);
        portal.depositTransaction(alice, 0, 100_000, false, "");
        (bool success, bytes memory answer) = address(portal).call{value: 1}("");
        vm.assertFalse(success);
        vm.assertEq(answer, reason);
        vm.warp(START_TIME + 100);
        portal.depositTransaction(alice, 0, 100_000, false, "");
    }

    function test_APauseOfWithdrawalsOrAConflictDoesNotStopDeposits() public {
        vm.prank(council);
        pause.pauseWithdrawals(100);
        rollup.setConflict(1);
        portal.depositTransaction(alice, 0, 100_000, false, "");
    }

    function test_ADonationIsNoDeposit() public {
        vm.recordLogs();
        vm.prank(alice);
        portal.donateETH{value: 7}();
        vm.assertEq(vm.getRecordedLogs().length, 0);
        vm.assertEq(address(portal).balance, 1000 ether + 7);
    }

    function test_AnswersAsOptimismPortal() public view {
        vm.assertEq(portal.version(), "2.8.1");
        vm.assertEq(portal.RECEIVE_DEFAULT_GAS_LIMIT(), 100_000);
        vm.assertEq(portal.guardian(), council);
        vm.assertEq(portal.councilPause(), address(pause));
        vm.assertEq(portal.rollup(), address(rollup));
        vm.assertEq(portal.timelock(), timelock);
        vm.assertEq(portal.l2Oracle(), address(portal));
        vm.assertEq(portal.FINALIZATION_PERIOD_SECONDS(), FINALIZATION_PERIOD);
        vm.assertEq(portal.finalizationPeriodSeconds(), FINALIZATION_PERIOD);
        vm.assertEq(portal.SUBMISSION_INTERVAL(), 30);
        vm.assertEq(portal.submissionInterval(), 30);
        vm.assertEq(portal.L2_BLOCK_TIME(), 1);
        vm.assertEq(portal.l2BlockTime(), 1);
        vm.assertEq(portal.quotaWindow(), QUOTA_WINDOW);
    }

    function test_IsInitialisedOnce() public {
        vm.expectRevert(IPortal.AlreadyInitialized.selector);
        portal.initialize();
        vm.expectRevert(IPortal.AlreadyInitialized.selector);
        implementation.initialize();
    }

    function testFuzz_RefusesAConfigurationWithoutSense(uint256 field) public {
        IPortal.Config memory c = config();
        field = bound(field, 0, 4);
        if (field == 0) c.rollup = address(0);
        if (field == 1) c.councilPause = address(0);
        if (field == 2) c.finalizationPeriod = 365 days + 1;
        if (field == 3) c.submissionInterval = 0;
        if (field == 4) c.l2BlockTime = 0;
        vm.expectRevert(IPortal.InvalidConfig.selector);
        new Portal(c);
    }

    function expectDeposit(address from, address to, bytes memory opaqueData) internal {
        vm.expectEmit(address(portal));
        emit IPortal.TransactionDeposited(from, to, 0, opaqueData);
    }
}
