//! The L1 block that an L2 block refers to.

use alloy_eips::eip4844::fake_exponential;
use alloy_primitives::{B256, U256};
use serde::{Deserialize, Serialize};

use crate::{ChainConfig, Header};

/// Minimum blob base fee of L1, in wei per blob gas (EIP-4844).
const MIN_BLOB_BASE_FEE: u128 = 1;

/// What an L2 block takes over from its L1 origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct L1Origin {
    /// Number of the L1 block.
    pub number: u64,
    /// Hash of the L1 block.
    pub hash: B256,
    /// Time of the L1 block, in Unix seconds.
    pub timestamp: u64,
    /// Base fee of the L1 block, in wei per gas.
    pub base_fee: u64,
    /// Blob base fee of the L1 block, in wei per blob gas; zero before Cancun.
    pub blob_base_fee: u128,
    /// `prevRandao` of the L1 block: the L2 block's `mixHash`.
    pub mix_hash: B256,
    /// `parentBeaconBlockRoot` of the L1 block; zero if it has none.
    pub parent_beacon_block_root: B256,
}

/// Why an L1 header cannot be an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The header is of a time before London.
    #[error("L1 block {0} has no base fee")]
    NoBaseFee(u64),
    /// The configuration says nothing about blob fees at the time of the header.
    #[error("no blob base fee update fraction is configured for L1 time {0}")]
    NoBlobFraction(u64),
}

impl L1Origin {
    /// The origin that the L1 block `header` with hash `hash` makes.
    pub fn from_header(config: &ChainConfig, header: &Header, hash: B256) -> Result<Self, OriginError> {
        let blob_base_fee = match header.excess_blob_gas {
            None => 0,
            Some(excess) => {
                let fraction = blob_fraction(config, header.timestamp)
                    .ok_or(OriginError::NoBlobFraction(header.timestamp))?;
                fake_exponential(MIN_BLOB_BASE_FEE, excess.into(), fraction.into())
            }
        };
        Ok(Self {
            number: header.number,
            hash,
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.ok_or(OriginError::NoBaseFee(header.number))?,
            blob_base_fee,
            mix_hash: header.mix_hash,
            parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
        })
    }

    /// The storage of `L1Block` while this is the origin, as (slot, value).
    ///
    /// Slot 0 holds the number in its lowest 64 bits and the timestamp in the next 64.
    pub fn storage(&self) -> [(U256, U256); 4] {
        [
            (U256::from(0), U256::from(self.number) | (U256::from(self.timestamp) << 64)),
            (U256::from(1), U256::from(self.base_fee)),
            (U256::from(2), self.hash.into()),
            (U256::from(3), U256::from(self.blob_base_fee)),
        ]
    }
}

/// The update fraction that holds at L1 time `timestamp`; never zero.
fn blob_fraction(config: &ChainConfig, timestamp: u64) -> Option<u64> {
    let schedule = config.l1_blob_schedule.iter();
    let holds = schedule.take_while(|fraction| fraction.activation_time <= timestamp).last()?;
    (holds.update_fraction != 0).then_some(holds.update_fraction)
}
