//! The `sequencer` binary.

use clap::Parser as _;
use sequencer::{config::Settings, node::Node};

#[tokio::main]
async fn main() -> eyre::Result<()> {
    let settings = Settings::parse();
    sequencer::telemetry::init(settings.log_json, settings.metrics())?;
    Node::start(&settings).await?.run().await
}
