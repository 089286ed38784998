//! The user's key: from a keystore, a file or the environment, and never from the command line, which others can read.
//!
//! Signing goes through `alloy`'s `EthereumWallet`: a hardware wallet needs only another `TxSigner` behind it.

use std::{fs, io, path::Path};

use alloy::{network::EthereumWallet, signers::local::PrivateKeySigner};
use alloy_primitives::{B256, hex};
use console::{Key, Term};

/// The environment variables of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variables {
    /// May hold the key.
    pub key: &'static str,
    /// May hold the keystore's password.
    pub password: &'static str,
}

/// Where the key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// An encrypted file (Web3 Secret Storage), and maybe a file with its password.
    Keystore(&'a Path, Option<&'a Path>),
    /// A file with hexadecimal digits.
    File(&'a Path),
    /// The environment.
    Environment,
}

/// Why there is no key. None of these says what was found, because it may be nearly a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nowhere.
    #[error("no key: give --keystore FILE or --key-file FILE, or set {0}")]
    Missing(&'static str),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Not 32 bytes of hexadecimal digits, or not a key.
    #[error("{0} does not hold a private key (64 hexadecimal digits)")]
    Malformed(String),
    /// Nobody is there to ask.
    #[error("the keystore needs a password: give --password-file FILE, set {0}, or use a terminal")]
    NoPassword(&'static str),
    /// The prompt was answered with Ctrl-C.
    #[error("the keystore's password was not given")]
    Prompt(#[source] io::Error),
    /// Not a keystore, or not its password.
    #[error("keystore {path}: {reason}")]
    Keystore {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// Reads the key. `variables` are the program's, `variable` looks one up, `prompt` asks for a password.
pub fn load(
    source: Source<'_>,
    variables: Variables,
    variable: impl Fn(&str) -> Option<String>,
    prompt: impl Fn() -> io::Result<Option<String>>,
) -> Result<EthereumWallet, KeyError> {
    let signer = match source {
        Source::Keystore(path, password) => {
            let password = match (password, variable(variables.password)) {
                (Some(file), _) => read(file)?.trim_end_matches(['\r', '\n']).to_owned(),
                (None, Some(password)) => password,
                (None, None) => {
                    prompt().map_err(KeyError::Prompt)?.ok_or(KeyError::NoPassword(variables.password))?
                }
            };
            PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| KeyError::Keystore {
                path: path.display().to_string(),
                reason: error.to_string(),
            })?
        }
        Source::File(path) => of_file(path)?,
        Source::Environment => {
            let name = variables.key;
            parse(name, &variable(name).ok_or(KeyError::Missing(name))?)?
        }
    };
    Ok(EthereumWallet::from(signer))
}

/// Reads a file with hexadecimal digits.
pub fn of_file(path: &Path) -> Result<PrivateKeySigner, KeyError> {
    parse(&path.display().to_string(), &read(path)?)
}

/// Reads hexadecimal digits, with or without "0x". Errors name `source` alone.
pub fn parse(source: &str, text: &str) -> Result<PrivateKeySigner, KeyError> {
    let malformed = || KeyError::Malformed(source.to_owned());
    let mut bytes = [0; 32];
    let digits = text.trim();
    hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut bytes).map_err(|_| malformed())?;
    PrivateKeySigner::from_bytes(&B256::from(bytes)).map_err(|_| malformed())
}

/// Asks for a keystore's password, if somebody is there. Fails only if that is answered with Ctrl-C.
pub fn ask_password() -> io::Result<Option<String>> {
    let terminal = Term::stderr();
    if !terminal.is_term() {
        return Ok(None);
    }
    match read_hidden(&terminal, "Password of the keystore: ") {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
        read => Ok(read.ok()),
    }
}

/// Reads a line that is not shown, key by key. Not by `read_secure_line`: where something handles the signal of Ctrl-C, as
/// [`exit::run`](crate::exit::run) does, that goes on waiting for the end of the line.
fn read_hidden(terminal: &Term, prompt: &str) -> io::Result<String> {
    terminal.write_str(prompt)?;
    let mut line = String::new();
    while !edit(&mut line, terminal.read_key()?) {}
    terminal.write_line("")?;
    Ok(line)
}

/// What a key does to a line that is not shown. Returns whether that ends it.
fn edit(line: &mut String, key: Key) -> bool {
    match key {
        // Or Ctrl-D.
        Key::Enter | Key::Char('\u{4}') => return true,
        Key::Backspace => {
            line.pop();
        }
        // Ctrl-U.
        Key::Char('\u{15}') => line.clear(),
        Key::Tab => line.push('\t'),
        Key::Char(typed) if !typed.is_control() => line.push(typed),
        _ => {}
    }
    false
}

fn read(path: &Path) -> Result<String, KeyError> {
    fs::read_to_string(path).map_err(|error| KeyError::File { path: path.display().to_string(), error })
}

#[cfg(test)]
mod tests {
    use alloy::network::{Ethereum, NetworkWallet};

    use super::*;

    const VARIABLES: Variables = Variables { key: "PRIVATE_KEY", password: "PASSWORD" };

    const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    /// The key above under the password "correct horse", with a cheap scrypt (n = 2).
    const KEYSTORE: &str = r#"{
      "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {
          "iv": "0ab306823035661bb8dba21cc2535231"
        },
        "ciphertext": "12e8c08e217e3956aba030436ecc8307aab2c044d578d30186528be497d12ca3",
        "kdf": "scrypt",
        "kdfparams": {
          "dklen": 32,
          "n": 2,
          "p": 1,
          "r": 8,
          "salt": "63479ad69a090b258277ec8fba6f99419a2ffb248981510657c944ccd1148e97"
        },
        "mac": "53f292675346348378c162b5cd0b2b3b7eb9bf6e4ecb87c3970cad6cb0c51362"
      },
      "id": "00000000-0000-0000-0000-000000000000",
      "version": 3
    }"#;

    fn address(wallet: &EthereumWallet) -> String {
        NetworkWallet::<Ethereum>::default_signer_address(wallet).to_string()
    }

    #[test]
    fn keys_come_from_file_or_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for text in [KEY.to_owned(), format!("0x{KEY}\n"), format!("  {KEY}  ")] {
            fs::write(&file, &text).unwrap();
            let wallet = load(Source::File(&file), VARIABLES, |_| None, || Ok(None)).unwrap();
            assert_eq!(address(&wallet), ADDRESS);
            let wallet = load(Source::Environment, VARIABLES, |_| Some(text.clone()), || Ok(None)).unwrap();
            assert_eq!(address(&wallet), ADDRESS);
        }
    }

    #[test]
    fn a_keystore_opens_with_its_password_from_wherever() {
        let folder = tempfile::tempdir().unwrap();
        let (store, password) = (folder.path().join("store"), folder.path().join("password"));
        fs::write(&store, KEYSTORE).unwrap();
        fs::write(&password, "correct horse\n").unwrap();
        let none = |_: &str| None;
        let from_file =
            load(Source::Keystore(&store, Some(&password)), VARIABLES, none, || Ok(None)).unwrap();
        let from_environment =
            load(Source::Keystore(&store, None), VARIABLES, |_| Some("correct horse".into()), || Ok(None))
                .unwrap();
        let from_prompt =
            load(Source::Keystore(&store, None), VARIABLES, none, || Ok(Some("correct horse".into())))
                .unwrap();
        for wallet in [from_file, from_environment, from_prompt] {
            assert_eq!(address(&wallet), ADDRESS);
        }
        let wrong = load(Source::Keystore(&store, None), VARIABLES, none, || Ok(Some("wrong".into())));
        assert!(matches!(wrong, Err(KeyError::Keystore { .. })));
        assert!(matches!(
            load(Source::Keystore(&store, None), VARIABLES, none, || Ok(None)),
            Err(KeyError::NoPassword("PASSWORD"))
        ));
    }

    #[test]
    fn mistakes_are_told_without_telling_the_key() {
        assert!(matches!(
            load(Source::Environment, VARIABLES, |_| None, || Ok(None)),
            Err(KeyError::Missing("PRIVATE_KEY"))
        ));
        let absent = load(Source::File(Path::new("/absent/key")), VARIABLES, |_| None, || Ok(None));
        assert!(matches!(absent, Err(KeyError::File { .. })));
        for text in ["", "0x", &KEY[1..], "zz", &"0".repeat(64), &"f".repeat(64)] {
            let error =
                load(Source::Environment, VARIABLES, |_| Some(text.to_owned()), || Ok(None)).unwrap_err();
            assert!(matches!(error, KeyError::Malformed(_)));
            assert!(text.len() < 4 || !error.to_string().contains(text));
        }
    }

    #[test]
    fn ctrl_c_at_the_prompt_is_told_from_nobody_being_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        fs::write(&store, KEYSTORE).unwrap();
        let pressed = || Err(io::Error::from(io::ErrorKind::Interrupted));
        let told = load(Source::Keystore(&store, None), VARIABLES, |_| None, pressed);
        assert!(matches!(told, Err(KeyError::Prompt(_))));
    }

    #[test]
    fn a_hidden_line_can_be_corrected() {
        let mut line = String::new();
        for key in ['x', '\u{15}', 'p', 'ä', 'q'].map(Key::Char) {
            assert!(!edit(&mut line, key));
        }
        for key in [Key::Backspace, Key::ArrowLeft, Key::Char('\u{1a}'), Key::Char(' ')] {
            assert!(!edit(&mut line, key));
        }
        assert_eq!(line, "pä ");
        assert!(edit(&mut line, Key::Enter) && edit(&mut line, Key::Char('\u{4}')));
        assert_eq!(line, "pä ");
    }
}
