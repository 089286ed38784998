// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessenger} from "../bridge/CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../bridge/ICrossDomainMessenger.sol";
import {IMessagePasser} from "./IMessagePasser.sol";
import {L1Counterpart} from "./L1Counterpart.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title L2CrossDomainMessenger
/// @notice Predeploy 0x4200000000000000000000000000000000000007. See {ICrossDomainMessenger}. Storage: slot 0 = the messenger
/// on L1.
contract L2CrossDomainMessenger is L1Counterpart, CrossDomainMessenger {
    /// @dev The portal adds this to the address of a contract that deposits.
    uint160 internal constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @notice The messenger on L1, under the name of OP's first one.
    function l1CrossDomainMessenger() external view returns (address) {
        return l1Counterpart;
    }

    /// @inheritdoc ICrossDomainMessenger
    /// @dev Never: a pause of deposits is at L1's end.
    function paused() external pure override returns (bool) {
        return false;
    }

    /// @inheritdoc ICrossDomainMessenger
    function version() external pure override returns (string memory) {
        return "2.1.0";
    }

    /// @inheritdoc ICrossDomainMessenger
    function otherMessenger() public view override returns (address) {
        return l1Counterpart;
    }

    function _send(uint64 gasLimit, bytes memory data) internal override {
        IMessagePasser(payable(Predeploys.MESSAGE_PASSER)).initiateWithdrawal{value: msg.value}(
            l1Counterpart, gasLimit, data
        );
    }

    function _isOtherMessenger() internal view override returns (bool) {
        unchecked {
            return msg.sender == address(uint160(l1Counterpart) + ALIAS_OFFSET);
        }
    }

    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(this) || target == Predeploys.MESSAGE_PASSER;
    }
}
