//! `make bench`: prints a table and writes it to `target/bench.json` as flat `"name": number` pairs.
//!
//! The machines this runs on are shared and noisy: of each figure that is a time, the median of
//! several blocks is taken, and figures that are compared come from the same run.

mod blocks;
mod bridge;
mod gas;
mod million;
mod report;

use std::path::Path;

use eyre::Result;
use report::Report;

fn main() -> Result<()> {
    let mut report = Report::default();
    match std::env::args().nth(1).as_deref() {
        None => {}
        // Without the file, which holds all figures or none.
        Some("bridge") => return bridge::measure(&mut report),
        Some(other) => eyre::bail!("there is no part {other:?}: give `bridge`, or nothing for all"),
    }
    for snapshot in ["Gas", "Collateral", "BridgeGas"] {
        gas::read(&Path::new("contracts/snapshots").join(snapshot).with_extension("json"), &mut report)?;
    }
    let million = million::million(Path::new("contracts"), &mut report)?;
    for kind in [blocks::Kind::Eth, blocks::Kind::Erc20] {
        blocks::measure(&million, kind, &mut report)?;
    }
    bridge::measure(&mut report)?;
    report.write(Path::new("target/bench.json"))
}
