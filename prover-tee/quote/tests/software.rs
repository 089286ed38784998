//! The software platform, against independent verifiers and against genuine bytes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "software")]

mod samples;

use dcap_qvl::{QuoteCollateralV3, verify::QuoteVerifier};
use prover_quote::{
    Quoter, certificate, format,
    software::{
        Clock, Collateral, CollateralSpec, Defect, QuoteVersion, SoftwarePki, SoftwarePlatform, TcbStatus,
    },
};

const NOW: Clock = Clock(1_795_226_400);

fn pki() -> SoftwarePki {
    SoftwarePki::new([7; 32], NOW)
}

/// What `dcap-qvl` says: the TCB status, or why it refuses.
fn verdict(pki: &SoftwarePki, quote: &[u8], spec: &CollateralSpec, now: Clock) -> Result<String, String> {
    let collateral: Collateral = pki.collateral(spec).unwrap();
    let collateral: QuoteCollateralV3 =
        serde_json::from_value(serde_json::to_value(collateral).unwrap()).unwrap();
    QuoteVerifier::new(pki.root_der())
        .verify(quote, &collateral, now.0)
        .map(|report| report.status)
        .map_err(|error| format!("{error:#}"))
}

#[test]
fn dcap_qvl_accepts_both_versions() {
    let pki = pki();
    let mut machine = pki.machine("first").unwrap();
    for version in [QuoteVersion::V4, QuoteVersion::V5] {
        machine.version = version;
        let quote = machine.quote(&[0xab; 64]).unwrap();
        assert_eq!(verdict(&pki, &quote, &CollateralSpec::new(NOW), NOW), Ok("UpToDate".into()));
        let parsed = dcap_qvl::quote::Quote::parse(&quote).unwrap();
        let report = parsed.report.as_td10().unwrap();
        assert_eq!(report.report_data, [0xab; 64]);
        assert_eq!(report.mr_td, machine.td.mr_td);
        assert_eq!(report.rt_mr2, machine.td.rtmr2);
        assert_eq!(parsed.report.as_td15().is_some(), version == QuoteVersion::V5);
    }
}

#[test]
fn tdx_quote_reads_and_verifies_the_same() {
    let machine = pki().machine("first").unwrap();
    let quote = machine.quote(&[0xcd; 64]).unwrap();
    let parsed = tdx_quote::Quote::from_bytes(&quote).unwrap();
    assert_eq!(parsed.report_input_data(), [0xcd; 64]);
    assert_eq!(parsed.mrtd(), machine.td.mr_td);
    assert_eq!(parsed.rtmr0(), machine.td.rtmr0);
    let chain = certificate::chain(&quote).unwrap();
    let key = certificate::p256_key(&chain[0]).unwrap();
    let compressed: Vec<u8> = [&[2 | (key[63] & 1)], &key[..32]].concat();
    let pck = tdx_quote::decode_verifying_key(&compressed.try_into().unwrap()).unwrap();
    parsed.verify_with_pck(&pck).unwrap();
}

#[test]
fn what_is_wrong_is_refused() {
    let pki = pki();
    let spec = CollateralSpec::new(NOW);
    let refused = |change: &dyn Fn(&mut SoftwarePlatform), why: &str| {
        let mut machine = pki.machine("first").unwrap();
        change(&mut machine);
        let error = verdict(&pki, &machine.quote(&[1; 64]).unwrap(), &spec, NOW).unwrap_err();
        assert!(error.contains(why), "{error}, not {why}");
    };
    refused(&|machine| machine.defect = Some(Defect::QuoteSignature), "ISV enclave report signature");
    refused(&|machine| machine.defect = Some(Defect::AttestationKey), "QE report hash mismatch");
    refused(
        &|machine| machine.defect = Some(Defect::QeReportSignature),
        "Signature is invalid for qe_report",
    );
    refused(&|machine| machine.td.td_attributes[0] = 1, "Debug mode");
    refused(&|machine| machine.td.td_attributes[3] = 0x30, "migration");
    refused(&|machine| machine.td.td_attributes[3] = 0, "SEPT_VE_DISABLE");
    refused(&|machine| machine.td.mr_signer_seam[0] = 1, "MRSIGNER");
    refused(
        &|machine| {
            machine.version = QuoteVersion::V5;
            machine.td.mr_service_td[0] = 1;
        },
        "service TD",
    );

    let quote = pki.machine("first").unwrap().quote(&[1; 64]).unwrap();
    let other = SoftwarePki::new([8; 32], NOW);
    verdict(&other, &quote, &spec, NOW).unwrap_err();
    let error = verdict(&pki, &quote, &spec, spec.next_update.plus(1)).unwrap_err();
    assert!(error.contains("expired") || error.contains("Expired"), "{error}");
}

#[test]
fn collateral_decides() {
    let pki = pki();
    let machine = pki.machine("first").unwrap();
    let quote = machine.quote(&[1; 64]).unwrap();
    let spec = CollateralSpec::new(NOW);
    let status = |spec: &CollateralSpec| verdict(&pki, &quote, spec, NOW);

    assert_eq!(
        status(&CollateralSpec { platform: TcbStatus::OutOfDate, ..spec.clone() }),
        Ok("OutOfDate".into())
    );
    assert_eq!(status(&CollateralSpec { qe: TcbStatus::OutOfDate, ..spec.clone() }), Ok("OutOfDate".into()));
    assert_eq!(
        status(&CollateralSpec { module: TcbStatus::OutOfDate, ..spec.clone() }),
        Ok("OutOfDate".into())
    );
    status(&CollateralSpec { platform: TcbStatus::Revoked, ..spec.clone() }).unwrap_err();
    let revoked = CollateralSpec { revoked: vec![machine.pck_serial()], ..spec };
    let error = status(&revoked).unwrap_err();
    assert!(error.contains("Revoked"), "{error}");
    let second = pki.machine("second").unwrap().quote(&[1; 64]).unwrap();
    assert_eq!(verdict(&pki, &second, &revoked, NOW), Ok("UpToDate".into()));
}

#[test]
fn machines_differ_and_share_their_authority() {
    let pki = pki();
    let (first, second) = (pki.machine("first").unwrap(), pki.machine("second").unwrap());
    let chain = |machine: &SoftwarePlatform| certificate::chain(&machine.quote(&[0; 64]).unwrap()).unwrap();
    let (one, two) = (chain(&first), chain(&second));
    assert_ne!(first.pck_key(), second.pck_key());
    assert_eq!(certificate::p256_key(&one[0]), Some(first.pck_key()));
    assert_eq!(one[1..], two[1..]);
    assert_eq!(one[1], pki.platform_ca_der());
    assert_eq!(one[2], pki.root_der());
    assert_eq!(certificate::p256_key(&one[2]), Some(pki.root_key()));
}

#[test]
fn files_bring_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pki.json");
    let pki = pki();
    pki.save(&file).unwrap();
    let again = SoftwarePki::load(&file).unwrap();
    assert_eq!(again.root_der(), pki.root_der());

    let mut machine = pki.machine("first").unwrap();
    machine.td.td_attributes[0] = 1;
    machine.defect = Some(Defect::AttestationKey);
    machine.save(&folder.path().join("machine")).unwrap();
    let loaded = SoftwarePlatform::load(&folder.path().join("machine")).unwrap();
    assert_eq!(loaded.quote(&[3; 64]).unwrap(), machine.quote(&[3; 64]).unwrap());

    use std::os::unix::fs::PermissionsExt;
    for path in [file, folder.path().join("machine").join(SoftwarePlatform::FILE)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = format!("{machine:?}");
    assert!(text.contains("SoftwarePlatform") && text.len() < 400, "{text}");
}

/// Certificates, lists and quotes have the very structure of Intel's: same elements in the same
/// order, same object identifiers, only other values.
#[test]
fn structure_is_that_of_genuine_data() {
    let pki = pki();
    let ours = pki.machine("first").unwrap().quote(&[0; 64]).unwrap();
    let genuine = samples::v4();
    assert_eq!(ours[..2], genuine[..2]);
    assert_eq!(ours[4..28], genuine[4..28]);
    // TD 1.0 report: attributes, XFAM and what is zero.
    assert_eq!(ours[48 + 112..48 + 136], genuine[48 + 112..48 + 136]);
    // QE report: miscellaneous, attributes, signer, product and version.
    let report = 636 + 128 + 6;
    assert_eq!(ours[report + 16..report + 64], genuine[report + 16..report + 64]);
    assert_eq!(ours[report + 96..report + 320], genuine[report + 96..report + 320]);

    let (ours, genuine) = (certificate::chain(&ours).unwrap(), certificate::chain(&genuine).unwrap());
    for (ours, genuine) in ours.iter().zip(&genuine) {
        assert_eq!(structure(ours), structure(genuine));
    }

    let genuine: serde_json::Value =
        serde_json::from_slice(&samples::sample("tdx_quote_collateral.json")).unwrap();
    let list = |name: &str| hex::decode(genuine[name].as_str().unwrap()).unwrap();
    assert_eq!(structure(&pki.root_crl(1, NOW, NOW.plus(9), &[])), structure(&list("root_ca_crl")));
    let revoked = list("pck_crl");
    let count = structure(&revoked).iter().filter(|line| line.ends_with("06 551d15")).count();
    let ours = pki.pck_crl(1, NOW, NOW.plus(9), &vec![[1; 20]; count]);
    assert_eq!(structure(&ours), structure(&revoked));

    let json = pki.collateral(&CollateralSpec::new(NOW)).unwrap();
    for (ours, name) in [(json.tcb_info, "tcb_info"), (json.qe_identity, "qe_identity")] {
        let genuine = genuine[name].as_str().unwrap();
        assert_eq!(keys(&ours), keys(genuine), "{name}");
    }
}

/// Depth, tag and, for object identifiers, value of every element, into octet strings too.
fn structure(der: &[u8]) -> Vec<String> {
    fn walk(mut der: &[u8], depth: usize, lines: &mut Vec<String>) -> bool {
        while let [tag, length, rest @ ..] = der {
            let (length, rest) = match usize::from(*length) {
                short @ 0..0x80 => (short, rest),
                octets => {
                    let octets = octets - 0x80;
                    if octets > 2 || rest.len() < octets {
                        return false;
                    }
                    let (head, rest) = rest.split_at(octets);
                    (head.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
                }
            };
            if rest.len() < length {
                return false;
            }
            let (content, after) = rest.split_at(length);
            let value = if *tag == 6 { hex::encode(content) } else { String::new() };
            lines.push(format!("{depth} {tag:02x} {value}"));
            let mut inner = Vec::new();
            // An octet string may hold an element that begins with a sequence or a short one.
            let opens = tag & 0x20 != 0 || *tag == 4 && matches!(content, [0x30 | 0x04 | 0x03 | 0x0a, ..]);
            if opens && walk(content, depth + 1, &mut inner) {
                lines.append(&mut inner);
            }
            der = after;
        }
        der.is_empty()
    }
    let mut lines = Vec::new();
    assert!(walk(der, 0, &mut lines));
    lines
}

/// The keys of the top level, in order.
fn keys(json: &str) -> Vec<String> {
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    let mut keys: Vec<(usize, String)> =
        value.into_iter().map(|(key, _)| (json.find(&format!("\"{key}\":")).unwrap(), key)).collect();
    keys.sort();
    keys.into_iter().map(|(_, key)| key).collect()
}

#[test]
fn report_data_stands_where_it_should() {
    let quote = pki().machine("first").unwrap().quote(&[0x5a; 64]).unwrap();
    assert_eq!(format::report_data(&quote), Ok(&[0x5a; 64]));
    assert_eq!(format::length(&quote), Ok(quote.len()));
}
