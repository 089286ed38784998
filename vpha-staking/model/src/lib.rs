//! The accounting of staking in plain integers: vPHA, collateral, cases, rewards and emission as the design and the interfaces of
//! the contracts state them, without storage layouts, widths or laziness. It is a second specification: `tests/differential` runs
//! random operations on it and on the compiled contracts, and they must agree to the wei, in what they refuse, too.
//!
//! ```
//! use alloy_primitives::{Address, U256};
//! use staking_model::{Operation, Refusal, Setting, World};
//!
//! let mut world = World::new(Setting::default());
//! let nobody = Address::repeat_byte(7);
//! assert_eq!(
//!     world.apply(&Operation::Deposit { by: nobody, assets: U256::ZERO, receiver: nobody }),
//!     Err(Refusal::NothingMoved)
//! );
//! ```
//!
//! Two things make it simpler than the contracts. Time passes in one place ([`World::pass`]), which streams all rewards at once.
//! And an operation either returns an error before it has changed anything, or succeeds: there is nothing to undo.
#![forbid(unsafe_code)]

mod arithmetic;
mod court;
mod emission;
pub mod invariants;
mod operation;
mod pools;
mod refusal;
mod rewards;
mod setting;
mod stream;
mod tickets;
mod token;
mod votes;
mod vpha;
mod world;

pub use arithmetic::part;
pub use court::{Case, Court, Fault, Status};
pub use emission::{CAP, Emission};
pub use operation::Operation;
pub use pools::{Exposure, Pool, Pools};
pub use refusal::Refusal;
pub use rewards::Rewards;
pub use setting::{Class, Contracts, DEAD, Delays, Roles, SEED, Setting, ether};
pub use stream::Stream;
pub use tickets::{Book, PLACES, Ticket};
pub use token::Token;
pub use votes::Votes;
pub use vpha::Vpha;
pub use world::World;
