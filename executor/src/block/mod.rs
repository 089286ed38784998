//! Execution of one block.
//!
//! [`BlockExecutor::begin`] checks the rules that tie a block to its parent and its L1 origin, runs
//! the system calls and the deposits; [`BlockExecutor::push`] adds one user transaction;
//! [`BlockExecutor::finish`] yields what the block did, and [`ExecutedBlock::seal`] makes it a block
//! once the roots of the state after it are known:
//!
//! ```text
//! begin(config, parent, input, state) -> push(tx)* -> finish() -> seal(roots) -> SealedBlock
//! ```
//!
//! The order within a block is fixed: the EIP-4788 and EIP-2935 system calls, the system call that
//! writes the L1 origin (only when the origin moves), the deposits, the user transactions.
//!
//! State is read through [`StateSource`](crate::state::StateSource) alone, each account, slot, code
//! and block hash at most once. What was read is part of the result ([`Accessed`](crate::state::Accessed))
//! and depends on nothing but the transactions that made it into the block: a transaction that was
//! refused leaves no trace in it. A run over a witness therefore asks for exactly the same.

mod cache;
mod call;
mod collision;
mod error;
mod evm;
mod executor;
mod handler;
mod header;
mod origin;
mod recover;
mod sealed;
mod system;
mod validate;

pub use call::{CallError, CallRequest, call};
pub use error::{BlockError, EvmError, PushError};
pub use evm::{BaseFeeRecipient, Evm};
pub use executor::{BlockExecutor, BlockInput, PushedTransaction};
pub use header::next_base_fee;
pub use origin::{L1Origin, OriginError};
pub use recover::recover;
pub use sealed::{ExecutedBlock, SealedBlock, StateRoots};
pub use validate::{TxError, validate_stateless};
