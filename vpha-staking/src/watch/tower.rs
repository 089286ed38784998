//! The watchtower: round after round, everything that it looks at.

use std::{
    collections::{BTreeSet, HashSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, B256, FixedBytes};
use contracts_client::chain::{Error as ChainError, Layer};
use metrics::{counter, gauge};
use sequencer::{
    l1::{L1Error, RollupStatus},
    replica::ReplicaError,
    store::{Retention, Store, StoreError},
};
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use super::{
    alarm::Alarm,
    archive::{Archive, ArchiveError},
    batches::Batches,
    claims::Claims,
    course::{Course, Until},
    filing::Filing,
    folder::EvidenceFolder,
    l2::L2Node,
    registry::Registry,
    scan::Scanner,
    signatures::ScanError,
};
use crate::evidence::EvidenceError;

/// Time between two times at which what is too old is forgotten.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);
/// Blocks whose state is kept: enough for every reorganisation that is followed.
const HISTORY_BLOCKS: u64 = 4096;
/// What it looks at, and what it knows.
#[derive(Debug)]
pub struct Watchtower {
    /// L1's batches, executed again.
    pub batches: Batches,
    /// The replica's store.
    pub store: Store,
    /// Signatures in L1's blocks.
    pub scanner: Scanner,
    /// Signatures from everywhere.
    pub claims: Claims,
    /// The same on the disk.
    pub archive: Archive,
    /// Who answers for a signature.
    pub registry: Registry,
    /// An L2 node to compare with.
    pub l2: Option<L2Node>,
    /// A folder of published signatures.
    pub folder: Option<EvidenceFolder>,
    /// Where evidence goes.
    pub filing: Filing,
    /// EIP-155 chain id of L1, and the `Rollup` contract.
    pub rollup: (u64, Address),
    /// Seconds after which no key answers for a signature any more.
    pub liability: u64,
    /// How long the L2 node may have another block before that is an alarm: L1 may just have been reorganised.
    pub l2_patience: Duration,
    /// Time between two rounds.
    pub interval: Duration,
    /// What is remembered from round to round.
    pub memory: Memory,
}

/// What is remembered from round to round, and found again after a restart.
#[derive(Debug, Default)]
pub struct Memory {
    /// The last batch that was held against what was signed, and its output root.
    pub(super) compared: (u64, B256),
    /// Since when the L2 node has another block.
    pub(super) l2_differs: Option<Instant>,
    /// The first block of the false batch in which the L2 node differs, once it was found out; with the batch's output.
    pub(super) first_difference: Option<(B256, u64)>,
    /// Inputs whose contradiction was reported and is over.
    pub(super) told: BTreeSet<B256>,
    /// Signatures that the L2 node has told of.
    pub(super) heard: HashSet<FixedBytes<65>>,
    /// Signers of what was heard that nobody had registered then.
    pub(super) strangers: HashSet<Address>,
    /// The alarms of the round before.
    pub(super) alarms: Vec<Alarm>,
    pub(super) pruned: Option<Instant>,
}

/// What a round found.
#[derive(Debug, Default)]
pub struct Round {
    /// What is wrong.
    pub alarms: Vec<Alarm>,
    /// What could not be looked at.
    pub troubles: Vec<Trouble>,
    /// Whether there is more to look at right now.
    pub lags: bool,
    /// Whether something has to be waited for: a report that is due, a difference that may pass.
    pub is_pending: bool,
    /// Whether what was signed was looked at, and acted upon.
    pub has_judged: bool,
}

/// Something could not be looked at. It is tried again, and is no alarm.
#[derive(Debug)]
pub struct Trouble {
    /// Label of the metric: who is in the way.
    pub source: &'static str,
    /// What happened.
    pub reason: String,
}

/// The watch cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The store is at fault, or the node is on another chain.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The store is at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was seen cannot be kept.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Evidence cannot be written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

impl Watchtower {
    /// Watches. Returns the exit code: 0, that of the gravest alarm of all rounds, or, of a single run,
    /// that a node did not answer.
    pub async fn run(mut self, until: Until) -> Result<u8, WatchError> {
        let mut course = Course::new(until);
        loop {
            let round = match (self.round().await, course.gravest()) {
                (Ok(round), _) => round,
                (Err(error), None) => return Err(error),
                (Err(error), Some(code)) => {
                    // Whoever hears of the alarm learns of this from the log.
                    error!(%error, "the watch cannot go on");
                    return Ok(code);
                }
            };
            self.tell(&round);
            if let Some(code) = course.after(&round) {
                return Ok(code);
            }
            if !round.lags || course.has_failed() {
                sleep(self.interval).await;
            }
        }
    }

    /// Looks at everything once.
    pub async fn round(&mut self) -> Result<Round, WatchError> {
        let mut round = Round::default();
        let status = self.follow(&mut round).await?;
        self.show_false_batch(&mut round).await;
        if let Some(status) = status {
            self.compare_l2(&mut round).await?;
            self.hear(&status, &mut round).await?;
            self.judge(&mut round).await?;
            if status.conflict_since != 0 {
                round.alarms.push(Alarm::Conflict { since: status.conflict_since });
            }
        }
        self.prune()?;
        Ok(round)
    }

    /// Follows L1, and executes what is new. `None` if L1 cannot be followed.
    async fn follow(&mut self, round: &mut Round) -> Result<Option<RollupStatus>, WatchError> {
        let status = match self.batches.follow_l1().await {
            Ok(status) => status,
            Err(error) => return self.pass_over(error, round).map(|()| None),
        };
        gauge!("watch_l1_block").set(status.l1_block as f64);
        if let Err(error) = self.scan(round).await {
            match error {
                ScanError::Watch(error) => return Err(error),
                ScanError::L1(error) => return self.pass_over(error.into(), round).map(|()| None),
                ScanError::Chain(error) => {
                    round.troubles.push(Trouble::chain(&error));
                    return Ok(None);
                }
            }
        }
        match self.batches.advance(&status).await {
            Ok(progress) => {
                round.lags |= progress.lags;
                round.is_pending |= progress.waits;
                self.compare_claims(progress.agreed)?;
            }
            Err(error) => self.pass_over(error, round)?,
        }
        Ok(Some(status))
    }

    /// Takes in the signatures of L1's new blocks.
    async fn scan(&mut self, round: &mut Round) -> Result<(), ScanError> {
        let scan = self.scanner.scan(self.archive.cursor()).await?;
        round.lags |= scan.lags;
        for found in scan.found {
            self.claim_found(found).await?;
        }
        for (index, submitted) in &scan.submitted {
            if !self.batches.compare(*index, submitted)? {
                self.memory.compared = Default::default();
            }
        }
        self.keep(scan.cursor)?;
        Ok(())
    }

    /// Raises the alarm about a false batch.
    async fn show_false_batch(&mut self, round: &mut Round) {
        let Some(stopped) = self.batches.false_batch().cloned() else { return };
        let known = self.memory.first_difference.filter(|(on_l1, _)| *on_l1 == stopped.on_l1);
        let first_block = match (known, &self.l2, &stopped.computed) {
            (Some((_, block)), ..) => Some(block),
            (None, Some(l2), Some(computed)) => {
                let ours = |number| self.store.snapshot().ok()?.block_hash(number).ok()?;
                match l2.first_difference(computed.first_block, computed.last_block, ours).await {
                    Ok(block) => {
                        self.memory.first_difference = block.map(|block| (stopped.on_l1, block));
                        block
                    }
                    Err(error) => {
                        round.troubles.push(Trouble::chain(&error));
                        None
                    }
                }
            }
            _ => None,
        };
        round.alarms.push(Alarm::Difference {
            batch: stopped.index,
            on_l1: stopped.on_l1,
            computed: stopped.computed.map(|computed| computed.output_root),
            first_block,
            reason: stopped.reason,
        });
    }

    /// Compares the L2 node's block at the end of the last batch with ours.
    async fn compare_l2(&mut self, round: &mut Round) -> Result<(), WatchError> {
        let Some(l2) = &self.l2 else { return Ok(()) };
        let ours = {
            let snapshot = self.store.snapshot()?;
            let Some(last) = snapshot.last_batch()? else { return Ok(()) };
            let Some(hash) = snapshot.block_hash(last.last_block)? else { return Ok(()) };
            (last.last_block, hash)
        };
        let (block, ours) = ours;
        match l2.block_hash(block).await {
            Ok(Some(theirs)) if theirs == ours => self.memory.l2_differs = None,
            Ok(Some(theirs)) => {
                let since = *self.memory.l2_differs.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.l2_patience {
                    round.alarms.push(Alarm::L2Difference { block, ours, theirs });
                } else {
                    round.is_pending = true;
                }
            }
            Ok(None) => {
                let reason = format!("the L2 node has not come to block {block}, which is on L1");
                round.troubles.push(Trouble { source: Trouble::L2, reason });
            }
            Err(error) => round.troubles.push(Trouble::chain(&error)),
        }
        Ok(())
    }

    /// Forgets, now and then, what nobody needs.
    fn prune(&mut self) -> Result<(), WatchError> {
        if self.memory.pruned.is_some_and(|at| at.elapsed() < PRUNE_INTERVAL) {
            return Ok(());
        }
        self.memory.pruned = Some(Instant::now());
        self.claims.prune(liable_since(self.liability));
        let last_final = self.store.snapshot()?.last_final_batch()?.map_or(0, |batch| batch.last_block);
        Ok(self.store.prune(Retention { history_blocks: Some(HISTORY_BLOCKS) }, last_final)?)
    }

    /// Notes what kept this round from following L1 or executing; fails if nothing can mend it.
    pub(super) fn pass_over(&self, error: ReplicaError, round: &mut Round) -> Result<(), WatchError> {
        let source = match &error {
            ReplicaError::L1(L1Error::Store(_) | L1Error::Unwind(_)) => return Err(error.into()),
            ReplicaError::L1(cause) if !cause.is_fatal() => Trouble::L1,
            ReplicaError::OtherBlobs { .. } => Trouble::L1,
            ReplicaError::Beacon(_) => "beacon",
            _ => return Err(error.into()),
        };
        round.troubles.push(Trouble { source, reason: error.to_string() });
        Ok(())
    }

    /// Logs and metrics.
    fn tell(&mut self, round: &Round) {
        for trouble in &round.troubles {
            counter!("watch_troubles", "source" => trouble.source).increment(1);
            warn!(
                source = trouble.source,
                reason = trouble.reason,
                "this could not be looked at; trying again"
            );
        }
        for kind in Alarm::KINDS {
            let count = round.alarms.iter().filter(|alarm| alarm.kind() == kind).count();
            gauge!("watch_alarms", "kind" => kind).set(count as f64);
        }
        for alarm in round.alarms.iter().filter(|alarm| !self.memory.alarms.contains(alarm)) {
            error!(kind = alarm.kind(), "{alarm}");
        }
        // What could not be looked at this time may stand all the same.
        if round.troubles.is_empty() {
            self.memory.alarms.clone_from(&round.alarms);
        }
    }
}

impl Trouble {
    pub(super) const L1: &'static str = "l1";
    pub(super) const L2: &'static str = "l2";
    pub(super) const REPORT: &'static str = "report";

    pub(super) fn chain(error: &ChainError) -> Self {
        let source = match error {
            ChainError::Request { layer, .. }
            | ChainError::Timeout { layer, .. }
            | ChainError::Refused { layer, .. }
            | ChainError::WrongChain { layer, .. }
            | ChainError::Undecodable { layer, .. }
            | ChainError::Nonsense { layer, .. }
            | ChainError::Url { layer, .. } => *layer,
            _ => Layer::L1,
        };
        Self { source: if source == Layer::L2 { Self::L2 } else { Self::L1 }, reason: error.to_string() }
    }
}

/// The Unix time of the oldest signature for which a key may still answer.
pub fn liable_since(liability: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    now.saturating_sub(liability)
}
