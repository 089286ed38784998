//! Full blocks of transfers: built with and without a witness, batched, and executed again from
//! the witness alone.

use std::time::{Duration, Instant};

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use executor::{
    Transaction,
    batch::{encode, recover_senders},
    block::{BlockExecutor, BlockInput, ExecutedBlock, StateRoots},
    chain::{DataMode, MESSAGE_PASSER},
    stateless,
    trie::StateTrie,
    witness::seal,
};
use executor_testkit::{Built, ORIGIN_NUMBER, TestChain, Wallet};
use eyre::{Result, ensure, eyre};

use crate::{
    million::{Million, SENDERS, TOKEN, holder},
    report::{Report, median},
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

/// One chain under measurement, with its own trie.
struct Side {
    chain: TestChain,
    trie: StateTrie,
    execution: Vec<Duration>,
    roots: Vec<Duration>,
    gas: u64,
}

impl Side {
    fn new(million: &Million) -> Self {
        let chain = million.chain();
        let trie = StateTrie::new(chain.head().sealed.block.header.state_root);
        Self { chain, trie, execution: Vec::new(), roots: Vec::new(), gas: 0 }
    }

    /// Executes a block on the newest state.
    fn execute(&mut self, transactions: &[Recovered<Transaction>]) -> Result<ExecutedBlock> {
        let since = Instant::now();
        let parent = self.chain.head();
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
            &self.chain.state,
        )?;
        for transaction in transactions {
            block.push(transaction.clone())?;
        }
        let block = block.finish()?;
        self.execution.push(since.elapsed());
        Ok(block)
    }

    /// A block as the sequencer builds it: its witness is recorded.
    fn build_recording(&mut self, transactions: &[Recovered<Transaction>]) -> Result<()> {
        let block = self.execute(transactions)?;
        let since = Instant::now();
        let (sealed, updates, witness) = seal(&mut self.trie, &self.chain.state, block)?;
        self.roots.push(since.elapsed());
        self.gas += sealed.block.header.gas_used;
        self.chain.state.commit(sealed.hash, &sealed.changes, updates);
        let origin = self.chain.head().origin.clone();
        self.chain.blocks.push(Built { sealed, witness, origin });
        self.trie.prune(CACHE);
        Ok(())
    }

    /// The same block without a witness.
    fn build_plain(&mut self, transactions: &[Recovered<Transaction>]) -> Result<()> {
        let block = self.execute(transactions)?;
        let since = Instant::now();
        let state_root = self.trie.apply(&self.chain.state, &block.changes)?;
        let message_passer_root = self.trie.storage_root(&self.chain.state, MESSAGE_PASSER)?;
        let updates = self.trie.take_updates();
        let sealed = block.seal(StateRoots { state_root, message_passer_root });
        self.roots.push(since.elapsed());
        self.gas += sealed.block.header.gas_used;
        self.chain.state.commit(sealed.hash, &sealed.changes, updates);
        let origin = self.chain.head().origin.clone();
        self.chain.blocks.push(Built { sealed, witness: Default::default(), origin });
        self.trie.prune(CACHE);
        Ok(())
    }
}

/// Measures one kind of block.
pub(crate) fn measure(million: &Million, kind: Kind, report: &mut Report) -> Result<()> {
    let mut recording = Side::new(million);
    let mut plain = Side::new(million);
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
            recording.build_recording(&transactions)?;
            plain.build_plain(&transactions)?;
        } else {
            plain.build_plain(&transactions)?;
            recording.build_recording(&transactions)?;
        }
        let (ours, theirs) = (recording.chain.head(), plain.chain.head());
        ensure!(ours.sealed.hash == theirs.sealed.hash, "recording changed the block");
        if number == 0 {
            for side in [&mut recording, &mut plain] {
                side.execution.clear();
                side.roots.clear();
                side.gas = 0;
            }
        }
    }

    let name = kind.name();
    let blocks = (BATCHES * BLOCKS_PER_BATCH) as f64;
    let mgas_per_block = recording.gas as f64 / MEGA / blocks;
    let mut executions: Vec<Duration> = [plain.execution.clone(), recording.execution.clone()].concat();
    report.add(format!("{name}.execution_mgas_per_s"), mgas_per_block / median(&mut executions));
    report.add(format!("{name}.state_root_ms"), median(&mut plain.roots.clone()) * 1000.0);
    let built = |side: &Side| median(&mut side.execution.clone()) + median(&mut side.roots.clone());
    let recording_cost = median(&mut recording.roots.clone()) - median(&mut plain.roots.clone());
    report
        .add(format!("{name}.witness_recording_percent_of_building"), recording_cost / built(&plain) * 100.0);

    measure_batches(&recording.chain, name, report)
}

/// Batches the chain and executes each batch from its witness, on one core.
fn measure_batches(chain: &TestChain, name: &str, report: &mut Report) -> Result<()> {
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let (mut witness_bytes, mut batch_bytes, mut count, mut gas) = (0, 0, 0, 0);
    let mut speeds = Vec::new();
    for number in 0..BATCHES {
        let first = 2 + number * BLOCKS_PER_BATCH;
        let last = first + BLOCKS_PER_BATCH - 1;
        let mut part = chain_through(chain, last)?;
        let batch = part.batch(first);
        batch_bytes += encode(DataMode::Auditable, part.config.chain_id, &batch)?.len();
        let input = part.input(first, &batch);
        let witness = part.witness(first);
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
    report.add(format!("{name}.stateless_mgas_per_s_one_core"), 1.0 / median(&mut speeds));
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

/// The chain as it was when `last` was its head.
fn chain_through(chain: &TestChain, last: u64) -> Result<TestChain> {
    let mut part = TestChain::new(DataMode::Auditable, Default::default());
    part.config = chain.config.clone();
    part.blocks = chain.blocks.iter().take(usize::try_from(last)? + 1).cloned().collect();
    part.state = chain.state.clone();
    Ok(part)
}
