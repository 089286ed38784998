// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {ProverRegistry} from "src/attestation/ProverRegistry.sol";

/// @notice Who may change what, what a signer's liveness depends on, and which registries can be deployed at all.
contract AdministrationTest is RegistryTest {
    // Liveness.

    function test_AnUnknownSignerIsNotLive() public {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerUnknown.selector, signer));
        registry.liveness(signer);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerUnknown.selector, signer));
        registry.accountability(signer, type(uint128).max);
    }

    function testFuzz_ASignerIsLiveUntilItExpires(uint256 time) public {
        registerSigner(operator, signer, PCK_KEY);
        uint256 expiresAt = START_TIME + 7 days;
        time = bound(time, START_TIME, START_TIME + 30 days);
        vm.warp(time);
        if (time >= expiresAt) {
            vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerExpired.selector, signer, expiresAt, time));
        }
        registry.liveness(signer);
    }

    function testFuzz_ASignerIsAccountableForAWhileAfter(uint256 time, uint256 grace) public {
        registerSigner(operator, signer, PCK_KEY);
        uint256 expiresAt = START_TIME + 7 days;
        time = bound(time, START_TIME, START_TIME + 30 days);
        grace = bound(grace, 0, 30 days);
        vm.warp(time);
        if (time >= expiresAt + grace) {
            vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerExpired.selector, signer, expiresAt, time));
        }
        (address operator_,) = registry.accountability(signer, grace);
        if (time < expiresAt + grace) vm.assertEq(operator_, operator);
    }

    function test_ASignerIsAccountableThoughItsWorkloadAndPlatformAreGone() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes32 platformId = keyHash(PCK_KEY);
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        (address operator_, uint256 platform) = registry.accountability(signer, 0);
        vm.assertEq(operator_, operator);
        vm.assertEq(platform, registry.platformNumber(platformId));
    }

    function test_ARevokedSignerIsNotLive() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.SignerRevoked(signer, timelock);
        vm.prank(timelock);
        registry.revokeSigner(signer);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, signer));
        registry.liveness(signer);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, signer));
        registry.accountability(signer, 1 days);
    }

    function test_TheRollupRevokesForConflict() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.prank(rollup);
        registry.revokeForConflict(signer);
        vm.assertTrue(registry.signerOf(signer).revoked);
        vm.prank(rollup);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, signer));
        registry.revokeForConflict(signer);
    }

    function test_OnlyAKnownSignerCanBeRevoked() public {
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerUnknown.selector, signer));
        registry.revokeSigner(signer);
    }

    /// @dev Revocation touches the one bit alone.
    function test_RevocationKeepsTheRecord() public {
        registerSigner(operator, signer, PCK_KEY);
        IProverRegistry.Signer memory before = registry.signerOf(signer);
        vm.prank(timelock);
        registry.revokeSigner(signer);
        IProverRegistry.Signer memory afterwards = registry.signerOf(signer);
        vm.assertEq(afterwards.operator, before.operator);
        vm.assertEq(afterwards.expiresAt, before.expiresAt);
        vm.assertEq(afterwards.workload, before.workload);
        vm.assertEq(afterwards.platform, before.platform);
    }

    // Workloads.

    function test_RemovingAWorkloadStopsItsSignersAtOnceAndForGood() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.WorkloadRemoved(workloadId, 1);
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        vm.assertFalse(registry.isWorkloadAllowed(workloadId));
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerWorkloadRemoved.selector, signer, 1));
        registry.liveness(signer);

        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WorkloadAlreadyKnown.selector, workloadId));
        registry.allowWorkload(workloadId);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WorkloadUnknown.selector, workloadId));
        registry.removeWorkload(workloadId);
    }

    function test_RemovingOneWorkloadLeavesTheOthers() public {
        bytes32 other = keccak256("other workload");
        vm.prank(timelock);
        registry.allowWorkload(other);
        vm.assertEq(registry.workloadNumber(other), 2);
        registerSigner(operator, signer, PCK_KEY);
        vm.prank(timelock);
        registry.removeWorkload(other);
        registry.liveness(signer);
    }

    function test_AWorkloadIsAllowedOnce() public {
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WorkloadAlreadyKnown.selector, workloadId));
        registry.allowWorkload(workloadId);
    }

    function testFuzz_NothingIsAllowedThatNobodyAllowed(bytes32 id) public {
        vm.assume(id != workloadId);
        vm.assertFalse(registry.isWorkloadAllowed(id));
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WorkloadUnknown.selector, id));
        registry.removeWorkload(id);
    }

    // Platforms.

    function test_RevokingAPlatformStopsItsSignersAtOnceAndForGood() public {
        registerSigner(operator, signer, PCK_KEY);
        registerSigner(operator, account("elsewhere"), OTHER_PCK_KEY);
        bytes32 platformId = keyHash(PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.PlatformRevoked(platformId, 1);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        vm.assertTrue(registry.isPlatformRevoked(platformId));
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerPlatformRevoked.selector, signer, 1));
        registry.liveness(signer);
        registry.liveness(account("elsewhere"));

        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.PlatformAlreadyRevoked.selector, platformId));
        registry.revokePlatform(platformId);
    }

    function testFuzz_APlatformCanBeRevokedBeforeItIsSeen(bytes32 platformId) public {
        vm.assertFalse(registry.isPlatformRevoked(platformId));
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        vm.assertTrue(registry.isPlatformRevoked(platformId));
        vm.assertEq(registry.platformNumber(platformId), 1);
    }

    // Authority.

    function testFuzz_OnlyTheTimelockAdministers(address caller) public {
        vm.assume(caller != timelock);
        bytes memory reason = abi.encodeWithSelector(IProverRegistry.NotAuthorized.selector, caller, timelock);
        vm.prank(caller);
        vm.expectRevert(reason);
        registry.allowWorkload(keccak256("mine"));
        vm.prank(caller);
        vm.expectRevert(reason);
        registry.removeWorkload(workloadId);
        vm.prank(caller);
        vm.expectRevert(reason);
        registry.revokePlatform(bytes32(0));
        vm.prank(caller);
        vm.expectRevert(reason);
        registry.revokeSigner(signer);
    }

    function testFuzz_OnlyTheRollupRevokesForConflict(address caller) public {
        vm.assume(caller != rollup);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.NotAuthorized.selector, caller, rollup));
        registry.revokeForConflict(signer);
    }

    // Deployment.

    function testFuzz_AnUnsafePolicyCannotBeDeployed(bytes8 attributes) public {
        bytes8 critical = 0x0100003000000000;
        vm.assume(attributes & critical != bytes8(0x0000001000000000));
        IProverRegistry.Config memory config = registryConfig(rollup);
        config.tdAttributes = attributes;
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.UnsafeTdAttributes.selector, attributes));
        new ProverRegistry(config);
    }

    function test_MainnetAcceptsIntelsRootAlone() public {
        IProverRegistry.Config memory config = registryConfig(rollup);
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.NotIntelRoot.selector, config.rootX, config.rootY));
        new ProverRegistry(config);
        config.rootX = 0x0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5;
        config.rootY = 0x67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394;
        (bytes32 x, bytes32 y) = new ProverRegistry(config).rootKey();
        vm.assertEq(x, config.rootX);
        vm.assertEq(y, config.rootY);
    }
}
