// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralStoreTest, EvaluationListener} from "./CollateralStoreTest.sol";
import {CollateralStore} from "src/attestation/CollateralStore.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";

/// @notice Uploads of TCB infos and QE identities: who signs them, and that they only move forward.
contract CollateralTcbInfoTest is CollateralStoreTest {
    function test_StoresATcbInfo() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.fmspc = 0x00806f050000;
        string memory text = json(spec);
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectEmit(address(store));
        emit ICollateralStore.TcbInfoUpdated(spec.fmspc, 20, spec.issueDate, spec.nextUpdate);
        vm.assertTrue(store.updateTcbInfo(bytes(text), signature, signer));
        assertHeader(store.tcbInfo(spec.fmspc), 20, spec.issueDate, spec.nextUpdate);
        vm.assertEq(store.tcbInfo(0x123456789abc).nextUpdate, 0);
    }

    function test_StoresTheQeIdentity() public {
        QeIdentitySpec memory spec = newerQeIdentity();
        string memory text = json(spec);
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectEmit(address(store));
        emit ICollateralStore.QeIdentityUpdated(20, spec.issueDate, spec.nextUpdate);
        vm.assertTrue(store.updateQeIdentity(bytes(text), signature, signer));
        assertHeader(store.qeIdentity(), 20, spec.issueDate, spec.nextUpdate);
        vm.assertEq(newStore().qeIdentity().nextUpdate, 0);
    }

    function test_TheSameAgainChangesNothing() public {
        vm.assertFalse(uploadTcbInfo(goodTcbInfo()));
        vm.assertFalse(uploadQeIdentity(goodQeIdentity()));
    }

    function test_TcbInfosOnlyMoveForward() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        // Issued earlier.
        --spec.issueDate;
        refuseTcbInfo(json(spec), older(20, spec.issueDate, 20, START_TIME));
        // Issued later, of a lower number.
        vm.warp(START_TIME + 1 days);
        spec.issueDate = block.timestamp;
        --spec.evaluationNumber;
        refuseTcbInfo(json(spec), older(19, spec.issueDate, 20, START_TIME));
        ++spec.evaluationNumber;
        vm.assertTrue(uploadTcbInfo(spec));
        // Of a higher number, whenever it was issued.
        ++spec.evaluationNumber;
        spec.issueDate -= 2 days;
        vm.assertTrue(uploadTcbInfo(spec));
        assertHeader(store.tcbInfo(FMSPC), 21, spec.issueDate, spec.nextUpdate);
        refuseTcbInfo(json(goodTcbInfo()), older(20, block.timestamp, 21, spec.issueDate));
    }

    function test_TheQeIdentityOnlyMovesForward() public {
        QeIdentitySpec memory spec = goodQeIdentity();
        --spec.issueDate;
        refuseQeIdentity(json(spec), older(20, spec.issueDate, 20, START_TIME));
        spec = newerQeIdentity();
        --spec.evaluationNumber;
        refuseQeIdentity(json(spec), older(19, spec.issueDate, 20, START_TIME));
        spec.evaluationNumber = 21;
        vm.assertTrue(uploadQeIdentity(spec));
    }

    /// @dev Platforms of one kind do not hold back others.
    function test_EachKindOfPlatformsMovesByItself() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.fmspc = 0x00806f050000;
        spec.evaluationNumber = 5;
        --spec.issueDate;
        vm.assertTrue(uploadTcbInfo(spec));
        vm.assertEq(store.tcbInfo(FMSPC).evaluationNumber, 20);
    }

    function testFuzz_TheNewestWinsInWhateverOrder(uint8[6] memory numbers, uint8[6] memory ages) public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.fmspc = 0x00806f050000;
        uint256 best;
        for (uint256 i; i < 6; ++i) {
            uint256 number = uint256(numbers[i]) % 4;
            spec.evaluationNumber = number;
            spec.issueDate = START_TIME - ages[i];
            uint256 order = number << 64 | spec.issueDate;
            string memory text = json(spec);
            bytes memory data =
                abi.encodeCall(store.updateTcbInfo, (bytes(text), signatureOf(SIGNER_KEY, text), signer));
            (bool success, bytes memory answer) = address(store).call(data);
            vm.assertEq(success, order >= best);
            if (success) vm.assertEq(abi.decode(answer, (bool)), order > best);
            if (order > best) best = order;
            ICollateralStore.Collateral memory held = store.tcbInfo(spec.fmspc);
            vm.assertEq(uint256(held.evaluationNumber) << 64 | held.issueDate, best);
        }
    }

    function test_RefusesWhatIsNotCurrent() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.issueDate = START_TIME + 1 days;
        spec.nextUpdate = START_TIME + 2 days;
        QeIdentitySpec memory identity = goodQeIdentity();
        (identity.issueDate, identity.nextUpdate) = (spec.issueDate, spec.nextUpdate);
        uint256[2] memory times = [spec.issueDate - 1, spec.nextUpdate + 1];
        for (uint256 i; i < 2; ++i) {
            vm.warp(times[i]);
            bytes memory expected = abi.encodeWithSelector(
                ICollateralStore.NotCurrent.selector, spec.issueDate, spec.nextUpdate, block.timestamp
            );
            refuseTcbInfo(json(spec), expected);
            refuseQeIdentity(json(identity), expected);
        }
        vm.warp(spec.issueDate);
        vm.assertTrue(uploadTcbInfo(spec));
        vm.warp(spec.nextUpdate);
        vm.assertTrue(uploadQeIdentity(identity));
    }

    // Signers.

    function test_RefusesUnknownSigners() public {
        string memory text = json(goodTcbInfo());
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        bytes32[4] memory others = [bytes32(0), keyHash(ROOT_KEY), keyHash(PLATFORM_CA_KEY), platformCaName];
        for (uint256 i; i < 4; ++i) {
            bytes memory expected = abi.encodeWithSelector(ICollateralStore.UnknownSigner.selector, others[i]);
            vm.expectRevert(expected);
            store.updateTcbInfo(bytes(text), signature, others[i]);
            vm.expectRevert(expected);
            store.updateQeIdentity(bytes(text), signature, others[i]);
        }
    }

    function test_RefusesOtherSignatures() public {
        string memory text = json(goodTcbInfo());
        bytes memory signature = signatureOf(ROOT_KEY, text);
        bytes memory expected = abi.encodeWithSelector(ICollateralStore.NotSignedBySigner.selector, signer);
        vm.expectRevert(expected);
        store.updateTcbInfo(bytes(text), signature, signer);
        vm.expectRevert(expected);
        store.updateQeIdentity(bytes(text), signature, signer);
        vm.expectRevert(expected);
        store.updateTcbInfo(bytes(text), new bytes(64), signer);

        signature = signatureOf(SIGNER_KEY, text);
        bytes[3] memory lengths = [bytes(""), slice(signature, 0, 63), bytes.concat(signature, hex"00")];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICollateralStore.WrongSignatureLength.selector, lengths[i].length));
            store.updateTcbInfo(bytes(text), lengths[i], signer);
        }
    }

    function testFuzz_RefusesEveryMutationOfTheText(uint256 position, uint8 change) public {
        vm.assume(change != 0);
        bytes memory text = bytes(json(goodTcbInfo()));
        bytes memory signature = signatureOf(SIGNER_KEY, string(text));
        position = bound(position, 0, text.length - 1);
        text[position] ^= bytes1(change);
        vm.expectRevert(abi.encodeWithSelector(ICollateralStore.NotSignedBySigner.selector, signer));
        store.updateTcbInfo(text, signature, signer);
    }

    function test_RefusesASignerOutsideOfItsValidity() public {
        CertificateSpec memory spec = tcbSigner();
        vm.warp(spec.notAfter + 1);
        bytes memory expected = abi.encodeWithSelector(
            ICollateralStore.CertificateNotValid.selector, spec.notBefore, spec.notAfter, block.timestamp
        );
        refuseTcbInfo(json(goodTcbInfo()), expected);
        refuseQeIdentity(json(goodQeIdentity()), expected);
        vm.warp(spec.notAfter);
        vm.assertTrue(uploadTcbInfo(goodTcbInfo()));
    }

    function test_RefusesARevokedSigner() public {
        revokeByRoot(serialOf(SIGNER_KEY));
        bytes memory expected =
            abi.encodeWithSelector(ICollateralStore.CertificateRevoked.selector, serialOf(SIGNER_KEY));
        refuseTcbInfo(json(goodTcbInfo()), expected);
        refuseQeIdentity(json(goodQeIdentity()), expected);
    }

    /// @dev Or whoever stole its key could keep all later collateral out.
    function test_WhatARevokedSignerSignedHoldsNothingBack() public {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = type(uint32).max;
        uploadTcbInfo(spec);
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = type(uint32).max;
        uploadQeIdentity(identity);
        revokeByRoot(serialOf(SIGNER_KEY));

        uint256 key = uint256(keccak256("next TCB signing"));
        CertificateSpec memory next = tcbSigner();
        next.subjectKey = key;
        store.addSigner(encode(next));
        string memory text = json(goodTcbInfo());
        vm.assertTrue(store.updateTcbInfo(bytes(text), signatureOf(key, text), keyHash(key)));
        text = json(goodQeIdentity());
        vm.assertTrue(store.updateQeIdentity(bytes(text), signatureOf(key, text), keyHash(key)));
        vm.assertEq(store.tcbInfo(FMSPC).signerSerial, serialOf(key));
        store.assess(goodPlatform());
    }

    // The highest evaluation number.

    function test_TellsTheListenerOfEachRise() public {
        vm.assertEq(store.evaluationNumber(), 20);
        // Twice the same number: heard once.
        vm.assertEq(listener.count(), 1);
        vm.assertEq(listener.heard(0), 20);

        QeIdentitySpec memory identity = newerQeIdentity();
        identity.evaluationNumber = 22;
        string memory text = json(identity);
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectEmit(address(store));
        emit ICollateralStore.EvaluationRaised(22);
        store.updateQeIdentity(bytes(text), signature, signer);
        vm.assertEq(listener.heard(1), 22);

        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = 21;
        uploadTcbInfo(spec);
        vm.assertEq(listener.count(), 2);
        spec.evaluationNumber = 23;
        uploadTcbInfo(spec);
        vm.assertEq(listener.heard(2), 23);
        vm.assertEq(store.evaluationNumber(), 23);
    }

    function test_AListenerThatRevertsRefusesTheCollateral() public {
        listener.setDeaf(true);
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = 21;
        refuseTcbInfo(json(spec), abi.encodePacked(EvaluationListener.Deaf.selector));
        vm.assertEq(store.tcbInfo(FMSPC).evaluationNumber, 20);
        vm.assertEq(store.evaluationNumber(), 20);
    }

    function test_NeedsNoListener() public {
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        CollateralStore alone = new CollateralStore(x, y, address(0));
        fill(alone);
        vm.assertEq(alone.evaluationNumber(), 20);
        alone.assess(goodPlatform());
    }

    function newerQeIdentity() private returns (QeIdentitySpec memory) {
        vm.warp(START_TIME + 1 days);
        return goodQeIdentity();
    }

    function older(uint32 number, uint256 issueDate, uint32 heldNumber, uint256 heldIssueDate)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ICollateralStore.OlderCollateral.selector, number, issueDate, heldNumber, heldIssueDate
        );
    }

    function assertHeader(
        ICollateralStore.Collateral memory held,
        uint256 number,
        uint256 issueDate,
        uint256 nextUpdate
    ) private pure {
        vm.assertEq(held.evaluationNumber, number);
        vm.assertEq(held.issueDate, issueDate);
        vm.assertEq(held.nextUpdate, nextUpdate);
        vm.assertEq(held.signerSerial, serialOf(SIGNER_KEY));
    }
}
