// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./RegistryTest.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {IQuoteVerifier} from "src/attestation/IQuoteVerifier.sol";
import {RegistryPolicies, RegistryPolicy} from "src/attestation/RegistryPolicy.sol";

/// @notice What a signer's liveness depends on: its time, TCB recoveries, and whatever was revoked.
contract LivenessTest is RegistryTest {
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

    /// @dev Whether or not it was revoked in the meantime: what it signed before may be shown after.
    function testFuzz_ASignerIsAccountableForAWhileAfter(uint256 time, uint256 grace, bool isRevoked) public {
        registerSigner(operator, signer, PCK_KEY);
        if (isRevoked) {
            vm.prank(timelock);
            registry.revokeSigner(signer);
        }
        uint256 expiresAt = START_TIME + 7 days;
        time = bound(time, START_TIME, START_TIME + 30 days);
        grace = bound(grace, 0, 30 days);
        vm.warp(time);
        if (time >= expiresAt + grace) {
            vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerExpired.selector, signer, expiresAt, time));
        }
        (address operator_, bool revoked) = registry.accountability(signer, grace);
        if (time >= expiresAt + grace) return;
        vm.assertEq(operator_, operator);
        vm.assertEq(revoked, isRevoked);
    }

    function test_ASignerIsAccountableThoughAllItRestsOnIsGone() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes32 platformId = keyHash(PCK_KEY);
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        vm.warp(START_TIME + 1);
        raiseTo(21);
        vm.warp(START_TIME + 1 + RECOVERY_GRACE);
        (address operator_, bool revoked) = registry.accountability(signer, 0);
        vm.assertEq(operator_, operator);
        vm.assertFalse(revoked);
    }

    // TCB recoveries.

    function test_OlderKeysCountForTheGraceAfterARecovery() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.warp(START_TIME + 1 days);
        uint256 deadline = block.timestamp + RECOVERY_GRACE;
        vm.expectEmit(address(registry));
        emit IProverRegistry.EvaluationRaised(21, deadline);
        raiseTo(21);
        assertFloor(20, 21, deadline);
        registerSigner(operator, account("renewed"), PCK_KEY);
        vm.assertEq(registry.signerOf(account("renewed")).evaluationNumber, 21);

        vm.warp(deadline - 1);
        registry.liveness(signer);
        assertFloor(20, 21, deadline);
        vm.warp(deadline);
        assertFloor(21, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerOutdated.selector, signer, 20, 21));
        registry.liveness(signer);
        registry.liveness(account("renewed"));
    }

    /// @dev The second one is demanded with the first: nothing keeps a key of before the first alive for longer.
    function test_ASecondRecoveryDoesNotProlongTheFirst() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.warp(START_TIME + 1 days);
        uint256 deadline = block.timestamp + RECOVERY_GRACE;
        raiseTo(21);
        vm.warp(deadline - 1);
        vm.expectEmit(address(registry));
        emit IProverRegistry.EvaluationRaised(22, deadline);
        raiseTo(22);
        assertFloor(20, 22, deadline);
        registry.liveness(signer);
        vm.warp(deadline);
        assertFloor(22, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerOutdated.selector, signer, 20, 22));
        registry.liveness(signer);

        // The next one has a grace of its own.
        registerSigner(operator, account("renewed"), PCK_KEY);
        raiseTo(23);
        assertFloor(22, 23, deadline + RECOVERY_GRACE);
        registry.liveness(account("renewed"));
    }

    /// @dev One of the two texts is enough for a rise; both are needed to register under the new number.
    function test_CollateralFromBeforeARecoveryIsRefusedAfterTheGrace() public {
        vm.warp(START_TIME + 1);
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = 21;
        upload(identity);
        registerSigner(operator, signer, PCK_KEY);
        vm.assertEq(registry.signerOf(signer).evaluationNumber, 20);
        vm.warp(START_TIME + 1 + RECOVERY_GRACE);
        bytes memory quote = encode(quoteFor(operator, account("late"), PCK_KEY));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.CollateralOutdated.selector, 20, 21));
        registry.register(quote, account("late"), REF_BLOCK);

        TcbInfoSpec memory info = goodTcbInfo();
        info.evaluationNumber = 21;
        upload(info);
        vm.prank(operator);
        registry.register(quote, account("late"), REF_BLOCK);
        registry.liveness(account("late"));
    }

    /// @dev Keys that are registered right after the deployment have all of the grace when the next one comes.
    function test_TheFirstNumberIsDemandedAtOnce() public {
        assertFloor(20, 0, 0);
        registerSigner(operator, signer, PCK_KEY);
        vm.warp(START_TIME + 1);
        raiseTo(21);
        assertFloor(20, 21, START_TIME + 1 + RECOVERY_GRACE);
    }

    function test_ARegistryWithoutGraceDemandsTheNewNumberAtOnce() public {
        (store, verifier, registry) = deploy(0, 0);
        fill();
        vm.prank(timelock);
        registry.allowWorkload(workloadId);
        registerSigner(operator, signer, PCK_KEY);
        vm.warp(START_TIME + 1);
        raiseTo(21);
        assertFloor(21, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerOutdated.selector, signer, 20, 21));
        registry.liveness(signer);
    }

    /// @dev Whatever rises come, and whenever: the demanded number never falls, is none that was never heard of, and is demanded
    /// after the grace at the latest.
    function testFuzz_TheDemandedNumberFollowsEachRise(uint8[8] memory numbers, uint16[8] memory pauses, uint16 grace)
        public
        pure
    {
        RegistryPolicy policy = RegistryPolicies.start(5);
        uint256[8] memory heardAt;
        uint256 time = START_TIME;
        uint256 floor = 5;
        for (uint256 i; i < 8; ++i) {
            heardAt[i] = time;
            policy = policy.raise(numbers[i], time, grace);
            time += pauses[i];
            vm.assertGe(policy.floorAt(time), floor);
            floor = policy.floorAt(time);
            bool isKnown = floor == 5;
            for (uint256 j; j <= i; ++j) {
                if (time >= heardAt[j] + grace) vm.assertGe(floor, numbers[j]);
                isKnown = isKnown || floor == numbers[j];
            }
            vm.assertTrue(isKnown);
        }
    }

    function testFuzz_WorkloadsAndRecoveriesLeaveEachOtherAlone(uint256 workload, uint256 other, uint32 number)
        public
        pure
    {
        workload = bound(workload, 0, RegistryPolicies.FIRST - 1);
        other = bound(other, 0, RegistryPolicies.FIRST - 1);
        vm.assume(workload != other);
        RegistryPolicy policy = RegistryPolicies.start(5).allow(workload).raise(number, START_TIME, 1 days);
        vm.assertTrue(policy.allows(workload));
        vm.assertFalse(policy.allows(other));
        RegistryPolicy changed = policy.allow(other).disallow(workload);
        vm.assertTrue(changed.allows(other));
        vm.assertFalse(changed.allows(workload));
        vm.assertFalse(changed.revokes(workload) || changed.revokes(other));
        RegistryPolicy revoked = policy.revoke(other);
        vm.assertTrue(revoked.revokes(other) && revoked.allows(workload));
        vm.assertFalse(revoked.revokes(workload) || revoked.allows(other));
        vm.assertEq(revoked.raise(0, START_TIME, 0).floorAt(START_TIME), policy.floorAt(START_TIME));
        vm.assertEq(changed.current(), policy.current());
        vm.assertEq(changed.next(), policy.next());
        vm.assertEq(changed.nextFrom(), policy.nextFrom());
    }

    // Revocation.

    function test_ARevokedSignerIsNotLive() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.SignerRevoked(signer, timelock);
        vm.prank(timelock);
        registry.revokeSigner(signer);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, signer));
        registry.liveness(signer);
        // Expired as well, it is still refused as what it is for good.
        vm.warp(START_TIME + 7 days);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerIsRevoked.selector, signer));
        registry.liveness(signer);
    }

    function test_ARevokedSignerCannotRegisterAgain() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.prank(timelock);
        registry.revokeSigner(signer);
        refuse(
            quoteFor(operator, signer, PCK_KEY),
            abi.encodeWithSelector(IProverRegistry.SignerAlreadyRegistered.selector, signer)
        );
    }

    function test_RemovingAWorkloadStopsItsSignersAtOnce() public {
        registerSigner(operator, signer, PCK_KEY);
        vm.prank(timelock);
        registry.removeWorkload(workloadId);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerWorkloadRemoved.selector, signer, 1));
        registry.liveness(signer);
    }

    function test_RevokingAPlatformStopsItsSignersAtOnce() public {
        registerSigner(operator, signer, PCK_KEY);
        registerSigner(operator, account("elsewhere"), OTHER_PCK_KEY);
        bytes32 platformId = keyHash(PCK_KEY);
        vm.prank(timelock);
        registry.revokePlatform(platformId);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerPlatformRevoked.selector, signer, 1));
        registry.liveness(signer);
        registry.liveness(account("elsewhere"));
    }

    /// @dev By anybody, and for good: a later list that no longer holds the certificate changes nothing.
    function test_ACertificateThatItsIssuerRevokedStopsThePlatform() public {
        registerSigner(operator, signer, PCK_KEY);
        bytes memory certificate = encode(pckLeaf(PCK_KEY));
        uint256 serial = serialOf(PCK_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IQuoteVerifier.CertificateNotRevoked.selector, keccak256(name(PLATFORM_CA_NAME)), serial
            )
        );
        registry.reportRevokedPlatform(certificate);

        vm.warp(START_TIME + 1);
        revokeCertificate(serial);
        registry.liveness(signer);
        bytes32 platformId = keyHash(PCK_KEY);
        vm.expectEmit(address(registry));
        emit IProverRegistry.PlatformRevoked(platformId, 1);
        vm.prank(account("anybody"));
        registry.reportRevokedPlatform(certificate);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.SignerPlatformRevoked.selector, signer, 1));
        registry.liveness(signer);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.PlatformAlreadyRevoked.selector, platformId));
        registry.reportRevokedPlatform(certificate);

        vm.warp(START_TIME + 2);
        CrlSpec memory crl = goodPckCrl();
        crl.number = 3;
        store.updatePckCrl(encode(crl));
        QuoteSpec memory spec = quoteFor(operator, account("again"), PCK_KEY);
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.PlatformIsRevoked.selector, platformId));
        registry.register(quote, account("again"), REF_BLOCK);
    }

    /// @dev A platform that nobody registered is revoked too, before it is seen.
    function test_ARevokedCertificateStopsAPlatformThatWasNotSeen() public {
        vm.warp(START_TIME + 1);
        revokeCertificate(serialOf(PCK_KEY));
        registry.reportRevokedPlatform(encode(pckLeaf(PCK_KEY)));
        vm.assertTrue(registry.isPlatformRevoked(keyHash(PCK_KEY)));
    }

    function assertFloor(uint256 current, uint256 next, uint256 nextFrom) internal view {
        (uint32 current_, uint32 next_, uint64 nextFrom_) = registry.evaluationFloor();
        vm.assertEq(current_, current);
        vm.assertEq(next_, next);
        vm.assertEq(nextFrom_, nextFrom);
    }
}
