//! The contracts' interfaces, read from their Solidity sources at compile time: there is no second copy to fall behind.
//! The documentation of every item is in those sources.
#![allow(missing_docs, clippy::too_many_arguments)]

/// Reads each interface with or without provider calls, by the feature `rpc`.
macro_rules! interfaces {
    ($($path:literal),* $(,)?) => {
        $(
            #[cfg(feature = "rpc")]
            alloy_sol_types::sol!(
                #[sol(rpc, alloy_contract = ::alloy::contract, extra_derives(Debug, PartialEq, Eq))]
                $path
            );
            #[cfg(not(feature = "rpc"))]
            alloy_sol_types::sol!(
                #[sol(extra_derives(Debug, PartialEq, Eq))]
                $path
            );
        )*
    };
}

interfaces!(
    "../src/rollup/IRollup.sol",
    "../src/attestation/ICollateralStore.sol",
    "../src/attestation/IEncodingErrors.sol",
    "../src/attestation/IProverRegistry.sol",
    "../src/attestation/IQuoteVerifier.sol",
    "../src/bridge/ICouncilPause.sol",
    "../src/bridge/ICrossDomainMessenger.sol",
    "../src/bridge/IL1StandardBridge.sol",
    "../src/bridge/IPortal.sol",
    "../src/bridge/IWithdrawalQuota.sol",
    "../src/l2/IFeeVault.sol",
    "../src/l2/IGasPriceOracle.sol",
    "../src/l2/IL1Block.sol",
    "../src/l2/IL2StandardBridge.sol",
    "../src/l2/IMessagePasser.sol",
    "../src/l2/IOptimismMintableERC20.sol",
    "../src/l2/IOptimismMintableERC20Factory.sol",
    "../src/l2/IWETH9.sol",
    "../src/staking/IConflictListener.sol",
    "../src/staking/IEmissionController.sol",
    "../src/staking/IFaultCourt.sol",
    "../src/staking/IOperatorPool.sol",
    "../src/staking/IProverBonds.sol",
    "../src/staking/IProverRewards.sol",
    "../src/token/IVPHA.sol",
    "../src/governance/IGovernor.sol",
    "../src/governance/ITimelock.sol",
);
