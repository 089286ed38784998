//! Whole registrations with the contracts on this machine: what [`Verdict`] cannot show for quotes that were made for
//! something else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolValue;
use prover_quote::{
    Quoter, calldata, certificate,
    software::{Clock, CollateralSpec, QuoteVersion, SoftwarePki, TcbStatus},
};
use prover_verify::{
    check::{Question, Verdict},
    collateral::CollateralFile,
    contracts::{Contracts, Registered},
    evm::{PARENT_HASH, PARENT_NUMBER, SENDER},
    fields::Fields,
    root::Root,
    workload::{Workload, workload_id},
};

const NOW: Clock = Clock(1_795_226_400);
const SIGNER: Address = Address::repeat_byte(0x77);
const CONFIG_HASH: B256 = B256::repeat_byte(0xc0);
/// Chain id of the local L1 for software platforms.
const CHAIN_ID: u64 = 31_337;

/// What the registry says to a registration that names it properly, and what [`Verdict`] says of the same quote.
fn register(version: QuoteVersion, platform: TcbStatus, is_allowed: bool) -> (Registered, Verdict) {
    let pki = SoftwarePki::new([7; 32], NOW);
    let root = Root::read(&pki.root_der()).unwrap();
    let spec = CollateralSpec { platform, ..CollateralSpec::new(NOW.minus(3600)) };
    let json = serde_json::to_vec(&pki.collateral(&spec).unwrap()).unwrap();
    let collateral = CollateralFile::parse(&json).unwrap();
    let mut contracts = Contracts::deploy(&root, NOW.0, CONFIG_HASH).unwrap();

    // As IProverRegistry defines it.
    let tag = "phala-prover-v1".to_owned();
    let data = (tag, CHAIN_ID, contracts.registry(), SENDER, SIGNER, PARENT_NUMBER, PARENT_HASH);
    let first = keccak256(data.abi_encode_params());
    let mut machine = pki.machine("first").unwrap();
    machine.version = version;
    let quote = machine.quote(&[first.0, CONFIG_HASH.0].concat().try_into().unwrap()).unwrap();

    let chain = certificate::chain(&quote).unwrap();
    let uploaded = contracts.upload(collateral.uploads(&chain, root.key())).unwrap();
    assert!(uploaded.iter().all(|upload| upload.refusal.is_none()), "{uploaded:?}");
    if is_allowed {
        contracts.allow(workload_id(&Workload::of(&Fields::read(&quote, None).unwrap()))).unwrap();
    }
    let registered = contracts.register(&calldata::compact(&quote).unwrap(), SIGNER).unwrap();
    let question = Question { quote: &quote, collateral: &collateral, root: &root, at: NOW.0, allowed: &[] };
    (registered, Verdict::of(question).unwrap())
}

#[test]
fn a_registration_costs_what_the_verdict_says() {
    for version in QuoteVersion::ALL {
        let (registered, verdict) = register(version, TcbStatus::UpToDate, true);
        assert_eq!(registered.refusal, None, "{version:?}");
        let told = verdict.gas.registration.unwrap();
        assert!(told.abs_diff(registered.gas) < 3_000, "{version:?}: {told}, not {}", registered.gas);
        // The contracts' own goal.
        assert!(registered.gas <= 300_000, "{version:?}: {}", registered.gas);
    }
}

#[test]
fn the_registry_refuses_what_the_verdict_says() {
    let (registered, verdict) = register(QuoteVersion::V4, TcbStatus::OutOfDate, true);
    assert_eq!(registered.refusal.unwrap().error, "TcbNotUpToDate");
    assert_eq!(verdict.contract.refusal.unwrap().error, "TcbNotUpToDate");
    assert_eq!(verdict.gas.registration, None);
    // The verdict judges the workload by the list that it is given, not by a registry's.
    let (registered, verdict) = register(QuoteVersion::V4, TcbStatus::UpToDate, false);
    assert_eq!(registered.refusal.unwrap().error, "WorkloadNotAllowed");
    assert!(verdict.accepted);
}
