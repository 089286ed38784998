//! Records which nodes of the parent state a block touched.
//!
//! Every node carries the tick at which it was last visited. A new tick starts with each recording,
//! so a node is recorded on its first visit, whether it was cached or loaded; a node made during
//! the recording is born with the current tick and never recorded. The same ticks tell
//! [`prune`](super::StateTrie::prune) which nodes were not used for long.
//!
//! Most nodes that a block visits it also replaces. Those are not copied here: the updates of the
//! trie name their places, and whoever keeps the state has what stood there.

use std::ops::Range;

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

use super::{NodeKey, NodeSource, TouchedNode};

/// The clock of a state trie, and what was touched since recording began.
#[derive(Debug)]
pub(super) struct Recorder {
    /// Rises with each recording. Loaded nodes are born with 0, before the first tick.
    pub(super) tick: u32,
    recording: Option<Recording>,
}

/// What was touched: places, and their nodes' encodings one after the other in one piece of memory.
#[derive(Debug, Default)]
struct Recording {
    places: Vec<(NodeKey, Range<usize>)>,
    encodings: Vec<u8>,
}

impl Recorder {
    pub(super) const fn new() -> Self {
        Self { tick: 1, recording: None }
    }

    /// Drops what was recorded and begins anew.
    pub(super) fn start(&mut self) {
        self.tick = self.tick.saturating_add(1);
        self.recording = Some(Recording::default());
    }

    /// Ends the recording. The nodes share the memory of their encodings.
    pub(super) fn take(&mut self) -> Vec<TouchedNode> {
        let Recording { places, encodings } = self.recording.take().unwrap_or_default();
        let encodings = Bytes::from(encodings);
        places.into_iter().map(|(key, range)| TouchedNode { key, rlp: encodings.slice(range) }).collect()
    }

    pub(super) const fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// Adds a node that was not visited before in this tick.
    pub(super) fn record(&mut self, owner: Option<B256>, path: Nibbles, rlp: &[u8]) {
        if let Some(Recording { places, encodings }) = &mut self.recording {
            let start = encodings.len();
            encodings.extend_from_slice(rlp);
            places.push((NodeKey { owner, path }, start..encodings.len()));
        }
    }
}

/// Why a node is visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    /// To read it: its first visit is recorded.
    Read,
    /// To put another in its place. It needs no recording.
    Replace,
    /// Leaves no trace. A walk for one of the other reasons follows, or nobody depends on it.
    Peek,
}

/// What a walk through one trie needs besides the trie.
pub(super) struct Walk<'a, S: ?Sized> {
    /// Where nodes come from that are not loaded.
    pub(super) source: &'a S,
    /// The trie, as the source names it.
    pub(super) owner: Option<B256>,
    /// Told about every visited node.
    pub(super) recorder: &'a mut Recorder,
    /// What for.
    pub(super) visit: Visit,
}

impl<'a, S: NodeSource + ?Sized> Walk<'a, S> {
    /// A walk through the trie of accounts.
    pub(super) const fn accounts(source: &'a S, recorder: &'a mut Recorder) -> Self {
        Self { source, owner: None, recorder, visit: Visit::Read }
    }

    /// A walk through the storage of the account with this hashed address.
    pub(super) const fn storage(source: &'a S, owner: B256, recorder: &'a mut Recorder) -> Self {
        Self { source, owner: Some(owner), recorder, visit: Visit::Read }
    }

    /// The same walk for another reason.
    pub(super) const fn to(mut self, visit: Visit) -> Self {
        self.visit = visit;
        self
    }
}
