//! Blocks <-> bytes <-> blobs.
//!
//! A batch is a run of consecutive blocks, reduced to what the executor needs to rebuild them
//! exactly: times, L1 origins and user transactions. Deposits come from L1 and are not in it.
//!
//! # Layout of the data
//!
//! ```text
//! version        1 byte, 1
//! mode           1 byte: 0 auditable, 1 compact
//! parent hash    32 bytes    hash of the block before the first
//! first number   varint      number of the first block
//! sizes          varints     of the columns before and after compression
//! columns        brotli, see below
//! tail           to the end, what does not compress: the dictionary of addresses, 20 bytes each, and
//!                auditable: r ‖ s of each transaction, 64 bytes; compact: a transactions root per block
//!
//! columns        number of blocks ‖ times ‖ origins ‖ transactions per block
//!                ‖ size of the dictionary ‖ tags (type, init code, no chain id)
//!                ‖ senders (compact) ‖ nonces ‖ gas limits ‖ max fees ‖ max priority fees
//!                ‖ recipients ‖ values ‖ access lists ‖ authorizations ‖ call data
//!                ‖ y parities, a bit each (auditable)
//! ```
//!
//! Times and origins are those of the first block, then differences. In compact mode a nonce is
//! given as the difference to the one expected of its sender. The chain id of a transaction is the
//! chain's. Everything before compression has one encoding: what decodes is what encoding gives.
//! The packing into blobs is in [`blob`].
//!
//! # Why brotli
//!
//! The decoder is trusted code: `brotli-decompressor` is safe Rust with one small dependency,
//! where zstd means C. And it is smaller. Columns of 3000 transfers as `tests/size.rs` makes them, in
//! bytes (2026-11-21):
//!
//! | | plain | zstd 3 | zstd 19 | zstd 22 | brotli 5 | brotli 9 | brotli 10 | brotli 11 |
//! |---|---|---|---|---|---|---|---|---|
//! | ERC-20, auditable | 77242 | 17752 | 16760 | 16760 | 16995 | 16956 | 15305 | 15513 |
//! | ERC-20, compact | 84669 | 20912 | 20068 | 20068 | 20096 | 20103 | 17989 | 17953 |
//! | ETH, compact | 66648 | 25327 | 24568 | 24568 | 24674 | 24689 | 22719 | 22863 |
//!
//! Brotli 10 needs about 30 ms for one of these, and 1 ms to read it. With the tail a batch then
//! takes, per transaction:
//!
//! | | auditable | compact |
//! |---|---|---|
//! | ERC-20 transfer | 78.2 bytes | 16.7 bytes |
//! | ETH transfer | 79.6 bytes | 18.2 bytes |
#![cfg_attr(not(feature = "compress"), allow(dead_code, reason = "writes what the enclave only reads"))]

pub mod blob;
mod calldata;
mod compress;
mod decode;
mod dictionary;
#[cfg(feature = "compress")]
mod encode;
mod number;
mod recover;

use alloy_consensus::Transaction as _;
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Signature};

pub use blob::{
    BLOB_CAPACITY, BlobError, BlobWithProof, MAX_BLOBS, MAX_DATA, from_blobs, to_blobs, trusted_setup,
};
pub use decode::decode;
#[cfg(feature = "compress")]
pub use encode::encode;
pub use recover::{RecoveryError, recover_senders};

use crate::{Block, Transaction, chain::DataMode, codec::DecodeError};

/// The version of the format.
const VERSION: u8 = 1;

/// The most blocks in a batch.
pub const MAX_BLOCKS: usize = 1 << 14;

/// The most user transactions in a batch.
pub const MAX_TRANSACTIONS: usize = 1 << 17;

/// The most bytes of columns before compression.
pub const MAX_COLUMNS: usize = 8 << 20;

/// The most bytes of call data in a batch.
pub const MAX_CALLDATA: usize = 16 << 20;

/// Consecutive blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Hash of the block before the first.
    pub parent_hash: B256,
    /// Number of the first block.
    pub first_number: u64,
    /// The blocks, at least one.
    pub blocks: Vec<BatchBlock>,
}

/// What a batch says about one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchBlock {
    /// Unix time in seconds.
    pub timestamp: u64,
    /// Number of the L1 block that is the origin.
    pub origin_number: u64,
    /// User transactions in order, without the deposits.
    pub transactions: Vec<Transaction>,
    /// What stands in the data in place of signatures: present in compact mode, and only there.
    pub compact: Option<CompactBlock>,
}

/// What the data of a compact batch says about a block in place of its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactBlock {
    /// Who signed each user transaction.
    pub senders: Vec<Address>,
    /// The block's transactions root, deposits and signatures included.
    pub transactions_root: B256,
}

impl BatchBlock {
    /// What a batch says about `block`. `senders` are those of all its transactions, deposits
    /// included.
    pub fn new(mode: DataMode, block: &Block, senders: &[Address], origin_number: u64) -> Self {
        let user = |transaction: &&Transaction| !transaction.is_deposit();
        let transactions: Vec<Transaction> = block.body.transactions.iter().filter(user).cloned().collect();
        let compact = match mode {
            DataMode::Auditable => None,
            DataMode::Compact => Some(CompactBlock {
                senders: senders
                    .iter()
                    .zip(&block.body.transactions)
                    .filter(|(_, transaction)| user(transaction))
                    .map(|(sender, _)| *sender)
                    .collect(),
                transactions_root: block.header.transactions_root,
            }),
        };
        Self { timestamp: block.header.timestamp, origin_number, transactions, compact }
    }
}

impl Batch {
    /// The signatures of all user transactions in order: what the data of a compact batch leaves
    /// out, and [`decode`] then needs beside it.
    pub fn signatures(&self) -> Result<Vec<Signature>, BatchError> {
        self.transactions().map(signature).collect()
    }

    /// All user transactions in order.
    pub fn transactions(&self) -> impl Iterator<Item = &Transaction> + Clone {
        self.blocks.iter().flat_map(|block| &block.transactions)
    }
}

/// The most that the transactions of one block may take by [`size_bound`], so that every block
/// fits into a batch, if need be alone. A block builder has to stop there: a block that fits into no
/// batch can never be proved.
pub const MAX_BLOCK_DATA: usize = MAX_DATA - 1024;

/// An upper bound of what a transaction adds to the data of a batch, in bytes.
pub fn size_bound(transaction: &Transaction) -> usize {
    // Against its own encoding: a kind byte or a reference for each word, slot and address, varints
    // of full length, r and s of full length, and what brotli adds to what it cannot compress.
    let words = transaction.input().len() / 32;
    let entries = transaction.access_list().map_or(0, |list| list.len());
    let slots = transaction.access_list().map_or(0, |list| list.storage_keys_count());
    let authorizations = transaction.authorization_list().map_or(0, <[_]>::len);
    let bound = transaction.encode_2718_len() + 4 * (words + slots + entries) + 80 * authorizations + 96;
    bound + bound / 1024
}

/// Why blocks and bytes do not translate into each other.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The data is malformed.
    #[error("batch data: {0}")]
    Malformed(#[from] DecodeError),
    /// The data is written for another mode than the chain's.
    #[error("the batch is written in mode {got:?}, the chain uses {expected:?}")]
    Mode {
        /// The chain's mode.
        expected: DataMode,
        /// The mode of the data.
        got: DataMode,
    },
    /// The columns do not decompress to the size announced.
    #[error("columns do not decompress to {expected} bytes")]
    Decompress {
        /// Bytes announced.
        expected: usize,
    },
    /// Something exceeds the limits of a batch; shorter batches are the way out.
    #[error("{what}: {got}, a batch has at most {max}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much of it.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// A batch without blocks.
    #[error("a batch has at least one block")]
    Empty,
    /// A type that no batch carries: deposits come from L1, blob transactions are not accepted.
    #[error("transactions of type {0:#04x} are not part of a batch")]
    TransactionType(u8),
    /// A transaction signed for another chain.
    #[error("transaction for chain {got:?} in a batch of chain {expected}")]
    ChainId {
        /// Id of this chain.
        expected: u64,
        /// Id in the transaction.
        got: Option<u64>,
    },
    /// Times or origins of consecutive blocks go back.
    #[error("{0} goes back within the batch")]
    GoesBack(&'static str),
    /// A block has what its mode leaves out, or lacks what its mode needs.
    #[error("block {index} of the batch is not in mode {mode:?}")]
    NotInMode {
        /// Position in the batch.
        index: usize,
        /// The mode of the batch.
        mode: DataMode,
    },
    /// Not as many detached signatures as the batch leaves out.
    #[error("{got} detached signatures, the batch needs {expected}")]
    Signatures {
        /// Transactions without a signature in the data.
        expected: usize,
        /// Signatures given.
        got: usize,
    },
    /// The compressor failed.
    #[error("compressor: {0}")]
    Compressor(String),
}

/// Fails if there is too much of something.
const fn limit(what: &'static str, got: usize, max: usize) -> Result<(), BatchError> {
    if got > max { Err(BatchError::TooLarge { what, got, max }) } else { Ok(()) }
}

/// The signature of a user transaction.
fn signature(transaction: &Transaction) -> Result<Signature, BatchError> {
    match transaction {
        Transaction::Legacy(tx) => Ok(*tx.signature()),
        Transaction::Eip2930(tx) => Ok(*tx.signature()),
        Transaction::Eip1559(tx) => Ok(*tx.signature()),
        Transaction::Eip7702(tx) => Ok(*tx.signature()),
        Transaction::Deposit(_) => Err(BatchError::TransactionType(0x7e)),
        Transaction::PostExec(_) => Err(BatchError::TransactionType(0x7d)),
    }
}

/// The first byte that the columns have for a transaction.
///
/// The low bits are the EIP-2718 type; a flag says that a transaction creates a contract, another
/// that a legacy transaction names no chain (from before EIP-155).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag {
    ty: TxType,
    is_create: bool,
    is_unprotected: bool,
}

/// The types of user transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TxType {
    Legacy = 0,
    Eip2930 = 1,
    Eip1559 = 2,
    Eip7702 = 4,
}

impl Tag {
    const CREATE: u8 = 0x40;
    const UNPROTECTED: u8 = 0x80;

    const fn byte(self) -> u8 {
        let create = if self.is_create { Self::CREATE } else { 0 };
        let unprotected = if self.is_unprotected { Self::UNPROTECTED } else { 0 };
        self.ty as u8 | create | unprotected
    }

    fn from_byte(byte: u8) -> Result<Self, BatchError> {
        let ty = match byte & !(Self::CREATE | Self::UNPROTECTED) {
            0 => TxType::Legacy,
            1 => TxType::Eip2930,
            2 => TxType::Eip1559,
            4 => TxType::Eip7702,
            ty => return Err(BatchError::TransactionType(ty)),
        };
        let tag =
            Self { ty, is_create: byte & Self::CREATE != 0, is_unprotected: byte & Self::UNPROTECTED != 0 };
        // EIP-7702 cannot create, and every typed transaction names its chain.
        if (tag.is_create && ty == TxType::Eip7702) || (tag.is_unprotected && ty != TxType::Legacy) {
            return Err(DecodeError::Unknown { what: "transaction tag", got: byte.into() }.into());
        }
        Ok(tag)
    }

    /// Whether there are a max priority fee and a max fee, rather than one gas price.
    const fn has_priority_fee(self) -> bool {
        matches!(self.ty, TxType::Eip1559 | TxType::Eip7702)
    }

    const fn has_access_list(self) -> bool {
        !matches!(self.ty, TxType::Legacy)
    }
}

#[cfg(all(test, feature = "compress"))]
mod tests;
