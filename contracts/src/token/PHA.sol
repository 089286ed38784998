// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title PHA
/// @notice The devnet's stand-in for the PHA token of Ethereum mainnet: the same name, symbol, decimals and supply, all of
/// which goes to the deployer. Nobody can mint.
contract PHA is ERC20, ERC20Permit {
    constructor() ERC20("Phala", "PHA") ERC20Permit("Phala") {
        _mint(msg.sender, 1_000_000_000 ether);
    }
}
