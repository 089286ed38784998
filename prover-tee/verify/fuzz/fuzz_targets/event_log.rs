//! Event logs, of the firmware and of dstack: read and replayed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prover_verify::input;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(log) = input::event_log(bytes) {
        let _ = log.replay();
    }
});
