// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Test} from "../base/Test.sol";
import {BridgedERC20} from "src/l2/BridgedERC20.sol";
import {IOptimismMintableERC20} from "src/l2/IOptimismMintableERC20.sol";
import {IOptimismMintableERC20Factory} from "src/l2/IOptimismMintableERC20Factory.sol";
import {L2PHA} from "src/l2/L2PHA.sol";
import {OptimismMintableERC20} from "src/l2/OptimismMintableERC20.sol";
import {OptimismMintableERC20Factory} from "src/l2/OptimismMintableERC20Factory.sol";

/// @notice Both kinds of tokens that the bridge mints, and the factory of one of them.
contract OptimismMintableERC20Test is Test {
    address internal constant BRIDGE = 0x4200000000000000000000000000000000000010;
    address internal constant L2_PHA = 0x4200000000000000000000000000000000000042;
    bytes32 internal constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    uint256 internal constant ALICE_KEY = 0xa11ce;
    address internal alice = vm.addr(ALICE_KEY);
    address internal bob = account("bob");
    address internal remote = account("remote");
    OptimismMintableERC20Factory internal factory = new OptimismMintableERC20Factory();
    BridgedERC20 internal token;
    BridgedERC20 internal pha = BridgedERC20(L2_PHA);

    function setUp() public {
        vm.warp(1_800_000_000);
        token = BridgedERC20(factory.createOptimismMintableERC20WithDecimals(remote, "Token", "TKN", 6));
        vm.etch(L2_PHA, vm.getDeployedCode("L2PHA.sol:L2PHA"));
        vm.store(L2_PHA, 0, bytes32(uint256(uint160(remote))));
    }

    // The factory

    function testFuzz_MakesATokenOnceAtAnAddressThatFollows(
        address remoteToken,
        string calldata name,
        string calldata symbol,
        uint8 decimals
    ) public {
        vm.assume(remoteToken != address(0));
        bytes32 salt = keccak256(abi.encode(remoteToken, name, symbol, decimals));
        bytes memory code = abi.encodePacked(
            type(OptimismMintableERC20).creationCode, abi.encode(BRIDGE, remoteToken, name, symbol, decimals)
        );
        address expected =
            address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(factory), salt, keccak256(code))))));
        vm.assume(expected != address(token));
        vm.assertEq(factory.deployments(expected), address(0));

        vm.expectEmit(address(factory));
        emit IOptimismMintableERC20Factory.StandardL2TokenCreated(remoteToken, expected);
        vm.expectEmit(address(factory));
        emit IOptimismMintableERC20Factory.OptimismMintableERC20Created(expected, remoteToken, bob);
        vm.prank(bob);
        OptimismMintableERC20 made =
            OptimismMintableERC20(factory.createOptimismMintableERC20WithDecimals(remoteToken, name, symbol, decimals));
        vm.assertEq(address(made), expected);
        vm.assertEq(factory.deployments(expected), remoteToken);
        vm.assertEq(made.name(), name);
        vm.assertEq(made.symbol(), symbol);
        vm.assertEq(made.decimals(), decimals);
        vm.assertEq(made.remoteToken(), remoteToken);
        vm.assertEq(made.bridge(), BRIDGE);

        vm.expectRevert();
        factory.createOptimismMintableERC20WithDecimals(remoteToken, name, symbol, decimals);
    }

    function test_TheOtherNamesMakeTheSame() public {
        BridgedERC20 one = BridgedERC20(factory.createOptimismMintableERC20(remote, "One", "1"));
        BridgedERC20 two = BridgedERC20(factory.createStandardL2Token(remote, "Two", "2"));
        vm.assertEq(one.decimals(), 18);
        vm.assertEq(two.decimals(), 18);
        // Decimals are part of what a token is.
        vm.expectRevert();
        factory.createOptimismMintableERC20WithDecimals(remote, "One", "1", 18);
        factory.createOptimismMintableERC20WithDecimals(remote, "One", "1", 8);
        vm.assertEq(factory.bridge(), BRIDGE);
        vm.assertEq(factory.BRIDGE(), BRIDGE);
    }

    function test_ATokenRepresentsOne() public {
        vm.expectRevert(IOptimismMintableERC20Factory.NoRemoteToken.selector);
        factory.createOptimismMintableERC20(address(0), "None", "0");
    }

    // The tokens

    function test_PhaIsWhatTheGenesisMakesOfIt() public view {
        vm.assertEq(pha.name(), "Phala");
        vm.assertEq(pha.symbol(), "PHA");
        vm.assertEq(pha.decimals(), 18);
        vm.assertEq(pha.remoteToken(), remote);
        vm.assertEq(pha.bridge(), BRIDGE);
        vm.assertEq(pha.totalSupply(), 0);
    }

    function test_AnswersAsOpDoes() public view {
        BridgedERC20[2] memory tokens = [token, pha];
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(tokens[i].REMOTE_TOKEN(), remote);
            vm.assertEq(tokens[i].l1Token(), remote);
            vm.assertEq(tokens[i].BRIDGE(), BRIDGE);
            vm.assertEq(tokens[i].l2Bridge(), BRIDGE);
            // ERC-165, and OP's interfaces of today and of its first tokens.
            vm.assertTrue(tokens[i].supportsInterface(0x01ffc9a7));
            vm.assertTrue(tokens[i].supportsInterface(0xec4fc8e3));
            vm.assertTrue(tokens[i].supportsInterface(0x1d1d8b63));
            vm.assertFalse(tokens[i].supportsInterface(0xffffffff));
        }
    }

    function testFuzz_TheBridgeMintsAndBurns(uint256 minted, uint256 burned) public {
        burned = bound(burned, 0, minted);
        BridgedERC20[2] memory tokens = [token, pha];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectEmit(address(tokens[i]));
            emit IERC20.Transfer(address(0), alice, minted);
            vm.expectEmit(address(tokens[i]));
            emit IOptimismMintableERC20.Mint(alice, minted);
            vm.prank(BRIDGE);
            tokens[i].mint(alice, minted);
            vm.expectEmit(address(tokens[i]));
            emit IOptimismMintableERC20.Burn(alice, burned);
            vm.prank(BRIDGE);
            tokens[i].burn(alice, burned);
            vm.assertEq(tokens[i].balanceOf(alice), minted - burned);
            vm.assertEq(tokens[i].totalSupply(), minted - burned);
        }
    }

    function testFuzz_NobodyElseMintsOrBurns(address caller) public {
        vm.assume(caller != BRIDGE);
        bytes memory refusal = abi.encodeWithSelector(IOptimismMintableERC20.NotBridge.selector, caller, BRIDGE);
        vm.prank(caller);
        vm.expectRevert(refusal);
        pha.mint(caller, 1);
        vm.prank(caller);
        vm.expectRevert(refusal);
        token.burn(alice, 1);
    }

    function test_PermitTwoHasNoAllowanceThatWasNotGiven() public view {
        vm.assertEq(pha.allowance(alice, 0x000000000022D473030F116dDEE9F6B43aC78BA3), 0);
    }

    // Permits

    function sign(BridgedERC20 of_, uint256 key, uint256 value, uint256 nonce, uint256 deadline)
        internal
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(of_.name())),
                keccak256("1"),
                block.chainid,
                address(of_)
            )
        );
        vm.assertEq(of_.DOMAIN_SEPARATOR(), domain);
        bytes32 message = keccak256(abi.encode(PERMIT_TYPEHASH, alice, bob, value, nonce, deadline));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, message)));
    }

    function testFuzz_APermitIsAnAllowanceOnce(uint256 value) public {
        BridgedERC20[2] memory tokens = [token, pha];
        for (uint256 i = 0; i < 2; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = sign(tokens[i], ALICE_KEY, value, 0, block.timestamp);
            tokens[i].permit(alice, bob, value, block.timestamp, v, r, s);
            vm.assertEq(tokens[i].allowance(alice, bob), value);
            vm.assertEq(tokens[i].nonces(alice), 1);
            vm.expectPartialRevert(BridgedERC20.WrongSigner.selector);
            tokens[i].permit(alice, bob, value, block.timestamp, v, r, s);
        }
    }

    function testFuzz_APermitIsTheOwners(uint256 key, uint256 value) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != ALICE_KEY);
        (uint8 v, bytes32 r, bytes32 s) = sign(pha, key, value, 0, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(BridgedERC20.WrongSigner.selector, vm.addr(key), alice));
        pha.permit(alice, bob, value, block.timestamp, v, r, s);
    }

    function test_APermitEnds() public {
        (uint8 v, bytes32 r, bytes32 s) = sign(pha, ALICE_KEY, 1, 0, block.timestamp - 1);
        vm.expectRevert(abi.encodeWithSelector(BridgedERC20.PermitExpired.selector, block.timestamp - 1));
        pha.permit(alice, bob, 1, block.timestamp - 1, v, r, s);
    }

    /// @dev On a fork of the chain, and for another token, it is worth nothing.
    function test_APermitIsForOneTokenOfOneChain() public {
        (uint8 v, bytes32 r, bytes32 s) = sign(pha, ALICE_KEY, 1, 0, block.timestamp);
        vm.expectPartialRevert(BridgedERC20.WrongSigner.selector);
        token.permit(alice, bob, 1, block.timestamp, v, r, s);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(BridgedERC20.WrongSigner.selector);
        pha.permit(alice, bob, 1, block.timestamp, v, r, s);
    }

    function test_NobodySpendsWhatHeHasNot() public {
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, 0, 1));
        pha.transfer(alice, 1);
    }
}
