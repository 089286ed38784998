//! Waiting for a condition.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `done` gives something.
pub(crate) async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = done().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {LIMIT:?} for: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}
