// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "solady/tokens/ERC20.sol";

import {IOptimismMintableERC20} from "./IOptimismMintableERC20.sol";

/// @title BridgedERC20
/// @notice What the tokens share that represent one of the other layer: an ERC-20 with Permit (EIP-2612) that the bridge mints
/// and burns. See {IOptimismMintableERC20}.
abstract contract BridgedERC20 is ERC20, IOptimismMintableERC20 {
    /// @dev ERC-165 itself.
    bytes4 internal constant ERC165 = IOptimismMintableERC20.supportsInterface.selector;
    /// @dev OP's IOptimismMintableERC20, which leaves `supportsInterface` out.
    bytes4 internal constant MINTABLE = IOptimismMintableERC20.remoteToken.selector
        ^ IOptimismMintableERC20.bridge.selector ^ IOptimismMintableERC20.mint.selector
        ^ IOptimismMintableERC20.burn.selector;
    /// @dev OP's ILegacyMintableERC20: l1Token, mint, burn.
    bytes4 internal constant LEGACY_MINTABLE = 0x1d1d8b63;

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

    /// @inheritdoc IOptimismMintableERC20
    function remoteToken() public view virtual override returns (address);

    /// @inheritdoc IOptimismMintableERC20
    function bridge() public view virtual override returns (address);

    /// @dev Nobody has an allowance that was not given.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
