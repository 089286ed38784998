//! The bridge's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bridge::cli::main()
}
