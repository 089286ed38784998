//! Rust bindings of the contracts, the code that the L2 genesis places at the predeploy addresses, and the code of the
//! attestation contracts, so that their verdict can be had without an L1.
//!
//! With the feature `rpc` every interface can also be called through an `alloy` provider.
#![forbid(unsafe_code)]

mod abi;
mod attestation;
mod predeploys;

pub use abi::{
    ICollateralStore, IEncodingErrors, IFeeVault, IL1Block, IMessagePasser, IPortal, IProverRegistry,
    IQuoteVerifier, IRollup,
};
pub use attestation::{AttestationCode, attestation};
pub use predeploys::{fee_vault_storage, predeploys};
