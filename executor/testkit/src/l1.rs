//! An L1 that mines blocks with deposits.

use alloy_consensus::{
    Eip658Value, Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, proofs::calculate_receipt_root,
};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, LogData, TxKind, U256, keccak256, logs_bloom};
use alloy_sol_types::SolValue;
use executor::{
    ChainConfig,
    block::L1Origin,
    deposit::TRANSACTION_DEPOSITED,
    derive::{DeriveError, deposits_of_block, may_have_deposits},
};
use op_alloy_consensus::TxDeposit;

/// Seconds between blocks.
const BLOCK_TIME: u64 = 12;

/// What somebody asks the portal for.
#[derive(Clone, Debug)]
pub struct Deposit {
    /// The sender on L2.
    pub from: Address,
    /// The recipient, or a creation.
    pub to: TxKind,
    /// Wei that come from L1.
    pub mint: u128,
    /// Wei that go to the recipient.
    pub value: U256,
    /// Gas on L2.
    pub gas_limit: u64,
    /// Call data or init code.
    pub data: Bytes,
}

impl Deposit {
    /// `value` wei from L1 for `to`.
    pub fn of(to: Address, value: u64) -> Self {
        Self {
            from: to,
            to: TxKind::Call(to),
            mint: value.into(),
            value: U256::from(value),
            gas_limit: 100_000,
            data: Bytes::new(),
        }
    }

    /// The event that the portal emits.
    pub fn log(&self, portal: Address) -> Log {
        let mut opaque = Vec::new();
        opaque.extend(U256::from(self.mint).to_be_bytes::<32>());
        opaque.extend(self.value.to_be_bytes::<32>());
        opaque.extend(self.gas_limit.to_be_bytes());
        opaque.push(self.to.is_create().into());
        opaque.extend(&self.data);
        let to = self.to.to().copied().unwrap_or_default();
        let topics = vec![TRANSACTION_DEPOSITED, self.from.into_word(), to.into_word(), B256::ZERO];
        Log { address: portal, data: LogData::new_unchecked(topics, Bytes::from(opaque).abi_encode().into()) }
    }
}

/// A chain of headers with their receipts.
#[derive(Clone, Debug)]
pub struct L1 {
    portal: Address,
    first: u64,
    blocks: Vec<(Header, Vec<ReceiptEnvelope>)>,
}

impl L1 {
    /// A chain whose first block is `number` at `timestamp`.
    pub fn new(portal: Address, number: u64, timestamp: u64) -> Self {
        let mut l1 = Self { portal, first: number, blocks: Vec::new() };
        l1.push(B256::ZERO, timestamp, Vec::new());
        l1
    }

    /// Mines a block in which each deposit is a transaction of its own, between others.
    pub fn mine(&mut self, deposits: &[Deposit]) -> u64 {
        let noise = || Log {
            address: Address::repeat_byte(0x99),
            data: LogData::new_unchecked(vec![B256::repeat_byte(2)], Bytes::new()),
        };
        let mut logs = Vec::new();
        for deposit in deposits {
            logs.push(vec![noise(), deposit.log(self.portal), noise()]);
        }
        logs.push(vec![noise()]);
        self.mine_logs(logs)
    }

    /// Mines a block with a transaction for each list of logs.
    pub fn mine_logs(&mut self, logs: Vec<Vec<Log>>) -> u64 {
        let (parent, _) = self.blocks.last().expect("there is a first block");
        self.push(parent.hash_slow(), parent.timestamp + BLOCK_TIME, logs)
    }

    fn push(&mut self, parent_hash: B256, timestamp: u64, logs: Vec<Vec<Log>>) -> u64 {
        let number = self.first + self.blocks.len() as u64;
        let mut block_bloom = Bloom::ZERO;
        let mut receipts = Vec::new();
        for (index, logs) in (1u64..).zip(logs) {
            let bloom = logs_bloom(&logs);
            block_bloom |= bloom;
            let receipt =
                Receipt { status: Eip658Value::success(), cumulative_gas_used: index * 50_000, logs };
            receipts.push(ReceiptEnvelope::Eip1559(ReceiptWithBloom { receipt, logs_bloom: bloom }));
        }
        let header = Header {
            parent_hash,
            number,
            timestamp,
            gas_limit: 60_000_000,
            base_fee_per_gas: Some(1_000_000_000 + number),
            mix_hash: keccak256(number.to_be_bytes()),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom: block_bloom,
            withdrawals_root: Some(B256::ZERO),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(number * 1000),
            parent_beacon_block_root: Some(keccak256(timestamp.to_be_bytes())),
            ..Default::default()
        };
        self.blocks.push((header, receipts));
        number
    }

    /// Header and receipts of a block.
    pub fn block(&self, number: u64) -> &(Header, Vec<ReceiptEnvelope>) {
        &self.blocks[usize::try_from(number - self.first).expect("a short chain")]
    }

    /// Number of the newest block.
    pub fn newest(&self) -> u64 {
        self.first + self.blocks.len() as u64 - 1
    }

    /// A block as an origin.
    pub fn origin(&self, config: &ChainConfig, number: u64) -> L1Origin {
        let (header, _) = self.block(number);
        L1Origin::from_header(config, header, header.hash_slow()).expect("a header of today")
    }

    /// The deposits of a block, in order.
    pub fn deposits(&self, number: u64) -> Result<Vec<TxDeposit>, DeriveError> {
        let (header, receipts) = self.block(number);
        deposits_of_block(self.portal, header, header.hash_slow(), receipts)
    }

    /// The headers of a range of blocks, and the receipts of those that may hold deposits.
    pub fn range(
        &self,
        blocks: std::ops::RangeInclusive<u64>,
    ) -> (Vec<Header>, Vec<(u64, Vec<ReceiptEnvelope>)>) {
        let blocks = || blocks.clone().map(|number| self.block(number));
        let headers = blocks().map(|(header, _)| header.clone()).collect();
        let receipts = blocks()
            .filter(|(header, _)| may_have_deposits(self.portal, header))
            .map(|(header, receipts)| (header.number, receipts.clone()))
            .collect();
        (headers, receipts)
    }
}
