//! What the relayer may spend: so much wei within any window of time.

use std::{collections::VecDeque, time::Duration};

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At most so many wei ...
    pub wei: U256,
    /// ... within so much time.
    pub window: Duration,
}

/// What was spent, and what is set aside for transactions under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spending(VecDeque<Expense>);

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expense {
    /// Unix time in seconds.
    at: u64,
    /// What it cost, or the most that it may cost while it is under way.
    wei: U256,
    /// To find it again.
    what: String,
}

impl Spending {
    /// What may still be spent at `now`.
    pub fn left(&self, limit: &Limit, now: u64) -> U256 {
        let since = now.saturating_sub(limit.window.as_secs());
        let recent = self.0.iter().filter(|expense| expense.at > since);
        let spent = recent.fold(U256::ZERO, |sum, expense| sum.saturating_add(expense.wei));
        limit.wei.saturating_sub(spent)
    }

    /// Sets `most` wei aside for `what`, if that much is left. It stays so if the program dies before it learns the cost.
    #[must_use]
    pub fn set_aside(&mut self, limit: &Limit, what: &str, most: U256, now: u64) -> bool {
        let since = now.saturating_sub(limit.window.as_secs());
        self.0.retain(|expense| expense.at > since);
        // The same transaction, from before an interruption.
        self.0.retain(|expense| expense.what != what);
        if self.left(limit, now) < most {
            return false;
        }
        self.0.push_back(Expense { at: now, wei: most, what: what.to_owned() });
        true
    }

    /// What was set aside for `what` cost so much.
    pub fn settle(&mut self, what: &str, cost: U256) {
        if let Some(expense) = self.0.iter_mut().rev().find(|expense| expense.what == what) {
            expense.wei = cost;
            // Another transaction of the same name is another expense.
            expense.what.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(wei: u64, seconds: u64) -> Limit {
        Limit { wei: U256::from(wei), window: Duration::from_secs(seconds) }
    }

    #[test]
    fn what_is_spent_comes_back_when_the_window_is_over() {
        let (limit, mut spending) = (limit(100, 10), Spending::default());
        assert!(spending.set_aside(&limit, "a", U256::from(60), 1000));
        assert!(!spending.set_aside(&limit, "b", U256::from(60), 1000));
        spending.settle("a", U256::from(30));
        assert_eq!(spending.left(&limit, 1000), U256::from(70));
        assert!(spending.set_aside(&limit, "b", U256::from(60), 1001));
        assert_eq!(spending.left(&limit, 1009), U256::from(10));
        assert_eq!(spending.left(&limit, 1010), U256::from(40));
        assert_eq!(spending.left(&limit, 1011), U256::from(100));
    }

    #[test]
    fn after_a_crash_the_same_transaction_is_not_counted_twice() {
        let (limit, mut spending) = (limit(100, 10), Spending::default());
        assert!(spending.set_aside(&limit, "a", U256::from(60), 1000));
        let text = serde_json::to_string(&spending).unwrap();
        let mut spending: Spending = serde_json::from_str(&text).unwrap();
        assert!(spending.set_aside(&limit, "a", U256::from(70), 1002));
        assert_eq!(spending.left(&limit, 1002), U256::from(30));
    }

    proptest! {
        #[test]
        fn no_window_ever_costs_more_than_its_limit(
            steps in prop::collection::vec((0u64..5, 0u64..60, 0u64..=100), 1..80),
        ) {
            let (limit, mut spending) = (limit(100, 10), Spending::default());
            let (mut now, mut paid) = (1000, Vec::new());
            for (place, (pause, most, share)) in steps.into_iter().enumerate() {
                now += pause;
                if spending.set_aside(&limit, &place.to_string(), U256::from(most), now) {
                    let cost = most * share / 100;
                    spending.settle(&place.to_string(), U256::from(cost));
                    paid.push((now, cost));
                }
                let recent: u64 = paid.iter().filter(|(at, _)| *at > now - 10).map(|(_, wei)| wei).sum();
                prop_assert!(recent <= 100);
            }
        }
    }
}
