//! A second pair of eyes: executes every batch again, compares, and collects evidence.
//!
//! Provers are believed on L1 because they run in TDX. Should TDX or an enclave break, L1 notices nothing by itself. A watchtower
//! does: it needs an L1 node, a beacon node and a folder, and trusts neither node.
//!
//! ```text
//! L1 headers, receipts ──> deposits ─┐
//! BatchSubmitted ──> blobs ──────────┴─> executed again ── another output? ──> alarm: difference
//! submitBatch, addProofs ──> signatures ─┐
//! L2 node, phala_getContradictions ──────┼─> by input ── two results? ──> alarm, evidence-<id>.json, reportConflict
//! files that others publish ─────────────┘
//! L2 node, blocks ── others than L1's? ──> alarm: L2 difference
//! ```
//!
//! Execution is that of the sequencer's replica. Signatures are believed because they recover to registered keys. Who answers for
//! one, L1 says, and it says it anew in every round: so nothing is reported twice, and a restart forgets nothing that matters.
//!
//! | what happens | then |
//! |---|---|
//! | a batch is not what its data give | alarm. It is not built on; L1 is followed on, and execution goes on once the batch is discarded |
//! | two results of one input are signed | alarm, and a file. With a key: a report, for two keys after `--dispute-wait` |
//! | both keys are revoked | it was reported before: no alarm |
//! | L1, beacon node or L2 node are away, or lie where it can be seen | warning and metric `watch_troubles`; the round is repeated |
//! | L1 is reorganised | the replica goes back; signatures stay, they are evidence all the same |
//! | a signature is older than a key's lifetime and the rollup's `slowDelay` together | it is forgotten: the key was registered when it was seen, so it has expired, and the contract accepts no report against it any more |
//!
//! What an L1 node can do is withhold: then nothing is found. What it says of batches and signatures hashes to the roots in headers
//! that are linked to the genesis' origin; that these are L1's headers is the node's word. Run one that checks them.
//!
//! | module | answers |
//! |---|---|
//! | [`settings`], [`start`] | what may an operator choose, and how do the parts come together? |
//! | [`tower`] | what is looked at in a round? |
//! | `signatures` | what is made of a signature? |
//! | [`batches`] | is a batch what its data give? |
//! | [`scan`], [`l2`], [`folder`] | which signatures are there, on L1 and elsewhere? |
//! | [`claims`], [`archive`] | which of them contradict each other, and which were there before? |
//! | [`registry`] | who answers for them? |
//! | [`filing`], [`alarm`] | what is done about it, and what is said? |
//! | [`course`] | when is the watch over, and with which exit code? |

pub mod alarm;
pub mod archive;
pub mod batches;
pub mod claims;
pub mod course;
pub mod filing;
pub mod folder;
pub mod l2;
pub mod registry;
pub mod scan;
pub mod settings;
mod signatures;
pub mod start;
pub mod tower;

pub use alarm::Alarm;
pub use course::Until;
pub use settings::WatchArgs;
pub use start::{Setup, SetupError};
pub use tower::{Round, WatchError, Watchtower};
