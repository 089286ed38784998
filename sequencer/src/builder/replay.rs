//! Blocks that somebody else built.

use alloy_consensus::transaction::Recovered;
use executor::{Transaction, block::BlockExecutor};

use super::{Builder, BuilderError, NextOrigin};
use crate::heads::Head;

/// A block as its batch tells it.
#[derive(Clone, Debug)]
pub struct ReplayedBlock {
    /// Unix seconds.
    pub timestamp: u64,
    /// Its origin with the deposits that come with it; `None` if that is its parent's.
    pub next: Option<NextOrigin>,
    /// Its user transactions, in order.
    pub transactions: Vec<Recovered<Transaction>>,
}

impl Builder {
    /// Executes a block on top of the newest one and stores it.
    ///
    /// Fails if it breaks a rule or a transaction in it cannot run: then it is nobody's block.
    pub fn replay(&mut self, block: ReplayedBlock) -> Result<Head, BuilderError> {
        let number = self.parent.header.number + 1;
        let block_error = |source| BuilderError::Block { number, source };
        let ReplayedBlock { timestamp, next, transactions } = block;
        let state = self.store.snapshot()?.state_at(self.parent.header.number)?;
        let (input, origin) = self.input(timestamp, next);
        let mut executor = BlockExecutor::begin(
            &self.chain,
            &self.parent.header,
            self.parent.hash,
            self.parent.origin.number,
            input,
            &state,
        )
        .map_err(block_error)?;
        for transaction in transactions {
            executor.push(transaction).map_err(|source| BuilderError::Push { number, source })?;
        }
        let executed = executor.finish().map_err(block_error)?;
        self.commit(executed, state, origin)
    }
}
