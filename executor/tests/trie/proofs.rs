//! Proofs, checked by `alloy-trie`.

use alloy_primitives::{U256, keccak256};
use alloy_trie::proof::verify_proof;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use executor::trie::StateTrie;
use proptest::prelude::*;

use crate::blocks::{self, TestBlock};
use crate::model::Model;
use crate::source::{NoSource, PathStore};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn accounts_and_slots_are_proved_present_and_absent(
        ops in prop::collection::vec(blocks::op(14, 16), 0..60),
    ) {
        let mut model = Model::default();
        let block = TestBlock::run(&mut model, &ops);
        let mut cached = StateTrie::new(EMPTY_ROOT_HASH);
        let root = cached.apply(&NoSource, &block.changes).unwrap();
        let mut store = PathStore::default();
        store.update(cached.take_updates());
        let mut blank = StateTrie::new(root);
        blank.start_recording();
        let slots: Vec<U256> = (0..16).map(blocks::slot).collect();
        for a in 0..14 {
            let address = blocks::address(a);
            let proof = blank.prove(&store, address, &slots).unwrap();
            prop_assert_eq!(&proof, &cached.prove(&store, address, &slots).unwrap());
            let expected = model.accounts.get(&address).map(|account| account.trie_account());
            prop_assert_eq!(proof.account, expected);
            let key = Nibbles::unpack(keccak256(address));
            verify_proof(root, key, expected.map(alloy_rlp::encode), &proof.account_proof).unwrap();

            let storage_root = expected.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
            prop_assert_eq!(proof.storage.len(), slots.len());
            for (slot, proof) in slots.iter().zip(&proof.storage) {
                let value = model.storage(&address, slot);
                prop_assert_eq!((proof.slot, proof.value), (*slot, value));
                let key = Nibbles::unpack(keccak256(slot.to_be_bytes::<32>()));
                let value = (!value.is_zero()).then(|| alloy_rlp::encode(value));
                verify_proof(storage_root, key, value, &proof.proof).unwrap();
            }
        }
        prop_assert!(blank.take_touched().is_empty(), "a proof is not recorded");
    }
}

/// A proof asked for in the middle of a recording leaves no gap in it.
#[test]
fn a_proof_does_not_disturb_a_recording() {
    let mut model = Model::default();
    let ops: Vec<_> = (0..30).map(|a| blocks::Op::Store(a, 1, U256::from(a) + U256::from(1))).collect();
    let block = TestBlock::run(&mut model, &ops);
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    let root = trie.apply(&NoSource, &block.changes).unwrap();
    let mut store = PathStore::default();
    store.update(trie.take_updates());

    let record = |disturb: bool| {
        let mut trie = StateTrie::new(root);
        trie.start_recording();
        if disturb {
            trie.prove(&store, blocks::address(3), &[blocks::slot(1)]).unwrap();
        }
        trie.storage(&store, blocks::address(3), blocks::slot(1)).unwrap();
        trie.take_touched()
    };
    assert_eq!(record(true), record(false));
    assert!(record(true).len() > 2);
}
