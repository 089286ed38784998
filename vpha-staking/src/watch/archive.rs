//! What was seen, on the disk.
//!
//! L1 may forget a signature: a reorganisation takes its transaction away, a discard its batch. It stays evidence, so the watcher
//! keeps it.
//!
//! ```text
//! FOLDER/claims.jsonl   one claim a line, in the order in which they were seen; only ever appended to while the watcher runs
//! FOLDER/cursor.json    the last L1 block whose claims are in it
//! ```
//!
//! The cursor is written after the claims: a crash between the two repeats blocks, and what is known is not written again. A line
//! that a crash cut off is dropped by the next start. The folder is the watcher's own, and believed: signatures in it were checked
//! before they were written.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::claims::{Claim, Claims};
use crate::evidence::SignedTransition;

/// An L1 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cursor {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// A claim as a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    seen_at: u64,
    signer: Address,
    digest: B256,
    /// Index of the batch that was submitted with it, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    batch: Option<u64>,
    signed: SignedTransition,
}

/// The files.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    claims: File,
    cursor: Option<Cursor>,
    /// Whether lines were written that may not be on the disk.
    is_dirty: bool,
}

/// What an earlier run left.
#[derive(Debug)]
pub struct Archived {
    /// Where to go on.
    pub archive: Archive,
    /// What was signed as which batch, oldest first.
    pub submitted: Vec<(u64, SignedTransition)>,
}

/// The files cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct ArchiveError {
    /// File or folder.
    path: String,
    /// What the system says.
    error: io::Error,
}

impl Archive {
    /// Opens the files in `folder`, or makes them, and fills `claims` with what was seen from `since` (Unix seconds) on.
    pub fn open(folder: &Path, since: u64, claims: &mut Claims) -> Result<Archived, ArchiveError> {
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
        let path = folder.join("claims.jsonl");
        let mut submitted = Vec::new();
        let mut kept = Vec::new();
        if let Some(file) = existing(&path)? {
            for line in BufReader::new(file).lines() {
                let line = line.map_err(|error| at(&path, error))?;
                let Ok(line) = serde_json::from_str::<Line>(&line) else {
                    tracing::warn!(path = %path.display(), "a line that a crash cut off was dropped");
                    continue;
                };
                if line.seen_at >= since {
                    kept.push(line);
                }
            }
        }
        // Written anew: without what is too old, and without a line that ends nowhere.
        replace(&path, |file| kept.iter().try_for_each(|line| write_line(file, line)))?;
        for Line { seen_at, signer, digest, batch, signed } in kept {
            submitted.extend(batch.map(|batch| (batch, signed.clone())));
            claims.insert(Claim { signed, digest, signer, seen_at });
        }
        let file = File::options().append(true).open(&path).map_err(|error| at(&path, error))?;
        let cursor = read(&folder.join("cursor.json"))?;
        let archive = Self { folder: folder.to_owned(), claims: file, cursor, is_dirty: false };
        Ok(Archived { archive, submitted })
    }

    /// The last L1 block whose claims are here.
    pub const fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// Appends a claim, which came with the submission of batch `batch`, or otherwise.
    pub fn append(&mut self, claim: &Claim, batch: Option<u64>) -> Result<(), ArchiveError> {
        let Claim { signed, digest, signer, seen_at } = claim.clone();
        self.is_dirty = true;
        write_line(&mut self.claims, &Line { seen_at, signer, digest, batch, signed })
            .map_err(|error| at(&self.folder, error))
    }

    /// Brings everything to the disk; all claims up to `cursor` are there.
    pub fn sync(&mut self, cursor: Option<Cursor>) -> Result<(), ArchiveError> {
        if std::mem::take(&mut self.is_dirty) {
            self.claims.sync_data().map_err(|error| at(&self.folder, error))?;
        }
        if cursor != self.cursor
            && let Some(cursor) = cursor
        {
            replace(&self.folder.join("cursor.json"), |file| Ok(serde_json::to_writer(file, &cursor)?))?;
            self.cursor = Some(cursor);
        }
        Ok(())
    }
}

fn write_line(file: &mut impl io::Write, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

/// Writes a file in one step: whoever reads it sees the old one or the new one.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), ArchiveError> {
    let temporary = path.with_extension("tmp");
    let steps = || {
        let file = File::create(&temporary)?;
        let mut writer = BufWriter::new(&file);
        write(&mut writer)?;
        writer.flush()?;
        drop(writer);
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    steps().map_err(|error| at(path, error))
}

/// What a file holds. One that is damaged counts as none: the cursor is only where to go on.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ArchiveError> {
    let Some(file) = existing(path)? else { return Ok(None) };
    match serde_json::from_reader(BufReader::new(file)) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "damaged: beginning anew");
            Ok(None)
        }
    }
}

fn existing(path: &Path) -> Result<Option<File>, ArchiveError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path, error)),
    }
}

fn at(path: &Path, error: io::Error) -> ArchiveError {
    ArchiveError { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use executor::transition::Transition;

    use super::*;

    fn claims() -> Claims {
        Claims::new(1, Address::ZERO, B256::ZERO)
    }

    fn claim(output: u8, seen_at: u64) -> Claim {
        let transition = Transition {
            configHash: B256::ZERO,
            parentOutputRoot: B256::ZERO,
            outputRoot: B256::repeat_byte(output),
            lastL2Block: 1,
            lastL2Timestamp: 2,
            l1OriginNumber: 3,
            l1OriginHash: B256::ZERO,
            daHash: B256::ZERO,
        };
        let signed = SignedTransition::new(&transition, Default::default());
        Claim { signed, digest: B256::repeat_byte(output), signer: Address::repeat_byte(output), seen_at }
    }

    #[test]
    fn what_was_seen_is_there_after_a_restart_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path(), 0, &mut claims()).unwrap().archive;
        assert_eq!(archive.cursor(), None);
        let cursor = Cursor { number: 7, hash: B256::repeat_byte(7) };
        archive.append(&claim(1, 10), Some(4)).unwrap();
        archive.append(&claim(2, 20), None).unwrap();
        archive.sync(Some(cursor)).unwrap();
        archive.append(&claim(3, 30), Some(5)).unwrap();
        drop(archive);
        let path = folder.path().join("claims.jsonl");
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() - 9]).unwrap();

        let mut read = claims();
        let Archived { mut archive, submitted } = Archive::open(folder.path(), 0, &mut read).unwrap();
        assert_eq!(archive.cursor(), Some(cursor));
        assert_eq!(submitted, [(4, claim(1, 10).signed)]);
        assert_eq!(read.len(), 2);
        // What comes after the torn line is whole.
        archive.append(&claim(4, 40), None).unwrap();
        drop(archive);
        let mut read = claims();
        Archive::open(folder.path(), 15, &mut read).unwrap();
        let mut seen: Vec<u64> = read.iter().map(|claim| claim.seen_at).collect();
        seen.sort_unstable();
        assert_eq!(seen, [20, 40], "what is too old is forgotten");
    }

    #[test]
    fn a_damaged_cursor_means_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cursor.json"), "{").unwrap();
        assert_eq!(Archive::open(folder.path(), 0, &mut claims()).unwrap().archive.cursor(), None);
        assert!(Archive::open(&folder.path().join("cursor.json"), 0, &mut claims()).is_err());
    }
}
