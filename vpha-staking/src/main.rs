//! The program of holders of vPHA, of compute providers, and of those who watch them.

use std::process::ExitCode;

use clap::Parser;
use contracts_client::telemetry;
use vpha_staking::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::logs(cli.log_json, cli.log_level());
    tokio::select! {
        code = cli::run(cli) => code,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("interrupted: the same command goes on from here");
            ExitCode::from(cli::exit::INTERRUPTED)
        }
    }
}
