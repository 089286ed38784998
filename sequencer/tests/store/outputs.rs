//! What is kept of the states that final outputs commit to.

use alloy_primitives::{Bytes, U256};
use executor::{
    chain::MESSAGE_PASSER,
    state::StateError,
    trie::{AccountProof, StateTrie},
};
use proptest::prelude::*;
use sequencer::store::{BatchPayload, BatchStatus, Snapshot, Store};

use crate::{
    chain::{Chain, Change, SLOTS},
    rows::batch,
};

/// Slots 0, 1, ... of the message passer, proved by what is kept of outputs, and by the whole state.
fn prove(chain: &Chain, snapshot: &Snapshot, block: u64) -> [Result<AccountProof, StateError>; 2] {
    let root = chain.block(block).sealed.block.header.state_root;
    let slots: Vec<U256> = (0..SLOTS).map(U256::from).collect();
    let state = snapshot.state_at(block).unwrap();
    [
        StateTrie::new(root).prove(&snapshot.output_nodes(), MESSAGE_PASSER, &slots),
        StateTrie::new(root).prove(&state, MESSAGE_PASSER, &slots),
    ]
}

fn finalize(store: &Store, index: u64, first: u64, last: u64) {
    let payload = BatchPayload { input: Bytes::new(), witness: Bytes::new() };
    store.put_batch(&batch(index, first, last), &payload).unwrap();
    store.set_batch_status(index, BatchStatus::Final).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..Default::default() })]

    /// Whatever blocks do to the storage and to other accounts, the proofs are those of the whole state.
    #[test]
    fn final_outputs_are_proved_as_by_the_whole_state(
        blocks in prop::collection::vec(
            (prop::collection::vec((0..SLOTS, 0..3u8), 0..4), 0..6u8, any::<bool>()),
            1..24,
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut chain = Chain::new(0);
        let store = chain.open(folder.path());
        let (mut index, mut first) = (0, 1);
        let mut ends = Vec::new();
        for (writes, other, ends_batch) in blocks {
            let mut changes = vec![Change::Fund { who: other, balance: chain.head() as u16 }];
            changes.extend(writes.into_iter().map(|(slot, value)| Change::Send { slot, value }));
            chain.push(&changes);
            chain.commit(&store, chain.head());
            if ends_batch {
                finalize(&store, index, first, chain.head());
                ends.push(chain.head());
                (index, first) = (index + 1, chain.head() + 1);
            }
        }
        let snapshot = store.snapshot().unwrap();
        for block in ends {
            let [kept, whole] = prove(&chain, &snapshot, block);
            prop_assert_eq!(kept.unwrap(), whole.unwrap(), "at block {}", block);
        }
    }
}

#[test]
fn nothing_else_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(0);
    let store = chain.open(folder.path());
    for number in 1..=4 {
        chain.push(&[Change::Send { slot: number as u8, value: 1 }]);
        chain.commit(&store, number);
    }
    let kept = |store: &Store| {
        let dump = store.snapshot().unwrap().dump().unwrap();
        dump.into_iter().find(|(name, _)| *name == "OutputNodes").unwrap().1.len()
    };
    finalize(&store, 0, 1, 2);
    let two = kept(&store);
    assert!(two > 0);
    let snapshot = store.snapshot().unwrap();
    for block in [1, 3, 4] {
        let [missing, whole] = prove(&chain, &snapshot, block);
        assert!(matches!(missing, Err(StateError::MissingNode { owner: None, .. })), "at block {block}");
        whole.unwrap();
    }
    drop(snapshot);
    // A batch that is not final leaves nothing.
    let payload = BatchPayload { input: Bytes::new(), witness: Bytes::new() };
    store.put_batch(&batch(1, 3, 4), &payload).unwrap();
    store.set_batch_status(1, BatchStatus::OnL1 { l1_block: 1, tx: Default::default() }).unwrap();
    assert_eq!(kept(&store), two);
    store.unwind_to(2).unwrap();
    assert_eq!(kept(&store), two);
}

#[test]
fn batches_are_found_by_status_and_by_block() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(0);
    let store = chain.open(folder.path());
    for number in 1..=20 {
        chain.push(&[Change::Fund { who: 1, balance: number }]);
        chain.commit(&store, number.into());
    }
    let last_final = || store.snapshot().unwrap().last_final_batch().unwrap().map(|batch| batch.index);
    let of_block = |block| store.snapshot().unwrap().batch_of_block(block).unwrap().map(|batch| batch.index);
    assert_eq!((last_final(), of_block(1)), (None, None));
    let payload = BatchPayload { input: Bytes::new(), witness: Bytes::new() };
    for index in 1..=6 {
        store.put_batch(&batch(index, 3 * index - 2, 3 * index), &payload).unwrap();
    }
    assert_eq!(last_final(), None);
    for (block, index) in (1..=18).zip((1..=6).flat_map(|index| [index; 3])) {
        assert_eq!(of_block(block), Some(index), "block {block}");
    }
    assert_eq!((of_block(0), of_block(19), of_block(u64::MAX)), (None, None, None));
    for index in 1..=6 {
        store.set_batch_status(index, BatchStatus::Final).unwrap();
        assert_eq!(last_final(), Some(index));
    }
}
