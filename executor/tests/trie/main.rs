//! The state trie against a plain map of accounts, `alloy-trie`'s `HashBuilder` and its proof
//! verifier; and the nodes it records against those that a stateless run asks for.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: a failure here is the message"
)]

mod blocks;
mod model;
mod proofs;
mod source;
mod state;
mod witness;
