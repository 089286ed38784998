//! Runs Ethereum's state tests (the `GeneralStateTests` format) through the executor: the EVM that
//! runs the blocks of the rollup, and the trie that hashes its state.
//!
//! ```text
//! executor-statetest DIR...
//! ```
//!
//! Every `.json` file below the given folders is read. A case is one post state of one fork of one
//! test; it passes if the state root and the hash of the logs are the expected ones, or if the
//! transaction is refused where the file expects an exception. Cases of forks that the EVM does not
//! know are skipped, with the reason, and so are files of another kind (tests of blocks, indexes). A
//! state test that cannot be read has failed, and so has a file that is not JSON.
//!
//! One rule depends on the age of a file: EIP-7610 (no contract is created over storage) was adopted
//! in 2024 for all forks, and files made before expect the contrary. A case with such an account may
//! pass by either rule; how many passed by the old one is printed.
//!
//! The last line is `N passed, N failed, N skipped`; the exit code is 0 only if something was run and
//! nothing failed.

mod case;
mod files;
mod fork;
mod number;
mod report;
mod state;
mod suite;
mod transaction;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use eyre::ensure;
use indicatif::ProgressBar;
use rayon::prelude::*;

use report::Report;

/// Runs Ethereum's state tests through the executor.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folders that are searched for `.json` files, or such files.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

fn main() -> eyre::Result<ExitCode> {
    let Arguments { paths } = Arguments::parse();
    let files = files::find(&paths)?;
    ensure!(!files.is_empty(), "there is no .json file in {paths:?}");
    // A case that panics has failed; that it did is in the report.
    std::panic::set_hook(Box::new(|_| {}));
    let progress = ProgressBar::new(files.len() as u64);
    let reports = files.par_iter().map(|file| case::run_file(file)).inspect(|_| progress.inc(1));
    let report = reports.reduce(Report::default, Report::merge);
    progress.finish_and_clear();
    print!("{report}");
    Ok(if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
