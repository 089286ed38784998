//! Waits until what was started does its work.

use std::time::Duration;

use alloy::{
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use alloy_primitives::Address;
use contracts_bindings::IProverRegistry;
use eyre::{Result, bail};

use crate::{
    accounts::Role,
    deployment::Deployment,
    process::Process,
    record::Prover,
    settings::{PROVERS, Settings},
};

/// How long each part may take, on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(100);

/// Waits until the sequencer answers.
pub(crate) async fn l2(settings: &Settings, processes: &mut [Process]) -> Result<()> {
    let l2 = ProviderBuilder::new().connect_http(settings.l2_url().parse()?);
    let deadline = tokio::time::Instant::now() + LIMIT;
    while l2.get_block_number().await.is_err() {
        wait(processes, deadline, "the sequencer answers").await?;
    }
    Ok(())
}

/// Waits until each prover has a live key on L1, and says which.
pub(crate) async fn provers(
    l1: &DynProvider,
    deployment: &Deployment,
    processes: &mut [Process],
) -> Result<Vec<Prover>> {
    let registry = IProverRegistry::new(deployment.prover_registry, l1);
    let deadline = tokio::time::Instant::now() + LIMIT;
    // Keys of earlier runs are on L1 too: the one that counts was registered after this start.
    let since = l1.get_block_number().await?;
    let mut provers = Vec::new();
    for index in 0..PROVERS {
        let operator = Role::Operator(index).signer()?.address();
        let signer = loop {
            if let Some(signer) = newest_signer(l1, deployment.prover_registry, operator, since).await?
                && registry.liveness(signer).call().await.is_ok()
            {
                break signer;
            }
            wait(processes, deadline, "the provers are registered on L1").await?;
        };
        provers.push(Prover { operator, signer });
    }
    Ok(provers)
}

async fn newest_signer(
    l1: &DynProvider,
    registry: Address,
    operator: Address,
    since: u64,
) -> Result<Option<Address>> {
    let filter = Filter::new()
        .address(registry)
        .event_signature(IProverRegistry::SignerRegistered::SIGNATURE_HASH)
        .topic2(operator.into_word())
        .from_block(since);
    let logs = l1.get_logs(&filter).await?;
    let newest = logs.last().and_then(|log| IProverRegistry::SignerRegistered::decode_log(&log.inner).ok());
    Ok(newest.map(|event| event.signer))
}

/// One round of waiting: fails if a program died meanwhile or the time is over.
async fn wait(processes: &mut [Process], deadline: tokio::time::Instant, what: &str) -> Result<()> {
    for process in processes.iter_mut() {
        if let Some(status) = process.try_ended()? {
            bail!("{} ended with {status}; the end of its log:\n{}", process.name(), process.log_tail());
        }
    }
    if tokio::time::Instant::now() > deadline {
        let logs: Vec<String> = processes
            .iter()
            .map(|process| format!("--- {}\n{}", process.name(), process.log_tail()))
            .collect();
        bail!("waited {LIMIT:?} in vain until {what}; the ends of the logs:\n{}", logs.join("\n"));
    }
    tokio::time::sleep(POLL).await;
    Ok(())
}
