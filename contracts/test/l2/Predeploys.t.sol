// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";

/// @notice The committed genesis code is what the sources compile to. If this fails on purpose, run
/// `node tools/predeploys.mjs` and commit: every new chain's genesis hash changes with it.
contract PredeploysTest is Test {
    string internal json = vm.readFile("bindings/predeploys.json");

    function test_TheCommittedCodeIsWhatTheSourcesCompileTo() public view {
        check("0x4200000000000000000000000000000000000006", "WETH9.sol:WETH9");
        check("0x4200000000000000000000000000000000000007", "L2CrossDomainMessenger.sol:L2CrossDomainMessenger");
        check("0x420000000000000000000000000000000000000f", "GasPriceOracle.sol:GasPriceOracle");
        check("0x4200000000000000000000000000000000000010", "L2StandardBridge.sol:L2StandardBridge");
        check("0x4200000000000000000000000000000000000011", "FeeVault.sol:FeeVault");
        check(
            "0x4200000000000000000000000000000000000012",
            "OptimismMintableERC20Factory.sol:OptimismMintableERC20Factory"
        );
        check("0x4200000000000000000000000000000000000015", "L1Block.sol:L1Block");
        check("0x4200000000000000000000000000000000000016", "L2ToL1MessagePasser.sol:L2ToL1MessagePasser");
        check("0x4200000000000000000000000000000000000019", "FeeVault.sol:FeeVault");
        check("0x4200000000000000000000000000000000000042", "L2PHA.sol:L2PHA");
        check("0xca11bde05977b3631167028862be2a173976ca11", "Multicall3.sol:Multicall3");
        vm.assertEq(vm.parseJsonKeys(json, "$").length, 11);
    }

    function check(string memory predeploy, string memory artifact) internal view {
        bytes memory committed = vm.parseJsonBytes(json, string.concat("['", predeploy, "']"));
        vm.assertTrue(keccak256(committed) == keccak256(vm.getDeployedCode(artifact)), artifact);
    }
}
