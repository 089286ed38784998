//! Batches of real blocks, proved and refused.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure in a test is the message"
)]

mod claims;
mod compact;
mod data;
mod honest;
mod l1;
mod random;
mod rules;
mod witness;
mod workload;
