//! Every parser of files that nobody vouches for, over more than a million changed inputs: none may panic, read out of
//! bounds or run away. The same functions are behind the targets in `fuzz/`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "random numbers are cut to what is needed")]

#[path = "../../quote/tests/samples/mod.rs"]
mod samples;

#[path = "differential/random.rs"]
#[allow(dead_code, reason = "not every test uses every kind of random number")]
mod random;

use std::thread;

use prover_quote::{calldata, certificate, format};
use prover_verify::{
    collateral::CollateralFile, event_log::EventLog, fields::Fields, input, measure::Measurements, root::Root,
};
use random::Random;
use serde_json::json;

/// Has `parse` read `count` changed copies of `seeds`, on two threads.
fn hammer(seeds: &[Vec<u8>], count: usize, parse: impl Fn(&[u8]) + Sync) {
    let threads = 2;
    thread::scope(|scope| {
        for thread in 0..threads {
            let parse = &parse;
            scope.spawn(move || {
                let mut random = Random::new(thread);
                for _ in 0..count / threads as usize {
                    let mut bytes = random.pick(seeds).clone();
                    change(&mut bytes, &mut random);
                    parse(&bytes);
                }
            });
        }
    });
}

/// A few changes of the kinds that break parsers: turned bits, extreme values, missing and repeated parts.
fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let length = random.below(1 + (bytes.len() - at).min(40));
        match random.below(8) {
            0 | 1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = random.byte(),
            3 => bytes[at..at + length].fill(*random.pick(&[0, 0x7f, 0x80, 0xff])),
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(at..at + length)),
            6 => {
                let part = bytes[at..at + length].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes.insert(at, *random.pick(b"\"\\{}[]:,0\n-")),
        }
    }
}

fn collateral_samples() -> Vec<Vec<u8>> {
    ["tdx_quote_collateral.json", "tdx_quote_td15ex_collateral.json"].map(samples::sample).to_vec()
}

#[test]
fn quotes() {
    let seeds = [samples::v4(), samples::v5(), samples::sample("tdx-quote.hex")];
    hammer(&seeds, 400_000, |bytes| {
        let Ok(found) = input::quote(bytes) else { return };
        assert_eq!(format::length(&found.quote), Ok(found.quote.len()));
        let _ = Fields::read(&found.quote, None);
        let _ = Measurements::take(&found.quote, None);
        if let Ok(compact) = calldata::compact(&found.quote) {
            assert_eq!(format::length(&compact), Ok(compact.len()));
        }
    });
}

#[test]
fn certificates() {
    let chain = certificate::chain(&samples::v4()).unwrap();
    let pem = format::pem_chain(&samples::v4()).unwrap().to_vec();
    let seeds = [chain[0].clone(), chain[1].clone(), pem];
    hammer(&seeds, 400_000, |bytes| {
        let _ = Root::read(bytes);
        let _ = certificate::p256_key(bytes);
        let _ = dcap_qvl::intel::parse_pck_extension(bytes);
    });
}

#[test]
fn event_logs() {
    let digests = [0x0c, 0, 1, 0, 0, 0, 0x0c, 0];
    let mut ccel = [&1u32.to_le_bytes()[..], &3u32.to_le_bytes(), &[0; 20], &33u32.to_le_bytes()].concat();
    ccel.extend(b"Spec ID Event03\0");
    ccel.extend([0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0c, 0, 48, 0, 0]);
    for index in 1..5u32 {
        ccel.extend([index.to_le_bytes(), 0x8000_0001u32.to_le_bytes()].concat());
        ccel.extend(
            [&digests[2..], &[7; 48][..], &40u32.to_le_bytes(), &[4, 0, 0, 0, 0, 0, 0, 0].repeat(5)].concat(),
        );
    }
    assert_eq!(EventLog::from_ccel(&ccel).unwrap().events.len(), 4);
    let dstack = json!([
        {"imr": 0, "event_type": 1, "digest": "07".repeat(48), "event": "x", "event_payload": ""},
        {"imr": 3, "event_type": 0x0800_0001, "digest": "", "event": "app-id", "event_payload": "00ff"},
    ]);
    let seeds = [
        ccel,
        dstack.to_string().into_bytes(),
        json!({"event_log": dstack.to_string()}).to_string().into_bytes(),
    ];
    for seed in &seeds {
        assert!(input::event_log(seed).is_ok());
    }
    hammer(&seeds, 1_000_000, |bytes| {
        if let Ok(log) = input::event_log(bytes) {
            let _ = log.replay();
        }
    });
}

#[test]
fn collateral() {
    let root = Root::intel().unwrap();
    let chain = certificate::chain(&samples::v4()).unwrap();
    hammer(&collateral_samples(), 100_000, |bytes| {
        let Ok(file) = CollateralFile::parse(bytes) else { return };
        let _ = file.head();
        let _ = file.uploads(&chain, root.key());
        let _ = file.platform_chain_pem();
    });
}
