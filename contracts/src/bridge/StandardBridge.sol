// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IOptimismMintableERC20} from "../l2/IOptimismMintableERC20.sol";
import {Delegation} from "./Delegation.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "./IL1StandardBridge.sol";

/// @title StandardBridge
/// @notice What the bridges of L1 and L2 share. See {IL1StandardBridge} and {IL2StandardBridge}, which declare the same errors.
abstract contract StandardBridge {
    using SafeERC20 for IERC20;

    /// @dev Gas on the other side for ether that is sent without saying more.
    uint32 internal constant RECEIVE_DEFAULT_GAS_LIMIT = 200_000;

    /// @dev What a token that the bridge mints and burns answers to (ERC-165): OP's interface of four functions.
    bytes4 internal constant MINTABLE = IOptimismMintableERC20.remoteToken.selector
        ^ IOptimismMintableERC20.bridge.selector ^ IOptimismMintableERC20.mint.selector
        ^ IOptimismMintableERC20.burn.selector;

    /// @dev Most gas for that question. ERC-165 allows 30,000.
    uint256 internal constant ERC165_GAS = 30_000;

    /// @dev Kept here for each pair.
    mapping(address localToken => mapping(address remoteToken => uint256 amount)) internal kept;

    /// @dev Set while a token is taken, so that what it brings is not counted twice.
    bool internal transient taking;

    /// @dev The way to the other side.
    function _messenger() internal view virtual returns (ICrossDomainMessenger);
    function _otherBridge() internal view virtual returns (address);

    /// @dev Reverts while nothing may be sent.
    function _requireOpen() internal view virtual {}

    // Each emits the event of OP's first bridges, then its successor.

    function _emitETHInitiated(address to, uint256 amount, bytes calldata extraData) internal virtual;
    function _emitETHFinalized(address from, address to, uint256 amount, bytes calldata extraData) internal virtual;
    function _emitERC20Initiated(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) internal virtual;

    function _bridgeETH(address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData) internal {
        _requireOpen();
        require(msg.value == amount, IL1StandardBridge.WrongValue(msg.value, amount));
        address otherBridge = _requireRecipient(to);
        _emitETHInitiated(to, amount, extraData);
        _messenger().sendMessage{value: amount}(
            otherBridge,
            abi.encodeCall(IL1StandardBridge.finalizeBridgeETH, (msg.sender, to, amount, extraData)),
            minGasLimit
        );
    }

    function _finalizeETH(address from, address to, uint256 amount, bytes calldata extraData) internal {
        ICrossDomainMessenger messenger = _requireOtherBridge();
        require(msg.value == amount, IL1StandardBridge.WrongValue(msg.value, amount));
        require(to != address(this) && to != address(messenger), IL1StandardBridge.ForbiddenRecipient(to));
        _emitETHFinalized(from, to, amount, extraData);
        bool success;
        // What the recipient returns is not copied: it may be huge.
        assembly ("memory-safe") {
            success := call(gas(), to, amount, 0, 0, 0, 0)
        }
        require(success, IL1StandardBridge.TransferFailed(to, amount));
    }

    function _bridgeERC20(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) internal {
        _requireOpen();
        require(amount != 0, IL1StandardBridge.ZeroAmount());
        require(localToken.code.length != 0, IL1StandardBridge.NoToken(localToken));
        require(remoteToken != address(0), IL1StandardBridge.NoToken(remoteToken));
        address otherBridge = _requireRecipient(to);
        _take(localToken, remoteToken, amount);
        _emitERC20Initiated(localToken, remoteToken, to, amount, extraData);
        _messenger()
            .sendMessage(
                otherBridge,
                abi.encodeCall(
                    IL1StandardBridge.finalizeBridgeERC20, (remoteToken, localToken, msg.sender, to, amount, extraData)
                ),
                minGasLimit
            );
    }

    /// @dev Burns the token, or keeps exactly `amount` of it.
    function _take(address localToken, address remoteToken, uint256 amount) internal {
        if (_isMintable(localToken)) {
            _requirePair(localToken, remoteToken);
            IOptimismMintableERC20(localToken).burn(msg.sender, amount);
            return;
        }
        require(!taking, IL1StandardBridge.Reentered());
        taking = true;
        uint256 balance = IERC20(localToken).balanceOf(address(this));
        IERC20(localToken).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(localToken).balanceOf(address(this)) - balance;
        require(received == amount, IL1StandardBridge.InexactTransfer(received, amount));
        taking = false;
        kept[localToken][remoteToken] += amount;
    }

    /// @dev Mints the token, or pays it out of what is kept for the pair.
    function _give(address localToken, address remoteToken, address to, uint256 amount) internal {
        if (_isMintable(localToken)) {
            _requirePair(localToken, remoteToken);
            IOptimismMintableERC20(localToken).mint(to, amount);
            return;
        }
        uint256 held = kept[localToken][remoteToken];
        require(amount <= held, IL1StandardBridge.ExceedsDeposits(localToken, remoteToken, amount, held));
        unchecked {
            kept[localToken][remoteToken] = held - amount;
        }
        IERC20(localToken).safeTransfer(to, amount);
    }

    /// @dev Whether the token is one that its bridge mints and burns. A call that costs little whatever the token does.
    function _isMintable(address token) internal view returns (bool mintable) {
        bytes4 mintableInterface = MINTABLE;
        uint256 gasLimit = ERC165_GAS;
        assembly ("memory-safe") {
            mstore(0x00, hex"01ffc9a7") // supportsInterface(bytes4)
            mstore(0x04, mintableInterface)
            let success := staticcall(gasLimit, token, 0x00, 0x24, 0x00, 0x20)
            mintable := and(and(success, gt(returndatasize(), 0x1f)), eq(mload(0x00), 1))
        }
    }

    function _requirePair(address localToken, address remoteToken) internal view {
        address expected = IOptimismMintableERC20(localToken).remoteToken();
        require(remoteToken == expected, IL1StandardBridge.WrongRemoteToken(remoteToken, expected));
    }

    /// @dev Refuses recipients with whom the other bridge could do nothing, and answers that bridge.
    function _requireRecipient(address to) internal view returns (address otherBridge) {
        otherBridge = _otherBridge();
        require(to != address(0) && to != otherBridge, IL1StandardBridge.ForbiddenRecipient(to));
    }

    /// @dev Only a message of the other bridge goes on.
    function _requireOtherBridge() internal view returns (ICrossDomainMessenger messenger) {
        messenger = _messenger();
        require(msg.sender == address(messenger), IL1StandardBridge.NotOtherBridge(msg.sender, address(0)));
        address sender = messenger.xDomainMessageSender();
        require(sender == _otherBridge(), IL1StandardBridge.NotOtherBridge(msg.sender, sender));
    }

    /// @dev A contract's address may be somebody else's on the other side. An account that only delegates its code (EIP-7702)
    /// still belongs to its key.
    function _requireNoCode() internal view {
        require(
            msg.sender.code.length == 0 || Delegation.isDelegated(msg.sender),
            IL1StandardBridge.CallerHasCode(msg.sender)
        );
    }
}
