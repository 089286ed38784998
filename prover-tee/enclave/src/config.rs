//! Which chain this enclave proves.

use std::{fs, io, path::Path};

use alloy_primitives::Address;
use executor::chain::ChainConfig;
use serde::{Deserialize, Serialize};

/// What the enclave is started with.
///
/// The host supplies it and nobody needs to believe it: the hash of `chain` is part of every quote
/// and of every signed transition, `registry` of every quote, and `rollup` of the signing domain,
/// so that with other contents no registration and no signature is accepted on L1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnclaveConfig {
    /// The `Rollup` contract on the L1 with `chain.l1_chain_id`.
    pub rollup: Address,
    /// The `ProverRegistry` there.
    pub registry: Address,
    /// The rules of the chain.
    pub chain: ChainConfig,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The file does not hold a configuration.
    #[error("{path}: {error}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong.
        error: serde_json::Error,
    },
}

impl EnclaveConfig {
    /// Reads a JSON file.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let path = || file.display().to_string();
        let bytes = fs::read(file).map_err(|error| ConfigError::File { path: path(), error })?;
        serde_json::from_slice(&bytes).map_err(|error| ConfigError::Content { path: path(), error })
    }
}
