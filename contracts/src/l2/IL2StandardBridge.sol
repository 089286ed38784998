// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IL2StandardBridge
/// @notice Predeploy 0x4200000000000000000000000000000000000010, the other end of L1StandardBridge: the ABI of OP's
/// L2StandardBridge.
///
/// An ERC-20 deposit that cannot be delivered (the token has no code, represents another one, or refuses) goes back to its
/// depositor on L1. If it may have failed for want of gas alone, it reverts instead: the messenger keeps the message, and
/// anybody can relay it with more gas.
///
/// A token native to L2 is kept here while its representation is on L1; `deposits` is exactly what L1 can bring back.
///
/// Storage: slot 0 = address of L1StandardBridge, which the genesis fills and nobody changes.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IL2StandardBridge {
    // Events of OP's first bridges, which explorers and clients still read; each comes with its successor below.
    event WithdrawalInitiated(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    event DepositFinalized(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    /// @notice A deposit could not be minted and is on its way back to `from` on L1.
    event DepositReturned(
        address indexed l1Token, address indexed l2Token, address indexed from, address to, uint256 amount
    );

    event ETHBridgeInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData);
    event ETHBridgeFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData);
    event ERC20BridgeInitiated(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    event ERC20BridgeFinalized(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Nothing to bridge.
    error ZeroAmount();
    /// @notice Functions that bridge to the caller's own address are for accounts without code, whose address is theirs on both sides.
    error CallerHasCode(address caller);
    /// @notice Only the other bridge may do this, through the messengers.
    error NotOtherBridge(address caller, address sender);
    /// @notice The ether sent is not the amount that the call names.
    error WrongValue(uint256 given, uint256 expected);
    /// @notice The token is the representation of another one.
    error WrongRemoteToken(address given, address expected);
    /// @notice There is no contract at the token's address.
    error NoToken(address token);
    /// @notice The token moved another amount than it was told to.
    error InexactTransfer(uint256 received, uint256 expected);
    /// @notice The recipient refused the ether.
    error TransferFailed(address recipient, uint256 amount);
    /// @notice The recipient cannot be zero, the bridge or the messenger.
    error ForbiddenRecipient(address recipient);
    /// @notice More of the token than was deposited.
    error ExceedsDeposits(address localToken, address remoteToken, uint256 amount, uint256 deposited);
    /// @notice A token called back into the bridge while it was taken.
    error Reentered();
    /// @notice Only the bridge calls itself so.
    error NotSelf(address caller);
    /// @notice The delivery failed, and may succeed with more gas.
    error NeedsMoreGas(uint256 given);

    /// @notice Bridges the ether sent to the caller's own address on the other side.
    /// @param minGasLimit Gas for the delivery there.
    /// @param extraData Handed on in events.
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable;
    /// @notice Bridges the ether sent to `to` on the other side.
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable;
    /// @notice Bridges a token to the caller's own address. Needs an allowance where the token is kept, none where it is burned.
    function bridgeERC20(
        address localToken,
        address remoteToken,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
    /// @notice Bridges a token to `to`.
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
    /// @notice Pays out ether from the other side. Other bridge only.
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData) external payable;
    /// @notice Pays out or mints a token from the other side. Other bridge only.
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;

    // The same under the names of OP's first bridges. Ether is named 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000.
    function withdraw(address l2Token, uint256 amount, uint32 minGasLimit, bytes calldata extraData) external payable;
    function withdrawTo(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable;

    /// @notice What is kept here for the pair, in the token's smallest unit.
    function deposits(address localToken, address remoteToken) external view returns (uint256);
    /// @notice The bridge on L1.
    function l1TokenBridge() external view returns (address);
    function messenger() external view returns (address);
    function MESSENGER() external view returns (address);
    function otherBridge() external view returns (address);
    function OTHER_BRIDGE() external view returns (address);
    function version() external view returns (string memory);

    /// @notice Bridges plain ether of an account without code to its own address on the other side.
    receive() external payable;
}
