//! Which of the enclave's keys counts on L1, and seeing to it that always one does.
//!
//! A key is registered once and counts for some days: until its own end, or until the grace after a TCB recovery is
//! over. In time before that the enclave makes the next key, which is registered while the present one goes on signing.
//! Once the next key counts, it takes over.

use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy_primitives::Address;
use metrics::gauge;
use prover_core::enclave::Info;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::{
    enclave::EnclaveClient,
    keeper::Keeper,
    l1::{L1, L1Error},
    registry::{Registry, SignerState},
    session::{SessionConfig, SessionError},
    transaction::Wallet,
};

/// Time between two looks at a key on L1. A grace after a TCB recovery is longer.
const LOOK: Duration = Duration::from_secs(10);

/// What every session needs.
#[derive(Clone, Debug)]
pub struct Host {
    /// Settings.
    pub config: SessionConfig,
    /// The L1.
    pub l1: L1,
    /// The operator's account.
    pub wallet: Wallet,
    /// The registry.
    pub registry: Registry,
    /// Looks after L1's collateral.
    pub keeper: Keeper,
}

/// A key that counts.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The enclave that has it.
    pub info: Info,
    /// Until when it counts, in Unix seconds, as things stand.
    pub ends_at: u64,
    /// Time left, by the clock of L1.
    pub left: Duration,
    /// Time from the registration of a key until it counts.
    pub activation_delay: Duration,
}

impl Host {
    /// Connects to the enclave and sees to it that the key it signs with counts on L1.
    pub async fn register(&self) -> Result<(EnclaveClient, Registered), SessionError> {
        let mut enclave = EnclaveClient::connect(&self.config.enclave).await?;
        let mut info = enclave.info().await?;
        self.check(&info).await?;
        loop {
            let signer = info.signer;
            match self.registry.state(signer).await? {
                SignerState::Live { operator, ends_at } => {
                    self.require_own(signer, operator)?;
                    if self.counts(info.next).await? {
                        info!(%signer, next = %info.next, "the next key takes over");
                        info = enclave.renew(signer).await?;
                        continue;
                    }
                    let left = Duration::from_secs(ends_at.saturating_sub(self.now().await?));
                    let activation_delay = self.registry.activation_delay().await?;
                    return Ok((enclave, Registered { info, ends_at, left, activation_delay }));
                }
                SignerState::Unknown => {
                    self.registry.register(&mut enclave, &info, signer, &self.wallet, &self.keeper).await?;
                }
                SignerState::Ended { operator, reason } => {
                    self.require_own(signer, operator)?;
                    info!(%signer, reason, "the key's time is over, the next one takes its place");
                    info = enclave.renew(signer).await?;
                }
                SignerState::Waiting { operator, active_from } => {
                    self.require_own(signer, operator)?;
                    info!(%signer, active_from, "the key does not count yet");
                    sleep(LOOK).await;
                }
                SignerState::Barred { reason, .. } => return Err(SessionError::Barred { signer, reason }),
            }
        }
    }

    /// Waits until the present key has less than `margin` left, and gets the next one registered. Returns
    /// once that counts. What fails is tried again: the present key still signs.
    pub async fn succeed(&self, signer: Address, margin: Duration) {
        loop {
            sleep(LOOK).await;
            match self.step(signer, margin).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => warn!(%error, retry_in = ?LOOK, "the next key is not registered"),
            }
        }
    }

    /// One step towards a next key that counts, if it is time. Returns whether there is one.
    async fn step(&self, signer: Address, margin: Duration) -> Result<bool, SessionError> {
        match self.registry.state(signer).await? {
            SignerState::Live { ends_at, .. } => {
                let left = ends_at.saturating_sub(self.now().await?);
                gauge!("prover_signer_expires_at").set(ends_at as f64);
                gauge!("prover_signer_days_left").set(left as f64 / 86_400.0);
                if Duration::from_secs(left) > margin {
                    return Ok(false);
                }
            }
            // Somebody should look into it before another key is made.
            SignerState::Barred { reason, .. } => return Err(SessionError::Barred { signer, reason }),
            SignerState::Ended { .. } | SignerState::Waiting { .. } | SignerState::Unknown => {}
        }
        self.prepare(signer).await
    }

    async fn prepare(&self, signer: Address) -> Result<bool, SessionError> {
        // Beside the session's own connection, on which a batch may be under way.
        let mut enclave = EnclaveClient::connect(&self.config.enclave).await?;
        let info = enclave.prepare(signer).await?;
        if info.signer != signer {
            return Err(SessionError::KeyChanged { expected: signer, got: info.signer });
        }
        match self.registry.state(info.next).await? {
            SignerState::Live { .. } => return Ok(true),
            SignerState::Waiting { .. } => return Ok(false),
            SignerState::Unknown => {}
            SignerState::Ended { reason, .. } | SignerState::Barred { reason, .. } => {
                return Err(SessionError::Barred { signer: info.next, reason });
            }
        }
        info!(%signer, next = %info.next, "the key ends soon: registering the next one");
        self.registry.register(&mut enclave, &info, info.next, &self.wallet, &self.keeper).await?;
        self.counts(info.next).await.map_err(Into::into)
    }

    async fn counts(&self, signer: Address) -> Result<bool, L1Error> {
        let known = signer != Address::ZERO;
        Ok(known && matches!(self.registry.state(signer).await?, SignerState::Live { .. }))
    }

    /// L1's time, in Unix seconds.
    async fn now(&self) -> Result<u64, L1Error> {
        Ok(self.l1.block(BlockNumberOrTag::Latest).await?.timestamp)
    }

    fn require_own(&self, signer: Address, operator: Address) -> Result<(), SessionError> {
        let is_own = operator == self.wallet.address();
        if is_own { Ok(()) } else { Err(SessionError::OtherOperator { signer, operator }) }
    }

    /// Makes sure that the enclave is for this L1 and registry.
    async fn check(&self, info: &Info) -> Result<(), SessionError> {
        let mismatch = |what, enclave: &dyn ToString, host: &dyn ToString| {
            Err(SessionError::Mismatch { what, enclave: enclave.to_string(), host: host.to_string() })
        };
        let l1_chain_id = self.l1.chain_id().await?;
        if info.l1_chain_id != l1_chain_id {
            return mismatch("L1 chain id", &info.l1_chain_id, &l1_chain_id);
        }
        if info.registry != self.config.registry {
            return mismatch("registry", &info.registry, &self.config.registry);
        }
        Ok(())
    }
}
