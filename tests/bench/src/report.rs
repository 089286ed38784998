//! Figures by name, and the middle of many times.

use std::{collections::BTreeMap, path::Path, time::Duration};

use eyre::{Context, Result};

/// The figures so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: BTreeMap<String, f64>,
}

impl Report {
    /// Prints a figure and keeps it.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        // Three decimals are more than the noise allows.
        let value = (value * 1000.0).round() / 1000.0;
        println!("{name:<48} {value:>14.3}");
        self.figures.insert(name, value);
    }

    /// Writes all figures as one JSON object.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.figures)?;
        std::fs::write(path, text + "\n").wrap_err_with(|| format!("writing {}", path.display()))?;
        println!("written to {}", path.display());
        Ok(())
    }
}

/// The middle one of some times, in seconds; zero if there are none.
pub(crate) fn median(times: &[Duration]) -> f64 {
    middle(times.iter().map(Duration::as_secs_f64).collect())
}

/// By how much the same steps take longer here than there, in seconds: the middle one of the
/// differences between neighbours, which a slow moment of the machine hits alike.
pub(crate) fn median_difference(here: &[Duration], there: &[Duration]) -> f64 {
    middle(here.iter().zip(there).map(|(here, there)| here.as_secs_f64() - there.as_secs_f64()).collect())
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
