//! Commands that judge quotes and machines.

use std::path::PathBuf;

use alloy_primitives::B256;
use clap::Args;
use prover_core::Endpoint;

use crate::source::Source;

/// `prover-tee measure`.
#[derive(Debug, Args)]
pub struct Measure {
    /// The quote: binary, hexadecimal, or dstack's JSON answer.
    #[arg(long)]
    pub quote: PathBuf,
    /// The event log: a CCEL table (/sys/firmware/acpi/tables/data/CCEL), or dstack's JSON. Without it, the one in
    /// the quote's file is taken, if there is one.
    #[arg(long)]
    pub event_log: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `prover-tee check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The quote: binary, hexadecimal, or dstack's JSON answer.
    #[arg(long)]
    pub quote: PathBuf,
    /// The collateral: JSON of dcap-qvl's QuoteCollateralV3.
    #[arg(long)]
    pub collateral: PathBuf,
    /// Judge as of this Unix time, in seconds, instead of now.
    #[arg(long, value_name = "UNIX_SECONDS")]
    pub at: Option<u64>,
    /// Workload that is allowed; may be given several times. Without any, the workload is printed and not judged.
    #[arg(long, value_name = "WORKLOAD_ID")]
    pub allow: Vec<B256>,
    /// Root certificate, PEM or DER, in the place of Intel's. For software platforms of devnets.
    #[arg(long, value_name = "FILE")]
    pub root_ca: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `prover-tee doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Ask this enclave for the quote: HOST:PORT or unix:PATH. Without it, the platform is asked directly.
    #[arg(long)]
    pub enclave: Option<Endpoint>,
    /// Take the quote from the software machine in this folder. For devnets.
    #[cfg(feature = "software")]
    #[arg(long, value_name = "FOLDER", conflicts_with = "enclave")]
    pub software_platform: Option<PathBuf>,
    /// The collateral: a file (JSON of dcap-qvl's QuoteCollateralV3), a folder of such files, or the URL of Intel's
    /// service or of a PCCS.
    #[arg(long, value_name = "FILE|FOLDER|URL", default_value = "https://api.trustedservices.intel.com")]
    pub collateral: Source,
    /// Judge as of this Unix time, in seconds, instead of now.
    #[arg(long, value_name = "UNIX_SECONDS")]
    pub at: Option<u64>,
    /// Workload that is allowed; may be given several times. Without any, the workload is printed and not judged.
    #[arg(long, value_name = "WORKLOAD_ID")]
    pub allow: Vec<B256>,
    /// Root certificate, PEM or DER, in the place of Intel's. For software platforms of devnets.
    #[arg(long, value_name = "FILE")]
    pub root_ca: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
