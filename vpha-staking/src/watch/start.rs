//! Making a watchtower of what it needs.

use std::{path::PathBuf, sync::Arc, time::Duration};

use alloy::network::EthereumWallet;
use alloy_primitives::{Address, B256, U256};
use contracts_bindings::{IProverRegistry, IRollup};
use contracts_client::{
    chain::{Chain, Error as ChainError, Layer},
    journal::{Journal, JournalError},
    network::Endpoint,
    sender::Sender,
};
use executor::{chain::ChainConfig, genesis::Genesis};
use sequencer::{
    config::Pace,
    l1::{L1Client, L1Config, L1Error},
    pool::{Pool, PoolConfig},
    replica::{BeaconError, BlobSource, Replica, ReplicaError, ReplicaSetup},
    store::{Store, StoreError},
};

use super::{
    archive::{Archive, ArchiveError, Archived},
    batches::Batches,
    claims::Claims,
    filing::Filing,
    folder::EvidenceFolder,
    l2::L2Node,
    registry::Registry,
    scan::Scanner,
    tower::{Memory, Watchtower, liable_since},
};

/// What a watchtower needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// An L1 node.
    pub l1: Endpoint,
    /// HTTP URL of a beacon node, for the blobs.
    pub l1_beacon: String,
    /// The pace of L1.
    pub pace: Pace,
    /// The `Rollup` contract. It knows the registry.
    pub rollup: Address,
    /// HTTP URL of an L2 node, if there is one to compare with.
    pub l2_rpc: Option<String>,
    /// The rules of the chain.
    pub chain: ChainConfig,
    /// Its genesis.
    pub genesis: Genesis,
    /// Folder of the store, of signatures, and of evidence. One watchtower at a time has it.
    pub data_dir: PathBuf,
    /// Folder of signatures that others publish.
    pub evidence_dir: Option<PathBuf>,
    /// Sends reports, and how much the gas of one may cost at most, in wei.
    pub reporter: Option<(EthereumWallet, U256)>,
    /// How long a dispute waits for evidence of who is guilty.
    pub dispute_wait: Duration,
    /// How long the L2 node may have another block before that is an alarm.
    pub l2_patience: Duration,
}

/// Why there is no watchtower.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The contracts could not be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The contract is of another chain than the files say.
    #[error("the rollup at {rollup} is of a chain with configuration {on_l1}, the chain file has {expected}")]
    OtherChain {
        /// The contract.
        rollup: Address,
        /// The configuration hash that it holds.
        on_l1: B256,
        /// That of the file.
        expected: B256,
    },
    /// The L1 node's URL cannot be read.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The beacon node's URL cannot be read.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// The chain's batches cannot be executed from L1 alone.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What an earlier run saw cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Transactions cannot be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl SetupError {
    /// Whether it may go well at the next attempt.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Chain(error) if error.is_temporary())
    }
}

impl Setup {
    /// Asks L1 for the contracts, and opens the folder.
    pub async fn open(&self) -> Result<Watchtower, SetupError> {
        let l1 = Chain::new(Layer::L1, &self.l1)?;
        l1.check_chain_id().await?;
        let rollup = self.rollup;
        let (on_l1, expected) = (l1.view(rollup, IRollup::configHashCall {}).await?, self.chain.hash());
        if on_l1 != expected {
            return Err(SetupError::OtherChain { rollup, on_l1, expected });
        }
        let registry = l1.view(rollup, IRollup::registryCall {}).await?;
        let grace: u64 = l1.view(rollup, IRollup::slowDelayCall {}).await?.saturating_to();
        let lifetime: u64 =
            l1.view(registry, IProverRegistry::MAX_KEY_LIFETIMECall {}).await?.saturating_to();
        // A key that counted when it was seen expires within its lifetime, and answers for `grace` after that.
        let liability = lifetime.saturating_add(grace);

        let origin = (self.genesis.origin.number, self.genesis.origin.hash);
        let config = match self.pace {
            Pace::Ethereum => L1Config::new,
            Pace::Devnet => L1Config::devnet,
        };
        let config = config(self.l1.rpc.clone(), rollup, registry, origin);
        let client = L1Client::new(&config.rpc, config.request_timeout, config.attempts)?;
        let store = Store::open(&self.data_dir.join("l2"), &self.chain, &self.genesis)?;
        let replica = Replica::new(ReplicaSetup {
            l1: config.clone(),
            blobs: BlobSource::new(&self.l1_beacon)?,
            chain: Arc::new(self.chain.clone()),
            store: store.clone(),
            // Nothing is ever built here.
            pool: Pool::new(self.chain.chain_id, PoolConfig::new(self.chain.gas_limit), || {}),
        })?;

        let mut claims = Claims::new(self.l1.chain_id, rollup, expected);
        let Archived { archive, submitted } =
            Archive::open(&self.data_dir, liable_since(liability), &mut claims)?;
        let mut scanner =
            Scanner::new(client.clone(), store.clone(), rollup, expected, origin.0, config.max_reorg_depth);
        for (batch, signed) in submitted {
            scanner.remember(batch, signed.transition());
        }
        let sender = match &self.reporter {
            None => None,
            Some((wallet, max_cost)) => {
                let journal = Journal::open(&self.data_dir.join("transactions"))?;
                Some(Sender::new(l1.clone(), wallet.clone(), journal, *max_cost))
            }
        };
        let l2 = self.l2_rpc.as_ref().map(|rpc| {
            let endpoint = Endpoint { rpc: rpc.clone(), chain_id: self.chain.chain_id };
            Chain::new(Layer::L2, &endpoint).map(L2Node::new)
        });
        Ok(Watchtower {
            batches: Batches::new(replica, client, config.clone(), store.clone()),
            store,
            scanner,
            claims,
            archive,
            registry: Registry::new(l1, registry, rollup, grace),
            l2: l2.transpose()?,
            folder: self.evidence_dir.clone().map(EvidenceFolder::new),
            filing: Filing::new(self.data_dir.join("evidence"), sender, self.dispute_wait),
            rollup: (self.l1.chain_id, rollup),
            liability,
            l2_patience: self.l2_patience,
            interval: config.poll_interval,
            memory: Memory::default(),
        })
    }
}
