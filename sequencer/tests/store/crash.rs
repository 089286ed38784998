//! A process that commits, unwinds and prunes is killed at any moment; what it announced is there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use alloy_primitives::keccak256;

use crate::chain::{ACCOUNTS, Chain, Change, SLOTS};

const CHILD: &str = "STORE_CRASH_CHILD";

/// A child never goes further than this, should nobody kill it.
const LAST_BLOCK: u64 = 2000;

#[test]
fn a_killed_process_loses_no_block_that_it_announced() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return commit_until_killed(folder.as_ref());
    }
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(0);
    let mut previous = 0;
    for round in 0u64..12 {
        let random = keccak256(round.to_be_bytes());
        let (lines, pause) = (1 + random[0] % 16, Duration::from_micros(u64::from(random[1]) * 40));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::a_killed_process_loses_no_block_that_it_announced", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heads = Heads { low: previous, high: previous + 1 };
        (0..lines).for_each(|_| heads.see(&output.next().expect("the child goes on until killed").unwrap()));
        let until = Instant::now() + pause;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        output.for_each(|line| heads.see(&line.unwrap()));

        let store = chain.open(folder.path());
        let head = store.snapshot().unwrap().head();
        assert!((heads.low..=heads.high).contains(&head), "head {head} in round {round}, expected {heads:?}");
        extend(&mut chain, head);
        chain.blocks.truncate(head as usize + 1);
        chain.check(&store);
        previous = head;
    }
    assert!(previous > 10, "the children got nowhere: {previous}");
}

/// Which heads the store may have by what the child has said.
#[derive(Debug)]
struct Heads {
    low: u64,
    high: u64,
}

impl Heads {
    fn see(&mut self, line: &str) {
        let number = |text: &str| text.parse::<u64>().unwrap();
        if let Some(head) = line.strip_prefix("committed ") {
            // The next block may be there without having been announced.
            *self = Self { low: number(head), high: number(head) + 1 };
        } else if let Some(head) = line.strip_prefix("unwinding to ") {
            *self = Self { low: number(head), high: self.high };
        }
    }
}

fn commit_until_killed(folder: &Path) {
    let mut chain = Chain::new(0);
    let store = chain.open(folder);
    extend(&mut chain, LAST_BLOCK / 10);
    let mut number = store.snapshot().unwrap().head();
    for step in 1.. {
        number += 1;
        assert!(number < LAST_BLOCK, "nobody killed me");
        extend(&mut chain, number);
        chain.commit(&store, number);
        println!("committed {number}");
        if step % 4 == 0 {
            number -= 2;
            println!("unwinding to {number}");
            store.unwind_to(number).unwrap();
        }
        if step % 7 == 0 {
            store.prune_history_below(number.saturating_sub(6)).unwrap();
        }
    }
}

/// The blocks are the same in every process.
fn extend(chain: &mut Chain, head: u64) {
    while chain.head() < head {
        let random = keccak256((chain.head() + 1).to_be_bytes());
        let changes = random.chunks_exact(4).map(|bytes| {
            let (who, slot, value) = (bytes[1] % ACCOUNTS, bytes[2] % SLOTS, bytes[3] % 4);
            match bytes[0] % 10 {
                0 => Change::Destroy { who },
                1 => Change::Remake { who, slot, value },
                2 => Change::Deploy { who, code: value },
                3 | 4 => Change::Fund { who, balance: value.into() },
                _ => Change::Write { who, slot, value },
            }
        });
        chain.push(&changes.collect::<Vec<_>>());
    }
}
