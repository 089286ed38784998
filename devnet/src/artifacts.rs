//! The contracts as the Solidity compiler left them.

use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use eyre::{Context, OptionExt, Result, bail};
use serde_json::Value;

/// The output folder of the Foundry project.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
}

impl Artifacts {
    /// Artifacts of the Foundry project in `contracts`.
    pub fn of(contracts: &Path) -> Result<Self> {
        let folder = contracts.join("out");
        if !folder.is_dir() {
            bail!(
                "{} has no compiled contracts: run `make contracts`, or name the project with --contracts",
                folder.display()
            );
        }
        Ok(Self { folder })
    }

    /// The creation code of `contract`, without constructor arguments.
    pub fn creation_code(&self, contract: &str) -> Result<Bytes> {
        let path = self.folder.join(format!("{contract}.sol")).join(format!("{contract}.json"));
        let text = std::fs::read_to_string(&path).wrap_err_with(|| format!("reading {}", path.display()))?;
        let artifact: Value =
            serde_json::from_str(&text).wrap_err_with(|| format!("parsing {}", path.display()))?;
        let code = artifact
            .pointer("/bytecode/object")
            .and_then(Value::as_str)
            .ok_or_eyre("the artifact has no bytecode.object")?;
        code.parse().wrap_err_with(|| format!("{}: the code is not hex (unlinked library?)", path.display()))
    }
}
