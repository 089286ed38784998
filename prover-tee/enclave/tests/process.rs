//! The program itself: started, asked, abused, killed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::UnixStream,
    process::Command,
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes};
use proptest::prelude::*;
use prover_core::{
    PROTOCOL_VERSION,
    enclave::{Attest, EnclaveRequest, EnclaveResponse, GetInfo, Prove, RefusalCode, Renew},
    frame::{self, MAX_BATCH, MAX_CONTROL},
};
use prover_enclave::server::MAX_CONNECTIONS;
use support::{Enclave, ask, command, config, info, start, start_with};

fn attest(signer: Address) -> Attest {
    Attest {
        signer,
        l1_chain_id: 1,
        registry: Address::repeat_byte(6),
        operator: Address::repeat_byte(2),
        ref_block_number: 3,
        ref_block_hash: B256::repeat_byte(4),
    }
}

#[test]
fn it_says_who_it_is() {
    let enclave = start();
    let info = enclave.info();
    assert_eq!(info.version, PROTOCOL_VERSION);
    assert_eq!(info.config_hash, config().chain.hash());
    assert_eq!((info.l1_chain_id, info.rollup, info.registry), (1, config().rollup, config().registry));
    assert_ne!(info.signer, Address::ZERO);
    assert_eq!(enclave.info(), info, "the key stays");
}

#[test]
fn every_start_and_every_renewal_makes_another_key() {
    let (mut first, second) = (start(), start());
    let key = first.info().signer;
    assert_ne!(key, second.info().signer);
    let EnclaveResponse::Info(renewed) = ask(&mut first.connect(), Renew { signer: key }) else { panic!() };
    assert_ne!(renewed.signer, key);
    assert_eq!(first.info(), renewed);
    first.process.kill().unwrap();
    first.process.wait().unwrap();
    let restarted = start();
    assert!(![key, renewed.signer].contains(&restarted.info().signer));
}

#[test]
fn garbage_batches_are_refused_and_service_goes_on() {
    let enclave = start();
    let mut stream = enclave.connect();
    let inputs: [&[u8]; 4] = [b"", &[0], &[0xff; 100_000], b"\x01garbage that goes on for a while"];
    for input in inputs {
        let prove = Prove { input: Bytes::copy_from_slice(input), witness: Bytes::copy_from_slice(input) };
        match ask(&mut stream, prove) {
            EnclaveResponse::Refused(refused) => assert_eq!(refused.code, RefusalCode::Malformed),
            other => panic!("{other:?}"),
        }
    }
    info(&mut stream);
}

#[test]
fn without_a_platform_there_is_no_quote() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("no-configfs").display().to_string();
    let enclave = start_with(folder, &["--listen", "127.0.0.1:0", "--tsm-root", &absent]);
    match ask(&mut enclave.connect(), attest(enclave.info().signer)) {
        EnclaveResponse::Failed(failed) => {
            assert!(failed.reason.contains("no-configfs"), "{}", failed.reason)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn broken_frames_cost_the_connection_at_most() {
    let enclave = start();

    // A frame of the right length that holds no message: answered, and the stream goes on.
    let mut stream = enclave.connect();
    for payload in [&[][..], &[0x77], &[1, 2, 3], &[3, 0xc1]] {
        stream.write_all(&u32::try_from(payload.len()).unwrap().to_le_bytes()).unwrap();
        stream.write_all(payload).unwrap();
        let response: EnclaveResponse = frame::read(&mut stream, MAX_CONTROL).unwrap();
        assert!(matches!(response, EnclaveResponse::Failed(_)), "{response:?}");
    }
    info(&mut stream);

    // An announced length beyond the limit: answered, then closed.
    for length in [u32::try_from(MAX_BATCH).unwrap() + 1, u32::MAX] {
        let mut stream = enclave.connect();
        stream.write_all(&length.to_le_bytes()).unwrap();
        let response: EnclaveResponse = frame::read(&mut stream, MAX_CONTROL).unwrap();
        assert!(matches!(&response, EnclaveResponse::Failed(failed) if failed.reason.contains("limit")));
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "closed");
    }

    // A frame that ends early: closed without an answer.
    for bytes in [&[1][..], &[9, 0, 0, 0], &[9, 0, 0, 0, 1, 2]] {
        let mut stream = enclave.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "closed");
    }
    enclave.info();
}

#[test]
fn a_peer_that_announces_much_and_sends_nothing_costs_nothing() {
    let enclave = start();
    let before = resident_kilobytes(enclave.process.id());
    let mut held: Vec<TcpStream> = (0..MAX_CONNECTIONS - 1).map(|_| enclave.connect()).collect();
    for stream in &mut held {
        info(stream);
        stream.write_all(&u32::try_from(MAX_BATCH).unwrap().to_le_bytes()).unwrap();
        stream.write_all(&[3]).unwrap();
    }
    enclave.info();
    let grown = resident_kilobytes(enclave.process.id()).saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} kB more");
}

/// Resident memory of a process.
fn resident_kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn connections_are_bounded_and_places_come_free() {
    let enclave = start();
    let mut held: Vec<TcpStream> = (0..MAX_CONNECTIONS).map(|_| enclave.connect()).collect();
    for stream in &mut held {
        info(stream);
    }
    // One more is dropped: reading finds the end, or the reset that writing into it caused.
    let mut refused = enclave.connect();
    let asked = frame::write(&mut refused, &EnclaveRequest::from(GetInfo { version: 1 }));
    assert!(asked.is_err() || frame::read::<EnclaveResponse>(&mut refused, MAX_CONTROL).is_err());

    drop(held.pop());
    // The place comes free once the server has seen the end of the connection.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let mut stream = enclave.connect();
        let asked = frame::write(&mut stream, &EnclaveRequest::from(GetInfo { version: 1 }));
        if asked.is_ok() && frame::read::<EnclaveResponse>(&mut stream, MAX_CONTROL).is_ok() {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "no place came free");
    }
}

#[test]
fn it_survives_whatever_is_sent() {
    let enclave = start();
    let signer = enclave.info().signer;
    proptest!(ProptestConfig::with_cases(200), |(
        bytes in prop::collection::vec(any::<u8>(), 0..400), honest: bool, tag in 0u8..6,
    )| {
        let mut stream = enclave.connect();
        if honest {
            // The right length and a likely tag, so that the body is looked at.
            let length = u32::try_from(bytes.len() + 1).unwrap();
            let _ = stream.write_all(&[&length.to_le_bytes()[..], &[tag], &bytes].concat());
        } else {
            let _ = stream.write_all(&bytes);
        }
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_eq!(enclave.info().signer, signer, "the same process, with the same key");
}

#[test]
fn a_unix_socket_is_private_and_outlives_a_killed_process() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("enclave.sock");
    let listen = format!("unix:{}", path.display());
    let mut enclave = start_with(folder, &["--listen", &listen]);
    assert_eq!(enclave.address, listen);
    let key = info(&mut UnixStream::connect(&path).unwrap()).signer;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    // A second one on the same socket gives up, and the first goes on.
    let output = command(enclave.folder.path(), &["--listen", &listen]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot listen"), "{output:?}");
    assert_eq!(info(&mut UnixStream::connect(&path).unwrap()).signer, key);

    // Neither is a file in the place of the socket ever removed.
    let file = enclave.folder.path().join("enclave.json");
    let onto = format!("unix:{}", file.display());
    let output = command(enclave.folder.path(), &["--listen", &onto]).output().unwrap();
    assert!(output.status.code() == Some(1) && file.is_file(), "{output:?}");

    enclave.process.kill().unwrap();
    enclave.process.wait().unwrap();
    assert!(path.exists(), "a killed process leaves its socket behind");
    let again = command(enclave.folder.path(), &["--listen", &listen]).spawn().unwrap();
    let mut again = Enclave { process: again, address: listen, folder: tempfile::tempdir().unwrap() };
    let mut line = String::new();
    BufReader::new(again.process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_ne!(info(&mut UnixStream::connect(&path).unwrap()).signer, key);
}

#[test]
fn mistakes_at_start_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_prover-enclave")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = run(&["--listen", "127.0.0.1:0"]);
    assert!(code == Some(2) && text.contains("--config"), "{text}");
    let (code, text) = run(&["--config", "/absent.json", "--listen", "127.0.0.1:0"]);
    assert!(code == Some(1) && text.contains("/absent.json"), "{text}");

    let file = folder.path().join("bad.json");
    let mut json = serde_json::to_value(config()).unwrap();
    json["chain"]["gasLimt"] = 1.into();
    std::fs::write(&file, json.to_string()).unwrap();
    let (code, text) = run(&["--config", &file.display().to_string(), "--listen", "127.0.0.1:0"]);
    assert!(code == Some(1) && text.contains("gasLimt"), "{text}");
    let (code, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
}

#[cfg(feature = "software")]
#[test]
fn a_software_machine_quotes_for_the_key() {
    use prover_core::report::report_data;
    use prover_quote::{
        certificate, format,
        software::{Clock, SoftwarePki},
    };

    let folder = tempfile::tempdir().unwrap();
    let pki = SoftwarePki::new([3; 32], Clock(1_795_226_400));
    let machine = pki.machine("one").unwrap();
    let platform = folder.path().join("platform");
    machine.save(&platform).unwrap();
    let enclave = start_with(
        folder,
        &["--listen", "127.0.0.1:0", "--software-platform", &platform.display().to_string()],
    );
    let info = enclave.info();
    let EnclaveResponse::Quote(quote) = ask(&mut enclave.connect(), attest(info.signer)) else { panic!() };
    assert_eq!(quote.signer, info.signer);
    let expected = report_data(&attest(info.signer), info.config_hash);
    assert_eq!(format::report_data(&quote.quote), Ok(&expected));
    let chain = certificate::chain(&quote.quote).unwrap();
    assert_eq!(certificate::p256_key(&chain[0]), Some(machine.pck_key()));
}
