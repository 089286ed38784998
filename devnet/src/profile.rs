//! Times and sizes that the contracts are deployed with.
//!
//! All of them in one place, for production and for the devnet, whose users cannot wait for days. What is the same for both
//! (the L1's and L2's chain ids, the pace of batches) stands where it is used.

use alloy_primitives::U256;
use clap::ValueEnum;

/// Which numbers to deploy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// Days become seconds.
    #[default]
    Devnet,
    /// What is deployed where something is at stake.
    Production,
}

impl ProfileName {
    /// The numbers.
    pub const fn profile(self) -> &'static Profile {
        match self {
            Self::Devnet => &Profile::DEVNET,
            Self::Production => &Profile::PRODUCTION,
        }
    }
}

/// The numbers. Times are in seconds, amounts in whole tokens. The reasons are those of the production numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// From the announcement to the execution of what governance decides. 2 days: whoever disagrees sees it coming, and a dispute is
    /// still decided in time (see `case_period`).
    pub timelock_delay: u64,
    /// To finality of a batch with proofs of two independent providers. 1 hour: time for a watchtower to execute the batch again and
    /// to report a double signature, which stops the clock.
    pub fast_delay: u64,
    /// To finality with fewer proofs. 7 days, as optimistic rollups wait: one broken enclave alone is then no more than a fraud
    /// that a week of watching must miss.
    pub slow_delay: u64,
    /// From the registration of a prover's key until it counts. 1 hour: time to notice a key that should not be there.
    pub activation_delay: u64,
    /// For which older keys count after a TCB recovery. 14 days: operators must install what Intel published, and the chain goes on
    /// meanwhile.
    pub recovery_grace: u64,
    /// From the proof of a withdrawal until it is paid. 1 hour on top of finality: the council can still pause.
    pub finalization_period: u64,
    /// In which a withdrawal quota is given back. 1 day.
    pub quota_window: u64,
    /// Most time of one pause by the council, and least between two. 7 days: longer than the timelock takes to decide.
    pub max_pause: u64,

    /// From the request to unstake until PHA can be claimed. 21 days, as Phala's vPHA always had.
    pub unstake_delay: u64,
    /// From `thaw` until an operator can take its vPHA. 21 days: the sum of the next four, so that no bond leaves before a fault
    /// that it stood for is decided. The court's constructor asserts it.
    pub exit_delay: u64,
    /// Time to find a fault. 7 days: at least `slow_delay`, after which all is final.
    pub challenge_period: u64,
    /// Time to decide a case. 7 days: more than a vote and the timelock take together (1 + 3 + 2 days).
    pub case_period: u64,
    /// Time for the council to veto a decision. 3 days: over a weekend.
    pub veto_period: u64,
    /// Time for anyone to execute a decision. 4 days: nobody needs to hurry, and a congested L1 does not let anyone escape.
    pub margin: u64,
    /// What a reporter gets of a slash, in basis points. 1,000, the most there is: enough to pay for watching, too little to make it
    /// worthwhile to report oneself.
    pub reporter_share: u64,
    /// Over which a reward is streamed. 7 days: too long to enter for a moment and leave with it.
    pub reward_duration: u64,
    /// Wei of PHA for each vPHA of weighted bond behind a final proof. 0.05 PHA: 0.5 PHA a proof, so that two proofs every 10 seconds
    /// come to 8,640 PHA a day, 3 % of what the emission brings to compute on the first day; the rest is for the compute market.
    pub reward_rate: u64,
    /// Time by which emission began before the deployment. None.
    pub emission_head_start: u64,

    /// Least bond of a provider that proves, in vPHA. 1,000.
    pub prover_min_bond: u64,
    /// What each batch that is not final takes up of a bond, in vPHA. 10: the least bond stands for 100 batches at a time. What is
    /// taken up is released in two parts, each with its last batch, so it counts for up to twice the delay. An operator that proves a
    /// batch a minute through `fast_delay` needs 1,200; one that proves alone, through `slow_delay`, needs 201,600: the chain slows
    /// down when less stands behind it.
    pub bond_per_batch: u64,

    /// From a proposal to the time whose votes count. 1 day: time to delegate and to unstake in protest.
    pub voting_delay: u64,
    /// For which votes are cast. 3 days.
    pub voting_period: u64,
    /// Votes that a proposer needs, in vPHA. 100,000: one ten-thousandth of all PHA.
    pub proposal_threshold: u64,
    /// Percent of all vPHA that must vote for or abstain. 4, as most governors ask.
    pub quorum_percent: u64,
    /// Whether the deployer's governor stays a proposer beside the holders of vPHA. No.
    pub keeps_governor: bool,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Profile {
    /// For a chain with something at stake.
    pub const PRODUCTION: Self = Self {
        timelock_delay: 2 * DAY,
        fast_delay: HOUR,
        slow_delay: 7 * DAY,
        activation_delay: HOUR,
        recovery_grace: 14 * DAY,
        finalization_period: HOUR,
        quota_window: DAY,
        max_pause: 7 * DAY,
        unstake_delay: 21 * DAY,
        exit_delay: 21 * DAY,
        challenge_period: 7 * DAY,
        case_period: 7 * DAY,
        veto_period: 3 * DAY,
        margin: 4 * DAY,
        reporter_share: 1_000,
        reward_duration: 7 * DAY,
        reward_rate: 50_000_000_000_000_000,
        emission_head_start: 0,
        prover_min_bond: 1_000,
        bond_per_batch: 10,
        voting_delay: DAY,
        voting_period: 3 * DAY,
        proposal_threshold: 100_000,
        quorum_percent: 4,
        keeps_governor: false,
    };

    /// For the devnet: the same rules, in less time. Whoever has a key of the devnet's governor need not wait for a vote.
    pub const DEVNET: Self = Self {
        timelock_delay: 1,
        fast_delay: 0,
        slow_delay: 2 * MINUTE,
        activation_delay: 0,
        recovery_grace: MINUTE,
        finalization_period: 2,
        quota_window: HOUR,
        max_pause: 5 * MINUTE,
        unstake_delay: MINUTE,
        exit_delay: 6 * MINUTE,
        challenge_period: 2 * MINUTE,
        case_period: 2 * MINUTE,
        veto_period: MINUTE,
        margin: MINUTE,
        // Yesterday's emission is there to be earned at once.
        emission_head_start: DAY,
        voting_delay: 5,
        voting_period: 30,
        proposal_threshold: 1_000,
        keeps_governor: true,
        ..Self::PRODUCTION
    };

    /// From the proposal of an upgrade to its execution: a withdrawal that was asked for before gets out, even on the slow
    /// path.
    pub const fn upgrade_delay(&self) -> u64 {
        self.slow_delay + self.finalization_period + if self.keeps_governor { MINUTE } else { 7 * DAY }
    }

    /// Whole tokens in wei.
    pub fn wei(tokens: u64) -> U256 {
        U256::from(tokens) * U256::from(1_000_000_000_000_000_000_u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bond_leaves_before_its_faults_are_decided() {
        for profile in [Profile::PRODUCTION, Profile::DEVNET] {
            let Profile { challenge_period, case_period, veto_period, margin, .. } = profile;
            assert!(profile.exit_delay >= challenge_period + case_period + veto_period + margin);
            assert!(challenge_period >= profile.slow_delay && profile.slow_delay >= profile.fast_delay);
        }
    }

    #[test]
    fn holders_decide_a_case_before_it_expires() {
        for profile in [Profile::PRODUCTION, Profile::DEVNET] {
            let decision = profile.voting_delay + profile.voting_period + profile.timelock_delay;
            assert!(decision < profile.case_period);
            assert!(decision < profile.max_pause);
        }
    }

    #[test]
    fn the_least_bond_stands_for_a_batch() {
        for profile in [Profile::PRODUCTION, Profile::DEVNET] {
            assert!(profile.bond_per_batch != 0 && profile.bond_per_batch <= profile.prover_min_bond);
        }
    }
}
