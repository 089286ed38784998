//! The L1 side of the node.
//!
//! | module | answers |
//! |---|---|
//! | [`start`] | how do the parts come together? |
//! | [`client`] | what does the L1 node say, and is it true? |
//! | [`watch`] | which blocks does L1 have, and did that change? |
//! | [`events`] | what did the `Rollup` contract say in a block? |
//! | [`view`] | which L1 block may be the next origin, with which deposits? |
//! | [`tracker`] | which batches are on L1, and which of them are final? |
//! | [`unwind`] | how are L2 blocks dropped that L1 no longer supports? |
//!
//! L1 nodes are not trusted: what can be checked is checked, what cannot be checked is compared
//! with our own chain, and an L1 that is away or lies never stops the L2.

mod client;
mod config;
mod error;
mod events;
mod start;
mod tracker;
mod unwind;
mod view;
mod watch;

pub use client::L1Client;
pub use config::L1Config;
pub use error::L1Error;
pub use events::RollupEvent;
pub use start::{L1Setup, L1Side, StartError};
pub use tracker::{RollupStatus, Tracker};
pub use unwind::{UnwindError, Unwinder};
pub use view::L1View;
pub use watch::{Step, Watcher};
