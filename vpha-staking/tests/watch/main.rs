//! `vpha-staking watch` as a process, against a real L1 (anvil) with the real contracts, and nodes and provers that behave or not.
//!
//! Needs the compiled contracts (`make contracts`); anvil is taken from the environment variable `ANVIL`, from
//! `contracts/node_modules`, or from the search path. The chain under watch is that of the sequencer's own tests.

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
#[path = "../../../sequencer/tests/l1/beacon.rs"]
mod beacon;
mod honest;
#[path = "../../../sequencer/tests/l1/prover.rs"]
#[expect(dead_code, reason = "shared with the tests of the sequencer, which use all of it")]
mod prover;
mod signatures;
mod tower;
#[path = "../../../sequencer/tests/l1/until.rs"]
mod until;
#[path = "../../../sequencer/tests/l1/world.rs"]
#[expect(dead_code, reason = "shared with the tests of the sequencer, which use all of it")]
mod world;
mod wrong;

use until::until;
