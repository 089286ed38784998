// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SoftwarePki} from "../base/SoftwarePki.sol";
import {Base64Word} from "src/attestation/Base64Word.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {Pem} from "src/attestation/Pem.sol";

contract PemReader {
    function read(bytes calldata pem, uint256 position) external pure returns (bytes memory, uint256) {
        return Pem.read(pem, position);
    }
}

contract PemTest is SoftwarePki {
    PemReader internal reader = new PemReader();

    /// @dev Against Forge's own base64, over every length of the last line.
    function testFuzz_ReadsBackWhatWasWritten(bytes calldata der) public view {
        if (der.length == 0) return;
        bytes memory text = pem(der);
        (bytes memory read, uint256 next) = reader.read(text, 0);
        vm.assertEq(read, der);
        vm.assertEq(next, text.length);
    }

    function test_ReadsEveryLengthOfLines() public view {
        for (uint256 length = 1; length < 150; ++length) {
            bytes memory der = slice(abi.encode(keccak256("a"), keccak256("b"), keccak256("c"), "d", "e"), 0, length);
            (bytes memory read,) = reader.read(pem(der), 0);
            vm.assertEq(read, der);
        }
    }

    function test_ReadsAChain() public view {
        bytes memory first = hex"0102";
        bytes memory second = new bytes(100);
        bytes memory text = bytes.concat(pem(first), pem(second));
        (bytes memory read, uint256 next) = reader.read(text, 0);
        vm.assertEq(read, first);
        (read, next) = reader.read(text, next);
        vm.assertEq(read, second);
        vm.assertEq(next, text.length);
    }

    function test_TheLastLineFeedMayBeMissing() public view {
        bytes memory text = pem(hex"010203");
        (bytes memory read, uint256 next) = reader.read(slice(text, 0, text.length - 1), 0);
        vm.assertEq(read, hex"010203");
        vm.assertEq(next, text.length - 1);
    }

    function testFuzz_RefusesEveryTruncation(uint256 size, uint256 length) public {
        bytes memory text = pem(new bytes(bound(size, 1, 300)));
        length = bound(length, 0, text.length - 2);
        vm.expectPartialRevert(IProverRegistry.MalformedPem.selector);
        reader.read(slice(text, 0, length), 0);
    }

    function test_RefusesOtherLayouts() public {
        string[7] memory texts = [
            "",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
            "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n",
            "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\nAAAA\n-----END CERTIFICATE-----\n"
        ];
        for (uint256 i; i < texts.length; ++i) {
            vm.expectPartialRevert(IProverRegistry.MalformedPem.selector);
            reader.read(bytes(texts[i]), 0);
        }
    }

    function testFuzz_RefusesAPositionPastTheEnd(uint256 position) public {
        bytes memory text = pem(hex"01");
        position = bound(position, 1, type(uint256).max - 28);
        vm.expectPartialRevert(IProverRegistry.MalformedPem.selector);
        reader.read(text, position);
    }

    function testFuzz_DecodesAWord(bytes32 a) public pure {
        bytes memory data = slice(abi.encode(a), 0, 24);
        uint256 word = uint256(bytes32(bytes(vm.toBase64(data))));
        vm.assertEq(bytes32(Base64Word.decode(word)), bytes32(bytes24(a)));
    }
}
