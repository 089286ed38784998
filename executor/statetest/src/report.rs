//! What came of the cases.

use std::{collections::BTreeMap, fmt};

/// Counts, and what there is to say about the cases that did not pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    passed: usize,
    /// How many of them did so by the rules from before EIP-7610.
    before_eip_7610: usize,
    /// One line for each failure.
    failed: Vec<String>,
    /// Number of cases by the reason why they were skipped.
    skipped: BTreeMap<String, usize>,
}

/// What came of one case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    PassedBeforeEip7610,
    Failed(String),
    Skipped(String),
}

impl Report {
    /// Adds one case.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::PassedBeforeEip7610 => {
                self.passed += 1;
                self.before_eip_7610 += 1;
            }
            Outcome::Failed(line) => self.failed.push(line),
            Outcome::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
        }
    }

    /// The cases of both.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.before_eip_7610 += other.before_eip_7610;
        self.failed.extend(other.failed);
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self
    }

    /// Whether something was run and nothing failed.
    pub(crate) fn is_success(&self) -> bool {
        self.passed > 0 && self.failed.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (reason, count) in &self.skipped {
            writeln!(f, "skipped {count}: {reason}")?;
        }
        if self.before_eip_7610 > 0 {
            let count = self.before_eip_7610;
            writeln!(
                f,
                "{count} passed by the rules from before EIP-7610, under which their files were made"
            )?;
        }
        for line in &self.failed {
            writeln!(f, "FAILED {line}")?;
        }
        let skipped: usize = self.skipped.values().sum();
        writeln!(f, "{} passed, {} failed, {skipped} skipped", self.passed, self.failed.len())
    }
}
