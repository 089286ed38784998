//! Peers for a host under test: an L1 node with a registry, an enclave, a sequencer.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking; not every test file uses every peer"
)]

pub(crate) mod enclave;
pub(crate) mod l1;
pub(crate) mod sequencer;

use std::time::Duration;

use alloy_primitives::{Address, B256};
use executor::transition::Transition;

/// L1 chain id of the tests.
pub(crate) const L1_CHAIN: u64 = 31337;
/// `Rollup` of the tests.
pub(crate) const ROLLUP: Address = Address::repeat_byte(0x11);
/// `ProverRegistry` of the tests.
pub(crate) const REGISTRY: Address = Address::repeat_byte(0x22);

/// A transition that differs by `number`.
pub(crate) fn transition(number: u64) -> Transition {
    Transition {
        configHash: B256::repeat_byte(1),
        parentOutputRoot: B256::repeat_byte(2),
        outputRoot: B256::repeat_byte(3),
        lastL2Block: number,
        lastL2Timestamp: 5,
        l1OriginNumber: 6,
        l1OriginHash: B256::repeat_byte(7),
        daHash: B256::repeat_byte(8),
    }
}

/// The digest of [`transition`].
pub(crate) fn digest(number: u64) -> B256 {
    executor::transition::digest(&transition(number), L1_CHAIN, ROLLUP)
}

/// Fails a test that waits for something that does not come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing came in time")
}
