//! The one transaction under way, until it is in a block or given up.

use std::time::Instant;

use alloy::{
    eips::{BlockId, eip7594::BlobTransactionSidecarEip7594},
    rpc::types::TransactionReceipt,
    transports::RpcError,
};
use alloy_primitives::{B256, U256};
use contracts_bindings::IRollup;
use metrics::counter;
use tracing::{debug, error, info, warn};

use super::{
    Refusal, SubmitError, Submitter,
    transaction::{Call, Signed},
};
use crate::{
    l1::{L1Error, RollupStatus},
    store::BatchStatus,
};

/// L1 must have made this many blocks without the transaction before its fees are raised: an L1 that
/// stands still does not ask for more.
const PASSED_OVER: u64 = 3;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Submits a batch.
    Batch { index: u64 },
    /// Shows more proofs of a batch that is on L1.
    Proofs { index: u64 },
    /// Records what is final.
    Finality,
}

/// A transaction that was signed, and may have been sent.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) purpose: Purpose,
    pub(super) signed: Signed,
    call: Call,
    sidecar: Option<BlobTransactionSidecarEip7594>,
    /// Hashes of transactions with the same nonce that this one replaces. One of them may still be
    /// the one that is taken.
    older: Vec<B256>,
    signed_at: Instant,
    /// The newest L1 block when it was signed, once known.
    signed_in: Option<u64>,
    sent_at: Option<Instant>,
    /// Pools said that they have a transaction with this nonce and higher fees.
    underpriced: bool,
    /// The nonce was seen taken, but none of our transactions in a block.
    missing: bool,
}

/// What a node said to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It has it.
    Taken,
    /// It has another one with this nonce, and wants higher fees.
    Underpriced,
    /// The nonce is taken by a transaction in a block.
    NonceTaken,
    /// It has a transaction of another kind by this account, and takes ours once that is gone.
    Busy,
    /// The account cannot pay.
    CannotPay,
}

impl Flight {
    pub(super) fn new(
        purpose: Purpose,
        signed: Signed,
        call: Call,
        sidecar: Option<BlobTransactionSidecarEip7594>,
    ) -> Self {
        Self {
            purpose,
            signed,
            call,
            sidecar,
            older: Vec::new(),
            signed_at: Instant::now(),
            signed_in: None,
            sent_at: None,
            underpriced: false,
            missing: false,
        }
    }

    /// One that was stored before the process started.
    pub(super) fn resumed(
        purpose: Purpose,
        signed: Signed,
        call: Call,
        sidecar: BlobTransactionSidecarEip7594,
    ) -> Self {
        Self::new(purpose, signed, call, Some(sidecar))
    }
}

impl Submitter {
    /// Stores the transaction under way if it must survive a crash, and sends it.
    pub(super) async fn store_and_send(&mut self) -> Result<(), SubmitError> {
        let Some(flight) = &mut self.flight else { return Ok(()) };
        let Signed { raw, hash, nonce, fees } = flight.signed.clone();
        self.last_offer = Some((nonce, fees));
        if let Purpose::Batch { index } = flight.purpose {
            let status = BatchStatus::Submitting { raw_tx: raw.clone(), hash, nonce };
            self.queue.set_status(index, status)?;
        }
        let answer = self.client.send(&raw).await;
        flight.sent_at = Some(Instant::now());
        match answer.map_or_else(|error| Answer::of(&error).ok_or(error), |()| Ok(Answer::Taken))? {
            Answer::Taken => debug!(tx = %hash, nonce, "transaction sent"),
            Answer::Underpriced => flight.underpriced = true,
            Answer::Busy => debug!(tx = %hash, nonce, "another transaction of the account goes first"),
            Answer::NonceTaken => debug!(tx = %hash, nonce, "nonce is taken: maybe by this transaction"),
            Answer::CannotPay => {
                counter!("sequencer_submit_alarms").increment(1);
                let address = self.signer.address();
                error!(%address, "the batcher's account cannot pay for the batch: send it ETH");
            }
        }
        Ok(())
    }

    /// Looks after the transaction under way.
    pub(super) async fn follow(&mut self, status: &RollupStatus) -> Result<(), SubmitError> {
        let Some(flight) = &mut self.flight else { return Ok(()) };
        let signed_in = *flight.signed_in.get_or_insert(status.l1_block);
        let (purpose, nonce) = (flight.purpose, flight.signed.nonce);
        let hashes: Vec<B256> =
            std::iter::once(flight.signed.hash).chain(flight.older.iter().copied()).collect();
        for hash in hashes {
            if let Some(receipt) = self.client.receipt(hash).await? {
                return self.landed(purpose, &receipt).await;
            }
        }
        let next = self.client.nonce(self.signer.address()).await?;
        let Some(flight) = &mut self.flight else { return Ok(()) };
        if next != nonce {
            if next > nonce && !flight.missing {
                // It may have been taken between the two questions: ask once more.
                flight.missing = true;
                return Ok(());
            }
            return self.give_up(purpose, nonce, next).await;
        }
        flight.missing = false;
        let passed_over = status.l1_block.saturating_sub(signed_in) >= PASSED_OVER;
        let late = flight.signed_at.elapsed() >= self.config.bump_after && passed_over;
        if flight.underpriced || late {
            return self.raise().await;
        }
        if flight.sent_at.is_none_or(|at| at.elapsed() >= self.config.resend_after) {
            return self.store_and_send().await;
        }
        Ok(())
    }

    /// A transaction of ours is in a block.
    async fn landed(&mut self, purpose: Purpose, receipt: &TransactionReceipt) -> Result<(), SubmitError> {
        let tx = receipt.transaction_hash;
        if receipt.status() {
            match purpose {
                // It is on L1 once the tracker has seen it there.
                Purpose::Batch { .. } => return Ok(()),
                Purpose::Proofs { index } => info!(index, %tx, "more proofs are on L1"),
                Purpose::Finality => {
                    info!(%tx, "L1 has recorded what is final");
                    self.set_aside.clear();
                }
            }
            self.flight = None;
            return Ok(());
        }
        counter!("sequencer_submit_reverts").increment(1);
        let refusal = self.replay(receipt).await;
        let reason = refusal.as_ref().map_or("unknown", |refusal| refusal.reason.as_str());
        warn!(?purpose, %tx, reason, "transaction was reverted");
        self.flight = None;
        if let Purpose::Batch { index } = purpose {
            self.queue.set_status(index, BatchStatus::Proving)?;
            if let Some(refusal) = refusal {
                self.heed(index, &refusal)?;
            }
        }
        Ok(())
    }

    /// Why a transaction was reverted, by running it again in the state before its block.
    async fn replay(&self, receipt: &TransactionReceipt) -> Option<Refusal> {
        let flight = self.flight.as_ref()?;
        let before = receipt.block_number?.checked_sub(1)?;
        let request = flight.call.request(self.signer.address());
        let error = self.client.call(request, BlockId::number(before)).await.err()?;
        Refusal::of(&error)
    }

    /// The nonce of the transaction under way is not the account's next one, so it cannot be taken
    /// any more, or not yet.
    async fn give_up(&mut self, purpose: Purpose, nonce: u64, next: u64) -> Result<(), SubmitError> {
        if let Purpose::Batch { index } = purpose {
            let count = self.client.view(self.rollup, IRollup::batchCountCall {}, BlockId::latest()).await?;
            if count >= U256::from(index) {
                // It is on L1 by another transaction; the tracker will say so.
                return Ok(());
            }
            self.queue.set_status(index, BatchStatus::Proving)?;
        }
        warn!(?purpose, nonce, next, "transaction lost its nonce: signing another");
        self.flight = None;
        Ok(())
    }

    /// Replaces the transaction under way by one that offers more.
    async fn raise(&mut self) -> Result<(), SubmitError> {
        let market = self.market().await?;
        let Some(flight) = &self.flight else { return Ok(()) };
        let fees = flight.signed.fees.replacement(market);
        if let Err(error) = self.check_price(fees) {
            warn!(%error, "the transaction under way is not replaced");
            if let Some(flight) = &mut self.flight {
                flight.signed_at = Instant::now();
                flight.underpriced = false;
            }
            return self.store_and_send().await;
        }
        let nonce = flight.signed.nonce;
        let signed = flight.call.sign(&self.signer, self.l1_chain_id, nonce, fees, flight.sidecar.clone())?;
        info!(nonce, old = %flight.signed.hash, new = %signed.hash, ?fees, "raising fees");
        counter!("sequencer_submit_raises").increment(1);
        if let Some(flight) = &mut self.flight {
            let old = std::mem::replace(&mut flight.signed, signed);
            flight.older.push(old.hash);
            flight.signed_at = Instant::now();
            flight.signed_in = None;
            flight.underpriced = false;
        }
        self.store_and_send().await
    }
}

impl Answer {
    /// Nodes answer in words; these are those of geth, reth, Nethermind, Besu, Erigon and anvil.
    fn of(error: &L1Error) -> Option<Self> {
        let L1Error::Request { source, .. } = error else { return None };
        let RpcError::ErrorResp(payload) = source.as_ref() else { return None };
        let message = payload.message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&["already known", "already imported", "known transaction", "alreadyknown"]) {
            Some(Self::Taken)
        } else if says(&["already reserved"]) {
            Some(Self::Busy)
        } else if says(&["underpriced", "fee too low"]) {
            Some(Self::Underpriced)
        } else if says(&["nonce too low", "nonce is too low", "oldnonce"]) {
            Some(Self::NonceTaken)
        } else if says(&["insufficient funds", "insufficientfunds", "upfront cost exceeds"]) {
            Some(Self::CannotPay)
        } else {
            None
        }
    }
}
