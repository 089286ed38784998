// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DerWriter} from "../base/DerWriter.sol";
import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {CollateralStore} from "src/attestation/CollateralStore.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";

/// @notice Revocation lists.
contract CollateralCrlTest is CollateralStoreTest {
    function test_StoresARevocationList() public {
        CrlSpec memory crl = goodPckCrl();
        ++crl.thisUpdate;
        ++crl.nextUpdate;
        vm.warp(crl.thisUpdate);
        bytes memory der = encode(crl);
        vm.expectEmit(address(store));
        emit ICollateralStore.PckCrlUpdated(platformCaName, crl.thisUpdate, crl.nextUpdate, 57);
        vm.assertTrue(store.updatePckCrl(der));
        assertList(store.pckCrl(platformCaName), crl);
        assertList(store.rootCrl(), 1, START_TIME, START_TIME + 365 days, 0);
        for (uint256 i; i < 57; ++i) {
            uint256 serial = revokedSerial(i);
            vm.assertTrue(store.isRevoked(platformCaName, serial));
            vm.assertFalse(store.isRevoked(platformCaName, serial + 1));
            vm.assertFalse(store.isRevoked(platformCaName, serial - 1));
            vm.assertFalse(store.isRevoked(platformCaName, serial | 1 << 160));
            vm.assertFalse(store.isRevokedByRoot(serial));
        }
        vm.assertFalse(store.isRevoked(platformCaName, 0));
        vm.assertFalse(store.isRevoked(platformCaName, type(uint256).max));
        vm.assertFalse(store.isRevoked(0, revokedSerial(0)));
    }

    function test_RootRevokes() public {
        CrlSpec memory crl = newerRootCrl(1);
        crl.serials[0] = 7;
        bytes memory der = encode(crl);
        vm.expectEmit(address(store));
        emit ICollateralStore.RootCrlUpdated(crl.thisUpdate, crl.nextUpdate, 1);
        vm.assertTrue(store.updateRootCrl(der));
        vm.assertTrue(store.isRevokedByRoot(7));
        vm.assertFalse(store.isRevokedByRoot(8));
    }

    /// @dev Any serial numbers, sorted or not, twice or not.
    function testFuzz_FindsWhatWasRevokedAndNothingElse(uint160[] memory serials, uint160 other) public {
        CrlSpec memory crl = newerPckCrl(serials.length > 40 ? 40 : serials.length);
        for (uint256 i; i < crl.serials.length; ++i) {
            crl.serials[i] = serials[i];
        }
        store.updatePckCrl(encode(crl));
        bool isListed;
        for (uint256 i; i < crl.serials.length; ++i) {
            vm.assertTrue(store.isRevoked(platformCaName, serials[i]));
            isListed = isListed || serials[i] == other;
        }
        vm.assertEq(store.isRevoked(platformCaName, other), isListed);
        vm.assertEq(store.pckCrl(platformCaName).count, crl.serials.length);
    }

    function test_AnEmptyListReplacesAFullOne() public {
        vm.assertTrue(store.updatePckCrl(encode(newerPckCrl(0))));
        vm.assertFalse(store.isRevoked(platformCaName, revokedSerial(0)));
        vm.assertEq(store.pckCrl(platformCaName).count, 0);
    }

    function test_TheSameListAgainChangesNothing() public {
        vm.assertFalse(store.updatePckCrl(encode(goodPckCrl())));
        vm.assertFalse(store.updateRootCrl(encode(goodRootCrl())));
    }

    function test_ListsOnlyMoveForward() public {
        CrlSpec memory crl = newerPckCrl(1);
        crl.number = 5;
        crl.serials[0] = 1;
        store.updatePckCrl(encode(crl));
        // Made earlier, of whatever number.
        refuseOlder(crl, 5, crl.thisUpdate - 1);
        refuseOlder(crl, 6, crl.thisUpdate - 1);
        refuseOlder(crl, 4, crl.thisUpdate - 1);
        // A lower number, whenever it was made.
        refuseOlder(crl, 4, crl.thisUpdate);
        vm.warp(crl.thisUpdate + 1);
        refuseOlder(crl, 4, crl.thisUpdate + 1);
        crl.number = 6;
        vm.assertTrue(store.updatePckCrl(encode(crl)));
        ++crl.thisUpdate;
        vm.assertTrue(store.updatePckCrl(encode(crl)));
        vm.assertTrue(store.isRevoked(platformCaName, 1));
        assertList(store.pckCrl(platformCaName), crl);
    }

    function refuseOlder(CrlSpec memory held, uint256 number, uint256 thisUpdate) private {
        CrlSpec memory older =
            CrlSpec(PLATFORM_CA_NAME, PLATFORM_CA_KEY, number, thisUpdate, held.nextUpdate, new uint256[](0));
        bytes memory der = encode(older);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICollateralStore.OlderRevocationList.selector, number, thisUpdate, held.number, held.thisUpdate
            )
        );
        store.updatePckCrl(der);
    }

    function test_RefusesListsOfTheFutureAndOfThePast() public {
        CrlSpec memory crl = newerPckCrl(0);
        vm.warp(crl.thisUpdate - 1);
        refusePckCrl(encode(crl), notCurrent(crl));
        vm.warp(crl.nextUpdate);
        refusePckCrl(encode(crl), notCurrent(crl));
        vm.warp(crl.nextUpdate - 1);
        vm.assertTrue(store.updatePckCrl(encode(crl)));
        crl = goodRootCrl();
        ++crl.thisUpdate;
        bytes memory der = encode(crl);
        vm.expectRevert(notCurrent(crl));
        store.updateRootCrl(der);
    }

    function test_RefusesListsThatTheirIssuerDidNotSign() public {
        CrlSpec memory crl = newerPckCrl(0);
        crl.issuerKey = ROOT_KEY;
        refusePckCrl(
            encode(crl), abi.encodeWithSelector(ICollateralStore.NotSignedByAuthority.selector, platformCaName)
        );
        crl = newerRootCrl(0);
        crl.issuerKey = PLATFORM_CA_KEY;
        bytes memory der = encode(crl);
        vm.expectRevert(ICollateralStore.NotSignedByRoot.selector);
        store.updateRootCrl(der);
        crl.issuerName = "nobody";
        refusePckCrl(
            encode(crl), abi.encodeWithSelector(ICollateralStore.UnknownAuthority.selector, keccak256(name("nobody")))
        );
    }

    function test_ARevokedAuthorityRevokesNothing() public {
        uint256 serial = serialOf(PLATFORM_CA_KEY);
        revokeByRoot(serial);
        refusePckCrl(
            encode(newerPckCrl(1)), abi.encodeWithSelector(ICollateralStore.CertificateRevoked.selector, serial)
        );
    }

    function test_HoldsAsManyAsFitIntoACode() public {
        // Without extensions of the entries, so that the list stays below 65,536 bytes.
        vm.assertTrue(store.updatePckCrl(longList(1228)));
        vm.assertEq(store.pckCrl(platformCaName).count, 1228);
        for (uint256 i; i < 1228; i += 101) {
            vm.assertTrue(store.isRevoked(platformCaName, revokedSerial(i)));
        }
        refusePckCrl(
            longList(1229), abi.encodeWithSelector(ICollateralStore.TooManyRevoked.selector, uint256(1229), 1228)
        );
    }

    function longList(uint256 count) private view returns (bytes memory) {
        CrlSpec memory crl = newerPckCrl(0);
        crl.number = count;
        bytes memory date = time(crl.thisUpdate);
        bytes memory list = new bytes(0);
        bytes memory part;
        for (uint256 i; i < count; ++i) {
            part = bytes.concat(part, DerWriter.sequence(bytes.concat(DerWriter.integer(revokedSerial(i)), date)));
            if (i % 64 == 63 || i == count - 1) (list, part) = (bytes.concat(list, part), "");
        }
        return sign(crlBody(crl, DerWriter.sequence(list), crlNumber(crl.number)));
    }

    // Form.

    function test_ReadsEveryFormOfEntries() public {
        CrlSpec memory crl = newerPckCrl(0);
        bytes memory extensions = DerWriter.sequence(
            bytes.concat(reason(1), extension(hex"551d18", false, DerWriter.element(0x18, "20260101000000Z")))
        );
        bytes memory list = bytes.concat(
            entry(1, "260101000000Z", 0x17, ""),
            entry(2, "20260101000000Z", 0x18, ""),
            entry(3, "260101000000Z", 0x17, DerWriter.sequence(reason(4))),
            entry(type(uint160).max, "260101000000Z", 0x17, extensions)
        );
        vm.assertTrue(store.updatePckCrl(sign(crlBody(crl, DerWriter.sequence(list), crlNumber(2)))));
        for (uint256 i = 1; i < 4; ++i) {
            vm.assertTrue(store.isRevoked(platformCaName, i));
        }
        vm.assertTrue(store.isRevoked(platformCaName, type(uint160).max));
        vm.assertEq(store.pckCrl(platformCaName).count, 4);
    }

    function test_RefusesMalformedEntries() public {
        bytes memory date = "260101000000Z";
        bytes[8] memory bad = [
            entry(1 << 160, date, 0x17, ""),
            entry(1, "2601010000Z", 0x17, ""),
            entry(1, date, 0x18, ""),
            entry(1, date, 0x16, ""),
            DerWriter.sequence(DerWriter.integer(1)),
            entry(1, date, 0x17, bytes.concat(DerWriter.sequence(reason(1)), hex"00")),
            bytes(hex"0500"),
            DerWriter.sequence(bytes.concat(hex"0201ff", DerWriter.element(0x17, date)))
        ];
        for (uint256 i; i < bad.length; ++i) {
            refuseForm(crlBody(newerPckCrl(0), DerWriter.sequence(bad[i]), crlNumber(1)));
        }
    }

    function test_RefusesListsOfOtherKinds() public {
        CrlSpec memory crl = newerPckCrl(0);
        // Version 1, no extensions, no or two CRL numbers, one that is too long or not alone, something after them.
        bytes memory body = crlBody(crl, "", crlNumber(1));
        bytes memory content = slice(body, 4, body.length - 4);
        if (uint8(body[1]) == 0x81) content = slice(body, 3, body.length - 3);
        content[2] = 0x00;
        refuseForm(DerWriter.sequence(content));
        bytes memory number = extension(hex"551d14", false, DerWriter.integer(1));
        refuseForm(crlBody(crl, "", ""));
        refuseForm(crlBody(crl, "", extension(OID_AUTHORITY_KEY_IDENTIFIER, false, "")));
        refuseForm(crlBody(crl, "", bytes.concat(number, number)));
        refuseForm(crlBody(crl, "", extension(hex"551d14", false, DerWriter.integer(1 << 160))));
        refuseForm(crlBody(crl, "", extension(hex"551d14", false, bytes.concat(DerWriter.integer(1), hex"00"))));
        content[2] = 0x01;
        refuseForm(DerWriter.sequence(bytes.concat(content, hex"0500")));
        refuseForm(crlBody(crl, hex"0500", crlNumber(1)));

        bytes memory der = bytes.concat(encode(crl), hex"00");
        vm.expectRevert(abi.encodeWithSelector(IEncodingErrors.MalformedDer.selector, der.length - 1));
        store.updatePckCrl(der);
    }

    function test_RefusesExtensionsThatChangeTheMeaning() public {
        CrlSpec memory crl = newerPckCrl(0);
        bytes[3] memory ids = [bytes(hex"551d1b"), hex"551d1c", hex"551d63"];
        for (uint256 i; i < 3; ++i) {
            bytes memory extensions = bytes.concat(crlNumber(2), extension(ids[i], true, hex"0500"));
            refusePckCrl(sign(crlBody(crl, "", extensions)), unknownExtension(ids[i]));
            // A list that is not complete, or not for all certificates, is so whether or not it says so critically.
            extensions = bytes.concat(crlNumber(2), extension(ids[i], false, hex"0500"));
            bytes memory der = sign(crlBody(crl, "", extensions));
            if (i < 2) refusePckCrl(der, unknownExtension(ids[i]));
            else vm.assertTrue(store.updatePckCrl(der));
        }
        // The same for entries: of another issuer, or critical.
        ++crl.number;
        bytes memory list = DerWriter.sequence(extension(hex"551d1d", false, hex"0500"));
        list = DerWriter.sequence(entry(1, "260101000000Z", 0x17, list));
        refusePckCrl(sign(crlBody(crl, list, crlNumber(2))), unknownExtension(hex"551d1d"));
        list = DerWriter.sequence(extension(hex"551d15", true, hex"0a0101"));
        list = DerWriter.sequence(entry(1, "260101000000Z", 0x17, list));
        refusePckCrl(sign(crlBody(crl, list, crlNumber(2))), unknownExtension(hex"551d15"));
    }

    function test_RefusesEveryTruncation() public {
        bytes memory der = encode(newerPckCrl(3));
        for (uint256 length; length < der.length; ++length) {
            bytes memory cut = slice(der, 0, length);
            vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
            store.updatePckCrl(cut);
        }
        vm.assertTrue(store.updatePckCrl(der));
    }

    /// @dev A byte of what is signed, or of the signature: refused by a named error, and nothing is taken over.
    function testFuzz_RefusesEveryMutation(uint256 position, uint8 change) public {
        bytes memory der = encode(newerPckCrl(3));
        vm.assume(change != 0);
        position = bound(position, 0, der.length - 1);
        der[position] ^= bytes1(change);
        (bool success, bytes memory answer) = address(store).call(abi.encodeCall(store.updatePckCrl, (der)));
        vm.assertFalse(success);
        vm.assertTrue(
            bytes4(answer) == IEncodingErrors.MalformedDer.selector
                || bytes4(answer) == IEncodingErrors.UnknownCriticalExtension.selector
                || bytes4(answer) == ICollateralStore.NotSignedByAuthority.selector
                || bytes4(answer) == ICollateralStore.UnknownAuthority.selector
        );
    }

    function testFuzz_RefusesGarbage(bytes memory der) public {
        vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
        store.updatePckCrl(der);
        vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
        store.updateRootCrl(der);
        vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
        store.addAuthority(der);
        vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
        store.addSigner(der);
    }

    function newerPckCrl(uint256 count) private view returns (CrlSpec memory crl) {
        crl = goodPckCrl();
        crl.thisUpdate = block.timestamp > START_TIME ? block.timestamp : START_TIME;
        ++crl.number;
        crl.serials = new uint256[](count);
    }

    function newerRootCrl(uint256 count) private view returns (CrlSpec memory crl) {
        crl = goodRootCrl();
        ++crl.number;
        crl.serials = new uint256[](count);
    }

    function entry(uint256 serial, bytes memory date, uint8 tag, bytes memory extensions)
        private
        pure
        returns (bytes memory)
    {
        return DerWriter.sequence(bytes.concat(DerWriter.integer(serial), DerWriter.element(tag, date), extensions));
    }

    function sign(bytes memory body) private pure returns (bytes memory) {
        return signedBy(PLATFORM_CA_KEY, body);
    }

    function refusePckCrl(bytes memory der, bytes memory reason_) private {
        vm.expectRevert(reason_);
        store.updatePckCrl(der);
    }

    function refuseForm(bytes memory body) private {
        bytes memory der = sign(body);
        vm.expectPartialRevert(IEncodingErrors.MalformedDer.selector);
        store.updatePckCrl(der);
    }

    function notCurrent(CrlSpec memory crl) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                ICollateralStore.NotCurrent.selector, crl.thisUpdate, crl.nextUpdate, block.timestamp
            );
    }

    function unknownExtension(bytes memory id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IEncodingErrors.UnknownCriticalExtension.selector, abi.encodePacked(bytes32(bytes3(id)))
        );
    }

    function assertList(ICollateralStore.RevocationList memory list, CrlSpec memory crl) private pure {
        assertList(list, crl.number, crl.thisUpdate, crl.nextUpdate, crl.serials.length);
    }

    function assertList(
        ICollateralStore.RevocationList memory list,
        uint256 number,
        uint256 thisUpdate,
        uint256 nextUpdate,
        uint256 count
    ) private pure {
        vm.assertEq(list.number, number);
        vm.assertEq(list.thisUpdate, thisUpdate);
        vm.assertEq(list.nextUpdate, nextUpdate);
        vm.assertEq(list.count, count);
    }
}
