//! The operator's key: the L1 account that registers and pays.

use std::{fs, io, path::Path};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{B256, hex};

/// Environment variable that may hold the key.
pub const KEY_VARIABLE: &str = "PROVER_OPERATOR_KEY";

/// Why there is no key. None of these says what was found, because it may be nearly a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither a file nor the environment.
    #[error("no operator key: give --operator-key-file FILE, or set {KEY_VARIABLE}")]
    Missing,
    /// The file cannot be read.
    #[error("operator key file {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Not 32 bytes of hexadecimal digits, or not a key.
    #[error("{0} does not hold a private key (64 hexadecimal digits)")]
    Malformed(String),
}

/// Reads the key from `file`, or else from `environment`.
pub fn load(file: Option<&Path>, environment: Option<String>) -> Result<PrivateKeySigner, KeyError> {
    let (source, text) = match (file, environment) {
        (Some(path), _) => {
            let source = path.display().to_string();
            let text =
                fs::read_to_string(path).map_err(|error| KeyError::File { path: source.clone(), error })?;
            (source, text)
        }
        (None, Some(text)) => (KEY_VARIABLE.to_owned(), text),
        (None, None) => return Err(KeyError::Missing),
    };
    let malformed = || KeyError::Malformed(source.clone());
    let mut bytes = [0; 32];
    let digits = text.trim();
    hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut bytes).map_err(|_| malformed())?;
    PrivateKeySigner::from_bytes(&B256::from(bytes)).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    #[test]
    fn keys_come_from_file_or_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for text in [KEY.to_owned(), format!("0x{KEY}\n"), format!("  {KEY}  ")] {
            fs::write(&file, &text).unwrap();
            for signer in [load(Some(&file), None).unwrap(), load(None, Some(text)).unwrap()] {
                assert_eq!(signer.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
            }
        }
        assert!(load(Some(&file), Some("nonsense".into())).is_ok(), "the file goes first");
    }

    #[test]
    fn mistakes_are_told_without_telling_the_key() {
        assert!(matches!(load(None, None), Err(KeyError::Missing)));
        assert!(matches!(load(Some(Path::new("/absent/key")), None), Err(KeyError::File { .. })));
        for text in ["", "0x", &KEY[1..], "zz", &"0".repeat(64), &"f".repeat(64)] {
            let error = load(None, Some(text.to_owned())).unwrap_err();
            assert!(matches!(error, KeyError::Malformed(_)));
            assert!(text.len() < 4 || !error.to_string().contains(text));
        }
    }
}
