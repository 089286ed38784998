//! A failing trace, made as short as it gets.

use staking_model::Setting;

use crate::trial::{Difference, Step, Translate, Trial};

/// The difference that `trace` ends in, if any, and how many steps it takes.
pub(crate) fn replay(setting: &Setting, trace: &[Step], translate: Translate) -> Option<(usize, Difference)> {
    let mut trial = Trial::new(setting.clone(), translate);
    for (place, step) in trace.iter().enumerate() {
        if let Err(difference) = trial.step(step) {
            return Some((place + 1, difference));
        }
    }
    trial.compare_all().err().map(|difference| (trace.len(), difference))
}

/// Leaves out halves, quarters and so on, down to single steps, as long as there is a difference at all.
pub(crate) fn shrink(
    setting: &Setting,
    mut trace: Vec<Step>,
    translate: Translate,
) -> (Vec<Step>, Difference) {
    let (length, mut difference) = replay(setting, &trace, translate).expect("the trace fails");
    trace.truncate(length);
    let mut size = trace.len().div_ceil(2);
    loop {
        let mut from = 0;
        while from < trace.len() {
            let until = (from + size).min(trace.len());
            let shorter = [&trace[..from], &trace[until..]].concat();
            match replay(setting, &shorter, translate) {
                Some((length, found)) => {
                    trace = shorter;
                    trace.truncate(length);
                    difference = found;
                }
                None => from = until,
            }
        }
        if size <= 1 {
            return (trace, difference);
        }
        size = size.div_ceil(2);
    }
}
