//! The operator's key: the L1 account that registers and pays.

use std::path::Path;

use alloy::signers::local::PrivateKeySigner;
use contracts_client::keys;

/// Environment variable that may hold the key.
pub const KEY_VARIABLE: &str = "PROVER_OPERATOR_KEY";

/// Why there is no key. None of these says what was found, because it may be nearly a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither a file nor the environment.
    #[error("no operator key: give --operator-key-file FILE, or set {KEY_VARIABLE}")]
    Missing,
    /// It cannot be read.
    #[error("operator key: {0}")]
    Unreadable(#[from] keys::KeyError),
}

/// Reads the key from `file`, or else from `environment`.
pub fn load(file: Option<&Path>, environment: Option<String>) -> Result<PrivateKeySigner, KeyError> {
    match (file, environment) {
        (Some(path), _) => Ok(keys::of_file(path)?),
        (None, Some(text)) => Ok(keys::parse(KEY_VARIABLE, &text)?),
        (None, None) => Err(KeyError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    #[test]
    fn keys_come_from_file_or_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, KEY).unwrap();
        for signer in [load(Some(&file), None).unwrap(), load(None, Some(KEY.into())).unwrap()] {
            assert_eq!(signer.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        }
        assert!(load(Some(&file), Some("nonsense".into())).is_ok(), "the file goes first");
    }

    #[test]
    fn mistakes_are_told_without_telling_the_key() {
        assert!(matches!(load(None, None), Err(KeyError::Missing)));
        let absent = load(Some(Path::new("/absent/key")), None).unwrap_err();
        assert!(absent.to_string().contains("/absent/key"));
        let error = load(None, Some(KEY[1..].to_owned())).unwrap_err().to_string();
        assert!(error.contains(KEY_VARIABLE) && !error.contains(&KEY[1..]));
    }
}
