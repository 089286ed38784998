// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";

/// @notice Every way in which a registration can be refused, and what an accepted one leaves behind.
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
        vm.assertEq(record.expiresAt, START_TIME + 7 days);
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

    function test_AcceptsAChainWithoutItsRoot() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(pckLeaf(PCK_KEY))), pem(encode(platformCa())));
        accept(spec);
    }

    function test_AcceptsTheOldestReferenceBlock() public {
        // 8191 blocks back: beyond BLOCKHASH, still within EIP-2935.
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        for (uint256 i; i < 3; ++i) {
            enterBlock(REF_BLOCK + 8189 + i, START_TIME + 1 + i, keccak256(abi.encode(i)));
        }
        vm.assertEq(block.number - REF_BLOCK, 8191);
        vm.prank(operator);
        registry.register(quote, signer, REF_BLOCK);
    }

    // Replayed, stale, borrowed.

    function test_RefusesASignerTwice() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerAlreadyRegistered.selector, signer));
        registry.register(quote, signer, REF_BLOCK);
    }

    function test_RefusesASignerAgainAfterItExpired() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        vm.warp(START_TIME + 8 days);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerAlreadyRegistered.selector, signer));
        registry.register(quote, signer, REF_BLOCK);
    }

    function test_RefusesTheZeroSigner() public {
        refuse(
            quoteFor(operator, address(0), PCK_KEY), address(0), abi.encodePacked(IProverRegistry.ZeroSigner.selector)
        );
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
        bytes32 given = registry.reportDataHash(operator, signer, REF_BLOCK, keccak256("another fork"));
        refuseReportData(given);
    }

    function test_RefusesAQuoteForAnotherOperator() public {
        refuseReportData(registry.reportDataHash(account("other operator"), signer, REF_BLOCK, REF_HASH));
    }

    function test_RefusesAQuoteForAnotherSigner() public {
        refuseReportData(registry.reportDataHash(operator, account("other signer"), REF_BLOCK, REF_HASH));
    }

    function test_RefusesAQuoteForAnotherRegistry() public {
        refuseReportData(newRegistry(rollup).reportDataHash(operator, signer, REF_BLOCK, REF_HASH));
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

    function test_RefusesADebugTd() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.tdAttributes = TD_ATTRIBUTES | bytes8(0x0100000000000000);
        refuse(spec, abi.encodeWithSelector(IProverRegistry.DebugTd.selector, spec.tdAttributes));
    }

    function test_RefusesOtherTdAttributes() public {
        bytes8[3] memory others = [bytes8(0), bytes8(0x0000003000000000), bytes8(0x0000001000000080)];
        for (uint256 i; i < others.length; ++i) {
            QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
            spec.tdAttributes = others[i];
            refuse(
                spec,
                abi.encodeWithSelector(IProverRegistry.WrongTdAttributes.selector, spec.tdAttributes, TD_ATTRIBUTES)
            );
        }
    }

    function testFuzz_RefusesAnyOtherTdAttributesAndXfam(bytes8 attributes, bytes8 features) public {
        vm.assume(attributes != TD_ATTRIBUTES && features != XFAM);
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.tdAttributes = attributes;
        bytes4 expected = attributes & bytes8(0x0100000000000000) == 0
            ? IProverRegistry.WrongTdAttributes.selector
            : IProverRegistry.DebugTd.selector;
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectPartialRevert(expected);
        registry.register(quote, signer, REF_BLOCK);

        spec.tdAttributes = TD_ATTRIBUTES;
        spec.xfam = features;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.WrongXfam.selector, features, XFAM));
    }

    function test_RefusesAnotherModuleSigner() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        for (uint256 i; i < 48; i += 47) {
            spec.mrSignerSeam = new bytes(48);
            spec.mrSignerSeam[i] = 0x01;
            refuse(spec, abi.encodePacked(IProverRegistry.WrongModuleSigner.selector));
        }
        spec.mrSignerSeam = new bytes(48);
        spec.seamAttributes = 0x0000000000000001;
        refuse(spec, abi.encodePacked(IProverRegistry.WrongModuleSigner.selector));
    }

    function test_RefusesAnUnlistedMeasurement() public {
        for (uint256 i; i < 5; ++i) {
            QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
            spec.measurements[i] = measurement("unlisted");
            refuse(spec, abi.encodeWithSelector(IProverRegistry.WorkloadNotAllowed.selector, workloadOf(spec)));
        }
    }

    function test_RefusesARemovedWorkload() public {
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
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

    // Form.

    function test_RefusesOtherVersionsKeysAndTees() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.version = 5;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.UnsupportedQuoteVersion.selector, 5));
        spec.version = 4;
        spec.keyType = 3;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.UnsupportedAttestationKeyType.selector, 3));
        spec.keyType = 2;
        spec.teeType = 0;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.NotTdx.selector, bytes4(0)));
        spec.teeType = 0x81000000;
        spec.qeVendor = bytes16(uint128(1));
        refuse(spec, abi.encodeWithSelector(IProverRegistry.WrongQeVendor.selector, spec.qeVendor));
    }

    function test_RefusesOtherCertificationData() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.outerCertification = 5;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.UnsupportedCertificationData.selector, 5, 6));
        spec.outerCertification = 6;
        spec.innerCertification = 3;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.UnsupportedCertificationData.selector, 3, 5));
    }

    function test_RefusesEveryTruncation() public {
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        for (uint256 length; length < quote.length; length += 97) {
            vm.prank(operator);
            vm.expectPartialRevert(IProverRegistry.WrongQuoteLength.selector);
            registry.register(slice(quote, 0, length), signer, REF_BLOCK);
        }
    }

    function test_RefusesPadding() public {
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.WrongQuoteLength.selector, quote.length + 1, quote.length)
        );
        registry.register(bytes.concat(quote, hex"00"), signer, REF_BLOCK);
    }

    // Signatures.

    function test_RefusesAnAttestationKeyThatWasNotReported() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.qeReportData = keccak256("another key");
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectPartialRevert(IProverRegistry.WrongAttestationKey.selector);
        registry.register(quote, signer, REF_BLOCK);

        spec.qeReportData = 0;
        spec.qeReportPadding = bytes32(uint256(1));
        quote = encode(spec);
        vm.prank(operator);
        vm.expectPartialRevert(IProverRegistry.WrongAttestationKey.selector);
        registry.register(quote, signer, REF_BLOCK);
    }

    function test_RefusesAQeReportOfAnotherPlatform() public {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pckKey = OTHER_PCK_KEY;
        refuse(spec, abi.encodePacked(IProverRegistry.InvalidQeReportSignature.selector));
    }

    function test_RefusesAForgedPlatformCertificate() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.issuerKey = uint256(keccak256("forger"));
        refuseLeaf(encode(leaf), abi.encodePacked(IProverRegistry.InvalidPckSignature.selector));
    }

    function test_RefusesAnIntermediateThatIsNotCached() public {
        uint256 processorCa = uint256(keccak256("processor CA"));
        CertificateSpec memory intermediate = platformCa();
        intermediate.subjectKey = processorCa;
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.issuerKey = processorCa;
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(leaf)), pem(encode(intermediate)));
        refuse(spec, abi.encodeWithSelector(IProverRegistry.IntermediateNotCached.selector, keyHash(processorCa), 0));

        registry.addIntermediate(encode(intermediate));
        accept(spec);
    }

    function test_RefusesTheRootInPlaceOfAnIntermediate() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.issuerKey = ROOT_KEY;
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(leaf)), pem(encode(rootCertificate())));
        refuse(spec, abi.encodeWithSelector(IProverRegistry.IntermediateNotCached.selector, keyHash(ROOT_KEY), 0));
    }

    /// @dev Whatever byte of the signed part, of the signatures or of the keys is changed.
    function testFuzz_RefusesAnyChangedByte(uint256 position, uint8 change) public {
        bytes memory quote = encode(quoteFor(operator, signer, PCK_KEY));
        position = bound(position, 0, 1257);
        vm.assume(change != 0);
        quote[position] ^= bytes1(change);
        vm.prank(operator);
        vm.expectRevert();
        registry.register(quote, signer, REF_BLOCK);
    }

    function testFuzz_RefusesAnyChangedByteOfThePlatformCertificate(uint256 position, uint8 change) public {
        bytes memory leaf = encode(pckLeaf(PCK_KEY));
        position = bound(position, 0, leaf.length - 1);
        vm.assume(change != 0);
        leaf[position] ^= bytes1(change);
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(leaf), pem(encode(platformCa())));
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectRevert();
        registry.register(quote, signer, REF_BLOCK);
    }

    // Platform certificates.

    function test_RefusesAnExpiredOrFuturePlatformCertificate() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.notAfter = START_TIME - 1;
        refuseLeaf(encode(leaf), notValid(leaf));
        leaf = pckLeaf(PCK_KEY);
        leaf.notBefore = START_TIME + 1;
        refuseLeaf(encode(leaf), notValid(leaf));
    }

    function test_RefusesLeavesThatAreNoPlatformCertificates() public {
        bytes[4] memory kinds = [
            authorityExtensions(),
            bytes.concat(authorityExtensions(), sgxExtension()),
            bytes.concat(keyUsage(hex"06c0"), basicConstraints("")),
            bytes.concat(basicConstraints(""), sgxExtension())
        ];
        for (uint256 i; i < kinds.length; ++i) {
            CertificateSpec memory leaf = pckLeaf(PCK_KEY);
            leaf.extensions = kinds[i];
            refuseLeaf(encode(leaf), abi.encodePacked(IProverRegistry.NotAPlatformCertificate.selector));
        }
    }

    function test_ASignerLivesNoLongerThanItsCertificates() public {
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.notAfter = START_TIME + 3 days;
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(leaf)), pem(encode(platformCa())));
        accept(spec);
        vm.assertEq(registry.signerOf(signer).expiresAt, leaf.notAfter);
    }

    function test_ASignerLivesNoLongerThanTheIntermediate() public {
        uint256 shortCa = uint256(keccak256("short CA"));
        CertificateSpec memory intermediate = platformCa();
        intermediate.subjectKey = shortCa;
        intermediate.notAfter = START_TIME + 2 days;
        registry.addIntermediate(encode(intermediate));
        CertificateSpec memory leaf = pckLeaf(PCK_KEY);
        leaf.issuerKey = shortCa;
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(encode(leaf)), pem(encode(intermediate)));
        accept(spec);
        vm.assertEq(registry.signerOf(signer).expiresAt, START_TIME + 2 days);

        vm.warp(START_TIME + 2 days + 1);
        spec.reportDataFirst = registry.reportDataHash(operator, account("late"), REF_BLOCK, REF_HASH);
        refuse(
            spec,
            account("late"),
            abi.encodeWithSelector(
                IProverRegistry.IntermediateNotCached.selector, keyHash(shortCa), intermediate.notAfter
            )
        );
    }

    function accept(QuoteSpec memory spec) internal {
        bytes memory quote = encode(spec);
        vm.prank(operator);
        registry.register(quote, signer, REF_BLOCK);
        (address liveOperator,) = registry.liveness(signer);
        vm.assertEq(liveOperator, operator);
    }

    function refuse(QuoteSpec memory spec, bytes memory reason) internal {
        refuse(spec, signer, reason);
    }

    function refuse(QuoteSpec memory spec, address signer_, bytes memory reason) internal {
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectRevert(reason);
        registry.register(quote, signer_, REF_BLOCK);
    }

    function refuseLeaf(bytes memory leaf, bytes memory reason) internal {
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.pemChain = bytes.concat(pem(leaf), pem(encode(platformCa())));
        refuse(spec, reason);
    }

    function refuseReportData(bytes32 given) internal {
        bytes32 expected = registry.reportDataHash(operator, signer, REF_BLOCK, REF_HASH);
        QuoteSpec memory spec = quoteFor(operator, signer, PCK_KEY);
        spec.reportDataFirst = given;
        refuse(spec, abi.encodeWithSelector(IProverRegistry.WrongReportData.selector, given, expected));
    }

    function notValid(CertificateSpec memory spec) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IProverRegistry.CertificateNotValid.selector, spec.notBefore, spec.notAfter, block.timestamp
        );
    }
}
