// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TransactionGas} from "./base/TransactionGas.sol";
import {RollupTest} from "./rollup/RollupTest.sol";
import {BlockHistory} from "src/BlockHistory.sol";
import {IRollup} from "src/rollup/IRollup.sol";
import {Rollup} from "src/rollup/Rollup.sol";

/// @notice Gas of whole transactions as L1 charges them: 21,000, calldata, cold accounts and slots, and the floor of
/// EIP-7623. Written to snapshots/Gas.json.
contract GasTest is RollupTest, TransactionGas {
    /// forge-config: default.isolate = true
    function test_SubmitBatchWithOneProof() public {
        vm.assertLe(measureSubmission("submitBatch with 1 proof", 1), 135_000, "goal");
    }

    /// forge-config: default.isolate = true
    function test_SubmitBatchWithTwoProofs() public {
        vm.assertLe(measureSubmission("submitBatch with 2 proofs", 2), 130_000, "goal");
    }

    /// @dev A quote as quoting services make it, with the whole chain, of a platform that was never seen.
    /// forge-config: default.isolate = true
    function test_RegisterFirstOfPlatform() public {
        measureRegistration("register, first of its platform", newQuote(0, "new platform"));
    }

    /// forge-config: default.isolate = true
    function test_RegisterFirstOfPlatformCompact() public {
        measureRegistration("register, first of its platform, compact quote", newCompactQuote("new platform"));
    }

    /// forge-config: default.isolate = true
    function test_Renew() public {
        measureRegistration("register, renewal", newQuote(0, "platform 1"));
    }

    /// forge-config: default.isolate = true
    function test_RenewCompact() public {
        measureRegistration("register, renewal, compact quote", newCompactQuote("platform 1"));
    }

    /// @dev The largest kind of quote.
    /// forge-config: default.isolate = true
    function test_RegisterTd15ex() public {
        // The bond is two slots and an account more.
        measureRegistration("register, first of its platform, TD 1.5ex", newQuote(4, "new platform"), 302_000);
    }

    /// forge-config: default.isolate = true
    function test_ReportRevokedPlatform() public {
        revokeCertificate(serialOf(PCK_KEY));
        bytes memory data = abi.encodeCall(registry.reportRevokedPlatform, (encode(pckLeaf(PCK_KEY))));
        measure("reportRevokedPlatform", account("anybody"), address(registry), data);
    }

    /// @dev A quote for a new operator and signer. A `bodyType` of zero is version 4.
    function newQuote(uint16 bodyType, string memory platform) internal view returns (QuoteSpec memory spec) {
        uint256 pckKey = uint256(keccak256(bytes(platform)));
        spec = bodyType == 0 ? goodQuote(pckKey) : goodQuote(pckKey, bodyType);
        spec.reportDataFirst =
            registry.reportDataHash(account("new operator"), account("new signer"), REF_BLOCK, REF_HASH);
        spec.reportDataSecond = CONFIG_HASH;
    }

    function newCompactQuote(string memory platform) internal view returns (QuoteSpec memory) {
        return compact(newQuote(0, platform), encode(pckLeaf(uint256(keccak256(bytes(platform))))));
    }

    function measureRegistration(string memory label, QuoteSpec memory spec) internal {
        measureRegistration(label, spec, 300_000);
    }

    function measureRegistration(string memory label, QuoteSpec memory spec, uint256 goal) internal {
        this.bondNewOperator();
        bytes memory data = abi.encodeCall(registry.register, (encode(spec), account("new signer"), REF_BLOCK));
        vm.assertLe(measure(label, account("new operator"), address(registry), data), goal, "goal");
    }

    /// @dev What a submission does for each signature after the first: recovery, and the signer's liveness.
    /// forge-config: default.isolate = true
    function test_SignatureCheck() public {
        uint256 used = this.signatureCheck();
        vm.snapshotValue("Gas", "signature check", used);
        vm.assertLe(used, 7700, "goal");
        // Not less than ECRECOVER and a cold slot.
        vm.assertGe(used, 3000 + 2100);
    }

    /// @dev A transaction of its own. What all signatures read is warm after the first; the second signer's record is cold.
    function signatureCheck() external view returns (uint256) {
        bytes32 digest = keccak256("digest");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(provers[1].key, digest);
        registry.liveness(provers[0].signer);
        uint256 before = gasleft();
        registry.liveness(ecrecover(digest, v, r, s));
        return before - gasleft();
    }

    /// @dev The same with all that comes with it: decoding, the search for duplicates. Where one proof is enough, the rest of a
    /// submission with two is the same as with one.
    /// forge-config: default.isolate = true
    function test_SecondSignature() public {
        this.deployForOneProof();
        uint256[3] memory used;
        for (uint256 proofs = 1; proofs <= 2; ++proofs) {
            for (uint256 i; i < 3; ++i) {
                this.submitNext(proofs);
                nextBlock(FAST_DELAY / 2);
            }
            bytes memory data = this.submission(proofs);
            used[proofs] = this.executionGas(sequencer, address(rollupContract), data, blobs(2));
        }
        vm.snapshotValue("Gas", "second signature in submitBatch, without its data", used[2] - used[1]);
    }

    /// forge-config: default.isolate = true
    function test_AddProofs() public {
        bytes memory data = this.additionalProof();
        measure("addProofs from 1 to 2", account("anybody"), address(rollupContract), data);
    }

    /// @dev In the steady state: batches come as fast as older ones become final.
    function measureSubmission(string memory label, uint256 proofs) internal returns (uint256 used) {
        for (uint256 i; i < 6; ++i) {
            this.submitNext(proofs);
            nextBlock(proofs == 2 ? FAST_DELAY / 4 : SLOW_DELAY / 4);
        }
        // One prover's registration is still good; the slow delay has outlived it.
        if (block.timestamp >= registry.signerOf(provers[0].signer).expiresAt) renewProvers();
        used = transactionGas(sequencer, address(rollupContract), this.submission(proofs), blobs(2));
        vm.snapshotValue("Gas", label, used);
    }

    // What sets blobs or counts on nonces is done in calls, as `executionGas` is.

    function bondNewOperator() external {
        bondOperator(address(pool), account("new operator"));
    }

    function submitNext(uint256 proofs) external {
        submit(proofs);
    }

    function submission(uint256 proofs) external returns (bytes memory) {
        IRollup.Batch memory batch = nextBatch();
        return abi.encodeCall(rollupContract.submitBatch, (batch, signatures(batch, 0, proofs)));
    }

    /// @return The call that adds a second proof to the first batch.
    function additionalProof() external returns (bytes memory) {
        bytes[] memory list = signatures(nextBatch(), 0, 2);
        submit(1);
        return abi.encodeCall(rollupContract.addProofs, (1, list));
    }

    function deployForOneProof() external {
        deployRegistry();
        fill();
        vm.prank(timelock);
        registry.allowWorkload(workloadId);
        IRollup.Config memory config = rollupConfig();
        config.fastThreshold = 1;
        rollupContract = new Rollup(config);
        addProver(0, "prover 1", PCK_KEY);
        addProver(1, "prover 2", OTHER_PCK_KEY);
    }

    function renewProvers() internal {
        for (uint256 i; i < 2; ++i) {
            uint256 key = uint256(keccak256(abi.encode("renewed", i)));
            QuoteSpec memory spec = goodQuote(i == 0 ? PCK_KEY : OTHER_PCK_KEY);
            uint64 number = uint64(block.number - 1);
            spec.reportDataFirst =
                registry.reportDataHash(provers[i].operator, vm.addr(key), number, BlockHistory.hashOf(number));
            spec.reportDataSecond = CONFIG_HASH;
            bytes memory quote = encode(spec);
            vm.prank(provers[i].operator);
            registry.register(quote, vm.addr(key), number);
            provers[i].signer = vm.addr(key);
            provers[i].key = key;
        }
    }

    function measure(string memory label, address from, address to, bytes memory data) internal returns (uint256 used) {
        used = transactionGas(from, to, data);
        vm.snapshotValue("Gas", label, used);
    }
}
