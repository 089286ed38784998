//! When a watch ends, and with which exit code.

use contracts_client::exit;

use super::{alarm::Alarm, tower::Round};

/// Rounds in a row that may fail before a single run gives up.
const MAX_FAILURES: u32 = 3;

/// When the watch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Once everything there is has been looked at.
    CaughtUp,
    /// At the first alarm, once what can be done about it is done.
    Alarm,
    /// Never.
    Stopped,
}

/// What the rounds so far have come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    until: Until,
    /// Rounds in a row of which something failed.
    failures: u32,
    /// Whether something waits, by the last round that looked at what was signed.
    waits: bool,
    /// Exit code of the gravest alarm.
    gravest: Option<u8>,
}

impl Course {
    pub(super) const fn new(until: Until) -> Self {
        Self { until, failures: 0, waits: false, gravest: None }
    }

    /// Takes in a round. Returns the exit code if the watch is over.
    ///
    /// An alarm counts even if a later round does not raise it any more: keys that were reported are revoked, and then
    /// nobody has to look at them again, but somebody has to look at this run.
    pub(super) fn after(&mut self, round: &Round) -> Option<u8> {
        self.gravest = self.gravest.into_iter().chain(round.alarms.iter().map(Alarm::exit_code)).min();
        self.failures = if round.troubles.is_empty() { 0 } else { self.failures.saturating_add(1) };
        if round.has_judged {
            self.waits = round.is_pending;
        }
        let gives_up = self.failures >= MAX_FAILURES;
        let is_done = self.failures == 0 && !round.lags && !round.is_pending;
        let is_over = match self.until {
            Until::CaughtUp => is_done || gives_up,
            // A report that is due is not given up because a node is away.
            Until::Alarm => self.gravest.is_some() && (is_done || gives_up && !self.waits),
            Until::Stopped => false,
        };
        let code = if self.failures == 0 { exit::DONE } else { exit::TEMPORARY };
        is_over.then_some(self.gravest.unwrap_or(code))
    }

    /// Exit code of the gravest alarm so far.
    pub(super) const fn gravest(&self) -> Option<u8> {
        self.gravest
    }

    /// Whether the last round failed in something.
    pub(super) const fn has_failed(&self) -> bool {
        self.failures > 0
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256};

    use super::*;
    use crate::watch::tower::Trouble;

    const CONFLICT: Alarm = Alarm::Conflict { since: 1 };
    const KEY: Alarm = Alarm::FalseSignature { signer: Address::ZERO, output: B256::ZERO, last_block: 1 };

    fn round(alarms: &[Alarm]) -> Round {
        Round { alarms: alarms.to_vec(), has_judged: true, ..Round::default() }
    }

    fn failed(alarms: &[Alarm]) -> Round {
        let troubles = vec![Trouble { source: Trouble::L1, reason: "away".into() }];
        Round { troubles, has_judged: false, ..round(alarms) }
    }

    #[test]
    fn the_gravest_alarm_decides() {
        let difference = Alarm::Difference {
            batch: 1,
            on_l1: B256::ZERO,
            computed: None,
            first_block: Some(2),
            reason: "x".into(),
        };
        let code = |alarms: &[Alarm]| Course::new(Until::CaughtUp).after(&round(alarms));
        assert_eq!(code(&[]), Some(0));
        assert_eq!(code(&[CONFLICT]), Some(7));
        assert_eq!(code(&[CONFLICT, KEY]), Some(4));
        assert_eq!(code(&[KEY, difference, CONFLICT]), Some(3));
    }

    #[test]
    fn an_alarm_that_a_report_ends_counts() {
        for until in [Until::CaughtUp, Until::Alarm] {
            let mut course = Course::new(until);
            assert_eq!(course.after(&Round { is_pending: true, ..round(&[KEY]) }), None);
            assert_eq!(course.after(&round(&[CONFLICT])), Some(4));
        }
    }

    #[test]
    fn a_single_run_gives_up_after_three_rounds_that_fail_in_a_row() {
        let mut course = Course::new(Until::CaughtUp);
        assert_eq!(course.after(&failed(&[])), None);
        assert_eq!(course.after(&Round { lags: true, ..round(&[]) }), None);
        assert_eq!(course.after(&failed(&[])), None);
        assert_eq!(course.after(&failed(&[])), None);
        assert_eq!(course.after(&failed(&[])), Some(exit::TEMPORARY));
        let mut course = Course::new(Until::CaughtUp);
        assert_eq!(course.after(&failed(&[KEY])), None);
        assert_eq!(course.after(&round(&[])), Some(4));
    }

    #[test]
    fn a_lasting_watch_ends_at_an_alarm_or_never() {
        let mut course = Course::new(Until::Alarm);
        assert!((0..9).all(|_| course.after(&failed(&[])).is_none() && course.after(&round(&[])).is_none()));
        assert_eq!(course.after(&round(&[CONFLICT])), Some(7));
        // Not before everything there is was looked at.
        let mut course = Course::new(Until::Alarm);
        assert_eq!(course.after(&Round { lags: true, ..round(&[CONFLICT]) }), None);
        assert_eq!(course.after(&round(&[CONFLICT, KEY])), Some(4));
        // A node that is away keeps nobody from hearing of an alarm, unless a report is due.
        let mut course = Course::new(Until::Alarm);
        assert_eq!(course.after(&round(&[])), None);
        assert_eq!([0; 3].map(|_| course.after(&failed(&[CONFLICT]))), [None, None, Some(7)]);
        let mut course = Course::new(Until::Alarm);
        assert_eq!(course.after(&Round { is_pending: true, ..round(&[KEY]) }), None);
        assert!((0..9).all(|_| course.after(&failed(&[])).is_none()));
        assert_eq!(course.after(&round(&[KEY])), Some(4));
        assert_eq!(Course::new(Until::Stopped).after(&round(&[KEY])), None);
    }
}
