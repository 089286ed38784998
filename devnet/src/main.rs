//! `devnet`: see `devnet --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    devnet::main()
}
