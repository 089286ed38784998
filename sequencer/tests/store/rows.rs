//! Batches and blocks of the L1.

use alloy_consensus::{Eip658Value, Receipt, ReceiptEnvelope};
use alloy_primitives::{Address, B256, Bytes, Log, Sealed, keccak256};
use executor::Header;
use executor::transition::Transition;
use prover_core::enclave::Signed;
use sequencer::store::{
    BatchPayload, BatchRecord, BatchSignature, BatchStatus, Contradiction, Store, StoreError, StoredL1Block,
};

use crate::chain::{Chain, Change};

fn store_with_blocks(folder: &tempfile::TempDir, blocks: u64) -> (Chain, Store) {
    let mut chain = Chain::new(0);
    let store = chain.open(folder.path());
    for number in 1..=blocks {
        chain.push(&[Change::Fund { who: 1, balance: number as u16 }]);
        chain.commit(&store, number);
    }
    (chain, store)
}

pub(crate) fn batch(index: u64, first_block: u64, last_block: u64) -> BatchRecord {
    let hash = |tag: u8| keccak256([index as u8, tag]);
    BatchRecord {
        index,
        first_block,
        last_block,
        transition: Transition {
            configHash: hash(0),
            parentOutputRoot: hash(1),
            outputRoot: hash(2),
            lastL2Block: last_block,
            lastL2Timestamp: 5,
            l1OriginNumber: 6,
            l1OriginHash: hash(3),
            daHash: hash(4),
        },
        signatures: vec![],
        status: BatchStatus::Proving,
    }
}

fn payload(index: u64) -> BatchPayload {
    BatchPayload { input: Bytes::from(vec![index as u8; 100]), witness: Bytes::from(vec![7; 5000]) }
}

fn signature(operator: u8, signer: u8) -> BatchSignature {
    BatchSignature {
        operator: Address::repeat_byte(operator),
        signer: Address::repeat_byte(signer),
        signature: Bytes::from(vec![signer; 65]),
    }
}

#[test]
fn batches_follow_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = store_with_blocks(&folder, 10);
    let put = |batch: &BatchRecord| store.put_batch(batch, &payload(batch.index));
    put(&batch(1, 1, 3)).unwrap();
    // The newest may be made again, longer.
    put(&batch(1, 1, 4)).unwrap();
    put(&batch(2, 5, 5)).unwrap();
    for wrong in [
        batch(4, 6, 6),
        batch(1, 1, 3),
        batch(3, 7, 8),
        batch(3, 5, 8),
        batch(2, 6, 6),
        batch(3, 6, 11),
        batch(3, 6, 5),
    ] {
        let refused = put(&wrong);
        assert!(matches!(refused, Err(StoreError::BatchOrder { .. })), "{wrong:?}: {refused:?}");
    }
    put(&batch(3, 6, 10)).unwrap();

    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.last_batch().unwrap(), Some(batch(3, 6, 10)));
    assert_eq!(snapshot.batch(1).unwrap(), Some(batch(1, 1, 4)));
    assert_eq!(snapshot.batch(4).unwrap(), None);
    let all = snapshot.batches(2..=u64::MAX).unwrap().map(Result::unwrap);
    assert_eq!(all.collect::<Vec<_>>(), [batch(2, 5, 5), batch(3, 6, 10)]);
    assert_eq!(snapshot.batch_payload(2).unwrap(), Some(payload(2)));

    store.prune_batch_payloads_below(3).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.batch_payload(2).unwrap(), None);
    assert_eq!(snapshot.batch_payload(3).unwrap(), Some(payload(3)));
    assert_eq!(snapshot.batch(2).unwrap(), Some(batch(2, 5, 5)));
}

#[test]
fn a_batch_keeps_every_status_until_it_is_final() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, store) = store_with_blocks(&folder, 4);
    store.put_batch(&batch(0, 1, 2), &payload(0)).unwrap();
    let mut expected = batch(0, 1, 2);
    for signed in [signature(1, 1), signature(2, 2), signature(1, 3)] {
        expected.signatures.retain(|other| other.operator != signed.operator);
        expected.signatures.push(signed.clone());
        assert_eq!(store.add_signature(0, signed).unwrap(), expected);
    }
    assert_eq!(expected.signatures.len(), 2, "one for each operator");
    for status in [
        BatchStatus::Submitting { raw_tx: Bytes::from(vec![3; 9000]), hash: B256::repeat_byte(1), nonce: 0 },
        BatchStatus::OnL1 { l1_block: 77, tx: B256::repeat_byte(2) },
        BatchStatus::Proving,
        BatchStatus::OnL1 { l1_block: u64::MAX, tx: B256::repeat_byte(3) },
        BatchStatus::Final,
    ] {
        expected.status = status.clone();
        assert_eq!(store.set_batch_status(0, status).unwrap(), expected);
        assert_eq!(store.snapshot().unwrap().batch(0).unwrap(), Some(expected.clone()));
    }
    assert!(matches!(store.set_batch_status(0, BatchStatus::Proving), Err(StoreError::BatchFinal(0))));
    assert!(matches!(store.add_signature(0, signature(9, 9)), Err(StoreError::BatchFinal(0))));
    assert!(matches!(store.put_batch(&batch(0, 1, 3), &payload(0)), Err(StoreError::BatchFinal(0))));
    assert!(matches!(store.remove_batches_from(0), Err(StoreError::BatchFinal(0))));
    assert!(matches!(store.unwind_to(1), Err(StoreError::BatchFinal(0))));
    assert!(matches!(store.add_signature(1, signature(1, 1)), Err(StoreError::UnknownBatch(1))));
    chain.check(&store);
    drop(store);
    assert_eq!(chain.open(folder.path()).snapshot().unwrap().last_batch().unwrap(), Some(expected));
}

#[test]
fn batches_go_with_their_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = store_with_blocks(&folder, 9);
    for (index, first, last) in [(0, 1, 3), (1, 4, 6), (2, 7, 7), (3, 8, 9)] {
        store.put_batch(&batch(index, first, last), &payload(index)).unwrap();
    }
    let indices = || {
        let snapshot = store.snapshot().unwrap();
        let batches = snapshot.batches(0..=9).unwrap().map(|batch| batch.unwrap().index).collect::<Vec<_>>();
        let payloads = (0..9).filter(|index| snapshot.batch_payload(*index).unwrap().is_some());
        assert_eq!(payloads.collect::<Vec<_>>(), batches);
        batches
    };
    store.unwind_to(7).unwrap();
    assert_eq!(indices(), [0, 1, 2]);
    store.unwind_to(5).unwrap();
    assert_eq!(indices(), [0]);
    store.put_batch(&batch(1, 4, 5), &payload(1)).unwrap();
    store.remove_batches_from(1).unwrap();
    assert_eq!(indices(), [0]);
    store.unwind_to(0).unwrap();
    assert!(indices().is_empty());
}

fn l1_chain(first: u64, parent: B256, salt: u64, count: u64) -> Vec<StoredL1Block> {
    let mut parent_hash = parent;
    let block = |number| {
        let header = Header { number, parent_hash, timestamp: salt, ..Default::default() };
        let header = Sealed::new(header);
        parent_hash = header.hash();
        let receipt = |index: u64| {
            ReceiptEnvelope::Eip1559(
                Receipt {
                    status: Eip658Value::Eip658(true),
                    cumulative_gas_used: index,
                    logs: vec![Log::new_unchecked(Address::ZERO, vec![B256::ZERO], Bytes::from(vec![9]))],
                }
                .into(),
            )
        };
        StoredL1Block { header, receipts: (number % 2 == 0).then(|| (0..number % 4).map(receipt).collect()) }
    };
    (first..first + count).map(block).collect()
}

#[test]
fn l1_blocks_are_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = store_with_blocks(&folder, 0);
    assert_eq!(store.snapshot().unwrap().last_l1_block().unwrap(), None);
    let blocks = l1_chain(100, B256::ZERO, 0, 8);
    store.put_l1_block(&blocks[0]).unwrap();
    store.put_l1_blocks(&blocks[1..6]).unwrap();

    let fork = l1_chain(106, blocks[4].header.hash(), 1, 1);
    for (wrong, number) in [(&blocks[7..], 107), (&blocks[..1], 100), (&fork[..], 106)] {
        match store.put_l1_blocks(wrong) {
            Err(StoreError::L1NotNext { number: refused, below, .. }) => {
                assert_eq!((refused, below.number, below.hash), (number, 105, blocks[5].header.hash()));
            }
            other => panic!("{other:?}"),
        }
    }
    // All or none.
    assert!(store.put_l1_blocks(&[blocks[6].clone(), blocks[6].clone()]).is_err());
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.last_l1_block().unwrap().as_ref(), Some(&blocks[5]));
    for (index, block) in blocks[..6].iter().enumerate() {
        assert_eq!(snapshot.l1_block(100 + index as u64).unwrap().as_ref(), Some(block));
    }
    assert_eq!(snapshot.l1_block(106).unwrap(), None);
    let range = snapshot.l1_blocks(102..=u64::MAX).unwrap().map(Result::unwrap);
    assert_eq!(range.collect::<Vec<_>>(), &blocks[2..6]);

    store.unwind_l1_to(102).unwrap();
    store.put_l1_blocks(&l1_chain(103, blocks[2].header.hash(), 2, 3)).unwrap();
    store.prune_l1_below(102).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.l1_block(101).unwrap(), None);
    assert_eq!(snapshot.l1_block(102).unwrap().as_ref(), Some(&blocks[2]));
    assert_eq!(snapshot.last_l1_block().unwrap().unwrap().header.number, 105);
    store.unwind_l1_to(0).unwrap();
    assert_eq!(store.snapshot().unwrap().last_l1_block().unwrap(), None);
    store.put_l1_block(&blocks[3]).unwrap();
}

#[test]
fn contradictions_are_kept_once_and_only_so_many() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = store_with_blocks(&folder, 4);
    let contradiction = |signer: u16, output: u16| {
        let expected = batch(1, 1, 4).transition;
        let transition = Transition { outputRoot: keccak256(output.to_be_bytes()), ..expected };
        Contradiction {
            batch: 1,
            operator: Address::repeat_byte(1),
            signer: Address::left_padding_from(&signer.to_be_bytes()),
            expected,
            signed: Signed { transition, signature: [signer as u8; 65].into() },
        }
    };
    let all = |store: &Store, from| -> Vec<(u64, Contradiction)> {
        store.snapshot().unwrap().contradictions(from).unwrap().map(Result::unwrap).collect()
    };
    assert!(store.add_contradiction(&contradiction(1, 1)).unwrap());
    assert!(!store.add_contradiction(&contradiction(1, 1)).unwrap(), "known");
    for output in 2..100 {
        assert_eq!(store.add_contradiction(&contradiction(1, output)).unwrap(), output <= 16, "{output}");
    }
    for signer in 2..300 {
        for output in 1..5 {
            store.add_contradiction(&contradiction(signer, output)).unwrap();
        }
    }
    assert_eq!(all(&store, 0).len(), 1024);
    assert_eq!(all(&store, 0)[16], (16, contradiction(2, 1)));
    assert_eq!(all(&store, 1000).len(), 24);

    // The signatures that are contradicted are those of the batch, as long as it is that batch.
    let find = |store: &Store| store.snapshot().unwrap().contradicted(&contradiction(1, 1)).unwrap();
    assert_eq!(find(&store), []);
    store.put_batch(&batch(1, 1, 4), &payload(1)).unwrap();
    store.add_signature(1, signature(7, 8)).unwrap();
    assert_eq!(find(&store), [signature(7, 8)]);
    let mut other = batch(1, 1, 4);
    other.transition.daHash = B256::ZERO;
    store.put_batch(&other, &payload(1)).unwrap();
    assert_eq!(find(&store), []);
}
