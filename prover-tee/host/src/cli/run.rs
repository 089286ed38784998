//! The commands.

use std::process::ExitCode;

use clap::Parser;
use eyre::{Result, WrapErr};
use prover_core::Endpoint;
use tokio::signal::unix::{SignalKind, signal};

use super::{Cli, Command, Connections, Prove, Quote, Register, Status};
use crate::{doctor, enclave::EnclaveClient, prove, quotes, registry::Registry, status, telemetry};

/// Exit code of `status` for a key that does not count.
const NOT_LIVE: u8 = 3;

/// Runs the command that the arguments name.
///
/// Not in `main.rs`: an async function is compiled where it is polled, and that is once here, but again in each program and test.
#[tokio::main]
pub async fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    contracts_client::telemetry::logs(cli.log_json, "info");
    match cli.command {
        Command::Prove(args) => prove(args).await,
        Command::Register(args) => register(args).await,
        Command::Status(args) => status(args).await,
        Command::Quote(args) => quote(args).await,
        Command::Measure(args) => quotes::measure(&args),
        Command::Check(args) => quotes::check(&args),
        Command::Doctor(args) => doctor::doctor(&args).await,
    }
}

async fn prove(args: Prove) -> Result<ExitCode> {
    if let Some(listen) = args.metrics() {
        telemetry::metrics(listen).wrap_err_with(|| format!("metrics on {listen}"))?;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let proving = async {
        let host = args.registration.host(&args.connections, args.sequencer.clone())?;
        Err(prove::run(&host).await.into())
    };
    // A session has nothing that must be finished: the next one starts from the top.
    tokio::select! {
        outcome = proving => outcome,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::SUCCESS),
        _ = terminate.recv() => Ok(ExitCode::SUCCESS),
    }
}

async fn register(args: Register) -> Result<ExitCode> {
    // No sequencer is needed.
    let host = args.registration.host(&args.connections, Endpoint::Tcp(String::new()))?;
    host.register().await?;
    show(&args.connections, args.json).await
}

async fn status(args: Status) -> Result<ExitCode> {
    show(&args.connections, args.json).await
}

async fn show(connections: &Connections, json: bool) -> Result<ExitCode> {
    let status = status::Status::ask(&connections.enclave, &connections.l1()?).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        print!("{status}");
    }
    Ok(if status.is_live() { ExitCode::SUCCESS } else { ExitCode::from(NOT_LIVE) })
}

async fn quote(args: Quote) -> Result<ExitCode> {
    let mut enclave = EnclaveClient::connect(&args.connections.enclave).await?;
    let info = enclave.info().await?;
    let registry = Registry::new(args.connections.l1()?, info.registry);
    let (quote, reference) = registry.attest(&mut enclave, &info, info.signer, args.operator).await?;
    eprintln!("signer {}, reference block {}", quote.signer, reference.number);
    match args.out {
        Some(path) => std::fs::write(&path, &quote.quote).wrap_err_with(|| path.display().to_string())?,
        None => println!("{}", quote.quote),
    }
    Ok(ExitCode::SUCCESS)
}
