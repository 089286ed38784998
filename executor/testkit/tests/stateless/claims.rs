//! What is claimed is compared field by field.

use alloy_primitives::B256;
use executor::{chain::DataMode::Auditable, stateless::Refusal, transition::Transition};

use crate::workload::small;

#[test]
fn each_field() {
    let case = small(Auditable);
    type Change = (&'static str, fn(&mut Transition));
    let changes: [Change; 8] = [
        ("configHash", |claim| claim.configHash = B256::ZERO),
        ("parentOutputRoot", |claim| claim.parentOutputRoot = B256::ZERO),
        ("outputRoot", |claim| claim.outputRoot = B256::ZERO),
        ("lastL2Block", |claim| claim.lastL2Block += 1),
        ("lastL2Timestamp", |claim| claim.lastL2Timestamp += 1),
        ("l1OriginNumber", |claim| claim.l1OriginNumber += 1),
        ("l1OriginHash", |claim| claim.l1OriginHash = B256::ZERO),
        ("daHash", |claim| claim.daHash = B256::ZERO),
    ];
    for (name, change) in changes {
        let refusal = case.run_with(|input| change(&mut input.expected)).unwrap_err();
        assert!(matches!(refusal, Refusal::Claim { field, .. } if field == name), "{name}: {refusal}");
    }
}

#[test]
fn the_rules_of_another_chain() {
    let case = small(Auditable);
    let mut config = case.chain.config.clone();
    config.l1_chain_id += 1;
    let refusal = executor::stateless::run(&config, &case.input, &case.witness).unwrap_err();
    assert!(matches!(refusal, Refusal::Claim { field: "configHash", .. }), "{refusal}");
}
