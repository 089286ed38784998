//! What the `Rollup` contract said in an L1 block, and in which transactions.
//!
//! An answer to `eth_getLogs` cannot be checked. The same logs are in the receipts, which hash to a root in the
//! header, as the transactions do: an L1 node that lies about them has to make up a chain of headers.

use alloy::{consensus::BlockHeader, sol_types::SolEventInterface};
use alloy_consensus::{Header, TxEnvelope};
use alloy_primitives::{Address, BloomInput, Sealed};
use contracts_bindings::IRollup::IRollupEvents;

use super::{L1Client, L1Error};

/// An event of the `Rollup` contract.
#[derive(Debug)]
pub struct RollupEvent {
    /// The transaction that caused it, without its blobs. It may have called the contract through another one.
    pub transaction: TxEnvelope,
    /// What the contract said.
    pub event: IRollupEvents,
}

impl L1Client {
    /// The events of `rollup` in a block, in order. Nothing is asked of the node if the header rules them out.
    pub async fn rollup_events(
        &self,
        rollup: Address,
        header: &Sealed<Header>,
    ) -> Result<Vec<RollupEvent>, L1Error> {
        if !header.logs_bloom().contains_input(BloomInput::Raw(rollup.as_slice())) {
            return Ok(Vec::new());
        }
        let receipts = self.receipts(header).await?;
        if !receipts.iter().flat_map(|receipt| receipt.logs()).any(|log| log.address == rollup) {
            return Ok(Vec::new());
        }
        let transactions = self.transactions(header).await?;
        let mut events = Vec::new();
        for (transaction, receipt) in transactions.iter().zip(&receipts) {
            for log in receipt.logs().iter().filter(|log| log.address == rollup) {
                // Events that a later contract may add are nobody's batches.
                if let Ok(log) = IRollupEvents::decode_log(log) {
                    events.push(RollupEvent { transaction: transaction.clone(), event: log.data });
                }
            }
        }
        Ok(events)
    }
}
