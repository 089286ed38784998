//! Random blocks over few accounts and slots, so that branches fork and collapse often.

use alloy_primitives::{Address, B256, U256};
use executor::state::{Accessed, Account, AccountChange, StateChanges};
use proptest::prelude::*;

use crate::model::Model;

/// Pairs of addresses whose hashes share 9 or 10 nibbles, found by search.
const NEAR_ADDRESSES: [u64; 6] = [916_221, 1_035_163, 4463, 889_675, 1_074_236, 232_762];

/// Pairs of slots whose hashes share 8, 9 and 10 nibbles, found by search: their leaves are short
/// enough to be embedded in the branch above, if the values are.
const NEAR_SLOTS: [u64; 10] =
    [1_012_846, 1_300_992, 15_713, 762_455, 268_005, 645_179, 733_203, 140_770, 597_456, 1_382_749];

pub(crate) fn address(index: u8) -> Address {
    let number = NEAR_ADDRESSES.get(usize::from(index)).copied().unwrap_or_else(|| u64::from(index));
    Address::left_padding_from(&number.to_be_bytes())
}

pub(crate) fn slot(index: u8) -> U256 {
    U256::from(NEAR_SLOTS.get(usize::from(index)).copied().unwrap_or_else(|| u64::from(index)))
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Reads an account.
    Account(u8),
    /// Reads a slot.
    Slot(u8, u8),
    /// Sets the balance, making the account if need be.
    Balance(u8, u8),
    /// Writes a slot, making the account if need be; zero clears it.
    Store(u8, u8, U256),
    /// Removes the account with its storage.
    Destroy(u8),
    /// Drops the storage and keeps the account.
    Wipe(u8),
}

pub(crate) fn op(accounts: u8, slots: u8) -> impl Strategy<Value = Op> {
    let value = prop_oneof![
        3 => Just(U256::ZERO),
        4 => (1u64..=3).prop_map(U256::from),
        1 => (100u64..70_000).prop_map(U256::from),
        1 => any::<[u8; 32]>().prop_map(U256::from_be_bytes),
    ];
    prop_oneof![
        2 => (0..accounts).prop_map(Op::Account),
        2 => (0..accounts, 0..slots).prop_map(|(a, s)| Op::Slot(a, s)),
        3 => (0..accounts, 0u8..4).prop_map(|(a, b)| Op::Balance(a, b)),
        8 => (0..accounts, 0..slots, value).prop_map(|(a, s, v)| Op::Store(a, s, v)),
        2 => (0..accounts).prop_map(Op::Destroy),
        1 => (0..accounts).prop_map(Op::Wipe),
    ]
}

/// A block as the trie sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestBlock {
    pub(crate) accessed: Accessed,
    pub(crate) changes: StateChanges,
}

impl TestBlock {
    /// Runs `ops` on `model`, which becomes the state after the block.
    ///
    /// Changes may end where they began, and what is written was not always read: harder than what
    /// execution yields.
    pub(crate) fn run(model: &mut Model, ops: &[Op]) -> Self {
        let mut block = Self::default();
        for op in ops {
            match *op {
                Op::Account(a) => {
                    block.accessed.accounts.entry(address(a)).or_default();
                }
                Op::Slot(a, s) => {
                    block.accessed.accounts.entry(address(a)).or_default().insert(slot(s));
                }
                Op::Balance(a, balance) => {
                    let account = block.change(model, address(a)).account.get_or_insert_default();
                    account.balance = U256::from(balance);
                    account.code_hash = B256::with_last_byte(a % 2);
                }
                Op::Store(a, s, value) => {
                    let change = block.change(model, address(a));
                    change.account.get_or_insert_default();
                    change.storage.insert(slot(s), value);
                }
                Op::Destroy(a) => {
                    let change = block.change(model, address(a));
                    change.account = None;
                    change.storage_wiped = true;
                    change.storage.clear();
                }
                Op::Wipe(a) => {
                    let change = block.change(model, address(a));
                    change.storage_wiped = true;
                    change.storage.clear();
                }
            }
        }
        // A removed account may still list slots, and need not say that they are wiped.
        for (index, change) in block.changes.accounts.values_mut().enumerate() {
            if change.account.is_none() && index % 2 == 0 {
                change.storage_wiped = false;
                change.storage.insert(slot(0), U256::from(7));
            }
        }
        model.apply(&block.changes);
        block
    }

    fn change(&mut self, model: &Model, address: Address) -> &mut AccountChange {
        self.changes.accounts.entry(address).or_insert_with(|| AccountChange {
            account: model.accounts.get(&address).map(|account| account.account),
            ..AccountChange::default()
        })
    }
}

/// An account that exists and holds nothing else of note.
pub(crate) fn account(balance: u64) -> Account {
    Account { balance: U256::from(balance), ..Account::default() }
}
