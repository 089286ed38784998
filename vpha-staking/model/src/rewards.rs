//! What provers are paid.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::{Contracts, Pools, Refusal, Roles, Setting, Stream, Token, arithmetic::part, ether, vpha::fund};

/// What was funded, and what is owed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewards {
    /// What is still to stream.
    pub stream: Stream,
    /// What has streamed and was not paid.
    pub available: U256,
    /// Wei of PHA for each vPHA of work.
    pub rate: U256,
    /// By operator: work that was turned into PHA, and PHA that is owed.
    accounts: BTreeMap<Address, (U256, U256)>,
    at: Contracts,
    roles: Roles,
}

impl Rewards {
    pub(crate) fn new(setting: &Setting) -> Self {
        Self {
            stream: Stream::new(setting.delays.reward),
            available: U256::ZERO,
            rate: setting.reward_rate,
            accounts: BTreeMap::new(),
            at: setting.at,
            roles: setting.roles,
        }
    }

    /// What `operator` is owed, without work that is not settled.
    pub fn owed(&self, operator: Address) -> U256 {
        self.accounts.get(&operator).map(|(_, owed)| *owed).unwrap_or_default()
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let due = self.stream.pass(seconds);
        self.available = self.available.saturating_add(due);
    }

    /// Takes `assets` of the emission controller and streams them.
    pub(crate) fn notify_reward(
        &mut self,
        pha: &mut Token,
        by: Address,
        assets: U256,
    ) -> Result<(), Refusal> {
        if by != self.at.emission {
            return Err(Refusal::NotAllowed);
        }
        fund(&mut self.stream, pha, by, self.at.rewards, assets)
    }

    /// Turns the work that is final into what is owed, at today's rate, rounded down.
    pub(crate) fn settle(&mut self, pools: &mut Pools, operator: Address, finalized: u64) {
        let work = pools.settle(operator, finalized);
        let (settled, owed) = self.accounts.entry(operator).or_default();
        let earned = part(work.saturating_sub(*settled), self.rate, ether(1));
        *settled = work;
        *owed = owed.saturating_add(earned);
    }

    /// Pays what is owed, as far as that has streamed.
    pub(crate) fn claim(
        &mut self,
        pools: &mut Pools,
        pha: &mut Token,
        operator: Address,
        finalized: u64,
    ) -> Result<U256, Refusal> {
        self.settle(pools, operator, finalized);
        let amount = self.owed(operator).min(self.available);
        pha.transfer(self.at.rewards, operator, amount).map_err(|_| Refusal::TransferFailed)?;
        self.available = self.available.saturating_sub(amount);
        if let Some((_, owed)) = self.accounts.get_mut(&operator) {
            *owed = owed.saturating_sub(amount);
        }
        Ok(amount)
    }

    /// Refused: not the timelock; more than one PHA for a vPHA.
    pub(crate) fn set_rate(&mut self, by: Address, rate: U256) -> Result<(), Refusal> {
        if by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        if rate > ether(1) {
            return Err(Refusal::OutOfBounds);
        }
        self.rate = rate;
        Ok(())
    }
}
