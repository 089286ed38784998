//! The contracts as the Solidity compiler left them.

pub use contracts_bindings::Artifacts;
