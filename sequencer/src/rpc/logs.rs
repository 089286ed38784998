//! Logs, by block range or block hash.

use alloy::{eips::BlockNumberOrTag, rpc::types::Log};
use alloy_primitives::{Address, B256, Bloom, BloomInput, Log as RawLog, Sealed};
use executor::{Header, Receipt};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Api, Args, RpcError};
use crate::store::Snapshot;

/// Positions of topics in a log, and so in a filter.
const MAX_TOPICS: usize = 4;
/// Alternatives in one position of a filter, as in go-ethereum.
const MAX_ALTERNATIVES: usize = 1000;

/// `eth_getLogs(filter)`.
pub(super) fn logs(api: &Api, args: &Args) -> Result<Vec<Log>, RpcError> {
    let filter: LogFilter = args.required(0)?;
    let snapshot = api.store.snapshot()?;
    let mut found = Vec::new();
    if let Some(hash) = filter.block_hash {
        if filter.from_block.is_some() || filter.to_block.is_some() {
            return Err(RpcError::Params(
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other".into(),
            ));
        }
        let header = snapshot.header_by_hash(hash)?.ok_or_else(|| RpcError::Call("unknown block".into()))?;
        matching(&snapshot, &header, &filter.matcher, &mut found)?;
        return Ok(found);
    }
    let bound = |tag: Option<BlockNumberOrTag>| {
        let tag = tag.unwrap_or_default();
        // A number above the head is a bound all the same.
        Ok::<_, RpcError>(match api.number(&snapshot, tag.into())? {
            Some(number) => number,
            None => tag.as_number().unwrap_or_else(|| snapshot.head()),
        })
    };
    let (first, last) = (bound(filter.from_block)?, bound(filter.to_block)?);
    if first > last {
        return Err(RpcError::Params("invalid block range params".into()));
    }
    let last = last.min(snapshot.head());
    if first > last {
        return Ok(found);
    }
    let max_blocks = api.config.max_log_blocks;
    if last - first >= max_blocks {
        return Err(RpcError::Params(format!("exceed maximum block range: {max_blocks}")));
    }
    for header in snapshot.headers(first..=last)? {
        matching(&snapshot, &header?, &filter.matcher, &mut found)?;
        let max_logs = api.config.max_logs;
        if found.len() > max_logs {
            return Err(RpcError::Limit(format!("query returned more than {max_logs} results")));
        }
    }
    Ok(found)
}

/// Adds the logs of one block that match.
pub(super) fn matching(
    snapshot: &Snapshot,
    header: &Sealed<Header>,
    matcher: &LogMatcher,
    found: &mut Vec<Log>,
) -> Result<(), RpcError> {
    if !matcher.may_match(&header.logs_bloom) {
        return Ok(());
    }
    let receipts = snapshot
        .receipts(header.number)?
        .ok_or_else(|| RpcError::missing("the receipts of block", header.seal()))?;
    let hits = hits(&receipts, matcher);
    if hits.is_empty() {
        return Ok(());
    }
    let mut last: Option<(u32, B256)> = None;
    for (transaction, log_index, log) in hits {
        let hash = match last {
            Some((index, hash)) if index == transaction => hash,
            _ => {
                let found = snapshot.transaction_at(header.number, transaction)?;
                let (transaction, _) =
                    found.ok_or_else(|| RpcError::missing("a transaction of block", header.seal()))?;
                transaction.tx_hash()
            }
        };
        last = Some((transaction, hash));
        found.push(Log {
            inner: log.clone(),
            block_hash: Some(header.seal()),
            block_number: Some(header.number),
            block_timestamp: Some(header.timestamp),
            transaction_hash: Some(hash),
            transaction_index: Some(transaction.into()),
            log_index: Some(log_index),
            removed: false,
        });
    }
    Ok(())
}

/// The logs that match, with the index of their transaction and their own in the block.
fn hits<'a>(receipts: &'a [Receipt], matcher: &LogMatcher) -> Vec<(u32, u64, &'a RawLog)> {
    let logs = receipts
        .iter()
        .zip(0u32..)
        .flat_map(|(receipt, transaction)| receipt.logs().iter().map(move |log| (transaction, log)));
    logs.zip(0u64..)
        .filter(|((_, log), _)| matcher.matches(log))
        .map(|((transaction, log), index)| (transaction, index, log))
        .collect()
}

/// What `eth_getLogs` is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LogFilter {
    block_hash: Option<B256>,
    from_block: Option<BlockNumberOrTag>,
    to_block: Option<BlockNumberOrTag>,
    #[serde(flatten)]
    matcher: LogMatcher,
}

/// Which logs are wanted, wherever they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct LogMatcher {
    /// Contracts; none means all.
    #[serde(deserialize_with = "addresses")]
    address: Vec<Address>,
    /// Alternatives per position; none means any topic, but there must be one.
    #[serde(deserialize_with = "topics")]
    topics: Vec<Vec<B256>>,
}

impl LogMatcher {
    fn matches(&self, log: &RawLog) -> bool {
        let topics = log.topics();
        (self.address.is_empty() || self.address.contains(&log.address))
            && self.topics.len() <= topics.len()
            && self.topics.iter().zip(topics).all(|(any, topic)| any.is_empty() || any.contains(topic))
    }

    /// False if no log in a block with this bloom matches.
    fn may_match(&self, bloom: &Bloom) -> bool {
        let holds = |bytes: &[u8]| bloom.contains_input(BloomInput::Raw(bytes));
        (self.address.is_empty() || self.address.iter().any(|address| holds(address.as_slice())))
            && self.topics.iter().all(|any| any.is_empty() || any.iter().any(|topic| holds(topic.as_slice())))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<Option<T>>),
}

fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Address>, D::Error> {
    let addresses = match Option::<OneOrMany<Address>>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(OneOrMany::One(address)) => vec![address],
        Some(OneOrMany::Many(addresses)) => addresses
            .into_iter()
            .collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("non-string address"))?,
    };
    if addresses.len() > MAX_ALTERNATIVES {
        return Err(D::Error::custom("exceed max addresses"));
    }
    Ok(addresses)
}

fn topics<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<B256>>, D::Error> {
    let positions = Option::<Vec<Option<OneOrMany<B256>>>>::deserialize(deserializer)?.unwrap_or_default();
    if positions.len() > MAX_TOPICS {
        return Err(D::Error::custom("exceed max topics"));
    }
    let position = |position| match position {
        None => Ok(Vec::new()),
        Some(OneOrMany::One(topic)) => Ok(vec![topic]),
        Some(OneOrMany::Many(any)) if any.len() > MAX_ALTERNATIVES => {
            Err(D::Error::custom("exceed max topics"))
        }
        // A null among the alternatives is a wildcard.
        Some(OneOrMany::Many(any)) => Ok(any.into_iter().collect::<Option<_>>().unwrap_or_default()),
    };
    positions.into_iter().map(position).collect()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, LogData};
    use serde_json::json;

    use super::*;

    fn log(address: u8, topics: &[u8]) -> RawLog {
        let topics = topics.iter().map(|topic| B256::repeat_byte(*topic)).collect();
        RawLog { address: Address::repeat_byte(address), data: LogData::new_unchecked(topics, Bytes::new()) }
    }

    fn matcher(json: serde_json::Value) -> LogMatcher {
        serde_json::from_value(json).unwrap()
    }

    fn check(json: serde_json::Value, log: &RawLog, expected: bool) {
        let matcher = matcher(json.clone());
        assert_eq!(matcher.matches(log), expected, "{json} on {log:?}");
        let mut bloom = Bloom::ZERO;
        bloom.accrue_log(log);
        assert!(matcher.may_match(&bloom) || !expected, "the bloom hides {log:?} from {json}");
    }

    #[test]
    fn topics_are_positions() {
        let [a, b, c] = [1, 2, 3].map(B256::repeat_byte);
        for (topics, filter, expected) in [
            (&[][..], json!([]), true),
            (&[1, 2], json!([]), true),
            (&[1, 2], json!([a]), true),
            (&[2, 1], json!([a]), false),
            (&[1, 2], json!([null, b]), true),
            (&[1], json!([null, b]), false),
            (&[1], json!([a, null]), false),
            (&[1, 3], json!([a, null]), true),
            (&[1, 2], json!([[a, c], [b]]), true),
            (&[3, 2], json!([[a, c], [b]]), true),
            (&[2, 2], json!([[a, c], [b]]), false),
            (&[2, 2], json!([[a, null], [b]]), true),
            (&[2, 2], json!([[], [b]]), true),
        ] {
            check(json!({ "topics": filter }), &log(7, topics), expected);
        }
    }

    #[test]
    fn addresses_are_alternatives() {
        let [a, b] = [1, 2].map(Address::repeat_byte);
        check(json!({}), &log(1, &[]), true);
        check(json!({ "address": null }), &log(1, &[]), true);
        check(json!({ "address": a }), &log(1, &[]), true);
        check(json!({ "address": b }), &log(1, &[]), false);
        check(json!({ "address": [a, b] }), &log(2, &[]), true);
        check(json!({ "address": [] }), &log(2, &[]), true);
    }

    #[test]
    fn refuses_what_is_no_filter() {
        let topic = B256::ZERO;
        for json in [
            json!({ "topics": [null, null, null, null, topic] }),
            json!({ "topics": "0x12" }),
            json!({ "topics": [7] }),
            json!({ "topics": [[[topic]]] }),
            json!({ "address": 7 }),
            json!({ "address": ["0x12"] }),
            json!({ "address": vec![Address::ZERO; MAX_ALTERNATIVES + 1] }),
        ] {
            assert!(serde_json::from_value::<LogMatcher>(json.clone()).is_err(), "{json}");
        }
    }
}
