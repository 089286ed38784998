// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "./rollup/RollupTest.sol";
import {BlockHistory} from "src/BlockHistory.sol";
import {IRollup} from "src/rollup/IRollup.sol";

/// @notice Gas of whole transactions as L1 charges them: 21,000, calldata, cold accounts and slots, and the floor of
/// EIP-7623. Written to snapshots/Gas.json.
contract GasTest is RollupTest {
    function test_SubmitBatchWithOneProof() public {
        vm.assertLe(measureSubmission("submitBatch with 1 proof", 1), 125_000, "goal");
    }

    function test_SubmitBatchWithTwoProofs() public {
        vm.assertLe(measureSubmission("submitBatch with 2 proofs", 2), 110_000, "goal");
    }

    function test_Register() public {
        address operator_ = account("new operator");
        bytes memory quote = encode(quoteFor(operator_, account("new signer"), uint256(keccak256("new platform"))));
        bytes memory data = abi.encodeCall(registry.register, (quote, account("new signer"), REF_BLOCK));
        vm.assertLe(measure("register", operator_, address(registry), data), 300_000, "goal");
    }

    function test_RegisterWithoutRootCertificate() public {
        address operator_ = account("new operator");
        uint256 pckKey = uint256(keccak256("new platform"));
        QuoteSpec memory spec = quoteFor(operator_, account("new signer"), pckKey);
        spec.pemChain = bytes.concat(pem(encode(pckLeaf(pckKey))), pem(encode(platformCa())));
        bytes memory data = abi.encodeCall(registry.register, (encode(spec), account("new signer"), REF_BLOCK));
        measure("register without root certificate", operator_, address(registry), data);
    }

    function test_AddIntermediate() public {
        CertificateSpec memory certificate = platformCa();
        certificate.subjectKey = uint256(keccak256("another CA"));
        measure(
            "addIntermediate",
            account("anybody"),
            address(registry),
            abi.encodeCall(registry.addIntermediate, (encode(certificate)))
        );
    }

    function test_AddProofs() public {
        IRollup.Batch memory batch = nextBatch();
        bytes[] memory list = signatures(batch, 0, 1);
        vm.prank(sequencer);
        rollupContract.submitBatch(batch, list);
        bytes memory data = abi.encodeCall(rollupContract.addProofs, (1, signatures(batch, 0, 2)));
        measure("addProofs from 1 to 2", account("anybody"), address(rollupContract), data);
    }

    /// @dev In the steady state: batches come as fast as older ones become final.
    function measureSubmission(string memory label, uint256 proofs) internal returns (uint256) {
        for (uint256 i; i < 3; ++i) {
            submit(proofs);
            nextBlock(proofs == 2 ? FAST_DELAY / 2 : SLOW_DELAY / 2);
        }
        // One prover's registration is still good; the slow delay has outlived it.
        if (block.timestamp >= registry.signerOf(provers[0].signer).expiresAt) renewProvers();
        IRollup.Batch memory batch = nextBatch();
        bytes memory data = abi.encodeCall(rollupContract.submitBatch, (batch, signatures(batch, 0, proofs)));
        return measure(label, sequencer, address(rollupContract), data);
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

    function measure(string memory label, address from, address to, bytes memory data) internal returns (uint256 gas) {
        vm.cool(address(registry));
        vm.cool(address(rollupContract));
        vm.prank(from);
        uint256 before = gasleft();
        (bool success,) = to.call(data);
        gas = before - gasleft();
        vm.assertTrue(success, label);
        uint256 tokens;
        for (uint256 i; i < data.length; ++i) {
            tokens += data[i] == 0 ? 1 : 4;
        }
        // The account that a transaction calls is warm (EIP-2929); the call itself was charged as a cold one.
        gas = 21_000 + 4 * tokens + gas - 2600;
        uint256 floor = 21_000 + 10 * tokens;
        if (gas < floor) gas = floor;
        vm.snapshotValue("Gas", label, gas);
    }
}
