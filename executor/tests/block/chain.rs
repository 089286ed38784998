//! A chain of one genesis block, and its state in memory.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use alloy_consensus::{Signed, TxEip1559, TxLegacy, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Signature, TxKind, U256, keccak256};
use executor::{
    ChainConfig, Header, Transaction,
    block::{BlockError, BlockExecutor, BlockInput, ExecutedBlock, L1Origin},
    chain::DataMode,
    genesis::{Genesis, GenesisAccount, GenesisBlock},
    state::{Accessed, Account, StateChanges, StateError, StateSource},
};
use op_alloy_consensus::TxDeposit;

/// The floor of the base fee, and the base fee of every block in these tests, in wei per gas.
pub(crate) const BASE_FEE: u64 = 1_000_000_000;
pub(crate) const CHAIN_ID: u64 = 7425;
pub(crate) const ETHER: u128 = 1_000_000_000_000_000_000;

/// The address that repeats `byte`.
pub(crate) fn account(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

/// State in memory that keeps a record of every question.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) accounts: BTreeMap<Address, Account>,
    pub(crate) storage: BTreeMap<(Address, U256), U256>,
    pub(crate) codes: BTreeMap<B256, Bytes>,
    pub(crate) block_hashes: BTreeMap<u64, B256>,
    /// Everything that was asked, and how often.
    pub(crate) asked: RefCell<Accessed>,
    pub(crate) questions: RefCell<usize>,
    /// Questions about this account fail.
    pub(crate) broken: Option<Address>,
}

impl Memory {
    pub(crate) fn insert(&mut self, address: Address, nonce: u64, balance: u128, code: &str) {
        let code: Bytes = code.parse().unwrap();
        let code_hash = if code.is_empty() { KECCAK256_EMPTY } else { keccak256(&code) };
        self.accounts.insert(address, Account { nonce, balance: U256::from(balance), code_hash });
        if !code.is_empty() {
            self.codes.insert(code_hash, code);
        }
    }

    pub(crate) fn apply(&mut self, changes: &StateChanges) {
        for (address, change) in &changes.accounts {
            if change.storage_wiped || change.account.is_none() {
                self.storage.retain(|(owner, _), _| owner != address);
            }
            match change.account {
                Some(account) => self.accounts.insert(*address, account),
                None => self.accounts.remove(address),
            };
            for (slot, value) in &change.storage {
                self.storage.insert((*address, *slot), *value);
            }
        }
        self.codes.extend(changes.codes.clone());
        self.storage.retain(|_, value| !value.is_zero());
    }

    fn ask(&self, address: Address) -> Result<(), StateError> {
        *self.questions.borrow_mut() += 1;
        if self.broken == Some(address) {
            return Err(StateError::Store("the disk is on fire".into()));
        }
        Ok(())
    }
}

impl StateSource for Memory {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.ask(address)?;
        self.asked.borrow_mut().accounts.entry(address).or_default();
        Ok(self.accounts.get(&address).copied())
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.ask(address)?;
        self.asked.borrow_mut().accounts.entry(address).or_default().insert(slot);
        Ok(self.storage.get(&(address, slot)).copied().unwrap_or_default())
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        *self.questions.borrow_mut() += 1;
        self.asked.borrow_mut().codes.insert(code_hash);
        self.codes.get(&code_hash).cloned().ok_or(StateError::MissingCode(code_hash))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        *self.questions.borrow_mut() += 1;
        let oldest = &mut self.asked.borrow_mut().oldest_block_hash;
        *oldest = Some(oldest.map_or(number, |oldest| oldest.min(number)));
        self.block_hashes.get(&number).copied().ok_or(StateError::MissingBlockHash(number))
    }
}

/// A chain that has its genesis block only.
pub(crate) struct Chain {
    pub(crate) config: ChainConfig,
    pub(crate) genesis: GenesisBlock,
    pub(crate) origin: L1Origin,
    pub(crate) state: Memory,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let genesis = Self::genesis();
        let origin = genesis.origin.clone();
        let genesis = genesis.block().unwrap();
        let config = ChainConfig {
            chain_id: CHAIN_ID,
            l1_chain_id: 31337,
            portal: account(0xee),
            genesis_hash: genesis.hash,
            gas_limit: 60_000_000,
            elasticity: 6,
            base_fee_change_denominator: 250,
            min_base_fee: BASE_FEE,
            data_mode: DataMode::Auditable,
            l1_blob_schedule: Vec::new(),
        };
        let mut state = Memory::default();
        state.apply(&genesis.changes);
        Self { config, genesis, origin, state }
    }

    /// Predeploys as they are in production, and a rich account `a0`.
    pub(crate) fn genesis() -> Genesis {
        let mut alloc: BTreeMap<_, _> = contracts_bindings::predeploys()
            .unwrap()
            .into_iter()
            .map(|(address, code)| (address, GenesisAccount { nonce: 1, code, ..Default::default() }))
            .collect();
        let rich = GenesisAccount { balance: U256::from(1000 * ETHER), ..Default::default() };
        alloc.insert(account(0xa0), rich);
        Genesis {
            timestamp: 1_800_000_000,
            gas_limit: 60_000_000,
            base_fee: BASE_FEE,
            origin: L1Origin {
                number: 100,
                hash: B256::repeat_byte(0x11),
                timestamp: 1_799_999_998,
                base_fee: 7,
                blob_base_fee: 1,
                mix_hash: B256::repeat_byte(0x12),
                parent_beacon_block_root: B256::repeat_byte(0x13),
            },
            alloc,
        }
    }

    pub(crate) fn parent(&self) -> &Header {
        &self.genesis.block.header
    }

    /// The input of the first block, on the origin of genesis.
    pub(crate) fn input(&self) -> BlockInput {
        BlockInput {
            timestamp: self.parent().timestamp + 1,
            origin: self.origin.clone(),
            deposits: Vec::new(),
        }
    }

    /// The input of the first block, on the next origin, with `deposits`.
    pub(crate) fn input_with(&self, deposits: Vec<TxDeposit>) -> BlockInput {
        let origin = L1Origin {
            number: self.origin.number + 1,
            hash: B256::repeat_byte(0x21),
            timestamp: self.origin.timestamp + 2,
            base_fee: 8,
            blob_base_fee: 2,
            mix_hash: B256::repeat_byte(0x22),
            parent_beacon_block_root: B256::repeat_byte(0x23),
        };
        BlockInput { timestamp: self.parent().timestamp + 1, origin, deposits }
    }

    pub(crate) fn begin(&self, input: BlockInput) -> Result<BlockExecutor<&Memory>, BlockError> {
        let (hash, origin) = (self.genesis.hash, self.origin.number);
        BlockExecutor::begin(&self.config, self.parent(), hash, origin, input, &self.state)
    }

    /// A block of `transactions` on the origin of genesis.
    pub(crate) fn run(&self, transactions: &[Recovered<Transaction>]) -> ExecutedBlock {
        let mut block = self.begin(self.input()).unwrap();
        for transaction in transactions {
            block.push(transaction.clone()).unwrap();
        }
        block.finish().unwrap()
    }
}

/// Accounts that the system calls and the fees of a block change.
pub(crate) fn system_accounts() -> BTreeSet<Address> {
    use alloy_eips::{eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS};
    use executor::chain::{BASE_FEE_VAULT, L1_BLOCK, MESSAGE_PASSER, SEQUENCER_FEE_VAULT};
    [
        BASE_FEE_VAULT,
        BEACON_ROOTS_ADDRESS,
        HISTORY_STORAGE_ADDRESS,
        L1_BLOCK,
        MESSAGE_PASSER,
        SEQUENCER_FEE_VAULT,
    ]
    .into()
}

/// A transaction that `from` is taken to have signed. It pays a tip of 1 gwei.
pub(crate) fn transaction(from: Address, tx: TxEip1559) -> Recovered<Transaction> {
    let tx = TxEip1559 {
        chain_id: CHAIN_ID,
        max_fee_per_gas: 3 * u128::from(BASE_FEE),
        max_priority_fee_per_gas: u128::from(BASE_FEE),
        ..tx
    };
    recovered(from, Transaction::Eip1559(Signed::new_unhashed(tx, Signature::test_signature())))
}

/// A call with `gas_limit` gas and without value.
pub(crate) fn call(from: Address, nonce: u64, to: Address, gas_limit: u64) -> Recovered<Transaction> {
    transaction(from, TxEip1559 { nonce, gas_limit, to: TxKind::Call(to), ..Default::default() })
}

/// A transfer of `value` wei.
pub(crate) fn transfer(from: Address, nonce: u64, to: Address, value: u128) -> Recovered<Transaction> {
    let (to, value) = (TxKind::Call(to), U256::from(value));
    transaction(from, TxEip1559 { nonce, gas_limit: 21_000, to, value, ..Default::default() })
}

/// A deployment.
pub(crate) fn create(from: Address, nonce: u64, init_code: Bytes) -> Recovered<Transaction> {
    let to = TxKind::Create;
    transaction(from, TxEip1559 { nonce, gas_limit: 1_000_000, to, input: init_code, ..Default::default() })
}

pub(crate) fn legacy(from: Address, tx: TxLegacy) -> Recovered<Transaction> {
    recovered(from, Transaction::Legacy(Signed::new_unhashed(tx, Signature::test_signature())))
}

pub(crate) fn recovered(from: Address, tx: Transaction) -> Recovered<Transaction> {
    Recovered::new_unchecked(tx, from)
}
