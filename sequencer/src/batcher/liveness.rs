//! Whether L1 accepts a signer now.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{eips::BlockId, sol_types::SolInterface};
use alloy_primitives::{Address, U256};
use contracts_bindings::IProverRegistry::{self, IProverRegistryErrors};
use parking_lot::Mutex;

use crate::l1::{L1Client, L1Error};

/// Answers kept at most: there are few provers, and anybody may ask.
const MAX_CACHED: usize = 1024;

/// For whom a signer's signature counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSigner {
    /// Who registered it.
    pub operator: Address,
    /// The machine it runs on. Signatures from one machine count once.
    pub platform: U256,
}

/// Why a signer's signature does not count, as far as is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LivenessError {
    /// The registry says so.
    #[error("the registry does not accept signer {signer}: {reason}")]
    NotLive {
        /// The signer.
        signer: Address,
        /// The registry's error.
        reason: String,
    },
    /// The registry could not be asked. It may be asked again.
    #[error(transparent)]
    Unknown(#[from] L1Error),
}

/// Asks the registry, and remembers the answers for a while. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Liveness {
    client: L1Client,
    registry: Address,
    ttl: Duration,
    cache: Arc<Mutex<HashMap<Address, (Instant, LiveSigner)>>>,
}

impl Liveness {
    /// Asks `registry`; an answer is good for `ttl`.
    pub fn new(client: L1Client, registry: Address, ttl: Duration) -> Self {
        Self { client, registry, ttl, cache: Arc::default() }
    }

    /// For whom `signer` signs. An answer may be as old as `ttl`; if L1 cannot be reached, as old as
    /// it takes: the contract asks again anyway when the signature reaches it.
    pub async fn check(&self, signer: Address) -> Result<LiveSigner, LivenessError> {
        let known = self.cache.lock().get(&signer).copied();
        match known {
            Some((at, live)) if at.elapsed() < self.ttl => return Ok(live),
            _ => {}
        }
        match (self.check_now(signer).await, known) {
            (Err(LivenessError::Unknown(_)), Some((_, live))) => Ok(live),
            (answer, _) => answer,
        }
    }

    /// Asks anew the next time.
    pub fn forget(&self, signer: Address) {
        self.cache.lock().remove(&signer);
    }

    /// For whom `signer` signs, by the newest L1 block.
    pub async fn check_now(&self, signer: Address) -> Result<LiveSigner, LivenessError> {
        let call = IProverRegistry::livenessCall { signer };
        let answer = self.client.view(self.registry, call, BlockId::latest()).await;
        let mut cache = self.cache.lock();
        match answer {
            Ok(live) => {
                let live = LiveSigner { operator: live.operator, platform: live.platform };
                if cache.len() >= MAX_CACHED {
                    cache.clear();
                }
                cache.insert(signer, (Instant::now(), live));
                Ok(live)
            }
            Err(error) => match refusal(&error) {
                Some(reason) => {
                    cache.remove(&signer);
                    Err(LivenessError::NotLive { signer, reason })
                }
                None => Err(error.into()),
            },
        }
    }
}

/// The registry's reason, if it was the registry that refused.
fn refusal(error: &L1Error) -> Option<String> {
    let data = error.revert_data()?;
    Some(match IProverRegistryErrors::abi_decode(&data) {
        Ok(error) => format!("{error:?}"),
        Err(_) => format!("unknown error {data}"),
    })
}
