// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SoftwarePki} from "../base/SoftwarePki.sol";
import {Base64} from "src/attestation/Base64.sol";
import {IEncodingErrors} from "src/attestation/IEncodingErrors.sol";
import {Pem} from "src/attestation/Pem.sol";
import {PemText} from "src/attestation/PemText.sol";
import {PemWriter} from "src/attestation/PemWriter.sol";

/// @title PemReader
/// @notice Both readers, to be called with anything.
contract PemReader {
    function read(bytes calldata text, uint256 position) external pure returns (bytes memory, uint256) {
        return Pem.read(text, position);
    }

    function check(bytes calldata text, uint256 position) external pure returns (bool, uint256) {
        return Pem.check(text, position);
    }

    function readAll(bytes calldata text, uint256 most) external pure returns (bytes[] memory) {
        return PemText.readAll(text, most);
    }
}

/// @notice PEM in the layout that services make, in any other, and in none.
contract PemTest is SoftwarePki {
    PemReader internal reader = new PemReader();

    /// @dev Against Forge's own base64, over every length of the last line.
    function testFuzz_ReadsBackWhatWasWritten(bytes memory content) public view {
        bytes memory der = certificateOf(content);
        bytes memory text = pem(der);
        (bytes memory given, uint256 end) = reader.read(text, 0);
        vm.assertEq(given, der);
        vm.assertEq(end, text.length - 1);
        (bool ok, uint256 checkedEnd) = reader.check(text, 0);
        vm.assertTrue(ok);
        vm.assertEq(checkedEnd, end);
        vm.assertEq(bytes.concat(PemWriter.encode(der), "\n"), text);
        bytes[] memory all = reader.readAll(text, 1);
        vm.assertEq(all.length, 1);
        vm.assertEq(all[0], der);
    }

    function test_ReadsEveryLength() public view {
        for (uint256 length; length < 100; ++length) {
            bytes memory der = certificateOf(new bytes(length));
            (bytes memory given,) = reader.read(pem(der), 0);
            vm.assertEq(given, der);
        }
    }

    function test_ReadsAChain() public view {
        bytes memory first = certificateOf("first");
        bytes memory second = certificateOf("second");
        bytes memory text = bytes.concat(pem(first), pem(second));
        (bytes memory given, uint256 end) = reader.read(text, 0);
        vm.assertEq(given, first);
        (given,) = reader.read(text, end + 1);
        vm.assertEq(given, second);
        bytes[] memory all = reader.readAll(text, 5);
        vm.assertEq(all.length, 2);
        vm.assertEq(all[0], first);
        vm.assertEq(all[1], second);
        // One more than wanted shows that there are too many.
        vm.assertEq(reader.readAll(bytes.concat(text, text), 2).length, 3);
    }

    /// @dev What the reader of one layout takes, the reader of any takes for the same.
    function testFuzz_BothReadersAgree(bytes memory content, uint256 position, uint8 character) public view {
        bytes memory text = pem(certificateOf(content));
        text[bound(position, 0, text.length - 1)] = bytes1(character);
        (bytes memory given,) = reader.read(text, 0);
        (bool ok,) = reader.check(text, 0);
        if (given.length == 0) return;
        vm.assertTrue(ok);
        vm.assertEq(reader.readAll(text, 1)[0], given);
    }

    function testFuzz_TakesNoTruncation(bytes memory content, uint256 length) public view {
        bytes memory text = pem(certificateOf(content));
        length = bound(length, 0, text.length - 2);
        assembly ("memory-safe") {
            mstore(text, length)
        }
        (bytes memory given,) = reader.read(text, 0);
        vm.assertEq(given.length, 0);
        vm.assertEq(reader.readAll(text, 1).length, 0);
    }

    function testFuzz_GarbageIsNoCertificate(bytes memory garbage, uint256 position) public view {
        position = bound(position, 0, garbage.length + 64);
        (bytes memory given,) = reader.read(garbage, position);
        vm.assertEq(given.length, 0);
        readAny(garbage);
    }

    function testFuzz_GarbageBetweenTheDashes(bytes memory garbage) public view {
        bytes memory text = bytes.concat("-----BEGIN CERTIFICATE-----\n", garbage, "\n-----END CERTIFICATE-----\n");
        reader.read(text, 0);
        reader.check(text, 0);
        readAny(text);
    }

    function test_ReadsOtherLayouts() public view {
        bytes memory der = certificateOf("content");
        string memory text = string(pem(der));
        bytes memory base64 = bytes(vm.toBase64(der));
        string[4] memory texts = [
            vm.replace(text, "\n", "\r\n"),
            string.concat("Subject: a platform\n", text),
            string.concat("-----BEGIN CERTIFICATE-----", string(base64), "-----END CERTIFICATE-----"),
            vm.replace(text, "CERTIFICATE", "X")
        ];
        for (uint256 i; i < texts.length; ++i) {
            (bytes memory given,) = reader.read(bytes(texts[i]), 0);
            vm.assertEq(given.length, 0);
            vm.assertEq(reader.readAll(bytes(texts[i]), 1)[0], der);
        }
    }

    function test_RefusesMalformedText() public {
        string[8] memory texts = [
            "-----BEGIN A-----\nAAAA\n-----END B-----",
            "-----BEGIN -----\nAAAA\n-----END -----",
            "-----BEGIN A-----\nAAA\n-----END A-----",
            "-----BEGIN A-----\nAAA=AAAA\n-----END A-----",
            "-----BEGIN A-----\nA===\n-----END A-----",
            "-----BEGIN A-----\nAAB=\n-----END A-----",
            "-----BEGIN A-----\nAA!A\n-----END A-----",
            "-----BEGIN A-----\nName: value\n\nAAAA\n-----END A-----"
        ];
        for (uint256 i; i < texts.length; ++i) {
            vm.expectPartialRevert(IEncodingErrors.MalformedPem.selector);
            reader.readAll(bytes(texts[i]), 1);
        }
    }

    function testFuzz_DecodesBase64(bytes24 a, bytes24 b) public pure {
        bytes memory text = bytes(vm.toBase64(abi.encodePacked(a, b)));
        uint256 start;
        assembly ("memory-safe") {
            start := add(text, 0x20)
        }
        vm.assertTrue(Base64.isAlphabet(start, 2));
        vm.assertTrue(Base64.decode(start, 2));
        vm.assertEq(slice(text, 0, 48), abi.encodePacked(a, b));
    }

    function test_KnowsTheAlphabet() public pure {
        bytes memory alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (uint256 character; character < 256; ++character) {
            bool known;
            for (uint256 i; i < 64; ++i) {
                known = known || uint8(alphabet[i]) == character;
            }
            bytes memory text = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
            text[character % 32] = bytes1(uint8(character));
            uint256 start;
            assembly ("memory-safe") {
                start := add(text, 0x20)
            }
            vm.assertEq(Base64.isAlphabet(start, 1), known);
            vm.assertEq(Base64.decode(start, 1), known);
        }
    }

    /// @dev As long as certificates are: a SEQUENCE of 256 bytes or more.
    function certificateOf(bytes memory content) internal pure returns (bytes memory) {
        uint256 length = 256 + content.length;
        return bytes.concat(hex"3082", bytes2(uint16(length)), new bytes(256), content);
    }

    /// @dev Blocks, or a named error.
    function readAny(bytes memory text) internal view {
        (bool success, bytes memory answer) = address(reader).staticcall(abi.encodeCall(reader.readAll, (text, 3)));
        vm.assertTrue(success || bytes4(answer) == IEncodingErrors.MalformedPem.selector);
    }
}
