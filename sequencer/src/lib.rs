//! The node: it orders transactions, seals blocks, answers wallets and brings batches to L1.
//!
//! | module | answers |
//! |---|---|
//! | [`heads`] | which block is latest, safe, finalized? |

pub mod heads;
