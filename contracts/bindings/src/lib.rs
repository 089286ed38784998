//! Rust bindings of the contracts.
#![forbid(unsafe_code)]

mod abi;

pub use abi::{IL1Block, IMessagePasser, IPortal, IProverRegistry, IRollup};
