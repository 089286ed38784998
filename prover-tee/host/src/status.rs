//! What `prover-tee status` shows.

use std::fmt;

use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256};
use prover_core::{Endpoint, enclave::Info};
use serde::Serialize;

use crate::{
    enclave::{EnclaveClient, EnclaveError},
    l1::{L1, L1Error},
    registry::{RegistrationError, Registry, SignerState, platform_id},
};

/// An enclave and how L1 sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Address of the enclave's key.
    pub signer: Address,
    /// Hash of the chain that it proves.
    pub config_hash: B256,
    /// L1 chain id.
    pub l1_chain_id: u64,
    /// `Rollup` on L1.
    pub rollup: Address,
    /// `ProverRegistry` on L1.
    pub registry: Address,
    /// `unknown`, `waiting`, `live`, `ended` or `barred`.
    pub state: &'static str,
    /// Why it does not count.
    pub reason: Option<String>,
    /// Who registered it.
    pub operator: Option<Address>,
    /// Until when it counts, in Unix seconds.
    pub expires_at: Option<u64>,
    /// Seconds left, by the clock of L1.
    pub expires_in: Option<u64>,
    /// The machine, as L1 names it; absent if the platform makes no quote.
    pub platform_id: Option<B256>,
}

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// The enclave did not answer.
    #[error(transparent)]
    Enclave(#[from] EnclaveError),
    /// L1 did not answer.
    #[error(transparent)]
    L1(#[from] L1Error),
}

impl Status {
    /// Asks the enclave and L1.
    pub async fn ask(enclave: &Endpoint, l1: &L1) -> Result<Self, StatusError> {
        let mut enclave = EnclaveClient::connect(enclave).await?;
        let info = enclave.info().await?;
        let registry = Registry::new(l1.clone(), info.registry);
        let state = registry.state(info.signer).await?;
        let now = l1.block(BlockNumberOrTag::Latest).await?.timestamp;
        // The machine shows in a quote only, and any quote will do.
        let quote = registry.attest(&mut enclave, &info, info.signer, Address::ZERO).await;
        let platform = quote.and_then(|(quote, _)| platform_id(&quote.quote));
        Ok(Self::new(info, state, now, platform))
    }

    fn new(info: Info, state: SignerState, now: u64, platform: Result<B256, RegistrationError>) -> Self {
        let Info { signer, config_hash, l1_chain_id, rollup, registry, .. } = info;
        let (state, operator, expires_at, reason) = match state {
            SignerState::Unknown => ("unknown", None, None, None),
            SignerState::Live { operator, ends_at } => ("live", Some(operator), Some(ends_at), None),
            SignerState::Waiting { operator, active_from } => {
                ("waiting", Some(operator), None, Some(format!("it counts from Unix time {active_from} on")))
            }
            SignerState::Ended { operator, reason } => ("ended", Some(operator), None, Some(reason)),
            SignerState::Barred { operator, reason } => ("barred", Some(operator), None, Some(reason)),
        };
        Self {
            signer,
            config_hash,
            l1_chain_id,
            rollup,
            registry,
            state,
            reason,
            operator,
            expires_at,
            expires_in: expires_at.map(|at| at.saturating_sub(now)),
            platform_id: platform.ok(),
        }
    }

    /// Whether the signer counts.
    pub fn is_live(&self) -> bool {
        self.state == "live"
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<12}{value}");
        line("signer", &self.signer)?;
        line("state", &self.state)?;
        if let Some(reason) = &self.reason {
            line("reason", reason)?;
        }
        if let Some(operator) = &self.operator {
            line("operator", operator)?;
        }
        if let (Some(at), Some(left)) = (self.expires_at, self.expires_in) {
            let (days, hours, minutes) = (left / 86_400, left / 3600 % 24, left / 60 % 60);
            line("expires", &format_args!("in {days} d {hours} h {minutes} min (Unix time {at})"))?;
        }
        match &self.platform_id {
            Some(platform) => line("platform", platform)?,
            None => line("platform", &"unknown: the enclave gave no quote")?,
        }
        line("chain", &self.config_hash)?;
        line("L1 chain", &self.l1_chain_id)?;
        line("rollup", &self.rollup)?;
        line("registry", &self.registry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: SignerState) -> Status {
        let info = Info {
            version: 1,
            signer: Address::repeat_byte(1),
            next: Address::ZERO,
            config_hash: B256::repeat_byte(2),
            l1_chain_id: 3,
            rollup: Address::repeat_byte(4),
            registry: Address::repeat_byte(5),
        };
        Status::new(info, state, 1_000_000, Ok(B256::repeat_byte(6)))
    }

    #[test]
    fn a_live_signer_shows_its_time() {
        let operator = Address::repeat_byte(7);
        let status = status(SignerState::Live { operator, ends_at: 1_000_000 + 2 * 86_400 + 3 * 3600 + 240 });
        assert!(status.is_live());
        let text = status.to_string();
        assert!(text.contains("in 2 d 3 h 4 min"), "{text}");
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(json["state"], "live");
        assert_eq!(json["expiresIn"], 2 * 86_400 + 3 * 3600 + 240);
        assert_eq!(json["operator"], operator.to_string().to_lowercase());
    }

    #[test]
    fn others_show_why() {
        let text = status(SignerState::Unknown).to_string();
        assert!(text.contains("unknown") && !text.contains("operator"), "{text}");
        let barred = SignerState::Barred { operator: Address::ZERO, reason: "SignerIsRevoked".into() };
        assert!(status(barred).to_string().contains("SignerIsRevoked"));
    }
}
