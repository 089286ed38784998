//! A call outside of any block: `eth_call` and `eth_estimateGas`.

use alloy_eips::{eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use revm::{
    context::{TransactionType, TxEnv},
    context_interface::{
        either::Either,
        result::{ExecutionResult, InvalidTransaction},
    },
};

use super::{
    BaseFeeRecipient, Evm, EvmError,
    executor::{block_env, evm_config},
};
use crate::{
    ChainConfig, Header,
    state::{StateError, StateSource},
};

/// A call to simulate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallRequest {
    /// The sender. It need not be an account without code, and its nonce does not matter.
    pub from: Address,
    /// The callee; `TxKind::Create` deploys `data`.
    pub to: TxKind,
    /// Gas limit. The caller decides on a cap: EIP-7825 is not applied.
    pub gas_limit: u64,
    /// `gasPrice` or `maxFeePerGas`, in wei. With zero there is no fee, and contracts see a base fee
    /// of zero; otherwise the sender must be able to pay.
    pub gas_price: u128,
    /// `maxPriorityFeePerGas`, in wei.
    pub gas_priority_fee: Option<u128>,
    /// Wei sent along.
    pub value: U256,
    /// Calldata or init code.
    pub data: Bytes,
    /// EIP-2930.
    pub access_list: AccessList,
    /// EIP-7702.
    pub authorization_list: Vec<SignedAuthorization>,
}

/// Why a call could not be simulated. A call that reverts or halts is not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The sender cannot pay, the gas does not cover the intrinsic gas, or a fee does not add up.
    #[error("invalid call: {0}")]
    Invalid(InvalidTransaction),
    /// State could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The EVM failed for a reason that no call can cause by itself.
    #[error("the EVM failed: {0}")]
    Fatal(String),
}

/// Runs `request` in the environment of the block `header`, on the state `state` (for `eth_call` at
/// a block: the state after it). Nothing is written.
pub fn call<S: StateSource>(
    config: &ChainConfig,
    header: &Header,
    state: S,
    request: CallRequest,
) -> Result<ExecutionResult, CallError> {
    let mut block = block_env(header);
    if request.gas_price == 0 {
        block.basefee = 0;
    }
    let mut evm = Evm::new(evm_config(config), block, BaseFeeRecipient::Burned, state);
    Ok(evm.call(tx_env(config, request))?)
}

fn tx_env(config: &ChainConfig, request: CallRequest) -> TxEnv {
    let tx_type = if !request.authorization_list.is_empty() {
        TransactionType::Eip7702
    } else if request.gas_priority_fee.is_some() {
        TransactionType::Eip1559
    } else {
        TransactionType::Eip2930
    };
    TxEnv {
        tx_type: tx_type as u8,
        caller: request.from,
        gas_limit: request.gas_limit,
        gas_price: request.gas_price,
        kind: request.to,
        value: request.value,
        data: request.data,
        nonce: 0,
        chain_id: Some(config.chain_id),
        access_list: request.access_list,
        gas_priority_fee: request.gas_priority_fee,
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: request.authorization_list.into_iter().map(Either::Left).collect(),
    }
}

impl From<EvmError> for CallError {
    fn from(error: EvmError) -> Self {
        match error {
            EvmError::Invalid(reason) => Self::Invalid(reason),
            EvmError::State(error) => Self::State(error),
            EvmError::Fatal(error) => Self::Fatal(error),
        }
    }
}
