//! One block, transaction by transaction.

use alloy_consensus::{
    Eip658Value, Receipt as ReceiptBody, ReceiptWithBloom, Sealed, Transaction as _, Typed2718,
    transaction::Recovered,
};
use alloy_primitives::{Address, B256, Log, U256, logs_bloom};
use op_alloy_consensus::{OpDepositReceipt, TxDeposit};
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::{block::BlobExcessGasAndPrice, either::Either},
    primitives::{eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE, hardfork::SpecId},
};

use super::{
    BaseFeeRecipient, BlockError, Evm, ExecutedBlock, L1Origin, PushError, next_base_fee, system,
    validate::check_type,
};
use crate::{
    ChainConfig, Header, Receipt, Transaction,
    chain::{BASE_FEE_VAULT, L1_BLOCK, MESSAGE_PASSER, SEQUENCER_FEE_VAULT},
    state::StateSource,
};

/// Version of the deposit receipts (Canyon and later).
const DEPOSIT_RECEIPT_VERSION: u64 = 1;

/// What a block is made of, besides user transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockInput {
    /// Time of the block, in Unix seconds.
    pub timestamp: u64,
    /// The L1 origin of the block.
    pub origin: L1Origin,
    /// The deposits of every L1 block after the parent's origin up to `origin`, in order. Empty if
    /// the origin does not move.
    pub deposits: Vec<TxDeposit>,
}

/// A block in the making.
#[expect(missing_debug_implementations, reason = "revm's instruction table has no Debug")]
pub struct BlockExecutor<S: StateSource> {
    evm: Evm<S>,
    header: Header,
    transactions: Vec<Transaction>,
    senders: Vec<Address>,
    receipts: Vec<Receipt>,
}

/// What became of a transaction that is now in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushedTransaction {
    /// Gas it used.
    pub gas_used: u64,
    /// Whether it did what it asked for; if not, it reverted or halted.
    pub success: bool,
}

impl<S: StateSource> BlockExecutor<S> {
    /// Begins the child of `parent`, whose hash is `parent_hash`, whose L1 origin is block
    /// `parent_origin`, and after which the state is `state`.
    ///
    /// Runs the system calls and every deposit.
    pub fn begin(
        config: &ChainConfig,
        parent: &Header,
        parent_hash: B256,
        parent_origin: u64,
        input: BlockInput,
        state: S,
    ) -> Result<Self, BlockError> {
        check_input(config, parent, parent_origin, &input)?;
        let BlockInput { timestamp, origin, deposits } = input;
        let header = Header {
            parent_hash,
            beneficiary: SEQUENCER_FEE_VAULT,
            number: parent.number.checked_add(1).ok_or(BlockError::NumberOverflow(parent.number))?,
            gas_limit: config.gas_limit,
            timestamp,
            mix_hash: origin.mix_hash,
            base_fee_per_gas: Some(next_base_fee(config, parent)?),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(origin.parent_beacon_block_root),
            ..Default::default()
        };
        let fees = BaseFeeRecipient::Vault(BASE_FEE_VAULT);
        let mut evm = Evm::new(evm_config(config), block_env(&header), fees, state);
        // Its storage root is part of the header.
        evm.account(MESSAGE_PASSER)?;
        // A run over a witness reads the parent's origin, whether or not it moves.
        for (slot, _) in origin.storage() {
            evm.storage(L1_BLOCK, slot)?;
        }
        system::store_beacon_root(&mut evm, origin.parent_beacon_block_root)?;
        system::store_parent_hash(&mut evm, parent_hash)?;
        if origin.number > parent_origin {
            system::store_origin(&mut evm, &origin)?;
        }
        let mut block =
            Self { evm, header, transactions: Vec::new(), senders: Vec::new(), receipts: Vec::new() };
        for deposit in deposits {
            block.push_deposit(deposit)?;
        }
        Ok(block)
    }

    /// Adds a user transaction.
    ///
    /// The signer is trusted to be the one that signed. After any error but
    /// [`PushError::State`] and [`PushError::Fatal`] the block is as it was before.
    pub fn push(&mut self, tx: Recovered<Transaction>) -> Result<PushedTransaction, PushError> {
        check_type(&tx)?;
        let (wanted, left) = (tx.gas_limit(), self.gas_left());
        if wanted > left {
            return Err(PushError::GasLimit { wanted, left });
        }
        let result = self.evm.transact(tx_env(&tx))?;
        let pushed = PushedTransaction { gas_used: result.tx_gas_used(), success: result.is_success() };
        let (tx, sender) = tx.into_parts();
        let body = self.receipt(pushed, result.into_logs());
        self.receipts.push(envelope(&tx, body));
        self.transactions.push(tx);
        self.senders.push(sender);
        Ok(pushed)
    }

    fn push_deposit(&mut self, deposit: TxDeposit) -> Result<(), BlockError> {
        let sender = deposit.from;
        let env = TxEnv {
            tx_type: deposit.ty(),
            caller: sender,
            gas_limit: deposit.gas_limit,
            gas_price: 0,
            kind: deposit.to,
            value: deposit.value,
            data: deposit.input.clone(),
            nonce: 0,
            chain_id: None,
            access_list: Default::default(),
            gas_priority_fee: None,
            blob_hashes: Vec::new(),
            max_fee_per_blob_gas: 0,
            authorization_list: Vec::new(),
        };
        let outcome = self.evm.deposit(env, U256::from(deposit.mint))?;
        let pushed = PushedTransaction { gas_used: outcome.gas_used, success: outcome.success };
        let ReceiptWithBloom { receipt, logs_bloom } = self.receipt(pushed, outcome.logs);
        self.receipts.push(Receipt::Deposit(ReceiptWithBloom {
            receipt: OpDepositReceipt {
                inner: receipt,
                deposit_nonce: Some(outcome.nonce),
                deposit_receipt_version: Some(DEPOSIT_RECEIPT_VERSION),
            },
            logs_bloom,
        }));
        self.transactions.push(Transaction::Deposit(Sealed::new(deposit)));
        self.senders.push(sender);
        Ok(())
    }

    /// The receipt of a transaction that just ran.
    fn receipt(&mut self, pushed: PushedTransaction, logs: Vec<Log>) -> ReceiptWithBloom<ReceiptBody> {
        // Cannot overflow: no transaction uses more than the gas that is left.
        self.header.gas_used = self.header.gas_used.saturating_add(pushed.gas_used);
        let logs_bloom = logs_bloom(&logs);
        let receipt = ReceiptBody {
            status: Eip658Value::Eip658(pushed.success),
            cumulative_gas_used: self.header.gas_used,
            logs,
        };
        ReceiptWithBloom { receipt, logs_bloom }
    }

    /// Number of the block.
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// Base fee of the block, in wei per gas.
    pub fn base_fee(&self) -> u64 {
        self.header.base_fee_per_gas.unwrap_or_default()
    }

    /// Gas used so far.
    pub const fn gas_used(&self) -> u64 {
        self.header.gas_used
    }

    /// Gas that the block has left.
    pub const fn gas_left(&self) -> u64 {
        self.header.gas_limit.saturating_sub(self.header.gas_used)
    }

    /// How many transactions the block has so far, deposits included.
    pub const fn transaction_count(&self) -> usize {
        self.transactions.len()
    }

    /// The receipts so far.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Ends the block.
    pub fn finish(self) -> Result<ExecutedBlock, BlockError> {
        let Self { evm, header, transactions, senders, receipts, .. } = self;
        let (changes, accessed) = evm.into_changes();
        Ok(ExecutedBlock { header, transactions, senders, receipts, changes, accessed })
    }
}

/// The rules that tie a block to its parent and its origin.
fn check_input(
    config: &ChainConfig,
    parent: &Header,
    parent_origin: u64,
    input: &BlockInput,
) -> Result<(), BlockError> {
    let BlockInput { timestamp, ref origin, ref deposits } = *input;
    if timestamp <= parent.timestamp {
        return Err(BlockError::TimeNotRising { timestamp, parent: parent.timestamp });
    }
    if timestamp < origin.timestamp {
        return Err(BlockError::TimeBeforeOrigin { timestamp, origin: origin.timestamp });
    }
    if origin.number < parent_origin {
        return Err(BlockError::OriginWentBack { origin: origin.number, parent: parent_origin });
    }
    if origin.number == parent_origin && !deposits.is_empty() {
        return Err(BlockError::DepositsWithoutOrigin { origin: origin.number, deposits: deposits.len() });
    }
    if let Some(index) = deposits.iter().position(|deposit| deposit.is_system_transaction) {
        return Err(BlockError::SystemDeposit { index });
    }
    let gas: u128 = deposits.iter().map(|deposit| u128::from(deposit.gas_limit)).sum();
    if gas > config.gas_limit.into() {
        return Err(BlockError::DepositsExceedGasLimit { deposits: gas, limit: config.gas_limit });
    }
    Ok(())
}

/// Mainnet rules at Osaka.
pub(super) fn evm_config(config: &ChainConfig) -> CfgEnv {
    CfgEnv::new_with_spec(SpecId::OSAKA).with_chain_id(config.chain_id).enable_tx_chain_id_check()
}

/// What contracts see of the block with this header.
pub(super) fn block_env(header: &Header) -> BlockEnv {
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        // There are no blobs on L2: BLOBBASEFEE is the minimum, 1 wei, whatever the fraction.
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(0, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE)),
        slot_num: 0,
    }
}

/// What revm needs to know of a transaction.
pub(super) fn tx_env(tx: &Recovered<Transaction>) -> TxEnv {
    TxEnv {
        tx_type: tx.ty(),
        caller: tx.signer(),
        gas_limit: tx.gas_limit(),
        gas_price: tx.max_fee_per_gas(),
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: tx.max_priority_fee_per_gas(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: tx
            .authorization_list()
            .unwrap_or_default()
            .iter()
            .cloned()
            .map(Either::Left)
            .collect(),
    }
}

/// The receipt of a user transaction, with its type.
fn envelope(tx: &Transaction, receipt: ReceiptWithBloom<ReceiptBody>) -> Receipt {
    match tx {
        Transaction::Legacy(_) => Receipt::Legacy(receipt),
        Transaction::Eip2930(_) => Receipt::Eip2930(receipt),
        Transaction::Eip1559(_) => Receipt::Eip1559(receipt),
        Transaction::Eip7702(_) => Receipt::Eip7702(receipt),
        Transaction::Deposit(_) | Transaction::PostExec(_) => Receipt::PostExec(receipt),
    }
}
