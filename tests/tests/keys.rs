//! Keys run out and the TCB recovers: proving goes on, and an old key counts exactly as long as it should.

use std::{path::Path, time::Duration};

use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    providers::{DynProvider, Provider},
    sol_types::SolError,
};
use contracts_bindings::{
    IProverRegistry::{self, IProverRegistryInstance},
    IRollup::IRollupInstance,
};
use devnet::{platform, record};
use e2e::{Devnet, until};
use eyre::{OptionExt, Result, ensure};
use prover_quote::software::SoftwarePki;

const LIMIT: Duration = Duration::from_secs(120);
/// What the first keys have, since the first collateral holds no longer.
const FIRST_LIFETIME: &str = "90s";
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// Most seconds between two batches on L1: some of the devnet's idle intervals, on a busy machine.
const LONGEST_GAP: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn proving_goes_on_across_key_expiry_and_tcb_recovery() -> Result<()> {
    let devnet = Devnet::start_with(&["--collateral-lifetime", FIRST_LIFETIME]).await?;
    let l1 = devnet.l1()?;
    let address = devnet.record().contracts.prover_registry.ok_or_eyre("no registry")?;
    let registry = IProverRegistryInstance::new(address, l1.clone());
    let pki = SoftwarePki::load(&devnet.state_dir().join("platforms/authority.json"))?;

    // The collateral runs out, and the keys with it; newer one is published before.
    let first = generation(&devnet, 0).await?;
    publish(&devnet, &pki, "renewed.json", 20)?;
    let second = generation(&devnet, 2).await?;
    let end = registry.signerOf(first[0]).call().await?.expiresAt;
    passed(&l1, end).await?;
    for signer in first {
        let signer = registry.signerOf(signer).call().await.map(|known| (signer, known.expiresAt))?;
        counts_until(&l1, &registry, signer, IProverRegistry::SignerExpired::SELECTOR).await?;
    }

    // A TCB recovery: keys from before it have a time of grace.
    publish(&devnet, &pki, "recovered.json", 21)?;
    let third = generation(&devnet, 4).await?;
    let raised = devnet.events::<IProverRegistry::EvaluationRaised>(address).await?;
    let (_, raised) = raised.last().ok_or_eyre("no recovery")?;
    assert_eq!(raised.number, 21);
    let end = raised.from.to::<u64>();
    passed(&l1, end).await?;
    for signer in second {
        counts_until(&l1, &registry, (signer, end), IProverRegistry::SignerOutdated::SELECTOR).await?;
    }
    for signer in third {
        registry.liveness(signer).call().await?;
    }
    every_batch_was_proved_in_time(&devnet, &l1).await
}

/// Both provers' keys after the first `earlier` ones, once they are registered.
async fn generation(devnet: &Devnet, earlier: usize) -> Result<[Address; 2]> {
    until("both provers have registered a key", LIMIT, async || {
        let registrations = devnet.registrations().await?;
        let Some([one, two, ..]) = registrations.get(earlier..) else { return Ok(None) };
        ensure!(one.operator != two.operator, "one prover registered twice before the other one did");
        Ok(Some([one.signer, two.signer]))
    })
    .await
}

/// Lays collateral where the provers look for it.
fn publish(devnet: &Devnet, pki: &SoftwarePki, name: &str, evaluation: u32) -> Result<()> {
    let path = devnet.state_dir().join("collateral").join(Path::new(name));
    record::write(&path, &platform::collateral(pki, evaluation, MONTH)?)
}

/// Waits until a block of L1 has that time, and one more.
async fn passed(l1: &DynProvider, time: u64) -> Result<()> {
    until("L1 has passed a time", LIMIT, async || {
        let block = l1.get_block(BlockId::latest()).await?.ok_or_eyre("no L1 block")?;
        Ok((block.header.timestamp > time).then_some(()))
    })
    .await
}

/// In the last block before `end` the signer counts, in the first one from then on it does not.
async fn counts_until(
    l1: &DynProvider,
    registry: &IProverRegistryInstance<DynProvider>,
    (signer, end): (Address, u64),
    reason: [u8; 4],
) -> Result<()> {
    let mut number = l1.get_block_number().await?;
    loop {
        let block = l1.get_block(number.into()).await?.ok_or_eyre("L1 lacks one of its blocks")?;
        let answer = registry.liveness(signer).block(number.into()).call().await;
        if block.header.timestamp < end {
            answer?;
            return Ok(());
        }
        let data = answer.err().and_then(|error| error.as_revert_data()).unwrap_or_default();
        ensure!(data.starts_with(&reason), "{signer} at {}: {data}", block.header.timestamp);
        number = number.checked_sub(1).ok_or_eyre("the signer's end is before L1's begin")?;
    }
}

/// Batches followed each other without a gap, each proved by both provers.
async fn every_batch_was_proved_in_time(devnet: &Devnet, l1: &DynProvider) -> Result<()> {
    let address = devnet.record().contracts.rollup.ok_or_eyre("no rollup")?;
    let rollup = IRollupInstance::new(address, l1.clone());
    let mut last: Option<u64> = None;
    for (number, event) in devnet.submissions().await? {
        let index = event.index;
        let time = l1.get_block(number.into()).await?.ok_or_eyre("no L1 block")?.header.timestamp;
        let gap = last.map_or(0, |last| time - last);
        ensure!(gap <= LONGEST_GAP, "no batch for {gap} s before batch {index}");
        last = Some(time);
        until(&format!("both provers have proved batch {index}"), LIMIT, async || {
            Ok((rollup.output(index).call().await?.proofs >= 2).then_some(()))
        })
        .await?;
    }
    let count = rollup.batchCount().call().await?;
    ensure!(count > U256::from(10), "only {count} batches");
    Ok(())
}
