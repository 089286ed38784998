//! Bringing proved batches to L1, strictly in order and exactly once.
//!
//! One task owns the account's nonces and has at most one transaction under way. Its course:
//!
//! ```text
//! signatures -> trial run (eth_call) -> fees, nonce -> sign -> STORE -> send -> in a block -> tracker
//!                                         ^                                |
//!                                         +-------- higher fees -----------+
//! ```
//!
//! The signed transaction is stored before it is sent. After a crash the same one is sent again; it
//! has the same nonce, so L1 takes it at most once. Whether a batch is on L1 is the tracker's word
//! alone, who reads the contract: a receipt only says that the transaction is done with. And the
//! contract takes every batch once: it continues from the last output, or it does not.
//!
//! Every transaction runs on the node first, without being sent: a batch that L1 would refuse costs
//! no fee, and the contract's reason says what to do (see [`refusal`]).

mod error;
mod fees;
mod flight;
mod refusal;
mod transaction;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    consensus::BlockHeader,
    eips::{BlockId, BlockNumberOrTag, eip7594::BlobTransactionSidecarEip7594},
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, B256, Bytes, U256, uint};
use contracts_bindings::IRollup;
use executor::{batch::trusted_setup, stateless::BatchInput};
use metrics::{counter, gauge};
use tokio::{
    sync::watch,
    task,
    time::{MissedTickBehavior, interval},
};
use tracing::{debug, error, info, warn};

pub use self::error::{Offer, SubmitError};
use self::{
    fees::Fees,
    flight::{Flight, Purpose},
    refusal::{Advice, Refusal},
    transaction::{Call, Signed},
};
use super::{BatchQueue, Liveness, LivenessError, SubmitConfig, is_on_l1};
use crate::{
    l1::{L1Client, RollupStatus},
    store::{BatchRecord, BatchStatus},
};

/// Most signatures that the contract takes.
const MAX_SIGNATURES: usize = 8;
/// How long an operator is done without whose bond does not stand for another batch.
const SET_ASIDE: Duration = Duration::from_secs(10);
/// Most outputs that one transaction records as final: about 2,200 gas each.
const FINALITY_STEPS: U256 = uint!(1_000_U256);
/// Time between two warnings about a batch that nobody signs.
const UNSIGNED_INTERVAL: Duration = Duration::from_secs(60);
/// Time between two looks at the account's balance.
const BALANCE_INTERVAL: Duration = Duration::from_secs(60);

/// Submits batches. Owns the account's nonces: nothing else may use the key.
#[derive(Debug)]
pub struct Submitter {
    client: L1Client,
    l1_chain_id: u64,
    rollup: Address,
    signer: PrivateKeySigner,
    queue: BatchQueue,
    liveness: Liveness,
    status: watch::Receiver<Option<RollupStatus>>,
    config: SubmitConfig,
    /// The transaction under way.
    flight: Option<Flight>,
    /// Nonce and fees of the last transaction that was signed: whatever takes its place has to offer
    /// more.
    last_offer: Option<(u64, Fees)>,
    /// The batch that waits for more signatures, and since when.
    waiting: Option<(B256, Instant)>,
    /// The batch that has no signature, and since when, or since the last warning.
    unsigned: Option<(B256, Instant)>,
    /// Cell proofs of the batch that is submitted, by its data hash.
    sidecar: Option<(B256, BlobTransactionSidecarEip7594)>,
    /// Proofs that the contract has seen, by batch.
    shown: HashMap<u64, usize>,
    /// Operators whose bonds do not stand for another batch, and since when that is known.
    set_aside: HashMap<Address, Instant>,
    fast_threshold: Option<usize>,
    balance_seen: Option<Instant>,
}

impl Submitter {
    /// A submitter that follows `status`, the tracker's.
    #[expect(clippy::too_many_arguments, reason = "the parts of the node it connects, each once")]
    pub fn new(
        client: L1Client,
        l1_chain_id: u64,
        rollup: Address,
        signer: PrivateKeySigner,
        queue: BatchQueue,
        liveness: Liveness,
        status: watch::Receiver<Option<RollupStatus>>,
        config: SubmitConfig,
    ) -> Self {
        Self {
            client,
            l1_chain_id,
            rollup,
            signer,
            queue,
            liveness,
            status,
            config,
            flight: None,
            last_offer: None,
            waiting: None,
            unsigned: None,
            sidecar: None,
            shown: HashMap::new(),
            set_aside: HashMap::new(),
            fast_threshold: None,
            balance_seen: None,
        }
    }

    /// Submits forever.
    pub async fn run(mut self) {
        let mut ticks = interval(self.config.poll_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changes = self.queue.changes();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = changes.changed() => {}
            }
            if let Err(problem) = self.step().await {
                counter!("sequencer_submit_errors").increment(1);
                warn!(error = %problem, "submitting has to wait");
                // Whatever failed gets a whole interval, however many changes there are meanwhile.
                ticks.tick().await;
            }
            changes.mark_unchanged();
        }
    }

    /// Does what can be done now.
    pub async fn step(&mut self) -> Result<(), SubmitError> {
        let status = self.status.borrow().clone();
        let Some(status) = status else { return Ok(()) };
        self.watch_balance().await?;
        self.restore_flight()?;
        if self.flight.is_some() {
            return self.follow(&status).await;
        }
        if status.conflict_since != 0 {
            return Ok(());
        }
        if let Some(batch) = self.queue.first_pending()
            && batch.index == status.batch_count + 1
            && self.submit(&batch).await?
        {
            return Ok(());
        }
        self.add_proofs().await
    }

    /// Makes `flight` agree with the queue: takes up what was stored, drops what is done or gone.
    fn restore_flight(&mut self) -> Result<(), SubmitError> {
        let pending = self.queue.first_pending();
        if let Some(flight) = &self.flight
            && let Purpose::Batch { index } = flight.purpose
        {
            let stored = pending.as_ref().is_some_and(|batch| {
                let hash = flight.signed.hash;
                batch.index == index
                    && matches!(&batch.status, BatchStatus::Submitting { hash: stored, .. } if *stored == hash)
            });
            if !stored {
                self.flight = None;
            }
        }
        if self.flight.is_none()
            && let Some(batch) = pending
            && let BatchStatus::Submitting { raw_tx, .. } = &batch.status
        {
            let (signed, call, sidecar) = Signed::decode(raw_tx)?;
            info!(index = batch.index, tx = %signed.hash, nonce = signed.nonce, "taking up a stored transaction");
            self.last_offer = Some((signed.nonce, signed.fees));
            self.flight = Some(Flight::resumed(Purpose::Batch { index: batch.index }, signed, call, sidecar));
        }
        Ok(())
    }

    /// Submits a batch if it has the signatures. Returns whether a transaction is under way.
    async fn submit(&mut self, batch: &Arc<BatchRecord>) -> Result<bool, SubmitError> {
        let signatures = self.live_signatures(batch).await?;
        if !self.enough(batch, signatures.len()) {
            return Ok(false);
        }
        let sidecar = self.sidecar(batch).await?;
        let hashes = sidecar.versioned_hashes().collect();
        let count = signatures.len();
        let call = transaction::submit_batch(self.rollup, batch, hashes, signatures);
        if let Err(error) = self.client.call(call.request(self.signer.address()), BlockId::latest()).await {
            let Some(refusal) = Refusal::of(&error) else { return Err(error.into()) };
            self.heed(batch.index, &refusal)?;
            if let Advice::RecordFinality(_) = refusal.advice {
                return self.record_finality().await;
            }
            return Ok(false);
        }
        let purpose = Purpose::Batch { index: batch.index };
        self.launch(purpose, call, Some(sidecar)).await?;
        self.waiting = None;
        counter!("sequencer_batches_submitted").increment(1);
        info!(index = batch.index, signatures = count, last_block = batch.last_block, "batch submitted");
        Ok(true)
    }

    /// Whether `count` signatures are enough by now.
    fn enough(&mut self, batch: &BatchRecord, count: usize) -> bool {
        gauge!("sequencer_batch_signatures").set(count as f64);
        let key = batch.transition.daHash;
        if count == 0 {
            self.waiting = None;
            match self.unsigned {
                Some((of, since)) if of == key && since.elapsed() < UNSIGNED_INTERVAL => return false,
                Some((of, _)) if of == key => {
                    warn!(index = batch.index, "no prover has signed the batch that L1 waits for");
                }
                _ => {}
            }
            self.unsigned = Some((key, Instant::now()));
            return false;
        }
        if count >= self.config.target_signatures {
            return true;
        }
        match self.waiting {
            Some((of, since)) if of == key => since.elapsed() >= self.config.signature_timeout,
            _ => {
                self.waiting = Some((key, Instant::now()));
                self.config.signature_timeout.is_zero()
            }
        }
    }

    /// Shows L1 more signatures of a batch that it has accepted with too few.
    async fn add_proofs(&mut self) -> Result<(), SubmitError> {
        let records = self.queue.records();
        self.shown.retain(|index, _| records.iter().any(|record| record.index == *index));
        for batch in records.iter().filter(|record| is_on_l1(record)) {
            let shown = self.shown.get(&batch.index).copied().unwrap_or(1);
            if batch.signatures.len() <= shown {
                continue;
            }
            let threshold = self.fast_threshold().await?;
            let call = IRollup::outputCall { index: U256::from(batch.index) };
            let output = self.client.view(self.rollup, call, BlockId::latest()).await?;
            let on_l1 = usize::try_from(output.proofs).unwrap_or(usize::MAX);
            if on_l1 >= threshold {
                self.shown.insert(batch.index, usize::MAX);
                continue;
            }
            let signatures = self.live_signatures(batch).await?;
            if signatures.len() <= on_l1 {
                self.shown.insert(batch.index, batch.signatures.len());
                continue;
            }
            let count = signatures.len();
            let call = transaction::add_proofs(self.rollup, batch.index, signatures);
            if let Err(error) = self.client.call(call.request(self.signer.address()), BlockId::latest()).await
            {
                let Some(refusal) = Refusal::of(&error) else { return Err(error.into()) };
                // Not worth an alarm: the batch is on L1, it only takes longer to become final.
                warn!(index = batch.index, reason = refusal.reason, "L1 does not take more proofs");
                match refusal.advice {
                    Advice::DropSigner(signer) => self.drop_signer(signer),
                    Advice::DoWithout(operator) | Advice::RecordFinality(operator) => {
                        self.set_aside.insert(operator, Instant::now());
                    }
                    _ => {}
                }
                self.shown.insert(batch.index, batch.signatures.len());
                continue;
            }
            info!(index = batch.index, proofs = count, "showing L1 more proofs");
            self.shown.insert(batch.index, batch.signatures.len());
            return self.launch(Purpose::Proofs { index: batch.index }, call, None).await;
        }
        Ok(())
    }

    /// Has L1 record what is final by now, if it has not: that releases bonds. Returns whether a transaction is under way.
    async fn record_finality(&mut self) -> Result<bool, SubmitError> {
        let at = BlockId::latest();
        let recorded = self.client.view(self.rollup, IRollup::recordedFinalizedIndexCall {}, at).await?;
        let finalized = self.client.view(self.rollup, IRollup::finalizedIndexCall {}, at).await?;
        if finalized <= recorded {
            return Ok(false);
        }
        info!(%recorded, %finalized, "recording what is final, so that bonds are released");
        let call = transaction::advance_finality(self.rollup, FINALITY_STEPS);
        self.launch(Purpose::Finality, call, None).await?;
        Ok(true)
    }

    /// The signatures of a batch that count now: live signers, distinct operators and platforms, and a bond behind each.
    async fn live_signatures(&mut self, batch: &BatchRecord) -> Result<Vec<Bytes>, SubmitError> {
        self.set_aside.retain(|_, since| since.elapsed() < SET_ASIDE);
        let (mut operators, mut platforms) = (HashSet::new(), HashSet::new());
        let mut signatures = Vec::new();
        for known in self.queue.signatures(batch) {
            match self.liveness.check(known.signer).await {
                Ok(live) => {
                    if !self.set_aside.contains_key(&live.operator)
                        && !operators.contains(&live.operator)
                        && platforms.insert(live.platform)
                    {
                        operators.insert(live.operator);
                        signatures.push(known.signature);
                    }
                }
                Err(error @ LivenessError::NotLive { .. }) => {
                    warn!(%error, index = batch.index, "signature dropped");
                    self.drop_signer(known.signer);
                }
                Err(LivenessError::Unknown(error)) => return Err(error.into()),
            }
        }
        signatures.truncate(MAX_SIGNATURES);
        Ok(signatures)
    }

    fn drop_signer(&self, signer: Address) {
        self.liveness.forget(signer);
        self.queue.bury(signer);
    }

    /// Does what a refusal of batch `index` calls for.
    fn heed(&mut self, index: u64, refusal: &Refusal) -> Result<(), SubmitError> {
        let reason = &refusal.reason;
        match refusal.advice {
            Advice::Wait => debug!(index, reason, "L1 does not take the batch yet"),
            Advice::Follow => warn!(index, reason, "L1 moved on under the batch"),
            Advice::Rebuild => {
                warn!(index, reason, "batch is too old: it is made again, with the blocks since");
                counter!("sequencer_batches_rebuilt").increment(1);
                self.queue.drop_from(index)?;
            }
            Advice::DropSigner(signer) => {
                warn!(index, %signer, reason, "L1 does not accept a signer any more");
                self.drop_signer(signer);
            }
            Advice::DoWithout(operator) | Advice::RecordFinality(operator) => {
                warn!(index, %operator, reason, "an operator's bond does not stand for the batch");
                counter!("sequencer_bonds_short").increment(1);
                self.set_aside.insert(operator, Instant::now());
            }
            Advice::Alarm => {
                counter!("sequencer_submit_alarms").increment(1);
                error!(index, reason, "L1 refuses the batch: look into it");
            }
        }
        Ok(())
    }

    /// Signs a transaction, stores it, and sends it.
    async fn launch(
        &mut self,
        purpose: Purpose,
        call: Call,
        sidecar: Option<BlobTransactionSidecarEip7594>,
    ) -> Result<(), SubmitError> {
        let nonce = self.client.nonce(self.signer.address()).await?;
        let market = self.market().await?;
        let fees = match self.last_offer {
            Some((taken, offer)) if taken == nonce => offer.replacement(market),
            _ => market,
        };
        self.check_price(fees)?;
        let signed = call.sign(&self.signer, self.l1_chain_id, nonce, fees, sidecar.clone())?;
        self.flight = Some(Flight::new(purpose, signed, call, sidecar));
        self.store_and_send().await
    }

    /// What L1 asks for now.
    async fn market(&self) -> Result<Fees, SubmitError> {
        let head = self.client.existing_header(BlockNumberOrTag::Latest).await?;
        let base_fee = u128::from(head.base_fee_per_gas().unwrap_or_default());
        let priority = self.client.priority_fee().await?;
        let blob_base_fee = self.client.blob_base_fee().await?;
        Ok(Fees::for_market(base_fee, priority, blob_base_fee))
    }

    fn check_price(&self, fees: Fees) -> Result<(), SubmitError> {
        if fees.within(&self.config) {
            return Ok(());
        }
        Err(SubmitError::TooExpensive {
            wanted: fees.into(),
            gas_limit: self.config.max_fee_per_gas,
            blob_gas_limit: self.config.max_fee_per_blob_gas,
        })
    }

    /// The blobs of a batch with their cell proofs, which take a while: not on this thread.
    async fn sidecar(&mut self, batch: &BatchRecord) -> Result<BlobTransactionSidecarEip7594, SubmitError> {
        let key = batch.transition.daHash;
        if let Some((of, sidecar)) = &self.sidecar
            && *of == key
        {
            return Ok(sidecar.clone());
        }
        let index = batch.index;
        let wrong = move |reason: String| SubmitError::Blobs { index, reason };
        let payload = self.queue.payload(index)?.ok_or_else(|| wrong("they are not stored".to_owned()))?;
        let sidecar = task::spawn_blocking(move || {
            let input = BatchInput::decode(payload.input).map_err(|error| wrong(error.to_string()))?;
            let blobs = input.blobs.iter().map(|blob| *blob.blob).collect();
            Ok::<_, SubmitError>(BlobTransactionSidecarEip7594::try_from_blobs_with_settings(
                blobs,
                trusted_setup(),
            )?)
        });
        let sidecar = sidecar.await??;
        self.sidecar = Some((key, sidecar.clone()));
        Ok(sidecar)
    }

    async fn fast_threshold(&mut self) -> Result<usize, SubmitError> {
        if let Some(threshold) = self.fast_threshold {
            return Ok(threshold);
        }
        let call = IRollup::fastThresholdCall {};
        let threshold = self.client.view(self.rollup, call, BlockId::latest()).await?.saturating_to();
        self.fast_threshold = Some(threshold);
        Ok(threshold)
    }

    async fn watch_balance(&mut self) -> Result<(), SubmitError> {
        if self.balance_seen.is_some_and(|at| at.elapsed() < BALANCE_INTERVAL) {
            return Ok(());
        }
        let address = self.signer.address();
        let balance: u128 = self.client.balance(address).await?.saturating_to();
        self.balance_seen = Some(Instant::now());
        gauge!("sequencer_batcher_balance_wei").set(balance as f64);
        if balance < self.config.low_balance {
            warn!(%address, balance, wanted = self.config.low_balance, "the batcher's account runs low");
        }
        Ok(())
    }
}
