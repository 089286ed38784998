//! Calls that are run and forgotten: `eth_call`, and what `eth_estimateGas` is made of.

use alloy::rpc::types::{TransactionRequest, state::StateOverride};
use alloy_primitives::{Bytes, TxKind};
use executor::{
    Header,
    block::{CallError, CallRequest, call},
    state::StateSource,
};
use revm::context_interface::result::{ExecutionResult, HaltReason, InvalidTransaction};

use super::{Api, Args, RpcError, overrides::Overridden};
use crate::pool::MAX_INIT_CODE;

/// `eth_call(request, block, overrides)`.
pub(super) fn eth_call(api: &Api, args: &Args) -> Result<Bytes, RpcError> {
    let request: TransactionRequest = args.required(0)?;
    let (header, state) = api.state(args.optional(1)?)?;
    let overrides: Option<StateOverride> = args.optional(2)?;
    let state = Overridden::new(state, overrides.unwrap_or_default())?;
    let call = call_request(api, request)?;
    match run(api, &header, &state, call)? {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::Call(halt_words(&reason))),
    }
}

/// Checks a request as go-ethereum does and fills in what it leaves out.
pub(super) fn call_request(api: &Api, request: TransactionRequest) -> Result<CallRequest, RpcError> {
    let refused = |words: String| Err(RpcError::Call(words));
    if request.gas_price.is_some()
        && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some())
    {
        return refused("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".into());
    }
    if let Some(have) = request.chain_id
        && have != api.chain.chain_id
    {
        let want = api.chain.chain_id;
        return refused(format!("chainId does not match node's (have={have}, want={want})"));
    }
    if request.blob_versioned_hashes.is_some() || request.max_fee_per_blob_gas.is_some() {
        return refused("transaction type not supported".into());
    }
    let Ok(data) = request.input.try_into_unique_input() else {
        return refused(
            r#"both "data" and "input" are set and not equal. Please use "input" to pass transaction call data"#
                .into(),
        );
    };
    let from = request.from.unwrap_or_default();
    let gas_price = request.gas_price.or(request.max_fee_per_gas).unwrap_or_default();
    if let Some(tip) = request.max_priority_fee_per_gas
        && tip > gas_price
    {
        return refused(format!(
            "max priority fee per gas higher than max fee per gas: address {from}, \
             maxPriorityFeePerGas: {tip}, maxFeePerGas: {gas_price}"
        ));
    }
    let cap = api.config.call_gas_cap;
    Ok(CallRequest {
        from,
        to: request.to.unwrap_or(TxKind::Create),
        gas_limit: request.gas.map_or(cap, |gas| gas.min(cap)),
        gas_price,
        gas_priority_fee: request.max_priority_fee_per_gas,
        value: request.value.unwrap_or_default(),
        data: data.unwrap_or_default(),
        access_list: request.access_list.unwrap_or_default(),
        authorization_list: request.authorization_list.unwrap_or_default(),
    })
}

/// Runs a call after the block `header`.
pub(super) fn run(
    api: &Api,
    header: &Header,
    state: &impl StateSource,
    request: CallRequest,
) -> Result<ExecutionResult, RpcError> {
    let context = (request.clone(), header.base_fee_per_gas.unwrap_or_default());
    call(&api.chain, header, state, request).map_err(|error| match error {
        CallError::Invalid(reason) => RpcError::Call(invalid_words(&reason, &context.0, context.1)),
        CallError::State(error) => error.into(),
        other => RpcError::Internal(other.to_string()),
    })
}

/// Why a call cannot be made, in go-ethereum's words (`core/state_transition.go`).
pub(super) fn invalid_words(reason: &InvalidTransaction, call: &CallRequest, base_fee: u64) -> String {
    let from = call.from;
    match reason {
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: address {from} have {balance} want {fee}")
        }
        InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("{INTRINSIC_GAS}: have {gas_limit}, want {initial_gas}")
        }
        InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("{FLOOR_DATA_GAS}: have {gas_limit}, want {gas_floor}")
        }
        InvalidTransaction::GasPriceLessThanBasefee => format!(
            "max fee per gas less than block base fee: address {from}, maxFeePerGas: {}, baseFee: {base_fee}",
            call.gas_price
        ),
        InvalidTransaction::CreateInitCodeSizeLimit => {
            format!("max initcode size exceeded: code size {} limit {MAX_INIT_CODE}", call.data.len())
        }
        other => other.to_string(),
    }
}

/// How refusals for too little gas begin: a higher limit may help.
pub(super) const INTRINSIC_GAS: &str = "intrinsic gas too low";
/// How refusals for too little gas for the data begin (EIP-7623).
pub(super) const FLOOR_DATA_GAS: &str = "insufficient gas for floor data gas cost";

/// How a call ended that neither succeeded nor reverted, in go-ethereum's words (`core/vm/errors.go`).
pub(super) fn halt_words(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode".into(),
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".into(),
        HaltReason::StackOverflow => "stack limit reached 1024".into(),
        HaltReason::OutOfOffset => "return data out of bounds".into(),
        HaltReason::CreateCollision => "contract address collision".into(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".into(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write protection".into()
        }
        HaltReason::OutOfFunds => "insufficient balance for transfer".into(),
        HaltReason::CallTooDeep => "max call depth exceeded".into(),
        other => other.to_string(),
    }
}
