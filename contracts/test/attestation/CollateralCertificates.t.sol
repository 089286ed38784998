// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DerWriter} from "../base/DerWriter.sol";
import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {CollateralStore} from "src/attestation/CollateralStore.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";

/// @notice Authorities and signers of collateral.
contract CollateralCertificatesTest is CollateralStoreTest {
    uint256 private constant OTHER_KEY = uint256(keccak256("another key"));
    bytes32 private constant INTEL_ROOT_X = 0x0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5;
    bytes32 private constant INTEL_ROOT_Y = 0x67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394;

    function test_MainnetAcceptsIntelsRootAlone() public {
        vm.chainId(1);
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        vm.expectRevert(abi.encodeWithSelector(ICollateralStore.NotIntelRoot.selector, x, y));
        new CollateralStore(x, y, address(0));
        vm.expectRevert(abi.encodeWithSelector(ICollateralStore.NotIntelRoot.selector, INTEL_ROOT_X, y));
        new CollateralStore(INTEL_ROOT_X, y, address(0));
        CollateralStore mainnet = new CollateralStore(INTEL_ROOT_X, INTEL_ROOT_Y, address(7));
        (x, y) = mainnet.rootKey();
        vm.assertEq(x, INTEL_ROOT_X);
        vm.assertEq(y, INTEL_ROOT_Y);
        vm.assertEq(mainnet.listener(), address(7));
    }

    function test_AddsAnAuthority() public {
        CollateralStore fresh = newStore();
        bytes memory der = encode(platformCa());
        vm.expectEmit(address(fresh));
        emit ICollateralStore.AuthorityAdded(platformCaName, keyHash(PLATFORM_CA_KEY), platformCa().notAfter);
        vm.assertTrue(fresh.addAuthority(der));

        (bytes32 x, bytes32 y) = publicKey(PLATFORM_CA_KEY);
        (bytes32 heldX, bytes32 heldY) = fresh.issuerKey(platformCaName);
        vm.assertEq(heldX, x);
        vm.assertEq(heldY, y);
        ICollateralStore.Certificate memory held = fresh.authorityOf(platformCaName);
        vm.assertEq(held.x, x);
        vm.assertEq(held.y, y);
        vm.assertEq(held.serial, serialOf(PLATFORM_CA_KEY));
        vm.assertEq(held.notBefore, platformCa().notBefore);
        vm.assertEq(held.notAfter, platformCa().notAfter);
    }

    function test_KnowsAnAuthoritysCertificateByItsDerAndByItsPem() public view {
        bytes memory der = encode(platformCa());
        vm.assertEq(store.issuerOfCertificate(keccak256(der)), platformCaName);
        bytes memory text = pem(der);
        // Without the last line feed.
        vm.assertEq(store.issuerOfCertificate(keccak256(slice(text, 0, text.length - 1))), platformCaName);
        vm.assertEq(store.issuerOfCertificate(keccak256(text)), 0);
    }

    /// @dev Base64 of every length of the last line.
    function test_KnowsPemsOfEveryLength() public {
        for (uint256 i; i < 48; ++i) {
            CertificateSpec memory ca = platformCa();
            ca.subjectName = string.concat("CA ", string(new bytes(i)));
            ca.subjectKey = uint256(keccak256(abi.encode("CA", i)));
            bytes memory der = encode(ca);
            store.addAuthority(der);
            bytes memory text = pem(der);
            bytes32 hash = keccak256(slice(text, 0, text.length - 1));
            vm.assertEq(store.issuerOfCertificate(hash), keccak256(name(ca.subjectName)));
        }
    }

    /// @dev Whoever uploads a certificate first, with its signature turned around, keeps nobody else's from being known.
    function test_KnowsTheSameCertificateWithBothSignatures() public {
        bytes memory body = tbs(platformCa());
        (bytes32 r, bytes32 s) = vm.signP256(ROOT_KEY % P256_ORDER, sha256(body));
        bytes memory genuine = signedWith(body, r, s);
        bytes memory turned = signedWith(body, r, bytes32(P256_ORDER - uint256(s)));
        CollateralStore fresh = newStore();
        vm.assertTrue(fresh.addAuthority(turned));
        vm.assertTrue(fresh.addAuthority(genuine));
        vm.assertEq(fresh.issuerOfCertificate(keccak256(genuine)), platformCaName);
        vm.assertEq(fresh.issuerOfCertificate(keccak256(turned)), platformCaName);
        vm.assertFalse(fresh.addAuthority(genuine));
    }

    function test_AddingAgainChangesNothing() public {
        vm.assertFalse(store.addAuthority(encode(platformCa())));
        vm.assertFalse(store.addSigner(encode(tcbSigner())));
        vm.assertEq(store.pckCrl(platformCaName).count, 57);
    }

    function test_ANewerCertificateOfTheSameKeyKeepsTheRevocationList() public {
        CertificateSpec memory ca = platformCa();
        ++ca.notBefore;
        ca.notAfter += 100 days;
        vm.assertTrue(store.addAuthority(encode(ca)));
        vm.assertEq(store.authorityOf(platformCaName).notAfter, ca.notAfter);
        vm.assertEq(store.pckCrl(platformCaName).count, 57);
        // One that begins together lasts longer.
        ca.notAfter += 1;
        vm.assertTrue(store.addAuthority(encode(ca)));
        vm.assertEq(store.authorityOf(platformCaName).notAfter, ca.notAfter);
    }

    function test_ANewerCertificateOfAnotherKeyForgetsTheRevocationList() public {
        CertificateSpec memory ca = platformCa();
        ++ca.notBefore;
        ca.subjectKey = OTHER_KEY;
        vm.assertTrue(store.addAuthority(encode(ca)));
        vm.assertEq(store.pckCrl(platformCaName).nextUpdate, 0);
        refuseAssessment(
            goodPlatform(), abi.encodeWithSelector(ICollateralStore.PckCrlMissing.selector, platformCaName)
        );
        CrlSpec memory crl = goodPckCrl();
        bytes memory der = encode(crl);
        vm.expectRevert(abi.encodeWithSelector(ICollateralStore.NotSignedByAuthority.selector, platformCaName));
        store.updatePckCrl(der);
        crl.issuerKey = OTHER_KEY;
        store.updatePckCrl(encode(crl));
        store.assess(goodPlatform());
    }

    function test_RefusesAnOlderCertificate() public {
        CertificateSpec memory ca = platformCa();
        --ca.notBefore;
        refuseAuthority(
            encode(ca),
            abi.encodeWithSelector(ICollateralStore.OlderCertificate.selector, ca.notBefore, ca.notBefore + 1)
        );
        ca = platformCa();
        --ca.notAfter;
        refuseAuthority(
            encode(ca), abi.encodeWithSelector(ICollateralStore.OlderCertificate.selector, ca.notBefore, ca.notBefore)
        );
        CertificateSpec memory spec = tcbSigner();
        --spec.notBefore;
        refuseSigner(
            encode(spec),
            abi.encodeWithSelector(ICollateralStore.OlderCertificate.selector, spec.notBefore, spec.notBefore + 1)
        );
    }

    function test_RefusesWhatTheRootDidNotSign() public {
        CertificateSpec memory ca = platformCa();
        ca.issuerKey = OTHER_KEY;
        refuseAuthority(encode(ca), abi.encodePacked(ICollateralStore.NotSignedByRoot.selector));
        CertificateSpec memory spec = tcbSigner();
        spec.issuerKey = PLATFORM_CA_KEY;
        refuseSigner(encode(spec), abi.encodePacked(ICollateralStore.NotSignedByRoot.selector));
    }

    function test_RefusesTheRootItself() public {
        refuseAuthority(encode(rootCertificate()), abi.encodePacked(ICollateralStore.CertificateOfRoot.selector));
        CertificateSpec memory spec = tcbSigner();
        spec.subjectKey = ROOT_KEY;
        refuseSigner(encode(spec), abi.encodePacked(ICollateralStore.CertificateOfRoot.selector));
    }

    function test_AnAuthorityMayIssueCertificatesAndRevocationLists() public {
        bytes memory constraints = basicConstraints(hex"0101ff020100");
        refuseAuthorityWith(bytes.concat(keyUsage(hex"0106"), basicConstraints("")), false, 0x06);
        refuseAuthorityWith(keyUsage(hex"0106"), false, 0x06);
        refuseAuthorityWith(constraints, true, 0);
        refuseAuthorityWith(bytes.concat(keyUsage(hex"0204"), constraints), true, 0x04);
        refuseAuthorityWith(bytes.concat(keyUsage(hex"0102"), constraints), true, 0x02);
        refuseAuthorityWith(signerExtensions(), false, 0xc0);
    }

    function test_RefusesCertificatesOutsideOfTheirValidity() public {
        CertificateSpec memory ca = platformCa();
        CertificateSpec memory spec = tcbSigner();
        uint256[2] memory times = [spec.notBefore - 1, ca.notAfter + 1];
        for (uint256 i; i < 2; ++i) {
            vm.warp(times[i]);
            refuseSigner(encode(spec), notValid(spec));
            if (i == 1) refuseAuthority(encode(ca), notValid(ca));
        }
        // The first and the last second belong to it.
        CollateralStore fresh = newStore();
        vm.warp(spec.notBefore);
        vm.assertTrue(fresh.addSigner(encode(spec)));
        fresh = newStore();
        vm.warp(ca.notAfter);
        vm.assertTrue(fresh.addAuthority(encode(ca)));
    }

    function test_AddsASigner() public {
        CollateralStore fresh = newStore();
        CertificateSpec memory spec = tcbSigner();
        bytes memory der = encode(spec);
        vm.expectEmit(address(fresh));
        emit ICollateralStore.SignerAdded(signer, spec.notAfter);
        vm.assertTrue(fresh.addSigner(der));
        ICollateralStore.Certificate memory held = fresh.signerOf(signer);
        (bytes32 x, bytes32 y) = publicKey(SIGNER_KEY);
        vm.assertEq(held.x, x);
        vm.assertEq(held.y, y);
        vm.assertEq(held.serial, serialOf(SIGNER_KEY));
        vm.assertEq(held.notBefore, spec.notBefore);
        vm.assertEq(held.notAfter, spec.notAfter);
    }

    function test_ASignerIsNamedAndUsedAsSuch() public {
        string[5] memory names =
            ["Intel SGX TCB Signin", "Intel SGX TCB Signing ", "intel SGX TCB Signing", "", PCK_NAME];
        for (uint256 i; i < 5; ++i) {
            CertificateSpec memory spec = tcbSigner();
            spec.subjectName = names[i];
            refuseSigner(encode(spec), notASigner(bytes32(bytes(names[i])), false, 0xc0));
        }
        bytes32 commonName = bytes32(bytes(SIGNER_NAME));
        bytes memory constraints = basicConstraints("");
        refuseSignerWith(bytes.concat(keyUsage(hex"06c0"), basicConstraints(hex"0101ff")), commonName, true, 0xc0);
        refuseSignerWith(bytes.concat(keyUsage(hex"0640"), constraints), commonName, false, 0x40);
        refuseSignerWith(bytes.concat(keyUsage(hex"0284"), constraints), commonName, false, 0x84);
        refuseSignerWith(constraints, commonName, false, 0);
        refuseSigner(encode(platformCa()), notASigner(bytes32(bytes(PLATFORM_CA_NAME)), true, 0x06));
    }

    /// @dev The name is that of the first commonName, wherever it stands, and no longer than a word.
    function test_ReadsTheCommonNameOutOfAnyName() public {
        CertificateSpec memory spec = tcbSigner();
        spec.subjectName = "Intel SGX TCB Signing, and a lot more of it";
        refuseSigner(encode(spec), notASigner(0, false, 0xc0));
    }

    /// @dev A platform's certificate is issued by an authority, not by the root: its key never signs collateral.
    function test_APlatformsKeySignsNoCollateral() public {
        CertificateSpec memory spec = pckLeaf(PCK_KEY);
        refuseSigner(encode(spec), notASigner(bytes32(bytes(PCK_NAME)), false, 0xc0));
        spec.subjectName = SIGNER_NAME;
        refuseSigner(encode(spec), abi.encodePacked(ICollateralStore.NotSignedByRoot.selector));
        string memory text = json(goodTcbInfo());
        bytes memory signature = signatureOf(PCK_KEY, text);
        vm.expectRevert(abi.encodeWithSelector(ICollateralStore.UnknownSigner.selector, keyHash(PCK_KEY)));
        store.updateTcbInfo(bytes(text), signature, keyHash(PCK_KEY));
    }

    function test_RefusesWhatTheRootRevoked() public {
        CollateralStore fresh = newStore();
        CrlSpec memory crl = goodRootCrl();
        crl.serials = new uint256[](2);
        (crl.serials[0], crl.serials[1]) = (serialOf(PLATFORM_CA_KEY), serialOf(SIGNER_KEY));
        fresh.updateRootCrl(encode(crl));
        store = fresh;
        refuseAuthority(encode(platformCa()), revoked(crl.serials[0]));
        refuseSigner(encode(tcbSigner()), revoked(crl.serials[1]));
    }

    function test_UnknownAuthoritiesHaveNoKey() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateralStore.UnknownAuthority.selector, bytes32(uint256(1))));
        store.issuerKey(bytes32(uint256(1)));
        vm.assertEq(store.authorityOf(bytes32(uint256(1))).notAfter, 0);
        vm.assertEq(store.signerOf(bytes32(uint256(1))).notAfter, 0);
    }

    function test_RefusesSerialNumbersOfMoreThanTwentyBytes() public {
        CertificateSpec memory ca = platformCa();
        vm.assertTrue(newStore().addAuthority(withSerial(ca, type(uint160).max)));
        bytes memory der = withSerial(ca, 1 << 160);
        // SEQUENCE, SEQUENCE, version: the serial number is after 4 + 4 + 5 bytes.
        vm.expectRevert(abi.encodeWithSelector(IEncodingErrors.MalformedDer.selector, 13));
        store.addAuthority(der);
    }

    function withSerial(CertificateSpec memory spec, uint256 serial) private pure returns (bytes memory) {
        bytes memory body = bytes.concat(
            bytes.concat(hex"a003020102", DerWriter.integer(serial), ECDSA_WITH_SHA256, name(spec.issuerName)),
            DerWriter.sequence(bytes.concat(time(spec.notBefore), time(spec.notAfter))),
            bytes.concat(name(spec.subjectName), publicKeyInfo(spec.subjectKey)),
            DerWriter.element(0xa3, DerWriter.sequence(spec.extensions))
        );
        return signedBy(spec.issuerKey, DerWriter.sequence(body));
    }

    function refuseAuthority(bytes memory der, bytes memory reason_) private {
        vm.expectRevert(reason_);
        store.addAuthority(der);
    }

    function refuseSigner(bytes memory der, bytes memory reason_) private {
        vm.expectRevert(reason_);
        store.addSigner(der);
    }

    function refuseAuthorityWith(bytes memory extensions, bool isAuthority, uint256 usage) private {
        CertificateSpec memory ca = platformCa();
        ca.extensions = extensions;
        refuseAuthority(
            encode(ca), abi.encodeWithSelector(ICollateralStore.NotAnAuthority.selector, isAuthority, usage)
        );
    }

    function refuseSignerWith(bytes memory extensions, bytes32 commonName, bool isAuthority, uint256 usage) private {
        CertificateSpec memory spec = tcbSigner();
        spec.extensions = extensions;
        refuseSigner(encode(spec), notASigner(commonName, isAuthority, usage));
    }

    function notASigner(bytes32 commonName, bool isAuthority, uint256 usage) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralStore.NotATcbSigner.selector, commonName, isAuthority, usage);
    }

    function notValid(CertificateSpec memory spec) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            ICollateralStore.CertificateNotValid.selector, spec.notBefore, spec.notAfter, block.timestamp
        );
    }

    function revoked(uint256 serial) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralStore.CertificateRevoked.selector, serial);
    }

    function signedWith(bytes memory body, bytes32 r, bytes32 s) private pure returns (bytes memory) {
        bytes memory signature = bytes.concat(DerWriter.integer(uint256(r)), DerWriter.integer(uint256(s)));
        return DerWriter.sequence(bytes.concat(body, ECDSA_WITH_SHA256, DerWriter.bits(DerWriter.sequence(signature))));
    }
}
