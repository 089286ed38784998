//! Whole chains in memory: an L1 that emits deposits, a sequencer that builds blocks on real
//! predeploys and records their witnesses, and the batches that come out of it.
//!
//! For tests and benches: everything here panics when something is wrong with the test itself.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure in a test is the message"
)]

mod chain;
pub mod code;
mod l1;
mod memory;
mod wallet;

pub use chain::{Built, CHAIN_ID, GENESIS_TIME, ORIGIN_NUMBER, PORTAL, TestChain};
pub use l1::{Deposit, L1};
pub use memory::MemoryState;
pub use wallet::Wallet;
