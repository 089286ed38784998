//! The command line.

mod quotes;
mod run;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::Address;
use clap::{Args, Parser, Subcommand};
use prover_core::Endpoint;

use crate::{
    keeper::{Keeper, KeeperConfig},
    keys::Host,
    l1::{L1, L1Error},
    operator::{self, KEY_VARIABLE, KeyError},
    registry::Registry,
    session::SessionConfig,
    source::Source,
    transaction::Wallet,
};

pub use quotes::{Check, Doctor, Measure};
pub use run::main;

/// Runs a prover of the rollup: feeds an enclave with batches, and registers its key on L1.
#[derive(Debug, Parser)]
#[command(name = "prover-tee", version)]
pub struct Cli {
    /// Log as JSON.
    #[arg(long, global = true)]
    pub log_json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove batches until stopped. Keeps the enclave registered on L1, and L1's collateral fresh.
    Prove(Prove),
    /// Register the enclave's key on L1 if it is not, and exit.
    Register(Register),
    /// Show the enclave and how L1 sees it. Exits with 3 if its key does not count.
    Status(Status),
    /// Have the enclave make a quote, and print or save it.
    Quote(Quote),
    /// Replay an event log against a quote, and print the workload id to allow. Exits with 4 if a register does not
    /// replay.
    Measure(Measure),
    /// Say whether L1 would accept a quote, by the contracts themselves and by dcap-qvl. Exits with 0 only if it would,
    /// with 4 if not, and with 5 if the two judges differ.
    Check(Check),
    /// Say in plain words whether this machine can prove, and what to do if it cannot. Exits with 0 only if it can.
    Doctor(Doctor),
}

/// Enclave and L1: what every command needs.
#[derive(Clone, Debug, Args)]
pub struct Connections {
    /// Where the enclave listens: HOST:PORT or unix:PATH.
    #[arg(long, default_value = "127.0.0.1:9650")]
    pub enclave: Endpoint,
    /// HTTP URL of an L1 node.
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    pub l1_rpc: String,
}

/// The registry and the account that registers there.
#[derive(Clone, Debug, Args)]
pub struct Registration {
    /// `ProverRegistry` contract on L1.
    #[arg(long)]
    pub registry: Address,
    /// File with the operator's private key in hexadecimal. Without it, the environment variable
    /// PROVER_OPERATOR_KEY is read.
    #[arg(long)]
    pub operator_key_file: Option<PathBuf>,
    /// Register the next key so long before the present one ends: 12h, 2days, ...
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = humantime::parse_duration)]
    pub renew_before: Duration,
    /// Where Intel's collateral comes from: the URL of Intel's service or of a PCCS, a folder of files, or a file
    /// (JSON of dcap-qvl's QuoteCollateralV3).
    #[arg(long, value_name = "URL|FOLDER|FILE", default_value = "https://api.trustedservices.intel.com")]
    pub collateral: Source,
    /// Upload newer collateral when L1's holds for less than this. A key lives no longer than the collateral.
    #[arg(long, value_name = "TIME", default_value = "14days", value_parser = humantime::parse_duration)]
    pub refresh_before: Duration,
    /// Look for newer collateral so often.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub collateral_interval: Duration,
}

/// `prover-tee prove`.
#[derive(Debug, Args)]
pub struct Prove {
    /// Enclave and L1.
    #[command(flatten)]
    pub connections: Connections,
    /// Registry and operator.
    #[command(flatten)]
    pub registration: Registration,
    /// Where the sequencer hands out batches: HOST:PORT.
    #[arg(long, default_value = "127.0.0.1:9546")]
    pub sequencer: Endpoint,
    /// Address on which metrics are served.
    #[arg(long, default_value = "127.0.0.1")]
    pub metrics_addr: IpAddr,
    /// Port on which metrics are served. Without it they are not.
    #[arg(long)]
    pub metrics_port: Option<u16>,
}

/// `prover-tee register`.
#[derive(Debug, Args)]
pub struct Register {
    /// Enclave and L1.
    #[command(flatten)]
    pub connections: Connections,
    /// Registry and operator.
    #[command(flatten)]
    pub registration: Registration,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `prover-tee status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Enclave and L1.
    #[command(flatten)]
    pub connections: Connections,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `prover-tee quote`.
#[derive(Debug, Args)]
pub struct Quote {
    /// Enclave and L1.
    #[command(flatten)]
    pub connections: Connections,
    /// Account that the quote lets register.
    #[arg(long)]
    pub operator: Address,
    /// Save the quote to this file instead of printing it in hexadecimal.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

impl Connections {
    /// The L1 node.
    pub fn l1(&self) -> Result<L1, L1Error> {
        L1::new(&self.l1_rpc)
    }
}

impl Registration {
    /// The operator's key, from file or environment.
    pub fn operator(&self) -> Result<PrivateKeySigner, KeyError> {
        operator::load(self.operator_key_file.as_deref(), std::env::var(KEY_VARIABLE).ok())
    }

    /// Everything that a session needs.
    pub fn host(&self, connections: &Connections, sequencer: Endpoint) -> eyre::Result<Host> {
        let config = SessionConfig {
            enclave: connections.enclave.clone(),
            sequencer,
            registry: self.registry,
            renew_before: self.renew_before,
        };
        let keeper = KeeperConfig {
            source: self.collateral.clone(),
            refresh_before: self.refresh_before,
            interval: self.collateral_interval,
        };
        let l1 = connections.l1()?;
        let wallet = Wallet::new(l1.clone(), self.operator()?);
        Ok(Host {
            config,
            registry: Registry::new(l1.clone(), self.registry),
            keeper: Keeper::new(keeper, l1.clone(), self.registry, wallet.clone()),
            l1,
            wallet,
        })
    }
}

impl Prove {
    /// Where metrics are served, if they are.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics_port.map(|port| SocketAddr::new(self.metrics_addr, port))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_key_can_be_given_on_the_command_line() {
        let registry = Address::ZERO.to_string();
        let parse = |more: &[&str]| {
            let base = ["prover-tee", "register", "--registry", registry.as_str()];
            Cli::try_parse_from(base.iter().chain(more))
        };
        assert!(parse(&["--operator-key-file", "k"]).is_ok());
        assert!(parse(&["--operator-key", "k"]).is_err());
        assert!(parse(&["--private-key", "k"]).is_err());
    }
}
