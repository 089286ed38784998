//! The machines that the devnet's provers pretend to run on.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, keccak256};
use eyre::{Result, eyre};
use prover_quote::software::{Clock, SoftwarePki, SoftwarePlatform, Td};

use crate::{deployment::Policy, state_dir::StateDir};

/// The certificate authority, and one machine for each prover.
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
        for index in 0..count {
            let folder = folder(state, index);
            if !folder.join(SoftwarePlatform::FILE).is_file() {
                std::fs::create_dir_all(&folder)?;
                pki.machine(&format!("devnet prover {index}"))?.save(&folder)?;
            }
        }
        Ok(Self { pki })
    }

    /// What the registry demands: this authority, and the guest that the machines run.
    pub fn policy(&self) -> Policy {
        let key = self.pki.root_key();
        let (x, y) = key.split_at(32);
        let td = Td::default();
        Policy {
            root: (B256::from_slice(x), B256::from_slice(y)),
            td_attributes: td.td_attributes.into(),
            xfam: td.xfam.into(),
            workload: keccak256(td.workload()),
        }
    }
}

/// The folder of the machine of prover `index`.
pub fn folder(state: &StateDir, index: u16) -> PathBuf {
    state.join(format!("platforms/{index}"))
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
