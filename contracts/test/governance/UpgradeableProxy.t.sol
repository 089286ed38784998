// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PortalTest} from "../bridge/PortalTest.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {Portal} from "src/bridge/Portal.sol";
import {IUpgradeableProxy} from "src/governance/IUpgradeableProxy.sol";
import {UpgradeableProxy} from "src/governance/UpgradeableProxy.sol";

/// @notice A later portal: with state of its own, behind the first one's.
contract NextPortal is Portal {
    uint256 public generation;

    error Refused(uint256 reason);

    constructor(Config memory config) Portal(config) {}

    function migrate(uint256 generation_) external payable {
        require(generation_ != 0, Refused(77));
        generation = generation_;
    }

    /// @dev Nobody reaches this name but through an implementation that has it.
    function upgradeToAndCall(address, bytes calldata) external payable returns (string memory) {
        return "of the implementation";
    }
}

contract UpgradeableProxyTest is PortalTest {
    bytes32 internal constant IMPLEMENTATION_SLOT = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    bytes32 internal constant ADMIN_SLOT = bytes32(uint256(keccak256("eip1967.proxy.admin")) - 1);

    NextPortal internal next;

    function setUp() public override {
        super.setUp();
        next = new NextPortal(config());
    }

    function test_ItsSlotsAreThoseOfErc1967() public view {
        vm.assertEq(vm.load(address(portal), IMPLEMENTATION_SLOT), bytes32(uint256(uint160(address(implementation)))));
        vm.assertEq(vm.load(address(portal), ADMIN_SLOT), bytes32(uint256(uint160(upgrader))));
    }

    function test_TheAdminUpgrades() public {
        vm.expectEmit(address(portal));
        emit IUpgradeableProxy.Upgraded(address(next));
        upgrade(address(next), "");
        vm.assertEq(vm.load(address(portal), IMPLEMENTATION_SLOT), bytes32(uint256(uint160(address(next)))));
        vm.assertEq(NextPortal(payable(address(portal))).generation(), 0);
    }

    function test_AnUpgradeMayCallTheNewCode() public {
        vm.deal(upgrader, 5);
        vm.prank(upgrader);
        IUpgradeableProxy(address(portal)).upgradeToAndCall{value: 5}(
            address(next), abi.encodeCall(NextPortal.migrate, (2))
        );
        vm.assertEq(NextPortal(payable(address(portal))).generation(), 2);
        vm.assertEq(address(portal).balance, 1000 ether + 5);
    }

    function test_AnUpgradeWhoseCallFailsDoesNotHappen() public {
        vm.expectRevert(abi.encodeWithSelector(NextPortal.Refused.selector, 77));
        upgrade(address(next), abi.encodeCall(NextPortal.migrate, (0)));
        vm.assertEq(vm.load(address(portal), IMPLEMENTATION_SLOT), bytes32(uint256(uint160(address(implementation)))));
    }

    function test_RefusesAnImplementationWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(IUpgradeableProxy.ERC1967InvalidImplementation.selector, address(7)));
        upgrade(address(7), "");
        vm.expectRevert(abi.encodeWithSelector(IUpgradeableProxy.ERC1967InvalidImplementation.selector, address(7)));
        new UpgradeableProxy(address(7), upgrader, "");
    }

    function test_RefusesEtherThatNothingTakes() public {
        vm.deal(upgrader, 5);
        vm.prank(upgrader);
        vm.expectRevert(IUpgradeableProxy.ERC1967NonPayable.selector);
        IUpgradeableProxy(address(portal)).upgradeToAndCall{value: 5}(address(next), "");
    }

    function test_RefusesToBeWithoutAdmin() public {
        vm.expectRevert(abi.encodeWithSelector(IUpgradeableProxy.ERC1967InvalidAdmin.selector, address(0)));
        new UpgradeableProxy(address(implementation), address(0), "");
    }

    function test_RefusesAnUpgradeThatIsCutShort() public {
        bytes memory input = abi.encodeCall(IUpgradeableProxy.upgradeToAndCall, (address(next), ""));
        for (uint256 length; length < input.length; ++length) {
            bytes memory cut = new bytes(length);
            for (uint256 i; i < length; ++i) {
                cut[i] = input[i];
            }
            // Without any data, it is a deposit of nothing.
            if (length == 0) continue;
            vm.prank(upgrader);
            (bool success,) = address(portal).call(cut);
            vm.assertFalse(success);
        }
    }

    function testFuzz_NobodyElseUpgrades(address caller) public {
        vm.assume(caller != upgrader);
        vm.prank(caller);
        vm.expectRevert();
        IUpgradeableProxy(address(portal)).upgradeToAndCall(address(next), "");
        vm.assertEq(vm.load(address(portal), IMPLEMENTATION_SLOT), bytes32(uint256(uint160(address(implementation)))));
        // They speak with the implementation, whatever it makes of it.
        upgrade(address(next), "");
        vm.prank(caller);
        vm.assertEq(NextPortal(payable(address(portal))).upgradeToAndCall(address(1), ""), "of the implementation");
        vm.assertEq(vm.load(address(portal), IMPLEMENTATION_SLOT), bytes32(uint256(uint160(address(next)))));
    }

    function test_TheAdminUsesTheImplementationLikeAnybody() public {
        IPortal.Config memory c = config();
        c.timelock = upgrader;
        upgrade(address(new NextPortal(c)), "");
        vm.prank(upgrader);
        portal.setQuota(address(0), 5);
        vm.prank(upgrader);
        vm.assertEq(portal.version(), "2.8.1");
    }

    /// @dev What users have at the portal, before an upgrade and after it.
    function test_AnUpgradeKeepsEverything() public {
        IPortal.WithdrawalTransaction memory done = aWithdrawal();
        IPortal.WithdrawalTransaction memory ripe = aWithdrawal();
        ripe.nonce += 1;
        vm.prank(timelock);
        portal.setQuota(address(0), 200 ether);
        portal.depositTransaction(alice, 0, 1_000_000, false, "");
        ripen(done);
        portal.finalizeWithdrawalTransaction(done);
        ripen(ripe);
        bytes32 before = state(done, ripe);

        upgrade(address(next), abi.encodeCall(NextPortal.migrate, (2)));
        vm.assertEq(state(done, ripe), before);
        refuseFinalize(done, abi.encodeWithSelector(IPortal.AlreadyFinalized.selector, hashOf(done)));
        portal.finalizeWithdrawalTransaction(ripe);
        vm.assertEq(address(0xbeef).balance, 2 ether);
        vm.expectRevert(IPortal.AlreadyInitialized.selector);
        portal.initialize();
    }

    /// @dev Where everything lies. A change here is a migration.
    function test_TheLayoutIsPinned() public {
        IPortal.WithdrawalTransaction memory w = aWithdrawal();
        vm.prank(timelock);
        portal.setQuota(address(0), 200 ether);
        portal.depositTransaction(alice, 0, 1_000_000, false, "");
        ripen(w);
        portal.finalizeWithdrawalTransaction(w);
        uint256 metering = uint256(block.number) << 192 | uint256(1_000_000) << 128 | 1 gwei;
        vm.assertEq(vm.load(address(portal), 0), bytes32(metering));
        uint256 quota = block.timestamp << 224 | uint256(1 ether) << 112 | 200 ether;
        vm.assertEq(vm.load(address(portal), keccak256(abi.encode(address(0), 1))), bytes32(quota));
        uint256 record = uint256(1) << 255 | uint256(1) << 64 | START_TIME;
        vm.assertEq(vm.load(address(portal), keccak256(abi.encode(hashOf(w), 2))), bytes32(record));
        for (uint256 slot = 1; slot < 20; ++slot) {
            vm.assertEq(vm.load(address(portal), bytes32(slot)), bytes32(0));
        }
    }

    function upgrade(address to, bytes memory data) internal {
        vm.prank(upgrader);
        IUpgradeableProxy(address(portal)).upgradeToAndCall(to, data);
    }

    function state(IPortal.WithdrawalTransaction memory a, IPortal.WithdrawalTransaction memory b)
        internal
        view
        returns (bytes32)
    {
        (uint256 quota, uint256 available) = portal.quotaOf(address(0));
        (uint128 price, uint64 bought, uint64 number) = portal.params();
        return keccak256(
            bytes.concat(
                stateOf(hashOf(a)),
                stateOf(hashOf(b)),
                abi.encode(quota, available, price, bought, number, address(portal).balance)
            )
        );
    }

    function stateOf(bytes32 hash) internal view returns (bytes memory) {
        (bytes32 root, uint128 timestamp, uint128 index) = portal.provenWithdrawals(hash);
        return abi.encode(root, timestamp, index, portal.finalizedWithdrawals(hash));
    }
}
