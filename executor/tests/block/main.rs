//! Blocks, run on a state in memory.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure in a test is the message"
)]

mod accessed;
mod calls;
mod chain;
mod deposits;
mod genesis;
mod random;
mod rules;
mod transactions;
mod validation;
