//! The store against a model in plain maps, and against crashes, damage and misuse.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod chain;
mod crash;
mod damage;
mod outputs;
mod reads;
mod rows;
mod versions;
