//! The pool behind its lock: queues, the order in which they are served, and the limits.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256};

use super::{
    Candidate, PoolConfig, PoolError,
    queue::{Pooled, Queue, Ready, SenderState},
};

/// Bytes that a waiting transaction takes beside its encoding: map entries, decoded fields.
const OVERHEAD: usize = 512;

#[derive(Debug)]
pub(super) struct Inner {
    config: PoolConfig,
    queues: HashMap<Address, Queue>,
    places: HashMap<B256, (Address, u64)>,
    /// How many waiting transactions may set the code of this account.
    authorities: HashMap<Address, usize>,
    ready: BTreeSet<Ready>,
    base_fee: u64,
    head: u64,
    bytes: usize,
    arrivals: u64,
}

impl Inner {
    pub(super) fn new(config: PoolConfig) -> Self {
        Self {
            config,
            queues: HashMap::new(),
            places: HashMap::new(),
            authorities: HashMap::new(),
            ready: BTreeSet::new(),
            base_fee: 0,
            head: 0,
            bytes: 0,
            arrivals: 0,
        }
    }

    pub(super) const fn head(&self) -> u64 {
        self.head
    }

    pub(super) fn contains(&self, hash: B256) -> bool {
        self.places.contains_key(&hash)
    }

    pub(super) fn get(&self, hash: B256) -> Option<Arc<Candidate>> {
        let (sender, nonce) = self.places.get(&hash)?;
        Some(self.queues.get(sender)?.waiting.get(nonce)?.candidate.clone())
    }

    /// Lets a candidate in. `state` is that of its sender at block [`Self::head`].
    pub(super) fn insert(
        &mut self,
        candidate: Candidate,
        state: SenderState,
        now: Instant,
    ) -> Result<B256, PoolError> {
        let hash = candidate.transaction.tx_hash();
        if self.contains(hash) {
            return Err(PoolError::AlreadyKnown);
        }
        let sender = candidate.sender;
        let delegated = state.code == super::SenderCode::Delegation || self.authorities.contains_key(&sender);
        let reserved = |authority| {
            self.queues.get(authority).is_some_and(|queue| queue.waiting.len() > self.config.delegated_slots)
        };
        if candidate.authorities.iter().any(reserved) {
            return Err(PoolError::AuthorityReserved);
        }
        match self.queues.get(&sender) {
            Some(queue) => queue.admit(&candidate, delegated, &self.config)?,
            None => Queue::new(state).admit(&candidate, delegated, &self.config)?,
        };

        let pooled = Pooled { candidate: Arc::new(candidate), hash, arrival: self.arrivals, since: now };
        self.arrivals += 1;
        self.count(&pooled);
        let queue = self.queues.entry(sender).or_insert_with(|| Queue::new(state));
        if let Some(old) = queue.put(pooled) {
            self.discount(&old);
        }
        self.refresh(sender);
        self.evict();
        if self.contains(hash) { Ok(hash) } else { Err(PoolError::Full) }
    }

    /// The best transaction that can run now. Until [`Self::accepted`], [`Self::refused`] or
    /// [`Self::postponed`] is told, nothing else of this sender is served.
    pub(super) fn best(&mut self) -> Option<Arc<Candidate>> {
        while let Some(Ready { sender, .. }) = self.ready.pop_last() {
            let Some(queue) = self.queues.get_mut(&sender) else { continue };
            queue.listed = None;
            let Some(pooled) = queue.waiting.get(&queue.next) else { continue };
            queue.next += 1;
            return Some(pooled.candidate.clone());
        }
        None
    }

    /// The transaction is in the open block: its successor may follow.
    pub(super) fn accepted(&mut self, candidate: &Candidate) {
        self.refresh(candidate.sender);
    }

    /// The transaction is invalid: it goes, and its successors wait for another in its place.
    pub(super) fn refused(&mut self, candidate: &Candidate) {
        let nonce = candidate.transaction.nonce();
        if let Some(queue) = self.queues.get_mut(&candidate.sender) {
            queue.next = nonce;
        }
        self.remove(candidate.sender, nonce);
    }

    /// The transaction has no room in the open block: it waits for the next one.
    pub(super) fn postponed(&mut self, candidate: &Candidate) {
        if let Some(queue) = self.queues.get_mut(&candidate.sender) {
            queue.next = candidate.transaction.nonce();
            if let Some(listed) = queue.listed.take() {
                self.ready.remove(&listed);
            }
        }
    }

    /// A block is opened, or opened again: nothing is in it, and the base fee is new.
    pub(super) fn open(&mut self, base_fee: u64) {
        self.base_fee = base_fee;
        self.ready.clear();
        for (sender, queue) in &mut self.queues {
            queue.next = queue.state.nonce;
            queue.listed = ready(*sender, queue, base_fee);
            self.ready.extend(queue.listed);
        }
    }

    /// The head moved to block `head`, and `states` are those of the senders that it changed.
    pub(super) fn follow(&mut self, head: u64, states: impl IntoIterator<Item = (Address, SenderState)>) {
        self.head = head;
        for (sender, state) in states {
            let Some(queue) = self.queues.get_mut(&sender) else { continue };
            for dead in queue.follow(state) {
                self.discount(&dead);
            }
            self.refresh(sender);
            self.forget_if_empty(sender);
        }
    }

    /// Drops what has waited behind a gap for longer than `lifetime`.
    pub(super) fn expire(&mut self, now: Instant, lifetime: Duration) {
        let mut old = Vec::new();
        for (sender, queue) in &self.queues {
            let gap = queue.first_gap();
            old.extend(
                queue
                    .waiting
                    .range(gap..)
                    .filter(|(_, pooled)| now.saturating_duration_since(pooled.since) > lifetime)
                    .map(|(nonce, _)| (*sender, *nonce)),
            );
        }
        for (sender, nonce) in old {
            self.remove(sender, nonce);
        }
    }

    /// The senders in the pool.
    pub(super) fn senders(&self) -> Vec<Address> {
        self.queues.keys().copied().collect()
    }

    pub(super) fn is_sender(&self, address: Address) -> bool {
        self.queues.contains_key(&address)
    }

    /// The nonce after those that wait without a gap; `None` if nothing of the sender waits.
    pub(super) fn next_nonce(&self, sender: Address) -> Option<u64> {
        Some(self.queues.get(&sender)?.first_gap())
    }

    /// How many could run now, and how many wait behind a gap.
    pub(super) fn status(&self) -> (usize, usize) {
        let (mut pending, mut queued) = (0, 0);
        for queue in self.queues.values() {
            let executable = queue.waiting.range(..queue.first_gap()).count();
            pending += executable;
            queued += queue.waiting.len() - executable;
        }
        (pending, queued)
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether something could be put into the open block.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Makes room: the cheapest go, those behind a gap first, each with all that come after it.
    ///
    /// A twentieth is freed at once, so that a full pool does not sort itself for every arrival.
    fn evict(&mut self) {
        if self.bytes <= self.config.max_bytes {
            return;
        }
        let target = self.config.max_bytes - self.config.max_bytes / 20;
        let mut order: Vec<_> = Vec::with_capacity(self.len());
        for (sender, queue) in &self.queues {
            let gap = queue.first_gap();
            for (nonce, pooled) in queue.waiting.range(queue.next..) {
                order.push((*nonce < gap, pooled.price(), Reverse(pooled.arrival), *sender, *nonce));
            }
        }
        order.sort_unstable();
        for (.., sender, nonce) in order {
            if self.bytes <= target {
                break;
            }
            let Some(queue) = self.queues.get(&sender) else { continue };
            let tail: Vec<u64> = queue.waiting.range(nonce..).map(|(nonce, _)| *nonce).collect();
            for nonce in tail.into_iter().rev() {
                self.remove(sender, nonce);
            }
        }
    }

    fn remove(&mut self, sender: Address, nonce: u64) {
        if let Some(pooled) = self.queues.get_mut(&sender).and_then(|queue| queue.remove(nonce)) {
            self.discount(&pooled);
        }
        self.refresh(sender);
        self.forget_if_empty(sender);
    }

    fn forget_if_empty(&mut self, sender: Address) {
        if self.queues.get(&sender).is_some_and(|queue| queue.waiting.is_empty()) {
            self.queues.remove(&sender);
        }
    }

    /// Brings the place of a sender among the ready up to date.
    fn refresh(&mut self, sender: Address) {
        let Some(queue) = self.queues.get_mut(&sender) else { return };
        if let Some(listed) = queue.listed.take() {
            self.ready.remove(&listed);
        }
        queue.listed = ready(sender, queue, self.base_fee);
        self.ready.extend(queue.listed);
    }

    fn count(&mut self, pooled: &Pooled) {
        let candidate = &pooled.candidate;
        self.places.insert(pooled.hash, (candidate.sender, candidate.transaction.nonce()));
        self.bytes += candidate.size + OVERHEAD;
        for authority in &candidate.authorities {
            *self.authorities.entry(*authority).or_default() += 1;
        }
    }

    fn discount(&mut self, pooled: &Pooled) {
        self.places.remove(&pooled.hash);
        self.bytes -= pooled.candidate.size + OVERHEAD;
        for authority in &pooled.candidate.authorities {
            if let Some(count) = self.authorities.get_mut(authority) {
                *count -= 1;
                if *count == 0 {
                    self.authorities.remove(authority);
                }
            }
        }
    }
}

/// The key under which a sender is served, if its next transaction waits and pays the base fee.
fn ready(sender: Address, queue: &Queue, base_fee: u64) -> Option<Ready> {
    let pooled = queue.waiting.get(&queue.next)?;
    Some(Ready { tip: pooled.tip(base_fee)?, arrival: Reverse(pooled.arrival), sender })
}
