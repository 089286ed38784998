//! All of staking at one time.

use alloy_primitives::{Address, U256};

use crate::{Court, DEAD, Emission, Operation, Pools, Refusal, Rewards, Setting, Token, Vpha, setting::SEED};

/// The contracts, and PHA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// What it was deployed with.
    pub setting: Setting,
    /// Unix time in seconds.
    pub now: u64,
    /// PHA.
    pub pha: Token,
    /// vPHA.
    pub vpha: Vpha,
    /// Collateral.
    pub pools: Pools,
    /// Cases.
    pub court: Court,
    /// Rewards of provers.
    pub rewards: Rewards,
    /// The endowment's schedule.
    pub emission: Emission,
    /// The last batch.
    pub batches: u64,
    /// The last batch that is recorded as final.
    pub finalized: u64,
}

impl World {
    /// As it is deployed: vPHA has its seed, and nobody else has PHA yet.
    pub fn new(setting: Setting) -> Self {
        let mut pha = Token::default();
        pha.mint(setting.at.vpha, SEED);
        Self {
            now: setting.start,
            pha,
            vpha: Vpha::new(&setting),
            pools: Pools::new(&setting),
            court: Court::new(&setting),
            rewards: Rewards::new(&setting),
            emission: Emission::new(&setting),
            batches: 0,
            finalized: 0,
            setting,
        }
    }

    /// Lets `seconds` pass: rewards stream, and nothing else happens.
    pub fn pass(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(seconds);
        self.vpha.pass(seconds);
        self.rewards.pass(seconds);
    }

    /// Does `operation`. Returns the number that its function returns, or zero if it returns none. A refusal changes nothing.
    pub fn apply(&mut self, operation: &Operation) -> Result<U256, Refusal> {
        let now = self.now;
        match operation {
            Operation::SendPha { to, .. } if to.is_zero() => Err(Refusal::InvalidReceiver),
            Operation::SendPha { by, to, amount } => {
                none(self.pha.transfer(*by, *to, *amount).map_err(|_| Refusal::TooLittlePha))
            }
            Operation::ApprovePha { by, spender, amount } => {
                self.pha.approve(*by, *spender, *amount);
                Ok(U256::ZERO)
            }

            Operation::Deposit { by, assets, receiver } => {
                self.vpha.deposit(&mut self.pha, *by, *assets, *receiver, now)
            }
            Operation::Mint { by, shares, receiver } => {
                self.vpha.mint(&mut self.pha, *by, *shares, *receiver, now)
            }
            Operation::RequestUnstake { by, shares } => self.vpha.request_unstake(*by, *shares, now),
            Operation::Cancel { by, id } => self.vpha.cancel(*by, *id, now),
            Operation::Claim { by, id } => self.vpha.claim(&mut self.pha, *by, *id, now),
            // Time did it.
            Operation::Accrue => Ok(U256::ZERO),
            Operation::NotifyStakers { by, assets } => {
                none(self.vpha.notify_reward(&mut self.pha, *by, *assets))
            }
            Operation::Seize { by, shares, to } => self.vpha.seize(&mut self.pha, *by, *shares, *to, now),
            Operation::Pause { by } => none(self.vpha.pause(*by)),
            Operation::Unpause { by } => none(self.vpha.unpause(*by)),
            Operation::Send { by, to, amount } => none(self.vpha.transfer(*by, *to, *amount, now)),
            Operation::SendFrom { by, from, to, amount } => {
                none(self.vpha.transfer_from(*by, *from, *to, *amount, now))
            }
            Operation::Approve { by, spender, amount } => {
                self.vpha.shares.approve(*by, *spender, *amount);
                Ok(U256::ZERO)
            }
            Operation::Delegate { by, to } => {
                self.vpha.delegate(*by, *to, now);
                Ok(U256::ZERO)
            }
            Operation::PastVotes { of, at } => self.vpha.votes.past(*of, *at, now),
            Operation::PastTotal { at } => self.vpha.votes.past_total(*at, now),

            Operation::CreatePool { by, class } => none(self.pools.create(*by, *class)),
            Operation::Bond { by, amount } => self.pools.bond(&mut self.vpha, *by, *amount, now),
            Operation::Thaw { by, shares } => self.pools.thaw(*by, *shares, self.finalized, now),
            Operation::Finish { by, id } => self.pools.finish(&mut self.vpha, *by, *id, now),
            Operation::SettlePool { operator } => Ok(self.pools.settle(*operator, self.finalized)),
            Operation::Slash { by, operator, amount } => self.pools.slash(*by, *operator, *amount),
            Operation::ReserveForCase { by, operator, amount } => {
                none(self.pools.reserve_for_case(*by, *operator, *amount))
            }
            Operation::ReleaseFromCase { by, operator, amount } => {
                none(self.pools.release_from_case(*by, *operator, *amount))
            }
            Operation::PayOut { by, amount, to } => {
                self.pools.pay_out(&mut self.vpha, &mut self.pha, *by, *amount, *to, now)
            }
            Operation::SetClass { by, number, class } => none(self.pools.set_class(*by, *number, *class)),
            Operation::Reserve { by, operators, batch, finalized } => {
                none(self.pools.reserve(*by, operators, *batch, *finalized))
            }

            Operation::Submit { operators } => {
                let batch = self.batches.saturating_add(1);
                self.pools.reserve(self.setting.at.rollup, operators, batch, self.finalized)?;
                self.batches = batch;
                Ok(U256::from(batch))
            }
            Operation::AddProofs { batch, operators } => {
                none(self.pools.reserve(self.setting.at.rollup, operators, *batch, self.finalized))
            }
            Operation::Finalize { batch } => {
                if *batch <= self.batches {
                    self.finalized = self.finalized.max(*batch);
                }
                Ok(U256::ZERO)
            }
            Operation::Discard { keep } => {
                self.batches = *keep;
                Ok(U256::ZERO)
            }

            Operation::Equivocation { by, operator, evidence, reporter } => {
                none(self.court.equivocation(&mut self.pools, *by, *operator, *evidence, *reporter, now))
            }
            Operation::Dispute { by, operators, evidence, reporter } => {
                none(self.court.dispute(&mut self.pools, *by, *operators, *evidence, *reporter, now))
            }
            Operation::MissedSlot { by, operator, evidence, payee } => {
                self.court.missed_slot(&mut self.pools, *by, *operator, *evidence, *payee, now)
            }
            Operation::Uphold { by, id } => none(self.court.uphold(*by, *id, now)),
            Operation::Dismiss { by, id } => none(self.court.dismiss(&mut self.pools, *by, *id, now)),
            Operation::Veto { by, id } => none(self.court.veto(&mut self.pools, *by, *id, now)),
            Operation::Execute { id } => self.court.execute(&mut self.pools, *id, now),
            Operation::SettleCase { id } => {
                none(self.court.settle(&mut self.pools, &mut self.vpha, &mut self.pha, *id, now))
            }
            Operation::Expire { id } => none(self.court.expire(&mut self.pools, *id, now)),
            Operation::SetSlots { by, scheduler, slot_bond } => {
                none(self.court.set_slots(*by, *scheduler, *slot_bond))
            }

            Operation::NotifyProvers { by, assets } => {
                none(self.rewards.notify_reward(&mut self.pha, *by, *assets))
            }
            Operation::ClaimReward { operator } => {
                self.rewards.claim(&mut self.pools, &mut self.pha, *operator, self.finalized)
            }
            Operation::SettleReward { operator } => {
                self.rewards.settle(&mut self.pools, *operator, self.finalized);
                Ok(U256::ZERO)
            }
            Operation::SetRewardRate { by, rate } => none(self.rewards.set_rate(*by, *rate)),
            Operation::Distribute { most } => {
                self.emission.distribute(&mut self.pha, &mut self.vpha, &mut self.rewards, *most, now)
            }
            Operation::SetTreasury { by, to } => none(self.emission.set_treasury(*by, *to)),
        }
    }

    /// PHA that is burned: what [`DEAD`] has.
    pub fn burned(&self) -> U256 {
        self.pha.balance(DEAD)
    }

    /// Whether `who` is one of the contracts.
    pub fn is_contract(&self, who: Address) -> bool {
        let at = self.setting.at;
        [at.pha, at.vpha, at.pool, at.court, at.rewards, at.emission, at.rollup].contains(&who)
    }
}

fn none(result: Result<(), Refusal>) -> Result<U256, Refusal> {
    result.map(|()| U256::ZERO)
}
