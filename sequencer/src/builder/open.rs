//! One block, from its opening to the store.

use std::time::Instant;

use alloy_consensus::transaction::Recovered;
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY};
use executor::{
    batch::{MAX_BLOCK_DATA, size_bound},
    block::{BlockExecutor, BlockInput, ExecutedBlock, L1Origin, PushError, next_base_fee},
    state::StateChanges,
    trie::StateTrie,
    witness::seal,
};

use super::{Builder, BuilderError, NextOrigin, Parent, Unwind};
use crate::{
    heads::Head,
    pool::{SenderCode, SenderState},
    store::{NewBlock, Snapshot, StateView},
};

/// Time, as the open block sees it.
pub trait Pace {
    /// Whether the time of the block has come.
    fn is_due(&self) -> bool;
    /// Waits for something to do.
    fn wait(&mut self) -> Wake;
}

/// Why a wait ended.
#[derive(Debug)]
pub enum Wake {
    /// The pool may have a transaction that can run.
    Transactions,
    /// The time of the block has come.
    Due,
    /// Something else must be done first.
    Interrupt(Interrupt),
}

/// What comes before the open block.
#[derive(Debug)]
pub enum Interrupt {
    /// Blocks must be dropped.
    Unwind(Unwind),
    /// The node stops.
    Stop,
}

/// How the work on a block ended.
#[derive(Debug)]
pub enum Outcome {
    /// It is sealed and in the store.
    Sealed(Head),
    /// There was nothing to put in it.
    Empty,
    /// It was given up. Its transactions are still in the pool.
    Interrupted(Interrupt),
}

impl Builder {
    /// Builds the block at `timestamp` (Unix seconds) until `pace` says that its time has come.
    pub fn build(&mut self, timestamp: u64, pace: &mut dyn Pace) -> Result<Outcome, BuilderError> {
        let number = self.parent.header.number + 1;
        let block_error = |source| BuilderError::Block { number, source };
        let base_fee = next_base_fee(&self.chain, &self.parent.header).map_err(block_error)?;
        self.pool.open(base_fee);

        let next = self.origins.next_origin(self.parent.origin.number, timestamp);
        let age = timestamp.saturating_sub(self.parent.header.timestamp);
        let wanted = age >= self.config.max_empty_interval
            || next.as_ref().is_some_and(|next| !next.deposits.is_empty());
        while !wanted && !self.pool.is_ready() {
            match pace.wait() {
                Wake::Transactions => {}
                Wake::Due => return Ok(Outcome::Empty),
                Wake::Interrupt(interrupt) => return Ok(Outcome::Interrupted(interrupt)),
            }
        }

        let state = self.store.snapshot()?.state_at(self.parent.header.number)?;
        let (input, origin) = self.input(timestamp, next);
        let mut block = BlockExecutor::begin(
            &self.chain,
            &self.parent.header,
            self.parent.hash,
            self.parent.origin.number,
            input,
            &state,
        )
        .map_err(block_error)?;

        let mut data_left = MAX_BLOCK_DATA;
        loop {
            while !pace.is_due() {
                let Some(candidate) = self.pool.best() else { break };
                let size = size_bound(&candidate.transaction);
                if size > data_left {
                    self.pool.postponed(&candidate);
                    continue;
                }
                let transaction = Recovered::new_unchecked(candidate.transaction.clone(), candidate.sender);
                match block.push(transaction) {
                    Ok(_) => {
                        data_left -= size;
                        self.pool.accepted(&candidate);
                    }
                    Err(PushError::GasLimit { .. }) => self.pool.postponed(&candidate),
                    Err(source @ (PushError::State(_) | PushError::Fatal(_))) => {
                        return Err(BuilderError::Push { number, source });
                    }
                    Err(reason) => {
                        let hash = candidate.transaction.tx_hash();
                        tracing::debug!(%hash, %reason, "transaction dropped");
                        self.pool.refused(&candidate);
                    }
                }
            }
            match pace.wait() {
                Wake::Transactions => {}
                Wake::Due => break,
                Wake::Interrupt(interrupt) => return Ok(Outcome::Interrupted(interrupt)),
            }
        }
        if !wanted && block.transaction_count() == 0 {
            return Ok(Outcome::Empty);
        }

        let executed = block.finish().map_err(block_error)?;
        self.commit(executed, state, origin).map(Outcome::Sealed)
    }

    /// What a block at `timestamp` on top of our newest one begins with, and its origin.
    pub(super) fn input(&self, timestamp: u64, next: Option<NextOrigin>) -> (BlockInput, L1Origin) {
        let (origin, deposits) = match next {
            Some(next) => (next.origin, next.deposits),
            None => (self.parent.origin.clone(), Vec::new()),
        };
        (BlockInput { timestamp, origin: origin.clone(), deposits }, origin)
    }

    /// Seals a block that was executed on `state`, the one after our newest block, and stores it.
    pub(super) fn commit(
        &mut self,
        executed: ExecutedBlock,
        state: StateView,
        origin: L1Origin,
    ) -> Result<Head, BuilderError> {
        let started = Instant::now();
        let number = self.parent.header.number + 1;
        let (sealed, trie, witness) = match seal(&mut self.trie, &state, executed) {
            Ok(parts) => parts,
            Err(source) => {
                // Half an update may be in it.
                self.trie = StateTrie::new(self.parent.header.state_root);
                return Err(BuilderError::State { number, source });
            }
        };
        let parent = Parent { header: sealed.block.header.clone(), hash: sealed.hash, origin };
        let changed = self.changed_senders(state.snapshot(), &sealed.changes)?;
        drop(state);
        let hashed = started.elapsed();

        let transactions = sealed.block.body.transactions.len();
        let origin = BlockNumHash::new(parent.origin.number, parent.origin.hash);
        let new = NewBlock { sealed, trie, witness, origin };
        if let Err(error) = self.store.commit_block(&new) {
            self.trie = StateTrie::new(self.parent.header.state_root);
            return Err(error.into());
        }
        self.parent = parent;
        self.trie.prune(self.config.max_trie_nodes);
        let head = Head { number, hash: self.parent.hash };
        self.pool.follow(number, changed);
        self.heads.latest.send_replace(head);

        let header = &self.parent.header;
        metrics::counter!("builder_transactions_total").increment(transactions as u64);
        metrics::counter!("builder_gas_total").increment(header.gas_used);
        metrics::gauge!("builder_head").set(number as f64);
        metrics::histogram!("builder_trie_seconds").record(hashed);
        metrics::histogram!("builder_seal_seconds").record(started.elapsed());
        tracing::debug!(
            number,
            hash = %head.hash,
            transactions,
            gas = header.gas_used,
            origin = self.parent.origin.number,
            elapsed = ?started.elapsed(),
            "sealed"
        );
        Ok(head)
    }

    /// The senders of the pool among the accounts that a block changed.
    fn changed_senders(
        &self,
        before: &Snapshot,
        changes: &StateChanges,
    ) -> Result<Vec<(Address, SenderState)>, BuilderError> {
        let mut changed = Vec::new();
        for (address, change) in &changes.accounts {
            if !self.pool.is_sender(*address) {
                continue;
            }
            let state = match change.account {
                None => SenderState::default(),
                Some(account) => SenderState {
                    nonce: account.nonce,
                    balance: account.balance,
                    code: sender_code(account.code_hash, before, changes)?,
                },
            };
            changed.push((*address, state));
        }
        Ok(changed)
    }
}

/// What the code with this hash makes of its account.
fn sender_code(hash: B256, before: &Snapshot, changes: &StateChanges) -> Result<SenderCode, BuilderError> {
    if hash == KECCAK256_EMPTY {
        return Ok(SenderCode::Empty);
    }
    if let Some(code) = changes.codes.get(&hash) {
        return Ok(SenderCode::of(code));
    }
    Ok(before.code(hash)?.map_or(SenderCode::Empty, |code| SenderCode::of(&code)))
}
