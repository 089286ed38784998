//! Ether and PHA to L2 and back: with viem's op-stack actions, with `cast` alone, with our command line, and by the relayer.

#![expect(clippy::indexing_slicing, reason = "a failure in a test is the message")]

mod cast;
mod cli;
mod lies;
mod relay;
mod stops;

use e2e::{Devnet, script};
use eyre::{OptionExt, Result};
use serde_json::Value;

/// The devnet's own relayer leaves everything to the test.
const ALONE: &str = "--relayer-patience=86400";

/// Three clients that know nothing of each other, at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn clients_move_ether_and_pha_both_ways() -> Result<()> {
    let devnet = Devnet::start_with(&[ALONE]).await?;
    tokio::try_join!(viem(&devnet), cast::both_ways(&devnet), cli::both_ways(&devnet)).map(drop)
}

/// See `scripts/bridge.mjs`.
async fn viem(devnet: &Devnet) -> Result<()> {
    let record = devnet.state_dir().join("devnet.json");
    let key = devnet.record().accounts[0].private_key.to_string();
    let printed = script("bridge.mjs", &[record.to_str().ok_or_eyre("the path is not UTF-8")?, &key]).await?;
    let result: Value = serde_json::from_str(&printed)?;
    let withdrawals = result["withdrawals"].as_array().ok_or_eyre("no withdrawals")?;
    assert_eq!(withdrawals.len(), 3);
    for withdrawal in withdrawals {
        assert_eq!(withdrawal["seen"].as_array().and_then(|seen| seen.last()), Some(&"finalized".into()));
    }
    Ok(())
}
