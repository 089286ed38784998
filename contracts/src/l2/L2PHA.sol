// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {BridgedERC20} from "./BridgedERC20.sol";
import {L1Counterpart} from "./L1Counterpart.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title L2PHA
/// @notice PHA on L2, backed one to one by what L1StandardBridge keeps. Predeploy 0x4200000000000000000000000000000000000042.
/// Storage: slot 0 = PHA on L1.
contract L2PHA is L1Counterpart, BridgedERC20 {
    /// @dev Never runs: the genesis places the code.
    constructor() ERC20("", "") {}

    function name() public pure override returns (string memory) {
        return "Phala";
    }

    function symbol() public pure override returns (string memory) {
        return "PHA";
    }

    function remoteToken() public view override returns (address) {
        return l1Counterpart;
    }

    function bridge() public pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }
}
