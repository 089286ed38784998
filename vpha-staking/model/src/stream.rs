//! Rewards that come in at once and go out evenly.

use alloy_primitives::U256;

use crate::Refusal;

/// What has come in and not yet streamed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// N: wei that are still to stream.
    pub unstreamed: U256,
    /// Wei each second, while there are any.
    pub rate: U256,
    /// Seconds over which a reward streams.
    pub duration: u64,
}

impl Stream {
    pub(crate) const fn new(duration: u64) -> Self {
        Self { unstreamed: U256::ZERO, rate: U256::ZERO, duration }
    }

    /// What streams out in `seconds`.
    pub(crate) fn pass(&mut self, seconds: u64) -> U256 {
        let due = self.rate.saturating_mul(U256::from(seconds)).min(self.unstreamed);
        self.unstreamed = self.unstreamed.saturating_sub(due);
        due
    }

    /// The stream after `assets` have come in: these and what was left stream over the whole duration from now on.
    ///
    /// Refused as [`Refusal::RewardTooSmall`] if that is less than a wei each second.
    pub(crate) fn with(&self, assets: U256) -> Result<Self, Refusal> {
        let unstreamed = self.unstreamed.saturating_add(assets);
        let rate = unstreamed.checked_div(U256::from(self.duration)).unwrap_or_default();
        if rate.is_zero() {
            return Err(Refusal::RewardTooSmall);
        }
        Ok(Self { unstreamed, rate, ..*self })
    }
}
