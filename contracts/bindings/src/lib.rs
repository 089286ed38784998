//! Rust bindings of the contracts, the code that the L2 genesis places at the predeploy addresses, and the code of the
//! attestation contracts, so that their verdict can be had without an L1.
//!
//! With the feature `rpc` every interface can also be called through an `alloy` provider. With `artifacts`, contracts that were
//! compiled are read from their files.
#![forbid(unsafe_code)]

mod abi;
#[cfg(feature = "artifacts")]
mod artifacts;
mod attestation;
mod predeploys;

pub use abi::{
    ICollateralStore, IConflictListener, ICouncilPause, ICrossDomainMessenger, IEmissionController,
    IEncodingErrors, IFaultCourt, IFeeVault, IGasPriceOracle, IGovernor, IL1Block, IL1StandardBridge,
    IL2StandardBridge, IMessagePasser, IOperatorPool, IOptimismMintableERC20, IOptimismMintableERC20Factory,
    IPortal, IProverBonds, IProverRegistry, IProverRewards, IQuoteVerifier, IRollup, ITimelock, IVPHA,
    IWETH9, IWithdrawalQuota,
};
#[cfg(feature = "artifacts")]
pub use artifacts::{ArtifactError, Artifacts};
pub use attestation::{AttestationCode, attestation};
pub use predeploys::{counterpart_storage, fee_vault_storage, predeploys};
