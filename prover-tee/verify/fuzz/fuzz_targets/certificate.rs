//! Certificates in DER and PEM.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prover_quote::certificate;
use prover_verify::root::Root;

fuzz_target!(|bytes: &[u8]| {
    let _ = Root::read(bytes);
    let _ = certificate::p256_key(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = certificate::from_pem(text);
    }
});
