//! From an executed block to a sealed one.

use alloy_consensus::{
    BlockBody, EMPTY_OMMER_ROOT_HASH, TxReceipt,
    proofs::{calculate_receipt_root, calculate_transaction_root},
};
use alloy_eips::{eip4895::Withdrawals, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{Address, B256, Bloom};

use crate::{
    Block, Header, Receipt, Transaction,
    state::{Accessed, StateChanges},
};

/// What a block did, before the roots of the state after it are known.
#[derive(Clone, Debug)]
pub struct ExecutedBlock {
    /// The header, complete but for the roots of the state, the transactions and the receipts.
    pub(super) header: Header,
    /// Deposits first, then the user transactions.
    pub transactions: Vec<Transaction>,
    /// The sender of each transaction.
    pub senders: Vec<Address>,
    /// The receipt of each transaction.
    pub receipts: Vec<Receipt>,
    /// The difference the block made to the state.
    pub changes: StateChanges,
    /// Everything the block read.
    pub accessed: Accessed,
}

/// Roots of the state after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateRoots {
    /// Root of the account trie.
    pub state_root: B256,
    /// Storage root of `L2ToL1MessagePasser`; the root of the empty trie if it has no storage.
    pub message_passer_root: B256,
}

/// A block, and what came with its making.
#[derive(Clone, Debug)]
pub struct SealedBlock {
    /// The block.
    pub block: Block,
    /// Hash of its header.
    pub hash: B256,
    /// The sender of each transaction.
    pub senders: Vec<Address>,
    /// The receipt of each transaction.
    pub receipts: Vec<Receipt>,
    /// The difference the block made to the state.
    pub changes: StateChanges,
    /// Everything the block read.
    pub accessed: Accessed,
}

impl ExecutedBlock {
    /// Number of the block.
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// Gas that the transactions used.
    pub const fn gas_used(&self) -> u64 {
        self.header.gas_used
    }

    /// Completes the header.
    pub fn seal(self, roots: StateRoots) -> SealedBlock {
        let Self { header, transactions, senders, receipts, changes, accessed } = self;
        let mut logs_bloom = Bloom::ZERO;
        for receipt in &receipts {
            logs_bloom |= receipt.bloom();
        }
        let header = Header {
            state_root: roots.state_root,
            withdrawals_root: Some(roots.message_passer_root),
            transactions_root: calculate_transaction_root(&transactions),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..header
        };
        let hash = header.hash_slow();
        let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: Some(Withdrawals::default()) };
        SealedBlock { block: Block { header, body }, hash, senders, receipts, changes, accessed }
    }
}
