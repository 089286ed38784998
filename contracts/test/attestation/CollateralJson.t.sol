// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {CollateralReader} from "src/attestation/CollateralReader.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";
import {Json} from "src/attestation/Json.sol";

/// @title JsonHarness
/// @notice Each way of reading a value, followed by the end of the text.
contract JsonHarness {
    function readUint(bytes calldata json, uint256 most) external pure returns (uint256 value) {
        bytes memory text = Json.copy(json);
        uint256 next;
        (value, next) = Json.readUint(text, 0, most);
        Json.finish(text, next);
    }

    function readHex(bytes calldata json, uint256 count) external pure returns (uint256 value) {
        bytes memory text = Json.copy(json);
        uint256 next;
        (value, next) = Json.readHex(text, 0, count);
        Json.finish(text, next);
    }

    function readTime(bytes calldata json) external pure returns (uint256 value) {
        bytes memory text = Json.copy(json);
        uint256 next;
        (value, next) = Json.readTime(text, 0);
        Json.finish(text, next);
    }

    function readWord(bytes calldata json) external pure returns (bytes32 value) {
        bytes memory text = Json.copy(json);
        uint256 next;
        (value, next) = Json.readWord(text, 0);
        Json.finish(text, next);
    }

    function skip(bytes calldata json) external pure {
        // What stands after the text in memory is not part of it.
        bytes memory text = Json.copy(json);
        bytes memory after_ = "\"\"\"\"\"\"\"\"}}}}}}}}]]]]]]]]00000000";
        Json.finish(text, Json.skip(text, 0));
        require(after_.length == 32);
    }
}

/// @notice The reader of JSON, value by value, and on texts that were cut off or changed.
contract CollateralJsonTest is CollateralStoreTest {
    JsonHarness internal harness = new JsonHarness();
    CollateralReader internal reader = new CollateralReader();
    string internal tcbInfo;
    string internal qeIdentity;

    function setUp() public override {
        vm.warp(START_TIME);
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.levels = new LevelSpec[](1);
        spec.levels[0] = goodTcbInfo().levels[0];
        spec.identities = new ModuleSpec[](1);
        spec.identities[0] = goodTcbInfo().identities[0];
        tcbInfo = json(spec);
        qeIdentity = json(goodQeIdentity());
    }

    function testFuzz_ReadsNumbers(uint256 value, uint256 most) public {
        value = bound(value, 0, type(uint32).max) >> (value >> 248) % 32;
        most = bound(most, 0, type(uint32).max) >> (most >> 248) % 32;
        bytes memory text = bytes(string.concat(" ", vm.toString(value), " "));
        if (value > most) vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
        uint256 given = harness.readUint(text, most);
        if (value <= most) vm.assertEq(given, value);
    }

    function test_RefusesOtherNumbers() public {
        string[16] memory others = [
            "",
            "-1",
            "-0",
            "00",
            "01",
            "1.0",
            "1e1",
            "1E0",
            "+1",
            ".5",
            "0x1",
            '"1"',
            "1 1",
            "4294967296",
            "42949672950",
            "115792089237316195423570985008687907853269984665640564039457584007913129639937"
        ];
        for (uint256 i; i < others.length; ++i) {
            vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            harness.readUint(bytes(others[i]), type(uint32).max);
        }
        vm.assertEq(harness.readUint("4294967295", type(uint32).max), type(uint32).max);
        vm.assertEq(harness.readUint("0", 0), 0);
    }

    function testFuzz_ReadsHexadecimal(uint128 value, uint256 count, bool lower) public {
        count = bound(count, 1, 16);
        bytes memory data = slice(abi.encodePacked(value), 0, count);
        string memory digits = hexadecimal(data);
        if (lower) digits = vm.toLowercase(digits);
        vm.assertEq(harness.readHex(quoted(digits), count), value >> (128 - 8 * count));
        // One byte more or less.
        vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
        harness.readHex(quoted(string.concat(digits, "00")), count);
        vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
        harness.readHex(quoted(string(slice(bytes(digits), 0, 2 * count - 1))), count);
    }

    /// @dev Every character in the place of a digit, at either end.
    function test_RefusesOtherDigits() public {
        bytes memory text = quoted("0123456789abcdef");
        for (uint256 character; character < 256; ++character) {
            bool isDigit = (character >= 0x30 && character <= 0x39) || (character >= 0x41 && character <= 0x46)
                || (character >= 0x61 && character <= 0x66);
            for (uint256 i; i < 2; ++i) {
                bytes memory changed = bytes.concat(text);
                changed[i == 0 ? 1 : 16] = bytes1(uint8(character));
                if (!isDigit) vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
                harness.readHex(changed, 8);
            }
        }
        bytes[3] memory spaced = [bytes('"00 "'), '" 00"', '"00" 0'];
        for (uint256 i; i < 3; ++i) {
            vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            harness.readHex(spaced[i], 1);
        }
    }

    function testFuzz_ReadsTimes(uint256 timestamp) public view {
        // From 2000 to 9999.
        timestamp = bound(timestamp, 946_684_800, 253_402_300_799);
        vm.assertEq(harness.readTime(quoted(rfc3339(timestamp))), timestamp);
    }

    function test_RefusesOtherTimes() public {
        string[18] memory others = [
            "",
            "2025-06-19T10:16:03",
            "2025-06-19T10:16:03z",
            "2025-06-19 10:16:03Z",
            "2025-06-19T10:16:03.5Z",
            "2025-06-19T10:16:03+00:00",
            "2025/06/19T10:16:03Z",
            "2025-13-19T10:16:03Z",
            "2025-00-19T10:16:03Z",
            "2025-06-31T10:16:03Z",
            "2025-02-29T10:16:03Z",
            "2025-06-00T10:16:03Z",
            "2025-06-19T24:16:03Z",
            "2025-06-19T10:60:03Z",
            "2025-06-19T10:16:60Z",
            "1969-12-31T23:59:59Z",
            "2025-06-19T10:16:0:Z",
            "202a-06-19T10:16:03Z"
        ];
        for (uint256 i; i < others.length; ++i) {
            vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            harness.readTime(quoted(others[i]));
        }
        vm.assertEq(harness.readTime(quoted("2024-02-29T23:59:59Z")), 1_709_251_199);
        vm.assertEq(harness.readTime(quoted("1970-01-01T00:00:01Z")), 1);
    }

    function test_ReadsPlainStrings() public {
        vm.assertEq(harness.readWord('"abc"'), bytes32("abc"));
        vm.assertEq(harness.readWord('""'), 0);
        vm.assertEq(harness.readWord(quoted("0123456789abcdef0123456789abcdef")), "0123456789abcdef0123456789abcdef");
        vm.assertEq(harness.readWord(quoted("0123456789abcdef0123456789abcdefX")), "0123456789abcdef0123456789abcdef");
        for (uint256 character; character < 256; ++character) {
            bytes memory text = quoted("0123456789abcdef0123456789abcdef...");
            text[34] = bytes1(uint8(character));
            if (character < 0x20 || character == 0x22 || character == 0x5c) {
                vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            }
            harness.readWord(text);
        }
    }

    function test_SkipsEveryValue() public view {
        string[18] memory values = [
            "0",
            "-0",
            "10.25",
            "1e9",
            "1.5E-9",
            "-7e+1",
            "true",
            "false",
            "null",
            '""',
            '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9"',
            "[]",
            "{}",
            "[[],[{}],1]",
            ' { "a" : [ 1 , 2 ] , "" : { "b" : null } } ',
            '"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"',
            "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
            '{"a":1,"a":2}'
        ];
        for (uint256 i; i < values.length; ++i) {
            harness.skip(bytes(values[i]));
        }
    }

    function test_RefusesWhatIsNoValue() public {
        string[28] memory others = [
            "",
            " ",
            "tru",
            "nul",
            "fals",
            "truth",
            "True",
            "-",
            "01",
            "1.",
            "1.e1",
            "1e",
            "1e+",
            "--1",
            '"',
            '"\\',
            '"\\"',
            '"\\x"',
            '"\\u12G4"',
            '"\\u123"',
            "[",
            "[1,]",
            "[1 2]",
            "{",
            '{"a"}',
            '{"a":1,}',
            "{a:1}",
            "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"
        ];
        for (uint256 i; i < others.length; ++i) {
            vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            harness.skip(bytes(others[i]));
        }
    }

    function testFuzz_SkipsNoGarbage(bytes memory text) public view {
        (bool success, bytes memory answer) = address(harness).staticcall(abi.encodeCall(harness.skip, (text)));
        vm.assertTrue(success || bytes4(answer) == IEncodingErrors.MalformedJson.selector);
    }

    // Whole texts.

    function test_RefusesEveryTruncationOfATcbInfo() public {
        bytes memory text = bytes(tcbInfo);
        for (uint256 length = text.length - 1; length != 0; --length) {
            // In place: thousands of copies would not fit into memory.
            assembly ("memory-safe") {
                mstore(text, length)
            }
            vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            reader.tcbInfo(text);
        }
    }

    function test_RefusesEveryTruncationOfTheQeIdentity() public {
        bytes memory text = bytes(qeIdentity);
        for (uint256 length = text.length - 1; length != 0; --length) {
            assembly ("memory-safe") {
                mstore(text, length)
            }
            vm.expectPartialRevert(IEncodingErrors.MalformedJson.selector);
            reader.qeIdentity(text);
        }
    }

    function test_RefusesWhatFollows() public {
        string[4] memory rests = ["}", ",", "0", "{}"];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IEncodingErrors.MalformedJson.selector, bytes(tcbInfo).length));
            reader.tcbInfo(bytes.concat(bytes(tcbInfo), bytes(rests[i])));
            vm.expectRevert(abi.encodeWithSelector(IEncodingErrors.MalformedJson.selector, bytes(qeIdentity).length));
            reader.qeIdentity(bytes.concat(bytes(qeIdentity), bytes(rests[i])));
        }
        reader.tcbInfo(bytes.concat(bytes(tcbInfo), " \n\t\r"));
    }

    /// @dev A changed character: still JSON, as another parser sees it, or refused by a named error.
    function testFuzz_ReadsNothingThatIsNoJson(uint256 position, uint8 character, bool ofQe) public view {
        bytes memory text = bytes(ofQe ? qeIdentity : tcbInfo);
        text = bytes.concat(text);
        position = bound(position, 0, text.length - 1);
        text[position] = bytes1(character % 128);
        bytes memory data = ofQe ? abi.encodeCall(reader.qeIdentity, (text)) : abi.encodeCall(reader.tcbInfo, (text));
        (bool success, bytes memory answer) = address(reader).staticcall(data);
        if (success) {
            vm.assertTrue(vm.parseJsonKeys(string(text), "$").length >= 11);
            return;
        }
        bytes4 reason_ = bytes4(answer);
        vm.assertTrue(
            reason_ == IEncodingErrors.MalformedJson.selector || reason_ == IEncodingErrors.MissingKeys.selector
                || reason_ == IEncodingErrors.DuplicateKey.selector
                || reason_ == ICollateralStore.WrongCollateralId.selector
                || reason_ == ICollateralStore.UnsupportedVersion.selector
                || reason_ == ICollateralStore.UnsupportedTcbType.selector
        );
    }

    function quoted(string memory text) private pure returns (bytes memory) {
        return bytes(string.concat('"', text, '"'));
    }
}
