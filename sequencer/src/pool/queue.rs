//! The transactions of one sender, in the order of their nonces.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc, time::Instant};

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use executor::state::{StateError, StateSource};

use super::{Candidate, PoolConfig, PoolError, validate::fees};

/// What the pool needs to know of a sender, as of the newest block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderState {
    /// Nonce of its next transaction.
    pub nonce: u64,
    /// Wei that it has.
    pub balance: U256,
    /// What stands at its address.
    pub code: SenderCode,
}

/// What stands at the address of a sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SenderCode {
    /// Nothing: a plain account.
    #[default]
    Empty,
    /// A delegation (EIP-7702): it may send, and anyone may make it spend.
    Delegation,
    /// A contract: it sends nothing (EIP-3607).
    Contract,
}

impl SenderCode {
    /// Tells from the code itself.
    pub fn of(code: &[u8]) -> Self {
        match code {
            [] => Self::Empty,
            [0xef, 0x01, 0x00, address @ ..] if address.len() == 20 => Self::Delegation,
            _ => Self::Contract,
        }
    }
}

/// A transaction that waits.
#[derive(Clone, Debug)]
pub(super) struct Pooled {
    pub(super) candidate: Arc<Candidate>,
    pub(super) hash: B256,
    /// Rises with every transaction that enters the pool.
    pub(super) arrival: u64,
    pub(super) since: Instant,
}

impl Pooled {
    /// Wei per gas that the sequencer gets in a block with this base fee; `None` if the transaction
    /// does not pay the base fee.
    pub(super) fn tip(&self, base_fee: u64) -> Option<u128> {
        let (fee_cap, tip_cap) = fees(&self.candidate.transaction);
        Some(fee_cap.checked_sub(u128::from(base_fee))?.min(tip_cap))
    }

    /// Wei per gas by which one transaction beats another when there is too little room for both.
    pub(super) fn price(&self) -> (u128, u128) {
        let (fee_cap, tip_cap) = fees(&self.candidate.transaction);
        (tip_cap, fee_cap)
    }
}

/// The next transaction of a sender. The greatest is served first: most tip, then first come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ready {
    pub(super) tip: u128,
    pub(super) arrival: Reverse<u64>,
    pub(super) sender: Address,
}

/// One sender: what the state says of it, and what waits.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) state: SenderState,
    /// First nonce that is not in the open block. At least `state.nonce`.
    pub(super) next: u64,
    /// Sum of the costs of all that waits.
    pub(super) cost: U256,
    /// What waits, by nonce. No nonce is below `state.nonce`.
    pub(super) waiting: BTreeMap<u64, Pooled>,
    /// Under which key the pool lists this sender as ready, if it does.
    pub(super) listed: Option<Ready>,
}

impl Queue {
    pub(super) const fn new(state: SenderState) -> Self {
        Self { state, next: state.nonce, cost: U256::ZERO, waiting: BTreeMap::new(), listed: None }
    }

    /// The first nonce at or after [`Self::next`] that does not wait.
    pub(super) fn first_gap(&self) -> u64 {
        let mut gap = self.next;
        while self.waiting.contains_key(&gap) {
            gap += 1;
        }
        gap
    }

    /// Checks that `candidate` may stand in this queue; hash of the transaction it replaces, if any.
    pub(super) fn admit(
        &self,
        candidate: &Candidate,
        delegated: bool,
        config: &PoolConfig,
    ) -> Result<Option<B256>, PoolError> {
        let nonce = candidate.transaction.nonce();
        if self.state.code == SenderCode::Contract {
            return Err(PoolError::SenderNotEoa);
        }
        if nonce < self.next {
            return Err(PoolError::NonceTooLow { next: self.next, nonce });
        }
        let gap = self.first_gap();
        if nonce.saturating_sub(gap) > config.max_nonce_gap {
            return Err(PoolError::NonceTooHigh { next: gap, nonce });
        }
        let balance = self.state.balance;
        if balance < candidate.cost {
            return Err(PoolError::InsufficientFunds { balance, cost: candidate.cost });
        }
        let replaced = self.waiting.get(&nonce);
        let added = match replaced {
            Some(old) => candidate.cost.saturating_sub(old.candidate.cost),
            None => candidate.cost,
        };
        if balance < self.cost.saturating_add(added) {
            return Err(PoolError::Overdraft { balance, queued: self.cost, cost: added });
        }
        if let Some(old) = replaced {
            return if outbids(candidate, &old.candidate, config.price_bump_percent) {
                Ok(Some(old.hash))
            } else {
                Err(PoolError::ReplacementUnderpriced)
            };
        }
        if delegated {
            if self.waiting.len() >= config.delegated_slots {
                return Err(PoolError::DelegatedLimit);
            }
            if nonce > gap {
                return Err(PoolError::DelegatedGap);
            }
        }
        if self.waiting.len() >= config.account_slots {
            return Err(PoolError::AccountLimit(self.waiting.len()));
        }
        Ok(None)
    }

    /// Puts a transaction in its place; what stood there before.
    pub(super) fn put(&mut self, pooled: Pooled) -> Option<Pooled> {
        self.cost += pooled.candidate.cost;
        let old = self.waiting.insert(pooled.candidate.transaction.nonce(), pooled);
        if let Some(old) = &old {
            self.cost -= old.candidate.cost;
        }
        old
    }

    /// Takes a transaction out.
    pub(super) fn remove(&mut self, nonce: u64) -> Option<Pooled> {
        let pooled = self.waiting.remove(&nonce)?;
        self.cost -= pooled.candidate.cost;
        Some(pooled)
    }

    /// Follows the state to a newer block; what became stale or can no longer be paid.
    pub(super) fn follow(&mut self, state: SenderState) -> Vec<Pooled> {
        self.state = state;
        self.next = state.nonce;
        let balance = state.balance;
        let dead: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(nonce, pooled)| {
                **nonce < state.nonce || pooled.candidate.cost > balance || state.code == SenderCode::Contract
            })
            .map(|(nonce, _)| *nonce)
            .collect();
        dead.into_iter().filter_map(|nonce| self.remove(nonce)).collect()
    }
}

/// Whether `new` offers at least `bump` percent more than `old`, in both of its fees.
fn outbids(new: &Candidate, old: &Candidate, bump: u64) -> bool {
    let at_least = |fee: u128| {
        let percent = U256::from(100 + bump);
        let bumped = U256::from(fee) * percent / U256::from(100);
        bumped.max(U256::from(fee) + U256::ONE)
    };
    let ((new_cap, new_tip), (old_cap, old_tip)) = (fees(&new.transaction), fees(&old.transaction));
    U256::from(new_cap) >= at_least(old_cap) && U256::from(new_tip) >= at_least(old_tip)
}

/// Reads what the pool needs to know of a sender.
pub fn read_sender(state: &impl StateSource, sender: Address) -> Result<SenderState, StateError> {
    let Some(account) = state.account(sender)? else { return Ok(SenderState::default()) };
    let code = if account.code_hash == KECCAK256_EMPTY {
        SenderCode::Empty
    } else {
        SenderCode::of(&state.code(account.code_hash)?)
    };
    Ok(SenderState { nonce: account.nonce, balance: account.balance, code })
}
