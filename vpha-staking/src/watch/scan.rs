//! Signatures in L1's blocks.
//!
//! They are in the call data of `submitBatch` and `addProofs`. Blocks are those that the replica stored; events and transactions of
//! a block hash to the roots in its header, so that an L1 node can keep them back but not make them up.
//!
//! A transaction may have called the contract through another one. Its input then holds the call somewhere, as a rule in one piece:
//! it is looked for. What is found is held against the event, and what was signed against the registry: where that is a decoy, the
//! next place is tried. Where nothing is found the signatures of that submission stay unknown, which is counted.

use std::collections::BTreeMap;

use alloy::{consensus::Transaction as _, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use contracts_bindings::IRollup::{self, IRollupEvents};
use executor::transition::Transition;
use sequencer::{
    l1::{L1Client, L1Error, RollupEvent},
    store::Store,
};
use tracing::{info, warn};

use super::archive::Cursor;

/// Blocks of one scan.
const MAX_BLOCKS: u64 = 256;
/// Places of a call that are tried in the input of one transaction.
const MAX_PLACES: usize = 16;
/// Batches whose transition is remembered: more proofs come soon after the first, or never.
const MAX_SUBMITTED: usize = 65_536;

/// Reads the blocks that the store has.
#[derive(Debug)]
pub struct Scanner {
    client: L1Client,
    store: Store,
    rollup: Address,
    config_hash: B256,
    /// The first block in which the contract may have said anything.
    first: u64,
    /// How deep a reorganisation may be.
    max_reorg_depth: u64,
    /// What was submitted as which batch, last.
    submitted: BTreeMap<u64, Transition>,
}

/// Signatures that came with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index of the batch.
    pub batch: u64,
    /// The transaction.
    pub transaction: B256,
    /// Unix time of the block, in seconds.
    pub time: u64,
    /// Where they may be.
    pub candidates: Candidates,
}

/// Parts of a transaction's input that look like the call. One of them is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidates {
    /// What was submitted, and its signatures.
    Submitted(Vec<(Transition, Vec<FixedBytes<65>>)>),
    /// More signatures of what was submitted before.
    Proofs(Vec<Vec<FixedBytes<65>>>),
}

/// What a scan found.
#[derive(Debug)]
pub struct Scan {
    /// Signatures, in order.
    pub found: Vec<Found>,
    /// What was submitted, by the batch's index; the last, if there was more than one.
    pub submitted: BTreeMap<u64, IRollup::BatchSubmitted>,
    /// The last block that was read.
    pub cursor: Option<Cursor>,
    /// Whether the store has more blocks.
    pub lags: bool,
}

impl Scanner {
    /// A scanner of the blocks in `store`, from `first` on.
    pub const fn new(
        client: L1Client,
        store: Store,
        rollup: Address,
        config_hash: B256,
        first: u64,
        max_reorg_depth: u64,
    ) -> Self {
        let submitted = BTreeMap::new();
        Self { client, store, rollup, config_hash, first, max_reorg_depth, submitted }
    }

    /// `signed` was submitted as batch `index`, as far as an earlier run has seen.
    pub fn remember(&mut self, index: u64, transition: Transition) {
        self.submitted.insert(index, transition);
        while self.submitted.len() > MAX_SUBMITTED {
            self.submitted.pop_first();
        }
    }

    /// What was submitted as batch `index`, last.
    pub fn submitted(&self, index: u64) -> Option<&Transition> {
        self.submitted.get(&index)
    }

    /// Reads on after `cursor`. Blocks that took the place of others after a reorganisation are read like new ones.
    pub async fn scan(&mut self, cursor: Option<Cursor>) -> Result<Scan, L1Error> {
        let tip = self.store.snapshot()?.last_l1_block()?.map_or(0, |row| row.header.number);
        let start = self.start(cursor)?;
        let last = tip.min(start.saturating_add(MAX_BLOCKS - 1));
        let mut scan = Scan { found: Vec::new(), submitted: BTreeMap::new(), cursor, lags: last < tip };
        for number in start..=last {
            let row = self.store.snapshot()?.l1_block(number)?.ok_or(L1Error::NotStored(number))?;
            let header = row.header;
            for event in self.client.rollup_events(self.rollup, &header).await? {
                self.read(event, header.timestamp, &mut scan);
            }
            scan.cursor = Some(Cursor { number, hash: header.hash() });
        }
        Ok(scan)
    }

    /// The first block to read.
    fn start(&self, cursor: Option<Cursor>) -> Result<u64, L1Error> {
        let Some(cursor) = cursor else { return Ok(self.first) };
        let row = self.store.snapshot()?.l1_block(cursor.number)?;
        if row.is_some_and(|row| row.header.hash() == cursor.hash) {
            return Ok(cursor.number.saturating_add(1));
        }
        info!(block = cursor.number, "L1 reorganised: its last blocks are read again");
        Ok(cursor.number.saturating_sub(self.max_reorg_depth).max(self.first))
    }

    /// Adds what came with an event.
    fn read(&self, event: RollupEvent, time: u64, scan: &mut Scan) {
        let RollupEvent { transaction, event } = event;
        let (input, transaction) = (transaction.input(), *transaction.tx_hash());
        let (batch, candidates) = match event {
            IRollupEvents::BatchSubmitted(event) => {
                let calls =
                    calls::<IRollup::submitBatchCall>(input).filter(|call| belongs(&call.batch, &event));
                let read = |call: IRollup::submitBatchCall| {
                    Some((self.transition(call.batch, event.daHash), signatures(&call.signatures)?))
                };
                let candidates = Candidates::Submitted(calls.filter_map(read).collect());
                let index = event.index.saturating_to();
                scan.submitted.insert(index, event);
                (index, candidates)
            }
            IRollupEvents::ProofsAdded(event) => {
                let calls = calls::<IRollup::addProofsCall>(input).filter(|call| call.index == event.index);
                let found = calls.filter_map(|call| signatures(&call.signatures)).collect();
                (event.index.saturating_to(), Candidates::Proofs(found))
            }
            IRollupEvents::ConflictReported(event) => {
                warn!(a = %event.signerA, b = %event.signerB, reporter = %event.reporter, %transaction, "a conflict was reported on L1");
                return;
            }
            IRollupEvents::ConflictResolved(event) => {
                info!(kept = %event.keptThrough, of = %event.discardedThrough, "a conflict was resolved on L1");
                return;
            }
            _ => return,
        };
        scan.found.push(Found { batch, transaction, time, candidates });
    }

    fn transition(&self, batch: IRollup::Batch, da_hash: B256) -> Transition {
        Transition {
            configHash: self.config_hash,
            parentOutputRoot: batch.parentOutputRoot,
            outputRoot: batch.outputRoot,
            lastL2Block: batch.lastL2Block,
            lastL2Timestamp: batch.lastL2Timestamp,
            l1OriginNumber: batch.l1OriginNumber,
            l1OriginHash: batch.l1OriginHash,
            daHash: da_hash,
        }
    }
}

/// Whether the contract said `event` about `batch`.
fn belongs(batch: &IRollup::Batch, event: &IRollup::BatchSubmitted) -> bool {
    batch.outputRoot == event.outputRoot
        && batch.lastL2Block == event.lastL2Block
        && batch.lastL2Timestamp == event.lastL2Timestamp
        && batch.l1OriginNumber == event.l1OriginNumber
}

/// Calls of `C` in the input of a transaction: the whole of it, or a part.
fn calls<C: SolCall>(input: &Bytes) -> impl Iterator<Item = C> {
    let places = input.windows(4).enumerate().filter(|(_, window)| *window == C::SELECTOR);
    places.take(MAX_PLACES).filter_map(|(at, _)| C::abi_decode(input.get(at..)?).ok())
}

fn signatures(given: &[Bytes]) -> Option<Vec<FixedBytes<65>>> {
    given.iter().map(|bytes| bytes.as_ref().try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use proptest::prelude::*;

    use super::*;

    fn call(output: u8, signatures: u8) -> IRollup::submitBatchCall {
        IRollup::submitBatchCall {
            batch: IRollup::Batch {
                parentOutputRoot: B256::repeat_byte(1),
                outputRoot: B256::repeat_byte(output),
                lastL2Block: 3,
                lastL2Timestamp: 4,
                l1OriginNumber: 5,
                l1OriginHash: B256::repeat_byte(6),
            },
            signatures: (0..signatures).map(|byte| vec![byte; 65].into()).collect(),
        }
    }

    #[test]
    fn a_call_is_found_alone_and_inside_of_another() {
        let direct: Bytes = call(2, 3).abi_encode().into();
        let found: Vec<_> = calls::<IRollup::submitBatchCall>(&direct).collect();
        assert_eq!(found, [call(2, 3)]);
        // As a multicall or a multisignature wallet carries it, beside a decoy.
        let decoy = [&IRollup::submitBatchCall::SELECTOR[..], &[0xff; 99]].concat();
        let inner = [&[9; 37], &decoy[..], &direct, &[0; 24]].concat();
        let found: Vec<_> = calls::<IRollup::submitBatchCall>(&inner.into()).collect();
        assert_eq!(found, [call(2, 3)]);
        let other = IRollup::addProofsCall { index: U256::from(1), signatures: vec![vec![1; 64].into()] };
        let other: Bytes = other.abi_encode().into();
        assert_eq!(calls::<IRollup::submitBatchCall>(&other).count(), 0);
        let found = calls::<IRollup::addProofsCall>(&other).next().unwrap();
        assert_eq!(signatures(&found.signatures), None, "64 bytes are no signature");
    }

    #[test]
    fn a_call_belongs_to_the_event_that_says_the_same() {
        let event = IRollup::BatchSubmitted {
            index: U256::from(1),
            outputRoot: B256::repeat_byte(2),
            lastL2Block: 3,
            lastL2Timestamp: 4,
            l1OriginNumber: 5,
            daHash: B256::ZERO,
            proofs: U256::from(1),
        };
        assert!(belongs(&call(2, 1).batch, &event));
        assert!(!belongs(&call(3, 1).batch, &event));
        for change in [0, 1, 2] {
            let mut other = call(2, 1).batch;
            [&mut other.lastL2Block, &mut other.lastL2Timestamp, &mut other.l1OriginNumber][change]
                .clone_from(&9);
            assert!(!belongs(&other, &event));
        }
    }

    proptest! {
        /// Whatever is in a transaction's input: it is read or passed over.
        #[test]
        fn any_input_is_survived(
            mut input in prop::collection::vec(any::<u8>(), 0..600), at in prop::collection::vec(0usize..600, 0..8),
        ) {
            for place in at {
                if let Some(part) = input.get_mut(place..place + 4) {
                    part.copy_from_slice(&IRollup::submitBatchCall::SELECTOR);
                }
            }
            prop_assert!(calls::<IRollup::submitBatchCall>(&input.into()).count() <= MAX_PLACES);
        }
    }
}
