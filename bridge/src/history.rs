//! An account's deposits and withdrawals, newest first, from the events of both chains.

use alloy::{rpc::types::Filter, sol_types::SolEvent};
use alloy_primitives::{Address, B256};
use contracts_bindings::{
    IL1StandardBridge::{ERC20BridgeInitiated, ETHBridgeInitiated},
    IMessagePasser::MessagePassed,
    IPortal::TransactionDeposited,
};

use crate::{
    Bridge,
    chain::{Chain, Error as ChainError, LOG_RANGE},
    deposit::{self, Deposit},
    error::Error,
    network::{L2_BRIDGE, MESSAGE_PASSER},
    withdrawal::{Effect, Withdrawal},
};

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// At most so many transactions on each chain.
    pub transactions: usize,
    /// At most so many blocks back from the newest.
    pub blocks: u64,
}

/// Deposits from or to `account`.
pub async fn deposits(bridge: &Bridge, account: Address, depth: Depth) -> Result<Vec<Deposit>, Error> {
    let contracts = &bridge.network.contracts;
    let by_portal =
        Filter::new().address(contracts.portal).event_signature(TransactionDeposited::SIGNATURE_HASH);
    let mut filters = bridged(contracts.l1_bridge, account);
    filters.push(by_portal.clone().topic1(account.into_word()));
    filters.push(by_portal.topic2(account.into_word()));
    let mut found = Vec::new();
    for hash in transactions(&bridge.l1, &filters, depth).await? {
        let Some(receipt) = bridge.l1.receipt(hash).await? else { continue };
        let mut deposits = deposit::in_receipt(&receipt, contracts.portal)?;
        deposits.retain(|deposit| {
            deposit.from == account
                || deposit::transfer(contracts, deposit)
                    .is_some_and(|transfer| transfer.from == account || transfer.to == account)
        });
        found.extend(deposits);
    }
    Ok(found)
}

/// Withdrawals from or to `account`.
pub async fn withdrawals(bridge: &Bridge, account: Address, depth: Depth) -> Result<Vec<Withdrawal>, Error> {
    let direct = Filter::new().address(MESSAGE_PASSER).event_signature(MessagePassed::SIGNATURE_HASH);
    let mut filters = bridged(L2_BRIDGE, account);
    filters.push(direct.clone().topic2(account.into_word()));
    filters.push(direct.topic3(account.into_word()));
    let mut found = Vec::new();
    for hash in transactions(&bridge.l2, &filters, depth).await? {
        let Some(receipt) = bridge.l2.receipt(hash).await? else { continue };
        let mut withdrawals = Withdrawal::all_from_logs(&receipt.logs)?;
        withdrawals.retain(|withdrawal| {
            let transaction = &withdrawal.transaction;
            match withdrawal.effect(&bridge.network.contracts) {
                Effect::Transfer(transfer) => transfer.from == account || transfer.to == account,
                _ => transaction.sender == account || transaction.target == account,
            }
        });
        found.extend(withdrawals);
    }
    Ok(found)
}

/// The events of a standard bridge, which are the same on both chains, for transfers from or to `account`. The recipient of a token
/// is not indexed: tokens from others are not found.
fn bridged(bridge: Address, account: Address) -> Vec<Filter> {
    let ether = Filter::new().address(bridge).event_signature(ETHBridgeInitiated::SIGNATURE_HASH);
    let token = Filter::new().address(bridge).event_signature(ERC20BridgeInitiated::SIGNATURE_HASH);
    let account = account.into_word();
    vec![ether.clone().topic1(account), ether.topic2(account), token.topic3(account)]
}

/// The transactions with events that one of the filters matches, newest first.
async fn transactions(chain: &Chain, filters: &[Filter], depth: Depth) -> Result<Vec<B256>, ChainError> {
    let head = chain.head().await?.number;
    let oldest = head.saturating_sub(depth.blocks);
    let mut above = head.saturating_add(1);
    let mut found: Vec<B256> = Vec::new();
    while above > oldest && found.len() < depth.transactions {
        let first = above.saturating_sub(LOG_RANGE).max(oldest);
        let mut places = Vec::new();
        for filter in filters {
            for log in chain.logs(filter, first, above - 1).await? {
                places.push((log.block_number, log.log_index, log.transaction_hash));
            }
        }
        places.sort_unstable();
        for hash in places.into_iter().rev().filter_map(|(_, _, hash)| hash) {
            if !found.contains(&hash) {
                found.push(hash);
            }
        }
        above = first;
    }
    found.truncate(depth.transactions);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use contracts_bindings::IL2StandardBridge;

    use super::*;

    #[test]
    fn both_bridges_have_the_same_events() {
        assert_eq!(ETHBridgeInitiated::SIGNATURE_HASH, IL2StandardBridge::ETHBridgeInitiated::SIGNATURE_HASH);
        assert_eq!(
            ERC20BridgeInitiated::SIGNATURE_HASH,
            IL2StandardBridge::ERC20BridgeInitiated::SIGNATURE_HASH
        );
    }
}
