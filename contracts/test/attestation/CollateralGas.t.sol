// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TransactionGas} from "../base/TransactionGas.sol";
import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";

/// @notice Gas of whole transactions as L1 charges them: 21,000, calldata, cold accounts and slots. Everything is as long as
/// Intel's newest collateral. Written to snapshots/Collateral.json.
contract CollateralGasTest is CollateralStoreTest, TransactionGas {
    /// forge-config: default.isolate = true
    function test_FirstUploads() public {
        store = newStore();
        measure("updateRootCrl, first", abi.encodeCall(store.updateRootCrl, (encode(goodRootCrl()))));
        measure("addAuthority", abi.encodeCall(store.addAuthority, (encode(platformCa()))));
        measure("addSigner", abi.encodeCall(store.addSigner, (encode(tcbSigner()))));
        bytes memory crl = encode(goodPckCrl());
        // Intel's of October 2026 has 3,355 bytes.
        vm.assertGe(crl.length, 3350);
        vm.assertLe(measure("updatePckCrl, 57 revoked, first", abi.encodeCall(store.updatePckCrl, (crl))), 700_000);
        vm.assertLe(measure("updateTcbInfo, 4 levels, first", tcbInfoCall(goodTcbInfo())), 1_500_000);
        vm.assertLe(measure("updateQeIdentity, first", qeIdentityCall(goodQeIdentity())), 500_000);
    }

    /// forge-config: default.isolate = true
    function test_LaterUploads() public {
        vm.warp(START_TIME + 10 days);
        measure("updateRootCrl", abi.encodeCall(store.updateRootCrl, (encode(goodRootCrl()))));
        vm.assertLe(
            measure("updatePckCrl, 57 revoked", abi.encodeCall(store.updatePckCrl, (encode(goodPckCrl())))), 700_000
        );
        TcbInfoSpec memory spec = goodTcbInfo();
        // Intel's of October 2026 for the same platforms has 5,524 bytes.
        vm.assertGe(bytes(json(spec)).length, 5500);
        vm.assertLe(measure("updateTcbInfo, 4 levels", tcbInfoCall(spec)), 1_500_000);
        vm.assertLe(measure("updateQeIdentity", qeIdentityCall(goodQeIdentity())), 500_000);
        ++spec.issueDate;
        vm.warp(spec.issueDate);
        spec.levels = twice(spec.levels);
        // More than any of Intel's TDX TCB infos of 2026 has: at most 5 levels and 6,251 bytes.
        vm.assertGe(bytes(json(spec)).length, 8000);
        vm.assertLe(measure("updateTcbInfo, 8 levels", tcbInfoCall(spec)), 1_500_000);
    }

    /// @dev What a registration pays for it, but for the store's cold account and the call's own data.
    /// forge-config: default.isolate = true
    function test_Assessment() public {
        ICollateralStore.Platform memory platform = goodPlatform();
        measureView("issuerKey, a view", abi.encodeCall(store.issuerKey, (platform.issuer)));
        measureView("assess, a view", abi.encodeCall(store.assess, (platform)));
    }

    function tcbInfoCall(TcbInfoSpec memory spec) private view returns (bytes memory) {
        string memory text = json(spec);
        return abi.encodeCall(store.updateTcbInfo, (bytes(text), signatureOf(SIGNER_KEY, text), signer));
    }

    function qeIdentityCall(QeIdentitySpec memory spec) private view returns (bytes memory) {
        string memory text = json(spec);
        return abi.encodeCall(store.updateQeIdentity, (bytes(text), signatureOf(SIGNER_KEY, text), signer));
    }

    function twice(LevelSpec[] memory levels) private pure returns (LevelSpec[] memory more) {
        more = new LevelSpec[](2 * levels.length);
        for (uint256 i; i < more.length; ++i) {
            more[i] = levels[i % levels.length];
        }
    }

    function measure(string memory label, bytes memory data) private returns (uint256 gas) {
        gas = transactionGas(account("anybody"), address(store), data);
        vm.snapshotValue("Collateral", label, gas);
    }

    function measureView(string memory label, bytes memory data) private {
        uint256 gas = this.executionGas(account("anybody"), address(store), data, new bytes32[](0));
        vm.snapshotValue("Collateral", label, gas);
    }
}
