//! What a hash stands for: a transaction on either chain, or a withdrawal.

use alloy::{
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use alloy_primitives::B256;
use contracts_bindings::{
    IMessagePasser::{MessagePassed, sentMessagesCall},
    IPortal::{WithdrawalFinalized, WithdrawalProven},
};

use crate::{
    Bridge,
    chain::{LOG_RANGE, Layer, Receipt},
    deposit::{self, Deposit},
    error::Error,
    network::MESSAGE_PASSER,
    proof::NodeAnswer,
    withdrawal::Withdrawal,
};

/// What a hash stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A transaction on L1 that deposits.
    Deposits(Vec<Deposit>),
    /// A transaction on L2 that withdraws, a withdrawal, or a transaction on L1 that proves or finalises.
    Withdrawals(Vec<Withdrawal>),
    /// A transaction on L2 that does not withdraw.
    L2Transaction {
        /// Number of its block.
        block: u64,
        /// Whether it went well.
        succeeded: bool,
    },
}

/// Finds out what `hash` stands for.
pub async fn find(bridge: &Bridge, hash: B256) -> Result<Found, Error> {
    let (l1, l2) = tokio::try_join!(bridge.l1.receipt(hash), bridge.l2.receipt(hash))?;
    if let Some(receipt) = l2 {
        let withdrawals = Withdrawal::all_from_logs(&receipt.logs)?;
        return Ok(if withdrawals.is_empty() {
            Found::L2Transaction { block: receipt.block(), succeeded: receipt.succeeded() }
        } else {
            Found::Withdrawals(withdrawals)
        });
    }
    if let Some(receipt) = l1 {
        let deposits = deposit::in_receipt(&receipt, bridge.network.contracts.portal)?;
        if !deposits.is_empty() {
            return Ok(Found::Deposits(deposits));
        }
        let mut withdrawals = Vec::new();
        for hash in served(bridge, &receipt) {
            withdrawals.push(by_hash(bridge, hash).await?);
        }
        return if withdrawals.is_empty() {
            Err(Error::NotFound(hash))
        } else {
            Ok(Found::Withdrawals(withdrawals))
        };
    }
    Ok(Found::Withdrawals(vec![by_hash(bridge, hash).await?]))
}

/// The withdrawals that `hash` stands for.
pub async fn withdrawals(bridge: &Bridge, hash: B256) -> Result<Vec<Withdrawal>, Error> {
    match find(bridge, hash).await? {
        Found::Withdrawals(withdrawals) => Ok(withdrawals),
        Found::Deposits(_) => Err(Error::Unexpected {
            layer: Layer::L1,
            transaction: hash,
            reason: "it deposits, and does not withdraw".to_owned(),
        }),
        Found::L2Transaction { .. } => Err(Error::Unexpected {
            layer: Layer::L2,
            transaction: hash,
            reason: "it does not withdraw".to_owned(),
        }),
    }
}

/// The withdrawals that a transaction on L1 proved or finalised.
fn served(bridge: &Bridge, receipt: &Receipt) -> Vec<B256> {
    let mine = |log: &&Log| log.address() == bridge.network.contracts.portal;
    let hash = |log: &Log| {
        let signature = log.topics().first()?;
        let known = [WithdrawalProven::SIGNATURE_HASH, WithdrawalFinalized::SIGNATURE_HASH];
        known.contains(signature).then(|| log.topics().get(1).copied()).flatten()
    };
    let mut hashes: Vec<B256> = receipt.logs.iter().filter(mine).filter_map(hash).collect();
    hashes.dedup();
    hashes
}

/// The withdrawal `hash`. A node of this rollup knows it by its hash. Elsewhere L2's events are searched, newest first: they are
/// not indexed by it.
async fn by_hash(bridge: &Bridge, hash: B256) -> Result<Withdrawal, Error> {
    let sent = sentMessagesCall { withdrawalHash: hash };
    if !bridge.l2.view(MESSAGE_PASSER, sent).await? {
        return Err(Error::NotFound(hash));
    }
    let filter = Filter::new().address(MESSAGE_PASSER).event_signature(MessagePassed::SIGNATURE_HASH);
    let one = |withdrawals: Vec<Withdrawal>| withdrawals.into_iter().find(|one| one.hash == hash);
    match NodeAnswer::ask(&bridge.l2, hash).await? {
        NodeAnswer::Proved(proved) => {
            let receipt = bridge.l2.receipt(proved.transaction_hash).await?;
            let withdrawals = Withdrawal::all_from_logs(&receipt.map_or(Vec::new(), |receipt| receipt.logs))?;
            return one(withdrawals).ok_or(Error::NotFound(hash));
        }
        NodeAnswer::NotFinal { block } => {
            let logs = bridge.l2.logs(&filter, block, block).await?;
            return one(Withdrawal::all_from_logs(&logs)?).ok_or(Error::NotFound(hash));
        }
        NodeAnswer::Nothing => {}
    }
    let mut above = bridge.l2.head().await?.number.saturating_add(1);
    while above > 0 {
        let first = above.saturating_sub(LOG_RANGE);
        let logs = bridge.l2.logs(&filter, first, above - 1).await?;
        if let Some(withdrawal) = one(Withdrawal::all_from_logs(&logs)?) {
            return Ok(withdrawal);
        }
        above = first;
    }
    Err(Error::NotFound(hash))
}
