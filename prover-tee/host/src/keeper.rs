//! Keeping L1's collateral fresh.
//!
//! Collateral runs out after some weeks, and with it every key that was registered by it. Whoever runs a prover wants
//! it renewed in time, and anybody may: the store on L1 verifies what it is given and takes only what is newer. So it
//! is asked first, without a transaction, whether it would take a part; and a part is uploaded if what L1 has runs
//! out soon, is of an earlier TCB evaluation, or revokes other certificates.

use std::{sync::Arc, time::Duration};

use alloy::{eips::BlockNumberOrTag, sol_types::SolValue};
use alloy_primitives::{Address, Bytes, FixedBytes};
use contracts_bindings::{
    ICollateralStore::{
        Collateral, ICollateralStoreErrors as StoreError, RevocationList, pckCrlCall, qeIdentityCall,
        rootCrlCall, rootKeyCall, tcbInfoCall,
    },
    IProverRegistry::collateralStoreCall,
};
use metrics::{counter, gauge};
use prover_core::Endpoint;
use prover_quote::{QuoteFormatError, certificate};
use prover_verify::collateral::{CollateralFile, Part, Upload};
use tokio::{sync::Mutex, time::sleep};
use tracing::{info, warn};

use crate::{
    enclave::EnclaveClient,
    l1::{L1, L1Error, Revert},
    pccs,
    registry::{RegistrationError, Registry},
    source::{Source, SourceError},
    transaction::{TransactionError, Wallet},
};

/// Parts that run out and are replaced.
const RENEWED: [Part; 4] = [Part::RootCrl, Part::PckCrl, Part::TcbInfo, Part::QeIdentity];

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What the keeper needs.
#[derive(Clone, Debug)]
pub struct KeeperConfig {
    /// Where collateral comes from.
    pub source: Source,
    /// A part of L1's is replaced if it holds for less than this.
    pub refresh_before: Duration,
    /// Time between two looks.
    pub interval: Duration,
}

/// Why collateral could not be seen to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeeperError {
    /// L1 did not answer.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// There is no collateral.
    #[error("collateral: {0}")]
    Source(#[from] SourceError),
    /// An upload failed.
    #[error("uploading the {part}: {error}")]
    Upload {
        /// What was uploaded.
        part: &'static str,
        /// What went wrong.
        error: TransactionError,
    },
    /// The enclave's quote cannot be read.
    #[error("the enclave's quote: {0}")]
    Quote(#[from] QuoteFormatError),
}

/// Keeps the collateral of one machine fresh.
#[derive(Clone, Debug)]
pub struct Keeper {
    config: KeeperConfig,
    l1: L1,
    registry: Address,
    wallet: Wallet,
    /// Held during a look, by all clones alike: two at once would upload the same.
    turn: Arc<Mutex<()>>,
}

/// What L1 holds of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    /// Until when it counts, Unix time in seconds; zero if there is none.
    until: u64,
    /// Its evaluation number, if it has one.
    evaluation: Option<u32>,
    /// How many certificates it revokes, if it is a list of them.
    revoked: Option<u64>,
}

impl Keeper {
    /// A keeper for the collateral store of `registry`, which pays from `wallet`.
    pub fn new(config: KeeperConfig, l1: L1, registry: Address, wallet: Wallet) -> Self {
        Self { config, l1, registry, wallet, turn: Arc::default() }
    }

    /// Looks after the collateral of the enclave's machine for ever.
    pub async fn run(&self, enclave: &Endpoint) -> ! {
        loop {
            if let Err(error) = self.look(enclave).await {
                counter!("prover_collateral_failures").increment(1);
                warn!(%error, retry_in = ?self.config.interval, "collateral could not be seen to");
            }
            sleep(self.config.interval).await;
        }
    }

    async fn look(&self, enclave: &Endpoint) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut enclave = EnclaveClient::connect(enclave).await?;
        let info = enclave.info().await?;
        let registry = Registry::new(self.l1.clone(), self.registry);
        // Any quote names the machine.
        let attested = registry.attest(&mut enclave, &info, info.signer, self.wallet.address()).await;
        let (quote, _) = attested.map_err(|error: RegistrationError| Box::new(error))?;
        self.refresh(&quote.quote).await?;
        Ok(())
    }

    /// Uploads what L1 should have for the machine of `quote`. Returns how many parts that were.
    pub async fn refresh(&self, quote: &[u8]) -> Result<usize, KeeperError> {
        let _turn = self.turn.lock().await;
        let file = self.config.source.find(quote).await?;
        let chain = certificate::chain(quote)?;
        let fmspc = FixedBytes(pccs::fmspc(quote).unwrap_or_default());
        let store = self.l1.view(self.registry, &collateralStoreCall {}).await?;
        let root = self.l1.view(store, &rootKeyCall {}).await?;
        let root_key: FixedBytes<64> = root.x.concat_const(root.y);
        let now = self.l1.block(BlockNumberOrTag::Latest).await?.timestamp;

        let mut uploaded = 0;
        for Upload { part, call } in file.uploads(&chain, &root_key) {
            let held = self.held(store, &file, fmspc, part).await?;
            let due = held.is_none_or(|held| held.is_due(&file, part, now, self.config.refresh_before));
            if due && self.is_newer(store, part, call.clone()).await? {
                uploaded += usize::from(self.upload(store, part, call).await?);
            }
        }
        for part in RENEWED {
            if let Some(held) = self.held(store, &file, fmspc, part).await? {
                self.report(part, held, now);
            }
        }
        Ok(uploaded)
    }

    /// What L1 holds of a part; none of what is no matter of age, and of what the file does not name.
    async fn held(
        &self,
        store: Address,
        file: &CollateralFile,
        fmspc: FixedBytes<6>,
        part: Part,
    ) -> Result<Option<Held>, L1Error> {
        Ok(Some(match part {
            Part::Authority | Part::Signer => return Ok(None),
            Part::RootCrl => self.l1.view(store, &rootCrlCall {}).await?.into(),
            Part::PckCrl => {
                let Some(revocations) = file.revocations(part) else { return Ok(None) };
                self.l1.view(store, &pckCrlCall { name: revocations.issuer }).await?.into()
            }
            Part::TcbInfo => self.l1.view(store, &tcbInfoCall { fmspc }).await?.into(),
            Part::QeIdentity => self.l1.view(store, &qeIdentityCall {}).await?.into(),
        }))
    }

    /// Whether L1 would take a part, and did not have it before.
    async fn is_newer(&self, store: Address, part: Part, call: Bytes) -> Result<bool, L1Error> {
        match self.l1.call(store, call).await {
            Ok(answer) => Ok(bool::abi_decode(&answer).unwrap_or_default()),
            Err(L1Error::Reverted(revert)) if is_outdated(&revert) => Ok(false),
            Err(L1Error::Reverted(revert)) => {
                counter!("prover_collateral_failures").increment(1);
                warn!(part = part.name(), %revert, source = %self.config.source, "L1 does not take this collateral");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the upload was needed: another host may have been first.
    async fn upload(&self, store: Address, part: Part, call: Bytes) -> Result<bool, KeeperError> {
        match self.wallet.call(store, call).await {
            Ok(receipt) => {
                counter!("prover_collateral_uploads").increment(1);
                info!(part = part.name(), gas = receipt.gas_used, "collateral uploaded");
                Ok(true)
            }
            Err(TransactionError::L1(L1Error::Reverted(revert))) if is_outdated(&revert) => Ok(false),
            Err(error) => Err(KeeperError::Upload { part: part.name(), error }),
        }
    }

    /// Says how long a part still holds, and warns while there is time.
    fn report(&self, part: Part, held: Held, now: u64) {
        let left = held.until.saturating_sub(now);
        let days = left as f64 / DAY as f64;
        gauge!("prover_collateral_days_left", "part" => part.name()).set(days);
        if Duration::from_secs(left) < self.config.refresh_before / 2 {
            let source = &self.config.source;
            warn!(part = part.name(), days_left = days, %source, "L1's collateral runs out, and nothing newer is found");
        }
    }
}

impl From<RevocationList> for Held {
    fn from(list: RevocationList) -> Self {
        Self { until: list.nextUpdate, evaluation: None, revoked: Some(list.count) }
    }
}

impl From<Collateral> for Held {
    fn from(collateral: Collateral) -> Self {
        let evaluation = Some(collateral.evaluationNumber);
        Self { until: collateral.nextUpdate, evaluation, revoked: None }
    }
}

impl Held {
    fn is_due(&self, file: &CollateralFile, part: Part, now: u64, refresh_before: Duration) -> bool {
        self.until <= now.saturating_add(refresh_before.as_secs())
            || self.evaluation < file.evaluation_number(part)
            || self.revoked != file.revocations(part).map(|list| list.count)
    }
}

/// L1 has something newer.
fn is_outdated(revert: &Revert) -> bool {
    matches!(
        revert.of_store(),
        Some(
            StoreError::OlderCertificate(_)
                | StoreError::OlderRevocationList(_)
                | StoreError::OlderCollateral(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use prover_quote::software::{Clock, CollateralSpec, SoftwarePki};

    use super::*;

    const NOW: u64 = 1_700_000_000;
    const WEEK: Duration = Duration::from_secs(7 * DAY);

    fn file(evaluation: u32, revoked: Vec<[u8; 20]>) -> CollateralFile {
        let pki = SoftwarePki::new([1; 32], Clock(NOW));
        let spec = CollateralSpec { evaluation, revoked, ..CollateralSpec::new(Clock(NOW)) };
        let json = serde_json::to_vec(&pki.collateral(&spec).unwrap()).unwrap();
        CollateralFile::parse(&json).unwrap()
    }

    #[test]
    fn a_part_is_due_when_it_runs_out_or_says_something_else() {
        let file = file(20, vec![[7; 20]]);
        let due = |part, held: Held| held.is_due(&file, part, NOW, WEEK);
        let long = NOW + 8 * DAY;
        let tcb = Held { until: long, evaluation: Some(20), revoked: None };
        let crl = Held { until: long, evaluation: None, revoked: Some(1) };
        assert!(!due(Part::TcbInfo, tcb) && !due(Part::QeIdentity, tcb) && !due(Part::PckCrl, crl));
        assert!(due(Part::TcbInfo, Held { until: NOW + 7 * DAY, ..tcb }), "soon");
        assert!(due(Part::TcbInfo, Held { evaluation: Some(19), ..tcb }), "a recovery");
        assert!(!due(Part::TcbInfo, Held { evaluation: Some(21), ..tcb }), "ours is from before it");
        assert!(due(Part::PckCrl, Held { revoked: Some(0), ..crl }), "a revocation");
        assert!(due(Part::PckCrl, Held { until: 0, revoked: Some(0), evaluation: None }), "none at all");
        assert!(due(Part::RootCrl, crl), "the root revokes nobody any more");
    }
}
