// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";

/// @notice What the store says of a platform: what it rests on, when that runs out, and what must be exact.
contract CollateralAssessTest is CollateralStoreTest {
    function test_AssessesAGoodPlatform() public view {
        ICollateralStore.Assessment memory given = store.assess(goodPlatform());
        vm.assertEq(uint256(given.status), uint256(ICollateralStore.TcbStatus.UpToDate));
        vm.assertEq(given.evaluationNumber, 20);
        vm.assertEq(given.expiresAt, START_TIME + 30 days);
    }

    function test_TheEvaluationNumberIsTheLowerOne() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = 22;
        uploadTcbInfo(spec);
        vm.assertEq(store.assess(goodPlatform()).evaluationNumber, 20);
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = 23;
        uploadQeIdentity(identity);
        vm.assertEq(store.assess(goodPlatform()).evaluationNumber, 22);
    }

    // Time.

    function test_TheEarliestEndCounts() public {
        vm.assertEq(store.assess(goodPlatform()).expiresAt, START_TIME + 30 days);
        vm.warp(START_TIME + 1);
        CrlSpec memory pckCrl = goodPckCrl();
        pckCrl.nextUpdate = START_TIME + 20 days;
        store.updatePckCrl(encode(pckCrl));
        vm.assertEq(store.assess(goodPlatform()).expiresAt, pckCrl.nextUpdate);
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.nextUpdate = START_TIME + 19 days;
        uploadTcbInfo(spec);
        vm.assertEq(store.assess(goodPlatform()).expiresAt, spec.nextUpdate);
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.nextUpdate = START_TIME + 18 days;
        uploadQeIdentity(identity);
        vm.assertEq(store.assess(goodPlatform()).expiresAt, identity.nextUpdate);
        CrlSpec memory rootCrl = goodRootCrl();
        rootCrl.nextUpdate = START_TIME + 17 days;
        store.updateRootCrl(encode(rootCrl));
        vm.assertEq(store.assess(goodPlatform()).expiresAt, rootCrl.nextUpdate);
        CertificateSpec memory ca = platformCa();
        ++ca.notBefore;
        ca.notAfter = START_TIME + 16 days;
        store.addAuthority(encode(ca));
        vm.assertEq(store.assess(goodPlatform()).expiresAt, ca.notAfter);
    }

    function test_ItEndsWithTheSignersCertificates() public {
        uint256 key = addSigner("short", START_TIME + 10 days);
        vm.warp(START_TIME + 1);
        string memory text = json(goodTcbInfo());
        store.updateTcbInfo(bytes(text), signatureOf(key, text), keyHash(key));
        vm.assertEq(store.assess(goodPlatform()).expiresAt, START_TIME + 10 days);
        uint256 other = addSigner("shorter", START_TIME + 9 days);
        text = json(goodQeIdentity());
        store.updateQeIdentity(bytes(text), signatureOf(other, text), keyHash(other));
        vm.assertEq(store.assess(goodPlatform()).expiresAt, START_TIME + 9 days);

        // The last second belongs to a certificate's validity.
        vm.warp(START_TIME + 9 days);
        store.assess(goodPlatform());
        vm.warp(START_TIME + 9 days + 1);
        refuseAssessment(goodPlatform(), signerExpired(serialOf(other), START_TIME + 9 days));
        uploadQeIdentity(goodQeIdentity());
        vm.warp(START_TIME + 10 days);
        store.assess(goodPlatform());
        vm.warp(START_TIME + 10 days + 1);
        refuseAssessment(goodPlatform(), signerExpired(serialOf(key), START_TIME + 10 days));
    }

    function test_RevocationListsCountBeforeTheirNextUpdate() public {
        CrlSpec memory rootCrl = goodRootCrl();
        vm.warp(START_TIME + 30 days - 1);
        store.assess(goodPlatform());
        vm.warp(START_TIME + 30 days);
        refuseAssessment(
            goodPlatform(),
            abi.encodeWithSelector(
                ICollateralStore.PckCrlExpired.selector, platformCaName, block.timestamp, block.timestamp
            )
        );
        vm.warp(rootCrl.nextUpdate - 1);
        store.updatePckCrl(encode(goodPckCrl()));
        uploadTcbInfo(goodTcbInfo());
        uploadQeIdentity(goodQeIdentity());
        store.assess(goodPlatform());
        vm.warp(rootCrl.nextUpdate);
        refuseAssessment(
            goodPlatform(),
            abi.encodeWithSelector(ICollateralStore.RootCrlExpired.selector, block.timestamp, block.timestamp)
        );
    }

    function test_TextsCountUntilTheirNextUpdate() public {
        uint256 end = START_TIME + 30 days;
        vm.warp(end);
        store.updatePckCrl(encode(goodPckCrl()));
        store.assess(goodPlatform());
        vm.warp(end + 1);
        refuseAssessment(
            goodPlatform(), abi.encodeWithSelector(ICollateralStore.TcbInfoExpired.selector, FMSPC, end, end + 1)
        );
        uploadTcbInfo(goodTcbInfo());
        refuseAssessment(
            goodPlatform(), abi.encodeWithSelector(ICollateralStore.QeIdentityExpired.selector, end, end + 1)
        );
        uploadQeIdentity(goodQeIdentity());
        store.assess(goodPlatform());
    }

    function test_TheAuthoritysCertificateCountsUntilItsEnd() public {
        CertificateSpec memory ca = platformCa();
        ++ca.notBefore;
        ca.notAfter = START_TIME + 1 days;
        store.addAuthority(encode(ca));
        vm.warp(ca.notAfter);
        store.assess(goodPlatform());
        vm.warp(ca.notAfter + 1);
        refuseAssessment(
            goodPlatform(),
            abi.encodeWithSelector(
                ICollateralStore.AuthorityExpired.selector, platformCaName, ca.notAfter, block.timestamp
            )
        );
    }

    // Absent and revoked.

    function test_RefusesWithoutEveryPartOfTheCollateral() public {
        store = newStore();
        ICollateralStore.Platform memory platform = goodPlatform();
        refuseAssessment(platform, abi.encodePacked(ICollateralStore.RootCrlMissing.selector));
        store.updateRootCrl(encode(goodRootCrl()));
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.UnknownAuthority.selector, platformCaName));
        store.addAuthority(encode(platformCa()));
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.PckCrlMissing.selector, platformCaName));
        store.updatePckCrl(encode(goodPckCrl()));
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.TcbInfoMissing.selector, FMSPC));
        store.addSigner(encode(tcbSigner()));
        uploadTcbInfo(goodTcbInfo());
        refuseAssessment(platform, abi.encodePacked(ICollateralStore.QeIdentityMissing.selector));
        uploadQeIdentity(goodQeIdentity());
        store.assess(platform);
        platform.fmspc = 0x00806f050000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.TcbInfoMissing.selector, platform.fmspc));
    }

    function test_RefusesRevokedPlatforms() public {
        ICollateralStore.Platform memory platform = goodPlatform();
        for (uint256 i; i < 57; ++i) {
            platform.serial = revokedSerial(i);
            refuseAssessment(
                platform, abi.encodeWithSelector(ICollateralStore.PlatformCertificateRevoked.selector, platform.serial)
            );
        }
    }

    function test_TheRootsListStopsAnAuthorityAndASigner() public {
        revokeByRoot(serialOf(PLATFORM_CA_KEY));
        refuseAssessment(goodPlatform(), revoked(serialOf(PLATFORM_CA_KEY)));
        revokeByRoot(serialOf(SIGNER_KEY));
        refuseAssessment(goodPlatform(), revoked(serialOf(SIGNER_KEY)));
        // That of a platform is none of its business.
        revokeByRoot(serialOf(PCK_KEY));
        store.assess(goodPlatform());

        uint256 key = addSigner("of the QE identity", START_TIME + 10 days);
        vm.warp(START_TIME + 1);
        string memory text = json(goodQeIdentity());
        store.updateQeIdentity(bytes(text), signatureOf(key, text), keyHash(key));
        revokeByRoot(serialOf(key));
        refuseAssessment(goodPlatform(), revoked(serialOf(key)));
    }

    // What must be exact.

    function test_ThePceIdIsTheTcbInfos() public {
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.pceId = 0x0001;
        refuseAssessment(
            platform, abi.encodeWithSelector(ICollateralStore.WrongPceId.selector, bytes2(0x0001), bytes2(0))
        );
    }

    function test_TheModuleIsSignedByWhomItsIdentitySays() public {
        bytes memory other = new bytes(48);
        (other[0], other[31], other[32], other[47]) = (0x01, 0x02, 0x03, 0x04);
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = 21;
        spec.identities[1].signer = other;
        uploadTcbInfo(spec);
        ICollateralStore.Platform memory platform = goodPlatform();
        (bytes32 high, bytes16 low) = (bytes32(other), bytes16(uint128(0x03 << 120 | 0x04)));
        refuseAssessment(platform, wrongSigner(0, 0, high, low));
        platform.moduleSignerHigh = high;
        refuseAssessment(platform, wrongSigner(high, 0, high, low));
        platform.moduleSignerLow = low;
        store.assess(platform);
        // Another version has its own, version 0 the TCB info's.
        platform.teeTcbSvn = 0x05030300000000000000000000000000;
        refuseAssessment(platform, wrongSigner(high, low, 0, 0));
        platform.teeTcbSvn = 0x05000300000000000000000000000000;
        refuseAssessment(platform, wrongSigner(high, low, 0, 0));
        (platform.moduleSignerHigh, platform.moduleSignerLow) = (0, 0);
        store.assess(platform);
    }

    function test_TheModulesAttributesAreExactUnderTheMaskAndZeroOutside() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = 21;
        (spec.identities[1].attributes, spec.identities[1].mask) = (0x0300000000000080, 0x0100000000000081);
        uploadTcbInfo(spec);
        ICollateralStore.Platform memory platform = goodPlatform();
        bytes8[5] memory wrong =
            [bytes8(0), 0x0300000000000080, 0x0100000000000000, 0x0100000000000081, 0x0100000000000082];
        for (uint256 i; i < 5; ++i) {
            platform.seamAttributes = wrong[i];
            refuseAssessment(
                platform,
                abi.encodeWithSelector(
                    ICollateralStore.WrongSeamAttributes.selector,
                    wrong[i],
                    spec.identities[1].attributes,
                    spec.identities[1].mask
                )
            );
        }
        platform.seamAttributes = 0x0100000000000080;
        store.assess(platform);
    }

    function test_TheQuotingEnclaveIsTheIdentitys() public {
        QeIdentitySpec memory identity = goodQeIdentity();
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.qeSigner = keccak256("another");
        refuseAssessment(
            platform,
            abi.encodeWithSelector(ICollateralStore.WrongQeSigner.selector, platform.qeSigner, identity.signer)
        );
        platform = goodPlatform();
        platform.qeProductId = 1;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.WrongQeProduct.selector, 1, 2));
        platform = goodPlatform();
        platform.qeMiscSelect = 0x00000001;
        refuseAssessment(
            platform,
            abi.encodeWithSelector(
                ICollateralStore.WrongQeMiscSelect.selector,
                platform.qeMiscSelect,
                identity.miscSelect,
                identity.miscSelectMask
            )
        );
        // Every bit under the mask, and none outside of it; DEBUG is outside, and refused by itself.
        for (uint256 i; i < 128; ++i) {
            platform = goodPlatform();
            bytes16 bit = bytes16(uint128(1 << i));
            platform.qeAttributes ^= bit;
            if (i == 121) {
                refuseAssessment(
                    platform, abi.encodeWithSelector(ICollateralStore.DebugQe.selector, platform.qeAttributes)
                );
            } else if (bit & identity.attributesMask != 0) {
                refuseAssessment(
                    platform,
                    abi.encodeWithSelector(
                        ICollateralStore.WrongQeAttributes.selector,
                        platform.qeAttributes,
                        identity.attributes,
                        identity.attributesMask
                    )
                );
            } else {
                store.assess(platform);
            }
        }
    }

    function test_ADebugEnclaveIsRefusedWhateverTheIdentitySays() public {
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = 21;
        (identity.attributes, identity.attributesMask) = (0x13000000000000000000000000000000, bytes16(0));
        (identity.miscSelect, identity.miscSelectMask) = (0xffffffff, 0x0000ff00);
        uploadQeIdentity(identity);
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.qeMiscSelect = 0x1234ff56;
        platform.qeAttributes = 0xfdffffffffffffffffffffffffffffff;
        store.assess(platform);
        platform.qeAttributes = 0x13000000000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.DebugQe.selector, platform.qeAttributes));
    }

    function addSigner(string memory label, uint256 notAfter) private returns (uint256 key) {
        key = uint256(keccak256(bytes(label)));
        CertificateSpec memory spec = tcbSigner();
        (spec.subjectKey, spec.notAfter) = (key, notAfter);
        store.addSigner(encode(spec));
    }

    function signerExpired(uint256 serial, uint256 notAfter) private view returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralStore.SignerExpired.selector, serial, notAfter, block.timestamp);
    }

    function revoked(uint256 serial) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralStore.CertificateRevoked.selector, serial);
    }

    function wrongSigner(bytes32 givenHigh, bytes16 givenLow, bytes32 high, bytes16 low)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(ICollateralStore.WrongModuleSigner.selector, givenHigh, givenLow, high, low);
    }
}
