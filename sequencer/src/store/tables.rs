//! The tables and the layout of their keys.
//!
//! Numbers in keys are big-endian, so that the order of keys is the order of numbers. Layouts of
//! values are documented here in one line and defined in [`codec`](super::codec); whoever changes
//! one raises [`SCHEMA`].

use signet_libmdbx::{Database, DatabaseFlags, tx::aliases::RwTxUnsync};

use super::error::StoreError;

/// Version of everything on this page and in `codec`. A store of another version is refused.
pub(super) const SCHEMA: u32 = 3;

/// An open table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// Handle, valid as long as the environment is open.
    pub(super) db: Database,
    /// Name in the file.
    pub(super) name: &'static str,
}

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $name:literal,)*) => {
        /// Every table of the store.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct Tables {
            $($(#[$doc])* pub(super) $field: Table,)*
        }

        impl Tables {
            /// How many there are.
            pub(super) const COUNT: usize = [$($name),*].len();

            /// Opens every table, and makes those that do not exist.
            pub(super) fn create(tx: &RwTxUnsync) -> Result<Self, StoreError> {
                Ok(Self { $($field: Table {
                    db: tx
                        .create_db(Some($name), DatabaseFlags::empty())
                        .map_err(StoreError::engine(concat!("open table ", $name)))?,
                    name: $name,
                },)* })
            }

            /// All of them, in the order in which they are declared.
            pub(super) fn all(&self) -> [Table; Self::COUNT] {
                [$(self.$field),*]
            }
        }
    };
}

tables! {
    /// Name → what belongs to the whole store: see the `META_*` names.
    meta: "Meta",

    /// Block number → block hash ‖ L1 origin number ‖ L1 origin hash ‖ header in RLP. The last row
    /// is the head.
    headers: "Headers",
    /// Block number → list of transactions in their EIP-2718 form.
    bodies: "Bodies",
    /// Block number → the transactions' senders, 20 bytes each.
    senders: "Senders",
    /// Block number → list of receipts in their EIP-2718 form.
    receipts: "Receipts",
    /// Block hash → block number.
    block_numbers: "BlockNumbers",
    /// Transaction hash → block number ‖ index in the block (4 bytes).
    transactions: "Transactions",
    /// Withdrawal hash → block number ‖ index in the block of the transaction that sent it (4 bytes).
    withdrawals: "Withdrawals",

    /// Address → account as of the head.
    accounts: "Accounts",
    /// Address ‖ block number → the account that this block replaced.
    account_history: "AccountHistory",
    /// Address ‖ slot → value as of the head, without leading zeros. Zero has no row.
    slots: "Slots",
    /// Address ‖ slot ‖ block number → the value that this block replaced.
    slot_history: "SlotHistory",
    /// Place of a trie node → its RLP encoding as of the head.
    nodes: "TrieNodes",
    /// Block number ‖ place of a trie node → the encoding that this block replaced.
    node_changes: "TrieNodeChanges",
    /// Code hash → code. Never empty code.
    codes: "Codes",
    /// Block number → which accounts and slots the block changed, and which code it was the first to
    /// deploy. The block before the first row is the oldest whose state is kept.
    block_changes: "BlockChanges",

    /// Block number → what the block contributes to the witness of its batch.
    witnesses: "Witnesses",

    /// Batch index → block range, transition, signatures and status.
    batches: "Batches",
    /// Batch index → what a prover is given.
    batch_payloads: "BatchPayloads",
    /// Hash of a trie node → its RLP encoding: what proves withdrawals against final outputs.
    output_nodes: "OutputNodes",

    /// Running number → a signed transition that contradicts what we expected of a batch.
    contradictions: "Contradictions",

    /// L1 block number → L1 block hash, header, and receipts if it may hold deposits.
    l1_blocks: "L1Blocks",
}

/// [`SCHEMA`] as 4 bytes.
pub(super) const META_SCHEMA: &[u8] = b"schema";
/// Hash of the chain configuration.
pub(super) const META_CONFIG: &[u8] = b"config";
/// Hash of the genesis block.
pub(super) const META_GENESIS: &[u8] = b"genesis";
