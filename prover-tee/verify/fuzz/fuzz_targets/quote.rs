//! Quotes in every form: read, measured, compacted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prover_quote::{calldata, format};
use prover_verify::{fields::Fields, input, measure::Measurements};

fuzz_target!(|bytes: &[u8]| {
    let Ok(found) = input::quote(bytes) else { return };
    assert_eq!(format::length(&found.quote), Ok(found.quote.len()));
    let _ = Fields::read(&found.quote, None);
    let _ = Measurements::take(&found.quote, found.event_log.as_ref());
    if let Ok(compact) = calldata::compact(&found.quote) {
        assert_eq!(format::length(&compact), Ok(compact.len()));
    }
});
