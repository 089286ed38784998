// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {CollateralHeader} from "src/attestation/CollateralHeader.sol";
import {CollateralReader} from "src/attestation/CollateralReader.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";

/// @notice The texts of TCB infos and QE identities: what is read out of them, and what is none.
contract CollateralTextTest is CollateralStoreTest {
    CollateralReader internal reader = new CollateralReader();
    string internal tcbInfo;
    string internal qeIdentity;

    function setUp() public override {
        vm.warp(START_TIME);
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.levels = new LevelSpec[](1);
        spec.levels[0] = LevelSpec(
            0x000102030405060708090a0b0c0d0eff, 0x1234, 0x101112131415161718191a1b1c1d1e1f, "SWHardeningNeeded"
        );
        tcbInfo = json(spec);
        qeIdentity = json(goodQeIdentity());
    }

    // What is read.

    function test_PacksATcbInfo() public view {
        (bytes6 fmspc, CollateralHeader.Header memory header, bytes memory packed) = reader.tcbInfo(bytes(tcbInfo));
        vm.assertEq(bytes32(fmspc), bytes32(FMSPC));
        assertHeader(header);
        bytes memory signedBy = new bytes(48);
        bytes16 attributesAndMask = 0x0000000000000000ffffffffffffffff;
        bytes memory level = hex"000102030405060708090a0b0c0d0eff1234101112131415161718191a1b1c1d1e1f01";
        vm.assertEq(
            packed,
            bytes.concat(
                bytes.concat(hex"000001", signedBy, attributesAndMask, level),
                bytes.concat(hex"03", signedBy, attributesAndMask, hex"02", hex"0500", hex"0304"),
                bytes.concat(hex"01", signedBy, attributesAndMask, hex"04", hex"0b00060404040204")
            )
        );
    }

    function test_PacksAQeIdentity() public view {
        (CollateralHeader.Header memory header, bytes memory packed) = reader.qeIdentity(bytes(qeIdentity));
        assertHeader(header);
        QeIdentitySpec memory spec = goodQeIdentity();
        vm.assertEq(
            packed,
            bytes.concat(
                abi.encodePacked(spec.miscSelect, spec.miscSelectMask, spec.attributes, spec.attributesMask),
                abi.encodePacked(spec.signer, uint16(2)),
                hex"000400"
            )
        );
    }

    function assertHeader(CollateralHeader.Header memory header) private pure {
        vm.assertEq(header.issueDate, START_TIME);
        vm.assertEq(header.nextUpdate, START_TIME + 30 days);
        vm.assertEq(header.evaluationNumber, 20);
        vm.assertEq(header.signerNotAfter, 0);
        vm.assertEq(header.signerSerial, 0);
    }

    function test_SpaceDoesNotMatter() public view {
        string memory spaced = tcbInfo;
        string[6] memory marks = ["{", "}", "[", "]", ",", '":'];
        string[6] memory wide = [" {\n", "\t} ", " [\r\n", " ]", "\n, ", '" : '];
        for (uint256 i; i < 6; ++i) {
            spaced = vm.replace(spaced, marks[i], wide[i]);
        }
        assertSame(spaced);
    }

    function test_UnknownKeysAreSkipped() public view {
        string[10] memory values = [
            "null",
            "true",
            "false",
            "-12.5e+3",
            "0",
            '"a \\"quoted\\" \\\\ \\u00e9 \\n string of more than one word, so that it goes on and on"',
            "[]",
            "{}",
            '[1,[2,[]],{"svn":[{"svn":5}],"id":"SGX","id":"twice"}]',
            '{"tcbLevels":[1E-7,0.0,-0],"":""}'
        ];
        for (uint256 i; i < 10; ++i) {
            string memory member = string.concat('"news":', values[i], ',"');
            assertSame(swap(tcbInfo, '{"', string.concat("{", member)));
            assertSame(swap(tcbInfo, ',"tdxModule', string.concat(",", member, "tdxModule")));
            assertSame(swap(tcbInfo, '{"svn', string.concat("{", member, "svn")));
            assertSame(swap(tcbInfo, '{"svn":0,', string.concat('{"svn":0,"news":', values[i], ",")));
            assertSame(swap(tcbInfo, '{"isvsvn', string.concat("{", member, "isvsvn")));
            assertSame(swap(tcbInfo, '"mrsigner', string.concat(member, "mrsigner")));
            assertSame(swap(tcbInfo, '"pcesvn', string.concat(member, "pcesvn")));
            assertSame(swap(tcbInfo, '"tcbDate', string.concat(member, "tcbDate")));
        }
    }

    function test_OrderDoesNotMatter() public view {
        string memory moved = swap(tcbInfo, '"id":"TDX",', "");
        assertSame(swap(moved, ',"fmspc', ',"id":"TDX","fmspc'));
        moved = swap(tcbInfo, '"pcesvn":4660,', "");
        assertSame(swap(moved, '{"sgx', '{"pcesvn":4660,"sgx'));
        moved = swap(tcbInfo, '"id":"TDX_03",', "");
        assertSame(swap(moved, '},{"id":"TDX_01"', ',"id":"TDX_03"},{"id":"TDX_01"'));
    }

    function test_HexadecimalOfBothCases() public view {
        assertSame(vm.replace(vm.replace(tcbInfo, "FFFFFFFFFFFFFFFF", "ffffFFFFffffFFFF"), "B0C06F", "b0C06f"));
    }

    function test_IdentitiesMayBeMissing() public view {
        string memory text = json(withoutIdentities());
        (,, bytes memory packed) = reader.tcbInfo(bytes(swap(text, '"tdxModuleIdentities":[],', "")));
        (,, bytes memory expected) = reader.tcbInfo(bytes(text));
        vm.assertEq(packed, expected);
        vm.assertEq(packed.length, 67 + 35);
    }

    // What is refused.

    function test_RefusesOtherCollateral() public {
        refuse(
            swap(tcbInfo, '"TDX"', '"SGX"'),
            abi.encodeWithSelector(ICollateralStore.WrongCollateralId.selector, bytes32("SGX"), bytes32("TDX"))
        );
        refuse(
            swap(tcbInfo, '"TDX"', '"tdx"'),
            abi.encodeWithSelector(ICollateralStore.WrongCollateralId.selector, bytes32("tdx"), bytes32("TDX"))
        );
        refuse(
            swap(tcbInfo, 'ion":3', 'ion":4'),
            abi.encodeWithSelector(ICollateralStore.UnsupportedVersion.selector, 4, 3)
        );
        refuse(
            swap(tcbInfo, 'Type":0', 'Type":1'),
            abi.encodeWithSelector(ICollateralStore.UnsupportedTcbType.selector, 1, 0)
        );
        refuseQe(
            swap(qeIdentity, '"TD_QE"', '"QE"'),
            abi.encodeWithSelector(ICollateralStore.WrongCollateralId.selector, bytes32("QE"), bytes32("TD_QE"))
        );
        refuseQe(
            swap(qeIdentity, 'ion":2', 'ion":3'),
            abi.encodeWithSelector(ICollateralStore.UnsupportedVersion.selector, 3, 2)
        );
    }

    function test_RefusesTwoOfAKey() public {
        string[13] memory keys = [
            '"id":"TDX"',
            '"version":3',
            string.concat('"issueDate":"', rfc3339(START_TIME), '"'),
            '"fmspc":"B0C06F000000"',
            '"pceId":"0000"',
            '"tcbType":0',
            '"tcbEvaluationDataNumber":20',
            '"id":"TDX_03"',
            '"attributes":"0000000000000000"',
            '"isvsvn":5',
            '"tcbStatus":"UpToDate"',
            '"pcesvn":4660',
            '"svn":255'
        ];
        for (uint256 i; i < keys.length; ++i) {
            refuse(swap(tcbInfo, keys[i], string.concat(keys[i], ",", keys[i])), IEncodingErrors.DuplicateKey.selector);
        }
        string memory value = '"tdxModuleIdentities":[]';
        refuse(swap(tcbInfo, '"tdxModule', string.concat(value, ',"tdxModule')), IEncodingErrors.DuplicateKey.selector);
        refuseQe(
            swap(qeIdentity, '"isvprodid":2', '"isvprodid":2,"isvprodid":2'), IEncodingErrors.DuplicateKey.selector
        );
    }

    /// @dev Each key by itself; the error names it by its bit.
    function test_RefusesMissingKeys() public {
        string[10] memory keys = [
            "id",
            "version",
            "issueDate",
            "nextUpdate",
            "tcbEvaluationDataNumber",
            "fmspc",
            "pceId",
            "tcbType",
            "tdxModule",
            "tcbLevels"
        ];
        string memory bare = json(withoutIdentities());
        for (uint256 i; i < keys.length; ++i) {
            // The levels of the text itself are the only ones.
            string memory key = string.concat('"', keys[i], '":');
            string memory text = swap(bare, key, '"other":');
            refuse(
                text, abi.encodeWithSelector(IEncodingErrors.MissingKeys.selector, bytes(text).length, uint256(1) << i)
            );
        }
        string[7] memory inner =
            ["mrsigner", "attributesMask", "tcb", "tcbDate", "sgxtcbcomponents", "tdxtcbcomponents", "pcesvn"];
        for (uint256 i; i < inner.length; ++i) {
            string memory key = string.concat('"', inner[i], '":');
            refuse(swap(bare, key, '"other":'), IEncodingErrors.MissingKeys.selector);
        }
        refuse(swap(tcbInfo, '"isvsvn"', '"other"'), IEncodingErrors.MissingKeys.selector);
        refuse(swap(tcbInfo, '"id":"TDX_03"', '"other":0'), IEncodingErrors.MissingKeys.selector);
        refuse(swap(tcbInfo, '{"svn":255', '{"other":0'), IEncodingErrors.MissingKeys.selector);
        refuse(swap(tcbInfo, '"tcbStatus"', '"other"'), IEncodingErrors.MissingKeys.selector);
        string[7] memory ofQe =
            ["miscselect", "miscselectMask", "attributes", "attributesMask", "mrsigner", "isvprodid", "tcbLevels"];
        for (uint256 i; i < ofQe.length; ++i) {
            string memory text = swap(qeIdentity, string.concat('"', ofQe[i], '":'), '"other":');
            refuseQe(
                text,
                abi.encodeWithSelector(IEncodingErrors.MissingKeys.selector, bytes(text).length, uint256(1) << (i + 5))
            );
        }
    }

    function test_RefusesOtherStatuses() public {
        string[5] memory never =
            ["", "uptodate", "UpToDate ", "TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded"];
        for (uint256 i; i < 5; ++i) {
            refuseStatus(never[i], true, true, true);
        }
        refuseStatus("UpToDate", false, false, false);
        refuseStatus("OutOfDate", false, false, false);
        refuseStatus("Revoked", false, false, false);
        refuseStatus("SWHardeningNeeded", false, true, true);
        refuseStatus("ConfigurationAndSWHardeningNeeded", false, true, true);
        refuseStatus("ConfigurationNeeded", false, true, false);
        refuseStatus("OutOfDateConfigurationNeeded", false, true, false);
    }

    function refuseStatus(string memory status, bool inTcbInfo, bool inModule, bool inQe) private {
        string memory quoted = string.concat('"', status, '"');
        bytes memory text = bytes(swap(tcbInfo, '"SWHardeningNeeded"', quoted));
        if (inTcbInfo) vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
        reader.tcbInfo(text);
        text = bytes(swap(tcbInfo, '"UpToDate"', quoted));
        if (inModule) vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
        reader.tcbInfo(text);
        text = bytes(swap(qeIdentity, '"UpToDate"', quoted));
        if (inQe) vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
        reader.qeIdentity(text);
    }

    function test_RefusesMoreLevelsThanCanBeCounted() public {
        (,, bytes memory packed) = reader.tcbInfo(bytes(levels(255)));
        vm.assertEq(uint8(packed[2]), 255);
        vm.assertEq(packed.length, 67 + 35 * 255);
        refuse(levels(256), IEncodingErrors.MalformedJson.selector);
    }

    /// @dev A text with as many levels as that.
    function levels(uint256 count) private view returns (string memory) {
        string memory text = json(withoutIdentities());
        string memory level = string.concat(',{"tcb"', between(text, '{"tcb"', "]}"));
        string memory more;
        for (uint256 i; i < 8; ++i) {
            if ((count - 1) >> i & 1 != 0) more = string.concat(more, level);
            level = string.concat(level, level);
        }
        return string.concat(string(slice(bytes(text), 0, bytes(text).length - 2)), more, "]}");
    }

    function withoutIdentities() private view returns (TcbInfoSpec memory spec) {
        spec = goodTcbInfo();
        spec.identities = new ModuleSpec[](0);
        spec.levels = new LevelSpec[](1);
        spec.levels[0] = LevelSpec(0, 0, 0, "UpToDate");
    }

    /// @dev What follows the first `start`, up to the text's last `end`.
    function between(string memory text, string memory start, string memory end) private pure returns (string memory) {
        string memory rest = swap(text, start, "\x01");
        bytes memory data = bytes(rest);
        uint256 from;
        while (data[from] != 0x01) ++from;
        return string(slice(data, from + 1, data.length - from - 1 - bytes(end).length));
    }

    function assertSame(string memory text) private view {
        (bytes6 fmspc, CollateralHeader.Header memory header, bytes memory packed) = reader.tcbInfo(bytes(text));
        (bytes6 expectedFmspc, CollateralHeader.Header memory expectedHeader, bytes memory expected) =
            reader.tcbInfo(bytes(tcbInfo));
        vm.assertEq(bytes32(fmspc), bytes32(expectedFmspc));
        vm.assertEq(abi.encode(header), abi.encode(expectedHeader));
        vm.assertEq(packed, expected);
    }

    function refuse(string memory text, bytes memory reason_) private {
        vm.expectRevert(reason_);
        reader.tcbInfo(bytes(text));
    }

    function refuse(string memory text, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        reader.tcbInfo(bytes(text));
    }

    function refuseQe(string memory text, bytes memory reason_) private {
        vm.expectRevert(reason_);
        reader.qeIdentity(bytes(text));
    }

    function refuseQe(string memory text, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        reader.qeIdentity(bytes(text));
    }
}
