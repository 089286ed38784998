//! `devnet.json`: what scripts and people need to know of a running devnet.

use std::path::Path;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256};
use eyre::{Context, Result};
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// How to reach L1.
    pub l1: L1,
    /// How to reach L2.
    pub l2: L2,
    /// Where the contracts are.
    pub contracts: Contracts,
    /// Funded accounts.
    pub accounts: Vec<FundedAccount>,
    /// The provers.
    pub provers: Vec<Prover>,
}

/// How to reach L1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L1 {
    /// JSON-RPC over HTTP.
    pub rpc: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
}

/// How to reach L2.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L2 {
    /// JSON-RPC over HTTP.
    pub rpc: String,
    /// JSON-RPC over WebSocket.
    pub ws: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
}

/// Addresses of the contracts; `null` for those that are not built yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contracts {
    /// `Rollup` on L1.
    pub rollup: Option<Address>,
    /// `Portal` on L1.
    pub portal: Option<Address>,
    /// The oracle of outputs on L1: the portal.
    pub l2_output_oracle: Option<Address>,
    /// `L1StandardBridge` on L1.
    pub l1_standard_bridge: Option<Address>,
    /// `L1CrossDomainMessenger` on L1.
    pub l1_cross_domain_messenger: Option<Address>,
    /// `CouncilPause` on L1.
    pub council_pause: Option<Address>,
    /// The timelock that upgrades portal, messenger and bridge.
    pub upgrade_timelock: Option<Address>,
    /// `ProverRegistry` on L1.
    pub prover_registry: Option<Address>,
    /// The collateral store on L1.
    pub collateral_store: Option<Address>,
    /// PHA on L1.
    pub pha: Option<Address>,
    /// vPHA on L1.
    pub vpha: Option<Address>,
    /// `OperatorPool`, the provers' collateral on L1.
    pub operator_pool: Option<Address>,
    /// `FaultCourt` on L1.
    pub fault_court: Option<Address>,
    /// `ProverRewards` on L1.
    pub prover_rewards: Option<Address>,
    /// `EmissionController` on L1.
    pub emission: Option<Address>,
    /// `StakeGovernor` on L1.
    pub stake_governor: Option<Address>,
    /// The timelock that administers the others.
    pub timelock: Option<Address>,
    /// Multicall3 on L1.
    pub multicall3: Option<Address>,
    /// PHA on L2.
    pub l2_pha: Option<Address>,
    /// `L2StandardBridge` on L2.
    pub l2_standard_bridge: Option<Address>,
    /// `L2CrossDomainMessenger` on L2.
    pub l2_cross_domain_messenger: Option<Address>,
    /// `L2ToL1MessagePasser` on L2.
    pub l2_to_l1_message_passer: Option<Address>,
    /// `OptimismMintableERC20Factory` on L2.
    #[serde(rename = "optimismMintableERC20Factory")]
    pub optimism_mintable_erc20_factory: Option<Address>,
    /// `WETH9` on L2.
    pub weth: Option<Address>,
    /// `GasPriceOracle` on L2.
    pub gas_price_oracle: Option<Address>,
}

/// A funded account with its key, which is public knowledge.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FundedAccount {
    /// Its address.
    pub address: Address,
    /// Its key.
    pub private_key: B256,
}

/// A prover.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prover {
    /// The account it is registered for.
    pub operator: Address,
    /// The key that was made in its enclave; a new one at each start.
    pub signer: Address,
}

impl From<&PrivateKeySigner> for FundedAccount {
    fn from(signer: &PrivateKeySigner) -> Self {
        Self { address: signer.address(), private_key: signer.to_bytes() }
    }
}

/// Writes `value` to `path` as JSON. A reader sees the old file or the new one, never half of it.
pub fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let temporary = path.with_extension("tmp");
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    std::fs::write(&temporary, text).wrap_err_with(|| format!("writing {}", temporary.display()))?;
    std::fs::rename(&temporary, path).wrap_err_with(|| format!("writing {}", path.display()))
}

/// Reads what [`write()`] wrote, or `None` if there is no such file.
pub fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            Ok(Some(serde_json::from_str(&text).wrap_err_with(|| format!("parsing {}", path.display()))?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).wrap_err_with(|| format!("reading {}", path.display())),
    }
}
