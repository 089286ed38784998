//! Where collateral comes from: a service, a folder, or a file.

use std::{
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use alloy_primitives::hex;
use prover_verify::{
    collateral::{CollateralError, CollateralFile},
    input::{self, InputError},
};

use crate::pccs::{self, PccsError};

/// Where collateral comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The URL of Intel's service or of a PCCS.
    Service(String),
    /// A file (JSON of dcap-qvl's `QuoteCollateralV3`), or a folder of such files.
    Path(PathBuf),
}

/// Why there is no collateral.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The service did not answer well.
    #[error(transparent)]
    Service(#[from] PccsError),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] InputError),
    /// The file is no collateral.
    #[error("{path}: {error}")]
    Collateral {
        /// The file.
        path: String,
        /// What is wrong.
        error: CollateralError,
    },
    /// The folder cannot be read.
    #[error("{path}: {error}")]
    Folder {
        /// The folder.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The folder has nothing for the machine.
    #[error("{path}: no collateral for {machine} in it")]
    Nothing {
        /// The folder.
        path: String,
        /// The machine's FMSPC.
        machine: String,
    },
}

impl Source {
    /// The collateral for the machine of `quote`.
    pub async fn find(&self, quote: &[u8]) -> Result<CollateralFile, SourceError> {
        match self {
            Self::Service(url) => Ok(pccs::fetch(url, quote).await?),
            Self::Path(path) if path.is_dir() => newest_in(path, quote),
            Self::Path(path) => read(path),
        }
    }
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        Ok(if is_url { Self::Service(text.to_owned()) } else { Self::Path(text.into()) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(url) => f.write_str(url),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The collateral in a file.
pub fn read(path: &Path) -> Result<CollateralFile, SourceError> {
    CollateralFile::parse(&input::read(path)?)
        .map_err(|error| SourceError::Collateral { path: path.display().to_string(), error })
}

/// The newest collateral in `folder` that is for the machine of `quote`.
fn newest_in(folder: &Path, quote: &[u8]) -> Result<CollateralFile, SourceError> {
    let fmspc = pccs::fmspc(quote).map(hex::encode_upper);
    let path = || folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|error| SourceError::Folder { path: path(), error })?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    // Other files may lie there too.
    let found = files.filter_map(|path| read(&path).ok());
    let of_machine = found
        .filter_map(|file| Some((file.head()?, file)))
        .filter(|(head, _)| fmspc.as_ref().is_none_or(|fmspc| *fmspc == head.fmspc));
    let newest = of_machine.max_by_key(|(head, _)| (head.evaluation_number, head.issued_at));
    newest.map(|(_, file)| file).ok_or_else(|| SourceError::Nothing {
        path: path(),
        machine: fmspc.unwrap_or_else(|| "any machine".to_owned()),
    })
}
