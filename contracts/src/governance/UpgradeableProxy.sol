// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IUpgradeableProxy} from "./IUpgradeableProxy.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

/// @title UpgradeableProxy
/// @notice An ERC-1967 proxy whose admin, a timelock, is fixed for ever. It adds one function, for the admin alone: see
/// {IUpgradeableProxy}. The admin can use the implementation like anybody else.
contract UpgradeableProxy is ERC1967Proxy {
    /// @dev A copy of what the admin slot says: cheaper to read.
    address private immutable admin;

    /// @param implementation First implementation.
    /// @param admin_ The only one who can replace it.
    /// @param initData Call to make to it at once; empty for an implementation whose storage starts out empty.
    constructor(address implementation, address admin_, bytes memory initData)
        payable
        ERC1967Proxy(implementation, initData)
    {
        ERC1967Utils.changeAdmin(admin_);
        admin = admin_;
    }

    function _fallback() internal override {
        if (msg.sender != admin || msg.sig != IUpgradeableProxy.upgradeToAndCall.selector) return super._fallback();
        (address implementation, bytes memory data) = abi.decode(msg.data[4:], (address, bytes));
        ERC1967Utils.upgradeToAndCall(implementation, data);
    }

    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}
