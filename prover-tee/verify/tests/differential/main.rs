//! The contracts, `dcap-qvl` and `tdx-quote` judge the same quotes. A difference fails the test.
//!
//! Every quote is made by the software platform, whose formats are Intel's byte for byte, and then damaged, mixed up or
//! judged by collateral that says something else. The contracts run in an EVM; what they must say is `dcap-qvl`'s
//! verdict with this chain's policy on top.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::cast_possible_truncation, reason = "random numbers are cut to what is needed")]

mod bytes;
mod certificates;
mod collateral;
mod levels;
mod random;
mod td;
mod world;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use world::{Agreed, Case, World};

/// What the issue of this chain's attestation asks for.
const LEAST: usize = 10_000;

#[test]
fn contracts_and_dcap_qvl_agree() {
    let world = World::new();
    let groups: [(&str, Vec<Case>); 5] = [
        ("guests", td::cases(&world)),
        ("bytes", bytes::cases(&world)),
        ("certificates", certificates::cases(&world)),
        ("levels", levels::cases(&world)),
        ("collateral", collateral::cases(&world)),
    ];
    let (mut total, mut by_tdx_quote) = (0, 0);
    let differences = Mutex::new(Vec::new());
    for (name, cases) in groups {
        let tally = Tally::of(&world, &cases, &differences);
        println!("{name}: {} quotes: {tally}", cases.len());
        let accepted = tally.statuses.get("UpToDate").copied().unwrap_or_default();
        assert!(accepted > 0 && accepted < cases.len(), "{name} shows nothing");
        total += cases.len();
        by_tdx_quote += tally.by_tdx_quote;
    }
    assert!(by_tdx_quote > 0);
    println!("{total} quotes");
    let differences = differences.into_inner().unwrap();
    let some: Vec<&str> = differences.iter().take(40).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), some.join("\n"));
    assert!(total >= LEAST, "{total} quotes, not {LEAST}");
}

/// What became of the quotes.
#[derive(Default)]
struct Tally {
    statuses: BTreeMap<String, usize>,
    by_tdx_quote: usize,
}

impl Tally {
    /// Has `cases` judged on all cores.
    fn of(world: &World, cases: &[Case], differences: &Mutex<Vec<String>>) -> Self {
        let (tally, next) = (Mutex::new(Self::default()), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
                scope.spawn(|| {
                    let mut judge = world.judge();
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match judge.agree(case) {
                            Ok(agreed) => tally.lock().unwrap().add(&agreed),
                            Err(difference) => differences.lock().unwrap().push(difference),
                        }
                    }
                });
            }
        });
        tally.into_inner().unwrap()
    }

    fn add(&mut self, agreed: &Agreed) {
        let status = agreed.status.map_or("refused".to_owned(), |status| format!("{status:?}"));
        *self.statuses.entry(status).or_default() += 1;
        self.by_tdx_quote += usize::from(agreed.by_tdx_quote);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (status, count) in &self.statuses {
            write!(f, "{count} {status}, ")?;
        }
        write!(f, "{} read by tdx-quote too", self.by_tdx_quote)
    }
}
