//! The folder that holds everything the devnet keeps.
//!
//! ```text
//! devnet.json        for scripts and people, while the devnet is ready; see `record`
//! deployment.json    what was deployed, so that a second start continues
//! chain.json  genesis.json  enclave.json   input files of the programs
//! l1-state.json      the L1
//! l2/                the sequencer's store
//! platforms/N/       the software TDX platform of prover N
//! keys/              keys that the programs read from files
//! logs/              one file for each program
//! pids.json          running processes by name
//! ```

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy_primitives::{B256, hex};
use eyre::{Context, Result, bail};

use crate::{
    process::{Process, signal},
    record,
};

/// Marks a folder as the devnet's own: only such a folder is ever deleted.
const MARKER: &str = ".phala-devnet";
/// How long leftovers of an earlier run may take to stop.
const LEFTOVER_LIMIT: Duration = Duration::from_secs(15);

/// The state folder.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Opens or makes the folder; with `fresh`, empties it first.
    ///
    /// # Errors
    ///
    /// If the folder holds files but was not made by a devnet.
    pub async fn open(path: &Path, fresh: bool) -> Result<Self> {
        let empty = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            Err(error) => return Err(error).wrap_err_with(|| format!("opening {}", path.display())),
        };
        if !empty {
            if !path.join(MARKER).is_file() {
                bail!("{} holds files that are not the devnet's: choose another --state-dir", path.display());
            }
            stop_leftovers(path).await?;
            if fresh {
                fs::remove_dir_all(path).wrap_err_with(|| format!("emptying {}", path.display()))?;
            }
        }
        for folder in ["logs", "keys", "platforms", "l2"] {
            fs::create_dir_all(path.join(folder)).wrap_err_with(|| format!("making {}", path.display()))?;
        }
        fs::write(path.join(MARKER), "State of a devnet. Deleted by a start with --fresh.\n")?;
        let path = fs::canonicalize(path)?;
        Ok(Self { path })
    }

    /// The folder itself, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Puts a key in a file that only its owner can read, and returns its path.
    pub fn write_key(&self, name: &str, key: B256) -> Result<PathBuf> {
        use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
        let path = self.path.join("keys").join(name);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .wrap_err_with(|| format!("writing {}", path.display()))?;
        writeln!(file, "{}", hex::encode_prefixed(key))?;
        Ok(path)
    }

    /// Notes which processes run, for tests that kill them and for the next start.
    pub fn write_pids<'a>(&self, processes: impl Iterator<Item = &'a Process>) -> Result<()> {
        let pids: BTreeMap<&str, u32> =
            processes.filter_map(|process| Some((process.name(), process.id()?))).collect();
        record::write(&self.path.join("pids.json"), &pids)
    }
}

/// Stops programs that an earlier devnet left running because it was itself killed.
async fn stop_leftovers(path: &Path) -> Result<()> {
    let Some(pids) = record::read::<BTreeMap<String, u32>>(&path.join("pids.json"))? else {
        return Ok(());
    };
    let folder = fs::canonicalize(path)?;
    for (name, pid) in pids {
        if !is_ours(pid, &folder) {
            continue;
        }
        tracing::warn!(name, pid, "stopping a program that an earlier run left behind");
        signal(pid, "TERM").await?;
        let deadline = tokio::time::Instant::now() + LEFTOVER_LIMIT;
        while is_ours(pid, &folder) {
            if tokio::time::Instant::now() > deadline {
                signal(pid, "KILL").await?;
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

/// Whether process `pid` runs with a path of this folder among its arguments. Process ids are used
/// again by the system, so the id alone says nothing.
fn is_ours(pid: u32, folder: &Path) -> bool {
    let folder = folder.to_string_lossy();
    std::process::Command::new("ps")
        .args(["-ww", "-o", "args=", "-p", &pid.to_string()])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(folder.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_foreign_folder_is_never_emptied() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        let error = StateDir::open(folder.path(), true).await.unwrap_err().to_string();
        assert!(error.contains("not the devnet's"), "{error}");
        assert!(folder.path().join("thesis.txt").is_file());
    }

    #[tokio::test]
    async fn fresh_forgets_and_a_plain_start_keeps() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("state");
        let state = StateDir::open(&path, false).await.unwrap();
        fs::write(state.join("deployment.json"), "{}").unwrap();
        let state = StateDir::open(&path, false).await.unwrap();
        assert!(state.join("deployment.json").is_file());
        let state = StateDir::open(&path, true).await.unwrap();
        assert!(!state.join("deployment.json").exists());
    }

    #[tokio::test]
    async fn a_key_file_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let state = StateDir::open(&parent.path().join("state"), false).await.unwrap();
        let path = state.write_key("batcher", B256::repeat_byte(7)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
