//! Flags that say where, and with which key.

use std::path::{Path, PathBuf};

use alloy::network::{Ethereum, EthereumWallet, NetworkWallet};
use alloy_primitives::{Address, U256, hex};
use clap::Args;
use contracts_client::{
    journal::{self, Journal},
    keys::{self, Source, Variables},
    network::{Endpoint, NetworkError, PartialEndpoint, read_or_devnet},
    progress::Progress,
    sender::Sender,
};
use eyre::{OptionExt, Result};

use super::Of;
use crate::{
    Staking,
    network::{Named, Network},
};

/// Environment variables that may hold the key and the keystore's password.
const VARIABLES: Variables = Variables { key: "VPHA_PRIVATE_KEY", password: "VPHA_PASSWORD" };

/// Chain and contracts. Flags go before the file. What is not named is asked of vPHA, which knows the others.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// File that names nodes and contracts, like a devnet's devnet.json [default: .devnet/devnet.json if it is there].
    #[arg(long, global = true, value_name = "FILE", env = "VPHA_NETWORK")]
    network: Option<PathBuf>,
    /// HTTP URL of an L1 node.
    #[arg(long, global = true, value_name = "URL", env = "VPHA_L1_RPC")]
    l1_rpc: Option<String>,
    /// Chain id that the L1 node must have.
    #[arg(long, global = true)]
    l1_chain_id: Option<u64>,
    /// `VPHA`.
    #[arg(long, global = true, value_name = "ADDRESS")]
    vpha: Option<Address>,
    /// `OperatorPool`. Needed to bond.
    #[arg(long, global = true, value_name = "ADDRESS")]
    operator_pool: Option<Address>,
    /// `Rollup`.
    #[arg(long, global = true, value_name = "ADDRESS")]
    rollup: Option<Address>,
    /// `StakeGovernor`. Needed to vote.
    #[arg(long, global = true, value_name = "ADDRESS")]
    governor: Option<Address>,
    /// `ProverRewards`, if the emission controller does not know it.
    #[arg(long, global = true, value_name = "ADDRESS")]
    prover_rewards: Option<Address>,
    /// Folder for what is under way, so that an interrupted command can go on [default: phala-vpha in $XDG_STATE_HOME or
    /// ~/.local/state].
    #[arg(long, global = true, value_name = "FOLDER", env = "VPHA_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

/// The account. Keys are never taken from the command line, which others on the machine can read.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Encrypted key (Web3 Secret Storage, as geth and cast make it). The password comes from --password-file, from
    /// VPHA_PASSWORD, or is asked for. Without --keystore and --key-file, VPHA_PRIVATE_KEY is read.
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    keystore: Option<PathBuf>,
    /// File with the keystore's password.
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
    /// File with a private key in hexadecimal.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// The account that signs, and what it may.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The account.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Most that the gas of one transaction may cost, in ether. A node that asks for more is not believed.
    #[arg(long, value_name = "ETHER", default_value = "0.1", value_parser = ether)]
    pub max_cost: U256,
    /// Do not ask before signing. Needed where nobody can be asked.
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would change, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What commands need beside their own flags.
pub(crate) struct Session {
    pub(crate) staking: Staking,
    pub(crate) l1_rpc: String,
    pub(crate) progress: Progress,
    pub(crate) json: bool,
    folder: PathBuf,
}

/// An amount of ether, in wei.
pub(crate) fn ether(text: &str) -> Result<U256, String> {
    let (number, unit) = contracts_client::amount::split(text).map_err(|error| error.to_string())?;
    let decimals = match unit.to_ascii_lowercase().as_str() {
        "" | "eth" | "ether" => 18,
        "gwei" => 9,
        "wei" => 0,
        _ => return Err(format!("{unit:?} is no unit of ether")),
    };
    number.units(decimals).map_err(|error| error.to_string())
}

impl NetworkArgs {
    /// What flags and file say together.
    fn read(&self) -> Result<Network> {
        let flags = Network {
            l1: PartialEndpoint { rpc: self.l1_rpc.clone(), chain_id: self.l1_chain_id },
            contracts: Named {
                vpha: self.vpha,
                operator_pool: self.operator_pool,
                rollup: self.rollup,
                prover_rewards: self.prover_rewards,
                stake_governor: self.governor,
                ..Named::default()
            },
        };
        Ok(flags.or(read_or_devnet(self.network.as_deref())?))
    }

    /// The L1 node and the rollup. Nothing else needs to be there.
    pub(crate) fn rollup(&self) -> Result<(Endpoint, Address)> {
        let network = self.read()?;
        let rollup = network.contracts.rollup.ok_or(NetworkError::Missing("the rollup (--rollup)"))?;
        Ok((network.endpoint()?, rollup))
    }

    /// The file that was named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.network.as_deref()
    }

    /// Connects, and checks that node and contracts are those of the network.
    pub(crate) async fn connect(&self, json: bool) -> Result<Session> {
        let network = self.read()?;
        let staking = network.connect().await?;
        // A chain that begins anew is another chain, whatever its id.
        let genesis = staking.chain.header(0).await?.hash;
        let name = format!("{}-{}", staking.chain.chain_id(), hex::encode(genesis.split_at(8).0));
        let folder = self
            .state_dir
            .clone()
            .or_else(|| journal::default_folder("phala-vpha"))
            .ok_or_eyre("no home folder: give --state-dir FOLDER")?
            .join(name);
        Ok(Session { staking, l1_rpc: network.endpoint()?.rpc, progress: Progress::new(json), json, folder })
    }
}

impl KeyArgs {
    /// The key, if there is one.
    pub(crate) fn optional_wallet(&self) -> Result<Option<EthereumWallet>> {
        let is_named = self.keystore.is_some() || self.key_file.is_some();
        if !is_named && std::env::var_os(VARIABLES.key).is_none() {
            return Ok(None);
        }
        self.wallet().map(Some)
    }

    fn wallet(&self) -> Result<EthereumWallet> {
        let source = match (&self.keystore, &self.key_file) {
            (Some(keystore), _) => Source::Keystore(keystore, self.password_file.as_deref()),
            (None, Some(file)) => Source::File(file),
            (None, None) => Source::Environment,
        };
        Ok(keys::load(source, VARIABLES, |name| std::env::var(name).ok(), keys::ask_password)?)
    }
}

impl Of {
    /// The account that is named, or that of the key.
    pub(crate) fn account(&self) -> Result<Address> {
        match self.account {
            Some(account) => Ok(account),
            None => Ok(NetworkWallet::<Ethereum>::default_signer_address(&self.key.wallet()?)),
        }
    }
}

impl Session {
    /// Who sends.
    pub(crate) fn sender(&self, sign: &SignArgs) -> Result<Sender> {
        let journal = Journal::open(&self.folder)?;
        Ok(Sender::new(self.staking.chain.clone(), sign.key.wallet()?, journal, sign.max_cost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_in_ether() {
        assert_eq!(ether("0.1"), ether("100000000 gwei"));
        assert_eq!(ether("1 wei"), Ok(U256::ONE));
        assert!(ether("1 pha").is_err() && ether("").is_err());
    }
}
