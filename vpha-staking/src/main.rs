//! The program of holders of vPHA, of compute providers, and of those who watch them.

use std::process::ExitCode;

fn main() -> ExitCode {
    vpha_staking::cli::main()
}
