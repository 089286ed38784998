//! The gas limit that a transaction needs.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy::{
    eips::BlockId,
    rpc::types::{TransactionRequest, state::StateOverride},
};
use alloy_primitives::{Bytes, TxKind, U64, U256};
use executor::{
    Header,
    block::CallRequest,
    state::{Account, StateSource},
};
use revm::context_interface::result::{ExecutionResult, HaltReason};

use super::{
    Api, Args, RpcError,
    call::{FLOOR_DATA_GAS, INTRINSIC_GAS, call_request, halt_words, run},
    fees::base_fee_after,
    overrides::Overridden,
};
use crate::pool::MAX_TX_GAS;

/// Gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;
/// Gas that a call with value hands on for free.
const CALL_STIPEND: u64 = 2_300;
/// The search ends once the bounds are this close, in thousandths: more precision costs runs, and
/// the base fee moves by more. As in go-ethereum.
const TOLERANCE: u64 = 15;

/// `eth_estimateGas(request, block, overrides)`.
///
/// Without a block, or for the tags `latest` and `pending`, the call is run as if it stood in the
/// block that is built now. Within the newest block itself no time would have passed, and contracts
/// that do more work once it has (price oracles do) would be given too little.
pub(super) fn estimate_gas(api: &Api, args: &Args) -> Result<U64, RpcError> {
    let request: TransactionRequest = args.required(0)?;
    let block: Option<BlockId> = args.optional(1)?;
    let (header, state) = api.state(block)?;
    let mut header = header.into_inner();
    if block.is_none_or(|block| block.is_latest() || block.is_pending()) {
        header.base_fee_per_gas = Some(base_fee_after(api, &header)?);
        header.number += 1;
        header.timestamp = unix_time().max(header.timestamp + 1);
    }
    let overrides: Option<StateOverride> = args.optional(2)?;
    let state = Overridden::new(state, overrides.unwrap_or_default())?;
    let asked = request.gas;
    let call = call_request(api, request)?;
    let limit = highest_limit(api, &header, &state, &call, asked)?;
    Estimate { api, header: &header, state: &state, call }.search(limit).map(U64::from)
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The most gas that the sender could ask for: what it says, a block, EIP-7825, its money.
fn highest_limit(
    api: &Api,
    header: &Header,
    state: &impl StateSource,
    call: &CallRequest,
    asked: Option<u64>,
) -> Result<u64, RpcError> {
    let asked = asked.filter(|gas| *gas >= TRANSFER_GAS);
    let limit = asked.unwrap_or(header.gas_limit).min(MAX_TX_GAS).min(api.config.call_gas_cap);
    if call.gas_price == 0 {
        return Ok(limit);
    }
    let balance = state.account(call.from)?.unwrap_or_default().balance;
    if call.value >= balance && !call.value.is_zero() {
        return Err(RpcError::Call("insufficient funds for transfer".into()));
    }
    let affordable = (balance - call.value) / U256::from(call.gas_price);
    Ok(limit.min(affordable.saturating_to()))
}

/// One estimate: the call is run again and again with other limits.
struct Estimate<'a, S> {
    api: &'a Api,
    header: &'a Header,
    state: &'a S,
    call: CallRequest,
}

/// How a run with some limit ended.
enum Run {
    Success(ExecutionResult),
    /// A higher limit may help.
    TooLittleGas,
    Reverted(Bytes),
    Halted(HaltReason),
}

impl<S: StateSource> Estimate<'_, S> {
    /// The lowest limit with which the call succeeds, within [`TOLERANCE`]; at most `highest`.
    fn search(&self, highest: u64) -> Result<u64, RpcError> {
        if self.is_plain_transfer()? && matches!(self.run(TRANSFER_GAS)?, Run::Success(_)) {
            return Ok(TRANSFER_GAS);
        }
        let result = match self.run(highest)? {
            Run::Success(result) => result,
            Run::TooLittleGas => {
                return Err(RpcError::Call(format!("gas required exceeds allowance ({highest})")));
            }
            Run::Reverted(output) => return Err(RpcError::Reverted(output)),
            Run::Halted(reason) => return Err(RpcError::Call(halt_words(&reason))),
        };
        let (mut fails, mut works) = (result.tx_gas_used().saturating_sub(1), highest);
        // Mostly the gas used before refunds is enough, with what a call must keep back (EIP-150).
        let guess = (result.gas().total_gas_spent().max(result.tx_gas_used()) + CALL_STIPEND) * 64 / 63;
        if guess < works {
            if self.works(guess)? { works = guess } else { fails = guess }
        }
        while fails + 1 < works && (works - fails) * 1000 / works >= TOLERANCE {
            // The need is mostly near the lower bound.
            let middle = (fails + (works - fails) / 2).min(fails.saturating_mul(2)).max(fails + 1);
            if self.works(middle)? { works = middle } else { fails = middle }
        }
        Ok(works)
    }

    fn works(&self, gas_limit: u64) -> Result<bool, RpcError> {
        Ok(matches!(self.run(gas_limit)?, Run::Success(_)))
    }

    fn run(&self, gas_limit: u64) -> Result<Run, RpcError> {
        let call = CallRequest { gas_limit, ..self.call.clone() };
        match run(self.api, self.header, self.state, call) {
            Ok(result @ ExecutionResult::Success { .. }) => Ok(Run::Success(result)),
            Ok(ExecutionResult::Revert { output, .. }) => Ok(Run::Reverted(output)),
            Ok(ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. }) => Ok(Run::TooLittleGas),
            Ok(ExecutionResult::Halt { reason, .. }) => Ok(Run::Halted(reason)),
            Err(RpcError::Call(words))
                if words.starts_with(INTRINSIC_GAS) || words.starts_with(FLOOR_DATA_GAS) =>
            {
                Ok(Run::TooLittleGas)
            }
            Err(RpcError::Call(words)) => {
                Err(RpcError::Call(format!("failed with {gas_limit} gas: {words}")))
            }
            Err(other) => Err(other),
        }
    }

    fn is_plain_transfer(&self) -> Result<bool, RpcError> {
        let TxKind::Call(to) = self.call.to else { return Ok(false) };
        let code_hash = self.state.account(to)?.unwrap_or_default().code_hash;
        Ok(self.call.data.is_empty() && code_hash == Account::default().code_hash)
    }
}
