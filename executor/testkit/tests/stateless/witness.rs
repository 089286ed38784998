//! A witness with anything missing, changed, added or moved is refused.

use alloy_primitives::{Bytes, keccak256};
use executor::{
    chain::DataMode::Auditable,
    state::StateError,
    stateless::{self, Refusal},
    witness::{Witness, WitnessError},
};

use crate::workload::{Case, rich, small};

#[test]
fn each_node_missing() {
    let case = rich(Auditable);
    assert!(case.witness.nodes.len() > 60);
    for index in 0..case.witness.nodes.len() {
        let mut node = Bytes::new();
        let refusal = case.run_with_witness(|witness| node = witness.nodes.remove(index)).unwrap_err();
        let missing = match &refusal {
            Refusal::State(error) => error,
            Refusal::Block { source: executor::block::BlockError::State(error), .. } => error,
            Refusal::Transaction { source: executor::block::PushError::State(error), .. } => error,
            _ => panic!("{refusal}"),
        };
        assert!(
            matches!(missing, StateError::MissingNode { hash, .. } if *hash == keccak256(&node)),
            "{refusal}"
        );
    }
}

#[test]
fn each_code_or_header_missing() {
    let case = rich(Auditable);
    assert!(case.witness.codes.len() > 5);
    for index in 0..case.witness.codes.len() {
        let refusal = case.run_with_witness(|witness| drop(witness.codes.remove(index))).unwrap_err();
        assert!(refusal.to_string().contains("missing code"), "{refusal}");
    }
    // Block 1 is asked for, block 3 is the parent: the header of block 2 names the hash of block 1.
    assert_eq!(case.witness.headers.len(), 1);
    let refusal = case.run_with_witness(|witness| witness.headers.clear()).unwrap_err();
    assert!(refusal.to_string().contains("missing the hash of block 1"), "{refusal}");
}

#[test]
fn anything_added() {
    let case = rich(Auditable);
    // A node of the same state that the batch has no use for, as well as one from nowhere.
    let other = case.chain.witness(1).nodes.into_iter().find(|node| !case.witness.nodes.contains(node));
    for node in [other.unwrap(), Bytes::from_static(&[0x80])] {
        let refusal = case.run_with_witness(|witness| insert(&mut witness.nodes, node.clone())).unwrap_err();
        let hash = keccak256(&node);
        assert!(
            matches!(refusal, Refusal::Witness(WitnessError::UnusedNode(got)) if got == hash),
            "{refusal}"
        );
    }
    let code = Bytes::from_static(&[0]);
    let refusal = case.run_with_witness(|witness| insert(&mut witness.codes, code.clone())).unwrap_err();
    assert!(
        matches!(refusal, Refusal::Witness(WitnessError::UnusedCode(got)) if got == keccak256(&code)),
        "{refusal}"
    );
    let header = case.chain.header(1).clone();
    let refusal = case.run_with_witness(|witness| witness.headers.push(header)).unwrap_err();
    assert!(
        matches!(refusal, Refusal::Witness(WitnessError::UnusedHeaders { expected: 1, got: 2 })),
        "{refusal}"
    );
}

#[test]
fn anything_moved_or_doubled() {
    let case = rich(Auditable);
    let refused = |change: fn(&mut Witness)| match case.run_with_witness(change).unwrap_err() {
        Refusal::Witness(error) => error,
        refusal => panic!("{refusal}"),
    };
    assert_eq!(refused(|witness| witness.nodes.swap(3, 4)), WitnessError::NodeOrder { index: 4 });
    assert_eq!(
        refused(|witness| witness.nodes.insert(3, witness.nodes[3].clone())),
        WitnessError::NodeOrder { index: 4 }
    );
    assert_eq!(refused(|witness| witness.codes.swap(0, 1)), WitnessError::CodeOrder { index: 1 });
    let error = refused(|witness| witness.headers.push(witness.headers[0].clone()));
    assert!(matches!(error, WitnessError::HeaderChain { index: 1, .. }), "{error}");
    let error = refused(|witness| witness.headers[0].gas_used ^= 1);
    assert!(matches!(error, WitnessError::HeaderChain { index: 0, .. }), "{error}");
}

/// Every byte of a small witness, and many of a large one.
#[test]
fn each_byte_changed() {
    for (case, stride) in [(small(Auditable), 1), (rich(Auditable), 101)] {
        let encoded = case.witness.encode();
        for at in (0..encoded.len()).step_by(stride) {
            let mut changed = encoded.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(refused(&case, changed.into()), "byte {at} of {}", encoded.len());
        }
        for len in (0..encoded.len()).step_by(stride * 7) {
            assert!(refused(&case, encoded[..len].to_vec().into()), "cut to {len}");
        }
    }
}

fn refused(case: &Case, witness: Bytes) -> bool {
    let Ok(witness) = Witness::decode(witness) else { return true };
    stateless::run(&case.chain.config, &case.input, &witness).is_err()
}

/// Inserts in the order of hashes.
fn insert(list: &mut Vec<Bytes>, bytes: Bytes) {
    let hash = keccak256(&bytes);
    let at = list.iter().position(|other| keccak256(other) > hash).unwrap_or(list.len());
    list.insert(at, bytes);
}
