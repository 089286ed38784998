//! The program of holders of vPHA, of compute providers, and of those who watch them.

use std::{path::PathBuf, process::ExitCode};

use alloy_primitives::{Address, U256};
use clap::{Parser, Subcommand};
use contracts_client::{
    exit, keys,
    network::{PartialEndpoint, read_or_devnet},
};
use eyre::{OptionExt as _, Result};
use serde::Deserialize;
use vpha_staking::watch::WatchArgs;

/// Stake PHA, stand behind provers with vPHA, and watch the chain.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[arg(long, global = true)]
    network: Option<PathBuf>,
    #[arg(long, global = true)]
    l1_rpc: Option<String>,
    #[arg(long, global = true)]
    key_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Watch(WatchArgs),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    l1: PartialEndpoint,
    contracts: Contracts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Contracts {
    rollup: Option<Address>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    contracts_client::telemetry::logs(false, "info");
    let file: File = read_or_devnet(cli.network.as_deref())?;
    let l1 = PartialEndpoint { rpc: cli.l1_rpc, chain_id: None }.or(file.l1);
    let l1 = l1.complete(["the L1 node (--l1-rpc)", "the L1 chain id"])?;
    let rollup = file.contracts.rollup.ok_or_eyre("no rollup")?;
    let Command::Watch(args) = &cli.command;
    let reporter = match &cli.key_file {
        Some(path) => {
            let names =
                keys::Variables { key: "VPHA_STAKING_PRIVATE_KEY", password: "VPHA_STAKING_PASSWORD" };
            Some((keys::load(keys::Source::File(path), names, |_| None, || None)?, U256::from(10u64.pow(17))))
        }
        None => None,
    };
    let code = tokio::select! {
        code = args.run(l1, rollup, cli.network.as_deref(), reporter) => code?,
        _ = tokio::signal::ctrl_c() => exit::INTERRUPTED,
    };
    Ok(ExitCode::from(code))
}
