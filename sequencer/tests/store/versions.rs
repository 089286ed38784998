//! State by block, under random commits, unwinds and prunes, against the model.

use proptest::prelude::*;
use sequencer::store::StoreError;

use crate::chain::{ACCOUNTS, Chain, Change, SLOTS};

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Change>),
    /// Take back this many blocks.
    Unwind(u8),
    /// Keep the state of this many blocks.
    Prune(u8),
    Reopen,
}

fn change() -> impl Strategy<Value = Change> {
    let (who, slot) = (0..ACCOUNTS, 0..SLOTS);
    prop_oneof![
        2 => (who.clone(), 0..3u16).prop_map(|(who, balance)| Change::Fund { who, balance }),
        4 => (who.clone(), slot.clone(), 0..3u8).prop_map(|(who, slot, value)| Change::Write { who, slot, value }),
        1 => (who.clone(), 0..3u8).prop_map(|(who, code)| Change::Deploy { who, code }),
        1 => who.clone().prop_map(|who| Change::Destroy { who }),
        1 => (who, slot, 0..3u8).prop_map(|(who, slot, value)| Change::Remake { who, slot, value }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(change(), 0..8).prop_map(Step::Commit),
        2 => (0..6u8).prop_map(Step::Unwind),
        1 => (0..12u8).prop_map(Step::Prune),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..Default::default() })]

    #[test]
    fn state_is_that_of_the_model(steps in prop::collection::vec(step(), 1..32)) {
        let folder = tempfile::tempdir().unwrap();
        let mut chain = Chain::new(0);
        let mut store = chain.open(folder.path());
        // What the store looked like at each height; forgotten when pruning changes what is kept.
        let mut dumps = vec![Some(store.snapshot().unwrap().dump().unwrap())];
        for step in steps {
            match step {
                Step::Commit(changes) => {
                    chain.push(&changes);
                    chain.commit(&store, chain.head());
                    dumps.push(Some(store.snapshot().unwrap().dump().unwrap()));
                }
                Step::Unwind(blocks) => {
                    let oldest = store.snapshot().unwrap().oldest_state().unwrap();
                    let head = chain.head().saturating_sub(blocks.into());
                    if head < oldest {
                        let refused = store.unwind_to(head);
                        prop_assert!(matches!(refused, Err(StoreError::HistoryPruned { .. })), "{refused:?}");
                        continue;
                    }
                    store.unwind_to(head).unwrap();
                    chain.blocks.truncate(head as usize + 1);
                    dumps.truncate(head as usize + 1);
                    if let Some(before) = &dumps[head as usize] {
                        prop_assert_eq!(before, &store.snapshot().unwrap().dump().unwrap());
                    }
                }
                Step::Prune(blocks) => {
                    store.prune_history_below(chain.head().saturating_sub(blocks.into())).unwrap();
                    dumps.iter_mut().for_each(|dump| *dump = None);
                }
                Step::Reopen => {
                    drop(store);
                    store = chain.open(folder.path());
                }
            }
        }
        chain.check(&store);
    }
}

/// Each slot of a destroyed account is zero afterwards, also when some are written again in the same
/// block, and comes back when the block is taken back.
#[test]
fn a_wiped_account_keeps_its_past() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(0);
    let store = chain.open(folder.path());
    let slots = (0..SLOTS).map(|slot| Change::Write { who: 4, slot, value: slot + 1 }).collect::<Vec<_>>();
    chain.push(&slots);
    chain.push(&[Change::Remake { who: 4, slot: 2, value: 3 }]);
    chain.push(&[Change::Destroy { who: 4 }]);
    chain.push(&[Change::Write { who: 4, slot: 0, value: 9 }]);
    (1..=4).for_each(|number| chain.commit(&store, number));
    chain.check(&store);
    for head in (0..4).rev() {
        store.unwind_to(head).unwrap();
        chain.blocks.truncate(head as usize + 1);
        chain.check(&store);
    }
}
