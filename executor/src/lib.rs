//! The state transition function of the rollup.
//!
//! Everything a proof depends on is here, and nothing else: no I/O, no async, no clock, no
//! randomness. The sequencer, a replica, the watchtower, the state tests and the enclave run this
//! same code.
//!
//! | module | answers |
//! |---|---|
//! | [`chain`] | which rules does this chain follow? |
//! | [`state`] | what does execution read, change and touch? |
//! | [`genesis`] | what does the chain start with? |
//! | [`block`] | what does a block do? |
//! | [`deposit`] | which deposit does an L1 event ask for? |
//! | [`derive`] | which deposits do L1 blocks hold? |
//! | [`batch`] | how do blocks travel through L1? |
//! | [`trie`] | what is the root of the state, and which nodes prove it? |
//! | [`witness`] | what does a run without a database need? |
//! | [`stateless`] | what does a batch prove? |
//! | [`transition`] | what does the enclave sign? |

pub mod batch;
pub mod block;
pub mod chain;
pub mod codec;
pub mod deposit;
pub mod derive;
pub mod genesis;
pub mod state;
pub mod stateless;
pub mod transition;
pub mod trie;
pub mod witness;

/// A transaction of the L2: the types 0, 1, 2 and 4 of Ethereum and the deposit `0x7E`.
///
/// The envelope also knows type `0x7D`, which no block of this chain may hold.
pub type Transaction = op_alloy_consensus::OpTxEnvelope;

/// A receipt of the L2.
pub type Receipt = op_alloy_consensus::OpReceiptEnvelope;

/// A block of the L2.
pub type Block = alloy_consensus::Block<Transaction>;

pub use alloy_consensus::Header;
pub use chain::ChainConfig;
