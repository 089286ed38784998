//! The L1 side of the node against a real L1 (anvil) with the real contracts.
//!
//! Needs the compiled contracts (`make contracts`); anvil is taken from the environment variable
//! `ANVIL`, from `contracts/node_modules`, or from the search path.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

mod anvil;
mod beacon;
mod bonds;
mod discard;
mod endpoint;
mod faults;
mod lies;
mod prover;
mod replica;
mod submit;
mod until;
mod watch;
mod world;

use until::until;
