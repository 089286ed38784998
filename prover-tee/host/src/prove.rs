//! The main loop: sessions, one after another.

use std::time::Duration;

use metrics::counter;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::{
    keys::Host,
    session::{self, SessionError},
};

/// Pause after the first failure in a row; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A session that lasted this long was a good one: the next failure is the first again.
const GOOD: Duration = Duration::from_secs(30);

/// Proves, and keeps L1's collateral fresh, until something happens that waiting cannot mend.
pub async fn run(host: &Host) -> SessionError {
    tokio::select! {
        error = sessions(host) => error,
        never = host.keeper.run(&host.config.enclave) => never,
    }
}

async fn sessions(host: &Host) -> SessionError {
    let mut pause = FIRST_PAUSE;
    loop {
        let since = Instant::now();
        let outcome = session::run(host).await;
        if since.elapsed() >= GOOD {
            pause = FIRST_PAUSE;
        }
        match outcome {
            Ok(()) => debug!("the next key is ready"),
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
