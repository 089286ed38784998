//! The test files. Fields that decide nothing here are ignored.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer, de::Error};

use crate::number::{Number, optional_word, small, word};

/// A file: tests by name.
pub(crate) type Suite = BTreeMap<String, Test>;

/// A state, an environment, transactions, and what should come of them under each fork.
#[derive(Debug, Deserialize)]
pub(crate) struct Test {
    pub(crate) env: Environment,
    pub(crate) pre: BTreeMap<Address, PreAccount>,
    pub(crate) transaction: TransactionParts,
    pub(crate) post: BTreeMap<String, Vec<Post>>,
    #[serde(default)]
    pub(crate) config: Config,
}

/// What the fields of a block's header would say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Environment {
    pub(crate) current_coinbase: Address,
    #[serde(default, deserialize_with = "optional_word")]
    pub(crate) current_difficulty: Option<U256>,
    #[serde(default, deserialize_with = "optional_word")]
    pub(crate) current_random: Option<U256>,
    #[serde(deserialize_with = "word")]
    pub(crate) current_gas_limit: U256,
    #[serde(deserialize_with = "word")]
    pub(crate) current_number: U256,
    #[serde(deserialize_with = "word")]
    pub(crate) current_timestamp: U256,
    #[serde(default, deserialize_with = "optional_word")]
    pub(crate) current_base_fee: Option<U256>,
    #[serde(default, deserialize_with = "optional_word")]
    pub(crate) current_excess_blob_gas: Option<U256>,
    #[serde(default, rename = "currentChainID", deserialize_with = "optional_word")]
    pub(crate) current_chain_id: Option<U256>,
}

/// An account before the transaction.
#[derive(Debug, Deserialize)]
pub(crate) struct PreAccount {
    #[serde(deserialize_with = "word")]
    pub(crate) balance: U256,
    pub(crate) code: Bytes,
    #[serde(deserialize_with = "small")]
    pub(crate) nonce: u64,
    #[serde(deserialize_with = "slots")]
    pub(crate) storage: BTreeMap<U256, U256>,
}

/// A transaction, with alternatives for some fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionParts {
    #[serde(rename = "type")]
    pub(crate) tx_type: Option<Number>,
    pub(crate) chain_id: Option<Number>,
    pub(crate) data: Vec<Bytes>,
    pub(crate) gas_limit: Vec<Number>,
    pub(crate) value: Vec<Number>,
    pub(crate) nonce: Number,
    pub(crate) gas_price: Option<Number>,
    pub(crate) max_fee_per_gas: Option<Number>,
    pub(crate) max_priority_fee_per_gas: Option<Number>,
    pub(crate) max_fee_per_blob_gas: Option<Number>,
    /// Absent where the test is about a signature that is invalid.
    pub(crate) secret_key: Option<B256>,
    pub(crate) sender: Option<Address>,
    #[serde(default, deserialize_with = "recipient")]
    pub(crate) to: Option<Address>,
    #[serde(default)]
    pub(crate) access_lists: Vec<Option<Vec<AccessEntry>>>,
    #[serde(default)]
    pub(crate) blob_versioned_hashes: Vec<B256>,
    pub(crate) authorization_list: Option<Vec<Authorization>>,
}

/// An entry of an access list (EIP-2930).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessEntry {
    pub(crate) address: Address,
    pub(crate) storage_keys: Vec<Number>,
}

/// An authorization (EIP-7702).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authorization {
    pub(crate) chain_id: Number,
    pub(crate) address: Address,
    pub(crate) nonce: Number,
    pub(crate) y_parity: Option<Number>,
    pub(crate) v: Option<Number>,
    pub(crate) r: Number,
    pub(crate) s: Number,
}

/// What should come of one choice among the alternatives of the transaction.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Post {
    /// State root.
    pub(crate) hash: B256,
    /// keccak256 of the RLP encoding of the logs.
    pub(crate) logs: B256,
    pub(crate) indexes: Indexes,
    pub(crate) expect_exception: Option<String>,
}

/// Which alternatives are chosen.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Indexes {
    pub(crate) data: usize,
    pub(crate) gas: usize,
    pub(crate) value: usize,
}

/// The chain that the test is on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Config {
    #[serde(alias = "chainId")]
    pub(crate) chainid: Option<Number>,
    pub(crate) blob_schedule: BTreeMap<String, BlobParameters>,
}

/// Blob parameters of a fork (EIP-7840).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlobParameters {
    #[serde(deserialize_with = "small")]
    pub(crate) max: u64,
    #[serde(deserialize_with = "small")]
    pub(crate) base_fee_update_fraction: u64,
}

/// An empty string is no recipient.
fn recipient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Address>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("" | "0x") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(Error::custom),
    }
}

/// Storage: numbers by numbers, both as text.
fn slots<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<U256, U256>, D::Error> {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Word(#[serde(deserialize_with = "word")] U256);
    let slots = BTreeMap::<Word, Word>::deserialize(deserializer)?;
    Ok(slots.into_iter().map(|(slot, value)| (slot.0, value.0)).collect())
}
