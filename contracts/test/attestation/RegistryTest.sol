// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SoftwareQuote} from "../base/SoftwareQuote.sol";
import {IProverRegistry} from "src/attestation/IProverRegistry.sol";
import {ProverRegistry} from "src/attestation/ProverRegistry.sol";

/// @title RegistryTest
/// @notice A registry that trusts the software root, with one allowed workload and a cached intermediate.
abstract contract RegistryTest is SoftwareQuote {
    uint256 internal constant START_BLOCK = 20_000;
    uint256 internal constant START_TIME = 1_795_000_000;
    uint64 internal constant REF_BLOCK = uint64(START_BLOCK - 1);
    bytes32 internal constant REF_HASH = keccak256("reference block");
    bytes32 internal constant CONFIG_HASH = keccak256("chain configuration");
    uint256 internal constant PCK_KEY = uint256(keccak256("platform 1"));
    uint256 internal constant OTHER_PCK_KEY = uint256(keccak256("platform 2"));

    address internal timelock = account("timelock");
    address internal rollup = account("rollup");
    address internal operator = account("operator");
    address internal signer = account("signer");

    ProverRegistry internal registry;
    /// @dev What `goodQuote` runs.
    bytes32 internal workloadId;

    function setUp() public virtual {
        enterBlock(START_BLOCK, START_TIME, REF_HASH);
        registry = newRegistry(rollup);
        registry.addIntermediate(encode(platformCa()));
        workloadId = workloadOf(goodQuote(PCK_KEY));
        vm.prank(timelock);
        registry.allowWorkload(workloadId);
    }

    function newRegistry(address rollup_) internal returns (ProverRegistry) {
        return new ProverRegistry(registryConfig(rollup_));
    }

    function registryConfig(address rollup_) internal view returns (IProverRegistry.Config memory) {
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        return IProverRegistry.Config({
            timelock: timelock,
            rollup: rollup_,
            configHash: CONFIG_HASH,
            rootX: x,
            rootY: y,
            tdAttributes: TD_ATTRIBUTES,
            xfam: XFAM
        });
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
        bytes memory quote = encode(quoteFor(operator_, signer_, pckKey));
        vm.prank(operator_);
        registry.register(quote, signer_, REF_BLOCK);
    }
}
