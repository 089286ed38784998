//! Signatures in L1's blocks.
//!
//! They are in the call data of `submitBatch` and `addProofs`. Blocks are those that the replica stored; events and transactions of
//! a block hash to the roots in its header, so that an L1 node can keep them back but not make them up.
//!
//! A transaction may have called the contract through another one. Its input then holds the call somewhere, as a rule in one piece:
//! it is looked for. What is found is held against the event, and what was signed against the registry, so that a decoy gains
//! nothing. Where nothing is found the signatures of that submission stay unknown, which is counted.

use std::collections::BTreeMap;

use alloy::{consensus::Transaction as _, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use contracts_bindings::IRollup::{self, IRollupEvents};
use executor::transition::Transition;
use metrics::counter;
use sequencer::{
    l1::{L1Client, L1Error, RollupEvent},
    store::Store,
};
use tracing::{info, warn};

use super::archive::Cursor;
use crate::evidence::SignedTransition;

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

/// A signature in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was signed, and the signature.
    pub signed: SignedTransition,
    /// Index of the batch.
    pub batch: u64,
    /// Unix time of the block, in seconds.
    pub time: u64,
}

/// What a scan found.
#[derive(Debug)]
pub struct Scan {
    /// Signatures, in order.
    pub found: Vec<Found>,
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
        let mut scan = Scan { found: Vec::new(), cursor, lags: last < tip };
        for number in start..=last {
            let row = self.store.snapshot()?.l1_block(number)?.ok_or(L1Error::NotStored(number))?;
            let header = row.header;
            for event in self.client.rollup_events(self.rollup, &header).await? {
                self.read(event, header.timestamp, &mut scan.found);
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

    /// Adds the signatures that came with an event.
    fn read(&mut self, event: RollupEvent, time: u64, found: &mut Vec<Found>) {
        let RollupEvent { transaction, event } = event;
        let (input, hash) = (transaction.input(), transaction.tx_hash());
        let (index, signed) = match event {
            IRollupEvents::BatchSubmitted(event) => {
                let call = calls::<IRollup::submitBatchCall>(input).find(|call| belongs(&call.batch, &event));
                let index = event.index.saturating_to();
                // Whatever was submitted under this number before is not what more proofs are for.
                self.submitted.remove(&index);
                let signed = call.map(|call| (self.transition(call.batch, event.daHash), call.signatures));
                (index, signed)
            }
            IRollupEvents::ProofsAdded(event) => {
                let call = calls::<IRollup::addProofsCall>(input).find(|call| call.index == event.index);
                let index = event.index.saturating_to();
                let transition = self.submitted.get(&index).cloned();
                (index, transition.zip(call.map(|call| call.signatures)))
            }
            IRollupEvents::ConflictReported(event) => {
                warn!(a = %event.signerA, b = %event.signerB, reporter = %event.reporter, transaction = %hash, "a conflict was reported on L1");
                return;
            }
            IRollupEvents::ConflictResolved(event) => {
                info!(kept = %event.keptThrough, of = %event.discardedThrough, "a conflict was resolved on L1");
                return;
            }
            _ => return,
        };
        let Some((transition, signatures)) = signed else {
            counter!("watch_submissions_unread").increment(1);
            warn!(batch = index, transaction = %hash, "the signatures of a batch are not in its transaction's input");
            return;
        };
        self.remember(index, transition.clone());
        found.extend(signatures.iter().filter_map(signature).map(|signature| Found {
            signed: SignedTransition::new(&transition, signature),
            batch: index,
            time,
        }));
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

fn signature(bytes: &Bytes) -> Option<FixedBytes<65>> {
    bytes.as_ref().try_into().ok()
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
        assert_eq!(signature(&found.signatures[0]), None, "64 bytes are no signature");
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
