//! The thread that drives the builder by the clock.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, watch},
};

use super::{Builder, BuilderError, Interrupt, Outcome, Pace, Unwind, Wake};

/// How often the pool looks for what has waited too long.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

/// What the builder listens to.
#[derive(Debug)]
pub struct BuilderInputs {
    /// The pool has a transaction that can run.
    pub ready: Arc<Notify>,
    /// Requests to drop blocks.
    pub unwinds: mpsc::Receiver<Unwind>,
    /// True once the node stops.
    pub stop: watch::Receiver<bool>,
}

/// Runs the builder on a thread of its own until it is told to stop. The open block is given up: what
/// is in it had no receipts, and wallets send again.
///
/// Called within a tokio runtime, which is used for timers only.
pub fn spawn(
    builder: Builder,
    inputs: BuilderInputs,
) -> Result<JoinHandle<Result<(), BuilderError>>, BuilderError> {
    let runtime = Handle::current();
    std::thread::Builder::new()
        .name("builder".into())
        .spawn(move || run(builder, Clock { runtime, inputs, due: Instant::now() }))
        .map_err(BuilderError::Thread)
}

fn run(mut builder: Builder, mut clock: Clock) -> Result<(), BuilderError> {
    let mut skipped = 0;
    let mut expiry = Instant::now();
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let earliest = builder.parent().timestamp.max(skipped) + builder.config().block_time;
        let timestamp = next_timestamp(earliest, now);
        clock.due = Instant::now() + Duration::from_secs(timestamp).saturating_sub(now);
        match builder.build(timestamp, &mut clock)? {
            Outcome::Sealed(_) => {}
            Outcome::Empty => skipped = timestamp,
            Outcome::Interrupted(Interrupt::Stop) => return Ok(()),
            Outcome::Interrupted(Interrupt::Unwind(request)) => {
                tracing::warn!(target = ?request.target, reason = request.reason, "unwinding");
                let head = builder.unwind(request.target)?;
                // Whoever asked may have gone; the blocks are dropped all the same.
                let _ = request.done.send(head);
            }
        }
        if expiry.elapsed() > EXPIRY_INTERVAL {
            expiry = Instant::now();
            builder.pool.expire(expiry);
        }
    }
}

/// The timestamp of the next block: as soon as its parent allows, and not in the past.
fn next_timestamp(earliest: u64, now: Duration) -> u64 {
    let next_second = now.as_secs() + u64::from(now.subsec_nanos() > 0);
    earliest.max(next_second)
}

/// Real time, and the real inputs.
struct Clock {
    runtime: Handle,
    inputs: BuilderInputs,
    due: Instant,
}

impl Pace for Clock {
    fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    fn wait(&mut self) -> Wake {
        let Self { runtime, inputs, due } = self;
        let BuilderInputs { ready, unwinds, stop } = inputs;
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => Wake::Interrupt(Interrupt::Stop),
                Some(request) = unwinds.recv() => Wake::Interrupt(Interrupt::Unwind(request)),
                () = tokio::time::sleep_until((*due).into()) => Wake::Due,
                () = ready.notified() => Wake::Transactions,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_the_clock_and_never_their_past() {
        let at = Duration::from_millis;
        assert_eq!(next_timestamp(11, at(10_300)), 11, "the running second");
        assert_eq!(next_timestamp(11, at(11_000)), 11, "exactly on time");
        assert_eq!(next_timestamp(11, at(12_345)), 13, "after a long block, seconds are left out");
        assert_eq!(next_timestamp(15, at(11_000)), 15, "a clock that was set back waits");
    }
}
