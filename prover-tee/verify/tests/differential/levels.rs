//! Every security level: statuses of platform, module and quoting enclave; machines above, at and below.

use std::sync::Arc;

use prover_quote::{
    Quoter,
    software::{Collateral, CollateralSpec, Hardware, QuoteVersion, TcbStatus},
};
use serde_json::{Value, json};

use crate::{
    random::Random,
    world::{Case, Expected, World, file},
};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut random = Random::new(4);
    let mut cases = Vec::new();
    statuses(world, &mut cases);
    for number in 0..120 {
        random_levels(world, number, &mut random, &mut cases);
    }
    cases
}

/// All statuses together.
fn statuses(world: &World, cases: &mut Vec<Case>) {
    for platform in TcbStatus::ALL {
        for module in TcbStatus::ALL {
            for qe in TcbStatus::ALL {
                // Statuses that Intel never gives to a module or a quoting enclave need not be mixed with all others.
                let usual = |status| {
                    matches!(status, TcbStatus::UpToDate | TcbStatus::OutOfDate | TcbStatus::Revoked)
                };
                if !usual(module) && !usual(qe) {
                    continue;
                }
                let spec = CollateralSpec { platform, module, qe, ..world.spec.clone() };
                let collateral = file(&world.pki.collateral(&spec).unwrap());
                for version in [QuoteVersion::V4, QuoteVersion::V5] {
                    let name = format!("platform {platform:?}, module {module:?}, QE {qe:?}, {version:?}");
                    // A level that no part of the quote reaches may hold what Intel never writes.
                    let case = world.case(name, world.quote(version), Expected::Same);
                    cases.push(Case { collateral: Arc::clone(&collateral), ..case });
                }
            }
        }
    }
}

/// Levels and machines at random, in a small range so that they meet.
fn random_levels(world: &World, number: usize, random: &mut Random, cases: &mut Vec<Case>) {
    let mut collateral = world.pki.collateral(&world.spec).unwrap();
    let levels: Vec<Value> = (0..1 + random.below(6)).map(|_| level(random)).collect();
    let identities = random.below(3);
    let modules: Vec<Value> = (0..identities).map(|index| module(index, random)).collect();
    edit(&mut collateral, "tcbLevels", json!(levels), Some(json!(modules)));
    let qe: Vec<Value> = (0..1 + random.below(3)).map(|_| isv(random, 9, QE)).collect();
    collateral.edit_qe_identity(|identity| identity["tcbLevels"] = json!(qe)).unwrap();
    world.pki.sign_collateral(&mut collateral, &world.pki.tcb_signing_spec()).unwrap();
    let collateral = file(&collateral);
    for index in 0..14 {
        let hardware =
            Hardware { cpu_svn: svns(random), pce_svn: random.below(4) as u16, ..Hardware::default() };
        let mut machine = world.pki.machine_by("first", &world.pki.machine_spec("first", hardware)).unwrap();
        machine.version = *random.pick(&QuoteVersion::ALL);
        machine.td.tee_tcb_svn = tee_svns(random);
        machine.td.tee_tcb_svn2 =
            if random.below(2) == 0 { machine.td.tee_tcb_svn } else { tee_svns(random) };
        let name = format!("levels {number}, machine {index}, {:?}", machine.version);
        let case = world.case(name, machine.quote(&[1; 64]).unwrap(), Expected::Same);
        cases.push(Case { collateral: Arc::clone(&collateral), ..case });
    }
}

const PLATFORM: &[&str] = &[
    "UpToDate",
    "UpToDate",
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
];
const MODULE: &[&str] = &["UpToDate", "UpToDate", "OutOfDate", "Revoked"];
const QE: &[&str] =
    &["UpToDate", "UpToDate", "OutOfDate", "ConfigurationNeeded", "OutOfDateConfigurationNeeded", "Revoked"];

/// Versions of 16 components: mostly zero, so that levels are met by some and not by others.
fn svns(random: &mut Random) -> [u8; 16] {
    std::array::from_fn(|_| if random.below(12) == 0 { random.below(3) as u8 } else { 1 })
}

/// The same for TDX: module version 0 to 2.
fn tee_svns(random: &mut Random) -> [u8; 16] {
    let mut svns = svns(random);
    (svns[0], svns[1]) = (random.below(6) as u8, random.below(3) as u8);
    svns
}

fn level(random: &mut Random) -> Value {
    let components = |svns: [u8; 16]| -> Vec<Value> { svns.iter().map(|svn| json!({"svn": svn})).collect() };
    let low = |random: &mut Random| -> [u8; 16] {
        std::array::from_fn(|_| if random.below(40) == 0 { 2 } else { random.below(2) as u8 })
    };
    let (sgx, tdx) = (low(random), low(random));
    json!({
        "tcb": {
            "sgxtcbcomponents": components(sgx),
            "pcesvn": random.below(3),
            "tdxtcbcomponents": components(tdx),
        },
        "tcbDate": "2026-01-01T00:00:00Z",
        "tcbStatus": random.pick(PLATFORM),
    })
}

fn isv(random: &mut Random, end: usize, statuses: &[&str]) -> Value {
    json!({
        "tcb": {"isvsvn": random.below(end)},
        "tcbDate": "2026-01-01T00:00:00Z",
        "tcbStatus": random.pick(statuses),
    })
}

fn module(index: usize, random: &mut Random) -> Value {
    let levels: Vec<Value> = (0..1 + random.below(3)).map(|_| isv(random, 6, MODULE)).collect();
    json!({
        "id": format!("TDX_{:02X}", index + 1),
        "mrsigner": "00".repeat(48),
        "attributes": "00".repeat(8),
        "attributesMask": "FF".repeat(8),
        "tcbLevels": levels,
    })
}

fn edit(collateral: &mut Collateral, key: &str, value: Value, modules: Option<Value>) {
    collateral
        .edit_tcb_info(|info| {
            info[key] = value;
            if let Some(modules) = modules {
                info["tdxModuleIdentities"] = modules;
            }
        })
        .unwrap();
}
