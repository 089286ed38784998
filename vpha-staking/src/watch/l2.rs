//! Questions to an L2 node. It may be the sequencer's, and is not believed: it is compared with L1, and asked for signatures that
//! L1 has not seen.

use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{B256, U64};
use contracts_client::chain::{Chain, Error, Layer};
use executor::transition::Transition;
use sequencer::rpc::{Contradiction, MAX_PAGE};
use serde::Deserialize;
use tokio::time::timeout;

use crate::evidence::SignedTransition;

/// Time for all questions of a round: a node that hangs must not keep the watcher from L1.
const LIMIT: Duration = Duration::from_secs(20);
/// Pages of contradictions that are read. A node of ours has no more.
const MAX_PAGES: usize = 16;
/// JSON-RPC: no such method.
const METHOD_NOT_FOUND: i64 = -32601;

/// An L2 node.
#[derive(Debug)]
pub struct L2Node {
    chain: Chain,
}

/// A block, as far as it is compared.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Brief {
    number: U64,
    hash: B256,
}

impl L2Node {
    /// The node behind `chain`.
    pub const fn new(chain: Chain) -> Self {
        Self { chain }
    }

    /// Signatures that provers gave the node and that contradict each other, if it is one that keeps them.
    pub async fn contradictions(&self) -> Result<Vec<SignedTransition>, Error> {
        self.limited("phala_getContradictions", async {
            self.chain.check_chain_id().await?;
            let mut found = Vec::new();
            let mut next = U64::ZERO;
            for _ in 0..MAX_PAGES {
                let page: Vec<Contradiction> = match self.chain.raw("phala_getContradictions", (next,)).await
                {
                    Err(Error::Request { error, .. })
                        if error.as_error_resp().is_some_and(|error| error.code == METHOD_NOT_FOUND) =>
                    {
                        return Ok(found);
                    }
                    page => page?,
                };
                let (count, last) = (page.len(), page.last().map(|last| last.number));
                for one in page.into_iter().take(MAX_PAGE) {
                    let given = Transition::from(&one.signed.transition);
                    let expected = Transition::from(&one.expected.transition);
                    found.push(SignedTransition::new(&given, one.signed.signature));
                    // As many as can be on L1.
                    found.extend(
                        one.expected
                            .signatures
                            .into_iter()
                            .take(8)
                            .map(|signature| SignedTransition::new(&expected, signature)),
                    );
                }
                match last {
                    Some(last) if count >= MAX_PAGE => next = last.saturating_add(U64::from(1)),
                    _ => break,
                }
            }
            Ok(found)
        })
        .await
    }

    /// Hash of block `number`; `None` if the node has not come so far.
    pub async fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        let method = "eth_getBlockByNumber";
        self.limited(method, async {
            let block: Option<Brief> =
                self.chain.raw(method, (BlockNumberOrTag::Number(number), false)).await?;
            match block {
                Some(block) if block.number.to::<u64>() != number => Err(Error::Nonsense {
                    layer: Layer::L2,
                    method,
                    reason: format!("block {} for block {number}", block.number),
                }),
                block => Ok(block.map(|block| block.hash)),
            }
        })
        .await
    }

    /// The first block of `first..=last` whose hash is another than `ours` says. `None` if that is not known: the node may not have
    /// come so far, which is no difference.
    pub async fn first_difference(
        &self,
        first: u64,
        last: u64,
        ours: impl Fn(u64) -> Option<B256>,
    ) -> Result<Option<u64>, Error> {
        let mut search = Search::new(first, last);
        while let Some(number) = search.middle() {
            let theirs = self.block_hash(number).await?;
            search.note(number, theirs.zip(ours(number)).map(|(theirs, ours)| theirs != ours));
        }
        Ok(search.found())
    }

    async fn limited<T>(
        &self,
        method: &'static str,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let late = |_| Error::Timeout { layer: self.chain.layer(), method };
        timeout(LIMIT, question).await.map_err(late)?
    }
}

/// A search by halves for the first block that differs. Blocks commit to their parents: from the first that differs on, all do.
#[derive(Debug)]
struct Search {
    /// All blocks before this one are the same.
    low: u64,
    /// No block from this one on is known to be the same.
    high: u64,
    /// Whether block `high` is known to differ.
    differs: bool,
}

impl Search {
    /// Among `first..=last`.
    const fn new(first: u64, last: u64) -> Self {
        Self { low: first, high: last.saturating_add(1), differs: false }
    }

    /// The block to look at next, if there is one.
    fn middle(&self) -> Option<u64> {
        (self.low < self.high).then(|| self.low + (self.high - self.low) / 2)
    }

    /// Takes in whether that block differs, if it is known.
    fn note(&mut self, middle: u64, differs: Option<bool>) {
        match differs {
            Some(false) => self.low = middle + 1,
            Some(true) => (self.high, self.differs) = (middle, true),
            None => (self.high, self.differs) = (middle, false),
        }
    }

    /// The first block that differs, once there is nothing left to look at.
    fn found(&self) -> Option<u64> {
        self.differs.then_some(self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of a node that has the blocks before `end`, and others than we from `fork` on.
    fn found(first: u64, last: u64, fork: u64, end: u64) -> Option<u64> {
        let mut search = Search::new(first, last);
        while let Some(number) = search.middle() {
            assert!((first..=last).contains(&number));
            search.note(number, (number < end).then_some(number >= fork));
        }
        search.found()
    }

    #[test]
    fn the_first_difference_is_found_wherever_it_is() {
        for last in 5..12 {
            for fork in 5..=last {
                assert_eq!(found(5, last, fork, 20), Some(fork));
                // The node may go on with its blocks, or not.
                assert_eq!(found(5, last, fork, fork + 1), Some(fork));
            }
            assert_eq!(found(5, last, 20, 20), None, "all are the same");
        }
    }

    #[test]
    fn a_node_that_stopped_does_not_differ() {
        for end in 0..12 {
            assert_eq!(found(5, 10, end.max(5), end), None, "it has no block that differs");
            assert_eq!(found(5, 10, 20, end), None);
        }
    }
}
