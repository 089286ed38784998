//! Transactions that wait for a block.
//!
//! A transaction enters through [`Pool::add`], which checks it as go-ethereum's pool does and
//! refuses it in go-ethereum's words ([`PoolError`]). It waits in the queue of its sender, behind
//! those with lower nonces. The builder asks for the [`best`](Pool::best) one that can run now, tells
//! what became of it, and after each block lets the pool [`follow`](Pool::follow) the state.
//!
//! One lock guards the pool. Signatures are checked and state is read before it is taken, so it is
//! held for microseconds.
//!
//! Where we differ from go-ethereum: a nonce far ahead is refused rather than kept (nobody fills
//! such a gap, and there are no peers to send the missing one); one account may hold more places;
//! the pool is not journalled, a client that has no receipt sends again.

mod error;
mod inner;
mod queue;
mod validate;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, B256};
use executor::Transaction;
use parking_lot::Mutex;

pub use error::PoolError;
pub use queue::{SenderCode, SenderState, read_sender};
pub use validate::{Candidate, MAX_INIT_CODE, MAX_TX_GAS, MAX_TX_SIZE, decode};

use inner::Inner;

/// How often the sender's state is read again because a block was sealed meanwhile. A transaction
/// let in with stale state is not wrong, only refused later, when the builder runs it.
const MAX_STATE_READS: usize = 3;

/// What the pool accepts and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Gas limit of a block.
    pub block_gas_limit: u64,
    /// Wei per gas that a transaction must offer to the sequencer.
    pub min_tip: u128,
    /// Percent by which both fees must rise for a replacement.
    pub price_bump_percent: u64,
    /// Transactions of one sender.
    pub account_slots: usize,
    /// Transactions of one sender whose account is, or may soon be, delegated (EIP-7702): whoever
    /// triggers its code can make all of them invalid at once.
    pub delegated_slots: usize,
    /// How far a nonce may be ahead of the first that is missing.
    pub max_nonce_gap: u64,
    /// Bytes of all transactions, with their overhead in memory.
    pub max_bytes: usize,
    /// How long a transaction may wait behind a gap.
    pub lifetime: Duration,
}

impl PoolConfig {
    /// Limits for a chain with this block gas limit.
    pub const fn new(block_gas_limit: u64) -> Self {
        Self {
            block_gas_limit,
            min_tip: 1,
            price_bump_percent: 10,
            account_slots: 4096,
            delegated_slots: 16,
            max_nonce_gap: 64,
            max_bytes: 256 << 20,
            lifetime: Duration::from_secs(3 * 60 * 60),
        }
    }
}

/// How full the pool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Transactions that could run now.
    pub pending: usize,
    /// Transactions that wait behind a gap.
    pub queued: usize,
    /// Bytes that all of them take.
    pub bytes: usize,
}

/// The pool. Cheap to clone; every clone is the same pool.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Mutex<Inner>>,
    chain_id: u64,
    config: PoolConfig,
    on_ready: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("chain_id", &self.chain_id).field("config", &self.config).finish()
    }
}

impl Pool {
    /// An empty pool. `on_ready` is called whenever a transaction came in that can run now.
    pub fn new(chain_id: u64, config: PoolConfig, on_ready: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner::new(config))),
            chain_id,
            config,
            on_ready: Arc::new(on_ready),
        }
    }

    /// Checks a transaction and lets it in.
    ///
    /// `state_of` reads the sender at the newest block and says which block that was. It is called
    /// again if the pool has meanwhile followed a newer one.
    pub fn add<E: From<PoolError>>(
        &self,
        transaction: Transaction,
        mut state_of: impl FnMut(Address) -> Result<(u64, SenderState), E>,
    ) -> Result<B256, E> {
        if self.inner.lock().contains(transaction.tx_hash()) {
            return Err(PoolError::AlreadyKnown.into());
        }
        let candidate = validate::validate(transaction, self.chain_id, &self.config)?;
        let mut attempts = 0;
        let (hash, ready) = loop {
            let (head, state) = state_of(candidate.sender)?;
            let mut inner = self.inner.lock();
            attempts += 1;
            if head < inner.head() && attempts < MAX_STATE_READS {
                continue;
            }
            let hash = inner.insert(candidate, state, Instant::now())?;
            break (hash, inner.is_ready());
        };
        if ready {
            (self.on_ready)();
        }
        Ok(hash)
    }

    /// The best transaction that can run now: most tip first, then first come, each sender in the
    /// order of its nonces.
    ///
    /// The caller tells what became of it with [`Self::accepted`], [`Self::refused`] or
    /// [`Self::postponed`] before it asks for the next one.
    pub fn best(&self) -> Option<Arc<Candidate>> {
        self.inner.lock().best()
    }

    /// The transaction is in the open block.
    pub fn accepted(&self, candidate: &Candidate) {
        self.inner.lock().accepted(candidate);
    }

    /// The transaction is invalid: it leaves the pool.
    pub fn refused(&self, candidate: &Candidate) {
        self.inner.lock().refused(candidate);
    }

    /// The open block has no room for the transaction: it waits for the next.
    pub fn postponed(&self, candidate: &Candidate) {
        self.inner.lock().postponed(candidate);
    }

    /// A block is opened, with this base fee in wei per gas and nothing in it.
    pub fn open(&self, base_fee: u64) {
        self.inner.lock().open(base_fee);
    }

    /// The head is now `head`; `states` are the senders among the accounts that changed.
    pub fn follow(&self, head: u64, states: impl IntoIterator<Item = (Address, SenderState)>) {
        let mut inner = self.inner.lock();
        inner.follow(head, states);
    }

    /// Drops what has waited behind a gap for too long.
    pub fn expire(&self, now: Instant) {
        self.inner.lock().expire(now, self.config.lifetime);
    }

    /// The senders of all that waits.
    pub fn senders(&self) -> Vec<Address> {
        self.inner.lock().senders()
    }

    /// Whether anything of this account waits.
    pub fn is_sender(&self, address: Address) -> bool {
        self.inner.lock().is_sender(address)
    }

    /// Whether a transaction could be put into the open block.
    pub fn is_ready(&self) -> bool {
        self.inner.lock().is_ready()
    }

    /// A transaction that waits.
    pub fn get(&self, hash: B256) -> Option<Recovered<Transaction>> {
        let candidate = self.inner.lock().get(hash)?;
        Some(Recovered::new_unchecked(candidate.transaction.clone(), candidate.sender))
    }

    /// The nonce after those of `sender` that wait without a gap, if any waits.
    pub fn next_nonce(&self, sender: Address) -> Option<u64> {
        self.inner.lock().next_nonce(sender)
    }

    /// How full the pool is.
    pub fn status(&self) -> PoolStatus {
        let inner = self.inner.lock();
        let (pending, queued) = inner.status();
        PoolStatus { pending, queued, bytes: inner.bytes() }
    }
}
