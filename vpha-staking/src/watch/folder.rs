//! Signed transitions that others publish, in a folder.
//!
//! A file is evidence as [`crate::evidence`] defines it, or one signed transition alone: what is `a` or `b` there. What that was signed
//! for shows in whether the signature recovers to a key of this chain.
//!
//! Files may be anybody's. They are short, and only so many are read; a file that says nothing is named once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use alloy_primitives::Address;
use serde::Deserialize;
use tracing::warn;

use crate::evidence::{Evidence, SignedTransition};

/// Files that are looked at, in the order of their names.
const MAX_FILES: usize = 1024;
/// Most bytes of a file.
const MAX_FILE: u64 = 64 * 1024;

/// What a file holds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Two(Box<Evidence>),
    One(Box<SignedTransition>),
}

/// The folder.
#[derive(Debug)]
pub struct EvidenceFolder {
    path: PathBuf,
    /// Files that were read, as they were then.
    read: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl EvidenceFolder {
    /// The folder at `path`. It need not be there yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, read: BTreeMap::new() }
    }

    /// Takes all files for new.
    pub fn forget(&mut self) {
        self.read.clear();
    }

    /// What is in files that are new or changed, if it was signed for `rollup` on L1 `chain_id`.
    pub fn news(&mut self, chain_id: u64, rollup: Address) -> io::Result<Vec<SignedTransition>> {
        let mut files = BTreeSet::new();
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                files.insert(path);
            }
            if files.len() > MAX_FILES {
                files.pop_last();
            }
        }
        self.read.retain(|path, _| files.contains(path));
        let mut found = Vec::new();
        for path in files {
            // A file that went meanwhile is as good as none.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let state = (metadata.len(), metadata.modified().ok());
            if self.read.get(&path) == Some(&state) {
                continue;
            }
            match read(&path, metadata.is_file(), metadata.len(), chain_id, rollup) {
                Ok(signed) => found.extend(signed),
                Err(reason) => warn!(path = %path.display(), %reason, "a file that is no evidence"),
            }
            self.read.insert(path, state);
        }
        Ok(found)
    }
}

fn read(
    path: &Path,
    is_file: bool,
    length: u64,
    chain_id: u64,
    rollup: Address,
) -> Result<Vec<SignedTransition>, String> {
    if !is_file || length > MAX_FILE {
        return Err(format!("{length} bytes, evidence is a file of at most {MAX_FILE}"));
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    match serde_json::from_slice(&text) {
        Ok(Document::Two(evidence)) => {
            evidence.check_rollup(chain_id, rollup).map_err(|error| error.to_string())?;
            let Evidence { a, b, .. } = *evidence;
            Ok(vec![a, b])
        }
        Ok(Document::One(signed)) => Ok(vec![*signed]),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = include_str!("../../tests/data/evidence.json");

    #[test]
    fn files_are_read_once_and_others_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut watched = EvidenceFolder::new(folder.path().join("later"));
        let (chain_id, rollup) = (31337, Address::repeat_byte(6));
        assert!(watched.news(chain_id, rollup).unwrap().is_empty(), "no folder yet");
        let folder = folder.path().join("later");
        fs::create_dir(&folder).unwrap();
        let evidence: Evidence = serde_json::from_str(TWO).unwrap();
        let one = evidence.a.clone();
        let foreign = Evidence { chain_id: 1, ..evidence.clone() };
        fs::write(folder.join("a.json"), TWO).unwrap();
        fs::write(folder.join("b.json"), serde_json::to_vec(&one).unwrap()).unwrap();
        let expected = vec![evidence.a.clone(), evidence.b, evidence.a];
        assert_eq!(watched.news(chain_id, rollup).unwrap(), expected);
        assert!(watched.news(chain_id, rollup).unwrap().is_empty(), "known");

        fs::write(folder.join("a.txt"), TWO).unwrap();
        fs::write(folder.join("c.json"), "{}").unwrap();
        fs::write(folder.join("d.json"), " ".repeat(70_000)).unwrap();
        fs::create_dir(folder.join("e.json")).unwrap();
        fs::write(folder.join("f.json"), serde_json::to_vec(&foreign).unwrap()).unwrap();
        assert!(watched.news(chain_id, rollup).unwrap().is_empty());
        // What is changed is read again.
        fs::write(folder.join("c.json"), serde_json::to_vec(&one).unwrap()).unwrap();
        assert_eq!(watched.news(chain_id, rollup).unwrap(), [one]);
    }

    #[test]
    fn only_so_many_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MAX_FILES + 10 {
            fs::write(folder.path().join(format!("{number:05}.json")), "{}").unwrap();
        }
        let mut watched = EvidenceFolder::new(folder.path().to_owned());
        watched.news(1, Address::ZERO).unwrap();
        assert_eq!(watched.read.len(), MAX_FILES);
    }
}
