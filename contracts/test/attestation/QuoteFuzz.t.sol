// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";
import {IQuoteVerifier} from "src/attestation/IQuoteVerifier.sol";

/// @notice Quotes that were changed, cut off or made up: none is accepted that says something else than what was signed, and
/// each refusal is a named error, never a panic.
contract QuoteFuzzTest is RegistryTest {
    mapping(bytes4 selector => bool) internal isNamed;
    /// @dev One of each kind: version 4, and version 5 with each body.
    bytes[4] internal compactQuotes;
    bytes internal fullQuote;
    bytes internal leaf;

    function setUp() public override {
        super.setUp();
        nameErrors();
        leaf = encode(pckLeaf(PCK_KEY));
        fullQuote = encode(goodQuote(PCK_KEY));
        compactQuotes[0] = encode(compact(goodQuote(PCK_KEY), leaf));
        for (uint16 kind = 2; kind <= 4; ++kind) {
            compactQuotes[kind - 1] = encode(compact(goodQuote(PCK_KEY, kind), leaf));
        }
    }

    /// @dev The errors that can have a quote as their cause. What the collateral lacks is none of them.
    function nameErrors() internal {
        bytes4[33] memory selectors = [
            IQuoteVerifier.QuoteTooShort.selector,
            IQuoteVerifier.UnsupportedQuoteVersion.selector,
            IQuoteVerifier.UnsupportedAttestationKeyType.selector,
            IQuoteVerifier.NotTdx.selector,
            IQuoteVerifier.WrongQeVendor.selector,
            IQuoteVerifier.UnsupportedBodyType.selector,
            IQuoteVerifier.WrongBodySize.selector,
            IQuoteVerifier.WrongAuthenticationLength.selector,
            IQuoteVerifier.UnsupportedCertificationData.selector,
            IQuoteVerifier.WrongAttestationKey.selector,
            IQuoteVerifier.InvalidQuoteSignature.selector,
            IQuoteVerifier.InvalidQeReportSignature.selector,
            IQuoteVerifier.DebugTd.selector,
            IQuoteVerifier.UnsafeTdAttributes.selector,
            IQuoteVerifier.ServiceTdBound.selector,
            IQuoteVerifier.NotAPlatformCertificate.selector,
            IQuoteVerifier.CertificateNotValid.selector,
            IQuoteVerifier.InvalidPckSignature.selector,
            IQuoteVerifier.IssuerNotInChain.selector,
            IQuoteVerifier.TooManyCertificates.selector,
            IQuoteVerifier.CertificateNotRevoked.selector,
            IEncodingErrors.MalformedDer.selector,
            IEncodingErrors.MalformedPem.selector,
            IEncodingErrors.UnknownCriticalExtension.selector,
            ICollateralStore.UnknownAuthority.selector,
            ICollateralStore.TcbInfoMissing.selector,
            ICollateralStore.WrongPceId.selector,
            ICollateralStore.NoTcbLevel.selector,
            ICollateralStore.UnknownTdxModule.selector,
            ICollateralStore.NoTdxModuleLevel.selector,
            ICollateralStore.WrongModuleSigner.selector,
            ICollateralStore.WrongSeamAttributes.selector,
            ICollateralStore.NoQeLevel.selector
        ];
        for (uint256 i; i < selectors.length; ++i) {
            isNamed[selectors[i]] = true;
        }
    }

    /// @dev Of the compact form: all but the length after the body, and the types and sizes around the platform certificate.
    function testFuzz_RefusesEveryChangeOfWhatIsSigned(uint256 kind, uint256 position, uint8 change) public view {
        bytes memory quote = compactQuotes[kind % 4];
        vm.assume(change != 0);
        position = signedPosition(quote, position);
        quote[position] ^= bytes1(change);
        refuse(quote);
    }

    function testFuzz_RefusesEveryBitOfWhatIsSigned(uint256 kind, uint256 position, uint8 bit) public view {
        bytes memory quote = compactQuotes[kind % 4];
        position = signedPosition(quote, position);
        quote[position] ^= bytes1(uint8(1 << bit % 8));
        refuse(quote);
    }

    /// @dev Wherever a byte is changed: what was signed stands, or a named error.
    function testFuzz_AChangedByteChangesNothingThatIsAccepted(uint256 position, uint8 change) public view {
        bytes memory quote = fullQuote;
        position = bound(position, 0, quote.length - 1);
        quote[position] ^= bytes1(change);
        judge(quote, fullQuote);
    }

    function testFuzz_RefusesEveryTruncation(uint256 kind, uint256 length) public view {
        bytes memory quote = kind % 5 == 4 ? fullQuote : compactQuotes[kind % 5];
        length = bound(length, 0, quote.length - 1);
        assembly ("memory-safe") {
            mstore(quote, length)
        }
        refuse(quote);
    }

    function test_RefusesEveryTruncationOfTheHeaderAndSizes() public view {
        bytes memory quote = fullQuote;
        for (uint256 length = 1300; length != 0; --length) {
            assembly ("memory-safe") {
                mstore(quote, length)
            }
            refuse(quote);
        }
    }

    function testFuzz_RefusesGarbage(bytes memory garbage) public view {
        refuse(garbage);
    }

    /// @dev Garbage behind a good header and body.
    function testFuzz_RefusesGarbageInPlaceOfSignatures(uint256 kind, bytes memory garbage) public view {
        bytes memory quote = compactQuotes[kind % 4];
        uint256 length = bodyEnd(quote);
        assembly ("memory-safe") {
            mstore(quote, length)
        }
        refuse(bytes.concat(quote, little32(garbage.length), garbage));
    }

    /// @dev Any four bytes where a size stands.
    function testFuzz_RefusesOtherSizes(uint256 kind, uint256 which, uint32 size) public view {
        bytes memory quote = compactQuotes[kind % 4];
        uint256 end = bodyEnd(quote);
        uint256[3] memory sizes = [end, end + 4 + 128 + 2, end + 4 + 128 + 6 + 384 + 64 + 34 + 2];
        bytes memory little = little32(size);
        for (uint256 i; i < 4; ++i) {
            quote[sizes[which % 3] + i] = little[i];
        }
        judge(quote, compactQuotes[kind % 4]);
    }

    /// @dev A certificate of garbage, in both forms, with a quote around it that is right.
    function testFuzz_RefusesGarbageInPlaceOfCertificates(bytes memory garbage) public view {
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = garbage;
        refuse(encode(spec));
        spec.pemChain = fullChain(garbage);
        refuse(encode(spec));
        refuse(encode(compact(spec, garbage)));
        refuseCertificate(garbage);
    }

    function testFuzz_RefusesEveryChangeOfThePlatformCertificate(uint256 position, uint8 change) public view {
        bytes memory der = leaf;
        vm.assume(change != 0);
        position = bound(position, 0, der.length - 1);
        der[position] ^= bytes1(change);
        QuoteSpec memory spec = goodQuote(PCK_KEY);
        spec.pemChain = fullChain(der);
        refuse(encode(spec));
        refuseCertificate(der);
    }

    function testFuzz_RefusesEveryTruncationOfThePlatformCertificate(uint256 length) public view {
        bytes memory der = leaf;
        length = bound(length, 0, der.length - 1);
        assembly ("memory-safe") {
            mstore(der, length)
        }
        refuse(encode(compact(goodQuote(PCK_KEY), der)));
        refuseCertificate(der);
    }

    function bodyEnd(bytes memory quote) internal pure returns (uint256) {
        return quote[0] == 0x04 ? 632 : quote[48] == 0x02 ? 638 : quote[48] == 0x03 ? 702 : 939;
    }

    /// @dev Folds `position` into what signatures cover, and the signatures themselves: over the sizes and types between them.
    function signedPosition(bytes memory quote, uint256 position) internal pure returns (uint256) {
        uint256 end = bodyEnd(quote);
        // After the body; after its signature and key; before and after the authentication data.
        uint256[4] memory gaps =
            [end, end + 4 + 128, end + 4 + 128 + 6 + 384 + 64, end + 4 + 128 + 6 + 384 + 64 + 2 + 32];
        uint256[4] memory sizes = [uint256(4), 6, 2, 6];
        position = bound(position, 0, quote.length - 1 - (4 + 6 + 2 + 6));
        for (uint256 i; i < 4; ++i) {
            if (position >= gaps[i]) position += sizes[i];
        }
        return position;
    }

    /// @dev Refused with a named error, or accepted as what `original` says.
    function judge(bytes memory quote, bytes memory original) internal view {
        (bool success, bytes memory answer) = address(verifier).staticcall(abi.encodeCall(verifier.verify, (quote)));
        if (success) vm.assertEq(answer, abi.encode(verifier.verify(original)));
        else vm.assertTrue(isNamed[bytes4(answer)]);
    }

    function refuse(bytes memory quote) internal view {
        (bool success, bytes memory answer) = address(verifier).staticcall(abi.encodeCall(verifier.verify, (quote)));
        vm.assertFalse(success);
        vm.assertTrue(isNamed[bytes4(answer)]);
    }

    function refuseCertificate(bytes memory der) internal view {
        (bool success, bytes memory answer) =
            address(verifier).staticcall(abi.encodeCall(verifier.revokedPlatform, (der)));
        vm.assertFalse(success);
        vm.assertTrue(isNamed[bytes4(answer)]);
    }
}
