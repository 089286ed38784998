//! `phala_getWithdrawalProof`: what it takes to prove a withdrawal on L1 now.
//!
//! One parameter: the hash of a withdrawal, or that of an L2 transaction. The answer is a list, in the
//! order in which they were sent: the withdrawal, or all of the transaction's. Each has the arguments
//! of the portal's `proveWithdrawalTransaction` under the names that viem's `proveWithdrawal` takes:
//!
//! ```text
//! [{
//!   withdrawalHash       hash of the withdrawal
//!   withdrawal           { nonce, sender, target, value, gasLimit, data }, as it was sent
//!   transactionHash      the L2 transaction that sent it
//!   l2BlockNumber        its L2 block
//!   l2OutputIndex        number of the latest final output: that of its batch in Rollup
//!   l2OutputRoot         the output
//!   l2OutputBlockNumber  the last L2 block that the output covers
//!   outputRootProof      { version, stateRoot, messagePasserStorageRoot, latestBlockhash }
//!   withdrawalProof      trie nodes from messagePasserStorageRoot to the withdrawal's slot, root first
//! }, ...]
//! ```
//!
//! Numbers are hexadecimal, as everywhere. A withdrawal is in the storage of every output from its own
//! on, so that old ones are proved against the latest output like new ones.
//!
//! Refusals have code -32000. While no final output covers the withdrawal, `data` tells what it waits
//! for: see [`RpcError::NotFinal`].

use alloy::sol_types::SolValue as _;
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use contracts_bindings::IMessagePasser::MessagePassed;
use executor::{
    Header,
    chain::MESSAGE_PASSER,
    transition::output_root,
    trie::{StateTrie, StorageProof},
};
use serde::Serialize;

use super::{Api, Args, RpcError, error::Awaited};
use crate::store::{BatchRecord, BatchStatus, Snapshot};

/// The slot of `L2ToL1MessagePasser` at which `sentMessages` lies.
const SENT_MESSAGES: U256 = U256::ZERO;
/// What a slot of `sentMessages` holds: true.
const SENT: U256 = U256::ONE;

/// `phala_getWithdrawalProof(hash)`.
pub(super) fn proof(api: &Api, args: &Args) -> Result<Vec<WithdrawalProof>, RpcError> {
    let hash: B256 = args.required(0)?;
    // The pool is asked first: what it lets go of is in the store already.
    let pooled = api.pool.get(hash).is_some();
    let snapshot = api.store.snapshot()?;
    let found = Found::by_hash(&snapshot, hash)?.ok_or_else(|| {
        if pooled {
            RpcError::Call(format!("transaction {hash} is not in a block yet"))
        } else {
            RpcError::NoWithdrawal(hash)
        }
    })?;
    let output = snapshot.last_final_batch()?.filter(|batch| batch.last_block >= found.block);
    let Some(output) = output else { return Err(not_final(&snapshot, found.block)?) };
    prove(&snapshot, found, &output)
}

/// Withdrawals of one transaction.
struct Found {
    /// Number of their block.
    block: u64,
    transaction: B256,
    withdrawals: Vec<MessagePassed>,
}

impl Found {
    /// The withdrawal or the transaction with this hash; `None` if there is neither.
    fn by_hash(snapshot: &Snapshot, hash: B256) -> Result<Option<Self>, RpcError> {
        let withdrawal = snapshot.withdrawal(hash)?;
        let Some((block, index)) =
            withdrawal.map_or_else(|| snapshot.transaction(hash), |at| Ok(Some(at)))?
        else {
            return Ok(None);
        };
        let missing = || RpcError::missing("the transaction of", hash);
        let mut withdrawals = snapshot.withdrawals(block, index)?.ok_or_else(missing)?;
        let transaction = if withdrawal.is_some() {
            withdrawals.retain(|withdrawal| withdrawal.withdrawalHash == hash);
            snapshot.transaction_at(block, index)?.ok_or_else(missing)?.0.tx_hash()
        } else {
            hash
        };
        if withdrawals.is_empty() {
            return Err(RpcError::Call(format!("transaction {hash} sent no withdrawal")));
        }
        Ok(Some(Self { block, transaction, withdrawals }))
    }
}

/// Why withdrawals of block `block` cannot be proved yet.
fn not_final(snapshot: &Snapshot, block: u64) -> Result<RpcError, RpcError> {
    let finalized = snapshot.last_final_batch()?.map_or(0, |batch| batch.last_block);
    let batch = snapshot.batch_of_block(block)?;
    let awaited = match batch.as_ref().map(|batch| &batch.status) {
        None => Awaited::Batch,
        Some(BatchStatus::Proving) => Awaited::Proofs,
        Some(BatchStatus::Submitting { .. }) => Awaited::Submission,
        Some(BatchStatus::OnL1 { .. } | BatchStatus::Final) => Awaited::Finality,
    };
    Ok(RpcError::NotFinal { block, finalized, batch: batch.map(|batch| batch.index), awaited })
}

fn prove(snapshot: &Snapshot, found: Found, output: &BatchRecord) -> Result<Vec<WithdrawalProof>, RpcError> {
    let header = snapshot
        .header(output.last_block)?
        .ok_or_else(|| RpcError::missing("the last block of output", output.transition.outputRoot))?;
    let incomplete = || RpcError::missing("the withdrawals root of block", header.seal());
    let l2_output_root = output_root(&header, header.seal()).ok_or_else(incomplete)?;
    let output_root_proof = OutputRootProof {
        version: B256::ZERO,
        state_root: header.state_root,
        message_passer_storage_root: header.withdrawals_root.ok_or_else(incomplete)?,
        latest_blockhash: header.seal(),
    };
    let proofs = storage_proofs(snapshot, &header, &found.withdrawals)?;
    let proved = found.withdrawals.into_iter().zip(proofs).map(|(sent, proof)| {
        if proof.value != SENT {
            return Err(RpcError::missing("in its final state the withdrawal", sent.withdrawalHash));
        }
        Ok(WithdrawalProof {
            withdrawal_hash: sent.withdrawalHash,
            withdrawal: sent.into(),
            transaction_hash: found.transaction,
            l2_block_number: U64::from(found.block),
            l2_output_index: U64::from(output.index),
            l2_output_root,
            l2_output_block_number: U64::from(output.last_block),
            output_root_proof,
            withdrawal_proof: proof.proof,
        })
    });
    proved.collect()
}

/// Proofs of the withdrawals' slots in the state that `header`, the last block of a final batch, ends with.
fn storage_proofs(
    snapshot: &Snapshot,
    header: &Header,
    withdrawals: &[MessagePassed],
) -> Result<Vec<StorageProof>, RpcError> {
    let slots: Vec<U256> = withdrawals.iter().map(|sent| slot(sent.withdrawalHash)).collect();
    let nodes = snapshot.output_nodes();
    Ok(StateTrie::new(header.state_root).prove(&nodes, MESSAGE_PASSER, &slots)?.storage)
}

/// Where `L2ToL1MessagePasser` notes that the withdrawal with this hash was sent.
fn slot(withdrawal: B256) -> U256 {
    keccak256((withdrawal, SENT_MESSAGES).abi_encode()).into()
}

/// A withdrawal and what proves it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithdrawalProof {
    withdrawal_hash: B256,
    withdrawal: Withdrawal,
    transaction_hash: B256,
    l2_block_number: U64,
    l2_output_index: U64,
    l2_output_root: B256,
    l2_output_block_number: U64,
    output_root_proof: OutputRootProof,
    withdrawal_proof: Vec<Bytes>,
}

/// `IPortal.WithdrawalTransaction`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Withdrawal {
    nonce: U256,
    sender: Address,
    target: Address,
    value: U256,
    gas_limit: U256,
    data: Bytes,
}

impl From<MessagePassed> for Withdrawal {
    fn from(sent: MessagePassed) -> Self {
        let MessagePassed { nonce, sender, target, value, gasLimit: gas_limit, data, .. } = sent;
        Self { nonce, sender, target, value, gas_limit, data }
    }
}

/// `IPortal.OutputRootProof`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputRootProof {
    version: B256,
    state_root: B256,
    message_passer_storage_root: B256,
    latest_blockhash: B256,
}
