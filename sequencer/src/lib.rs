//! The node: it orders transactions, seals blocks, answers wallets and brings batches to L1.
//!
//! | module | answers |
//! |---|---|
//! | [`heads`] | which block is latest, safe, finalized? |
//! | [`pool`] | which transactions wait, and which is next? |
//! | [`store`] | which blocks, states, batches and L1 blocks are there? |

pub mod heads;
pub mod pool;
pub mod store;
