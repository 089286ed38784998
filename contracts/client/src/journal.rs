//! What has been signed and is not over: so that an interrupted command continues, and nothing is sent twice.
//!
//! One JSON file for each operation, in a folder of the user's. It is written, and on the disk, before the transaction leaves;
//! so after a crash the same operation finds its transaction and never makes another one. A file holds signed transactions and
//! no keys. A lock file for each account keeps two commands from using one nonce.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::eip2718::Decodable2718,
};
use alloy_primitives::{Address, B256, Bytes, hex, keccak256};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{file, sender::Call};

/// Time between two attempts to get the lock.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// The folder.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
}

/// Which operation. The same operation has the same key in every run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

/// A transaction that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// What it is, in words.
    pub what: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The account.
    pub from: Address,
    /// Its nonce. One of the attempts gets it, or none.
    pub nonce: u64,
    /// The transaction, and those that replaced it, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One of the transactions with the same nonce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attempt {
    /// Its hash.
    pub hash: B256,
    /// The signed transaction.
    pub raw: Bytes,
    /// Most wei that it offers for its gas.
    pub max_fee_per_gas: u128,
    /// Most wei of it for the block's maker.
    pub max_priority_fee_per_gas: u128,
}

/// Why the journal cannot be used. Nothing is sent then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refuses.
    #[error("journal {path}: {error}")]
    Io {
        /// File or folder.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Not one of our transactions.
    #[error("the journal's transaction {0} cannot be read. If it is over, remove its file")]
    Transaction(B256),
    /// Not one of our files.
    #[error("journal {path} is damaged: {error}. If its transaction is over, remove the file")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        error: serde_json::Error,
    },
}

/// Where `program` keeps its journals: a folder of its own in `$XDG_STATE_HOME` or `~/.local/state`. `None` if there is no home.
pub fn default_folder(program: &str) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")))?;
    Some(state.join(program))
}

/// Held while an account's next nonce is chosen and used. Gone when dropped, or when the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Key {
    /// `kind` names the operation, `details` everything that makes it another one.
    pub fn new(kind: &str, details: &str) -> Self {
        let digest = keccak256(details);
        Self(format!("{kind}-{}", hex::encode(digest.split_at(10).0)))
    }

    /// The operation `kind` with these `details` by `account` on a chain.
    pub fn of(kind: &str, chain_id: u64, account: Address, details: &str) -> Self {
        Self::new(kind, &format!("{chain_id} {account} {details}"))
    }
}

impl Entry {
    /// What is called, by the newest attempt.
    pub fn call(&self) -> Result<Call, JournalError> {
        let newest = self.attempts.last();
        let damaged = || JournalError::Transaction(newest.map(|attempt| attempt.hash).unwrap_or_default());
        let raw = newest.ok_or_else(damaged)?.raw.clone();
        let transaction = TxEnvelope::decode_2718_exact(&raw).map_err(|_| damaged())?;
        Ok(Call {
            to: transaction.to().ok_or_else(damaged)?,
            value: transaction.value(),
            input: transaction.input().clone(),
            least_gas: 0,
        })
    }
}

impl Journal {
    /// Uses `folder`, and makes it if it is not there.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// What is written of an operation.
    pub fn find(&self, key: &Key) -> Result<Option<Entry>, JournalError> {
        let path = self.path(key);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| JournalError::Format { path: path.display().to_string(), error }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path, error)),
        }
    }

    /// Writes down an operation. When this returns it is on the disk.
    pub fn save(&self, key: &Key, entry: &Entry) -> Result<(), JournalError> {
        let path = self.path(key);
        let write = || -> io::Result<()> { file::replace(&path, &serde_json::to_vec_pretty(entry)?) };
        write().map_err(|error| at(&path, error))
    }

    /// The operation is over.
    pub fn close(&self, key: &Key) -> Result<(), JournalError> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path, error)),
            _ => Ok(()),
        }
    }

    /// The operation that a transaction belongs to is over, whichever it is.
    pub fn close_by_transaction(&self, transaction: B256) -> Result<(), JournalError> {
        let files = fs::read_dir(&self.folder).map_err(|error| at(&self.folder, error))?;
        for file in files.flatten().filter(|file| file.path().extension().is_some_and(|e| e == "json")) {
            // A file that cannot be read is not the one.
            let entry =
                fs::read(file.path()).ok().and_then(|text| serde_json::from_slice::<Entry>(&text).ok());
            if entry.is_some_and(|entry| entry.attempts.iter().any(|attempt| attempt.hash == transaction)) {
                fs::remove_file(file.path()).map_err(|error| at(&file.path(), error))?;
            }
        }
        Ok(())
    }

    /// Waits until no other command is sending from the account.
    pub async fn lock(&self, chain_id: u64, account: Address) -> Result<Lock, JournalError> {
        let path = self.folder.join(format!("{chain_id}-{account}.lock"));
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| at(&path, error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) => sleep(LOCK_POLL).await,
                Err(TryLockError::Error(error)) => return Err(at(&path, error)),
            }
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.json", key.0))
    }
}

fn at(path: &Path, error: io::Error) -> JournalError {
    JournalError::Io { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(hash: u8) -> Entry {
        Entry {
            what: "deposit".into(),
            chain_id: 1,
            from: Address::repeat_byte(1),
            nonce: 4,
            attempts: vec![Attempt {
                hash: B256::repeat_byte(hash),
                raw: vec![1, 2].into(),
                max_fee_per_gas: 3,
                max_priority_fee_per_gas: 2,
            }],
        }
    }

    #[test]
    fn an_operation_is_found_until_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("new/folder")).unwrap();
        let (key, other) = (Key::new("deposit", "1"), Key::new("deposit", "2"));
        assert_eq!(journal.find(&key).unwrap(), None);
        journal.save(&key, &entry(1)).unwrap();
        journal.save(&other, &entry(2)).unwrap();
        let again = Journal::open(&folder.path().join("new/folder")).unwrap();
        assert_eq!(again.find(&key).unwrap(), Some(entry(1)));
        again.close(&key).unwrap();
        again.close(&key).unwrap();
        assert_eq!(journal.find(&key).unwrap(), None);
        journal.close_by_transaction(B256::repeat_byte(2)).unwrap();
        assert_eq!(journal.find(&other).unwrap(), None);
    }

    #[test]
    fn a_damaged_file_stops_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let key = Key::new("deposit", "1");
        fs::write(journal.path(&key), "{").unwrap();
        assert!(matches!(journal.find(&key), Err(JournalError::Format { .. })));
        journal.close_by_transaction(B256::ZERO).unwrap();
        assert!(journal.find(&key).is_err(), "what is not understood stays");
    }

    #[tokio::test]
    async fn one_command_at_a_time_sends_from_an_account() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let lock = journal.lock(1, Address::ZERO).await.unwrap();
        let _other_chain = journal.lock(2, Address::ZERO).await.unwrap();
        let second = journal.lock(1, Address::ZERO);
        assert!(tokio::time::timeout(Duration::from_millis(300), second).await.is_err());
        drop(lock);
        journal.lock(1, Address::ZERO).await.unwrap();
    }
}
