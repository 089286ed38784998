//! Records which nodes of the parent state a block touched.
//!
//! Every node carries the tick at which it was last visited. A new tick starts with each recording,
//! so a node is recorded on its first visit, whether it was cached or loaded; a node made during
//! the recording is born with the current tick and never recorded. The same ticks tell
//! [`prune`](super::StateTrie::prune) which nodes were not used for long.

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

use super::{NodeKey, NodeSource, TouchedNode};

/// The clock of a state trie, and what was touched since recording began.
#[derive(Debug)]
pub(super) struct Recorder {
    /// Rises with each recording. Loaded nodes are born with 0, before the first tick.
    pub(super) tick: u32,
    touched: Option<Vec<TouchedNode>>,
}

impl Recorder {
    pub(super) const fn new() -> Self {
        Self { tick: 1, touched: None }
    }

    /// Neither records nor leaves a trace on the nodes it visits.
    pub(super) const fn silent() -> Self {
        Self { tick: 0, touched: None }
    }

    /// Drops what was recorded and begins anew.
    pub(super) fn start(&mut self) {
        self.tick = self.tick.saturating_add(1);
        self.touched = Some(Vec::new());
    }

    /// Ends the recording.
    pub(super) fn take(&mut self) -> Vec<TouchedNode> {
        self.touched.take().unwrap_or_default()
    }

    pub(super) const fn is_recording(&self) -> bool {
        self.touched.is_some()
    }

    /// Adds a node that was not visited before in this tick.
    pub(super) fn record(&mut self, owner: Option<B256>, path: Nibbles, rlp: Bytes) {
        if let Some(touched) = &mut self.touched {
            touched.push(TouchedNode { key: NodeKey { owner, path }, rlp });
        }
    }
}

/// What a walk through one trie needs besides the trie.
pub(super) struct Walk<'a, S: ?Sized> {
    /// Where nodes come from that are not loaded.
    pub(super) source: &'a S,
    /// The trie, as the source names it.
    pub(super) owner: Option<B256>,
    /// Told about every visited node.
    pub(super) recorder: &'a mut Recorder,
}

impl<'a, S: NodeSource + ?Sized> Walk<'a, S> {
    /// A walk through the trie of accounts.
    pub(super) const fn accounts(source: &'a S, recorder: &'a mut Recorder) -> Self {
        Self { source, owner: None, recorder }
    }

    /// A walk through the storage of the account with this hashed address.
    pub(super) const fn storage(source: &'a S, owner: B256, recorder: &'a mut Recorder) -> Self {
        Self { source, owner: Some(owner), recorder }
    }
}
