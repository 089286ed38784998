// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {CollateralStore} from "src/attestation/CollateralStore.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {ProverRegistry} from "src/attestation/ProverRegistry.sol";
import {QuoteVerifier} from "src/attestation/QuoteVerifier.sol";
import {RegistryPolicies} from "src/attestation/RegistryPolicy.sol";
import {OperatorPool} from "src/staking/OperatorPool.sol";

/// @notice Who may change what in the registry, what a change leaves alone, and which registries can be deployed at all.
contract AdministrationTest is RegistryTest {
    // Signers.

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

    function test_RevocationKeepsTheRecord() public {
        registerSigner(operator, signer, PCK_KEY);
        IProverRegistry.Signer memory expected = registry.signerOf(signer);
        expected.revoked = true;
        vm.prank(timelock);
        registry.revokeSigner(signer);
        vm.assertEq(abi.encode(registry.signerOf(signer)), abi.encode(expected));
    }

    // Workloads.

    function test_AWorkloadIsRemovedForGood() public {
        vm.expectEmit(address(registry));
        emit IProverRegistry.WorkloadRemoved(workloadId, 1);
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        vm.assertFalse(registry.isWorkloadAllowed(workloadId));
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WorkloadAlreadyKnown.selector, workloadId));
        registry.allowWorkload(workloadId);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WorkloadUnknown.selector, workloadId));
        registry.removeWorkload(workloadId);
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

    /// @dev More than the policy has bits for.
    function test_ManyWorkloadsAreAllowedAndRemovedEachByItself() public {
        uint256 count = RegistryPolicies.FIRST + 20;
        vm.warp(START_TIME + 1);
        raiseTo(21);
        for (uint256 i = 2; i <= count; ++i) {
            vm.expectEmit(address(registry));
            emit IProverRegistry.WorkloadAllowed(bytes32(i), i);
            vm.prank(timelock);
            registry.allowWorkload(bytes32(i));
            vm.assertEq(registry.workloadNumber(bytes32(i)), i);
        }
        for (uint256 i = 2; i <= count; i += 3) {
            vm.prank(timelock);
            registry.removeWorkload(bytes32(i));
        }
        for (uint256 i = 2; i <= count; ++i) {
            vm.assertEq(registry.isWorkloadAllowed(bytes32(i)), i % 3 != 2);
        }
        // What shares the slot stays.
        vm.assertTrue(registry.isWorkloadAllowed(workloadId));
        (uint32 current, uint32 next, uint64 nextFrom) = registry.evaluationFloor();
        vm.assertEq(current, 20);
        vm.assertEq(next, 21);
        vm.assertEq(nextFrom, START_TIME + 1 + RECOVERY_GRACE);
    }

    /// @dev A signer of a workload beyond the policy's bits counts, and stops with it.
    function test_ALaterWorkloadCountsLikeTheFirst() public {
        (store, verifier, registry) = deploy(0, RECOVERY_GRACE);
        fill();
        for (uint256 i = 1; i < RegistryPolicies.FIRST; ++i) {
            vm.prank(timelock);
            registry.allowWorkload(bytes32(i));
        }
        vm.prank(timelock);
        registry.allowWorkload(workloadId);
        vm.assertEq(registry.workloadNumber(workloadId), RegistryPolicies.FIRST);
        registerSigner(operator, signer, PCK_KEY);
        registry.liveness(signer);
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.SignerWorkloadRemoved.selector, signer, RegistryPolicies.FIRST)
        );
        registry.liveness(signer);
    }

    // Platforms.

    function test_APlatformIsRevokedForGood() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes32 platformId = keyHash(PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.PlatformRevoked(platformId, 1);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        vm.assertTrue(registry.isPlatformRevoked(platformId));
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

    /// @dev More than the policy has bits for. One that is not among its first is revoked like these.
    function test_ManyPlatformsAreRevokedEachByItself() public {
        uint256 count = RegistryPolicies.FIRST + 20;
        for (uint256 i = 1; i <= count; ++i) {
            if (i == RegistryPolicies.FIRST + 1) registerSigner(operator, signer, PCK_KEY);
            else if (i % 3 != 0) revoke(bytes32(i));
        }
        for (uint256 i = 1; i <= count; ++i) {
            vm.assertEq(registry.isPlatformRevoked(bytes32(i)), i % 3 != 0 && i != RegistryPolicies.FIRST + 1);
        }
        vm.assertTrue(registry.isWorkloadAllowed(workloadId));
        registry.liveness(signer);
        while (registry.platformNumber(bytes32(count)) < RegistryPolicies.FIRST) revoke(bytes32(++count));
        registerSigner(operator, account("later"), OTHER_PCK_KEY);
        (, uint256 platform) = registry.liveness(account("later"));
        vm.assertGt(platform, RegistryPolicies.FIRST);
        revoke(keyHash(OTHER_PCK_KEY));
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.SignerPlatformRevoked.selector, account("later"), platform)
        );
        registry.liveness(account("later"));
        registry.liveness(signer);
    }

    function revoke(bytes32 platformId) internal {
        vm.prank(timelock);
        registry.revokePlatform(platformId);
    }

    // Authority.

    function testFuzz_OnlyTheTimelockAdministers(address caller) public {
        vm.assume(caller != timelock);
        bytes memory reason_ = abi.encodeWithSelector(IProverRegistry.NotAuthorized.selector, caller, timelock);
        vm.prank(caller);
        vm.expectRevert(reason_);
        registry.allowWorkload(keccak256("mine"));
        vm.prank(caller);
        vm.expectRevert(reason_);
        registry.removeWorkload(workloadId);
        vm.prank(caller);
        vm.expectRevert(reason_);
        registry.revokePlatform(bytes32(0));
        vm.prank(caller);
        vm.expectRevert(reason_);
        registry.revokeSigner(signer);
    }

    function testFuzz_OnlyTheRollupRevokesForConflict(address caller) public {
        vm.assume(caller != rollup);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.NotAuthorized.selector, caller, rollup));
        registry.revokeForConflict(signer);
    }

    function testFuzz_OnlyTheStoreTellsOfRecoveries(address caller) public {
        vm.assume(caller != address(store));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.NotAuthorized.selector, caller, address(store)));
        registry.onEvaluation(99);
    }

    // Deployment.

    function test_ARegistryKnowsItsSurroundings() public view {
        vm.assertEq(registry.timelock(), timelock);
        vm.assertEq(registry.rollup(), rollup);
        vm.assertEq(registry.configHash(), CONFIG_HASH);
        vm.assertEq(registry.verifier(), address(verifier));
        vm.assertEq(registry.collateralStore(), address(store));
        vm.assertEq(OperatorPool(registry.bonds()).rollup(), rollup);
        vm.assertEq(registry.activationDelay(), 0);
        vm.assertEq(registry.recoveryGrace(), RECOVERY_GRACE);
    }

    function test_KeysMustBecomeActiveAndGracesEnd() public {
        uint64[2] memory delays = [uint64(7 days), 0];
        uint64[2] memory graces = [uint64(0), uint64(365 days + 1)];
        for (uint256 i; i < 2; ++i) {
            IProverRegistry.Config memory config =
                registryConfig(registry.bonds(), address(verifier), delays[i], graces[i]);
            vm.expectRevert(abi.encodeWithSelector(IProverRegistry.UnsafeDelays.selector, delays[i], graces[i]));
            new ProverRegistry(config);
        }
        deploy(7 days - 1, 365 days);
    }

    function test_TheStoreMustTellThisRegistry() public {
        IProverRegistry.Config memory config = registryConfig(registry.bonds(), address(verifier), 0, 0);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WrongListener.selector, address(registry), next));
        new ProverRegistry(config);
    }

    function test_TheBondsMustBeThoseOfTheSameRollup() public {
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2 + BONDS_DEPLOYED);
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        store = new CollateralStore(x, y, predicted);
        verifier = new QuoteVerifier(address(store));
        address other = account("another rollup");
        IProverRegistry.Config memory config =
            registryConfig(address(deployBonds(other, court, timelock)), address(verifier), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.WrongBonds.selector, other, rollup));
        new ProverRegistry(config);
    }

    /// @dev No key was registered under the numbers of before.
    function test_ALateRegistryStartsWithTheStoresNumber() public {
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        // Nobody listens yet: a call to an account without code would revert.
        vm.etch(predicted, hex"00");
        store = new CollateralStore(x, y, predicted);
        fill();
        verifier = new QuoteVerifier(address(store));
        vm.etch(predicted, "");
        registry = new ProverRegistry(registryConfig(registry.bonds(), address(verifier), 0, RECOVERY_GRACE));
        (uint32 current, uint32 next, uint64 nextFrom) = registry.evaluationFloor();
        vm.assertEq(current, 20);
        vm.assertEq(next, 0);
        vm.assertEq(nextFrom, 0);
    }
}
