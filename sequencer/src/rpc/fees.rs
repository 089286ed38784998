//! What a transaction should offer.

use alloy::{eips::BlockNumberOrTag, rpc::types::FeeHistory};
use alloy_consensus::Transaction as _;
use alloy_primitives::U256;
use executor::{Header, block::next_base_fee};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Api, Args, RpcError};
use crate::{pool::MAX_TX_GAS, store::Snapshot};

/// Blocks in one `eth_feeHistory`, as in go-ethereum.
const MAX_BLOCKS: u64 = 1024;
/// Percentiles in one `eth_feeHistory`, as in go-ethereum.
const MAX_PERCENTILES: usize = 100;

/// `eth_gasPrice()`: the base fee of the next block and the suggested tip.
pub(super) fn gas_price(api: &Api) -> Result<U256, RpcError> {
    let snapshot = api.store.snapshot()?;
    let head = head(&snapshot)?;
    Ok(U256::from(base_fee_after(api, &head)?) + suggested_tip(api, &snapshot, &head)?)
}

/// `eth_maxPriorityFeePerGas()`.
pub(super) fn max_priority_fee(api: &Api) -> Result<U256, RpcError> {
    let snapshot = api.store.snapshot()?;
    let head = head(&snapshot)?;
    suggested_tip(api, &snapshot, &head)
}

/// `eth_feeHistory(blocks, newest, percentiles)`.
pub(super) fn history(api: &Api, args: &Args) -> Result<FeeHistory, RpcError> {
    let Count(blocks) = args.required(0)?;
    let newest: BlockNumberOrTag = args.required(1)?;
    let percentiles: Option<Vec<f64>> = args.optional(2)?;
    check_percentiles(percentiles.as_deref().unwrap_or_default())?;
    let snapshot = api.store.snapshot()?;
    let Some(last) = api.number(&snapshot, newest.into())? else {
        let head = snapshot.head();
        let asked = newest.as_number().unwrap_or_default();
        return Err(RpcError::Call(format!("request beyond head block: requested {asked}, head {head}")));
    };
    let blocks = blocks.min(MAX_BLOCKS).min(last + 1);
    if blocks == 0 {
        return Ok(FeeHistory::default());
    }
    let first = last + 1 - blocks;
    let mut history = FeeHistory { oldest_block: first, ..FeeHistory::default() };
    let mut rewards = Vec::new();
    let mut next = 0;
    for header in snapshot.headers(first..=last)? {
        let header = header?;
        history.base_fee_per_gas.push(header.base_fee_per_gas.unwrap_or_default().into());
        history.gas_used_ratio.push(header.gas_used as f64 / header.gas_limit.max(1) as f64);
        // There are no blobs on L2; clients expect the columns all the same.
        history.base_fee_per_blob_gas.push(1);
        history.blob_gas_used_ratio.push(0.0);
        if let Some(percentiles) = &percentiles {
            rewards.push(rewards_of(&snapshot, &header, percentiles)?);
        }
        next = base_fee_after(api, &header)?;
    }
    history.base_fee_per_gas.push(next.into());
    history.base_fee_per_blob_gas.push(1);
    history.reward = percentiles.filter(|percentiles| !percentiles.is_empty()).map(|_| rewards);
    Ok(history)
}

/// The tip that gets a transaction into the next block, in wei per gas: the configured minimum while
/// blocks have room, a tenth above the median of the last block once it was full.
fn suggested_tip(api: &Api, snapshot: &Snapshot, head: &Header) -> Result<U256, RpcError> {
    let minimum = api.config.suggested_tip;
    if head.gas_used + MAX_TX_GAS <= head.gas_limit {
        return Ok(U256::from(minimum));
    }
    let median = rewards_of(snapshot, head, &[50.0])?.first().copied().unwrap_or_default();
    Ok(U256::from(median.saturating_add(median / 10).max(minimum)))
}

/// The effective tips at these percentiles of the gas used in a block, in wei per gas. Deposits pay
/// none and do not count.
fn rewards_of(snapshot: &Snapshot, header: &Header, percentiles: &[f64]) -> Result<Vec<u128>, RpcError> {
    let base_fee = header.base_fee_per_gas.unwrap_or_default();
    let mut tips = Vec::new();
    if header.gas_used > 0 && !percentiles.is_empty() {
        let block = snapshot.block(header.number)?;
        let receipts = snapshot.receipts(header.number)?.unwrap_or_default();
        let transactions = block.map(|block| block.block.body.transactions).unwrap_or_default();
        let mut gas_before = 0;
        for (transaction, receipt) in transactions.iter().zip(&receipts) {
            let gas = receipt.cumulative_gas_used() - gas_before;
            gas_before = receipt.cumulative_gas_used();
            if receipt.deposit_nonce().is_none() {
                tips.push((transaction.effective_tip_per_gas(base_fee).unwrap_or_default(), gas));
            }
        }
    }
    tips.sort_unstable();
    let total: u64 = tips.iter().map(|(_, gas)| gas).sum();
    Ok(percentiles.iter().map(|percentile| at_percentile(&tips, total, *percentile)).collect())
}

/// The tip below which `percentile` percent of the gas was offered. `tips` are sorted.
fn at_percentile(tips: &[(u128, u64)], total: u64, percentile: f64) -> u128 {
    let threshold = total as f64 * percentile / 100.0;
    let mut gas = 0u64;
    for (tip, used) in tips {
        gas += used;
        if gas as f64 >= threshold {
            return *tip;
        }
    }
    tips.last().map(|(tip, _)| *tip).unwrap_or_default()
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    let invalid = |what: String| Err(RpcError::Params(format!("invalid reward percentile: {what}")));
    if percentiles.len() > MAX_PERCENTILES {
        return invalid(format!("over the query limit {MAX_PERCENTILES}"));
    }
    if let Some(bad) = percentiles.iter().find(|percentile| !(0.0..=100.0).contains(*percentile)) {
        return invalid(format!("{bad}"));
    }
    if let Some((low, high)) = percentiles.iter().zip(percentiles.iter().skip(1)).find(|(a, b)| a > b) {
        return invalid(format!("{low} > {high}"));
    }
    Ok(())
}

pub(super) fn base_fee_after(api: &Api, header: &Header) -> Result<u64, RpcError> {
    next_base_fee(&api.chain, header).map_err(|error| RpcError::Internal(error.to_string()))
}

fn head(snapshot: &Snapshot) -> Result<Header, RpcError> {
    let header = snapshot.header(snapshot.head())?;
    Ok(header.ok_or_else(|| RpcError::missing("block", snapshot.head_hash()))?.into_inner())
}

/// A number of blocks: a JSON number, or a string of decimal or hexadecimal digits.
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Number(number) => return Ok(Self(number)),
            Form::Text(text) => text,
        };
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number.map(Self).map_err(|_| D::Error::custom("invalid hex or decimal integer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_weigh_by_gas() {
        let tips = [(1, 10), (2, 80), (9, 10)];
        let at = |percentile| at_percentile(&tips, 100, percentile);
        assert_eq!([at(0.0), at(10.0), at(10.1), at(90.0), at(91.0), at(100.0)], [1, 1, 2, 2, 9, 9]);
        assert_eq!(at_percentile(&[], 0, 50.0), 0);
    }

    #[test]
    fn percentiles_rise_within_bounds() {
        assert!(check_percentiles(&[0.0, 25.0, 25.0, 100.0]).is_ok());
        assert!(check_percentiles(&[50.0, 25.0]).is_err());
        assert!(check_percentiles(&[101.0]).is_err());
        assert!(check_percentiles(&[-0.5]).is_err());
        assert!(check_percentiles(&[f64::NAN]).is_err());
        assert!(check_percentiles(&[1.0; 101]).is_err());
    }
}
