// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibBytes} from "solady/utils/LibBytes.sol";

import {ICrossDomainMessenger} from "../bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../bridge/IL1StandardBridge.sol";
import {StandardBridge} from "../bridge/StandardBridge.sol";
import {IL2StandardBridge} from "./IL2StandardBridge.sol";
import {IOptimismMintableERC20} from "./IOptimismMintableERC20.sol";
import {L1Counterpart} from "./L1Counterpart.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title L2StandardBridge
/// @notice See {IL2StandardBridge}.
contract L2StandardBridge is L1Counterpart, StandardBridge, IL2StandardBridge {
    /// @dev How `withdraw` names ether.
    address internal constant LEGACY_ETH = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;

    /// @dev L2 gas kept to send a deposit back.
    uint256 internal constant RETURN_GAS = 100_000;
    /// @dev L1 gas for a deposit that comes back.
    uint32 internal constant RETURN_GAS_ON_L1 = 200_000;
    /// @dev A delivery that had so much gas did not fail for want of it.
    uint256 internal constant PLENTY_OF_GAS = 1_000_000;

    receive() external payable override {
        _requireNoCode();
        _bridgeETH(msg.sender, msg.value, RECEIVE_DEFAULT_GAS_LIMIT, LibBytes.emptyCalldata());
    }

    /// @inheritdoc IL2StandardBridge
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable override {
        _requireNoCode();
        _bridgeETH(msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable override {
        _bridgeETH(to, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function bridgeERC20(
        address localToken,
        address remoteToken,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external override {
        _requireNoCode();
        _bridgeERC20(localToken, remoteToken, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external override {
        _bridgeERC20(localToken, remoteToken, to, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function withdraw(address l2Token, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
        override
    {
        _requireNoCode();
        _withdraw(l2Token, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function withdrawTo(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
        override
    {
        _withdraw(l2Token, to, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData)
        external
        payable
        override
    {
        _finalizeETH(from, to, amount, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external override {
        ICrossDomainMessenger l2Messenger = _requireOtherBridge();
        if (_delivered(localToken, remoteToken, to, amount)) {
            emit DepositFinalized(remoteToken, localToken, from, to, amount, extraData);
            emit ERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
        } else {
            emit DepositReturned(remoteToken, localToken, from, to, amount);
            l2Messenger.sendMessage(
                l1Counterpart,
                abi.encodeCall(
                    IL1StandardBridge.finalizeBridgeERC20, (remoteToken, localToken, from, from, amount, bytes(""))
                ),
                RETURN_GAS_ON_L1
            );
        }
    }

    /// @notice Mints or pays out a token, for the bridge itself: a call of its own, so that it fails as a whole.
    function deliver(address localToken, address remoteToken, address to, uint256 amount) external {
        require(msg.sender == address(this), NotSelf(msg.sender));
        _give(localToken, remoteToken, to, amount);
    }

    /// @inheritdoc IL2StandardBridge
    function deposits(address localToken, address remoteToken) external view override returns (uint256) {
        return kept[localToken][remoteToken];
    }

    /// @inheritdoc IL2StandardBridge
    function l1TokenBridge() external view override returns (address) {
        return l1Counterpart;
    }

    /// @inheritdoc IL2StandardBridge
    function otherBridge() external view override returns (address) {
        return l1Counterpart;
    }

    /// @inheritdoc IL2StandardBridge
    function OTHER_BRIDGE() external view override returns (address) {
        return l1Counterpart;
    }

    /// @inheritdoc IL2StandardBridge
    function messenger() external pure override returns (address) {
        return Predeploys.MESSENGER;
    }

    /// @inheritdoc IL2StandardBridge
    function MESSENGER() external pure override returns (address) {
        return Predeploys.MESSENGER;
    }

    /// @notice Never: a pause of deposits is at L1's end.
    function paused() external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IL2StandardBridge
    function version() external pure override returns (string memory) {
        return "1.11.0";
    }

    /// @dev The names of OP's first bridge: the pair is the token's own.
    function _withdraw(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        internal
    {
        if (l2Token == LEGACY_ETH) {
            _bridgeETH(to, amount, minGasLimit, extraData);
        } else {
            require(msg.value == 0, WrongValue(msg.value, 0));
            require(l2Token.code.length != 0, NoToken(l2Token));
            address l1Token = IOptimismMintableERC20(l2Token).remoteToken();
            _bridgeERC20(l2Token, l1Token, to, amount, minGasLimit, extraData);
        }
    }

    /// @dev Whether the token reached `to`. If not, enough gas is left to send it back. Reverts if more gas may help.
    function _delivered(address localToken, address remoteToken, address to, uint256 amount) internal returns (bool) {
        uint256 before = gasleft();
        require(before > RETURN_GAS, NeedsMoreGas(before));
        uint256 given = before - RETURN_GAS;
        try this.deliver{gas: given}(localToken, remoteToken, to, amount) {
            return true;
        } catch {
            // A call that runs out of gas leaves nothing, and each call around it a 64th at most.
            bool ranOut = before - gasleft() > given - given / 8;
            require(!ranOut || given >= PLENTY_OF_GAS, NeedsMoreGas(given));
            return false;
        }
    }

    function _messenger() internal pure override returns (ICrossDomainMessenger) {
        return ICrossDomainMessenger(Predeploys.MESSENGER);
    }

    function _otherBridge() internal view override returns (address) {
        return l1Counterpart;
    }

    function _emitETHInitiated(address to, uint256 amount, bytes calldata extraData) internal override {
        emit WithdrawalInitiated(address(0), LEGACY_ETH, msg.sender, to, amount, extraData);
        emit ETHBridgeInitiated(msg.sender, to, amount, extraData);
    }

    function _emitETHFinalized(address from, address to, uint256 amount, bytes calldata extraData) internal override {
        emit DepositFinalized(address(0), LEGACY_ETH, from, to, amount, extraData);
        emit ETHBridgeFinalized(from, to, amount, extraData);
    }

    function _emitERC20Initiated(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) internal override {
        emit WithdrawalInitiated(remoteToken, localToken, msg.sender, to, amount, extraData);
        emit ERC20BridgeInitiated(localToken, remoteToken, msg.sender, to, amount, extraData);
    }
}
