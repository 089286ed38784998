//! Flags that say where, and with which key.

use std::path::PathBuf;

use alloy::network::EthereumWallet;
use alloy_primitives::{Address, hex};
use clap::Args;
use contracts_client::keys::{self, Source, Variables};
use eyre::{OptionExt, Result};

use super::Amount;
use crate::{
    Bridge,
    chain::Layer,
    journal::{self, Journal},
    network::{Network, NetworkFile, PartialContracts, PartialEndpoint},
    sender::Sender,
};

/// Environment variables that may hold the key and the keystore's password.
const VARIABLES: Variables = Variables { key: "BRIDGE_PRIVATE_KEY", password: "BRIDGE_PASSWORD" };

/// Chains and contracts. Flags go before the file.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// File that names nodes and contracts, like a devnet's devnet.json [default: .devnet/devnet.json if it is there].
    #[arg(long, global = true, value_name = "FILE", env = "BRIDGE_NETWORK")]
    network: Option<PathBuf>,
    /// HTTP URL of an L1 node.
    #[arg(long, global = true, value_name = "URL", env = "BRIDGE_L1_RPC")]
    l1_rpc: Option<String>,
    /// HTTP URL of an L2 node.
    #[arg(long, global = true, value_name = "URL", env = "BRIDGE_L2_RPC")]
    l2_rpc: Option<String>,
    /// Chain id that the L1 node must have.
    #[arg(long, global = true)]
    l1_chain_id: Option<u64>,
    /// Chain id that the L2 node must have.
    #[arg(long, global = true)]
    l2_chain_id: Option<u64>,
    /// `Portal` on L1.
    #[arg(long, global = true, value_name = "ADDRESS")]
    portal: Option<Address>,
    /// `L1StandardBridge`.
    #[arg(long, global = true, value_name = "ADDRESS")]
    l1_standard_bridge: Option<Address>,
    /// `L1CrossDomainMessenger`.
    #[arg(long, global = true, value_name = "ADDRESS")]
    l1_messenger: Option<Address>,
    /// PHA on L1.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pha: Option<Address>,
    /// PHA on L2.
    #[arg(long, global = true, value_name = "ADDRESS")]
    l2_pha: Option<Address>,
    /// Folder for what is under way, so that an interrupted command can go on [default: phala-bridge in
    /// $XDG_STATE_HOME or ~/.local/state].
    #[arg(long, global = true, value_name = "FOLDER", env = "BRIDGE_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

/// The account that signs. Keys are never taken from the command line, which others on the machine can read.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Encrypted key (Web3 Secret Storage, as geth and cast make it). The password comes from --password-file, from
    /// BRIDGE_PASSWORD, or is asked for. Without --keystore and --key-file, BRIDGE_PRIVATE_KEY is read.
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    keystore: Option<PathBuf>,
    /// File with the keystore's password.
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
    /// File with a private key in hexadecimal.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Most that the gas of one transaction may cost. A node that asks for more is not believed.
    #[arg(long, value_name = "AMOUNT", default_value = "0.1 ETH")]
    max_cost: Amount,
}

/// A bridge to a network whose nodes have been checked, and the folder of what is under way there.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) bridge: Bridge,
    pub(crate) folder: PathBuf,
}

/// One account on both chains.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) l1: Sender,
    pub(crate) l2: Sender,
}

impl NetworkArgs {
    /// Connects, and checks that the nodes are those of the network.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let bridge = Bridge::new(self.complete()?)?;
        bridge.check().await?;
        // A chain that begins anew is another chain, whatever its id.
        let genesis = bridge.l2.header(0).await?.hash;
        let name = format!("{}-{}", bridge.network.l2.chain_id, hex::encode(genesis.split_at(8).0));
        Ok(Connection { bridge, folder: self.state_dir()?.join(name) })
    }

    fn complete(&self) -> Result<Network> {
        let file = NetworkFile::read_or_devnet(self.network.as_deref())?;
        let flags = NetworkFile {
            l1: PartialEndpoint { rpc: self.l1_rpc.clone(), chain_id: self.l1_chain_id },
            l2: PartialEndpoint { rpc: self.l2_rpc.clone(), chain_id: self.l2_chain_id },
            contracts: PartialContracts {
                portal: self.portal,
                l1_standard_bridge: self.l1_standard_bridge,
                l1_cross_domain_messenger: self.l1_messenger,
                pha: self.pha,
                l2_pha: self.l2_pha,
            },
        };
        Ok(flags.or(file).complete()?)
    }

    fn state_dir(&self) -> Result<PathBuf> {
        self.state_dir
            .clone()
            .or_else(|| journal::default_folder("phala-bridge"))
            .ok_or_eyre("no home folder: give --state-dir FOLDER")
    }
}

impl KeyArgs {
    /// The account on both chains.
    pub(crate) fn account(&self, connection: &Connection) -> Result<Account> {
        let wallet = self.wallet()?;
        let journal = Journal::open(&connection.folder)?;
        let max_cost = self.max_cost.wei()?;
        let sender = |layer| {
            Sender::new(connection.bridge.chain(layer).clone(), wallet.clone(), journal.clone(), max_cost)
        };
        Ok(Account { l1: sender(Layer::L1), l2: sender(Layer::L2) })
    }

    /// Most wei that one transaction may cost.
    pub(crate) fn max_cost(&self) -> Result<alloy_primitives::U256> {
        Ok(self.max_cost.wei()?)
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
