//! Gas of whole L1 transactions, as the contracts' tests measured it just before.

use std::{collections::BTreeMap, path::Path};

use eyre::{Context, Result};

use crate::report::Report;

/// Takes over the snapshot that `forge test` wrote.
pub(crate) fn read(snapshot: &Path, report: &mut Report) -> Result<()> {
    let text =
        std::fs::read_to_string(snapshot).wrap_err_with(|| format!("reading {}", snapshot.display()))?;
    let figures: BTreeMap<String, String> = serde_json::from_str(&text)?;
    for (name, gas) in figures {
        let gas: f64 = gas.parse().wrap_err_with(|| format!("the gas of {name}"))?;
        report.add(format!("gas.{}", name.replace(", ", "_").replace(' ', "_")), gas);
    }
    Ok(())
}
