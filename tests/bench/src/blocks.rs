//! Full blocks of transfers: built on a store with and without a witness, batched, and executed
//! again from the witness alone.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use alloy_consensus::transaction::Recovered;
use alloy_eips::BlockNumHash;
use alloy_primitives::{Sealed, U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use executor::{
    Transaction,
    batch::{encode, recover_senders},
    block::{BlockExecutor, BlockInput, ExecutedBlock, StateRoots},
    chain::{DataMode, MESSAGE_PASSER},
    state::StateChanges,
    stateless,
    trie::StateTrie,
    witness::{BlockWitness, Witness, WitnessBuilder, seal},
};
use executor_testkit::{Built, ORIGIN_NUMBER, TestChain, Wallet};
use eyre::{Result, ensure, eyre};
use sequencer::store::{NewBlock, StateView, Store};

use crate::{
    million::{SENDERS, TOKEN, holder},
    report::{Report, median, median_difference},
};

/// Blocks of a batch: as many full ones as six blobs hold.
const BLOCKS_PER_BATCH: u64 = 2;
const BATCHES: u64 = 5;
/// Cached nodes of the sequencer's trie.
const CACHE: usize = 1_000_000;
const MEGA: f64 = 1e6;

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// What the blocks are full of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Plain transfers of ether.
    Eth,
    /// Transfers of a token between holders.
    Erc20,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Eth => "eth_transfers",
            Self::Erc20 => "erc20_transfers",
        }
    }

    /// A transaction of each sender to a holder that depends on the block.
    fn block(self, senders: &mut [Wallet], number: u64) -> Vec<Transaction> {
        let count = match self {
            // 60 M gas at 21,000 and at about 35,000 each.
            Self::Eth => 2_850,
            Self::Erc20 => 1_600,
        };
        let recipient = |index: usize| {
            let seed = keccak256([number.to_be_bytes(), (index as u64).to_be_bytes()].concat());
            holder(U256::from_be_bytes(seed.0).wrapping_rem(U256::from(1_000_000)).to())
        };
        senders
            .iter_mut()
            .enumerate()
            .take(count)
            .map(|(index, sender)| match self {
                Self::Eth => sender.transfer(recipient(index), 1),
                Self::Erc20 => {
                    let call = transferCall { to: recipient(index), amount: U256::ONE };
                    sender.call(TOKEN, call.abi_encode(), 100_000)
                }
            })
            .collect()
    }
}

/// A node under measurement: its store and its trie, and how long each step of its blocks took.
struct Node<'a> {
    chain: &'a TestChain,
    store: Store,
    trie: StateTrie,
    blocks: Vec<Built>,
    execution: Vec<Duration>,
    roots: Vec<Duration>,
    commits: Vec<Duration>,
}

impl<'a> Node<'a> {
    fn new(chain: &'a TestChain, folder: &Path) -> Result<Self> {
        let mut genesis = chain.head().clone();
        genesis.sealed.changes = StateChanges::default();
        Ok(Self {
            chain,
            store: Store::open(folder, &chain.config, &chain.genesis)?,
            trie: StateTrie::new(genesis.sealed.block.header.state_root),
            blocks: vec![genesis],
            execution: Vec::new(),
            roots: Vec::new(),
            commits: Vec::new(),
        })
    }

    fn head(&self) -> Result<&Built> {
        self.blocks.last().ok_or_else(|| eyre!("there is no genesis block"))
    }

    /// Builds a block as the sequencer does: executes it, hashes the state, and writes all of it to
    /// the disk; with its witness, or without.
    fn build(&mut self, transactions: &[Recovered<Transaction>], record: Record) -> Result<()> {
        let state = self.store.snapshot()?.state();
        let since = Instant::now();
        let executed = self.execute(&state, transactions)?;
        self.execution.push(since.elapsed());

        let since = Instant::now();
        let (sealed, trie, witness) = match record {
            Record::Witness => seal(&mut self.trie, &state, executed)?,
            Record::Nothing => {
                let state_root = self.trie.apply(&state, &executed.changes)?;
                let message_passer_root = self.trie.storage_root(&state, MESSAGE_PASSER)?;
                let updates = self.trie.take_updates();
                let sealed = executed.seal(StateRoots { state_root, message_passer_root });
                (sealed, updates, BlockWitness::default())
            }
        };
        self.roots.push(since.elapsed());
        drop(state);

        let origin = self.head()?.origin.clone();
        let id = BlockNumHash::new(origin.number, origin.hash);
        let block = NewBlock { sealed, trie, witness, origin: id };
        let since = Instant::now();
        self.store.commit_block(&block)?;
        self.commits.push(since.elapsed());
        self.trie.prune(CACHE);
        let NewBlock { sealed, .. } = block;
        self.blocks.push(Built { sealed, witness: BlockWitness::default(), replaced: Vec::new(), origin });
        Ok(())
    }

    fn execute(&self, state: &StateView, transactions: &[Recovered<Transaction>]) -> Result<ExecutedBlock> {
        let parent = self.head()?;
        let input = BlockInput {
            timestamp: parent.sealed.block.header.timestamp + 1,
            origin: parent.origin.clone(),
            deposits: Vec::new(),
        };
        let mut block = BlockExecutor::begin(
            &self.chain.config,
            &parent.sealed.block.header,
            parent.sealed.hash,
            ORIGIN_NUMBER,
            input,
            state,
        )?;
        for transaction in transactions {
            block.push(transaction.clone())?;
        }
        Ok(block.finish()?)
    }

    /// Forgets what was measured so far.
    fn clear(&mut self) {
        for times in [&mut self.execution, &mut self.roots, &mut self.commits] {
            times.clear();
        }
    }

    /// The witness of the batch of blocks from `first` to `last`.
    fn witness(&self, first: u64, last: u64) -> Result<Witness> {
        let snapshot = self.store.snapshot()?;
        let mut builder = WitnessBuilder::new(first - 1);
        for number in first..=last {
            let block = snapshot.block_witness(number)?;
            let block = block.ok_or_else(|| eyre!("block {number} has no witness"))?;
            builder.push_block(&block, snapshot.replaced_nodes(number)?);
        }
        let code = |hash| snapshot.code(hash).ok().flatten();
        Ok(builder.finish(code, |number| snapshot.header(number).ok().flatten().map(Sealed::into_inner))?)
    }
}

/// Whether a block's witness is recorded.
#[derive(Clone, Copy)]
enum Record {
    Witness,
    Nothing,
}

/// Measures one kind of block on top of `chain`, which has nothing but its genesis.
pub(crate) fn measure(chain: &TestChain, kind: Kind, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir_in("target")?;
    let mut recording = Node::new(chain, &folder.path().join("recording"))?;
    let mut plain = Node::new(chain, &folder.path().join("plain"))?;
    let mut senders: Vec<Wallet> = (0..SENDERS).map(Wallet::new).collect();
    // One block to warm the caches, which is not counted.
    for number in 0..=BATCHES * BLOCKS_PER_BATCH {
        let transactions = kind.block(&mut senders, number);
        let signers = recover_senders(&transactions)?;
        let transactions: Vec<_> = transactions
            .into_iter()
            .zip(signers)
            .map(|(transaction, signer)| Recovered::new_unchecked(transaction, signer))
            .collect();
        // In turns, so that a slow moment of the machine hits both alike.
        if number % 2 == 0 {
            recording.build(&transactions, Record::Witness)?;
            plain.build(&transactions, Record::Nothing)?;
        } else {
            plain.build(&transactions, Record::Nothing)?;
            recording.build(&transactions, Record::Witness)?;
        }
        ensure!(recording.head()?.sealed.hash == plain.head()?.sealed.hash, "recording changed the block");
        if number == 0 {
            recording.clear();
            plain.clear();
        }
    }

    let name = kind.name();
    let gas: u64 = plain.blocks.iter().map(|built| built.sealed.block.header.gas_used).sum();
    let mgas_per_block = gas as f64 / MEGA / (plain.blocks.len() - 1) as f64;
    let executions = [&plain.execution[..], &recording.execution[..]].concat();
    report.add(format!("{name}.execution_mgas_per_s"), mgas_per_block / median(&executions));
    report.add(format!("{name}.state_root_ms"), median(&plain.roots) * 1000.0);
    report.add(format!("{name}.store_commit_ms"), median(&plain.commits) * 1000.0);
    let building = median(&executions) + median(&plain.roots) + median(&plain.commits);
    let hashing = median_difference(&recording.roots, &plain.roots);
    let recording_cost = hashing + median_difference(&recording.commits, &plain.commits);
    report.add(format!("{name}.witness_recording_ms"), recording_cost * 1000.0);
    report.add(format!("{name}.witness_recording_percent_of_building"), recording_cost / building * 100.0);
    report.add(
        format!("{name}.witness_recording_percent_of_building_without_commit"),
        hashing / (building - median(&plain.commits)) * 100.0,
    );

    measure_batches(&recording, name, report)
}

/// Batches the chain and executes each batch from its witness, on one core.
fn measure_batches(node: &Node<'_>, name: &str, report: &mut Report) -> Result<()> {
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut part = TestChain::new(DataMode::Auditable, Default::default());
    part.config = node.chain.config.clone();
    let (mut witness_bytes, mut batch_bytes, mut count, mut gas) = (0, 0, 0, 0);
    let mut speeds = Vec::new();
    for number in 0..BATCHES {
        let first = 2 + number * BLOCKS_PER_BATCH;
        let last = first + BLOCKS_PER_BATCH - 1;
        part.blocks = node.blocks.iter().take(usize::try_from(last)? + 1).cloned().collect();
        let batch = part.batch(first);
        batch_bytes += encode(DataMode::Auditable, part.config.chain_id, &batch)?.len();
        let input = part.input(first, &batch);
        let witness = node.witness(first, last)?;
        witness_bytes += witness.encode().len();
        let blocks = part.blocks.split_off(usize::try_from(first)?);
        count += blocks.iter().map(|built| built.sealed.block.body.transactions.len()).sum::<usize>();
        let batch_gas: u64 = blocks.iter().map(|built| built.sealed.block.header.gas_used).sum();
        gas += batch_gas;

        let since = Instant::now();
        let transition = one_core.install(|| stateless::run(&part.config, &input, &witness));
        let elapsed = since.elapsed();
        let transition = transition.map_err(|refusal| eyre!("the enclave would refuse: {refusal}"))?;
        ensure!(transition == input.expected, "another transition than expected");
        speeds.push(elapsed.div_f64(batch_gas as f64 / MEGA));
    }
    report.add(format!("{name}.stateless_mgas_per_s_one_core"), 1.0 / median(&speeds));
    report.add(
        format!("{name}.witness_bytes_per_mgas"),
        f64::from(u32::try_from(witness_bytes)?) / (gas as f64 / MEGA),
    );
    report.add(
        format!("{name}.batch_bytes_per_transaction"),
        f64::from(u32::try_from(batch_bytes)?) / f64::from(u32::try_from(count)?),
    );
    Ok(())
}
