//! What can be said of a transaction without its state.

use alloy_consensus::{Transaction as _, Typed2718, transaction::Recovered};
use revm::context_interface::Cfg;

use super::executor::{evm_config, tx_env};
use crate::{ChainConfig, Transaction};

/// Why a transaction can be in no block of this chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TxError {
    /// Users send the types 0, 1, 2 and 4 only.
    #[error("transaction type {0:#04x} is not allowed")]
    NotAllowed(u8),
    /// Signed for another chain.
    #[error("chain id {actual} where {expected} was expected")]
    ChainId {
        /// Chain id of this chain.
        expected: u64,
        /// Chain id of the transaction.
        actual: u64,
    },
    /// EIP-7825.
    #[error("gas limit {gas_limit} exceeds the cap of {cap}")]
    GasLimitAboveCap {
        /// Gas limit of the transaction.
        gas_limit: u64,
        /// The cap of EIP-7825, or the gas limit of a block if that is lower.
        cap: u64,
    },
    /// The gas limit does not cover what is charged before execution starts.
    #[error("gas limit {gas_limit} is below the intrinsic gas of {needed}")]
    IntrinsicGas {
        /// Gas limit of the transaction.
        gas_limit: u64,
        /// Intrinsic gas.
        needed: u64,
    },
    /// EIP-7623: the gas limit does not cover the calldata floor.
    #[error("gas limit {gas_limit} is below the calldata floor of {needed}")]
    FloorGas {
        /// Gas limit of the transaction.
        gas_limit: u64,
        /// The floor.
        needed: u64,
    },
    /// EIP-3860.
    #[error("init code of {size} bytes exceeds the limit of {limit}")]
    InitCodeSize {
        /// Length of the init code.
        size: usize,
        /// Longest init code allowed.
        limit: usize,
    },
    /// EIP-1559: the tip is part of the fee.
    #[error("priority fee {tip} exceeds the maximum fee {fee_cap}")]
    TipAboveFeeCap {
        /// `maxPriorityFeePerGas`, in wei.
        tip: u128,
        /// `maxFeePerGas`, in wei.
        fee_cap: u128,
    },
    /// EIP-7702: there must be at least one authorization.
    #[error("the authorization list is empty")]
    NoAuthorizations,
    /// EIP-2681.
    #[error("the nonce is the largest there is")]
    NonceOverflow,
}

/// Checks everything about a user transaction that does not depend on the state: its type, chain id,
/// intrinsic gas, calldata floor, init code size, gas limit and fee cap.
///
/// A legacy transaction may have no chain id (before EIP-155), as on Ethereum: the deterministic
/// deployment proxies depend on that.
pub fn validate_stateless(config: &ChainConfig, tx: &Recovered<Transaction>) -> Result<(), TxError> {
    check_type(tx)?;
    let cfg = evm_config(config);
    if let Some(actual) = tx.chain_id()
        && actual != config.chain_id
    {
        return Err(TxError::ChainId { expected: config.chain_id, actual });
    }
    let (gas_limit, cap) = (tx.gas_limit(), cfg.tx_gas_limit_cap().min(config.gas_limit));
    if gas_limit > cap {
        return Err(TxError::GasLimitAboveCap { gas_limit, cap });
    }
    if let Some(tip) = tx.max_priority_fee_per_gas()
        && tip > tx.max_fee_per_gas()
    {
        return Err(TxError::TipAboveFeeCap { tip, fee_cap: tx.max_fee_per_gas() });
    }
    if tx.authorization_list().is_some_and(<[_]>::is_empty) {
        return Err(TxError::NoAuthorizations);
    }
    let (size, limit) = (tx.input().len(), cfg.max_initcode_size());
    if tx.kind().is_create() && size > limit {
        return Err(TxError::InitCodeSize { size, limit });
    }
    if tx.nonce() == u64::MAX {
        return Err(TxError::NonceOverflow);
    }
    let gas = cfg.gas_params().initial_tx_gas_for_tx(tx_env(tx), None);
    if gas.initial_total_gas() > gas_limit {
        return Err(TxError::IntrinsicGas { gas_limit, needed: gas.initial_total_gas() });
    }
    if gas.floor_gas() > gas_limit {
        return Err(TxError::FloorGas { gas_limit, needed: gas.floor_gas() });
    }
    Ok(())
}

/// Users send the types 0, 1, 2 and 4.
pub(super) fn check_type(tx: &Transaction) -> Result<(), TxError> {
    match tx {
        Transaction::Legacy(_)
        | Transaction::Eip2930(_)
        | Transaction::Eip1559(_)
        | Transaction::Eip7702(_) => Ok(()),
        Transaction::Deposit(_) | Transaction::PostExec(_) => Err(TxError::NotAllowed(tx.ty())),
    }
}
