//! Reading quotes: genuine ones, padded ones, cut ones, and garbage.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod samples;

use proptest::prelude::*;
use prover_quote::{QuoteFormatError, certificate, format};

/// Fields as `dcap-qvl` reads them.
fn parsed(quote: &[u8]) -> dcap_qvl::quote::Quote {
    dcap_qvl::quote::Quote::parse(quote).unwrap()
}

#[test]
fn genuine_quotes_read_like_dcap_qvl_reads_them() {
    for quote in [samples::v4(), samples::v5()] {
        let length = format::length(&quote).unwrap();
        assert!(quote[length..].iter().all(|byte| *byte == 0), "only padding follows");
        let exact = &quote[..length];
        let expected = parsed(exact);
        let report = expected.report.as_td10().unwrap();
        assert_eq!(format::report_data(exact).unwrap(), &report.report_data);
        let chain = certificate::chain(exact).unwrap();
        assert_eq!(chain, dcap_qvl::intel::extract_cert_chain(&expected).unwrap());
        assert_eq!(chain.len(), 3);
        let root = certificate::p256_key(&chain[2]).unwrap();
        assert_eq!(hex::encode(&root[..8]), "0ba9c4c0c0c86193", "Intel's root key");
    }
}

#[test]
fn padding_of_any_length_is_cut() {
    let quote = samples::v4();
    let length = format::length(&quote).unwrap();
    for padded in [length, 8000, 16384] {
        let mut buffer = quote[..length].to_vec();
        buffer.resize(padded, 0);
        assert_eq!(format::length(&buffer), Ok(length));
    }
}

#[test]
fn every_truncation_is_noticed() {
    for quote in [samples::v4(), samples::v5()] {
        let length = format::length(&quote).unwrap();
        for end in 0..length {
            assert!(matches!(
                format::length(&quote[..end]),
                Err(QuoteFormatError::TooShort { length, .. }) if length == end
            ));
        }
    }
}

#[test]
fn other_quotes_are_refused() {
    let mut sgx = samples::sample("sgx_quote");
    assert_eq!(format::length(&sgx), Err(QuoteFormatError::TeeType(0)));
    sgx[4] = 0x81;
    assert_eq!(format::length(&sgx), Err(QuoteFormatError::Version(3)));
    let mut quote = samples::v4();
    // After header, body, length, signature and key; type 6, QE report and authentication data of 32 bytes.
    let inner = 636 + 128 + 6 + 448 + 2 + 32;
    assert_eq!(quote[inner], 5);
    quote[inner] = 3;
    assert_eq!(certificate::chain(&quote), Err(QuoteFormatError::Certification { expected: 5, got: 3 }));
}

proptest! {
    #[test]
    fn garbage_is_never_read_out_of_bounds(
        mut bytes in prop::collection::vec(any::<u8>(), 0..1500), version in 4u16..6,
    ) {
        if let Some(head) = bytes.first_chunk_mut::<8>() {
            head[..2].copy_from_slice(&version.to_le_bytes());
            head[4..].copy_from_slice(&0x81u32.to_le_bytes());
        }
        if let Ok(length) = format::length(&bytes) { prop_assert!(length <= bytes.len()); }
        let _ = format::report_data(&bytes);
        let _ = certificate::chain(&bytes);
        let _ = certificate::p256_key(&bytes);
    }

    #[test]
    fn a_changed_length_field_never_reads_out_of_bounds(at in 0usize..5006, value: u8) {
        let mut quote = samples::v4();
        quote[at] = value;
        if let Ok(length) = format::length(&quote) { prop_assert!(length <= quote.len()); }
        let _ = certificate::chain(&quote);
    }
}
