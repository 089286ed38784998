//! What is true is proved.

use executor::{
    chain::DataMode::{Auditable, Compact},
    stateless::BatchInput,
    witness::{BlockWitness, Witness},
};

use crate::workload::{Case, rich, small};

#[test]
fn the_outcome_is_the_sequencers() {
    for mode in [Auditable, Compact] {
        for case in [small(mode), rich(mode)] {
            assert_eq!(case.run().unwrap(), case.input.expected);
        }
    }
}

/// However the blocks are cut into batches.
#[test]
fn every_suffix_is_a_batch() {
    let Case { mut chain, first, .. } = rich(Auditable);
    let last = chain.head().sealed.block.header.number;
    for first in first..=last {
        let case = Case::new(chain, first);
        assert_eq!(case.run().unwrap(), case.input.expected, "from {first}");
        chain = case.chain;
    }
}

#[test]
fn through_bytes_and_back() {
    for mode in [Auditable, Compact] {
        let case = rich(mode);
        let input = BatchInput::decode(case.input.encode().into()).unwrap();
        assert_eq!(input, case.input);
        let witness = Witness::decode(case.witness.encode().into()).unwrap();
        assert_eq!(witness, case.witness);
        assert_eq!(executor::stateless::run(&case.chain.config, &input, &witness).unwrap(), input.expected);
        for built in &case.chain.blocks {
            assert_eq!(BlockWitness::decode(built.witness.encode().into()).unwrap(), built.witness);
        }
    }
}

/// A cache that forgets makes no difference to what is recorded.
#[test]
fn recording_does_not_depend_on_the_cache() {
    let case = rich(Auditable);
    let mut chain = executor_testkit::TestChain::new(Auditable, crate::workload::alloc());
    chain.l1 = case.chain.l1.clone();
    for built in &case.chain.blocks[1..] {
        chain.prune(0);
        let user = built.sealed.block.body.transactions.iter().filter(|tx| !tx.is_deposit()).cloned();
        chain.build(built.origin.number, user);
        assert_eq!(chain.head().sealed.hash, built.sealed.hash);
        assert_eq!(sorted(&chain.head().witness), sorted(&built.witness));
    }
}

fn sorted(witness: &BlockWitness) -> BlockWitness {
    let mut witness = witness.clone();
    witness.touched.sort_by_key(|node| node.key);
    witness
}
