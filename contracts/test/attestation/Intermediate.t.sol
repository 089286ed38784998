// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DerWriter} from "../base/DerWriter.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";

/// @notice Which certificates become intermediate authorities, and how the reader of certificates treats bad ones.
contract IntermediateTest is RegistryTest {
    uint256 internal constant NEW_CA_KEY = uint256(keccak256("new CA"));

    function newCa() internal pure returns (CertificateSpec memory spec) {
        spec = platformCa();
        spec.subjectKey = NEW_CA_KEY;
    }

    function test_CachesWhatTheRootSigned() public {
        CertificateSpec memory ca = newCa();
        bytes32 id = keyHash(NEW_CA_KEY);
        vm.assertEq(registry.intermediateExpiresAt(id), 0);
        bytes memory der = encode(ca);
        vm.expectEmit(address(registry));
        emit IProverRegistry.IntermediateAdded(id, ca.notAfter);
        registry.addIntermediate(der);
        vm.assertEq(registry.intermediateExpiresAt(id), ca.notAfter);
    }

    function test_OnlyMovesForward() public {
        CertificateSpec memory ca = newCa();
        registry.addIntermediate(encode(ca));
        uint256 first = ca.notAfter;
        ca.notAfter = first - 1 days;
        registry.addIntermediate(encode(ca));
        vm.assertEq(registry.intermediateExpiresAt(keyHash(NEW_CA_KEY)), first);
        ca.notAfter = first + 1 days;
        registry.addIntermediate(encode(ca));
        vm.assertEq(registry.intermediateExpiresAt(keyHash(NEW_CA_KEY)), first + 1 days);
    }

    function test_RefusesTheRootItself() public {
        refuse(encode(rootCertificate()), abi.encodePacked(IProverRegistry.RootIsNotIntermediate.selector));
    }

    function test_RefusesAnotherSigner() public {
        CertificateSpec memory ca = newCa();
        ca.issuerKey = PLATFORM_CA_KEY;
        refuse(encode(ca), abi.encodePacked(IProverRegistry.NotSignedByRoot.selector));
    }

    function test_RefusesWhatIsNoAuthority() public {
        bytes[5] memory extensions = [
            leafExtensions(),
            bytes.concat(basicConstraints(hex"0101ff")),
            bytes.concat(keyUsage(hex"0106")),
            bytes.concat(keyUsage(hex"0106"), basicConstraints("")),
            bytes.concat(keyUsage(hex"0102"), basicConstraints(hex"0101ff"))
        ];
        for (uint256 i; i < extensions.length; ++i) {
            CertificateSpec memory ca = newCa();
            ca.extensions = extensions[i];
            refuse(encode(ca), abi.encodePacked(IProverRegistry.NotAnAuthority.selector));
        }
    }

    function test_RefusesWhatIsExpiredOrNotYetValid() public {
        CertificateSpec memory ca = newCa();
        ca.notAfter = START_TIME - 1;
        refuse(encode(ca), notValid(ca));
        ca.notAfter = START_TIME;
        registry.addIntermediate(encode(ca));
        ca = newCa();
        ca.notBefore = START_TIME + 1;
        refuse(encode(ca), notValid(ca));
        ca.notBefore = START_TIME;
        registry.addIntermediate(encode(ca));
    }

    function test_ReadsBothKindsOfTime() public {
        CertificateSpec memory ca = newCa();
        // 2049-12-31T23:59:59Z is the last UTCTime, the next second the first GeneralizedTime.
        ca.notAfter = 2_524_607_999;
        registry.addIntermediate(encode(ca));
        vm.assertEq(registry.intermediateExpiresAt(keyHash(NEW_CA_KEY)), 2_524_607_999);
        ca.notAfter = 2_524_608_000;
        registry.addIntermediate(encode(ca));
        vm.assertEq(registry.intermediateExpiresAt(keyHash(NEW_CA_KEY)), 2_524_608_000);
    }

    function testFuzz_ReadsAnyTime(uint256 notAfter) public {
        CertificateSpec memory ca = newCa();
        // Up to the year 9999; the record of a key holds times of 40 bits, a certificate any.
        ca.notAfter = bound(notAfter, START_TIME, 253_402_300_799);
        registry.addIntermediate(encode(ca));
        vm.assertEq(registry.intermediateExpiresAt(keyHash(NEW_CA_KEY)), ca.notAfter);
    }

    function test_RefusesACriticalExtensionThatItDoesNotKnow() public {
        CertificateSpec memory ca = newCa();
        bytes memory policies = hex"551d20";
        ca.extensions = bytes.concat(authorityExtensions(), extension(policies, true, hex"0500"));
        bytes32 id = bytes32(policies);
        refuse(
            encode(ca), abi.encodeWithSelector(IProverRegistry.UnknownCriticalExtension.selector, abi.encodePacked(id))
        );
        ca.extensions = bytes.concat(authorityExtensions(), extension(policies, false, hex"0500"));
        registry.addIntermediate(encode(ca));
    }

    function test_RefusesAnExtensionTwice() public {
        bytes[3] memory twice = [keyUsage(hex"0106"), basicConstraints(hex"0101ff"), sgxExtension()];
        for (uint256 i; i < twice.length; ++i) {
            CertificateSpec memory ca = newCa();
            ca.extensions = bytes.concat(twice[i], twice[i]);
            malformed(encode(ca));
        }
    }

    function test_RefusesFalseWrittenOut() public {
        CertificateSpec memory ca = newCa();
        ca.extensions = bytes.concat(keyUsage(hex"0106"), basicConstraints(hex"010100"));
        malformed(encode(ca));
        ca.extensions = bytes.concat(keyUsage(hex"0106"), basicConstraints(hex"0101fe"));
        malformed(encode(ca));
    }

    function test_RefusesOtherAlgorithmsAndVersions() public {
        // Each edit is signed again, so that only the edit is wrong.
        bytes memory good = tbs(newCa());
        resign(good, 0x020102, 0x020101); // version 3 to 2
        resign(good, 0x3d040302, 0x3d040303); // SHA-256 to SHA-384
        resign(good, 0x3d030107, 0x3d030108); // the curve
    }

    function testFuzz_RefusesEveryTruncation(uint256 length) public {
        bytes memory der = encode(newCa());
        malformed(slice(der, 0, bound(length, 0, der.length - 1)));
    }

    function test_RefusesTrailingBytes() public {
        malformed(bytes.concat(encode(newCa()), hex"00"));
    }

    /// @dev Whatever byte is changed, the certificate is refused one way or another.
    function testFuzz_RefusesAnyChangedByte(uint256 position, uint8 change) public {
        bytes memory der = encode(newCa());
        vm.assume(change != 0);
        position = bound(position, 0, der.length - 1);
        der[position] ^= bytes1(change);
        vm.expectRevert();
        registry.addIntermediate(der);
    }

    /// @dev Garbage never gets further than the reader, whatever its lengths claim.
    function testFuzz_RefusesGarbage(bytes calldata garbage) public {
        malformed(garbage);
        malformed(DerWriter.sequence(garbage));
        malformed(DerWriter.sequence(DerWriter.sequence(garbage)));
    }

    /// @dev Replaces the only occurrence of `from` in `body` with `to`, both as long as they are without leading zeros.
    function resign(bytes memory body, uint256 from, uint256 to) internal {
        uint256 length = from > 0xffffff ? 4 : 3;
        bytes memory edited = bytes.concat(body);
        for (uint256 i; i + length <= body.length; ++i) {
            uint256 word;
            for (uint256 j; j < length; ++j) {
                word = word << 8 | uint8(body[i + j]);
            }
            if (word != from) continue;
            for (uint256 j; j < length; ++j) {
                edited[i + j] = bytes1(uint8(to >> (8 * (length - 1 - j))));
            }
            malformed(signedBy(ROOT_KEY, edited));
            return;
        }
        vm.assertTrue(false, "not found");
    }

    function malformed(bytes memory der) internal {
        vm.expectPartialRevert(IProverRegistry.MalformedCertificate.selector);
        registry.addIntermediate(der);
    }

    function refuse(bytes memory der, bytes memory reason) internal {
        vm.expectRevert(reason);
        registry.addIntermediate(der);
    }

    function notValid(CertificateSpec memory spec) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IProverRegistry.CertificateNotValid.selector, spec.notBefore, spec.notAfter, block.timestamp
        );
    }
}
