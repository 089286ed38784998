//! Tests of the batch format.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failure in a test is the message")]

mod arbitrary;
mod canonical;
mod limits;
mod size;

use alloy_primitives::{B256, Bytes, b256, keccak256};
use proptest::prelude::*;

use super::{Batch, BatchError, decode, encode, from_blobs, to_blobs};
use crate::chain::DataMode;

const CHAIN_ID: u64 = 7425;
const MODES: [DataMode; 2] = [DataMode::Auditable, DataMode::Compact];

/// What a reader of the data makes of it, given the signatures that `batch` has and the data may lack.
fn decode_like(mode: DataMode, data: Vec<u8>, batch: &Batch) -> Result<Batch, BatchError> {
    let detached = match mode {
        DataMode::Auditable => Vec::new(),
        DataMode::Compact => batch.signatures()?,
    };
    decode(mode, CHAIN_ID, data.into(), &detached)
}

proptest! {
    #[test]
    fn round_trip(batch in arbitrary::batch(DataMode::Auditable)) {
        let data = encode(DataMode::Auditable, CHAIN_ID, &batch).unwrap();
        prop_assert_eq!(decode_like(DataMode::Auditable, data, &batch).unwrap(), batch);
    }

    #[test]
    fn round_trip_compact(batch in arbitrary::batch(DataMode::Compact)) {
        let data = encode(DataMode::Compact, CHAIN_ID, &batch).unwrap();
        prop_assert_eq!(decode_like(DataMode::Compact, data, &batch).unwrap(), batch);
    }

    /// Signed by nobody, so that recovery fails or yields somebody: only panics would show.
    #[test]
    fn changed_data_never_panics(
        batch in arbitrary::batch(DataMode::Auditable),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut data = encode(DataMode::Auditable, CHAIN_ID, &batch).unwrap();
        for (at, byte) in changes {
            let at = at.index(data.len());
            data[at] = byte;
        }
        if let Some(cut) = cut {
            data.truncate(cut.index(data.len()));
        }
        if let Ok(batch) = decode(DataMode::Auditable, CHAIN_ID, data.into(), &[]) {
            let _ = super::recover_senders(batch.transactions());
        }
    }

    #[test]
    fn noise_never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        for mode in MODES {
            let _ = decode(mode, CHAIN_ID, Bytes::from(data.clone()), &[]);
        }
    }
}

/// The format is fixed: whoever changes it decides to, and raises the version.
#[test]
fn the_format_is_pinned() {
    let columns = |mode| {
        let super::encode::Columns { columns, tail } =
            super::encode::Columns::of(mode, CHAIN_ID, &arbitrary::fixed(mode)).unwrap();
        keccak256([columns, tail].concat())
    };
    assert_eq!(
        MODES.map(columns),
        [
            b256!("43dd8144b1d61dff2bb652a447ae7ef685d70d5d20f69dddeb3aaa13c9183ed4"),
            b256!("47de6d89bc9b288681d52efd0a6abe6e23106cc597ef9e18b6b366c3160ca7cb"),
        ]
    );
    let blobs = to_blobs(&arbitrary::noise(9, 200_000)).unwrap();
    let hash: B256 = keccak256(blobs.iter().flat_map(|blob| blob.to_vec()).collect::<Vec<u8>>());
    assert_eq!(hash, b256!("f02ed2948e6245137f30139e2ba76541e96ecf8f77bab8da5bebf355303af5f1"));
}

#[test]
fn through_blobs_and_back() {
    for mode in MODES {
        let batch = arbitrary::fixed(mode);
        let blobs = to_blobs(&encode(mode, CHAIN_ID, &batch).unwrap()).unwrap();
        let data = from_blobs(blobs.iter().map(|blob| &**blob)).unwrap();
        assert_eq!(decode_like(mode, data, &batch).unwrap(), batch);
    }
}
