//! Stateless execution: what the enclave signs.
//!
//! [`run`] trusts nothing that it is given. From the claimed [`Transition`] alone L1 knows which
//! blocks were executed on which state, because each field is computed here from checked data:
//!
//! ```text
//! parent header ── hash, state root ──> parentOutputRoot
//!      │ witness: L1Block slots
//! parent's origin ── linked L1 headers ──> l1OriginNumber, l1OriginHash
//!      │ receipts under their roots
//! deposits ─┐
//! blobs ────┼── KZG proofs ──> daHash
//!      │    └── data ── signatures ── blocks
//!      └── execution over the witness ──> outputRoot, lastL2Block, lastL2Timestamp
//! ```
//!
//! Execution is deterministic, so for one (config, parent, data, origin) there is one outcome, or
//! a [`Refusal`].

mod input;
mod refusal;

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, B256};

pub use input::BatchInput;
pub use refusal::Refusal;

use crate::{
    ChainConfig, Header,
    batch::{self, Batch, BatchBlock, BlobWithProof},
    block::{BlockExecutor, BlockInput},
    derive::{OriginRange, origin_of},
    transition::{Transition, da_hash, output_root},
    witness::{Witness, WitnessState},
};

/// Re-executes a batch over its witness and returns the transition that it proves, which is then the
/// one that the input claims.
pub fn run(config: &ChainConfig, input: &BatchInput, witness: &Witness) -> Result<Transition, Refusal> {
    let parent_hash = input.parent.hash_slow();
    let parent_output_root = output_root(&input.parent, parent_hash).ok_or(Refusal::ParentHeader)?;

    let mut state = WitnessState::new(witness, &input.parent, parent_hash)?;
    let parent_origin = origin_of(&input.parent, &state)?;
    let mut origins = OriginRange::new(config, parent_origin, &input.l1_headers, &input.receipts)?;

    let da_hash = check_blobs(&input.blobs)?;
    let batch = read_batch(config, input, parent_hash)?;
    let mut senders = recover_senders(&batch)?.into_iter();

    let mut head = Head { header: input.parent.clone(), hash: parent_hash };
    for block in batch.blocks {
        head = execute(config, &head, block, &mut senders, &mut origins, &mut state)?;
    }
    state.finish()?;
    let origin = origins.finish()?;

    let computed = Transition {
        configHash: config.hash(),
        parentOutputRoot: parent_output_root,
        outputRoot: output_root(&head.header, head.hash).ok_or(Refusal::ParentHeader)?,
        lastL2Block: head.header.number,
        lastL2Timestamp: head.header.timestamp,
        l1OriginNumber: origin.number,
        l1OriginHash: origin.hash,
        daHash: da_hash,
    };
    compare(&computed, &input.expected)?;
    Ok(computed)
}

/// The block that the next one is built on.
struct Head {
    header: Header,
    hash: B256,
}

/// The hash of the blobs' versioned hashes, once their bytes are proved to belong to them.
fn check_blobs(blobs: &[BlobWithProof]) -> Result<B256, Refusal> {
    batch::blob::verify(blobs)?;
    Ok(da_hash(&blobs.iter().map(BlobWithProof::versioned_hash).collect::<Vec<_>>()))
}

/// The blocks that the blobs hold, which continue the parent.
fn read_batch(config: &ChainConfig, input: &BatchInput, parent: B256) -> Result<Batch, Refusal> {
    let data = batch::from_blobs(input.blobs.iter().map(|blob| &*blob.blob))?;
    let batch = batch::decode(config.data_mode, config.chain_id, data.into(), &input.signatures)?;
    let number = input.parent.number;
    if batch.parent_hash != parent || number.checked_add(1) != Some(batch.first_number) {
        let (first, claimed) = (batch.first_number, batch.parent_hash);
        return Err(Refusal::Parent { first, claimed, number, parent });
    }
    Ok(batch)
}

/// Who signed the transactions of the batch, in order. A compact batch says who, and must be right.
fn recover_senders(batch: &Batch) -> Result<Vec<Address>, Refusal> {
    let senders = batch::recover_senders(batch.transactions())?;
    let claimed =
        batch.blocks.iter().filter_map(|block| block.compact.as_ref()).flat_map(|part| &part.senders);
    for ((index, signer), claimed) in senders.iter().copied().enumerate().zip(claimed.copied()) {
        if signer != claimed {
            return Err(Refusal::Sender { index, signer, claimed });
        }
    }
    Ok(senders)
}

/// Executes one block on top of `parent` and moves the state to the end of it. Takes as many senders
/// as the block has transactions.
fn execute(
    config: &ChainConfig,
    parent: &Head,
    block: BatchBlock,
    senders: &mut impl Iterator<Item = Address>,
    origins: &mut OriginRange,
    state: &mut WitnessState,
) -> Result<Head, Refusal> {
    let number = parent.header.number.saturating_add(1);
    let refuse = |source| Refusal::Block { number, source };
    let parent_origin = origins.origin().number;
    let deposits = origins.advance(block.origin_number)?;
    let input = BlockInput { timestamp: block.timestamp, origin: origins.origin().clone(), deposits };
    let mut executor =
        BlockExecutor::begin(config, &parent.header, parent.hash, parent_origin, input, &*state)
            .map_err(refuse)?;
    for (index, (transaction, sender)) in block.transactions.into_iter().zip(senders).enumerate() {
        executor
            .push(Recovered::new_unchecked(transaction, sender))
            .map_err(|source| Refusal::Transaction { number, index, source })?;
    }
    let executed = executor.finish().map_err(refuse)?;
    let roots = state.apply(&executed.changes)?;
    let sealed = executed.seal(roots);
    let computed = sealed.block.header.transactions_root;
    if let Some(claimed) = block.compact.map(|part| part.transactions_root)
        && claimed != computed
    {
        return Err(Refusal::TransactionsRoot { number, computed, claimed });
    }
    state.push_block_hash(number, sealed.hash);
    Ok(Head { header: sealed.block.header, hash: sealed.hash })
}

/// Names the first field in which the claim differs from the outcome.
fn compare(computed: &Transition, claimed: &Transition) -> Result<(), Refusal> {
    macro_rules! compare_fields {
        ($($field:ident)*) => {$(
            if computed.$field != claimed.$field {
                return Err(Refusal::Claim {
                    field: stringify!($field),
                    computed: computed.$field.to_string(),
                    claimed: claimed.$field.to_string(),
                });
            }
        )*};
    }
    compare_fields! {
        configHash parentOutputRoot outputRoot lastL2Block lastL2Timestamp l1OriginNumber l1OriginHash daHash
    }
    Ok(())
}
