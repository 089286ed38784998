//! What the relayer remembers between two runs. Losing it costs a search from the start, and the window's account of spending.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::budget::Spending;

/// Checkpoints that are kept. One is made in each round that finds new blocks.
const CHECKPOINTS: usize = 256;

/// The file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// L2 blocks up to which all withdrawals are known, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// Withdrawals that are not finalised yet.
    pub open: Vec<Open>,
    /// What was spent.
    pub spending: Spending,
}

/// An L2 block that a final output covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkpoint {
    /// Its number.
    pub block: u64,
    /// Its hash.
    pub hash: B256,
}

/// A withdrawal that is not finalised yet. Its contents are on L2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Open {
    /// Its hash.
    pub hash: B256,
    /// Its transaction on L2.
    pub l2_transaction: B256,
    /// Number of its L2 block.
    pub block: u64,
}

/// Where the state is kept. One relayer at a time has it.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// Gone when the process ends, however it ends.
    _lock: File,
}

/// Why the state cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The system refuses.
    #[error("relayer's state {path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Somebody else has it.
    #[error("another relayer keeps its state in {path}")]
    InUse {
        /// The file.
        path: String,
    },
}

impl State {
    /// The first block whose withdrawals are not known.
    pub fn next_block(&self) -> u64 {
        self.checkpoints.last().map_or(0, |last| last.block.saturating_add(1))
    }

    /// All withdrawals up to `checkpoint` are known, and `found` are new.
    pub fn extend(&mut self, checkpoint: Checkpoint, found: impl IntoIterator<Item = Open>) {
        for open in found {
            if !self.open.contains(&open) {
                self.open.push(open);
            }
        }
        self.checkpoints.push(checkpoint);
        let excess = self.checkpoints.len().saturating_sub(CHECKPOINTS);
        // The first stays, so that a deep rollback does not mean a search from the start.
        self.checkpoints.drain(excess.min(1)..excess.min(1) + excess);
    }

    /// The chain was rolled back: forgets what is above the last checkpoint that still holds.
    pub fn forget_from(&mut self, block: u64) {
        self.checkpoints.retain(|checkpoint| checkpoint.block < block);
        let known = self.next_block();
        self.open.retain(|open| open.block < known);
    }
}

impl StateFile {
    /// The file at `path`, whose folder is made if it is not there.
    pub fn open(path: PathBuf) -> Result<Self, StateError> {
        let lock = || {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            File::options().create(true).truncate(false).write(true).open(path.with_extension("lock"))
        };
        let lock = lock().map_err(|error| failed(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::InUse { path: path.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(failed(&path, error)),
        }
    }

    /// What it holds; nothing if it is not there. A damaged file is laid aside.
    pub fn load(&self) -> Result<State, StateError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
            Err(error) => return Err(failed(&self.path, error)),
        };
        match serde_json::from_slice(&text) {
            Ok(state) => Ok(state),
            Err(error) => {
                let aside = self.path.with_extension("damaged");
                tracing::warn!(%error, aside = %aside.display(), "the state is damaged: starting from the chain alone");
                fs::rename(&self.path, aside).map_err(|error| failed(&self.path, error))?;
                Ok(State::default())
            }
        }
    }

    /// Writes it. A reader, or the next run after a crash, sees the old state or the new one.
    pub fn save(&self, state: &State) -> Result<(), StateError> {
        let temporary = self.path.with_extension("tmp");
        let write = || -> io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(&serde_json::to_vec(state)?)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        };
        write().map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &Path, error: io::Error) -> StateError {
    StateError::Io { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(block: u64) -> Checkpoint {
        Checkpoint { block, hash: B256::with_last_byte(u8::try_from(block % 256).unwrap()) }
    }

    fn open(block: u64) -> Open {
        Open { hash: B256::from(alloy_primitives::U256::from(block)), l2_transaction: B256::ZERO, block }
    }

    #[test]
    fn a_rollback_forgets_what_is_above_it_and_nothing_else() {
        let mut state = State::default();
        assert_eq!(state.next_block(), 0);
        for block in [10, 20, 30] {
            state.extend(checkpoint(block), [open(block - 5), open(block)]);
        }
        state.extend(checkpoint(30), [open(30)]);
        assert_eq!(state.open.len(), 6);
        state.forget_from(20);
        assert_eq!(state.next_block(), 11);
        assert_eq!(state.open, [open(5), open(10)]);
        state.forget_from(0);
        assert_eq!((state.next_block(), state.open.len()), (0, 0));
    }

    #[test]
    fn checkpoints_are_bounded_and_the_first_stays() {
        let mut state = State::default();
        (0..1000).for_each(|block| state.extend(checkpoint(block), []));
        assert_eq!(state.checkpoints.len(), CHECKPOINTS);
        assert_eq!(state.checkpoints.first(), Some(&checkpoint(0)));
        assert_eq!(state.next_block(), 1000);
        assert!(state.checkpoints.is_sorted_by_key(|checkpoint| checkpoint.block));
    }

    #[test]
    fn it_is_read_back_and_damage_does_not_stop() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::open(folder.path().join("new/state.json")).unwrap();
        assert!(matches!(
            StateFile::open(folder.path().join("new/state.json")),
            Err(StateError::InUse { .. })
        ));
        assert_eq!(file.load().unwrap(), State::default());
        let mut state = State::default();
        state.extend(checkpoint(7), [open(6)]);
        file.save(&state).unwrap();
        assert_eq!(file.load().unwrap(), state);
        fs::write(&file.path, "{").unwrap();
        assert_eq!(file.load().unwrap(), State::default());
        assert!(file.path.with_extension("damaged").exists());
    }
}
