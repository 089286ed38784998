// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {AutomataAdapter} from "src/attestation/AutomataAdapter.sol";
import {IQuoteVerifier} from "src/attestation/IQuoteVerifier.sol";

/// @notice Our verdicts in the shape of Automata's.
contract AutomataAdapterTest is RegistryTest {
    AutomataAdapter internal adapter;

    function setUp() public override {
        super.setUp();
        adapter = new AutomataAdapter(verifier);
    }

    function test_PacksTheReport() public view {
        for (uint16 kind = 2; kind <= 4; ++kind) {
            QuoteSpec memory spec = goodQuote(PCK_KEY, kind);
            (bool success, bytes memory output) = adapter.verifyAndAttestOnChain(encode(spec));
            vm.assertTrue(success);
            vm.assertEq(output, abi.encodePacked(uint16(5), kind, uint8(0), FMSPC, body(spec)));
        }
    }

    /// @dev Automata's numbers, those of its enum TCBStatus: 2 and 3 are the other way round than Intel's.
    function test_TranslatesEveryStatus() public {
        string[6] memory statuses = [
            "UpToDate",
            "SWHardeningNeeded",
            "ConfigurationNeeded",
            "ConfigurationAndSWHardeningNeeded",
            "OutOfDate",
            "OutOfDateConfigurationNeeded"
        ];
        uint8[6] memory numbers = [0, 1, 3, 2, 4, 5];
        TcbInfoSpec memory info = goodTcbInfo();
        bytes memory quote = encode(goodQuote(PCK_KEY));
        for (uint256 i; i < statuses.length; ++i) {
            vm.warp(++info.issueDate);
            info.levels[0].status = statuses[i];
            upload(info);
            (bool success, bytes memory output) = adapter.verifyAndAttestOnChain(quote);
            vm.assertTrue(success);
            vm.assertEq(uint8(output[4]), numbers[i]);
        }
        vm.warp(++info.issueDate);
        info.levels[0].status = "Revoked";
        upload(info);
        refuse(quote, abi.encodeWithSelector(AutomataAdapter.TcbRevoked.selector));
    }

    function test_AnswersWithTheReason() public view {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.tdAttributes = TD_ATTRIBUTES | bytes8(0x0100000000000000);
        refuse(encode(spec), abi.encodeWithSelector(IQuoteVerifier.DebugTd.selector, spec.tdAttributes));
        refuse("", abi.encodeWithSelector(IQuoteVerifier.QuoteTooShort.selector, 0, 54));
    }

    function refuse(bytes memory quote, bytes memory reason_) internal view {
        (bool success, bytes memory output) = adapter.verifyAndAttestOnChain(quote);
        vm.assertFalse(success);
        vm.assertEq(output, reason_);
    }
}
