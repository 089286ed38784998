//! The node from the pool to the RPC: the real store in a temporary folder, real signatures, real
//! sockets; time and L1 are what the test says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod builder;
mod calls;
mod chain;
mod hostile;
mod http;
mod logs;
mod node;
mod pool;
mod pool_model;
mod reads;
mod subscriptions;
mod transactions;
mod wallet;
mod withdrawals;
