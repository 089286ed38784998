//! How PHA comes out of the endowment.

use alloy_primitives::{Address, U256, U512};

use crate::{Contracts, Refusal, Rewards, Roles, Setting, Token, Vpha};

/// Most that is ever paid: 700,000,000 PHA, in wei.
pub const CAP: U256 = U256::from_limbs([0x0978_59c4_3c00_0000, 0x0243_06c4, 0, 0]);

const DAY: u64 = 86_400;
const EPOCH_DAYS: u64 = 180;
/// After 62 years less than 10^-15 of the first day's amount is left: nothing is paid any more.
const EPOCHS: u64 = 127;

/// The schedule, and how far it was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Gets 20 %.
    pub treasury: Address,
    /// The first day that was not paid.
    pub next_day: u64,
    /// What was paid, in wei.
    pub emitted: U256,
    start: u64,
    initial_daily: U256,
    at: Contracts,
    roles: Roles,
}

impl Emission {
    pub(crate) fn new(setting: &Setting) -> Self {
        Self {
            treasury: setting.roles.treasury,
            next_day: 0,
            emitted: U256::ZERO,
            start: setting.start,
            initial_daily: setting.initial_daily,
            at: setting.at,
            roles: setting.roles,
        }
    }

    /// floor(e0 * 3^k / 4^k), where k = floor(day / 180).
    pub fn daily(&self, day: u64) -> U256 {
        let epoch = day.checked_div(EPOCH_DAYS).unwrap_or_default();
        if epoch >= EPOCHS {
            return U256::ZERO;
        }
        let epochs = U512::from(epoch);
        let raised = U512::from(self.initial_daily).saturating_mul(U512::from(3).saturating_pow(epochs));
        raised.checked_div(U512::from(4).saturating_pow(epochs)).unwrap_or_default().saturating_to()
    }

    /// The day that it is: 0 on the first.
    pub fn today(&self, now: u64) -> u64 {
        now.saturating_sub(self.start).checked_div(DAY).unwrap_or_default()
    }

    /// Pays the days that are over, at most `most` of them, until one cannot be paid in full. Returns what was paid. Refused:
    /// that is nothing; a part is too small to stream.
    pub(crate) fn distribute(
        &mut self,
        pha: &mut Token,
        vpha: &mut Vpha,
        rewards: &mut Rewards,
        most: U256,
        now: u64,
    ) -> Result<U256, Refusal> {
        let funds = pha.balance(self.at.emission);
        let mut amount = U256::ZERO;
        let mut day = self.next_day;
        while day < self.today(now) && U256::from(day.saturating_sub(self.next_day)) < most {
            let left = CAP.saturating_sub(self.emitted).saturating_sub(amount);
            let with_it = amount.saturating_add(self.daily(day).min(left));
            if with_it > funds {
                break;
            }
            amount = with_it;
            day = day.saturating_add(1);
        }
        if amount.is_zero() {
            return Err(Refusal::NothingToDistribute);
        }
        let percent = |part: u64| crate::part(amount, U256::from(part), U256::from(100));
        let (for_treasury, for_stakers) = (percent(20), percent(40));
        let for_provers = amount.saturating_sub(for_treasury).saturating_sub(for_stakers);
        vpha.rewards.with(for_stakers)?;
        rewards.stream.with(for_provers)?;

        self.next_day = day;
        self.emitted = self.emitted.saturating_add(amount);
        pha.transfer(self.at.emission, self.treasury, for_treasury)?;
        pha.approve(self.at.emission, self.at.vpha, for_stakers);
        vpha.notify_reward(pha, self.at.emission, for_stakers)?;
        pha.approve(self.at.emission, self.at.rewards, for_provers);
        rewards.notify_reward(pha, self.at.emission, for_provers)?;
        Ok(amount)
    }

    /// Refused: not the timelock; nobody.
    pub(crate) fn set_treasury(&mut self, by: Address, to: Address) -> Result<(), Refusal> {
        if by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        if to.is_zero() {
            return Err(Refusal::InvalidConfig);
        }
        self.treasury = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ether;

    #[test]
    fn the_cap_is_700_million_and_the_schedule_comes_near_it() {
        assert_eq!(CAP, ether(700_000_000));
        let emission = Emission::new(&Setting::default());
        let epochs = (0..EPOCHS).map(|epoch| emission.daily(epoch * EPOCH_DAYS) * U256::from(EPOCH_DAYS));
        let total = epochs.fold(U256::ZERO, |sum, amount| sum + amount);
        assert!(total <= CAP && CAP - total < ether(1000), "{total}");
        assert_eq!(emission.daily(EPOCHS * EPOCH_DAYS), U256::ZERO);
    }
}
