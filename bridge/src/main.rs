//! The bridge's program.

use std::process::ExitCode;

use bridge::cli::{self, Cli};
use clap::Parser;
use contracts_client::telemetry;

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
