//! Taking over from L1 what others put there.
//!
//! Everything that L2 is can be read from L1: the batches from their blobs, the deposits from
//! receipts. A [`Replica`] brings a store up to the last batch on L1, however the store began: empty,
//! restored, or with blocks that never reached L1 while somebody else's did. It then may wait until
//! the sequencer has been silent for so long that L1 takes batches from anyone ([`Replica::stand_by`]).
//!
//! ```text
//! L1 headers, receipts -> store -> deposits ─┐
//! BatchSubmitted -> transaction -> blobs ────┴-> blocks -> executed again -> store
//! ```
//!
//! Nothing is believed: blobs must commit to the hashes that L1 holds, blocks must follow the rules,
//! and what the provers signed of the last block (number, time, origin, output root) must be what execution
//! arrives at: a right output alone says nothing of an origin, and with it of deposits that were kept out. Blocks that are
//! there without their batch (a crash came in between, or L1 was reorganised and its batches end elsewhere)
//! are executed again from the blobs.
//!
//! | module | answers |
//! |---|---|
//! | [`beacon`] | which bytes are in these blobs? |
//! | [`follow`] | which batches are missing, and what is in them? |

mod beacon;
mod error;
mod follow;

pub use beacon::{BeaconError, BlobSource};
pub use error::{BatchEnd, ReplicaError};
pub use follow::{Replica, ReplicaSetup};
