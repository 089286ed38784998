//! What transactions would do, before they are signed (`eth_simulateV1`).
//!
//! The calls run one after another on top of the newest state, so that a later one sees what an earlier one did: an allowance,
//! say. The node is believed no more than for any other answer: nothing is signed because of a simulation, it is only shown.

use alloy::{
    network::TransactionBuilder,
    providers::Provider,
    rpc::types::{
        TransactionRequest,
        simulate::{SimBlock, SimulatePayload},
    },
};
use alloy_primitives::{Address, Bytes};

use crate::{
    chain::{Chain, Error},
    refusal::Refusal,
    sender::Call,
};

/// What a call would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Gas that it would use.
    pub gas: u64,
    /// What it would return, or why it would fail.
    pub result: Result<Bytes, Refusal>,
}

impl Chain {
    /// What `calls` of `account` would do, in this order, in the next block.
    ///
    /// One outcome for each call. One that fails changes nothing, and the others go on.
    pub async fn simulate(&self, account: Address, calls: &[Call]) -> Result<Vec<Outcome>, Error> {
        let request = |call: &Call| {
            TransactionRequest::default()
                .with_from(account)
                .with_to(call.to)
                .with_value(call.value)
                .with_input(call.input.clone())
        };
        let block = SimBlock::default().extend_calls(calls.iter().map(request));
        let payload = SimulatePayload::default().extend(block);
        let method = "eth_simulateV1";
        let blocks = self.ask(method, || self.provider.simulate(&payload)).await?;
        let results = blocks.into_iter().next().map(|block| block.calls).unwrap_or_default();
        if results.len() != calls.len() {
            let reason = format!("{} results for {} calls", results.len(), calls.len());
            return Err(self.nonsense(method, reason));
        }
        let outcome = |result: alloy::rpc::types::simulate::SimCallResult| {
            let refused = || {
                let data = result.error.as_ref().and_then(|error| error.data.clone());
                Refusal::new(data.unwrap_or_else(|| result.return_data.clone()))
            };
            let returned = if result.status { Ok(result.return_data.clone()) } else { Err(refused()) };
            Outcome { gas: result.gas_used, result: returned }
        };
        Ok(results.into_iter().map(outcome).collect())
    }
}
