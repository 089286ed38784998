//! Logs and metrics.

use std::{io::IsTerminal, net::SocketAddr};

use metrics::{describe_counter, describe_gauge};
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::EnvFilter;

/// Logs to standard error, as lines for people or as JSON, from `level` on. `RUST_LOG` overrides the level.
pub fn logs(json: bool, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
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
    describe_counter!("bridge_relay_proved", "Withdrawals that the relayer proved");
    describe_counter!("bridge_relay_finalized", "Withdrawals that the relayer finalised");
    describe_counter!("bridge_relay_spent_wei", "Wei spent on gas");
    describe_counter!("bridge_relay_failures", "Rounds that ended with an error");
    describe_counter!("bridge_relay_skipped", "Withdrawals that the relayer does not serve, by reason");
    describe_gauge!("bridge_relay_open", "Withdrawals that are not finalised yet, or not deep in L1");
    describe_gauge!("bridge_relay_budget_wei", "Wei that may still be spent in this window");
    describe_gauge!("bridge_relay_l2_block", "Last L2 block whose withdrawals are known");
    Ok(())
}
