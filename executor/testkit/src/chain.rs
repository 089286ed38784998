//! The sequencer's side of a chain.

use std::collections::BTreeMap;

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, B256, address};
use alloy_trie::EMPTY_ROOT_HASH;
use executor::{
    ChainConfig, Header, Transaction,
    batch::{Batch, BatchBlock, BlobWithProof, encode, recover_senders, to_blobs},
    block::{BlockExecutor, BlockInput, L1Origin, PushError, SealedBlock},
    chain::{BlobFraction, DataMode},
    genesis::{Genesis, GenesisAccount},
    stateless::BatchInput,
    transition::{Transition, da_hash, output_root},
    trie::{ReplacedNode, StateTrie},
    witness::{BlockWitness, Witness, WitnessBuilder, seal},
};

use crate::{L1, MemoryState};

/// Chain id of the L2.
pub const CHAIN_ID: u64 = 7425;
/// The portal on L1.
pub const PORTAL: Address = address!("00000000000000000000000000000000000000ee");
/// Time of the genesis block.
pub const GENESIS_TIME: u64 = 1_800_000_000;
/// Number of the L1 block that is the origin of the genesis block.
pub const ORIGIN_NUMBER: u64 = 100;

/// A chain with everything a sequencer keeps of it.
#[derive(Debug)]
pub struct TestChain {
    /// What it starts with.
    pub genesis: Genesis,
    /// Its rules.
    pub config: ChainConfig,
    /// The L1 below it. Mine blocks here, then build blocks that have them as origin.
    pub l1: L1,
    /// The newest state.
    pub state: MemoryState,
    /// All blocks, by number.
    pub blocks: Vec<Built>,
    trie: StateTrie,
}

/// A block, and what was recorded while it was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The block.
    pub sealed: SealedBlock,
    /// What it adds to the witness of a batch.
    pub witness: BlockWitness,
    /// The trie nodes it replaced.
    pub replaced: Vec<ReplacedNode>,
    /// Its L1 origin.
    pub origin: L1Origin,
}

impl TestChain {
    /// A chain with the real predeploys and the accounts of `alloc`.
    pub fn new(data_mode: DataMode, alloc: BTreeMap<Address, GenesisAccount>) -> Self {
        let mut config = ChainConfig {
            chain_id: CHAIN_ID,
            l1_chain_id: 31337,
            portal: PORTAL,
            genesis_hash: B256::ZERO,
            gas_limit: 60_000_000,
            elasticity: 6,
            base_fee_change_denominator: 250,
            min_base_fee: 1_000_000,
            data_mode,
            l1_blob_schedule: vec![BlobFraction { activation_time: 0, update_fraction: 5_007_716 }],
        };
        let l1 = L1::new(PORTAL, ORIGIN_NUMBER, GENESIS_TIME - 6);
        let predeploys = contracts_bindings::predeploys().expect("predeploys.json is valid");
        let predeploy = |code| GenesisAccount { nonce: 1, code, ..Default::default() };
        let mut alloc = alloc;
        alloc.extend(predeploys.into_iter().map(|(address, code)| (address, predeploy(code))));
        let origin = l1.origin(&config, ORIGIN_NUMBER);
        let genesis = Genesis {
            timestamp: GENESIS_TIME,
            gas_limit: config.gas_limit,
            base_fee: config.min_base_fee,
            origin: origin.clone(),
            alloc,
        };
        let first = genesis.block().expect("a valid genesis");
        config.genesis_hash = first.hash;

        let mut state = MemoryState::default();
        let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
        let root = trie.apply(&state, &first.changes).expect("an empty trie needs no nodes");
        assert_eq!(root, first.block.header.state_root);
        state.commit(first.hash, &first.changes, trie.take_updates());
        let sealed = SealedBlock {
            block: first.block,
            hash: first.hash,
            senders: Vec::new(),
            receipts: Vec::new(),
            changes: first.changes,
            accessed: Default::default(),
        };
        Self {
            genesis,
            config,
            l1,
            state,
            blocks: vec![Built { sealed, witness: BlockWitness::default(), replaced: Vec::new(), origin }],
            trie,
        }
    }

    /// The newest block.
    pub fn head(&self) -> &Built {
        self.blocks.last().expect("there is a genesis block")
    }

    /// Header of block `number`.
    pub fn header(&self, number: u64) -> &Header {
        &self.blocks[index(number)].sealed.block.header
    }

    /// Builds a block one second after the last, or at the time of its origin if that is later.
    /// Transactions that are refused are skipped, as a sequencer does, and returned with the reason.
    pub fn build(
        &mut self,
        origin_number: u64,
        transactions: impl IntoIterator<Item = Transaction>,
    ) -> Vec<(Transaction, PushError)> {
        let parent = self.head();
        let (header, hash) = (&parent.sealed.block.header, parent.sealed.hash);
        let parent_origin = parent.origin.number;
        let origin = self.l1.origin(&self.config, origin_number);
        let timestamp = (header.timestamp + 1).max(origin.timestamp);
        let deposits = (parent_origin + 1..=origin_number)
            .flat_map(|number| self.l1.deposits(number).expect("the portal emits valid deposits"))
            .collect();
        let input = BlockInput { timestamp, origin: origin.clone(), deposits };
        let mut block = BlockExecutor::begin(&self.config, header, hash, parent_origin, input, &self.state)
            .expect("a valid block");
        let transactions: Vec<_> = transactions.into_iter().collect();
        let senders = recover_senders(&transactions).expect("signed transactions");
        let mut refused = Vec::new();
        for (transaction, sender) in transactions.into_iter().zip(senders) {
            if let Err(error) = block.push(Recovered::new_unchecked(transaction.clone(), sender)) {
                refused.push((transaction, error));
            }
        }
        let executed = block.finish().expect("a valid block");
        let (sealed, updates, witness) =
            seal(&mut self.trie, &self.state, executed).expect("a complete store");
        let replaced = self.state.commit(sealed.hash, &sealed.changes, updates);
        self.blocks.push(Built { sealed, witness, replaced, origin });
        refused
    }

    /// The blocks from `first` to the head as a batch.
    pub fn batch(&self, first: u64) -> Batch {
        let blocks = self.blocks[index(first)..]
            .iter()
            .map(|Built { sealed, origin, .. }| {
                BatchBlock::new(self.config.data_mode, &sealed.block, &sealed.senders, origin.number)
            })
            .collect();
        Batch { parent_hash: self.blocks[index(first) - 1].sealed.hash, first_number: first, blocks }
    }

    /// The input for the blocks from `first` to the head, with the blobs of `batch`.
    ///
    /// For [`batch(first)`](Self::batch) the claim is true; other batches can be passed to see them
    /// refused.
    pub fn input(&self, first: u64, batch: &Batch) -> BatchInput {
        let data = encode(self.config.data_mode, self.config.chain_id, batch).expect("a batch that fits");
        let blobs: Vec<BlobWithProof> = to_blobs(&data)
            .expect("a batch that fits")
            .into_iter()
            .map(|blob| BlobWithProof::new(blob).expect("a valid blob"))
            .collect();
        let parent = &self.blocks[index(first) - 1];
        let head = self.head();
        let (l1_headers, receipts) = self.l1.range(parent.origin.number + 1..=head.origin.number);
        let signatures = match self.config.data_mode {
            DataMode::Auditable => Vec::new(),
            DataMode::Compact => batch.signatures().expect("user transactions"),
        };
        let output = |built: &Built| {
            output_root(&built.sealed.block.header, built.sealed.hash).expect("a header of this chain")
        };
        let versioned_hashes: Vec<B256> = blobs.iter().map(BlobWithProof::versioned_hash).collect();
        let expected = Transition {
            configHash: self.config.hash(),
            parentOutputRoot: output(parent),
            outputRoot: output(head),
            lastL2Block: head.sealed.block.header.number,
            lastL2Timestamp: head.sealed.block.header.timestamp,
            l1OriginNumber: head.origin.number,
            l1OriginHash: head.origin.hash,
            daHash: da_hash(&versioned_hashes),
        };
        let parent = parent.sealed.block.header.clone();
        BatchInput { parent, l1_headers, receipts, blobs, signatures, expected }
    }

    /// The witness of the blocks from `first` to the head.
    pub fn witness(&self, first: u64) -> Witness {
        let mut builder = WitnessBuilder::new(first - 1);
        for built in &self.blocks[index(first)..] {
            builder.push_block(&built.witness, built.replaced.iter().cloned());
        }
        builder
            .finish(|hash| self.state.code_by_hash(hash), |number| Some(self.header(number).clone()))
            .expect("a complete store")
    }

    /// Forgets cached trie nodes, so that the next block loads them again.
    pub fn prune(&mut self, max_nodes: usize) {
        self.trie.prune(max_nodes);
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a short chain")
}
