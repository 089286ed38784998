//! Blocks, transactions and receipts, in the shapes that OP-Stack clients read.

use alloy::{
    consensus::{ReceiptWithBloom, Transaction as _, TxReceipt as _, transaction::Recovered},
    eips::{BlockId, BlockNumberOrTag},
    rpc::types::{Block, BlockTransactions, Header as RpcHeader, Log, TransactionInfo, TransactionReceipt},
};
use alloy_primitives::{Address, B256, Sealed, U64, U256};
use alloy_rlp::Encodable as _;
use executor::{Header, Receipt, Transaction};
use op_alloy_consensus::{
    OpReceipt,
    transaction::{OpDepositInfo, OpTransactionInfo},
};
use op_alloy_rpc_types::{L1BlockInfo, OpTransactionReceipt, Transaction as RpcTransaction};

use super::{Api, Args, RpcError};
use crate::store::{Snapshot, StoredBlock};

/// `eth_getBlockByNumber(block, full)`.
pub(super) fn by_number(api: &Api, args: &Args) -> Result<Option<Block<RpcTransaction>>, RpcError> {
    let number: BlockNumberOrTag = args.required(0)?;
    block(api, number.into(), args.optional(1)?.unwrap_or_default())
}

/// `eth_getBlockByHash(hash, full)`.
pub(super) fn by_hash(api: &Api, args: &Args) -> Result<Option<Block<RpcTransaction>>, RpcError> {
    let hash: B256 = args.required(0)?;
    block(api, hash.into(), args.optional(1)?.unwrap_or_default())
}

/// `eth_getHeaderByNumber(block)`.
pub(super) fn header_by_number(api: &Api, args: &Args) -> Result<Option<RpcHeader>, RpcError> {
    let number: BlockNumberOrTag = args.required(0)?;
    header(api, number.into())
}

/// `eth_getHeaderByHash(hash)`.
pub(super) fn header_by_hash(api: &Api, args: &Args) -> Result<Option<RpcHeader>, RpcError> {
    let hash: B256 = args.required(0)?;
    header(api, hash.into())
}

/// `eth_getBlockTransactionCountByNumber(block)`.
pub(super) fn count_by_number(api: &Api, args: &Args) -> Result<Option<U64>, RpcError> {
    let number: BlockNumberOrTag = args.required(0)?;
    count(api, number.into())
}

/// `eth_getBlockTransactionCountByHash(hash)`.
pub(super) fn count_by_hash(api: &Api, args: &Args) -> Result<Option<U64>, RpcError> {
    let hash: B256 = args.required(0)?;
    count(api, hash.into())
}

/// `eth_getUncleCountByBlockNumber(block)`: there are no uncles.
pub(super) fn uncles_by_number(api: &Api, args: &Args) -> Result<Option<U64>, RpcError> {
    Ok(count_by_number(api, args)?.map(|_| U64::ZERO))
}

/// `eth_getUncleCountByBlockHash(hash)`: there are no uncles.
pub(super) fn uncles_by_hash(api: &Api, args: &Args) -> Result<Option<U64>, RpcError> {
    Ok(count_by_hash(api, args)?.map(|_| U64::ZERO))
}

/// `eth_getBlockReceipts(block)`.
pub(super) fn receipts(api: &Api, args: &Args) -> Result<Option<Vec<OpTransactionReceipt>>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let Some(block) = stored(api, &snapshot, args.required(0)?)? else { return Ok(None) };
    let header = block.sealed_header();
    let receipts = receipts_of(&snapshot, &header)?;
    Ok(Some(rpc_receipts(&block, &header, receipts)))
}

/// `eth_getTransactionByHash(hash)`.
pub(super) fn transaction(api: &Api, args: &Args) -> Result<Option<RpcTransaction>, RpcError> {
    let hash: B256 = args.required(0)?;
    // The pool is asked first: what it lets go of is in the store already.
    let pooled = api.pool.get(hash);
    let snapshot = api.store.snapshot()?;
    if let Some((number, index)) = snapshot.transaction(hash)? {
        return transaction_at(&snapshot, number, index);
    }
    Ok(pooled.map(|transaction| RpcTransaction::from_transaction(transaction, OpTransactionInfo::default())))
}

/// `eth_getRawTransactionByHash(hash)`.
pub(super) fn raw_transaction(api: &Api, args: &Args) -> Result<Option<alloy_primitives::Bytes>, RpcError> {
    use alloy_eips::Encodable2718 as _;
    let hash: B256 = args.required(0)?;
    let pooled = api.pool.get(hash);
    let snapshot = api.store.snapshot()?;
    if let Some((number, index)) = snapshot.transaction(hash)? {
        let found = snapshot.transaction_at(number, index)?;
        return Ok(found.map(|(transaction, _)| transaction.encoded_2718().into()));
    }
    Ok(pooled.map(|transaction| transaction.encoded_2718().into()))
}

/// `eth_getTransactionByBlockNumberAndIndex(block, index)`.
pub(super) fn by_number_and_index(api: &Api, args: &Args) -> Result<Option<RpcTransaction>, RpcError> {
    let number: BlockNumberOrTag = args.required(0)?;
    by_index(api, number.into(), args.required(1)?)
}

/// `eth_getTransactionByBlockHashAndIndex(hash, index)`.
pub(super) fn by_hash_and_index(api: &Api, args: &Args) -> Result<Option<RpcTransaction>, RpcError> {
    let hash: B256 = args.required(0)?;
    by_index(api, hash.into(), args.required(1)?)
}

/// `eth_getTransactionReceipt(hash)`.
pub(super) fn receipt(api: &Api, args: &Args) -> Result<Option<OpTransactionReceipt>, RpcError> {
    let hash: B256 = args.required(0)?;
    let snapshot = api.store.snapshot()?;
    let Some((number, index)) = snapshot.transaction(hash)? else { return Ok(None) };
    let Some(header) = snapshot.header(number)? else { return Ok(None) };
    let Some((transaction, sender)) = snapshot.transaction_at(number, index)? else {
        return Ok(None);
    };
    let mut before = Before::default();
    for (receipt, at) in receipts_of(&snapshot, &header)?.into_iter().zip(0u32..) {
        if at == index {
            let place = Place { header: &header, transaction: &transaction, sender, index: index.into() };
            return Ok(Some(place.receipt(receipt, before)));
        }
        before.pass(&receipt);
    }
    Err(RpcError::missing("the receipt of transaction", hash))
}

/// The header as clients read it.
pub(super) fn rpc_header(header: Sealed<Header>) -> RpcHeader {
    RpcHeader::from_consensus(header, None, None)
}

fn block(api: &Api, id: BlockId, full: bool) -> Result<Option<Block<RpcTransaction>>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let Some(stored) = stored(api, &snapshot, id)? else { return Ok(None) };
    let size = U256::from(stored.block.length());
    let withdrawals = stored.block.body.withdrawals.clone();
    let header = stored.sealed_header();
    let transactions = if full {
        let receipts = receipts_of(&snapshot, &header)?;
        BlockTransactions::Full(rpc_transactions(&stored, &receipts))
    } else {
        let hashes = stored.block.body.transactions.iter().map(|transaction| transaction.tx_hash());
        BlockTransactions::Hashes(hashes.collect())
    };
    Ok(Some(Block {
        header: RpcHeader::from_consensus(header, None, Some(size)),
        uncles: Vec::new(),
        transactions,
        withdrawals,
    }))
}

fn header(api: &Api, id: BlockId) -> Result<Option<RpcHeader>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let Some(number) = api.number(&snapshot, id)? else { return Ok(None) };
    Ok(snapshot.header(number)?.map(rpc_header))
}

fn count(api: &Api, id: BlockId) -> Result<Option<U64>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let Some(number) = api.number(&snapshot, id)? else { return Ok(None) };
    Ok(snapshot.senders(number)?.map(|senders| U64::from(senders.len())))
}

fn stored(api: &Api, snapshot: &Snapshot, id: BlockId) -> Result<Option<StoredBlock>, RpcError> {
    let Some(number) = api.number(snapshot, id)? else { return Ok(None) };
    Ok(snapshot.block(number)?)
}

fn receipts_of(snapshot: &Snapshot, header: &Sealed<Header>) -> Result<Vec<Receipt>, RpcError> {
    snapshot.receipts(header.number)?.ok_or_else(|| RpcError::missing("the receipts of block", header.seal()))
}

fn by_index(api: &Api, id: BlockId, index: U64) -> Result<Option<RpcTransaction>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let Some(number) = api.number(&snapshot, id)? else { return Ok(None) };
    let Ok(index) = u32::try_from(index.to::<u64>()) else { return Ok(None) };
    transaction_at(&snapshot, number, index)
}

/// One transaction of a block; no other is read.
fn transaction_at(snapshot: &Snapshot, number: u64, index: u32) -> Result<Option<RpcTransaction>, RpcError> {
    let Some(header) = snapshot.header(number)? else { return Ok(None) };
    let Some((transaction, sender)) = snapshot.transaction_at(number, index)? else {
        return Ok(None);
    };
    let receipt = snapshot.receipt_at(number, index)?;
    let recovered = Recovered::new_unchecked(transaction, sender);
    let (header, hash) = header.into_parts();
    Ok(Some(rpc_transaction(recovered, &header, hash, index.into(), receipt.as_ref())))
}

fn rpc_transactions(block: &StoredBlock, receipts: &[Receipt]) -> Vec<RpcTransaction> {
    let transactions = block.block.body.transactions.iter().zip(&block.senders).zip(receipts);
    transactions
        .zip(0u64..)
        .map(|(((transaction, sender), receipt), index)| {
            let recovered = Recovered::new_unchecked(transaction.clone(), *sender);
            rpc_transaction(recovered, &block.block.header, block.hash, index, Some(receipt))
        })
        .collect()
}

fn rpc_transaction(
    transaction: Recovered<Transaction>,
    header: &Header,
    block_hash: B256,
    index: u64,
    receipt: Option<&Receipt>,
) -> RpcTransaction {
    let inner = TransactionInfo {
        hash: Some(transaction.tx_hash()),
        index: Some(index),
        block_hash: Some(block_hash),
        block_number: Some(header.number),
        base_fee: header.base_fee_per_gas,
        block_timestamp: Some(header.timestamp),
    };
    let deposit_meta = OpDepositInfo {
        deposit_nonce: receipt.and_then(Receipt::deposit_nonce),
        deposit_receipt_version: receipt.and_then(Receipt::deposit_receipt_version),
    };
    RpcTransaction::from_transaction(transaction, OpTransactionInfo { inner, deposit_meta })
}

fn rpc_receipts(
    block: &StoredBlock,
    header: &Sealed<Header>,
    receipts: Vec<Receipt>,
) -> Vec<OpTransactionReceipt> {
    let mut before = Before::default();
    let transactions = block.block.body.transactions.iter().zip(&block.senders).zip(receipts);
    transactions
        .zip(0u64..)
        .map(|(((transaction, sender), receipt), index)| {
            let here = before;
            before.pass(&receipt);
            Place { header, transaction, sender: *sender, index }.receipt(receipt, here)
        })
        .collect()
}

/// What the block did before a transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    gas: u64,
    logs: u64,
}

impl Before {
    fn pass(&mut self, receipt: &Receipt) {
        self.gas = receipt.cumulative_gas_used();
        self.logs += receipt.logs().len() as u64;
    }
}

/// Where a transaction stands.
struct Place<'a> {
    header: &'a Sealed<Header>,
    transaction: &'a Transaction,
    sender: Address,
    index: u64,
}

impl Place<'_> {
    fn receipt(self, receipt: Receipt, before: Before) -> OpTransactionReceipt {
        let Self { header, transaction, sender, index } = self;
        let transaction_hash = transaction.tx_hash();
        let gas_used = receipt.cumulative_gas_used().saturating_sub(before.gas);
        let is_deposit = receipt.deposit_nonce().is_some();
        let nonce = receipt.deposit_nonce().unwrap_or_else(|| transaction.nonce());
        let logs_bloom = receipt.bloom();
        let mut log_index = before.logs;
        let receipt = OpReceipt::from(receipt).map_logs(|inner| {
            let log = Log {
                inner,
                block_hash: Some(header.seal()),
                block_number: Some(header.number),
                block_timestamp: Some(header.timestamp),
                transaction_hash: Some(transaction_hash),
                transaction_index: Some(index),
                log_index: Some(log_index),
                removed: false,
            };
            log_index += 1;
            log
        });
        let effective_gas_price =
            if is_deposit { 0 } else { transaction.effective_gas_price(header.base_fee_per_gas) };
        let inner = TransactionReceipt {
            inner: ReceiptWithBloom { receipt, logs_bloom },
            transaction_hash,
            transaction_index: Some(index),
            block_hash: Some(header.seal()),
            block_number: Some(header.number),
            gas_used,
            effective_gas_price,
            blob_gas_used: None,
            blob_gas_price: None,
            from: sender,
            to: transaction.to(),
            contract_address: transaction.is_create().then(|| sender.create(nonce)),
        };
        // There is no L1 data fee; OP clients read that from here. Deposits paid on L1.
        let no_fee = (!is_deposit).then_some(0);
        let l1_block_info = L1BlockInfo {
            l1_gas_price: no_fee,
            l1_gas_used: no_fee,
            l1_fee: no_fee,
            ..L1BlockInfo::default()
        };
        OpTransactionReceipt { inner, l1_block_info, op_gas_refund: None }
    }
}

impl StoredBlock {
    /// The header with its hash.
    fn sealed_header(&self) -> Sealed<Header> {
        Sealed::new_unchecked(self.block.header.clone(), self.hash)
    }
}
