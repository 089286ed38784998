// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";

import {Predeploys} from "../l2/Predeploys.sol";
import {ICouncilPause} from "./ICouncilPause.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "./IL1StandardBridge.sol";
import {StandardBridge} from "./StandardBridge.sol";
import {WithdrawalQuota} from "./WithdrawalQuota.sol";

/// @title L1StandardBridge
/// @notice See {IL1StandardBridge}. A pause of withdrawals is the messenger's and the portal's: nothing comes but through them.
contract L1StandardBridge is StandardBridge, WithdrawalQuota, IL1StandardBridge {
    struct Config {
        address messenger;
        address councilPause;
        address timelock;
        /// Seconds.
        uint256 quotaWindow;
    }

    /// @inheritdoc IL1StandardBridge
    address public immutable override messenger;
    /// @notice The council's pause.
    address public immutable councilPause;

    constructor(Config memory config) WithdrawalQuota(config.timelock, config.quotaWindow) {
        require(config.messenger != address(0) && config.councilPause != address(0), InvalidConfig());
        messenger = config.messenger;
        councilPause = config.councilPause;
    }

    receive() external payable override {
        _requireNoCode();
        _bridgeETH(msg.sender, msg.value, RECEIVE_DEFAULT_GAS_LIMIT, LibBytes.emptyCalldata());
    }

    /// @inheritdoc IL1StandardBridge
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable override {
        _requireNoCode();
        _bridgeETH(msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable override {
        _bridgeETH(to, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function depositETH(uint32 minGasLimit, bytes calldata extraData) external payable override {
        _requireNoCode();
        _bridgeETH(msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function depositETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable override {
        _bridgeETH(to, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
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

    /// @inheritdoc IL1StandardBridge
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

    /// @inheritdoc IL1StandardBridge
    function depositERC20(
        address l1Token,
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external override {
        _requireNoCode();
        _bridgeERC20(l1Token, l2Token, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function depositERC20To(
        address l1Token,
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external override {
        _bridgeERC20(l1Token, l2Token, to, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData)
        external
        payable
        override
    {
        _finalizeETH(from, to, amount, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external override {
        _requireOtherBridge();
        _spendQuota(localToken, amount);
        _give(localToken, remoteToken, to, amount);
        emit ERC20WithdrawalFinalized(localToken, remoteToken, from, to, amount, extraData);
        emit ERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function deposits(address localToken, address remoteToken) external view override returns (uint256) {
        return kept[localToken][remoteToken];
    }

    /// @inheritdoc IL1StandardBridge
    function paused() external view override returns (bool) {
        return ICrossDomainMessenger(messenger).paused();
    }

    /// @inheritdoc IL1StandardBridge
    function MESSENGER() external view override returns (address) {
        return messenger;
    }

    /// @inheritdoc IL1StandardBridge
    function l2TokenBridge() external pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }

    /// @inheritdoc IL1StandardBridge
    function otherBridge() external pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }

    /// @inheritdoc IL1StandardBridge
    function OTHER_BRIDGE() external pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }

    /// @inheritdoc IL1StandardBridge
    function version() external pure override returns (string memory) {
        return "2.3.0";
    }

    function _requireOpen() internal view override {
        uint256 until = ICouncilPause(councilPause).depositsPausedUntil();
        require(block.timestamp >= until, Paused(until));
    }

    function _held(address token) internal view override returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    function _messenger() internal view override returns (ICrossDomainMessenger) {
        return ICrossDomainMessenger(messenger);
    }

    function _otherBridge() internal pure override returns (address) {
        return Predeploys.STANDARD_BRIDGE;
    }

    function _emitETHInitiated(address to, uint256 amount, bytes calldata extraData) internal override {
        emit ETHDepositInitiated(msg.sender, to, amount, extraData);
        emit ETHBridgeInitiated(msg.sender, to, amount, extraData);
    }

    function _emitETHFinalized(address from, address to, uint256 amount, bytes calldata extraData) internal override {
        emit ETHWithdrawalFinalized(from, to, amount, extraData);
        emit ETHBridgeFinalized(from, to, amount, extraData);
    }

    function _emitERC20Initiated(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) internal override {
        emit ERC20DepositInitiated(localToken, remoteToken, msg.sender, to, amount, extraData);
        emit ERC20BridgeInitiated(localToken, remoteToken, msg.sender, to, amount, extraData);
    }
}
