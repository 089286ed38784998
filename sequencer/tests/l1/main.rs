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
mod bonds;
mod discard;
mod endpoint;
mod faults;
mod lies;
mod prover;
mod replica;
mod submit;
mod watch;
mod world;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `done` gives something.
async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = done().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {LIMIT:?} for: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}
