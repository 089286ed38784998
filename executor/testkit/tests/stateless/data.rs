//! The data is what its blobs commit to, and continues the parent.

use alloy_primitives::Bytes;
use executor::{
    batch::{BLOB_CAPACITY, BlobError, BlobWithProof, encode, to_blobs},
    chain::DataMode::Auditable,
    stateless::{self, BatchInput, Refusal},
};
use executor_testkit::{ORIGIN_NUMBER, TestChain, Wallet};

use crate::workload::{Case, STORE, alloc, rich, small};

/// A batch of two blobs.
fn two_blobs() -> Case {
    let mut chain = TestChain::new(Auditable, alloc());
    let mut wallet = Wallet::new(0);
    let noise: Vec<u8> = (0u64..BLOB_CAPACITY as u64 / 32)
        .flat_map(|index| alloy_primitives::keccak256(index.to_be_bytes()).0)
        .collect();
    let call = wallet.call(STORE, noise, 10_000_000);
    assert!(chain.build(ORIGIN_NUMBER, [call]).is_empty());
    Case::new(chain, 1)
}

#[test]
fn blobs_changed_swapped_missing_or_added() {
    let case = two_blobs();
    assert_eq!(case.input.blobs.len(), 2);
    assert_eq!(case.run().unwrap(), case.input.expected);

    let refused =
        |change: fn(&mut Vec<BlobWithProof>)| case.run_with(|input| change(&mut input.blobs)).unwrap_err();
    for change in [
        |blobs: &mut Vec<BlobWithProof>| blobs[1].blob[1000] ^= 1,
        |blobs: &mut Vec<BlobWithProof>| blobs[0].blob[31] ^= 0x80,
        |blobs: &mut Vec<BlobWithProof>| blobs[0].proof = blobs[1].proof,
        |blobs: &mut Vec<BlobWithProof>| blobs[0].commitment = blobs[1].commitment,
    ] {
        let refusal = refused(change);
        assert!(matches!(refusal, Refusal::Blob(BlobError::Proof)), "{refusal}");
    }
    for change in [
        |blobs: &mut Vec<BlobWithProof>| blobs.swap(0, 1),
        |blobs: &mut Vec<BlobWithProof>| drop(blobs.pop()),
        |blobs: &mut Vec<BlobWithProof>| drop(blobs.remove(0)),
        |blobs: &mut Vec<BlobWithProof>| blobs.push(blobs[0].clone()),
        |blobs: &mut Vec<BlobWithProof>| blobs.clear(),
    ] {
        let refusal = refused(change);
        assert!(matches!(refusal, Refusal::Blob(_)), "{refusal}");
    }
}

/// Valid blobs with a valid proof, but other data: other blocks, or the claim is wrong.
#[test]
fn each_byte_of_the_data_changed() {
    let case = small(Auditable);
    let data = encode(Auditable, case.chain.config.chain_id, &case.chain.batch(1)).unwrap();
    for at in 0..data.len() {
        let mut data = data.clone();
        data[at] ^= 1 << (at % 8);
        let blobs = to_blobs(&data).unwrap().into_iter().map(|blob| BlobWithProof::new(blob).unwrap());
        let refusal = case.run_with(|input| input.blobs = blobs.collect());
        assert!(refusal.is_err(), "byte {at} of {}", data.len());
    }
}

#[test]
fn the_batch_continues_the_parent() {
    let case = rich(Auditable);
    let good = case.chain.batch(case.first);

    let mut batch = good.clone();
    batch.parent_hash.0[0] ^= 1;
    let refusal = case.run_with(|input| *input = case.chain.input(case.first, &batch)).unwrap_err();
    assert!(matches!(refusal, Refusal::Parent { number: 3, .. }), "{refusal}");

    let mut batch = good;
    batch.first_number += 1;
    let refusal = case.run_with(|input| *input = case.chain.input(case.first, &batch)).unwrap_err();
    assert!(matches!(refusal, Refusal::Parent { first: 5, number: 3, .. }), "{refusal}");
}

#[test]
fn another_parent_is_refused() {
    let case = rich(Auditable);
    for number in [0, 1, 2, 4] {
        let parent = case.chain.header(number).clone();
        assert!(case.run_with(|input| input.parent = parent).is_err());
    }
    let changes: [fn(&mut executor::Header); 6] = [
        |header| header.state_root.0[0] ^= 1,
        |header| header.number += 1,
        |header| header.timestamp -= 1,
        |header| header.withdrawals_root = None,
        |header| header.extra_data = Bytes::from_static(b"x"),
        |header| header.base_fee_per_gas = None,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert!(case.run_with(|input| change(&mut input.parent)).is_err(), "{index}");
    }
    let refusal = case.run_with(|input| input.parent.withdrawals_root = None).unwrap_err();
    assert!(matches!(refusal, Refusal::ParentHeader), "{refusal}");
}

/// Everything in the input but the blobs is small: every byte of it, and some of the blobs.
#[test]
fn each_byte_of_the_input_changed() {
    let case = small(Auditable);
    let encoded = case.input.encode();
    let blob = encoded.windows(64).position(|window| window == &case.input.blobs[0].blob[..64]).unwrap();
    let inside = |at: usize| (blob + 256..blob + 131_072).contains(&at);
    for at in (0..encoded.len()).filter(|at| !inside(*at) || at % 4099 == 0) {
        let mut changed = encoded.clone();
        changed[at] ^= 1 << (at % 8);
        let Ok(input) = BatchInput::decode(changed.into()) else { continue };
        let outcome = stateless::run(&case.chain.config, &input, &case.witness);
        assert!(outcome.is_err(), "byte {at} of {}", encoded.len());
    }
}

/// The witness of one batch does not do for another.
#[test]
fn another_witness_is_refused() {
    let case = rich(Auditable);
    let other = case.chain.witness(case.first + 1);
    assert!(stateless::run(&case.chain.config, &case.input, &other).is_err());
    assert!(stateless::run(&case.chain.config, &case.input, &Default::default()).is_err());
}
