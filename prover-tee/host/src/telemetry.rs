//! Logs and metrics.

use std::{io::IsTerminal, net::SocketAddr};

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::EnvFilter;

/// Logs to standard error, as lines for people or as JSON. `RUST_LOG` overrides the level.
pub fn logs(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if json {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
}

/// Serves metrics in Prometheus' format.
pub fn metrics(listen: SocketAddr) -> eyre::Result<()> {
    PrometheusBuilder::new().with_http_listener(listen).install()?;
    describe_counter!("prover_batches_proved", "Batches that the enclave signed");
    describe_counter!("prover_batches_refused", "Batches that the enclave refused, by code");
    describe_counter!("prover_session_failures", "Sessions that ended with an error");
    describe_histogram!("prover_proof_seconds", "Time from job to signature");
    describe_gauge!("prover_connected", "1 while the sequencer may send jobs");
    describe_gauge!("prover_signer_expires_at", "Unix time until which the key counts on L1");
    describe_gauge!("prover_signer_days_left", "Days for which the key still counts on L1");
    describe_gauge!("prover_collateral_days_left", "Days for which L1's collateral still holds, by part");
    describe_counter!("prover_collateral_uploads", "Parts of collateral uploaded to L1");
    describe_counter!("prover_collateral_failures", "Looks after collateral, or parts of it, that failed");
    Ok(())
}
