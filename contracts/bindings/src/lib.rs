//! Rust bindings of the contracts, and the code that the L2 genesis places at the predeploy addresses.
//!
//! With the feature `rpc` every interface can also be called through an `alloy` provider.
#![forbid(unsafe_code)]

mod abi;
mod predeploys;

pub use abi::{IFeeVault, IL1Block, IMessagePasser, IPortal, IProverRegistry, IRollup};
pub use predeploys::{fee_vault_storage, predeploys};
