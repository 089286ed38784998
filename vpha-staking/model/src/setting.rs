//! What is fixed when staking is deployed.

use alloy_primitives::{Address, U256};

/// Who has what is burned, and the seed of vPHA.
pub const DEAD: Address = alloy_primitives::address!("000000000000000000000000000000000000dEaD");

/// PHA that the deployer leaves in vPHA with nobody: 1000 PHA, in wei.
pub const SEED: U256 = U256::from_limbs([0x35c9_adc5_dea0_0000, 0x36, 0, 0]);

/// `amount` PHA or vPHA in wei.
pub fn ether(amount: u64) -> U256 {
    U256::from(u128::from(amount).saturating_mul(1_000_000_000_000_000_000))
}

/// Where the contracts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Contracts {
    pub pha: Address,
    pub vpha: Address,
    pub pool: Address,
    pub court: Address,
    pub rewards: Address,
    pub emission: Address,
    pub rollup: Address,
}

/// Who may do what others may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Sets parameters, decides disputes, lifts pauses.
    pub timelock: Address,
    /// Pauses deposits and vetoes cases.
    pub council: Address,
    /// Gets 20 % of the emission, at first.
    pub treasury: Address,
}

/// All delays, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// From `requestUnstake` to `claim`.
    pub unstake: u64,
    /// From `thaw` to `finish`.
    pub exit: u64,
    /// From opening a case to its decision.
    pub case: u64,
    /// From its decision to its execution.
    pub veto: u64,
    /// In which it can be executed.
    pub margin: u64,
    /// Over which a reward streams.
    pub reward: u64,
}

/// Kind of hardware that a provider stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// vPHA in wei without which a provider does not count.
    pub min_bond: U256,
    /// vPHA in wei that a batch takes up. Zero: the class proves no batches.
    pub bond_per_batch: U256,
    /// What work counts for, in basis points.
    pub weight: U256,
}

/// The values that staking is deployed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where the contracts are.
    pub at: Contracts,
    /// Who may do what.
    pub roles: Roles,
    /// Unix time of deployment in seconds; day 0 of the emission starts then.
    pub start: u64,
    /// All delays.
    pub delays: Delays,
    /// A reporter's part, in basis points.
    pub reporter_share: U256,
    /// The first classes, numbered from 1.
    pub classes: Vec<Class>,
    /// Wei of PHA for each vPHA of weighted bond behind a final proof.
    pub reward_rate: U256,
    /// Emission of day 0, in wei.
    pub initial_daily: U256,
}

impl Default for Setting {
    /// Production's numbers.
    fn default() -> Self {
        const DAY: u64 = 86_400;
        let class = |min_bond, bond_per_batch, weight| Class {
            min_bond: ether(min_bond),
            bond_per_batch: ether(bond_per_batch),
            weight: U256::from::<u64>(weight),
        };
        Self {
            at: Contracts::default(),
            roles: Roles::default(),
            start: 1_900_000_000,
            delays: Delays {
                unstake: 21 * DAY,
                exit: 21 * DAY,
                case: 7 * DAY,
                veto: 3 * DAY,
                margin: 4 * DAY,
                reward: 7 * DAY,
            },
            reporter_share: U256::from(1000),
            classes: vec![
                class(1000, 10, 10_000),
                class(1250, 0, 10_000),
                class(1875, 0, 15_000),
                class(2250, 0, 18_000),
            ],
            reward_rate: U256::from(50_000_000_000_000_000_u64),
            initial_daily: ether(972_222),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_a_thousand_pha() {
        assert_eq!(SEED, ether(1000));
    }
}
