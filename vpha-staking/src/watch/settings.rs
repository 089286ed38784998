//! `vpha-staking watch` on the command line.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::network::EthereumWallet;
use alloy_primitives::{Address, U256};
use clap::Args;
use contracts_client::{
    exit,
    network::{DEVNET_FILE, Endpoint, PartialEndpoint, read_or_devnet},
};
use eyre::{OptionExt as _, Result};
use sequencer::config::{Pace, read_json};
use serde::Deserialize;
use tokio::time::sleep;
use tracing::{info, warn};

use super::{Setup, Until};

/// Time between two attempts to reach L1 at the start.
const START_INTERVAL: Duration = Duration::from_secs(4);

/// What is watched, and how.
#[derive(Clone, Debug, Args)]
pub struct WatchArgs {
    /// HTTP URL of a beacon node that has the blobs.
    #[arg(long, value_name = "URL")]
    pub l1_beacon: String,
    /// HTTP URL of an L2 node: it is compared with L1, and asked for contradictory signatures [default: the network file's].
    #[arg(long, value_name = "URL")]
    pub l2_rpc: Option<String>,
    /// JSON file with the rules of the chain [default: chain.json beside the network file].
    #[arg(long, value_name = "FILE")]
    pub chain: Option<PathBuf>,
    /// JSON file with the genesis [default: genesis.json beside the network file].
    #[arg(long, value_name = "FILE")]
    pub genesis: Option<PathBuf>,
    /// Folder of the watcher's own: blocks, signatures, and evidence-<id>.json in evidence/. It is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// Folder of signed transitions that others publish. It is read again and again.
    #[arg(long, value_name = "FOLDER")]
    pub evidence_dir: Option<PathBuf>,
    /// Look at everything there is now, and end.
    #[arg(long, conflicts_with = "keep_watching")]
    pub once: bool,
    /// Go on after an alarm.
    #[arg(long)]
    pub keep_watching: bool,
    /// How long to wait for a second signature of the guilty key before two keys that contradict each other are reported. A
    /// report revokes both. Nothing waits while L1 holds a false batch.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    pub dispute_wait: Duration,
    /// How long the L2 node may have another block than L1 before that is an alarm: it takes a while to follow a reorganisation.
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = humantime::parse_duration)]
    pub l2_patience: Duration,
    /// The pace of L1, which decides how often to look.
    #[arg(long, value_enum, default_value_t = Pace::Ethereum)]
    pub pace: Pace,
    /// Address and port on which metrics are served for Prometheus. Left out, there are none.
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
}

/// What a network file has for a watcher, beside L1.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WatchFile {
    l2: PartialEndpoint,
}

impl WatchArgs {
    /// Watches the rollup at `rollup` on `l1`. `network` is the network file, if one was named; `reporter` signs reports, at a
    /// cost of at most so many wei. Returns the exit code.
    pub async fn run(
        &self,
        l1: Endpoint,
        rollup: Address,
        network: Option<&Path>,
        reporter: Option<(EthereumWallet, U256)>,
    ) -> Result<u8> {
        if let Some(listen) = self.metrics {
            contracts_client::telemetry::metrics(listen)?;
        }
        let setup = self.setup(l1, rollup, network, reporter)?;
        let tower = loop {
            match setup.open().await {
                Ok(tower) => break tower,
                Err(error) if error.is_temporary() && self.once => {
                    warn!(%error, "L1 cannot be reached");
                    return Ok(exit::TEMPORARY);
                }
                Err(error) if error.is_temporary() => warn!(%error, "L1 cannot be reached; trying again"),
                Err(error) => return Err(error.into()),
            }
            sleep(START_INTERVAL).await;
        };
        info!(%rollup, folder = %self.data_dir.display(), reports = setup.reporter.is_some(), "watching");
        let until = match (self.once, self.keep_watching) {
            (true, _) => Until::CaughtUp,
            (_, true) => Until::Stopped,
            _ => Until::Alarm,
        };
        Ok(tower.run(until).await?)
    }

    fn setup(
        &self,
        l1: Endpoint,
        rollup: Address,
        network: Option<&Path>,
        reporter: Option<(EthereumWallet, U256)>,
    ) -> Result<Setup> {
        let file: WatchFile = read_or_devnet(network)?;
        let beside = |name: &str| {
            let folder = network.unwrap_or(Path::new(DEVNET_FILE)).parent()?;
            Some(folder.join(name)).filter(|path| path.is_file())
        };
        let chain = self.chain.clone().or_else(|| beside("chain.json"));
        let chain = chain.ok_or_eyre("the rules of the chain are not known: give --chain FILE")?;
        let genesis = self.genesis.clone().or_else(|| beside("genesis.json"));
        let genesis = genesis.ok_or_eyre("the genesis is not known: give --genesis FILE")?;
        Ok(Setup {
            l1,
            l1_beacon: self.l1_beacon.clone(),
            pace: self.pace,
            rollup,
            l2_rpc: self.l2_rpc.clone().or(file.l2.rpc),
            chain: read_json(&chain, "a chain configuration")?,
            genesis: read_json(&genesis, "a genesis")?,
            data_dir: self.data_dir.clone(),
            evidence_dir: self.evidence_dir.clone(),
            reporter,
            dispute_wait: self.dispute_wait,
            l2_patience: self.l2_patience,
        })
    }
}
