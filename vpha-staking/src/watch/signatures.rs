//! Signatures: taken in, held against what was executed and against each other, and acted upon.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use contracts_client::chain::Error as ChainError;
use executor::transition::{self, Transition};
use metrics::gauge;
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
    tower::{Round, Trouble, WatchError, Watchtower},
};
use crate::evidence::{Evidence, SignedTransition, Verdict};

/// Keys that nobody registered, of which a round hears before it stops listening: each is a question to L1.
const MAX_STRANGERS: usize = 64;
/// Signatures that the L2 node has told of, to be passed over when it tells of them again.
const MAX_HEARD: usize = 16_384;
impl Watchtower {
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
    pub(super) fn keep(&mut self, cursor: Option<Cursor>) -> Result<(), ArchiveError> {
        gauge!("watch_signatures").set(self.claims.len() as f64);
        self.archive.sync(cursor)
    }

    /// Holds what was signed against batches that were executed since.
    pub(super) fn compare_claims(&mut self, agreed: u64) -> Result<(), WatchError> {
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

    fn set_computed(&mut self, right: &Transition) {
        let (chain_id, rollup) = self.rollup;
        self.claims.set_computed(right.inputs_hash(), transition::digest(right, chain_id, rollup));
    }

    /// Takes in signatures that are not on L1.
    pub(super) async fn hear(&mut self, status: &RollupStatus, round: &mut Round) -> Result<(), WatchError> {
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
