//! Metrics.

use std::net::SocketAddr;

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Serves metrics in Prometheus' format.
pub fn metrics(listen: SocketAddr) -> eyre::Result<()> {
    contracts_client::telemetry::metrics(listen)?;
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
