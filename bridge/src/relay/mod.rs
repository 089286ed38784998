//! `bridge relay`: proves and finalises others' withdrawals, and pays for it.
//!
//! A round looks for new withdrawals on L2, up to the last block that a final output covers, and then at each that is open. What a
//! withdrawal needs is asked of L1 anew each time: whether it is proved or finalised, and by whom, makes no difference, so
//! that nothing is done twice. The state file saves the search and holds the account of spending.
//!
//! The relayer chooses nothing but the moment, and cannot take anything: what a withdrawal does is fixed on L2.

pub mod budget;
mod search;
pub mod state;
mod step;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, U256};
use metrics::{counter, describe_counter, describe_gauge, gauge};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tracing::{debug, info, warn};

use crate::{
    Bridge,
    error::Error,
    sender::{SendError, Sender},
    view::PortalView,
    withdrawal::Withdrawal,
};
use budget::Limit;
use state::{State, StateError, StateFile};
use step::{Look, Step, look};

/// Withdrawals that are looked at, and served, at the same time.
const PARALLEL: usize = 8;
/// L1 blocks after which a finalised withdrawal counts as over: a reorganisation may undo younger ones.
const DEPTH: u64 = 32;
/// Longest time before another look after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// What the operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What may be spent.
    pub limit: Limit,
    /// Most wei that one transaction may cost.
    pub most_for_one: U256,
    /// Withdrawals that ask for more L1 gas than this are left to their owners.
    pub most_gas: u64,
    /// Time that owners have to take a step themselves before the relayer does.
    pub patience: Duration,
    /// Time between two rounds.
    pub interval: Duration,
}

/// The relayer.
#[derive(Debug)]
pub struct Relayer {
    bridge: Arc<Bridge>,
    sender: Sender,
    config: Config,
    file: StateFile,
    state: State,
    /// Contents of open withdrawals, and when to look at them again.
    known: HashMap<B256, Known>,
}

#[derive(Debug)]
struct Known {
    withdrawal: Arc<Withdrawal>,
    next_look: Instant,
    failures: u32,
    /// Since when this step is possible, as far as this run has seen.
    possible: Option<(Step, Instant)>,
    /// The L1 block from which on it has been seen finalised.
    done_since: Option<u64>,
}

impl Relayer {
    /// `sender` is an account on L1. Reads the state that an earlier run left.
    pub fn new(bridge: Bridge, sender: Sender, config: Config, file: StateFile) -> Result<Self, StateError> {
        let state = file.load()?;
        Ok(Self { bridge: Arc::new(bridge), sender, config, file, state, known: HashMap::new() })
    }

    /// Goes on until the state cannot be kept. Everything else is tried again.
    pub async fn run(mut self) -> StateError {
        let mut failures = 0;
        loop {
            let pause = match self.round().await {
                Ok(()) => {
                    failures = 0;
                    self.config.interval
                }
                Err(RoundError::State(error)) => return error,
                Err(RoundError::Bridge(error)) => {
                    failures += 1;
                    counter!("bridge_relay_failures").increment(1);
                    let pause = pause_after(self.config.interval, failures);
                    warn!(%error, ?pause, "this round failed");
                    pause
                }
            };
            sleep(pause).await;
        }
    }

    /// Looks once, and does what can be done.
    pub async fn round(&mut self) -> Result<(), RoundError> {
        self.bridge.check().await.map_err(Error::from)?;
        let portal = PortalView::read(&self.bridge).await.map_err(Error::from)?;
        self.search(portal.output.1).await?;
        self.serve(portal).await
    }

    /// Looks at what is open and due, a few at a time, and takes the next step of each.
    async fn serve(&mut self, portal: PortalView) -> Result<(), RoundError> {
        self.recall().await?;
        let now = Instant::now();
        let due: Vec<Arc<Withdrawal>> = self
            .state
            .open
            .iter()
            .filter_map(|open| self.known.get(&open.hash))
            .filter(|known| known.next_look <= now)
            .map(|known| known.withdrawal.clone())
            .collect();
        for some in due.chunks(PARALLEL) {
            let looks = self.look_at(some, portal).await;
            let mut due = Vec::new();
            for (withdrawal, look) in looks {
                if matches!(look, Ok(Look::Wait(..) | Look::Serve(..))) {
                    self.not_done(withdrawal.hash);
                }
                match look {
                    Ok(Look::Done) => self.done(withdrawal.hash, portal.head),
                    Ok(Look::Wait(stage, pause)) => {
                        debug!(withdrawal = %withdrawal.hash, ?stage, "waiting");
                        self.wait(withdrawal.hash, pause);
                    }
                    Ok(Look::Serve(step, call, most)) => {
                        if self.is_due(withdrawal.hash, step) && self.may_spend(&withdrawal, step, most) {
                            due.push((withdrawal, step, call));
                        }
                    }
                    Err(error) => self.failed(withdrawal.hash, &error),
                }
            }
            // What is set aside is on the disk before anything is sent.
            self.file.save(&self.state)?;
            let mut under_way = JoinSet::new();
            for (withdrawal, step, call) in due {
                let sender = self.sender.clone();
                under_way.spawn(async move {
                    let outcome = step.take(&sender, &withdrawal, &call).await;
                    (withdrawal, step, outcome)
                });
            }
            while let Some(Ok((withdrawal, step, outcome))) = under_way.join_next().await {
                self.settle(&withdrawal, step, outcome);
                self.file.save(&self.state)?;
            }
        }
        self.show();
        Ok(())
    }

    async fn look_at(
        &self,
        withdrawals: &[Arc<Withdrawal>],
        portal: PortalView,
    ) -> Vec<(Arc<Withdrawal>, Result<Look, Error>)> {
        let mut looks = JoinSet::new();
        for withdrawal in withdrawals.iter().cloned() {
            let (bridge, sender, config) = (self.bridge.clone(), self.sender.clone(), self.config);
            looks.spawn(async move {
                let look = look(&bridge, &sender, &config, &withdrawal, portal).await;
                (withdrawal, look)
            });
        }
        looks.join_all().await
    }

    /// Whether the owner has had time for this step.
    fn is_due(&mut self, hash: B256, step: Step) -> bool {
        let Some(known) = self.known.get_mut(&hash) else { return false };
        let since = match known.possible {
            Some((same, since)) if same == step => since,
            _ => known.possible.insert((step, Instant::now())).1,
        };
        let due = since + self.config.patience;
        known.next_look = known.next_look.max(due);
        due <= Instant::now()
    }

    /// Sets the cost aside, if the budget allows it.
    fn may_spend(&mut self, withdrawal: &Withdrawal, step: Step, most: U256) -> bool {
        let hash = withdrawal.hash;
        if most > self.config.most_for_one {
            debug!(withdrawal = %hash, %most, "too expensive now");
            counter!("bridge_relay_skipped", "reason" => "expensive").increment(1);
            self.wait(hash, self.config.interval * 4);
            return false;
        }
        let fits = self.state.spending.set_aside(&self.config.limit, &step.name(hash), most, unix_now());
        if !fits {
            debug!(withdrawal = %hash, %most, "the budget is used up");
            counter!("bridge_relay_skipped", "reason" => "budget").increment(1);
        }
        fits
    }

    fn settle(&mut self, withdrawal: &Withdrawal, step: Step, outcome: Result<U256, Error>) {
        let (hash, name) = (withdrawal.hash, step.name(withdrawal.hash));
        match outcome {
            Ok(cost) => {
                self.state.spending.settle(&name, cost);
                counter!(step.counter()).increment(1);
                counter!("bridge_relay_spent_wei").increment(cost.saturating_to());
                info!(withdrawal = %hash, ?step, %cost, "done");
                if let Some(known) = self.known.get_mut(&hash) {
                    known.failures = 0;
                }
            }
            Err(error) => {
                // What failed in a block has its price; what is still under way keeps what was set aside.
                match &error {
                    Error::Send(SendError::Failed { cost, .. }) => self.state.spending.settle(&name, *cost),
                    error if error.is_temporary() => {}
                    _ => self.state.spending.settle(&name, U256::ZERO),
                }
                if error.is_done_already() {
                    debug!(withdrawal = %hash, "somebody else was faster");
                } else {
                    self.failed(hash, &error);
                }
            }
        }
    }

    fn failed(&mut self, hash: B256, error: &Error) {
        counter!("bridge_relay_failures").increment(1);
        let Some(known) = self.known.get_mut(&hash) else { return };
        known.failures += 1;
        let pause = pause_after(self.config.interval, known.failures);
        known.next_look = Instant::now() + pause;
        warn!(withdrawal = %hash, %error, ?pause, "failed");
    }

    fn wait(&mut self, hash: B256, pause: Duration) {
        if let Some(known) = self.known.get_mut(&hash) {
            known.next_look = Instant::now() + pause;
        }
    }

    /// It is finalised as of L1 block `head`. It is forgotten once that is deep in the chain.
    fn done(&mut self, hash: B256, head: u64) {
        let Some(known) = self.known.get_mut(&hash) else { return };
        let since = *known.done_since.get_or_insert(head);
        // There may be a whole history of them: not every round looks at each.
        known.next_look = Instant::now() + self.config.interval * 8;
        if head >= since.saturating_add(DEPTH) {
            self.drop_open(hash);
        }
    }

    fn not_done(&mut self, hash: B256) {
        if let Some(known) = self.known.get_mut(&hash)
            && known.done_since.take().is_some()
        {
            warn!(withdrawal = %hash, "L1 was reorganised: not finalised any more");
        }
    }

    fn drop_open(&mut self, hash: B256) {
        self.state.open.retain(|open| open.hash != hash);
        self.known.remove(&hash);
        // What an interrupted run left in the journal is over too.
        for kind in ["prove", "finalize"] {
            if let Err(error) = self.sender.journal().close(&self.sender.key(kind, &hash.to_string())) {
                warn!(%error, "the journal keeps an entry that is over");
            }
        }
    }

    fn show(&self) {
        gauge!("bridge_relay_open").set(self.state.open.len() as f64);
        let left = self.state.spending.left(&self.config.limit, unix_now());
        gauge!("bridge_relay_budget_wei").set(f64::from(left));
    }
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoundError {
    /// A node or a contract. Try again.
    #[error(transparent)]
    Bridge(#[from] Error),
    /// The state cannot be kept. Going on would forget what was spent.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Doubles with each failure.
fn pause_after(interval: Duration, failures: u32) -> Duration {
    interval.saturating_mul(2u32.saturating_pow(failures.min(16))).min(LONGEST_PAUSE)
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[expect(clippy::cast_precision_loss, reason = "for a metric")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

/// Says what the relayer's metrics are.
pub fn describe_metrics() {
    describe_counter!("bridge_relay_proved", "Withdrawals that the relayer proved");
    describe_counter!("bridge_relay_finalized", "Withdrawals that the relayer finalised");
    describe_counter!("bridge_relay_spent_wei", "Wei spent on gas");
    describe_counter!("bridge_relay_failures", "Rounds that ended with an error");
    describe_counter!("bridge_relay_skipped", "Withdrawals that the relayer does not serve, by reason");
    describe_gauge!("bridge_relay_open", "Withdrawals that are not finalised yet, or not deep in L1");
    describe_gauge!("bridge_relay_budget_wei", "Wei that may still be spent in this window");
    describe_gauge!("bridge_relay_l2_block", "Last L2 block whose withdrawals are known");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let second = Duration::from_secs(1);
        assert_eq!(pause_after(second, 1), Duration::from_secs(2));
        assert_eq!(pause_after(second, 3), Duration::from_secs(8));
        assert_eq!(pause_after(second, u32::MAX), LONGEST_PAUSE);
        assert_eq!(pause_after(Duration::from_secs(u64::MAX), 40), LONGEST_PAUSE);
    }
}
