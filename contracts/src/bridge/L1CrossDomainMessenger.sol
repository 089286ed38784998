// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Predeploys} from "../l2/Predeploys.sol";
import {CrossDomainMessenger} from "./CrossDomainMessenger.sol";
import {ICouncilPause} from "./ICouncilPause.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IPortal} from "./IPortal.sol";
import {IWithdrawalQuota} from "./IWithdrawalQuota.sol";

/// @title L1CrossDomainMessenger
/// @notice See {ICrossDomainMessenger}.
///
/// Pauses of deposits, and of withdrawals that come for the first time, are the portal's; those of messages that are relayed
/// again are looked at here.
contract L1CrossDomainMessenger is CrossDomainMessenger {
    struct Config {
        address portal;
        address councilPause;
    }

    /// @notice The constructor was given no address.
    error InvalidConfig();

    /// @notice The portal, through which messages go and come.
    address public immutable portal;
    /// @notice The council's pause.
    address public immutable councilPause;

    constructor(Config memory config) {
        require(config.portal != address(0) && config.councilPause != address(0), InvalidConfig());
        portal = config.portal;
        councilPause = config.councilPause;
    }

    /// @notice The portal, under the name of OP's first messengers.
    function PORTAL() external view returns (address) {
        return portal;
    }

    /// @inheritdoc ICrossDomainMessenger
    function paused() external view override returns (bool) {
        return IPortal(payable(portal)).paused();
    }

    /// @inheritdoc ICrossDomainMessenger
    function version() external pure override returns (string memory) {
        return "2.6.0";
    }

    /// @inheritdoc ICrossDomainMessenger
    function otherMessenger() public pure override returns (address) {
        return Predeploys.MESSENGER;
    }

    function _send(uint64 gasLimit, bytes memory data) internal override {
        IPortal(payable(portal)).depositTransaction{value: msg.value}(
            Predeploys.MESSENGER, msg.value, gasLimit, false, data
        );
    }

    function _isOtherMessenger() internal view override returns (bool) {
        return msg.sender == portal && IPortal(payable(portal)).l2Sender() == Predeploys.MESSENGER;
    }

    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(this) || target == portal;
    }

    function _requireReplaysOpen() internal view override {
        if (IPortal(payable(portal)).paused()) revert Paused(ICouncilPause(councilPause).withdrawalsPausedUntil());
    }

    /// @dev What exceeds a quota has to wait: its withdrawal reverts with the same words, and is not spent.
    function _afterFailure() internal pure override {
        bytes4 quotaExceeded = IWithdrawalQuota.QuotaExceeded.selector;
        assembly ("memory-safe") {
            // Selector and four arguments.
            if eq(returndatasize(), 132) {
                let data := mload(0x40)
                returndatacopy(data, 0, 132)
                if eq(shr(224, mload(data)), shr(224, quotaExceeded)) { revert(data, 132) }
            }
        }
    }
}
