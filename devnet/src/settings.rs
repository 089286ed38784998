//! What a user of the devnet may choose.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use crate::profile::ProfileName;

/// Starts an L1, the contracts, a software TDX platform, a sequencer, two provers and a relayer, and stays
/// in the foreground until Ctrl-C.
///
/// State lives in one folder; a second start continues where the first one stopped.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Settings {
    /// Folder that holds everything the devnet keeps.
    #[arg(long, default_value = ".devnet")]
    pub state_dir: PathBuf,
    /// Forget the state of earlier runs.
    #[arg(long)]
    pub fresh: bool,
    /// Address that every server listens on.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port of the L1 JSON-RPC (HTTP and WebSocket).
    #[arg(long, default_value_t = 8545)]
    pub l1_port: u16,
    /// Port of the L2 JSON-RPC (HTTP and WebSocket).
    #[arg(long, default_value_t = 9545)]
    pub l2_port: u16,
    /// Port on which the sequencer hands batches to provers.
    #[arg(long, default_value_t = 9546)]
    pub prover_port: u16,
    /// First port of the enclaves; each prover takes the next one.
    #[arg(long, default_value_t = 9550)]
    pub enclave_port: u16,
    /// First port of the metrics: sequencer, then one for each prover, then the relayer.
    #[arg(long, default_value_t = 9600)]
    pub metrics_port: u16,
    /// Seconds between two L1 blocks.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub l1_block_time: u64,
    /// How long the collateral of the software TDX platform holds. Keys live no longer. Each start makes new
    /// collateral, and so may anyone: the provers upload what they find in the folder `collateral`.
    #[arg(long, value_name = "TIME", default_value = "30days", value_parser = humantime::parse_duration)]
    pub collateral_lifetime: Duration,
    /// Seconds without a batch after which anybody may submit one. Read when the contracts are deployed.
    #[arg(long, default_value_t = SEQUENCER_TIMEOUT, value_parser = clap::value_parser!(u64).range(1..))]
    pub sequencer_timeout: u64,
    /// Times and sizes that the contracts are deployed with: every delay in seconds, or as in production, in days.
    #[arg(long, value_enum, default_value_t)]
    pub profile: ProfileName,
    /// Seconds that users have to prove and finalise a withdrawal themselves before the relayer does it for them.
    #[arg(long, default_value_t = 120)]
    pub relayer_patience: u64,
    /// Folder of the Foundry project, for the compiled contracts and the L1 client.
    #[arg(long, default_value = "contracts")]
    pub contracts: PathBuf,
}

/// Seconds without a batch after which anybody may submit one, unless the user chooses.
pub const SEQUENCER_TIMEOUT: u64 = 600;
/// Number of provers: the threshold of the fast path.
pub const PROVERS: u16 = 2;
/// EIP-155 chain id of the devnet's L1.
pub const L1_CHAIN_ID: u64 = 31_337;
/// EIP-155 chain id of the devnet's L2.
pub const L2_CHAIN_ID: u64 = 7_425;

impl Settings {
    /// Every port that the devnet listens on, and what for.
    pub fn ports(&self) -> Vec<(u16, String, &'static str)> {
        let mut ports = vec![
            (self.l1_port, "the L1".to_owned(), "--l1-port"),
            (self.l2_port, "the L2".to_owned(), "--l2-port"),
            (self.prover_port, "the provers' endpoint".to_owned(), "--prover-port"),
            (self.metrics_port, "the sequencer's metrics".to_owned(), "--metrics-port"),
        ];
        ports.push((self.relayer_metrics_port(), "the relayer's metrics".to_owned(), "--metrics-port"));
        for prover in 0..PROVERS {
            ports.push((
                self.enclave_port.saturating_add(prover),
                format!("enclave {prover}"),
                "--enclave-port",
            ));
            ports.push((
                self.metrics_port.saturating_add(1).saturating_add(prover),
                format!("prover {prover}'s metrics"),
                "--metrics-port",
            ));
        }
        ports
    }

    /// Port of the relayer's metrics.
    pub const fn relayer_metrics_port(&self) -> u16 {
        self.metrics_port.saturating_add(1).saturating_add(PROVERS)
    }

    /// URL of the L1 JSON-RPC.
    pub fn l1_url(&self) -> String {
        format!("http://{}:{}", self.reachable_host(), self.l1_port)
    }

    /// URL of the L2 JSON-RPC over HTTP.
    pub fn l2_url(&self) -> String {
        format!("http://{}:{}", self.reachable_host(), self.l2_port)
    }

    /// URL of the L2 JSON-RPC over WebSocket.
    pub fn l2_ws_url(&self) -> String {
        format!("ws://{}:{}", self.reachable_host(), self.l2_port)
    }

    /// The address by which programs on this machine reach the servers.
    pub fn reachable_host(&self) -> String {
        match self.host {
            host if host.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(host) => format!("[{host}]"),
            IpAddr::V4(host) => host.to_string(),
        }
    }
}
