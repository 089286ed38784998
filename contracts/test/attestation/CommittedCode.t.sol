// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";

/// @notice The committed code of the contracts that judge quotes, which `prover-tee` runs on operators' machines, is what the
/// sources compile to. If this fails on purpose, run `node tools/attestation.mjs` and commit.
contract CommittedCodeTest is Test {
    string internal json = vm.readFile("bindings/attestation.json");

    function test_TheCommittedCodeIsWhatTheSourcesCompileTo() public view {
        check("CollateralStore");
        check("ProverRegistry");
        check("QuoteVerifier");
        vm.assertEq(vm.parseJsonKeys(json, "$").length, 3);
    }

    function check(string memory contractName) internal view {
        bytes memory committed = vm.parseJsonBytes(json, string.concat(".", contractName));
        string memory artifact = string.concat(contractName, ".sol:", contractName);
        vm.assertTrue(keccak256(committed) == keccak256(vm.getCode(artifact)), artifact);
    }
}
