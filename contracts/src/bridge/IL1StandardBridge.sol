// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IL1StandardBridge
/// @notice Ether and ERC-20 tokens to L2 and back, for the clients of OP chains: the ABI of OP's L1StandardBridge.
///
/// A token native to L1 is kept here while its representation is on L2; `deposits` is exactly what L2 can bring back. A token
/// that gives the bridge less or more than was asked for (fee on transfer) is refused with `InexactTransfer`. Tokens whose
/// balances change by themselves (rebasing) are not supported: what they gain stays here, what they lose is lost for the last.
///
/// No ether is bridged like any amount of it, as on OP: the message is sent. None of a token is refused. An ERC-20 deposit that
/// L2 cannot deliver comes back to its depositor as a withdrawal.
///
/// A token of L2 that lives on L1 as an OptimismMintableERC20 is burned on the way to L2 and minted on the way back.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IL1StandardBridge {
    // Events of OP's first bridges, which explorers and clients still read; each comes with its successor below.
    event ETHDepositInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData);
    event ETHWithdrawalFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData);
    event ERC20DepositInitiated(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    event ERC20WithdrawalFinalized(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
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
    /// @notice A token called back into the bridge while it was taken.
    error Reentered();
    /// @notice More of the token than was deposited.
    error ExceedsDeposits(address localToken, address remoteToken, uint256 amount, uint256 deposited);
    /// @notice The council has paused deposits until `until` (Unix seconds).
    error Paused(uint256 until);
    /// @notice The constructor was given no address.
    error InvalidConfig();

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

    // The same under the names of OP's first bridges.
    function depositETH(uint32 minGasLimit, bytes calldata extraData) external payable;
    function depositETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable;
    function depositERC20(
        address l1Token,
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
    function depositERC20To(
        address l1Token,
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice What is kept here for the pair, in the token's smallest unit.
    function deposits(address localToken, address remoteToken) external view returns (uint256);
    /// @notice The bridge on L2.
    function l2TokenBridge() external view returns (address);
    function messenger() external view returns (address);
    function MESSENGER() external view returns (address);
    function otherBridge() external view returns (address);
    function OTHER_BRIDGE() external view returns (address);
    function paused() external view returns (bool);
    function version() external view returns (string memory);

    /// @notice Bridges plain ether of an account without code to its own address on the other side.
    receive() external payable;
}
