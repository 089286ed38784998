//! The program under test, started and asked.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking; not every test file uses everything"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy_primitives::{Address, B256};
use executor::chain::{BlobFraction, ChainConfig, DataMode};
use prover_core::{
    PROTOCOL_VERSION,
    enclave::{EnclaveRequest, EnclaveResponse, GetInfo, Info},
    frame::{self, MAX_CONTROL},
};
use prover_enclave::EnclaveConfig;

/// A running enclave, killed when dropped.
pub(crate) struct Enclave {
    pub(crate) process: Child,
    pub(crate) address: String,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn config() -> EnclaveConfig {
    EnclaveConfig {
        rollup: Address::repeat_byte(7),
        registry: Address::repeat_byte(6),
        chain: ChainConfig {
            chain_id: 2,
            l1_chain_id: 1,
            portal: Address::repeat_byte(8),
            genesis_hash: B256::repeat_byte(9),
            gas_limit: 60_000_000,
            elasticity: 6,
            base_fee_change_denominator: 250,
            min_base_fee: 1,
            data_mode: DataMode::Auditable,
            l1_blob_schedule: vec![BlobFraction { activation_time: 0, update_fraction: 5_007_716 }],
        },
    }
}

/// The program with `arguments` after a configuration file that holds [`config`].
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    command_with(&config(), folder, arguments)
}

fn command_with(config: &EnclaveConfig, folder: &Path, arguments: &[&str]) -> Command {
    let file = folder.join("enclave.json");
    std::fs::write(&file, serde_json::to_vec(config).unwrap()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_prover-enclave"));
    command.arg("--config").arg(file).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn start_with(folder: tempfile::TempDir, arguments: &[&str]) -> Enclave {
    let command = command(folder.path(), arguments);
    started(command, folder)
}

/// An enclave of another chain than that of [`config`].
pub(crate) fn start_with_config(config: &EnclaveConfig) -> Enclave {
    let folder = tempfile::tempdir().unwrap();
    let command = command_with(config, folder.path(), &["--listen", "127.0.0.1:0"]);
    started(command, folder)
}

fn started(mut command: Command, folder: tempfile::TempDir) -> Enclave {
    let mut process = command.stderr(Stdio::inherit()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    Enclave { process, address, folder }
}

pub(crate) fn start() -> Enclave {
    start_with(tempfile::tempdir().unwrap(), &["--listen", "127.0.0.1:0"])
}

impl Drop for Enclave {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Enclave {
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    pub(crate) fn info(&self) -> Info {
        info(&mut self.connect())
    }
}

pub(crate) fn ask(stream: &mut (impl Read + Write), request: impl Into<EnclaveRequest>) -> EnclaveResponse {
    frame::write(stream, &request.into()).unwrap();
    frame::read(stream, MAX_CONTROL).unwrap()
}

pub(crate) fn info(stream: &mut (impl Read + Write)) -> Info {
    match ask(stream, GetInfo { version: PROTOCOL_VERSION }) {
        EnclaveResponse::Info(info) => info,
        other => panic!("{other:?}"),
    }
}
