// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "./Test.sol";

/// @title AbiText
/// @notice The functions and events of a compiled contract, one line each, without the names of parameters:
/// `function params() view returns (uint128,uint64,uint64)`, `event Mint(address indexed,uint256)`. Pure functions are called view.
abstract contract AbiText is Test {
    string[] private _lines;

    /// @param artifact Path of the JSON that Forge makes.
    function abiOf(string memory artifact) internal returns (string[] memory) {
        // It begins with the ABI; the rest is large, and every query reads all that it is given.
        string memory json = string.concat(vm.split(vm.readFile(artifact), ",\"bytecode\"")[0], "}");
        delete _lines;
        string memory entry = item(".abi", 0);
        for (uint256 i; vm.keyExistsJson(json, entry); entry = item(".abi", ++i)) {
            bytes32 kind = keccak256(bytes(field(json, entry, ".type")));
            if (kind == keccak256("function")) _lines.push(functionLine(json, entry));
            if (kind == keccak256("event")) _lines.push(eventLine(json, entry));
        }
        return _lines;
    }

    function contains(string[] memory lines, string memory line) internal pure returns (bool) {
        for (uint256 i; i < lines.length; ++i) {
            if (keccak256(bytes(lines[i])) == keccak256(bytes(line))) return true;
        }
        return false;
    }

    function functionLine(string memory json, string memory entry) private view returns (string memory) {
        string memory mutability = field(json, entry, ".stateMutability");
        if (keccak256(bytes(mutability)) == keccak256("pure")) mutability = "view";
        string memory line = string.concat(
            "function ",
            field(json, entry, ".name"),
            types(json, string.concat(entry, ".inputs")),
            keccak256(bytes(mutability)) == keccak256("nonpayable") ? "" : string.concat(" ", mutability)
        );
        string memory outputs = types(json, string.concat(entry, ".outputs"));
        return bytes(outputs).length == 2 ? line : string.concat(line, " returns ", outputs);
    }

    function eventLine(string memory json, string memory entry) private view returns (string memory) {
        return string.concat("event ", field(json, entry, ".name"), types(json, string.concat(entry, ".inputs")));
    }

    function types(string memory json, string memory list) private view returns (string memory line) {
        string memory entry = item(list, 0);
        for (uint256 i; vm.keyExistsJson(json, entry); entry = item(list, ++i)) {
            line = string.concat(line, i == 0 ? "" : ",", typeOf(json, entry));
        }
        return string.concat("(", line, ")");
    }

    function typeOf(string memory json, string memory entry) private view returns (string memory name) {
        name = field(json, entry, ".type");
        string memory components = string.concat(entry, ".components");
        // "tuple", "tuple[]": the words of its parts for the word.
        if (vm.keyExistsJson(json, components)) name = vm.replace(name, "tuple", types(json, components));
        string memory indexed_ = string.concat(entry, ".indexed");
        if (vm.keyExistsJson(json, indexed_) && vm.parseJsonBool(json, indexed_)) {
            name = string.concat(name, " indexed");
        }
    }

    function field(string memory json, string memory entry, string memory name) private pure returns (string memory) {
        return vm.parseJsonString(json, string.concat(entry, name));
    }

    function item(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }
}
