//! What can be said of a transaction without looking at the state.

use alloy_consensus::{Transaction as _, Typed2718 as _, transaction::SignerRecoverable as _};
use alloy_eips::{Encodable2718 as _, eip2718::Decodable2718 as _};
use alloy_primitives::{Address, U256};
use executor::Transaction;
use revm::{context_interface::cfg::gas::calculate_initial_tx_gas, primitives::hardfork::SpecId};

use super::{PoolConfig, PoolError};

/// EIP-7825: gas that one transaction may ask for.
pub const MAX_TX_GAS: u64 = 16_777_216;
/// EIP-3860: bytes of init code.
pub const MAX_INIT_CODE: usize = 49_152;
/// Bytes of one encoded transaction, as in go-ethereum's pool.
pub const MAX_TX_SIZE: usize = 128 * 1024;

/// A transaction that could be valid: well formed, signed for this chain, with gas for its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The transaction.
    pub transaction: Transaction,
    /// Who signed it.
    pub sender: Address,
    /// Bytes of its encoding.
    pub size: usize,
    /// Wei it may cost at most: gas limit * fee cap + value, or the greatest number if that does not
    /// fit, which nobody has.
    pub cost: U256,
    /// Those whose code it may set (EIP-7702), as far as their signatures recover.
    pub authorities: Vec<Address>,
}

/// Decodes what a wallet sent with `eth_sendRawTransaction`.
pub fn decode(raw: &[u8]) -> Result<Transaction, PoolError> {
    let Some(first) = raw.first() else { return Err(PoolError::TooShort) };
    if raw.len() > MAX_TX_SIZE {
        return Err(PoolError::Oversized { size: raw.len(), limit: MAX_TX_SIZE });
    }
    match first {
        0..0x80 if raw.len() == 1 => return Err(PoolError::TooShort),
        0..0x80 if ![1, 2, 4].contains(first) => return Err(PoolError::TypeNotSupported(*first)),
        _ => {}
    }
    Transaction::decode_2718_exact(raw).map_err(|error| PoolError::Malformed(error.to_string()))
}

/// Checks everything that needs no state, cheapest first, and recovers the signers.
pub(super) fn validate(
    transaction: Transaction,
    chain_id: u64,
    config: &PoolConfig,
) -> Result<Candidate, PoolError> {
    if !matches!(transaction.ty(), 0 | 1 | 2 | 4) {
        return Err(PoolError::TypeNotSupported(transaction.ty()));
    }
    let size = transaction.encode_2718_len();
    if size > MAX_TX_SIZE {
        return Err(PoolError::Oversized { size, limit: MAX_TX_SIZE });
    }
    match transaction.chain_id() {
        None => return Err(PoolError::NotReplayProtected),
        Some(have) if have != chain_id => return Err(PoolError::ChainId { have, want: chain_id }),
        Some(_) => {}
    }
    if transaction.is_create() && transaction.input().len() > MAX_INIT_CODE {
        return Err(PoolError::InitCode { size: transaction.input().len(), limit: MAX_INIT_CODE });
    }
    let gas = transaction.gas_limit();
    if gas > MAX_TX_GAS {
        return Err(PoolError::GasLimitTooHigh { cap: MAX_TX_GAS, gas });
    }
    if gas > config.block_gas_limit {
        return Err(PoolError::BlockGasLimit);
    }
    let (fee_cap, tip_cap) = fees(&transaction);
    if fee_cap < tip_cap {
        return Err(PoolError::TipAboveFeeCap);
    }
    if transaction.nonce() == u64::MAX {
        return Err(PoolError::NonceMax);
    }
    check_gas(&transaction)?;
    if tip_cap < config.min_tip {
        return Err(PoolError::Underpriced { tip: tip_cap, needed: config.min_tip });
    }
    if transaction.authorization_list().is_some_and(|list| list.is_empty()) {
        return Err(PoolError::EmptyAuthorizations);
    }
    let sender = recover_signer(&transaction)?;
    let authorities = transaction
        .authorization_list()
        .unwrap_or_default()
        .iter()
        .filter_map(|authorization| authorization.recover_authority().ok())
        .collect();
    let cost = (U256::from(gas) * U256::from(fee_cap)).saturating_add(transaction.value());
    Ok(Candidate { transaction, sender, size, cost, authorities })
}

/// Fee cap and tip cap in wei per gas; for transactions from before EIP-1559 both are the price.
pub(super) fn fees(transaction: &Transaction) -> (u128, u128) {
    (transaction.max_fee_per_gas(), transaction.priority_fee_or_price())
}

/// The signer; the high half of `s` is refused (EIP-2).
fn recover_signer(transaction: &Transaction) -> Result<Address, PoolError> {
    match transaction {
        Transaction::Legacy(signed) => signed.recover_signer(),
        Transaction::Eip2930(signed) => signed.recover_signer(),
        Transaction::Eip1559(signed) => signed.recover_signer(),
        Transaction::Eip7702(signed) => signed.recover_signer(),
        Transaction::Deposit(_) | Transaction::PostExec(_) => {
            return Err(PoolError::TypeNotSupported(transaction.ty()));
        }
    }
    .map_err(|_| PoolError::InvalidSender)
}

/// Intrinsic gas and the floor of EIP-7623, by the rules that execution follows.
fn check_gas(transaction: &Transaction) -> Result<(), PoolError> {
    let (accounts, slots) = transaction.access_list().map_or((0, 0), |list| {
        (list.len() as u64, list.iter().map(|item| item.storage_keys.len() as u64).sum())
    });
    let needed = calculate_initial_tx_gas(
        SpecId::OSAKA,
        transaction.input(),
        transaction.is_create(),
        accounts,
        slots,
        transaction.authorization_list().map_or(0, |list| list.len() as u64),
        None,
    );
    let gas = transaction.gas_limit();
    if gas < needed.initial_total_gas() {
        return Err(PoolError::IntrinsicGas { gas, needed: needed.initial_total_gas() });
    }
    if gas < needed.floor_gas() {
        return Err(PoolError::FloorDataGas { gas, needed: needed.floor_gas() });
    }
    Ok(())
}
