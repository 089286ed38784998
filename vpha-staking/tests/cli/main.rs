//! The program as a user runs it, against the real contracts on a real L1 (anvil).
//!
//! Needs the compiled contracts (`make contracts`); anvil is taken from the environment variable `ANVIL`, from
//! `contracts/node_modules`, or from the search path.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "../../../sequencer/tests/l1/anvil.rs"]
#[expect(dead_code, reason = "shared with the tests of the sequencer, which use all of it")]
mod anvil;
mod faults;
mod holders;
mod node;
mod providers;
mod safety;
#[path = "../../../sequencer/tests/l1/until.rs"]
mod until;
mod world;

use until::until;
