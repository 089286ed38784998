//! The machines that the devnet's provers pretend to run on.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, keccak256};
use eyre::{Result, eyre};
use prover_quote::software::{Clock, Collateral, CollateralSpec, SoftwarePki, SoftwarePlatform, Td};
use prover_verify::collateral::CollateralFile;

use crate::{
    deployment::Policy, profile::ProfileName, record, settings::SEQUENCER_TIMEOUT, state_dir::StateDir,
};

/// Seconds by which L1's clock may be behind.
const CLOCK_TOLERANCE: u64 = 60;

/// The certificate authority, one machine for each prover, and one more for whoever wants to join them.
pub struct Platforms {
    pki: SoftwarePki,
}

impl Platforms {
    /// Loads the authority and its machines, or makes them on the first start.
    pub fn open(state: &StateDir, count: u16) -> Result<Self> {
        let path = state.join("platforms/authority.json");
        let pki = if path.is_file() {
            SoftwarePki::load(&path)?
        } else {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| eyre!("no randomness: {error}"))?;
            let pki = SoftwarePki::new(seed, Clock(now()?));
            pki.save(&path)?;
            pki
        };
        for index in 0..=count {
            let folder = folder(state, index);
            if !folder.join(SoftwarePlatform::FILE).is_file() {
                std::fs::create_dir_all(&folder)?;
                pki.machine(&format!("devnet prover {index}"))?.save(&folder)?;
            }
        }
        Ok(Self { pki })
    }

    /// Makes collateral for the machines, and leaves it where the provers look for it. Returns what L1
    /// begins with.
    pub fn publish(&self, state: &StateDir, lifetime: Duration) -> Result<Policy> {
        let collateral = collateral(&self.pki, 20, lifetime)?;
        let folder = collateral_folder(state);
        std::fs::create_dir_all(&folder)?;
        record::write(&folder.join("software.json"), &collateral)?;
        policy(&self.pki, &collateral)
    }
}

/// Collateral of `pki` with nothing against its machines, good for `lifetime` from now on. The number rises
/// with each TCB recovery.
pub fn collateral(pki: &SoftwarePki, evaluation: u32, lifetime: Duration) -> Result<Collateral> {
    let now = now()?;
    // L1's clock may be behind.
    let issued = Clock(now.saturating_sub(CLOCK_TOLERANCE));
    let next_update = Clock(now.saturating_add(lifetime.as_secs()));
    Ok(pki.collateral(&CollateralSpec { next_update, evaluation, ..CollateralSpec::new(issued) })?)
}

/// What L1 believes and begins with: this authority, its collateral, and the guest that its machines run.
pub fn policy(pki: &SoftwarePki, collateral: &Collateral) -> Result<Policy> {
    let key = pki.root_key();
    let (x, y) = key.split_at(32);
    Ok(Policy {
        root: (B256::from_slice(x), B256::from_slice(y)),
        collateral: CollateralFile::parse(&serde_json::to_vec(collateral)?)?.uploads(&[], &key),
        workload: keccak256(Td::default().workload()),
        sequencer_timeout: SEQUENCER_TIMEOUT,
        profile: ProfileName::Devnet.profile(),
    })
}

/// The folder in which the provers look for collateral.
pub fn collateral_folder(state: &StateDir) -> PathBuf {
    state.join("collateral")
}

/// The folder of the machine of prover `index`.
pub fn folder(state: &StateDir, index: u16) -> PathBuf {
    state.join(format!("platforms/{index}"))
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
