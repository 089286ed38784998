//! Votes: the shares of all who delegate to an account, and what they were before.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::{Refusal, Token};

/// Values by the time from which on they held.
type History = Vec<(u64, U256)>;

/// Who votes for whom, and how many votes there were when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    delegates: BTreeMap<Address, Address>,
    of: BTreeMap<Address, History>,
    total: History,
}

impl Votes {
    /// Whom `owner` lets vote; the zero address if nobody.
    pub fn delegate(&self, owner: Address) -> Address {
        self.delegates.get(&owner).copied().unwrap_or_default()
    }

    /// The votes that `account` has now.
    pub fn of(&self, account: Address) -> U256 {
        self.of.get(&account).map(latest).unwrap_or_default()
    }

    /// All votes now.
    pub fn total(&self) -> U256 {
        latest(&self.total)
    }

    /// Times at which the votes of `account` changed.
    pub fn changes(&self, account: Address) -> impl Iterator<Item = u64> {
        self.of.get(&account).into_iter().flatten().map(|(time, _)| *time)
    }

    /// The votes that `account` had at `time`, which must be over.
    pub(crate) fn past(&self, account: Address, time: u64, now: u64) -> Result<U256, Refusal> {
        over(time, now)?;
        Ok(self.of.get(&account).map(|history| at(history, time)).unwrap_or_default())
    }

    /// All votes at `time`, which must be over.
    pub(crate) fn past_total(&self, time: u64, now: u64) -> Result<U256, Refusal> {
        over(time, now)?;
        Ok(at(&self.total, time))
    }

    pub(crate) fn set_delegate(&mut self, owner: Address, to: Address) {
        self.delegates.insert(owner, to);
    }

    /// Counts all votes anew, and remembers what changed.
    pub(crate) fn count(&mut self, shares: &Token, now: u64) {
        let mut counted: BTreeMap<Address, U256> = BTreeMap::new();
        for (owner, to) in &self.delegates {
            if !to.is_zero() {
                let sum = counted.entry(*to).or_default();
                *sum = sum.saturating_add(shares.balance(*owner));
            }
        }
        for (account, history) in &mut self.of {
            let votes = counted.remove(account).unwrap_or_default();
            record(history, votes, now);
        }
        for (account, votes) in counted {
            record(self.of.entry(account).or_default(), votes, now);
        }
        record(&mut self.total, shares.total(), now);
    }
}

fn over(time: u64, now: u64) -> Result<(), Refusal> {
    if time < now { Ok(()) } else { Err(Refusal::FutureLookup) }
}

fn latest(history: &History) -> U256 {
    history.last().map(|(_, value)| *value).unwrap_or_default()
}

fn at(history: &History, time: u64) -> U256 {
    let before = history.iter().rev().find(|(from, _)| *from <= time);
    before.map(|(_, value)| *value).unwrap_or_default()
}

fn record(history: &mut History, value: U256, now: u64) {
    if latest(history) == value {
        return;
    }
    match history.last_mut() {
        Some((time, last)) if *time == now => *last = value,
        _ => history.push((now, value)),
    }
}
