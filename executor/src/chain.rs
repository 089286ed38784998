//! The rules of one chain, and the hash that binds a proof to them.

use alloy_primitives::{Address, B256, address, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use serde::{Deserialize, Serialize};

/// `L2ToL1MessagePasser`: its storage root is part of every output root.
pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
/// `L1Block`: holds the L1 origin of the newest block.
pub const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
/// `SequencerFeeVault`: the beneficiary of every block, receives the priority fees.
pub const SEQUENCER_FEE_VAULT: Address = address!("4200000000000000000000000000000000000011");
/// `BaseFeeVault`: receives the base fee, which Ethereum burns.
pub const BASE_FEE_VAULT: Address = address!("4200000000000000000000000000000000000019");

/// Every rule that a proof depends on and that may differ between two chains.
///
/// What is the same on all chains (Osaka rules, predeploy addresses, the deposit format) is code,
/// and the code is what the enclave's measurement binds.
///
/// As a file it is JSON with camelCase names; the hash is over the RLP encoding.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainConfig {
    /// EIP-155 chain id of the L2.
    pub chain_id: u64,
    /// EIP-155 chain id of the L1.
    pub l1_chain_id: u64,
    /// The L1 contract whose `TransactionDeposited` events become deposits.
    pub portal: Address,
    /// Hash of the L2 genesis block.
    pub genesis_hash: B256,
    /// Gas limit of every L2 block.
    pub gas_limit: u64,
    /// EIP-1559: target gas is `gas_limit / elasticity`. At least 1.
    pub elasticity: u64,
    /// EIP-1559: the base fee moves by at most one part in this many. At least 1.
    pub base_fee_change_denominator: u64,
    /// The base fee never falls below this, in wei per gas.
    pub min_base_fee: u64,
    /// How batches carry transactions.
    pub data_mode: DataMode,
    /// L1 blob base fee update fractions by the L1 time from which they hold (EIP-7892), in rising
    /// order of time. The first entry starts at 0.
    pub l1_blob_schedule: Vec<BlobFraction>,
}

/// From `activation_time` on, L1 computes its blob base fee with `update_fraction` (EIP-7840).
#[derive(Clone, Copy, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlobFraction {
    /// Unix time in seconds.
    pub activation_time: u64,
    /// `BLOB_BASE_FEE_UPDATE_FRACTION`.
    pub update_fraction: u64,
}

/// How a batch carries its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DataMode {
    /// With signatures: anyone can check every batch from L1 alone.
    Auditable,
    /// Senders instead of signatures: smaller, and the provers are trusted for signatures.
    Compact,
}

impl ChainConfig {
    /// keccak256 of a domain tag and the RLP encoding. Two chains with the same hash are one chain.
    pub fn hash(&self) -> B256 {
        let mut preimage = b"phala-rollup-config-v1".to_vec();
        alloy_rlp::Encodable::encode(self, &mut preimage);
        keccak256(preimage)
    }
}

impl alloy_rlp::Encodable for DataMode {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        (*self as u8).encode(out);
    }
    fn length(&self) -> usize {
        1
    }
}

impl alloy_rlp::Decodable for DataMode {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        match u8::decode(buf)? {
            0 => Ok(Self::Auditable),
            1 => Ok(Self::Compact),
            _ => Err(alloy_rlp::Error::Custom("unknown data mode")),
        }
    }
}
