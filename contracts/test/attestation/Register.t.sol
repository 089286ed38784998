// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {IQuoteVerifier} from "src/attestation/IQuoteVerifier.sol";
import {ProverRecord, ProverRecords} from "src/attestation/ProverRecord.sol";

/// @notice What an accepted registration leaves behind, and every reason of the registry's own to refuse one.
contract RegisterTest is RegistryTest {
    function test_RegistersTheSignerForItsCaller() public {
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        bytes32 platformId = keyHash(PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.SignerRegistered(signer, operator, platformId, workloadId, 1, START_TIME + 7 days);
        vm.prank(operator);
        registry.register(quote, signer, REF_BLOCK);

        (address liveOperator, uint256 platform) = registry.liveness(signer);
        vm.assertEq(liveOperator, operator);
        vm.assertEq(platform, registry.platformNumber(platformId));
        IProverRegistry.Signer memory record = registry.signerOf(signer);
        vm.assertEq(record.operator, operator);
        vm.assertEq(record.activeFrom, START_TIME);
        vm.assertEq(record.expiresAt, START_TIME + 7 days);
        vm.assertEq(record.evaluationNumber, 20);
        vm.assertEq(record.workload, registry.workloadNumber(workloadId));
        vm.assertEq(record.platform, platform);
        vm.assertFalse(record.revoked);
    }

    function test_RegistersManySignersOfOneOperatorAndPlatform() public {
        registerSigner(operator, signer, PCK_KEY);
        registerSigner(operator, account("next signer"), PCK_KEY);
        registerSigner(operator, account("elsewhere"), OTHER_PCK_KEY);
        (, uint256 first) = registry.liveness(signer);
        (, uint256 second) = registry.liveness(account("next signer"));
        (, uint256 third) = registry.liveness(account("elsewhere"));
        vm.assertEq(first, second);
        vm.assertEq(third, first + 1);
    }

    /// @dev Version 5 too, and the compact form.
    function test_RegistersEveryKindOfQuote() public {
        for (uint16 kind = 2; kind <= 4; ++kind) {
            QuoteSpec memory spec = compact(goodQuote(PCK_KEY, kind), encode(pckLeaf(PCK_KEY)));
            address signer_ = account(vm.toString(kind));
            spec.reportDataFirst = registry.reportDataHash(operator, signer_, REF_BLOCK, REF_HASH);
            spec.reportDataSecond = CONFIG_HASH;
            bytes memory quote = encode(spec);
            vm.prank(operator);
            registry.register(quote, signer_, REF_BLOCK);
            registry.liveness(signer_);
        }
    }

    function test_AcceptsTheOldestReferenceBlock() public {
        // 8191 blocks back: beyond BLOCKHASH, still within EIP-2935.
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        for (uint256 i; i < 3; ++i) {
            enterBlock(REF_BLOCK + 8189 + i, START_TIME + 1 + i, keccak256(abi.encode(i)));
        }
        vm.assertEq(block.number - REF_BLOCK, registry.MAX_REFERENCE_AGE());
        vm.prank(operator);
        registry.register(quote, signer, REF_BLOCK);
    }

    /// @dev As on a development node that was started again: the history contract knows better than BLOCKHASH.
    function test_AsksTheHistoryContractForWhatBlockhashDoesNotConfirm() public {
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        vm.setBlockhash(REF_BLOCK, keccak256("another start"));
        vm.prank(operator);
        registry.register(quote, signer, REF_BLOCK);
    }

    /// @dev Nor does a quote over no hash count for a block that nobody knows.
    function test_RefusesAQuoteOfAnUnknownBlock() public {
        uint64 unknown = REF_BLOCK - 300;
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.reportDataFirst = registry.reportDataHash(operator, signer, unknown, 0);
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.StaleReference.selector, unknown, START_BLOCK - 8191, START_BLOCK - 1
            )
        );
        registry.register(quote, signer, unknown);
    }

    // Lifetime.

    function test_ASignerLivesNoLongerThanItsCertificate() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.notAfter = START_TIME + 3 days;
        accept(compact(quoteFor(operator, signer, PCK_KEY), encode(leaf)));
        vm.assertEq(registry.signerOf(signer).expiresAt, leaf.notAfter);
    }

    function testFuzz_ASignerLivesNoLongerThanTheCollateral(uint256 elapsed) public {
        elapsed = bound(elapsed, 0, 30 days - 1);
        vm.warp(START_TIME + elapsed);
        accept(quoteFor(operator, signer, PCK_KEY));
        uint256 left = 30 days - elapsed;
        vm.assertEq(registry.signerOf(signer).expiresAt, block.timestamp + (left < 7 days ? left : 7 days));
    }

    function test_ASignerCountsAfterTheActivationDelay() public {
        (store, verifier, registry) = deploy(1 hours, RECOVERY_GRACE);
        fill();
        vm.prank(timelock);
        registry.allowWorkload(workloadId);
        registerSigner(operator, signer, PCK_KEY);
        vm.assertEq(registry.signerOf(signer).activeFrom, START_TIME + 1 hours);
        vm.warp(START_TIME + 1 hours - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.SignerNotActive.selector, signer, START_TIME + 1 hours, block.timestamp
            )
        );
        registry.liveness(signer);
        // It answers for what it signs from the first second on.
        registry.accountability(signer, 0);
        vm.warp(START_TIME + 1 hours);
        registry.liveness(signer);

        // An hour before the collateral ends it would never count.
        vm.warp(START_TIME + 30 days - 1 hours);
        QuoteSpec memory spec = quoteFor(operator, account("late"), PCK_KEY);
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.NeverActive.selector, START_TIME + 30 days, START_TIME + 30 days)
        );
        registry.register(quote, account("late"), REF_BLOCK);
    }

    // Replayed, stale, borrowed.

    function test_RefusesASignerTwice() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes memory reason_ = abi.encodeWithSelector(IProverRegistry.SignerAlreadyRegistered.selector, signer);
        refuse(quoteFor(operator, signer, PCK_KEY), reason_);
        // Nor after it expired.
        vm.warp(START_TIME + 8 days);
        refuse(quoteFor(operator, signer, PCK_KEY), reason_);
    }

    function test_RefusesTheZeroSigner() public {
        signer = address(0);
        refuse(quoteFor(operator, signer, PCK_KEY), abi.encodePacked(IProverRegistry.ZeroSigner.selector));
    }

    function test_RefusesAStaleQuote() public {
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        uint256 number = REF_BLOCK + 8192;
        enterBlock(number, START_TIME + 1, keccak256("late"));
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.StaleReference.selector, REF_BLOCK, number - 8191, number - 1)
        );
        registry.register(quote, signer, REF_BLOCK);
    }

    function test_RefusesAReferenceToThisBlockOrLater() public {
        for (uint64 ahead = 0; ahead < 2; ++ahead) {
            uint64 number = uint64(START_BLOCK) + ahead;
            QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
            spec.reportDataFirst = registry.reportDataHash(operator, signer, number, 0);
            bytes memory quote = encode(spec);
            vm.prank(operator);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProverRegistry.StaleReference.selector, number, START_BLOCK - 8191, START_BLOCK - 1
                )
            );
            registry.register(quote, signer, number);
        }
    }

    function test_RefusesAQuoteOfAnotherBlockHash() public {
        refuseReportData(registry.reportDataHash(operator, signer, REF_BLOCK, keccak256("another fork")));
    }

    function test_RefusesAQuoteForAnotherOperator() public {
        refuseReportData(registry.reportDataHash(account("other operator"), signer, REF_BLOCK, REF_HASH));
    }

    function test_RefusesAQuoteForAnotherSigner() public {
        refuseReportData(registry.reportDataHash(operator, account("other signer"), REF_BLOCK, REF_HASH));
    }

    function test_RefusesAQuoteForAnotherRegistry() public {
        (,, IProverRegistry other) = deploy(0, RECOVERY_GRACE);
        refuseReportData(other.reportDataHash(operator, signer, REF_BLOCK, REF_HASH));
    }

    function test_RefusesAQuoteForAnotherChain() public {
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        bytes32 given = registry.reportDataHash(operator, signer, REF_BLOCK, REF_HASH);
        vm.chainId(here);
        refuseReportData(given);
    }

    function test_RefusesAQuoteForAnotherConfiguration() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.reportDataSecond = keccak256("another configuration");
        refuse(
            spec, abi.encodeWithSelector(IProverRegistry.WrongConfigHash.selector, spec.reportDataSecond, CONFIG_HASH)
        );
    }

    function test_ReportDataIsTheDocumentedHash() public view {
        vm.assertEq(
            registry.reportDataHash(operator, signer, REF_BLOCK, REF_HASH),
            keccak256(
                abi.encode("phala-prover-v1", block.chainid, address(registry), operator, signer, REF_BLOCK, REF_HASH)
            )
        );
    }

    // Policy.

    function test_PassesOnWhatTheVerifierRefuses() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.tdAttributes = TD_ATTRIBUTES | bytes8(0x0100000000000000);
        refuse(spec, abi.encodeWithSelector(IQuoteVerifier.DebugTd.selector, spec.tdAttributes));
        revokeCertificate(serialOf(PCK_KEY));
        refuse(
            quoteFor(operator, signer, PCK_KEY),
            abi.encodeWithSelector(ICollateralStore.PlatformCertificateRevoked.selector, serialOf(PCK_KEY))
        );
    }

    /// @dev By platform, TDX module and quoting enclave.
    function test_RefusesWhatIsNotUpToDate() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.teeTcbSvn = 0x04010300000000000000000000000000;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.TcbNotUpToDate.selector, 4));

        spec = quoteFor(operator, signer, PCK_KEY);
        SgxSpec memory sgx = goodSgx();
        sgx.cpuSvn = 0x02020202030100050000000000000000;
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.extensions = leafExtensions(sgx);
        refuse(compact(spec, encode(leaf)), abi.encodeWithSelector(IProverRegistry.TcbNotUpToDate.selector, 4));

        vm.warp(START_TIME + 1);
        QeIdentitySpec memory qe = goodQeIdentity();
        qe.levels = new SvnLevelSpec[](2);
        (qe.levels[0], qe.levels[1]) = (SvnLevelSpec(7, "UpToDate"), SvnLevelSpec(4, "OutOfDate"));
        upload(qe);
        refuse(quoteFor(operator, signer, PCK_KEY), abi.encodeWithSelector(IProverRegistry.TcbNotUpToDate.selector, 4));
    }

    function test_RefusesEveryOtherStatus() public {
        string[6] memory statuses = [
            "SWHardeningNeeded",
            "ConfigurationNeeded",
            "ConfigurationAndSWHardeningNeeded",
            "OutOfDate",
            "OutOfDateConfigurationNeeded",
            "Revoked"
        ];
        TcbInfoSpec memory info = goodTcbInfo();
        for (uint256 i; i < statuses.length; ++i) {
            vm.warp(++info.issueDate);
            info.levels[0].status = statuses[i];
            upload(info);
            refuse(
                quoteFor(operator, signer, PCK_KEY),
                abi.encodeWithSelector(IProverRegistry.TcbNotUpToDate.selector, i + 1)
            );
        }
    }

    function test_RefusesAnUnlistedMeasurement() public {
        for (uint256 i; i < 5; ++i) {
            QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
            spec.measurements[i] = measurement("unlisted");
            refuse(spec, abi.encodeWithSelector(IProverRegistry.WorkloadNotAllowed.selector, workloadOf(spec)));
        }
    }

    /// @dev Attributes that are safe, but not the allowed ones, and any other XFAM.
    function testFuzz_RefusesUnlistedAttributesAndFeatures(bytes8 features) public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.tdAttributes = TD_ATTRIBUTES | bytes8(0x0000000000000080);
        refuse(spec, abi.encodeWithSelector(IProverRegistry.WorkloadNotAllowed.selector, workloadOf(spec)));
        vm.assume(features != XFAM);
        spec.tdAttributes = TD_ATTRIBUTES;
        spec.xfam = features;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.WorkloadNotAllowed.selector, workloadOf(spec)));
    }

    function test_RefusesARemovedWorkload() public {
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        refuse(
            quoteFor(operator, signer, PCK_KEY),
            abi.encodeWithSelector(IProverRegistry.WorkloadNotAllowed.selector, workloadId)
        );
    }

    function test_ARegistryWithoutWorkloadsRefusesAll() public {
        (store, verifier, registry) = deploy(0, RECOVERY_GRACE);
        fill();
        refuse(
            quoteFor(operator, signer, PCK_KEY),
            abi.encodeWithSelector(IProverRegistry.WorkloadNotAllowed.selector, workloadId)
        );
    }

    function test_RefusesARevokedPlatform() public {
        bytes32 platformId = keyHash(PCK_KEY);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        refuse(
            quoteFor(operator, signer, PCK_KEY),
            abi.encodeWithSelector(IProverRegistry.PlatformIsRevoked.selector, platformId)
        );
    }

    // Records.

    function test_RefusesEvaluationNumbersThatDoNotFitIntoARecord() public {
        vm.warp(START_TIME + 1);
        raiseTo(2048);
        refuse(
            quoteFor(operator, signer, PCK_KEY),
            abi.encodeWithSelector(IProverRegistry.NumberTooLarge.selector, 2048, 2047)
        );
    }

    function testFuzz_ARecordHoldsWhatWasPacked(
        address operator_,
        uint256 delay,
        uint32 expiresAt,
        uint256 evaluation,
        uint256 workload,
        uint256 platform
    ) public pure {
        delay = bound(delay, 0, expiresAt < 7 days ? expiresAt : 7 days);
        evaluation = bound(evaluation, 0, 2047);
        workload = bound(workload, 0, 4095);
        platform = bound(platform, 0, 1_048_575);
        ProverRecord record =
            ProverRecords.pack(operator_, expiresAt - delay, expiresAt, evaluation, workload, platform);
        for (uint256 i; i < 2; ++i) {
            vm.assertEq(record.operator(), operator_);
            vm.assertEq(record.activeFrom(), expiresAt - delay);
            vm.assertEq(record.expiresAt(), expiresAt);
            vm.assertEq(record.evaluation(), evaluation);
            vm.assertEq(record.workload(), workload);
            vm.assertEq(record.platform(), platform);
            vm.assertEq(record.isRevoked(), i == 1);
            record = record.revoke();
        }
    }

    function refuseReportData(bytes32 given) internal {
        bytes32 expected = registry.reportDataHash(operator, signer, REF_BLOCK, REF_HASH);
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.reportDataFirst = given;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.WrongReportData.selector, given, expected));
    }
}
