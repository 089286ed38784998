// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {StandardBridgeTest} from "./StandardBridgeTest.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {Predeploys} from "src/l2/Predeploys.sol";

/// @notice What messages call: notes what it sees, and does what it was told.
contract Receiver {
    ICrossDomainMessenger internal immutable messenger;
    uint256 public calls;
    address public sender;
    uint256 public gas;
    bytes public data;

    bool public refuses;
    bytes internal revertData;
    uint256 internal bombSize;
    address internal callTarget;
    bytes internal callData;

    constructor(ICrossDomainMessenger messenger_) {
        messenger = messenger_;
    }

    function refuse(bool value, bytes calldata with) external {
        (refuses, revertData) = (value, with);
    }

    function bomb(uint256 size) external {
        bombSize = size;
    }

    function callOut(address target, bytes calldata with) external {
        (callTarget, callData) = (target, with);
    }

    fallback() external payable {
        gas = gasleft();
        if (bombSize != 0) {
            uint256 size = bombSize;
            bool reverts = refuses;
            assembly {
                if reverts { revert(0, size) }
                return(0, size)
            }
        }
        if (refuses) {
            bytes memory with = revertData;
            assembly {
                revert(add(with, 32), mload(with))
            }
        }
        ++calls;
        sender = messenger.xDomainMessageSender();
        data = msg.data;
        if (callTarget != address(0)) {
            (bool success, bytes memory returned) = callTarget.call(callData);
            if (!success) {
                assembly {
                    revert(add(returned, 32), mload(returned))
                }
            }
        }
    }

    receive() external payable {
        ++calls;
    }
}

/// @title CrossDomainMessengerTest
/// @notice Messages of alice in both directions.
abstract contract CrossDomainMessengerTest is StandardBridgeTest {
    uint256 internal constant VERSION_1 = 1 << 240;
    address internal constant ESTIMATION = address(1);
    Receiver internal onL2 = new Receiver(l2Messenger);

    /// @dev The words of the specification, written out.
    function hashOf(
        uint256 nonce,
        address sender,
        address target_,
        uint256 value,
        uint256 minGasLimit,
        bytes memory message
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encodeWithSignature(
                "relayMessage(uint256,address,address,uint256,uint256,bytes)",
                nonce,
                sender,
                target_,
                value,
                minGasLimit,
                message
            )
        );
    }

    /// @dev A message of alice, under way to L2.
    function send(address target_, uint256 value, bytes memory message, uint32 minGasLimit) internal returns (bytes32) {
        uint256 nonce = l1Messenger.messageNonce();
        vm.prank(alice);
        l1Messenger.sendMessage{value: value}(target_, message, minGasLimit);
        collect();
        return hashOf(nonce, alice, target_, value, minGasLimit, message);
    }

    /// @dev A message of alice, under way to L1.
    function sendUp(address target_, uint256 value, bytes memory message, uint32 minGasLimit)
        internal
        returns (bytes32)
    {
        uint256 nonce = l2Messenger.messageNonce();
        vm.prank(alice);
        l2Messenger.sendMessage{value: value}(target_, message, minGasLimit);
        vm.deal(address(portal), address(portal).balance + value);
        collect();
        return hashOf(nonce, alice, target_, value, minGasLimit, message);
    }

    /// @dev A message to L2 that failed: its hash and the call that relays it.
    function failOnL2(uint256 value) internal returns (bytes32 msgHash, bytes memory data) {
        onL2.refuse(true, "no");
        msgHash = send(address(onL2), value, "hello", GAS);
        data = deposits[deposits.length - 1].data;
        vm.assertTrue(executeDeposit(deposits.length - 1));
        vm.assertTrue(failed(msgHash));
        onL2.refuse(false, "");
    }

    function replayExternally(bytes calldata data) external {
        replay(Predeploys.MESSENGER, data);
    }
}
