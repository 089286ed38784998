//! Where the origins of the next blocks come from.

use alloy_primitives::U256;
use executor::{
    Header,
    block::L1Origin,
    chain::L1_BLOCK,
    state::{StateError, StateSource},
};
use op_alloy_consensus::TxDeposit;

/// An L1 origin that follows the one of the parent, and the deposits that a move to it brings in.
#[derive(Clone, Debug)]
pub struct NextOrigin {
    /// The new origin.
    pub origin: L1Origin,
    /// The deposits of every L1 block after the parent's origin up to this one, in order.
    pub deposits: Vec<TxDeposit>,
}

/// Knows the L1 well enough to say how far the origin may move.
pub trait OriginSource: Send {
    /// The origin for a block at `timestamp` (Unix seconds) whose parent has the origin number
    /// `parent_origin`, or `None` if the origin stays: nothing newer is known, or it is too new.
    ///
    /// Never blocks on the network: an L1 that is away must not stop the L2.
    fn next_origin(&self, parent_origin: u64, timestamp: u64) -> Option<NextOrigin>;
}

impl<O: OriginSource + ?Sized> OriginSource for Box<O> {
    fn next_origin(&self, parent_origin: u64, timestamp: u64) -> Option<NextOrigin> {
        (**self).next_origin(parent_origin, timestamp)
    }
}

/// A chain whose origin never moves: no deposits, no L1.
#[derive(Clone, Copy, Debug)]
pub struct FixedOrigin;

impl OriginSource for FixedOrigin {
    fn next_origin(&self, _parent_origin: u64, _timestamp: u64) -> Option<NextOrigin> {
        None
    }
}

/// The origin of a block, read from its header and the storage of `L1Block` after it.
///
/// The inverse of [`L1Origin::storage`].
pub fn origin_of(header: &Header, state: &impl StateSource) -> Result<L1Origin, StateError> {
    let slot = |slot: u64| state.storage(L1_BLOCK, U256::from(slot));
    let [number, timestamp, ..] = slot(0)?.into_limbs();
    let [base_fee, ..] = slot(1)?.into_limbs();
    Ok(L1Origin {
        number,
        timestamp,
        base_fee,
        hash: slot(2)?.into(),
        blob_base_fee: slot(3)?.saturating_to(),
        mix_hash: header.mix_hash,
        parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alloy_primitives::{Address, B256, Bytes};
    use executor::state::Account;

    use super::*;

    struct Slots(BTreeMap<U256, U256>);

    impl StateSource for Slots {
        fn account(&self, _address: Address) -> Result<Option<Account>, StateError> {
            Ok(None)
        }
        fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
            assert_eq!(address, L1_BLOCK);
            Ok(self.0.get(&slot).copied().unwrap_or_default())
        }
        fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
            Err(StateError::MissingCode(code_hash))
        }
        fn block_hash(&self, number: u64) -> Result<B256, StateError> {
            Err(StateError::MissingBlockHash(number))
        }
    }

    #[test]
    fn reads_back_what_a_block_writes() {
        let origin = L1Origin {
            number: u64::MAX - 7,
            hash: B256::repeat_byte(0xab),
            timestamp: 1_800_000_000,
            base_fee: 12_345_678_901,
            blob_base_fee: u128::MAX - 1,
            mix_hash: B256::repeat_byte(1),
            parent_beacon_block_root: B256::repeat_byte(2),
        };
        let header = Header {
            mix_hash: origin.mix_hash,
            parent_beacon_block_root: Some(origin.parent_beacon_block_root),
            ..Header::default()
        };
        let slots = Slots(origin.storage().into_iter().collect());
        assert_eq!(origin_of(&header, &slots).unwrap(), origin);
    }
}
