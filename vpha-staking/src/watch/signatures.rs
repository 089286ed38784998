//! Signatures: taken in, held against what was executed and against each other, and acted upon.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use contracts_client::chain::Error as ChainError;
use executor::transition::{self, Transition};
use metrics::{counter, gauge};
use sequencer::{
    l1::{L1Error, RollupStatus},
    store::StoreError,
};
use tracing::{info, warn};

use super::{
    alarm::Alarm,
    archive::{ArchiveError, Cursor},
    filing::Outcome,
    registry::Standing,
    scan::{Candidates, Found},
    tower::{Round, Trouble, WatchError, Watchtower},
};
use crate::evidence::{Evidence, SignedTransition, Verdict};

/// Keys that nobody registered, of which a round hears from one source before it stops listening: each is a question to L1.
const MAX_STRANGERS: usize = 64;
/// Signatures that the L2 node has told of, to be passed over when it tells of them again; and keys that nobody registered.
const MAX_HEARD: usize = 16_384;

impl Watchtower {
    /// Takes in the signatures of a submission, or of more proofs.
    ///
    /// The contract has checked them, so that all are of registered keys: where one is not, it is not what was signed that was
    /// found, but a decoy, or the node that was asked has not come so far. The next place is tried.
    pub(super) async fn claim_found(&mut self, found: Found) -> Result<(), ScanError> {
        let Found { batch, transaction, time, candidates } = found;
        let candidates = match candidates {
            Candidates::Submitted(candidates) => candidates,
            Candidates::Proofs(candidates) => {
                let transition = self.scanner.submitted(batch).cloned();
                transition.map_or_else(Vec::new, |transition| {
                    candidates.into_iter().map(|signatures| (transition.clone(), signatures)).collect()
                })
            }
        };
        for (transition, signatures) in candidates {
            let mut is_read = !signatures.is_empty();
            for signature in signatures {
                let signed = SignedTransition::new(&transition, signature);
                is_read &= self.claim(signed, time, Some(batch)).await?;
            }
            if is_read {
                self.scanner.remember(batch, transition);
                return Ok(());
            }
        }
        counter!("watch_submissions_unread").increment(1);
        warn!(batch, %transaction, "the signatures of a batch are not in its transaction's input");
        Ok(())
    }

    /// Takes in a signature, if it is that of a registered key. Returns whether it is.
    pub(super) async fn claim(
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
        let is_stranger = batch.is_none() && self.memory.strangers.contains(&claim.signer);
        if is_stranger || !self.registry.is_registered(claim.signer).await? {
            tracing::debug!(signer = %claim.signer, "a signature of a key that nobody registered");
            if batch.is_none() {
                self.memory.strangers.insert(claim.signer);
            }
            return Ok(false);
        }
        // What was heard before it was submitted is written once more, as the batch that it became.
        let is_submission = batch.is_some_and(|index| {
            self.scanner.submitted(index).is_none_or(|known| *known != claim.signed.transition())
        });
        let is_new = self.claims.insert(claim.clone());
        if is_new || is_submission {
            self.archive.append(&claim, batch)?;
            self.compute(claim.signed.last_l2_block)?;
        }
        Ok(true)
    }

    /// Brings what was taken in to the disk.
    pub(super) fn keep(&mut self, cursor: Option<Cursor>) -> Result<(), ArchiveError> {
        gauge!("watch_signatures").set(self.claims.len() as f64);
        self.archive.sync(cursor)
    }

    /// Holds what was signed against batches that were executed since.
    pub(super) fn compare_claims(&mut self, agreed: u64) -> Result<(), WatchError> {
        // After a discard, or a reorganisation, the same numbers come again.
        let (index, root) = self.memory.compared;
        let known = self.store.snapshot()?.batch(index)?;
        if known.is_none_or(|known| known.transition.outputRoot != root) {
            self.memory.compared = Default::default();
        }
        while self.memory.compared.0 < agreed {
            let index = self.memory.compared.0 + 1;
            let record = self.store.snapshot()?.batch(index)?;
            let root = record.as_ref().map_or(B256::ZERO, |record| record.transition.outputRoot);
            if let Some(record) = record {
                self.set_computed(&record.transition);
            }
            self.memory.compared = (index, root);
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

    fn set_computed(&mut self, right: &Transition) {
        let (chain_id, rollup) = self.rollup;
        self.claims.set_computed(right.inputs_hash(), transition::digest(right, chain_id, rollup));
    }

    /// Takes in signatures that are not on L1.
    pub(super) async fn hear(&mut self, status: &RollupStatus, round: &mut Round) -> Result<(), WatchError> {
        if let Some(l2) = &self.l2 {
            match l2.contradictions().await {
                Ok(mut told) => {
                    told.retain(|signed| !self.memory.heard.contains(&signed.signature));
                    let taken = self.take_in(&told, status, round).await?;
                    self.memory.heard.extend(told.iter().take(taken).map(|signed| signed.signature));
                }
                Err(error) => round.troubles.push(Trouble::chain(&error)),
            }
        }
        let (chain_id, rollup) = self.rollup;
        match self.folder.as_mut().map(|folder| folder.news(chain_id, rollup)).transpose() {
            Ok(news) => {
                let news = news.unwrap_or_default();
                let taken = self.take_in(&news, status, round).await?;
                if let Some(folder) = self.folder.as_mut().filter(|_| taken < news.len()) {
                    folder.forget();
                    round.lags = true;
                }
            }
            Err(error) => round.troubles.push(Trouble { source: "evidence", reason: error.to_string() }),
        }
        if self.memory.heard.len() > MAX_HEARD {
            self.memory.heard.clear();
        }
        if self.memory.strangers.len() > MAX_HEARD {
            self.memory.strangers.clear();
        }
        self.keep(self.archive.cursor())?;
        Ok(())
    }

    /// Takes in what one source tells. Returns how much of it: the rest comes again in the next round, because L1 could not
    /// be asked, or because it was asked about enough keys that nobody knows.
    async fn take_in(
        &mut self,
        heard: &[SignedTransition],
        status: &RollupStatus,
        round: &mut Round,
    ) -> Result<usize, WatchError> {
        let before = self.memory.strangers.len();
        for (at, signed) in heard.iter().enumerate() {
            if self.memory.strangers.len() >= before + MAX_STRANGERS {
                warn!("many signatures of keys that nobody registered: the others wait for the next round");
                return Ok(at);
            }
            match self.claim(signed.clone(), status.l1_timestamp, None).await {
                Ok(_) => {}
                Err(ScanError::Watch(error)) => return Err(error),
                Err(ScanError::Chain(error)) => {
                    round.troubles.push(Trouble::chain(&error));
                    return Ok(at);
                }
                Err(ScanError::L1(error)) => {
                    self.pass_over(error.into(), round)?;
                    return Ok(at);
                }
            }
        }
        Ok(heard.len())
    }

    /// Looks at contradictory signatures: who answers for them, and what is to be done.
    pub(super) async fn judge(&mut self, round: &mut Round) -> Result<(), WatchError> {
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
            let may_equivocate =
                |signer| standings.get(&signer).is_some_and(Standing::answers_for_equivocation);
            let may_dispute = |signer| standings.get(&signer).is_some_and(Standing::answers_in_a_dispute);
            match self.claims.evidence(inputs, may_equivocate, may_dispute) {
                Some(evidence) => cases.push((evidence.verdict()?, evidence, self.is_on_l1(inputs))),
                None => self.judge_alone(inputs, &standings, round),
            }
        }
        // Whoever signed twice is reported for that, before it is a party to a dispute.
        cases.sort_by_key(|(verdict, ..)| matches!(verdict, Verdict::Dispute { .. }));
        self.act(cases, round).await?;
        round.has_judged = true;
        Ok(())
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
            let file = match self.filing.write(&evidence) {
                Ok(file) => Some(file),
                Err(error) => {
                    // The report matters more.
                    round.troubles.push(Trouble { source: "evidence", reason: error.to_string() });
                    None
                }
            };
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
            if is_false && standings.get(&claim.signer).is_some_and(Standing::answers_in_a_dispute) {
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
}

/// Why signatures could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
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
