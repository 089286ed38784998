// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IOptimismMintableERC20} from "./IOptimismMintableERC20.sol";

/// @title BridgedERC20
/// @notice What the tokens share that represent one of the other layer: an ERC-20 that the bridge mints and burns, with Permit.
/// See {IOptimismMintableERC20}.
/// @dev OpenZeppelin's ERC20Permit keeps its domain in immutables, which a predeploy cannot have.
abstract contract BridgedERC20 is ERC20, Nonces, IERC20Permit, IOptimismMintableERC20 {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    /// @dev Of EIP-712's domain.
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @dev ERC-165 itself.
    bytes4 private constant ERC165 = IOptimismMintableERC20.supportsInterface.selector;
    /// @dev OP's IOptimismMintableERC20, which leaves `supportsInterface` out.
    bytes4 private constant MINTABLE = IOptimismMintableERC20.remoteToken.selector
        ^ IOptimismMintableERC20.bridge.selector ^ IOptimismMintableERC20.mint.selector
        ^ IOptimismMintableERC20.burn.selector;
    /// @dev OP's ILegacyMintableERC20: l1Token, mint, burn.
    bytes4 private constant LEGACY_MINTABLE = 0x1d1d8b63;

    /// @notice The permit's deadline (Unix seconds) is past.
    error PermitExpired(uint256 deadline);
    /// @notice The permit is not the owner's.
    error WrongSigner(address signer, address owner);

    modifier onlyBridge() {
        require(msg.sender == bridge(), NotBridge(msg.sender, bridge()));
        _;
    }

    /// @inheritdoc IOptimismMintableERC20
    function mint(address to, uint256 amount) external override onlyBridge {
        _mint(to, amount);
        emit Mint(to, amount);
    }

    /// @inheritdoc IOptimismMintableERC20
    function burn(address from, uint256 amount) external override onlyBridge {
        _burn(from, amount);
        emit Burn(from, amount);
    }

    /// @inheritdoc IERC20Permit
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        override
    {
        require(block.timestamp <= deadline, PermitExpired(deadline));
        bytes32 message = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline));
        address signer = ECDSA.recover(MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR(), message), v, r, s);
        require(signer == owner, WrongSigner(signer, owner));
        _approve(owner, spender, value);
    }

    // Other names of OP's tokens for the same two.

    function REMOTE_TOKEN() external view returns (address) {
        return remoteToken();
    }

    function l1Token() external view returns (address) {
        return remoteToken();
    }

    function BRIDGE() external view returns (address) {
        return bridge();
    }

    function l2Bridge() external view returns (address) {
        return bridge();
    }

    /// @inheritdoc IOptimismMintableERC20
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == ERC165 || interfaceId == MINTABLE || interfaceId == LEGACY_MINTABLE;
    }

    /// @notice Of OP's token whose ABI this is.
    function version() external pure returns (string memory) {
        return "1.4.0";
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(IERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IERC20Permit
    function DOMAIN_SEPARATOR() public view override returns (bytes32) {
        return
            keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(name())), VERSION_HASH, block.chainid, address(this)));
    }

    /// @inheritdoc IOptimismMintableERC20
    function remoteToken() public view virtual override returns (address);

    /// @inheritdoc IOptimismMintableERC20
    function bridge() public view virtual override returns (address);
}
