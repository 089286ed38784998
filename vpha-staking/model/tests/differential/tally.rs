//! How often what was done, and refused for what reason.

use std::{collections::BTreeMap, fmt};

use staking_model::{Operation, Refusal};

/// Operations that nothing refuses.
const NEVER_REFUSED: [&str; 9] = [
    "Accrue",
    "Approve",
    "ApprovePha",
    "ClaimReward",
    "Delegate",
    "Discard",
    "Finalize",
    "SettlePool",
    "SettleReward",
];

/// Only for strangers in these trials: the rollup reserves by `Submit` and `AddProofs`, and the pool seizes by `PayOut`.
const NEVER_DONE: [&str; 2] = ["Reserve", "Seize"];

/// Kinds of operations in [`Operation`].
const KINDS: usize = 49;

/// Counts by kind of operation.
#[derive(Default)]
pub(crate) struct Tally {
    done: BTreeMap<String, u64>,
    refused: BTreeMap<String, BTreeMap<Refusal, u64>>,
}

impl Tally {
    pub(crate) fn count<T>(&mut self, operation: &Operation, result: &Result<T, Refusal>) {
        let name = name_of(operation);
        let done = self.done.entry(name.clone()).or_default();
        match result {
            Ok(_) => *done += 1,
            Err(refusal) => *self.refused.entry(name).or_default().entry(*refusal).or_default() += 1,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (name, done) in other.done {
            *self.done.entry(name).or_default() += done;
        }
        for (name, refusals) in other.refused {
            for (refusal, count) in refusals {
                *self.refused.entry(name.clone()).or_default().entry(refusal).or_default() += count;
            }
        }
    }

    /// Every kind of operation must have been done and refused, each at least so often.
    pub(crate) fn assert_populated(&self, least: u64) {
        assert_eq!(self.done.len(), KINDS, "kinds that were tried");
        for (name, done) in &self.done {
            let refused: u64 =
                self.refused.get(name).map(|reasons| reasons.values().sum()).unwrap_or_default();
            let name = name.as_str();
            assert_eq!(NEVER_REFUSED.contains(&name), refused == 0, "{name} was refused {refused} times");
            assert_eq!(NEVER_DONE.contains(&name), *done == 0, "{name} was done {done} times");
            assert!(
                NEVER_REFUSED.contains(&name) || refused >= least,
                "{name} was refused {refused} times alone"
            );
            assert!(NEVER_DONE.contains(&name) || *done >= least, "{name} was done {done} times alone");
        }
    }
}

/// The name of the variant.
fn name_of(operation: &Operation) -> String {
    let shown = format!("{operation:?}");
    shown.split([' ', '(']).next().unwrap_or_default().into()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, done) in &self.done {
            let refused = self.refused.get(name).into_iter().flatten();
            let refused: Vec<_> = refused.map(|(refusal, count)| format!("{refusal:?} {count}")).collect();
            writeln!(f, "{name:16} done {done:7}  refused: {}", refused.join(", "))?;
        }
        Ok(())
    }
}
