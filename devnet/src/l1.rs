//! The L1 of the devnet: anvil, whose state is kept in a file.

use std::{path::Path, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    providers::{DynProvider, Provider, ProviderBuilder, ext::AnvilApi},
};
use alloy_primitives::Address;
use eyre::{Context, Result, bail};

use crate::{
    accounts::START_BALANCE,
    process::{Process, Program},
    settings::{L1_CHAIN_ID, Settings},
};

/// How long the L1 may take to answer after it was started.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The program that runs the L1: the one pinned by the contracts' lock file, or where npm has none
/// for the platform, the one on the search path.
pub fn program(settings: &Settings, state_dir: &Path) -> Result<Program> {
    let pinned = settings.contracts.join("node_modules/.bin/anvil");
    let path = if pinned.is_file() { pinned } else { "anvil".into() };
    Ok(Program {
        name: "l1".to_owned(),
        path,
        args: [
            "--host",
            &settings.host.to_string(),
            "--port",
            &settings.l1_port.to_string(),
            "--chain-id",
            &L1_CHAIN_ID.to_string(),
            "--block-time",
            &settings.l1_block_time.to_string(),
            "--hardfork",
            "osaka",
            "--gas-limit",
            "60000000",
            // Both tags follow the head closely, as nothing here reorganises by itself.
            "--slots-in-an-epoch",
            "1",
            "--state",
            &state_dir.join("l1-state.json").to_string_lossy(),
            // What a killed L1 loses at most; a stopped one saves everything.
            "--state-interval",
            "5",
        ]
        .map(str::to_owned)
        .to_vec(),
        env: Vec::new(),
        log: state_dir.join("logs/l1.log"),
    })
}

/// Waits until the L1 answers, and returns a client without keys.
pub async fn connect(process: &mut Process, url: &str) -> Result<DynProvider> {
    let provider = ProviderBuilder::new().connect_http(url.parse()?).erased();
    let deadline = tokio::time::Instant::now() + START_LIMIT;
    loop {
        if let Ok(chain_id) = provider.get_chain_id().await {
            if chain_id != L1_CHAIN_ID {
                bail!("{url} answers with chain id {chain_id}, not the devnet's {L1_CHAIN_ID}");
            }
            return Ok(provider);
        }
        if let Some(status) = process.try_ended()? {
            bail!("the L1 ended with {status}:\n{}", process.log_tail());
        }
        if tokio::time::Instant::now() > deadline {
            bail!("the L1 did not answer within {START_LIMIT:?}:\n{}", process.log_tail());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Gives each account what it needs to pay for its transactions.
pub async fn fund(provider: &DynProvider, accounts: &[Address]) -> Result<()> {
    for account in accounts {
        provider.anvil_set_balance(*account, START_BALANCE).await.wrap_err("funding an account on L1")?;
    }
    Ok(())
}

/// The newest block, as a consensus header whose hash is checked.
pub async fn head(provider: &DynProvider) -> Result<alloy::consensus::Sealed<alloy::consensus::Header>> {
    let Some(block) = provider.get_block_by_number(BlockNumberOrTag::Latest).await? else {
        bail!("the L1 has no newest block");
    };
    let header = alloy::consensus::Sealed::new(block.header.inner.clone());
    if header.hash() != block.header.hash {
        bail!("the L1 says that its block has hash {}, but it is {}", block.header.hash, header.hash());
    }
    Ok(header)
}
