//! Event logs: replayed, cut short, and made up.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use prover_quote::{
    Quoter,
    software::{Clock, SoftwarePki},
};
use prover_verify::{
    event_log::{EventLog, EventLogError, LogKind},
    input::{self, InputError, Trailing},
    measure::Measurements,
};
use serde_json::json;
use sha2::{Digest, Sha384};

const NOW: Clock = Clock(1_800_000_000);

fn sha384(bytes: &[u8]) -> [u8; 48] {
    Sha384::digest(bytes).into()
}

/// What a register holds after extensions.
fn extend(digests: &[[u8; 48]]) -> [u8; 48] {
    digests.iter().fold([0; 48], |register, digest| sha384(&[register, *digest].concat()))
}

/// A crypto-agile log as firmware writes it, with SHA-384 alone.
fn ccel(events: &[(u32, u32, [u8; 48], &[u8])]) -> Vec<u8> {
    let mut spec = b"Spec ID Event03\0".to_vec();
    spec.extend([0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0c, 0, 48, 0, 0]);
    let mut log = [&1u32.to_le_bytes()[..], &3u32.to_le_bytes(), &[0; 20]].concat();
    log.extend(u32::try_from(spec.len()).unwrap().to_le_bytes());
    log.extend(spec);
    for (index, kind, digest, data) in events {
        log.extend([index.to_le_bytes(), kind.to_le_bytes(), 1u32.to_le_bytes()].concat());
        log.extend([0x0c, 0]);
        log.extend(digest);
        log.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        log.extend(*data);
    }
    log
}

/// A log of two registers, and a quote that it explains.
fn booted() -> (Vec<u8>, Vec<u8>) {
    let command = b"kernel_cmdline: console=hvc0";
    let digests = [sha384(b"firmware"), sha384(b"\0\0\0\0"), sha384(b"console=hvc0")];
    let mut log = ccel(&[
        (1, 0x8000_000a, digests[0], b"Fv"),
        (1, 4, digests[1], &[0; 4]),
        (3, 0xd, digests[2], command),
        (1, 3, [0; 48], b"extends nothing"),
    ]);
    log.resize(4096, 0xff);
    let mut machine = SoftwarePki::new([7; 32], NOW).machine("first").unwrap();
    machine.td.rtmr0 = extend(&digests[..2]);
    machine.td.rtmr1 = [0; 48];
    machine.td.rtmr2 = extend(&digests[2..]);
    (log, machine.quote(&[1; 64]).unwrap())
}

#[test]
fn a_log_of_the_firmware_replays() {
    let (log, quote) = booted();
    let log = input::event_log(&log).unwrap();
    assert_eq!(log.kind, LogKind::Ccel);
    let measurements = Measurements::take(&quote, Some(&log)).unwrap();
    assert!(measurements.replays());
    let events: Vec<_> = measurements.registers.iter().map(|register| register.events.len()).collect();
    assert_eq!(events, [2, 0, 1, 0]);
    let command = &measurements.registers[2].events[0];
    assert!(command.proved, "a command line is the hash of what follows its word");
    assert_eq!(command.description, "EV_IPL: kernel_cmdline: console=hvc0");
    assert!(
        !measurements.registers[0].events[0].proved,
        "the firmware's digest is not that of its description"
    );
}

#[test]
fn a_changed_digest_does_not_replay() {
    let (mut log, quote) = booted();
    let at = log.windows(48).position(|window| window == sha384(b"console=hvc0")).unwrap();
    log[at] ^= 1;
    let log = input::event_log(&log).unwrap();
    let measurements = Measurements::take(&quote, Some(&log)).unwrap();
    let replays: Vec<_> = measurements.registers.iter().map(|register| register.replays).collect();
    assert_eq!(replays, [Some(true), Some(true), Some(false), Some(true)]);
    assert!(measurements.warnings.iter().any(|warning| warning.starts_with("RTMR2 does not replay")));
}

#[test]
fn a_dstack_answer_replays() {
    let runtime = |name: &str, payload: &[u8]| {
        sha384(&[&0x0800_0001u32.to_le_bytes(), &b":"[..], name.as_bytes(), b":", payload].concat())
    };
    let digests = [runtime("app-id", &[0xab; 20]), runtime("system-ready", &[])];
    let mut machine = SoftwarePki::new([7; 32], NOW).machine("first").unwrap();
    machine.td.rtmr0 = extend(&[[5; 48]]);
    (machine.td.rtmr1, machine.td.rtmr2) = ([0; 48], [0; 48]);
    machine.td.rtmr3 = extend(&digests);
    let events = json!([
        {"imr": 0, "event_type": 4, "digest": hex::encode([5; 48]), "event": "", "event_payload": ""},
        {"imr": 3, "event_type": 0x0800_0001, "digest": hex::encode(digests[0]), "event": "app-id",
         "event_payload": hex::encode([0xab; 20])},
        // Newer agents leave the digest out.
        {"imr": 3, "event_type": 0x0800_0001, "digest": "", "event": "system-ready", "event_payload": ""},
    ]);
    let quote = hex::encode(machine.quote(&[1; 64]).unwrap());
    // The agent writes the log as a string that holds JSON.
    for log in [json!(events.to_string()), events.clone()] {
        let answer =
            json!({"quote": quote, "event_log": log, "report_data": "", "vm_config": "{}"}).to_string();
        let input = input::quote(answer.as_bytes()).unwrap();
        let measurements = Measurements::take(&input.quote, input.event_log.as_ref()).unwrap();
        assert!(measurements.replays());
        assert!(measurements.warnings.iter().any(|warning| warning.contains("RTMR3 alone")));
        assert_eq!(input::event_log(answer.as_bytes()).unwrap(), input.event_log.unwrap());
    }
    let mut lying = events;
    lying[1]["event_payload"] = json!("cdcd");
    assert!(matches!(EventLog::from_json(&lying), Err(EventLogError::WrongDigest { event: 1, .. })));
}

#[test]
fn quotes_come_in_every_form() {
    let quote = SoftwarePki::new([7; 32], NOW).machine("first").unwrap().quote(&[1; 64]).unwrap();
    let padded = [&quote[..], &[0; 3000]].concat();
    let digits = hex::encode(&quote);
    let lines = format!("0x{}\n{}\n", &digits[..64], &digits[64..]);
    for (content, trailing) in [
        (quote.clone(), Trailing::Nothing),
        (padded.clone(), Trailing::Padding(3000)),
        (hex::encode(padded).into_bytes(), Trailing::Padding(3000)),
        (lines.into_bytes(), Trailing::Nothing),
        ([&quote[..], &[0, 1]].concat(), Trailing::Foreign(2)),
        (json!({"quote": digits}).to_string().into_bytes(), Trailing::Nothing),
    ] {
        let input = input::quote(&content).unwrap();
        assert_eq!((&input.quote, input.trailing), (&quote, trailing));
    }
    assert!(matches!(input::quote(b""), Err(InputError::Empty)));
    assert!(matches!(input::quote(b" \n"), Err(InputError::Empty)));
    assert!(matches!(input::quote(b"no quote"), Err(InputError::Text)));
    assert!(matches!(input::quote(b"{}"), Err(InputError::Json { field: "quote", .. })));
    assert!(matches!(input::quote(b"[1]"), Err(InputError::Json { field: "quote", .. })));
    assert!(matches!(input::quote(&quote[..100]), Err(InputError::Quote(_))));
}

#[test]
fn what_is_no_log_is_refused() {
    let (log, _) = booted();
    let from = EventLog::from_ccel;
    assert!(matches!(from(&[]), Err(EventLogError::TooShort { event: 0, .. })));
    let mut other = log.clone();
    other[32] = b's';
    assert_eq!(from(&other), Err(EventLogError::NotCryptoAgile));
    let mut other = log.clone();
    other[32 + 28] = 0x0b;
    assert_eq!(from(&other), Err(EventLogError::NoSha384));
    // The first event's register: 0 would be MRTD, 5 does not exist.
    for index in [0, 5] {
        let mut other = log.clone();
        other[65] = index;
        let register = i64::from(index) - 1;
        assert_eq!(from(&other), Err(EventLogError::Register { event: 1, register }));
    }
}

proptest! {
    #[test]
    fn truncated_logs_never_panic(end in 0usize..4096) {
        let (log, quote) = booted();
        if let Ok(log) = EventLog::from_ccel(&log[..end]) {
            let _ = Measurements::take(&quote, Some(&log)).unwrap().to_string();
        }
    }

    #[test]
    fn changed_logs_never_panic(at in 0usize..600, value: u8) {
        let (mut log, quote) = booted();
        log[at] = value;
        if let Ok(log) = EventLog::from_ccel(&log) {
            let _ = Measurements::take(&quote, Some(&log)).unwrap().to_string();
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..2000), text in "[\\[{}\\]\":,a-f0-9x ]{0,200}") {
        for content in [&bytes[..], text.as_bytes()] {
            let _ = input::quote(content);
            let _ = input::event_log(content);
        }
        let _ = EventLog::from_ccel(&bytes);
    }

    #[test]
    fn changed_quotes_never_panic(at in 0usize..5000, value: u8) {
        let (log, mut quote) = booted();
        let at = at % quote.len();
        quote[at] = value;
        let log = EventLog::from_ccel(&log).unwrap();
        let _ = Measurements::take(&quote, Some(&log)).map(|measurements| measurements.to_string());
    }
}
