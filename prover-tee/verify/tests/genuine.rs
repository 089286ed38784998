//! Quotes that Intel signed, with the collateral of their time, from the package of `dcap-qvl`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../quote/tests/samples/mod.rs"]
mod samples;

use prover_verify::{
    check::{Question, Verdict},
    collateral::CollateralFile,
    input,
    root::Root,
};
use samples::sample;

/// 4 July 2025, while the collateral of `tdx_quote` held.
const JULY_2025: u64 = 1_751_587_200;
/// 23 October 2026, while that of `tdx_quote_td15ex` did.
const OCTOBER_2026: u64 = 1_792_713_600;

fn judge(quote: &[u8], collateral: &str, at: u64) -> Verdict {
    let collateral = CollateralFile::parse(&sample(collateral)).unwrap();
    let root = Root::intel().unwrap();
    let quote = input::alleged_quote(quote).unwrap();
    let question = Question { quote: &quote, collateral: &collateral, root: &root, at, allowed: &[] };
    let verdict = Verdict::of(question).unwrap();
    assert!(verdict.agree, "{verdict}");
    verdict
}

/// The error that the contracts refuse with.
fn refusal(verdict: &Verdict) -> &str {
    assert!(!verdict.accepted, "{verdict}");
    &verdict.contract.refusal.as_ref().unwrap().error
}

#[test]
fn up_to_date_quotes_of_both_versions_are_accepted() {
    for (quote, collateral, at) in [
        ("tdx_quote", "tdx_quote_collateral.json", JULY_2025),
        ("tdx_quote_td15ex", "tdx_quote_td15ex_collateral.json", OCTOBER_2026),
    ] {
        let verdict = judge(&sample(quote), collateral, at);
        assert!(verdict.accepted && verdict.intel_root, "{verdict}");
        assert_eq!(verdict.contract.refused_uploads.len(), 0, "{verdict}");
        let registration = verdict.gas.registration.unwrap();
        assert!((100_000..300_000).contains(&registration), "{registration} gas");
    }
}

#[test]
fn every_form_of_a_file_is_judged_alike() {
    let quote = sample("tdx_quote");
    let hex = hex::encode(&quote);
    let padded = [&quote[..], &[0; 3000]].concat();
    let lines = hex.as_bytes().chunks(64).collect::<Vec<_>>().join(&b'\n');
    let prefixed = format!("0x{hex}\n").into_bytes();
    let json = format!(r#"{{"quote":"{hex}"}}"#).into_bytes();
    for form in [padded, lines, prefixed, json] {
        let verdict = judge(&form, "tdx_quote_collateral.json", JULY_2025);
        assert!(verdict.accepted, "{verdict}");
    }
}

#[test]
fn a_quote_is_out_of_date_once_intel_says_so() {
    let verdict = judge(&sample("tdx_quote"), "tdx_quote_td15ex_collateral.json", OCTOBER_2026);
    assert_eq!(refusal(&verdict), "TcbNotUpToDate");
    assert_eq!(verdict.contract.status.as_deref(), Some("OutOfDate"));
    assert!(!verdict.dcap_qvl.advisories.is_empty());
}

#[test]
fn a_machine_below_every_level_is_refused() {
    let collateral = "tdx_quote_outdated_collateral.json";
    let verdict = judge(&sample("tdx_quote_outdated"), collateral, 1_772_276_331);
    assert_eq!(refusal(&verdict), "NoTcbLevel");
}

#[test]
fn collateral_holds_for_its_time_and_its_machines() {
    let quote = sample("tdx_quote");
    // Two weeks after it ran out, and before it was made.
    for at in [JULY_2025 + 30 * 86_400, JULY_2025 - 60 * 86_400] {
        let verdict = judge(&quote, "tdx_quote_collateral.json", at);
        assert!(!verdict.accepted && !verdict.contract.refused_uploads.is_empty(), "{verdict}");
    }
    let verdict = judge(&quote, "sgx_quote_collateral.json", JULY_2025);
    assert!(!verdict.accepted, "{verdict}");
}

#[test]
fn what_is_no_quote_of_a_td_is_refused_by_name() {
    let collateral = "tdx_quote_collateral.json";
    assert_eq!(refusal(&judge(&sample("sgx_quote"), collateral, JULY_2025)), "UnsupportedQuoteVersion");
    // It is genuine, and `dcap-qvl` accepts it.
    let sgx = judge(&sample("sgx_quote"), "sgx_quote_collateral.json", JULY_2025);
    assert_eq!(refusal(&sgx), "UnsupportedQuoteVersion");
    assert!(sgx.dcap_qvl.status.is_some(), "{sgx}");
    let cut = &sample("tdx_quote")[..2000];
    assert_eq!(refusal(&judge(cut, collateral, JULY_2025)), "QuoteTooShort");
    assert_eq!(refusal(&judge(&[4], collateral, JULY_2025)), "QuoteTooShort");
}

#[test]
fn a_chain_in_the_collateral_stands_in_for_one_that_the_quote_lacks() {
    // `tdx_quote_td15ex` comes with its chain in both places.
    let mut quote = sample("tdx_quote_td15ex");
    let inner = 54 + 885 + 4 + 128 + 6 + 448 + 2 + 32;
    assert_eq!(quote.get(inner), Some(&5));
    quote[inner] = 3;
    let verdict = judge(&quote, "tdx_quote_td15ex_collateral.json", OCTOBER_2026);
    assert!(verdict.accepted, "{verdict}");
    let without = judge(&quote, "tdx_quote_collateral.json", JULY_2025);
    assert_eq!(refusal(&without), "UnsupportedCertificationData");
}
