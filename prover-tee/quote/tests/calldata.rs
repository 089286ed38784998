//! Quotes as they are sent to L1.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod samples;

use prover_quote::{QuoteFormatError, calldata, certificate, format};

#[test]
fn a_compact_quote_says_the_same_with_the_platforms_certificate_alone() {
    for quote in [samples::v4(), samples::v5()] {
        let compact = calldata::compact(&quote).unwrap();
        assert_eq!(format::length(&compact), Ok(compact.len()), "exactly as long as it says");
        assert!(compact.len() + 2300 < quote.len(), "{} bytes of {}", compact.len(), quote.len());
        assert_eq!(certificate::chain(&compact).unwrap(), certificate::chain(&quote).unwrap()[..1]);
        let (one, other) = (
            dcap_qvl::quote::Quote::parse(&compact).unwrap(),
            dcap_qvl::quote::Quote::parse(&quote).unwrap(),
        );
        assert_eq!((one.header, &one.report), (other.header, &other.report));
        assert_eq!(one.qe_report(), other.qe_report());
        assert_eq!(calldata::compact(&compact).unwrap(), compact);
    }
}

#[test]
fn a_chain_can_be_put_back() {
    let quote = samples::v4();
    let pem = String::from_utf8(format::pem_chain(&quote).unwrap().to_vec()).unwrap();
    let compact = calldata::compact(&quote).unwrap();
    let whole = calldata::with_chain(&compact, &pem).unwrap();
    assert_eq!(whole, quote[..format::length(&quote).unwrap()][..whole.len()]);
    assert_eq!(certificate::chain(&whole).unwrap().len(), 3);
}

#[test]
fn what_is_no_quote_stays_none() {
    let quote = samples::v4();
    for end in [0, 47, 600, 700, 1200] {
        assert!(matches!(calldata::compact(&quote[..end]), Err(QuoteFormatError::TooShort { .. })));
        assert!(matches!(calldata::with_chain(&quote[..end], ""), Err(QuoteFormatError::TooShort { .. })));
    }
}
