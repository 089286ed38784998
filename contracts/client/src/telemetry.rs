//! Logs and metrics.

use std::{io::IsTerminal, net::SocketAddr};

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
    Ok(PrometheusBuilder::new().with_http_listener(listen).install()?)
}
