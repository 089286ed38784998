//! The watchtower: round after round, everything that it looks at.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, B256, FixedBytes};
use contracts_client::{
    chain::{Error as ChainError, Layer},
    exit,
};
use executor::transition;
use metrics::{counter, gauge};
use sequencer::{
    l1::{L1Error, RollupStatus},
    replica::ReplicaError,
    store::{Retention, Store, StoreError},
};
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

use super::{
    alarm::{Alarm, exit_code},
    archive::{Archive, ArchiveError, Cursor},
    batches::Batches,
    claims::Claims,
    filing::{Filing, Outcome},
    folder::EvidenceFolder,
    l2::L2Node,
    registry::{Registry, Standing},
    scan::Scanner,
};
use crate::evidence::{Evidence, EvidenceError, SignedTransition, Verdict};

/// Time between two times at which what is too old is forgotten.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);
/// Blocks whose state is kept: enough for every reorganisation that is followed.
const HISTORY_BLOCKS: u64 = 4096;
/// Keys that nobody registered, of which a round hears before it stops listening: each is a question to L1.
const MAX_STRANGERS: usize = 64;
/// Signatures that the L2 node has told of, to be passed over when it tells of them again.
const MAX_HEARD: usize = 16_384;
/// Rounds in a row that may fail before a single run gives up.
const MAX_FAILURES: u32 = 3;

/// When the watch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Once everything there is has been looked at.
    CaughtUp,
    /// At the first alarm, once what can be done about it is done.
    Alarm,
    /// Never.
    Stopped,
}

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
    /// Batches up to here were held against what was signed.
    compared: u64,
    /// Since when the L2 node has another block.
    l2_differs: Option<Instant>,
    /// The first block of the false batch in which the L2 node differs, once it was found out; with the batch's output.
    first_difference: Option<(B256, Option<u64>)>,
    /// Inputs whose contradiction was reported and is over.
    told: BTreeSet<B256>,
    /// Signatures that the L2 node has told of.
    heard: HashSet<FixedBytes<65>>,
    /// The alarms of the round before.
    alarms: Vec<Alarm>,
    pruned: Option<Instant>,
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
    /// Watches. Returns the exit code: 0, that of the gravest alarm, or, of a single run, that a node did not answer.
    pub async fn run(mut self, until: Until) -> Result<u8, WatchError> {
        let mut failures = 0;
        loop {
            let round = self.round().await?;
            self.tell(&round);
            failures = if round.troubles.is_empty() { 0 } else { failures + 1 };
            let is_over = !round.lags && !round.is_pending;
            match until {
                Until::CaughtUp if is_over && failures == 0 => return Ok(exit_code(&round.alarms)),
                Until::CaughtUp if failures >= MAX_FAILURES => {
                    let code = exit_code(&round.alarms);
                    return Ok(if code == exit::DONE { exit::TEMPORARY } else { code });
                }
                Until::Alarm if !round.alarms.is_empty() && !round.is_pending => {
                    return Ok(exit_code(&round.alarms));
                }
                _ => {}
            }
            if !round.lags || failures > 0 {
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
            self.claim(found.signed, found.time, Some(found.batch)).await?;
        }
        self.keep(scan.cursor)?;
        Ok(())
    }

    /// Takes in a signature, if it is that of a registered key. Returns whether it is.
    async fn claim(
        &mut self,
        signed: SignedTransition,
        seen_at: u64,
        batch: Option<u64>,
    ) -> Result<bool, ScanError> {
        let claim = match self.claims.recover(signed, seen_at) {
            Ok(claim) => claim,
            Err(reason) => {
                tracing::debug!(%reason, "passed over");
                return Ok(false);
            }
        };
        if !self.registry.is_registered(claim.signer).await? {
            tracing::debug!(signer = %claim.signer, "a signature of a key that nobody registered");
            return Ok(false);
        }
        if self.claims.insert(claim.clone()) {
            self.archive.append(&claim, batch)?;
            self.compute(claim.signed.last_l2_block)?;
        }
        Ok(true)
    }

    /// Brings what was taken in to the disk.
    fn keep(&mut self, cursor: Option<Cursor>) -> Result<(), ArchiveError> {
        gauge!("watch_signatures").set(self.claims.len() as f64);
        self.archive.sync(cursor)
    }

    /// Holds what was signed against batches that were executed since.
    fn compare_claims(&mut self, agreed: u64) -> Result<(), WatchError> {
        // After a discard the same numbers come again.
        self.memory.compared = self.memory.compared.min(agreed);
        while self.memory.compared < agreed {
            let index = self.memory.compared + 1;
            let record = self.store.snapshot()?.batch(index)?;
            if let Some(record) = record {
                self.set_computed(&record.transition);
            }
            self.memory.compared = index;
        }
        let Some(stopped) = self.batches.false_batch() else { return Ok(()) };
        if let (Some(computed), Some(given)) = (&stopped.computed, self.scanner.submitted(stopped.index)) {
            let (right, inputs) = (computed.instead_of(given), given.inputs_hash());
            let (chain_id, rollup) = self.rollup;
            self.claims.set_computed(inputs, transition::digest(&right, chain_id, rollup));
        }
        Ok(())
    }

    /// Holds a new claim against the batch that ends with block `last_block`, if it was executed.
    fn compute(&mut self, last_block: u64) -> Result<(), StoreError> {
        let record = self.store.snapshot()?.batch_of_block(last_block)?;
        if let Some(record) = record {
            self.set_computed(&record.transition);
        }
        Ok(())
    }

    fn set_computed(&mut self, right: &transition::Transition) {
        let (chain_id, rollup) = self.rollup;
        self.claims.set_computed(right.inputs_hash(), transition::digest(right, chain_id, rollup));
    }

    /// Raises the alarm about a false batch.
    async fn show_false_batch(&mut self, round: &mut Round) {
        let Some(stopped) = self.batches.false_batch().cloned() else { return };
        let known = self.memory.first_difference.filter(|(on_l1, _)| *on_l1 == stopped.on_l1);
        let first_block = match (known, &self.l2, &stopped.computed) {
            (Some((_, block)), ..) => block,
            (None, Some(l2), Some(computed)) => {
                let ours = |number| self.store.snapshot().ok()?.block_hash(number).ok()?;
                match l2.first_difference(computed.first_block, computed.last_block, ours).await {
                    Ok(block) => {
                        self.memory.first_difference = Some((stopped.on_l1, block));
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

    /// Takes in signatures that are not on L1.
    async fn hear(&mut self, status: &RollupStatus, round: &mut Round) -> Result<(), WatchError> {
        let mut heard = Vec::new();
        if let Some(l2) = &self.l2 {
            match l2.contradictions().await {
                Ok(mut found) => {
                    found.retain(|signed| self.memory.heard.insert(signed.signature));
                    heard.extend(found);
                }
                Err(error) => round.troubles.push(Trouble::chain(&error)),
            }
        }
        if self.memory.heard.len() > MAX_HEARD {
            self.memory.heard.clear();
        }
        if let Some(folder) = &mut self.folder {
            let (chain_id, rollup) = self.rollup;
            match folder.news(chain_id, rollup) {
                Ok(found) => heard.extend(found),
                Err(error) => {
                    round.troubles.push(Trouble { source: "evidence", reason: error.to_string() });
                }
            }
        }
        let mut strangers = 0;
        for (at, signed) in heard.iter().enumerate() {
            match self.claim(signed.clone(), status.l1_timestamp, None).await {
                Ok(true) => {}
                Ok(false) => strangers += 1,
                Err(ScanError::Watch(error)) => return Err(error),
                Err(error) => {
                    // Next time they are heard of again.
                    for signed in heard.iter().skip(at) {
                        self.memory.heard.remove(&signed.signature);
                    }
                    if let Some(folder) = &mut self.folder {
                        folder.forget();
                    }
                    match error {
                        ScanError::Chain(error) => round.troubles.push(Trouble::chain(&error)),
                        ScanError::L1(error) => self.pass_over(error.into(), round)?,
                        ScanError::Watch(error) => return Err(error),
                    }
                    break;
                }
            }
            if strangers > MAX_STRANGERS {
                warn!("too many signatures of keys that nobody registered");
                break;
            }
        }
        self.keep(self.archive.cursor())?;
        Ok(())
    }

    /// Looks at contradictory signatures: who answers for them, and what is to be done.
    async fn judge(&mut self, round: &mut Round) -> Result<(), WatchError> {
        let suspects: Vec<B256> = self.claims.suspects().collect();
        let mut standings: BTreeMap<Address, Standing> = BTreeMap::new();
        for signer in suspects.iter().flat_map(|inputs| self.claims.of(*inputs)).map(|claim| claim.signer) {
            if standings.contains_key(&signer) {
                continue;
            }
            match self.registry.standing(signer).await {
                Ok(standing) => standings.insert(signer, standing),
                Err(error) => {
                    round.troubles.push(Trouble::chain(&error));
                    return Ok(());
                }
            };
        }
        let mut cases = Vec::new();
        for inputs in suspects {
            let answers = |signer| matches!(standings.get(&signer), Some(Standing::Answers { .. }));
            match self.claims.evidence(inputs, answers) {
                Some(evidence) => cases.push((evidence.verdict()?, evidence, self.is_on_l1(inputs))),
                None => self.judge_alone(inputs, &standings, round),
            }
        }
        // Whoever signed twice is reported for that, before it is a party to a dispute.
        cases.sort_by_key(|(verdict, ..)| matches!(verdict, Verdict::Dispute { .. }));
        self.act(cases, round).await
    }

    /// Whether the false batch on L1 is of this input.
    fn is_on_l1(&self, inputs: B256) -> bool {
        let stopped = self.batches.false_batch();
        let given = stopped.and_then(|stopped| self.scanner.submitted(stopped.index));
        given.is_some_and(|given| given.inputs_hash() == inputs)
    }

    /// Writes evidence, and reports it.
    async fn act(
        &mut self,
        cases: Vec<(Verdict, Evidence, bool)>,
        round: &mut Round,
    ) -> Result<(), WatchError> {
        let mut is_revoked = false;
        for (verdict, evidence, is_urgent) in cases {
            let file = self.filing.write(&evidence)?;
            // After a report keys are revoked that other cases may be about: they are looked at anew in the next round.
            let outcome = if is_revoked {
                Outcome::Waits
            } else {
                self.filing.report(&evidence, verdict, is_urgent).await
            };
            let mut reported = None;
            match outcome {
                Outcome::NoKey => {}
                Outcome::Reported(transaction) => reported = Some(transaction),
                Outcome::New(transaction) => {
                    reported = Some(transaction);
                    is_revoked = true;
                }
                Outcome::ByOthers => info!("somebody else has reported these keys"),
                Outcome::Waits => round.is_pending = true,
                Outcome::Failed(error) => {
                    round.is_pending = true;
                    round.troubles.push(Trouble { source: Trouble::REPORT, reason: error.to_string() });
                }
                Outcome::Hopeless(error) => {
                    round.troubles.push(Trouble { source: Trouble::REPORT, reason: error.to_string() });
                }
            }
            round.alarms.push(Alarm::DoubleSignature { verdict, file, reported });
        }
        Ok(())
    }

    /// Looks at signatures of an input that are no evidence: because only one result was signed, or nobody answers for one.
    fn judge_alone(&mut self, inputs: B256, standings: &BTreeMap<Address, Standing>, round: &mut Round) {
        let computed = self.claims.computed(inputs);
        let mut is_over = true;
        for claim in self.claims.of(inputs) {
            let is_false = computed.is_some_and(|computed| computed != claim.digest);
            if is_false && matches!(standings.get(&claim.signer), Some(Standing::Answers { .. })) {
                is_over = false;
                // Of a batch on L1 the other alarm has told.
                if !self.is_on_l1(inputs) {
                    let (output, last_block) = (claim.signed.output_root, claim.signed.last_l2_block);
                    round.alarms.push(Alarm::FalseSignature { signer: claim.signer, output, last_block });
                }
            }
        }
        if is_over && self.memory.told.insert(inputs) {
            for claim in self.claims.of(inputs) {
                let (signer, standing) = (claim.signer, standings.get(&claim.signer));
                info!(%signer, output = %claim.signed.output_root, ?standing, "of contradictory signatures, reported before");
            }
        }
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
    fn pass_over(&self, error: ReplicaError, round: &mut Round) -> Result<(), WatchError> {
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
    const L1: &'static str = "l1";
    const L2: &'static str = "l2";
    const REPORT: &'static str = "report";

    fn chain(error: &ChainError) -> Self {
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

/// Why signatures could not be taken in.
#[derive(Debug, thiserror::Error)]
enum ScanError {
    #[error(transparent)]
    L1(#[from] L1Error),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Watch(#[from] WatchError),
}

impl From<ArchiveError> for ScanError {
    fn from(error: ArchiveError) -> Self {
        Self::Watch(error.into())
    }
}

impl From<StoreError> for ScanError {
    fn from(error: StoreError) -> Self {
        Self::Watch(error.into())
    }
}
