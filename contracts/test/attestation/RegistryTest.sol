// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BondedOperators} from "../base/BondedOperators.sol";
import {SoftwareQuote} from "../base/SoftwareQuote.sol";
import {CollateralStore} from "src/attestation/CollateralStore.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {ProverRegistry} from "src/attestation/ProverRegistry.sol";
import {QuoteVerifier} from "src/attestation/QuoteVerifier.sol";

/// @title RegistryTest
/// @notice A registry over a store that trusts the software root and holds all collateral of a good platform, with one allowed
/// workload and a bonded operator.
abstract contract RegistryTest is SoftwareQuote, BondedOperators {
    uint256 internal constant START_BLOCK = 20_000;
    uint256 internal constant START_TIME = 1_795_000_000;
    uint64 internal constant REF_BLOCK = uint64(START_BLOCK - 1);
    bytes32 internal constant REF_HASH = keccak256("reference block");
    bytes32 internal constant CONFIG_HASH = keccak256("chain configuration");
    uint256 internal constant PCK_KEY = uint256(keccak256("platform 1"));
    uint256 internal constant OTHER_PCK_KEY = uint256(keccak256("platform 2"));
    uint64 internal constant RECOVERY_GRACE = 2 days;
    /// @dev Contracts that `setUp` deploys up to the registry: bonds, store, verifier, registry.
    uint256 internal constant DEPLOYED = BONDS_DEPLOYED + 3;

    address internal timelock = account("timelock");
    address internal rollup = account("rollup");
    address internal court = account("court");
    address internal operator = account("operator");
    address internal signer = account("signer");

    CollateralStore internal store;
    QuoteVerifier internal verifier;
    ProverRegistry internal registry;
    /// @dev What `goodQuote` runs.
    bytes32 internal workloadId;

    function setUp() public virtual {
        enterBlock(START_BLOCK, START_TIME, REF_HASH);
        (store, verifier, registry) = deploy(0, RECOVERY_GRACE);
        fill();
        workloadId = workloadOf(goodQuote(PCK_KEY));
        vm.prank(timelock);
        registry.allowWorkload(workloadId);
    }

    function deploy(uint64 activationDelay, uint64 recoveryGrace)
        internal
        returns (CollateralStore store_, QuoteVerifier verifier_, ProverRegistry registry_)
    {
        address bonds = address(deployBonds(rollup, court, timelock));
        bondOperator(bonds, operator);
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        store_ = new CollateralStore(x, y, predicted);
        verifier_ = new QuoteVerifier(address(store_));
        registry_ = new ProverRegistry(registryConfig(bonds, address(verifier_), activationDelay, recoveryGrace));
        vm.assertEq(address(registry_), predicted);
    }

    function registryConfig(address bonds, address verifier_, uint64 activationDelay, uint64 recoveryGrace)
        internal
        view
        returns (IProverRegistry.Config memory)
    {
        return IProverRegistry.Config({
            timelock: timelock,
            rollup: rollup,
            bonds: bonds,
            configHash: CONFIG_HASH,
            verifier: verifier_,
            activationDelay: activationDelay,
            recoveryGrace: recoveryGrace
        });
    }

    /// @dev All collateral, made now.
    function fill() internal {
        store.updateRootCrl(encode(goodRootCrl()));
        store.addAuthority(encode(platformCa()));
        store.addSigner(encode(tcbSigner()));
        store.updatePckCrl(encode(goodPckCrl()));
        upload(goodTcbInfo());
        upload(goodQeIdentity());
    }

    function upload(TcbInfoSpec memory spec) internal {
        string memory text = json(spec);
        store.updateTcbInfo(bytes(text), signatureOf(SIGNER_KEY, text), keyHash(SIGNER_KEY));
    }

    function upload(QeIdentitySpec memory spec) internal {
        string memory text = json(spec);
        store.updateQeIdentity(bytes(text), signatureOf(SIGNER_KEY, text), keyHash(SIGNER_KEY));
    }

    /// @dev New collateral of evaluation number `number`, made now.
    function raiseTo(uint256 number) internal {
        TcbInfoSpec memory info = goodTcbInfo();
        info.evaluationNumber = number;
        upload(info);
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = number;
        upload(identity);
    }

    /// @dev A newer revocation list of the platform CA, which revokes `serial` alone.
    function revokeCertificate(uint256 serial) internal {
        CrlSpec memory crl = goodPckCrl();
        crl.number = 2;
        crl.serials = new uint256[](1);
        crl.serials[0] = serial;
        store.updatePckCrl(encode(crl));
    }

    /// @dev A good quote for `signer_`, to be registered by `operator_` on the platform with `pckKey`.
    function quoteFor(address operator_, address signer_, uint256 pckKey)
        internal
        view
        returns (QuoteSpec memory spec)
    {
        spec = goodQuote(pckKey);
        spec.reportDataFirst = registry.reportDataHash(operator_, signer_, REF_BLOCK, REF_HASH);
        spec.reportDataSecond = CONFIG_HASH;
    }

    function registerSigner(address operator_, address signer_, uint256 pckKey) internal {
        bondOperator(registry.bonds(), operator_);
        bytes memory quote = encode(quoteFor(operator_, signer_, pckKey));
        vm.prank(operator_);
        registry.register(quote, signer_, REF_BLOCK);
    }

    function accept(QuoteSpec memory spec) internal {
        bytes memory quote = encode(spec);
        vm.prank(operator);
        registry.register(quote, signer, REF_BLOCK);
        (address liveOperator,) = registry.liveness(signer);
        vm.assertEq(liveOperator, operator);
    }

    function refuse(QuoteSpec memory spec, bytes memory reason) internal {
        bytes memory quote = encode(spec);
        vm.prank(operator);
        vm.expectRevert(reason);
        registry.register(quote, signer, REF_BLOCK);
    }
}
