//! A chain of made-up blocks, and the state after each of them in plain maps.
//!
//! The state roots of the blocks come from `alloy-trie`, so every commit also compares our trie, fed
//! from the store, with another implementation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alloy_consensus::{
    BlockBody, Eip658Value, Receipt as PlainReceipt, SignableTransaction, TxEip1559, TxReceipt,
};
use alloy_eips::BlockNumHash;
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, Log, Signature, TxKind, U256, keccak256, map::HashMap,
};
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use executor::block::{L1Origin, SealedBlock};
use executor::chain::{BlobFraction, ChainConfig, DataMode, L1_BLOCK, MESSAGE_PASSER};
use executor::genesis::{Genesis, GenesisAccount};
use executor::state::{Accessed, Account, AccountChange, StateChanges, StateSource};
use executor::trie::{NodeKey, ReplacedNode, StateTrie};
use executor::witness::BlockWitness;
use executor::{Block, Header, Receipt, Transaction};
use op_alloy_consensus::{OpDepositReceipt, TxDeposit};
use sequencer::store::{NewBlock, Snapshot, StateView, Store};

/// How many accounts change, and how many slots of each.
pub(crate) const ACCOUNTS: u8 = 6;
pub(crate) const SLOTS: u8 = 5;

/// The state in plain maps.
pub(crate) type World = BTreeMap<Address, ModelAccount>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelAccount {
    pub(crate) account: Account,
    pub(crate) storage: BTreeMap<U256, U256>,
}

/// One thing a block may do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Fund {
        who: u8,
        balance: u16,
    },
    Write {
        who: u8,
        slot: u8,
        value: u8,
    },
    Deploy {
        who: u8,
        code: u8,
    },
    Destroy {
        who: u8,
    },
    /// A slot of the message passer.
    Send {
        slot: u8,
        value: u8,
    },
    /// Destroyed and made again in the same block, with one slot.
    Remake {
        who: u8,
        slot: u8,
        value: u8,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct ChainBlock {
    pub(crate) sealed: SealedBlock,
    pub(crate) origin: BlockNumHash,
    /// The state after it.
    pub(crate) world: World,
}

pub(crate) struct Chain {
    pub(crate) config: ChainConfig,
    pub(crate) genesis: Genesis,
    pub(crate) blocks: Vec<ChainBlock>,
}

impl Chain {
    /// Only the genesis; chains with different salts differ in it.
    pub(crate) fn new(salt: u64) -> Self {
        let mut genesis = Genesis {
            timestamp: 1000 + salt,
            gas_limit: 60_000_000,
            base_fee: 1_000_000_000,
            origin: L1Origin {
                number: 7,
                hash: B256::repeat_byte(7),
                timestamp: 900,
                base_fee: 1,
                blob_base_fee: 1,
                mix_hash: B256::repeat_byte(8),
                parent_beacon_block_root: B256::repeat_byte(9),
            },
            alloc: BTreeMap::new(),
        };
        let l1_block = GenesisAccount { nonce: 1, code: Bytes::from_static(&[0xfe]), ..Default::default() };
        genesis.alloc.insert(L1_BLOCK, l1_block);
        for who in 0..ACCOUNTS / 2 {
            let storage = BTreeMap::from([(U256::from(1), U256::from(who) + U256::from(1))]);
            let account = GenesisAccount { nonce: 1, balance: U256::from(100), code: code(who), storage };
            genesis.alloc.insert(address(who), account);
        }
        let made = genesis.block().unwrap();
        let config = ChainConfig {
            chain_id: 7425,
            l1_chain_id: 31337,
            portal: Address::repeat_byte(1),
            genesis_hash: made.hash,
            gas_limit: 60_000_000,
            elasticity: 2,
            base_fee_change_denominator: 8,
            min_base_fee: 7,
            data_mode: DataMode::Auditable,
            l1_blob_schedule: vec![BlobFraction { activation_time: 0, update_fraction: 5_007_716 }],
        };
        let world = made.changes.accounts.iter().map(|(address, change)| {
            (*address, ModelAccount { account: change.account.unwrap(), storage: change.storage.clone() })
        });
        let world = world.collect();
        let sealed = SealedBlock {
            block: made.block,
            hash: made.hash,
            senders: vec![],
            receipts: vec![],
            changes: made.changes,
            accessed: Default::default(),
        };
        let origin = BlockNumHash::new(genesis.origin.number, genesis.origin.hash);
        Self { config, genesis, blocks: vec![ChainBlock { sealed, origin, world }] }
    }

    pub(crate) fn open(&self, path: &Path) -> Store {
        Store::open(path, &self.config, &self.genesis).unwrap()
    }

    pub(crate) fn head(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    pub(crate) fn block(&self, number: u64) -> &ChainBlock {
        &self.blocks[number as usize]
    }

    /// Makes the next block.
    pub(crate) fn push(&mut self, changes: &[Change]) {
        let parent = self.blocks.last().unwrap();
        let number = self.head() + 1;
        let (world, changes) = apply(&parent.world, changes);
        let transactions = transactions(number, changes.accounts.len() as u64);
        let receipts = receipts(number, transactions.len());
        let header = Header {
            parent_hash: parent.sealed.hash,
            number,
            timestamp: parent.sealed.block.header.timestamp + 1,
            state_root: state_root(&world),
            logs_bloom: receipts.iter().fold(Default::default(), |bloom, receipt| bloom | receipt.bloom()),
            gas_limit: 60_000_000,
            base_fee_per_gas: Some(7),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            ..Default::default()
        };
        let hash = header.hash_slow();
        let senders = (0..transactions.len()).map(|index| address(index as u8)).collect();
        let body = BlockBody { transactions, ommers: vec![], withdrawals: Some(Withdrawals::default()) };
        let sealed = SealedBlock {
            block: Block { header, body },
            hash,
            senders,
            receipts,
            changes,
            accessed: Default::default(),
        };
        let origin = BlockNumHash::new(7 + number / 3, keccak256((number / 3).to_be_bytes()));
        self.blocks.push(ChainBlock { sealed, origin, world });
    }

    /// The block as the builder would hand it to the store: the trie is fed from the store, and the
    /// witness is recorded. Besides what it changes, the block reads an account and a slot.
    pub(crate) fn new_block(&self, store: &Store, number: u64) -> NewBlock {
        let ChainBlock { sealed, origin, .. } = self.block(number).clone();
        let state = store.snapshot().unwrap().state();
        let mut trie = StateTrie::new(self.block(number - 1).sealed.block.header.state_root);
        trie.start_recording();
        let read = address((number % u64::from(ACCOUNTS)) as u8);
        let accounts = BTreeMap::from([(read, BTreeSet::from([U256::from(1)]))]);
        trie.touch(&state, &Accessed { accounts, ..Default::default() }, &sealed.changes).unwrap();
        let root = trie.apply(&state, &sealed.changes).unwrap();
        assert_eq!(root, sealed.block.header.state_root, "state root of block {number}");
        let touched = trie.take_touched();
        let updates = trie.take_updates();
        let witness = BlockWitness {
            touched,
            wiped: updates.wiped_storages.clone(),
            codes: vec![sealed.hash],
            created_codes: sealed.changes.codes.keys().copied().collect(),
            oldest_block_hash: number.checked_sub(2),
        };
        NewBlock { sealed, trie: updates, witness, origin }
    }

    /// Commits the block `number`, the child of the store's head, and checks that its witness is kept,
    /// and what it replaced.
    pub(crate) fn commit(&self, store: &Store, number: u64) {
        let block = self.new_block(store, number);
        let before = store.snapshot().unwrap();
        store.commit_block(&block).unwrap();
        let after = store.snapshot().unwrap();
        assert_eq!(after.block_witness(number).unwrap().unwrap(), block.witness, "witness of block {number}");
        let nodes = |snapshot: &Snapshot| {
            let dump = snapshot.dump().unwrap();
            BTreeMap::from_iter(dump.into_iter().find(|(name, _)| *name == "TrieNodes").unwrap().1)
        };
        let (mut nodes_then, nodes_now) = (nodes(&before), nodes(&after));
        for ReplacedNode { key, before } in after.replaced_nodes(number).unwrap() {
            let place = nodes_now.keys().chain(nodes_then.keys()).find(|place| is_at(place, &key));
            let place = place.expect("a node stood or stands there").clone();
            assert_eq!(nodes_then.remove(&place).map(Bytes::from), before);
        }
        // The others are as they were.
        assert!(nodes_then.iter().all(|(place, rlp)| nodes_now.get(place) == Some(rlp)));
    }

    /// Compares everything the store says of the head and of the past with the model.
    pub(crate) fn check(&self, store: &Store) {
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.head(), self.head());
        assert_eq!(snapshot.head_hash(), self.blocks.last().unwrap().sealed.hash);
        for number in snapshot.oldest_state().unwrap()..=self.head() {
            self.check_state(&snapshot.state_at(number).unwrap());
        }
        let (accounts, slots, nodes) = state_rows(&self.blocks.last().unwrap().world);
        for (name, rows) in snapshot.dump().unwrap() {
            match name {
                "Accounts" => assert_eq!(rows.len(), accounts),
                "Slots" => assert_eq!(rows.len(), slots),
                "TrieNodes" => assert_eq!(BTreeMap::from_iter(rows), nodes),
                _ => {}
            }
        }
    }

    /// Compares a view of the state with the model: what the EVM reads, and what the trie proves.
    pub(crate) fn check_state(&self, state: &StateView) {
        let number = state.number();
        let ChainBlock { world, sealed, .. } = self.block(number);
        let mut trie = StateTrie::new(sealed.block.header.state_root);
        for address in (0..ACCOUNTS).map(address).chain([L1_BLOCK]) {
            let model = world.get(&address);
            let account = model.map(|model| model.account);
            assert_eq!(state.account(address).unwrap(), account, "{address} at block {number}");
            let proved = trie.account(state, address).unwrap();
            assert_eq!(proved, model.map(trie_account), "{address} in the trie of block {number}");
            for slot in (0..SLOTS).map(U256::from) {
                let value = model.and_then(|model| model.storage.get(&slot)).copied().unwrap_or_default();
                assert_eq!(
                    state.storage(address, slot).unwrap(),
                    value,
                    "{address} {slot} at block {number}"
                );
                assert_eq!(
                    trie.storage(state, address, slot).unwrap(),
                    value,
                    "{address} {slot} in the trie"
                );
            }
            if let Some(hash) =
                account.map(|account| account.code_hash).filter(|hash| *hash != KECCAK256_EMPTY)
            {
                assert_eq!(keccak256(state.code(hash).unwrap()), hash);
            }
        }
    }
}

pub(crate) fn address(who: u8) -> Address {
    Address::from_word(keccak256([who]))
}

fn code(code: u8) -> Bytes {
    Bytes::from(vec![0x60, code, 0x00])
}

/// What a block with these changes leaves behind, and the difference as the executor lists it.
fn apply(before: &World, changes: &[Change]) -> (World, StateChanges) {
    let mut after = before.clone();
    let mut wiped = HashMap::<Address, bool>::default();
    let mut difference = StateChanges::default();
    for change in changes {
        match *change {
            Change::Fund { who, balance } => {
                // Never empty, or EIP-161 would remove it.
                after.entry(address(who)).or_default().account.balance = U256::from(balance) + U256::from(1);
            }
            Change::Write { who, slot, value } => write(&mut after, address(who), slot, value),
            Change::Send { slot, value } => write(&mut after, MESSAGE_PASSER, slot, value),
            Change::Deploy { who, code: which } => {
                let account = &mut after.entry(address(who)).or_default().account;
                account.nonce = account.nonce.max(1);
                account.code_hash = keccak256(code(which));
                difference.codes.insert(account.code_hash, code(which));
            }
            Change::Destroy { who } => {
                after.remove(&address(who));
                wiped.insert(address(who), true);
            }
            Change::Remake { who, slot, value } => {
                after.remove(&address(who));
                wiped.insert(address(who), true);
                write(&mut after, address(who), slot, value);
            }
        }
    }
    let empty = BTreeMap::new();
    for address in before.keys().chain(after.keys()) {
        let (old, new) = (before.get(address), after.get(address));
        let storage_wiped = wiped.contains_key(address) && old.is_some();
        if old == new && !storage_wiped {
            continue;
        }
        let old = if storage_wiped { &empty } else { old.map_or(&empty, |old| &old.storage) };
        let new_storage = new.map_or(&empty, |new| &new.storage);
        let changed =
            old.keys().chain(new_storage.keys()).filter(|slot| old.get(slot) != new_storage.get(slot));
        let storage = changed.map(|slot| (*slot, new_storage.get(slot).copied().unwrap_or_default()));
        let change =
            AccountChange { account: new.map(|new| new.account), storage_wiped, storage: storage.collect() };
        difference.accounts.insert(*address, change);
    }
    (after, difference)
}

fn write(world: &mut World, address: Address, slot: u8, value: u8) {
    let account = world.entry(address).or_default();
    account.account.nonce = account.account.nonce.max(1);
    match value {
        0 => drop(account.storage.remove(&U256::from(slot))),
        value => drop(account.storage.insert(U256::from(slot), U256::from(value))),
    }
}

fn trie_account(model: &ModelAccount) -> TrieAccount {
    let storage = model.storage.iter().map(|(slot, value)| (B256::from(*slot), *value));
    let Account { nonce, balance, code_hash } = model.account;
    TrieAccount { nonce, balance, storage_root: storage_root_unhashed(storage), code_hash }
}

fn state_root(world: &World) -> B256 {
    state_root_unhashed(world.iter().map(|(address, model)| (*address, trie_account(model))))
}

/// How many accounts and slots a store with this state has, and exactly which trie nodes.
fn state_rows(world: &World) -> (usize, usize, BTreeMap<Vec<u8>, Vec<u8>>) {
    let mut changes = StateChanges::default();
    for (address, model) in world {
        let (account, storage) = (Some(model.account), model.storage.clone());
        changes.accounts.insert(*address, AccountChange { account, storage, storage_wiped: false });
    }
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    trie.apply(&NoNodes, &changes).unwrap();
    let nodes = trie.take_updates().nodes.into_iter().filter_map(|(key, rlp)| {
        let owner = key.owner.map_or(vec![0], |owner| [&[1], owner.as_slice()].concat());
        let level = vec![u8::from(key.path.len() > 3)];
        Some(([owner, level, key.path.to_vec()].concat(), rlp?.to_vec()))
    });
    (world.len(), world.values().map(|model| model.storage.len()).sum(), nodes.collect())
}

struct NoNodes;

impl executor::trie::NodeSource for NoNodes {
    fn node(&self, _: Option<B256>, _: &Nibbles, _: B256) -> Result<Bytes, executor::state::StateError> {
        unreachable!("the trie starts empty")
    }
}

/// A deposit and a few user transactions, different in every block.
fn transactions(number: u64, salt: u64) -> Vec<Transaction> {
    let deposit = TxDeposit {
        source_hash: keccak256([number.to_be_bytes(), salt.to_be_bytes()].concat()),
        from: address(0),
        to: TxKind::Call(address(1)),
        mint: 5,
        value: U256::from(number),
        gas_limit: 21_000,
        is_system_transaction: false,
        input: Bytes::new(),
    };
    let user = (0..number % 4).map(|index| {
        let transaction = TxEip1559 {
            chain_id: 7425,
            nonce: number,
            gas_limit: 21_000 + index,
            to: TxKind::Call(address(2)),
            input: Bytes::from(vec![1; (number % 50) as usize]),
            ..Default::default()
        };
        Transaction::Eip1559(transaction.into_signed(Signature::test_signature()))
    });
    std::iter::once(Transaction::from(deposit)).chain(user).collect()
}

fn receipts(number: u64, count: usize) -> Vec<Receipt> {
    let plain = |index: usize| PlainReceipt {
        status: Eip658Value::Eip658(true),
        cumulative_gas_used: 21_000 * (index as u64 + 1),
        logs: vec![Log::new_unchecked(address(1), vec![keccak256(number.to_be_bytes())], Bytes::new())],
    };
    let receipt = |index| match index {
        0 => {
            let deposit = OpDepositReceipt {
                inner: plain(0),
                deposit_nonce: Some(number),
                deposit_receipt_version: Some(1),
            };
            Receipt::Deposit(deposit.into())
        }
        _ => Receipt::Eip1559(plain(index).into()),
    };
    (0..count).map(receipt).collect()
}

/// Whether a key of the table of nodes is that of a place: it ends in the nibbles of the path.
fn is_at(key: &[u8], place: &NodeKey) -> bool {
    let owner = place.owner.map_or(vec![0], |owner| [&[1], owner.as_slice()].concat());
    key.starts_with(&owner) && key.get(owner.len() + 1..) == Some(&place.path.to_vec()[..])
}
