//! Collateral out of time, of other content, and signed by others.

use std::sync::Arc;

use prover_quote::software::{
    CertificateSpec, Clock, Collateral, CollateralSpec, CrlSpec, Hardware, Issuer, QuoteVersion, SoftwarePki,
    Usage,
};
use serde_json::{Value, json};

use crate::{
    random::Random,
    world::{Case, Expected, NOW, World, file},
};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    times(world, &mut cases);
    signers(world, &mut cases);
    contents(world, &mut cases);
    lists(world, &mut cases);
    damaged(world, &mut Random::new(5), &mut cases);
    cases
}

/// A quote of each version, judged by `collateral`.
fn judged(world: &World, name: &str, collateral: &Collateral, expected: Expected, cases: &mut Vec<Case>) {
    let collateral = file(collateral);
    for version in [QuoteVersion::V4, QuoteVersion::V5] {
        let case = world.case(format!("{name}, {version:?}"), world.quote(version), expected);
        cases.push(Case { collateral: Arc::clone(&collateral), ..case });
    }
}

/// Around every end of every validity.
fn times(world: &World, cases: &mut Vec<Case>) {
    let CollateralSpec { issued, next_update, .. } = world.spec;
    for second in [issued, next_update] {
        for at in [second.minus(1), second, second.plus(1)] {
            for version in QuoteVersion::ALL {
                let case =
                    world.case(format!("at {}, {version:?}", at.0), world.quote(version), Expected::Same);
                cases.push(Case { at: at.0, ..case });
            }
        }
    }
    // One part alone ends earlier or begins later than the others.
    for (from, until) in [
        (issued, NOW.minus(1)),
        (issued, NOW),
        (issued, NOW.plus(1)),
        (NOW, next_update),
        (NOW.plus(1), next_update),
    ] {
        let other = CollateralSpec { issued: from, next_update: until, ..world.spec.clone() };
        let other = world.pki.collateral(&other).unwrap();
        let usual = || world.pki.collateral(&world.spec).unwrap();
        let parts = [
            ("root CRL", Collateral { root_ca_crl: other.root_ca_crl.clone(), ..usual() }),
            ("PCK CRL", Collateral { pck_crl: other.pck_crl.clone(), ..usual() }),
            (
                "TCB info",
                Collateral {
                    tcb_info: other.tcb_info.clone(),
                    tcb_info_signature: other.tcb_info_signature.clone(),
                    ..usual()
                },
            ),
            (
                "QE identity",
                Collateral {
                    qe_identity: other.qe_identity.clone(),
                    qe_identity_signature: other.qe_identity_signature.clone(),
                    ..usual()
                },
            ),
        ];
        for (name, collateral) in parts {
            // `dcap-qvl` does not look at when a revocation list was made.
            let early = from > NOW && name.ends_with("CRL");
            let expected = if early { Expected::MayBeStricter } else { Expected::Same };
            let name = format!("{name} from {} until {}", from.0, until.0);
            judged(world, &name, &collateral, expected, cases);
        }
    }
}

/// TCB info and QE identity signed with other certificates.
fn signers(world: &World, cases: &mut Vec<Case>) {
    let usual = world.pki.tcb_signing_spec();
    let at = |before: Clock, after: Clock| CertificateSpec {
        not_before: before,
        not_after: after,
        ..usual.clone()
    };
    let own = CertificateSpec { key: "another signer".to_owned(), ..usual.clone() };
    for (name, spec, expected) in [
        ("usual signer", usual.clone(), Expected::Accepted),
        ("another key of the same name", own, Expected::Accepted),
        ("a platform's key", world.pki.machine_spec("first", Hardware::default()), Expected::Refused),
        (
            "by the platform authority",
            CertificateSpec { issuer: Issuer::PlatformCa, ..usual.clone() },
            Expected::Refused,
        ),
        ("expired", at(NOW.minus(99_999), NOW.minus(1)), Expected::Refused),
        ("in its last second", at(NOW.minus(99_999), NOW), Expected::Accepted),
        ("in its first second", at(NOW, NOW.plus(9)), Expected::Accepted),
        ("not valid yet", at(NOW.plus(1), NOW.plus(9)), Expected::Refused),
        // The contracts ask for the name that Intel's signer has; `dcap-qvl` does not.
        (
            "another name",
            CertificateSpec { subject: "Somebody".to_owned(), ..usual.clone() },
            Expected::MayBeStricter,
        ),
        (
            "an authority",
            CertificateSpec { usage: Usage::Authority { path_length: 0 }, ..usual },
            Expected::Refused,
        ),
    ] {
        let mut collateral = world.pki.collateral(&world.spec).unwrap();
        world.pki.sign_collateral(&mut collateral, &spec).unwrap();
        judged(world, &format!("signed by {name}"), &collateral, expected, cases);
    }
    let usual = world.pki.collateral(&world.spec).unwrap();
    let foreign = SoftwarePki::new([8; 32], NOW).collateral(&world.spec).unwrap();
    for (name, collateral) in [
        ("all of another root", foreign.clone()),
        ("root CRL of another root", Collateral { root_ca_crl: foreign.root_ca_crl, ..usual.clone() }),
        ("PCK CRL of another root", Collateral { pck_crl: foreign.pck_crl, ..usual.clone() }),
        (
            "TCB info's signature of another root",
            Collateral { tcb_info_signature: foreign.tcb_info_signature, ..usual.clone() },
        ),
        (
            "signatures exchanged",
            Collateral { tcb_info_signature: usual.qe_identity_signature.clone(), ..usual.clone() },
        ),
        ("no signature", Collateral { qe_identity_signature: Vec::new(), ..usual.clone() }),
        (
            "lists exchanged",
            Collateral {
                root_ca_crl: usual.pck_crl.clone(),
                pck_crl: usual.root_ca_crl.clone(),
                ..usual.clone()
            },
        ),
        (
            "TCB info for QE identity",
            Collateral {
                qe_identity: usual.tcb_info.clone(),
                qe_identity_signature: usual.tcb_info_signature.clone(),
                ..usual
            },
        ),
    ] {
        judged(world, name, &collateral, Expected::Refused, cases);
    }
}

/// Other values in TCB info and QE identity, properly signed.
fn contents(world: &World, cases: &mut Vec<Case>) {
    let zeros = |count: usize| json!("00".repeat(count));
    let tcb: Vec<(&str, &str, Value)> = vec![
        ("id", "/id", json!("SGX")),
        ("version", "/version", json!(2)),
        ("another model", "/fmspc", json!("00806F050000")),
        ("another PCE", "/pceId", json!("0001")),
        ("type", "/tcbType", json!(1)),
        ("evaluation", "/tcbEvaluationDataNumber", json!(1)),
        ("lower case model", "/fmspc", json!("535700000000")),
        ("module signer", "/tdxModule/mrsigner", json!("01".repeat(48))),
        ("module attributes", "/tdxModule/attributes", json!("01".repeat(8))),
        ("module mask", "/tdxModule/attributesMask", zeros(8)),
        ("identity signer", "/tdxModuleIdentities/0/mrsigner", json!("01".repeat(48))),
        ("identity attributes", "/tdxModuleIdentities/0/attributes", json!("01".repeat(8))),
        ("identity mask", "/tdxModuleIdentities/0/attributesMask", zeros(8)),
        ("identity id", "/tdxModuleIdentities/0/id", json!("TDX_02")),
        ("identity id in lower case", "/tdxModuleIdentities/0/id", json!("tdx_01")),
        ("module level", "/tdxModuleIdentities/0/tcbLevels/0/tcb/isvsvn", json!(6)),
        ("no identities", "/tdxModuleIdentities", json!([])),
        ("no levels", "/tcbLevels", json!([])),
        ("only low levels", "/tcbLevels/0/tcb/pcesvn", json!(99)),
        ("component too high", "/tcbLevels/0/tcb/sgxtcbcomponents/3/svn", json!(200)),
        ("module component skipped", "/tcbLevels/0/tcb/tdxtcbcomponents/0/svn", json!(200)),
        ("TDX component too high", "/tcbLevels/0/tcb/tdxtcbcomponents/2/svn", json!(200)),
        ("issued later", "/issueDate", json!("2027-01-01T00:00:00Z")),
        ("run out", "/nextUpdate", json!("2026-01-01T00:00:00Z")),
    ];
    for (name, pointer, value) in tcb {
        let mut collateral = world.pki.collateral(&world.spec).unwrap();
        collateral.edit_tcb_info(|info| *info.pointer_mut(pointer).expect(pointer) = value).unwrap();
        sign(world, &mut collateral);
        // Only what Intel publishes for TDX is stored: version 3, type 0.
        let expected = if matches!(name, "type") { Expected::MayBeStricter } else { Expected::Same };
        judged(world, &format!("TCB info with another {name}"), &collateral, expected, cases);
    }
    let qe: Vec<(&str, &str, Value)> = vec![
        ("id", "/id", json!("QE")),
        ("version", "/version", json!(3)),
        ("older version", "/version", json!(1)),
        ("evaluation", "/tcbEvaluationDataNumber", json!(1)),
        ("features", "/miscselect", json!("01000000")),
        ("features without mask", "/miscselectMask", zeros(4)),
        ("attributes", "/attributes", json!("15".to_owned() + &"00".repeat(15))),
        ("attributes without mask", "/attributesMask", zeros(16)),
        ("full mask", "/attributesMask", json!("FF".repeat(16))),
        ("signer", "/mrsigner", json!("11".repeat(32))),
        ("product", "/isvprodid", json!(1)),
        ("level", "/tcbLevels/0/tcb/isvsvn", json!(7)),
        ("no levels", "/tcbLevels", json!([])),
        ("run out", "/nextUpdate", json!("2026-01-01T00:00:00Z")),
    ];
    for (name, pointer, value) in qe {
        let mut collateral = world.pki.collateral(&world.spec).unwrap();
        collateral
            .edit_qe_identity(|identity| *identity.pointer_mut(pointer).expect(pointer) = value)
            .unwrap();
        sign(world, &mut collateral);
        judged(world, &format!("QE identity with another {name}"), &collateral, Expected::Same, cases);
    }
}

/// Revocation lists by others and of other numbers.
fn lists(world: &World, cases: &mut Vec<Case>) {
    let CollateralSpec { issued, next_update, .. } = world.spec;
    for number in [0, 1, 2, 127, 255] {
        let spec = CollateralSpec { crl_number: number, ..world.spec.clone() };
        let collateral = world.pki.collateral(&spec).unwrap();
        judged(world, &format!("lists of number {number}"), &collateral, Expected::Accepted, cases);
    }
    for issuer in [Issuer::Root, Issuer::ProcessorCa] {
        let mut collateral = world.pki.collateral(&world.spec).unwrap();
        collateral.pck_crl =
            world.pki.revoke(&CrlSpec { issuer, number: 1, issued, next_update, revoked: Vec::new() });
        judged(world, &format!("PCK CRL by {issuer:?}"), &collateral, Expected::Refused, cases);
    }
}

/// One character of TCB info or QE identity changed, and signed again: nonsense that Intel signed. The contracts may be
/// stricter about it, and must not be laxer; but they do not read the dates of levels, from which nothing follows.
fn damaged(world: &World, random: &mut Random, cases: &mut Vec<Case>) {
    let characters = b"0123456789abcdefABCDEF{}[]\",: .-TZx\\\n";
    for number in 0..600 {
        let mut collateral = world.pki.collateral(&world.spec).unwrap();
        let text = if number % 3 == 0 { &mut collateral.qe_identity } else { &mut collateral.tcb_info };
        let mut bytes = text.clone().into_bytes();
        let at = random.below(bytes.len());
        if is_level_date(&bytes, at) {
            continue;
        }
        match random.below(3) {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, *random.pick(characters)),
            _ => bytes[at] = *random.pick(characters),
        }
        *text = String::from_utf8(bytes).unwrap();
        sign(world, &mut collateral);
        let case = world.case(
            format!("nonsense {number}: character {at}"),
            world.quote(QuoteVersion::V5),
            Expected::MayBeStricter,
        );
        cases.push(Case { collateral: file(&collateral), ..case });
    }
}

/// Whether byte `at` is of a `"tcbDate":"2026-01-01T00:00:00Z"`, or next to it.
fn is_level_date(text: &[u8], at: usize) -> bool {
    let key = b"\"tcbDate\":";
    let dates = text.windows(key.len()).enumerate().filter(|(_, window)| window == key);
    dates.map(|(start, _)| start).any(|start| (start..=start + key.len() + 22).contains(&at))
}

fn sign(world: &World, collateral: &mut Collateral) {
    world.pki.sign_collateral(collateral, &world.pki.tcb_signing_spec()).unwrap();
}
