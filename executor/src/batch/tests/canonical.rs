//! Behind compression, what decodes is what encoding gives: no byte is free.

use alloy_primitives::Signature;
use proptest::prelude::*;

use super::{CHAIN_ID, arbitrary};
use crate::{
    batch::{Batch, decode::read_columns, encode::Columns},
    chain::DataMode,
    codec::Reader,
};

/// Reads columns, and compares them with what the result is written as.
fn check(
    mode: DataMode,
    columns: Vec<u8>,
    tail: Vec<u8>,
    detached: &[Signature],
) -> Result<bool, TestCaseError> {
    let reader = |bytes: &Vec<u8>| Reader::new(bytes.clone().into());
    let Ok(blocks) = read_columns(mode, CHAIN_ID, reader(&columns), reader(&tail), detached) else {
        return Ok(false);
    };
    let batch = Batch { parent_hash: Default::default(), first_number: 0, blocks };
    let again = Columns::of(mode, CHAIN_ID, &batch).unwrap();
    prop_assert_eq!(again.columns, columns);
    prop_assert_eq!(again.tail, tail);
    Ok(true)
}

fn check_changed(
    mode: DataMode,
    batch: &Batch,
    at: prop::sample::Index,
    change: u8,
) -> Result<(), TestCaseError> {
    let Columns { mut columns, mut tail } = Columns::of(mode, CHAIN_ID, batch).unwrap();
    let detached = match mode {
        DataMode::Auditable => Vec::new(),
        DataMode::Compact => batch.signatures().unwrap(),
    };
    prop_assert!(check(mode, columns.clone(), tail.clone(), &detached)?);
    // The columns are the interesting part.
    let mut cells: Vec<&mut u8> = columns.iter_mut().chain(tail.iter_mut().take(30)).collect();
    let at = at.index(cells.len());
    *cells[at] ^= change;
    check(mode, columns, tail, &detached)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn auditable(
        batch in arbitrary::batch(DataMode::Auditable),
        at: prop::sample::Index,
        change in prop_oneof![(0..8u8).prop_map(|bit| 1 << bit), 1..=255u8],
    ) {
        check_changed(DataMode::Auditable, &batch, at, change)?;
    }

    #[test]
    fn compact(
        batch in arbitrary::batch(DataMode::Compact),
        at: prop::sample::Index,
        change in prop_oneof![(0..8u8).prop_map(|bit| 1 << bit), 1..=255u8],
    ) {
        check_changed(DataMode::Compact, &batch, at, change)?;
    }
}

/// The batch with every type, every bit of it.
#[test]
fn every_bit_of_the_fixed_batch() {
    for mode in super::MODES {
        let batch = arbitrary::fixed(mode);
        let detached = match mode {
            DataMode::Auditable => Vec::new(),
            DataMode::Compact => batch.signatures().unwrap(),
        };
        let Columns { columns, tail } = Columns::of(mode, CHAIN_ID, &batch).unwrap();
        for at in 0..columns.len() + tail.len() {
            for bit in 0..8 {
                let (mut columns, mut tail) = (columns.clone(), tail.clone());
                match columns.get_mut(at) {
                    Some(byte) => *byte ^= 1 << bit,
                    None => tail[at - columns.len()] ^= 1 << bit,
                }
                check(mode, columns, tail, &detached).unwrap();
            }
        }
    }
}
