//! Accounts: balances, code, storage, nonces, proofs.

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    rpc::types::{EIP1186AccountProofResponse, EIP1186StorageProof},
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256};
use alloy_trie::EMPTY_ROOT_HASH;
use executor::{
    chain::MESSAGE_PASSER,
    state::{StateError, StateSource as _},
    trie::{AccountProof, StateTrie},
};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Api, Args, RpcError};

/// Storage slots in one `eth_getProof`, as in go-ethereum.
const MAX_PROOF_SLOTS: usize = 1024;

/// `eth_getBalance(address, block)`.
pub(super) fn balance(api: &Api, args: &Args) -> Result<U256, RpcError> {
    let address: Address = args.required(0)?;
    let (_, state) = api.state(args.optional(1)?)?;
    Ok(state.account(address)?.unwrap_or_default().balance)
}

/// `eth_getCode(address, block)`.
pub(super) fn code(api: &Api, args: &Args) -> Result<Bytes, RpcError> {
    let address: Address = args.required(0)?;
    let (_, state) = api.state(args.optional(1)?)?;
    let hash = state.account(address)?.unwrap_or_default().code_hash;
    Ok(if hash == KECCAK256_EMPTY { Bytes::new() } else { state.code(hash)? })
}

/// `eth_getStorageAt(address, slot, block)`.
pub(super) fn storage(api: &Api, args: &Args) -> Result<B256, RpcError> {
    let address: Address = args.required(0)?;
    let Slot(slot) = args.required(1)?;
    let (_, state) = api.state(args.optional(2)?)?;
    Ok(state.storage(address, slot)?.into())
}

/// `eth_getTransactionCount(address, block)`. For `pending`, transactions in the pool count.
pub(super) fn transaction_count(api: &Api, args: &Args) -> Result<U64, RpcError> {
    let address: Address = args.required(0)?;
    let block: Option<BlockId> = args.optional(1)?;
    let (_, state) = api.state(block)?;
    let nonce = state.account(address)?.unwrap_or_default().nonce;
    let pending = block == Some(BlockId::Number(BlockNumberOrTag::Pending));
    let waiting = if pending { api.pool.next_nonce(address) } else { None };
    Ok(U64::from(waiting.map_or(nonce, |waiting| waiting.max(nonce))))
}

/// `eth_getProof(address, slots, block)`: EIP-1186.
///
/// For `L2ToL1MessagePasser` it is answered for good at the last block of every final batch, for any
/// other account as long as the state of the block is kept.
pub(super) fn proof(api: &Api, args: &Args) -> Result<EIP1186AccountProofResponse, RpcError> {
    let address: Address = args.required(0)?;
    let slots: Vec<Slot> = args.required(1)?;
    if slots.len() > MAX_PROOF_SLOTS {
        let asked = slots.len();
        return Err(RpcError::Params(format!("too many keys: {asked}, want at most {MAX_PROOF_SLOTS}")));
    }
    let slots: Vec<U256> = slots.into_iter().map(|Slot(slot)| slot).collect();
    let proof = match api.state(args.optional(2)?) {
        Ok((header, state)) => StateTrie::new(header.state_root).prove(&state, address, &slots)?,
        Err(RpcError::Pruned { number, oldest }) if address == MESSAGE_PASSER => {
            proof_of_output(api, number, &slots)?.ok_or(RpcError::Pruned { number, oldest })?
        }
        Err(error) => return Err(error),
    };
    let account = proof.account;
    Ok(EIP1186AccountProofResponse {
        address,
        balance: account.map(|account| account.balance).unwrap_or_default(),
        nonce: account.map(|account| account.nonce).unwrap_or_default(),
        code_hash: account.map_or(KECCAK256_EMPTY, |account| account.code_hash),
        storage_hash: account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root),
        account_proof: proof.account_proof,
        storage_proof: proof
            .storage
            .into_iter()
            .map(|slot| EIP1186StorageProof {
                key: B256::from(slot.slot).into(),
                value: slot.value,
                proof: slot.proof,
            })
            .collect(),
    })
}

/// Slots of `L2ToL1MessagePasser` as of block `number`, if that is the last block of a final batch.
fn proof_of_output(api: &Api, number: u64, slots: &[U256]) -> Result<Option<AccountProof>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let header = snapshot.header(number)?.ok_or(RpcError::NoBlock)?;
    let nodes = snapshot.output_nodes();
    match StateTrie::new(header.state_root).prove(&nodes, MESSAGE_PASSER, slots) {
        Err(StateError::MissingNode { .. }) => Ok(None),
        proof => Ok(Some(proof?)),
    }
}

/// A storage slot: up to 32 bytes of hexadecimal digits, with or without leading zeros.
struct Slot(U256);

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(&text);
        if digits.len() > 64 {
            return Err(D::Error::custom("storage key too long (want at most 32 bytes)"));
        }
        if digits.is_empty() {
            return Ok(Self(U256::ZERO));
        }
        U256::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| D::Error::custom("invalid hex string in storage key"))
    }
}
