//! The main loop: sessions, one after another.

use std::time::Duration;

use metrics::counter;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::{
    l1::L1,
    session::{self, SessionConfig, SessionError},
    transaction::Wallet,
};

/// Pause after the first failure in a row; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A session that lasted this long was a good one: the next failure is the first again.
const GOOD: Duration = Duration::from_secs(30);

/// Proves until something happens that waiting cannot mend.
pub async fn run(config: &SessionConfig, l1: &L1, wallet: &Wallet) -> SessionError {
    let mut pause = FIRST_PAUSE;
    loop {
        let since = Instant::now();
        let outcome = session::run(config, l1, wallet).await;
        if since.elapsed() >= GOOD {
            pause = FIRST_PAUSE;
        }
        match outcome {
            Ok(()) => info!("the key expires soon: registering the next one"),
            Err(error) if error.is_final() => return error,
            Err(error) => {
                counter!("prover_session_failures").increment(1);
                warn!(%error, retry_in = ?pause, "session ended");
                sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        }
    }
}
