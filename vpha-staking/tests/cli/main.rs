//! The program as a user runs it, against the real contracts on a real L1 (anvil).

#[allow(dead_code, reason = "shared with the sequencer's tests, which use all of it")]
#[path = "../../../sequencer/tests/l1/anvil.rs"]
mod anvil;
mod faults;
mod holders;
mod providers;
mod safety;
mod world;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longest time for anything that is waited for.
const LIMIT: Duration = Duration::from_secs(120);

/// Waits until `done` has an answer.
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
