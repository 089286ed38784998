//! Logs and metrics.

use std::{io::IsTerminal as _, net::SocketAddr};

use eyre::WrapErr as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts both. Logs go to standard error and follow `RUST_LOG`; metrics are served at `metrics` for
/// Prometheus, if it is given.
///
/// Called once, within a tokio runtime.
pub fn init(json: bool, metrics: Option<SocketAddr>) -> eyre::Result<()> {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env()?;
    let logs = tracing_subscriber::registry().with(filter);
    if json {
        logs.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()?;
    } else {
        let colours = std::io::stderr().is_terminal();
        logs.with(fmt::layer().with_ansi(colours).with_writer(std::io::stderr)).try_init()?;
    }
    if let Some(address) = metrics {
        PrometheusBuilder::new()
            .with_http_listener(address)
            .install()
            .wrap_err_with(|| format!("cannot serve metrics on {address}"))?;
    }
    Ok(())
}
