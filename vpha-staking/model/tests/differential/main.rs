//! The contracts as they are compiled, against the model: random operations of random actors, one after the other, and after each of
//! them the contracts must have done, refused, returned and stored what the model says, to the wei.
//!
//! Needs the compiled contracts: `make contracts`. `STEPS=1000000` runs a million steps; `SEED=n` starts with trial n. A
//! difference is printed with its seed and the shortest trace that was found for it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure in a test is the message"
)]

mod abi;
mod deployment;
mod generate;
mod machine;
mod shrink;
mod tally;
mod trial;
mod views;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use alloy_primitives::U256;
use generate::Generator;
use staking_model::Operation;
use tally::Tally;
use trial::{Translate, Trial};

/// Steps of one trial. A trial starts anew, with other delays, before slashes have burned all there is.
const TRIAL: u64 = 5_000;
/// Steps of a run that nobody asked to be longer.
const STEPS: u64 = 60_000;

#[test]
fn the_contracts_are_the_model() {
    let from_environment = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let steps = from_environment("STEPS").unwrap_or(STEPS);
    let first = from_environment("SEED").unwrap_or(1);
    let trials = steps.div_ceil(TRIAL);
    let started = Instant::now();
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |threads| threads.get()) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + trials {
                        return;
                    }
                    let counted = run(seed, TRIAL, Clone::clone).unwrap_or_else(|failed| panic!("{failed}"));
                    tally.lock().unwrap().add(counted);
                }
            });
        }
    });
    let (elapsed, tally) = (started.elapsed(), tally.into_inner().unwrap());
    println!("{tally}{} steps in {elapsed:.1?}", trials * TRIAL);
    tally.assert_populated(if steps >= STEPS { trials / 4 } else { 0 });
}

/// A wei more than the model was told of is noticed, and the trace is short then.
#[test]
fn a_difference_is_found_and_its_trace_is_short() {
    let one_wei_more: Translate = |operation| match operation.clone() {
        Operation::Bond { by, amount } if amount != U256::MAX => {
            Operation::Bond { by, amount: amount + U256::ONE }
        }
        other => other,
    };
    let failed = run(1, TRIAL, one_wei_more).err().unwrap();
    // PHA, two allowances, a deposit, a pool, the bond.
    assert!(failed.lines().count() < 12, "{failed}");
    assert!(failed.contains("Bond"), "{failed}");
}

/// One trial. Errors with the shortest trace that ends in a difference.
fn run(seed: u64, steps: u64, translate: Translate) -> Result<Tally, String> {
    let mut generator = Generator::new(seed);
    let mut trial = Trial::new(generator.setting(), translate);
    let setting = trial.world.setting.clone();
    let mut trace = Vec::new();
    let mut tally = Tally::default();
    let mut opening = generator.opening(&setting).into_iter();
    let mut failed = false;
    for _ in 0..steps {
        let step = opening.next().unwrap_or_else(|| generator.next(&trial.world));
        trace.push(step.clone());
        match trial.step(&step) {
            Ok(result) => tally.count(&step.operation, &result),
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    if !failed && trial.compare_all().is_ok() {
        return Ok(tally);
    }
    let (shortest, difference) = shrink::shrink(&setting, trace, translate);
    let listed: Vec<_> =
        shortest.iter().map(|step| format!("  +{} s {:?}", step.wait, step.operation)).collect();
    Err(format!("seed {seed}: {}\n{}\nwith {:?}", difference.0, listed.join("\n"), setting.delays))
}
