//! The contracts as the Solidity compiler left them.

use std::{
    io,
    path::{Path, PathBuf},
};

use alloy_primitives::Bytes;
use serde_json::Value;

/// The output folder of the Foundry project.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
}

/// Why there is no code of a contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// Nothing was compiled.
    #[error("{} has no compiled contracts: run `make contracts`, or name the project with --contracts", .0.display())]
    NotCompiled(PathBuf),
    /// The contract's file cannot be read: it was not compiled, or is called otherwise.
    #[error("reading {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The contract's file is not JSON.
    #[error("parsing {}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it is not.
        source: serde_json::Error,
    },
    /// The contract's file has no code, or none that can be deployed: an interface, or a library that is not linked.
    #[error("{}: bytecode.object is not hex (an interface? an unlinked library?)", .0.display())]
    NoCode(PathBuf),
}

impl Artifacts {
    /// Artifacts of the Foundry project in `contracts`.
    pub fn of(contracts: &Path) -> Result<Self, ArtifactError> {
        let folder = contracts.join("out");
        if folder.is_dir() { Ok(Self { folder }) } else { Err(ArtifactError::NotCompiled(folder)) }
    }

    /// The creation code of `contract`, without constructor arguments.
    pub fn creation_code(&self, contract: &str) -> Result<Bytes, ArtifactError> {
        let path = self.folder.join(format!("{contract}.sol")).join(format!("{contract}.json"));
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ArtifactError::Unreadable { path: path.clone(), source })?;
        let artifact: Value = serde_json::from_str(&text)
            .map_err(|source| ArtifactError::NotJson { path: path.clone(), source })?;
        let code = artifact.pointer("/bytecode/object").and_then(Value::as_str);
        code.and_then(|code| code.parse().ok())
            .filter(|code: &Bytes| !code.is_empty())
            .ok_or(ArtifactError::NoCode(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_and_what_is_missing_is_named() {
        let project = tempfile::tempdir().unwrap();
        assert!(matches!(Artifacts::of(project.path()), Err(ArtifactError::NotCompiled(_))));
        let write = |contract: &str, text: &str| {
            let folder = project.path().join("out").join(format!("{contract}.sol"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{contract}.json")), text).unwrap();
        };
        write("Good", r#"{"bytecode": {"object": "0x6001"}}"#);
        write("Interface", r#"{"bytecode": {"object": "0x"}}"#);
        write("Unlinked", r#"{"bytecode": {"object": "0x60__$library$__"}}"#);
        write("Cut", r#"{"bytecode":"#);
        let artifacts = Artifacts::of(project.path()).unwrap();
        assert_eq!(artifacts.creation_code("Good").unwrap(), Bytes::from_static(&[0x60, 0x01]));
        assert!(matches!(artifacts.creation_code("Interface"), Err(ArtifactError::NoCode(_))));
        assert!(matches!(artifacts.creation_code("Unlinked"), Err(ArtifactError::NoCode(_))));
        assert!(matches!(artifacts.creation_code("Cut"), Err(ArtifactError::NotJson { .. })));
        assert!(matches!(artifacts.creation_code("Absent"), Err(ArtifactError::Unreadable { .. })));
    }
}
