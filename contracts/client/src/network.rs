//! Files that name nodes and contracts. Everything in them is the user's word: nodes are held against it.

use std::{fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

/// Where a devnet leaves its file.
pub const DEVNET_FILE: &str = ".devnet/devnet.json";

/// How to reach a chain, and which it must be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// JSON-RPC over HTTP.
    pub rpc: String,
    /// EIP-155 chain id. No transaction is signed for any other.
    pub chain_id: u64,
}

/// What is known of an [`Endpoint`] before everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartialEndpoint {
    /// JSON-RPC over HTTP.
    pub rpc: Option<String>,
    /// EIP-155 chain id.
    pub chain_id: Option<u64>,
}

/// Why the network is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The file cannot be read.
    #[error("network file {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The file is not the JSON that the devnet writes.
    #[error("network file {path}: {error}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// Something is missing.
    #[error("{0} is not known: give it as a flag, or name a file that has it (--network FILE)")]
    Missing(&'static str),
}

/// Reads `devnet.json` or a file like it.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, NetworkError> {
    let name = || path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| NetworkError::File { path: name(), error })?;
    serde_json::from_str(&text).map_err(|error| NetworkError::Format { path: name(), error })
}

/// The file at `path`, or a devnet's if there is one here and none was named.
pub fn read_or_devnet<T: DeserializeOwned + Default>(path: Option<&Path>) -> Result<T, NetworkError> {
    match path {
        Some(path) => read(path),
        None if Path::new(DEVNET_FILE).is_file() => read(Path::new(DEVNET_FILE)),
        None => Ok(T::default()),
    }
}

impl PartialEndpoint {
    /// What `self` says, and `other` where it says nothing.
    pub fn or(self, other: Self) -> Self {
        Self { rpc: self.rpc.or(other.rpc), chain_id: self.chain_id.or(other.chain_id) }
    }

    /// The endpoint, if all of it is there. `missing` names the node and the chain id.
    pub fn complete(self, missing: [&'static str; 2]) -> Result<Endpoint, NetworkError> {
        let [rpc, chain_id] = missing;
        Ok(Endpoint {
            rpc: self.rpc.ok_or(NetworkError::Missing(rpc))?,
            chain_id: self.chain_id.ok_or(NetworkError::Missing(chain_id))?,
        })
    }
}
