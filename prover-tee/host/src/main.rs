//! The prover host's program.

use std::process::ExitCode;

fn main() -> eyre::Result<ExitCode> {
    prover_tee::cli::main()
}
