//! The node: it orders transactions, seals blocks, answers wallets and brings batches to L1.
//!
//! | module | answers |
//! |---|---|
//! | [`config`] | what may an operator choose? |
//! | [`node`] | how do the parts fit together? |
//! | [`heads`] | which block is latest, safe, finalized? |
//! | [`pool`] | which transactions wait, and which is next? |
//! | [`builder`] | what is in the next block? |
//! | [`l1`] | which blocks does L1 have, and which batches are there and final? |
//! | [`batcher`] | how do blocks become proved batches on L1? |
//! | [`replica`] | how are blocks taken over from L1 alone? |
//! | [`rpc`] | what do clients ask, and what are they told? |
//! | [`store`] | which blocks, states, batches and L1 blocks are there? |
//! | [`telemetry`] | what does an operator see? |
//!
//! [`main`] is the program.

pub mod batcher;
pub mod builder;
pub mod config;
pub mod heads;
pub mod l1;
mod listen;
pub mod node;
pub mod pool;
pub mod replica;
pub mod rpc;
pub mod store;
pub mod telemetry;

use clap::Parser as _;

/// Runs a node as the arguments say, until it is told to stop.
///
/// Not in `main.rs`: an async function is compiled where it is polled, and that is once here, but again in each program and test.
#[tokio::main]
pub async fn main() -> eyre::Result<()> {
    let settings = config::Settings::parse();
    telemetry::init(settings.log_json, settings.metrics())?;
    node::Node::start(&settings).await?.run().await
}
