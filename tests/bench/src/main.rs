//! `make bench`: prints a table and writes it to `target/bench.json` as flat `"name": number` pairs.
//!
//! The machines this runs on are shared and noisy: of each figure that is a time, the median of
//! several blocks is taken, and figures that are compared come from the same run.

mod blocks;
mod gas;
mod million;
mod report;

use std::path::Path;

use eyre::Result;
use report::Report;

fn main() -> Result<()> {
    let mut report = Report::default();
    gas::read(Path::new("contracts/snapshots/Gas.json"), &mut report)?;
    let million = million::Million::make(Path::new("contracts"), &mut report)?;
    blocks::measure(&million, blocks::Kind::Eth, &mut report)?;
    blocks::measure(&million, blocks::Kind::Erc20, &mut report)?;
    report.write(Path::new("target/bench.json"))
}
