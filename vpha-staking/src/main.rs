//! The program of holders of vPHA, of compute providers, and of those who watch them.

use clap::Parser;

/// Stake PHA, stand behind provers with vPHA, and watch the chain.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {}

fn main() {
    let Cli {} = Cli::parse();
}
