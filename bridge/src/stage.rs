//! Where a withdrawal stands, and what has to happen next: a function of what the two chains say.

use std::time::Duration;

use alloy_primitives::{Address, U256};
use serde::Serialize;

/// What the chains say of one withdrawal. Times are Unix seconds, of L1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Time of L1's newest block.
    pub now: u64,
    /// L2 block of the withdrawal.
    pub block: u64,
    /// Number of the last final output, and the last L2 block that it covers.
    pub output: (u64, u64),
    /// Since when a conflict between provers is open.
    pub conflict_since: Option<u64>,
    /// Until when the council stopped withdrawals; in the past if it did not.
    pub paused_until: u64,
    /// When it was proved.
    pub proven_at: Option<u64>,
    /// Seconds from proof to finalising.
    pub period: u64,
    /// Whether it was executed on L1.
    pub finalized: bool,
    /// Whether its call on L1 went well, if that is known.
    pub call_succeeded: Option<bool>,
    /// What L1's messenger remembers of the message in it.
    pub message: Option<MessageState>,
    /// Why finalising it now would revert.
    pub obstacle: Option<Obstacle>,
}

/// What a messenger remembers of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageState {
    /// Nothing.
    Unknown,
    /// Its call failed. Anybody can replay it.
    Failed,
    /// It was delivered.
    Delivered,
}

/// Why a proved withdrawal cannot be finalised though its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The window's quota is used up.
    Quota {
        /// Zero for ether.
        token: Address,
        /// What could leave now.
        available: U256,
        /// When it fits; `None` if it is above the whole quota.
        retry_at: Option<u64>,
    },
    /// Something else, in words.
    Other(String),
}

/// Where a withdrawal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Stage {
    /// No final output covers its block yet.
    WaitingForOutput {
        /// Its block.
        block: u64,
        /// The last block that is covered.
        covered: u64,
    },
    /// It can be proved.
    ReadyToProve {
        /// With this output.
        output_index: u64,
    },
    /// It is proved, and the period is not over.
    Proven {
        /// When it can be finalised.
        ready_at: u64,
    },
    /// It can be finalised.
    ReadyToFinalize,
    /// It exceeds what may leave in this window. It is not lost.
    QuotaExceeded {
        /// Zero for ether.
        token: Address,
        /// What could leave now, in the smallest unit.
        #[serde(serialize_with = "crate::words::decimal")]
        available: U256,
        /// When it fits if nothing else leaves; none if only a higher quota helps.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_at: Option<u64>,
    },
    /// The council stopped withdrawals.
    Paused {
        /// Until then, unless it ends the pause before.
        until: u64,
        /// Whether it is proved already.
        proven: bool,
    },
    /// Provers contradict each other. Nothing leaves before that is resolved.
    Conflict {
        /// Since when.
        since: u64,
        /// Whether it is proved already.
        proven: bool,
    },
    /// L1 refuses to finalise it for some other reason.
    Refused {
        /// In words.
        reason: String,
    },
    /// It is done.
    Finalized,
    /// It is done, but the message in it failed. Anybody can replay it.
    MessageFailed,
    /// It is spent, and its call failed.
    CallFailed,
}

impl Facts {
    /// Where it stands.
    pub fn stage(&self) -> Stage {
        if self.finalized {
            return match (self.message, self.call_succeeded) {
                (Some(MessageState::Failed), _) => Stage::MessageFailed,
                (Some(MessageState::Delivered), _) => Stage::Finalized,
                (_, Some(false)) => Stage::CallFailed,
                _ => Stage::Finalized,
            };
        }
        let proven = self.proven_at.is_some();
        if let Some(since) = self.conflict_since {
            return Stage::Conflict { since, proven };
        }
        if self.paused_until > self.now {
            return Stage::Paused { until: self.paused_until, proven };
        }
        let Some(proven_at) = self.proven_at else {
            let (output_index, covered) = self.output;
            return if covered >= self.block {
                Stage::ReadyToProve { output_index }
            } else {
                Stage::WaitingForOutput { block: self.block, covered }
            };
        };
        let ready_at = proven_at.saturating_add(self.period);
        if self.now < ready_at {
            return Stage::Proven { ready_at };
        }
        match &self.obstacle {
            None => Stage::ReadyToFinalize,
            Some(Obstacle::Quota { token, available, retry_at }) => {
                Stage::QuotaExceeded { token: *token, available: *available, retry_at: *retry_at }
            }
            Some(Obstacle::Other(reason)) => Stage::Refused { reason: reason.clone() },
        }
    }
}

impl Stage {
    /// Whether nothing is left to wait for.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Finalized | Self::MessageFailed | Self::CallFailed)
    }

    /// Whether it has been proved.
    pub fn is_proven(&self) -> bool {
        match self {
            Self::WaitingForOutput { .. } | Self::ReadyToProve { .. } => false,
            Self::Paused { proven, .. } | Self::Conflict { proven, .. } => *proven,
            _ => true,
        }
    }

    /// How long to wait before looking again, if L1's newest block is of time `now`.
    pub fn look_again_in(&self, now: u64) -> Duration {
        let until = match self {
            Self::Proven { ready_at } => *ready_at,
            Self::QuotaExceeded { retry_at: Some(at), .. } => *at,
            Self::Paused { until, .. } => *until,
            _ => now,
        };
        // Others may use up the quota, and the council may end its pause.
        Duration::from_secs(until.saturating_sub(now).clamp(2, 30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            now: 1000,
            block: 50,
            output: (3, 60),
            conflict_since: None,
            paused_until: 0,
            proven_at: None,
            period: 10,
            finalized: false,
            call_succeeded: None,
            message: None,
            obstacle: None,
        }
    }

    #[test]
    fn the_way_of_a_withdrawal() {
        let mut at = Facts { output: (2, 49), ..facts() };
        assert_eq!(at.stage(), Stage::WaitingForOutput { block: 50, covered: 49 });
        at.output = (3, 50);
        assert_eq!(at.stage(), Stage::ReadyToProve { output_index: 3 });
        at.proven_at = Some(1000);
        assert_eq!(at.stage(), Stage::Proven { ready_at: 1010 });
        assert_eq!(at.stage().look_again_in(at.now), Duration::from_secs(10));
        at.now = 1010;
        assert_eq!(at.stage(), Stage::ReadyToFinalize);
        at.finalized = true;
        assert_eq!(at.stage(), Stage::Finalized);
        assert!(at.stage().is_over());
    }

    #[test]
    fn what_stops_a_withdrawal_is_told_and_does_not_end_it() {
        for proven_at in [None, Some(5)] {
            let proven = proven_at.is_some();
            let paused = Facts { proven_at, paused_until: 1001, ..facts() };
            assert_eq!(paused.stage(), Stage::Paused { until: 1001, proven });
            let both = Facts { conflict_since: Some(7), ..paused };
            assert_eq!(both.stage(), Stage::Conflict { since: 7, proven });
            assert_eq!(both.stage().is_proven(), proven);
            assert!(!both.stage().is_over());
            assert_eq!(Facts { finalized: true, ..both }.stage(), Stage::Finalized);
        }
        let over = Facts { paused_until: 1000, ..facts() };
        assert_eq!(over.stage(), Stage::ReadyToProve { output_index: 3 });

        let quota = |retry_at| Obstacle::Quota { token: Address::ZERO, available: U256::from(1), retry_at };
        let waiting = Facts { proven_at: Some(5), obstacle: Some(quota(Some(1200))), ..facts() };
        assert!(matches!(waiting.stage(), Stage::QuotaExceeded { retry_at: Some(1200), .. }));
        assert_eq!(waiting.stage().look_again_in(1000), Duration::from_secs(30));
        let early = Facts { proven_at: Some(999), ..waiting };
        assert_eq!(early.stage(), Stage::Proven { ready_at: 1009 });
        let other = Facts { proven_at: Some(5), obstacle: Some(Obstacle::Other("no".into())), ..facts() };
        assert_eq!(other.stage(), Stage::Refused { reason: "no".into() });
    }

    #[test]
    fn a_failed_message_can_be_replayed_and_a_failed_call_cannot() {
        let done =
            |message, call_succeeded| Facts { finalized: true, message, call_succeeded, ..facts() }.stage();
        assert_eq!(done(Some(MessageState::Failed), Some(false)), Stage::MessageFailed);
        assert_eq!(done(Some(MessageState::Failed), Some(true)), Stage::MessageFailed);
        assert_eq!(done(Some(MessageState::Delivered), Some(false)), Stage::Finalized);
        assert_eq!(done(Some(MessageState::Unknown), Some(false)), Stage::CallFailed);
        assert_eq!(done(None, Some(false)), Stage::CallFailed);
        assert_eq!(done(None, Some(true)), Stage::Finalized);
        assert_eq!(done(None, None), Stage::Finalized);
    }

    #[test]
    fn times_at_the_edge_do_not_overflow() {
        let far = Facts { proven_at: Some(u64::MAX), period: u64::MAX, ..facts() };
        assert_eq!(far.stage(), Stage::Proven { ready_at: u64::MAX });
        assert_eq!(far.stage().look_again_in(0), Duration::from_secs(30));
    }
}
