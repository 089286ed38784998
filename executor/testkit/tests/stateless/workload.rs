//! A chain with a bit of everything in it.

use std::collections::BTreeMap;

use alloy_consensus::{TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use alloy_sol_types::SolCall;
use contracts_bindings::IMessagePasser::initiateWithdrawalCall;
use executor::{
    chain::{DataMode, MESSAGE_PASSER},
    genesis::GenesisAccount,
    stateless::{self, BatchInput, Refusal},
    transition::Transition,
    witness::Witness,
};
use executor_testkit::{CHAIN_ID, Deposit, ORIGIN_NUMBER, TestChain, Wallet, code};

pub(crate) const STORE: Address = address!("5700000000000000000000000000000000000001");
pub(crate) const BLOCK_HASH: Address = address!("5700000000000000000000000000000000000002");
pub(crate) const READ_AND_REVERT: Address = address!("5700000000000000000000000000000000000003");
pub(crate) const TOKEN: Address = address!("5700000000000000000000000000000000000004");

/// How many wallets have funds.
pub(crate) const WALLETS: u64 = 8;
/// Slots of [`STORE`] that are set from the start.
pub(crate) const SLOTS: u64 = 40;

/// A batch, ready to be run.
pub(crate) struct Case {
    pub(crate) chain: TestChain,
    pub(crate) first: u64,
    pub(crate) input: BatchInput,
    pub(crate) witness: Witness,
}

impl Case {
    /// The blocks from `first` on as a batch.
    pub(crate) fn new(chain: TestChain, first: u64) -> Self {
        let input = chain.input(first, &chain.batch(first));
        let witness = chain.witness(first);
        Self { chain, first, input, witness }
    }

    pub(crate) fn run(&self) -> Result<Transition, Refusal> {
        stateless::run(&self.chain.config, &self.input, &self.witness)
    }

    /// Runs with a changed input.
    pub(crate) fn run_with(&self, change: impl FnOnce(&mut BatchInput)) -> Result<Transition, Refusal> {
        let mut input = self.input.clone();
        change(&mut input);
        stateless::run(&self.chain.config, &input, &self.witness)
    }

    /// Runs with a changed witness.
    pub(crate) fn run_with_witness(&self, change: impl FnOnce(&mut Witness)) -> Result<Transition, Refusal> {
        let mut witness = self.witness.clone();
        change(&mut witness);
        stateless::run(&self.chain.config, &self.input, &witness)
    }
}

/// Wallets with funds, the small contracts with state in them, and strangers that make the tries deep.
pub(crate) fn alloc() -> BTreeMap<Address, GenesisAccount> {
    let rich = || GenesisAccount { balance: U256::from(10).pow(U256::from(21)), ..Default::default() };
    let contract = |code| GenesisAccount { nonce: 1, code, ..Default::default() };
    let mut alloc: BTreeMap<_, _> = (0..WALLETS).map(|index| (Wallet::new(index).address, rich())).collect();
    alloc.extend((0..300u64).map(|index| {
        let stranger = Address::from_word(keccak256(index.to_be_bytes()));
        (stranger, GenesisAccount { balance: U256::from(index + 1), ..Default::default() })
    }));
    alloc.insert(STORE, contract(code::STORE));
    alloc.insert(BLOCK_HASH, contract(code::BLOCK_HASH));
    alloc.insert(READ_AND_REVERT, contract(code::READ_AND_REVERT));
    alloc.insert(TOKEN, contract(code::token()));
    let slots = (0..SLOTS).map(|slot| (U256::from(slot), U256::from(slot + 1)));
    alloc.get_mut(&STORE).unwrap().storage.extend(slots);
    let balances =
        (0..WALLETS).map(|index| (code::token_slot(Wallet::new(index).address), U256::from(1_000_000)));
    alloc.get_mut(&TOKEN).unwrap().storage.extend(balances);
    alloc
}

/// Seven blocks after three others: transfers, deposits, creations, cleared storage, withdrawals, old
/// block hashes, a contract that destroys itself, every type of transaction, an empty block.
pub(crate) fn rich(mode: DataMode) -> Case {
    let mut chain = TestChain::new(mode, alloc());
    let mut wallets: Vec<Wallet> = (0..WALLETS).map(Wallet::new).collect();
    let fresh = |byte| Address::repeat_byte(byte);

    // Before the batch.
    for _ in 0..3 {
        let transfer = wallets[0].transfer(fresh(0xf0), 1);
        assert!(chain.build(ORIGIN_NUMBER, [transfer]).is_empty());
    }

    // Transfers; one of them is refused and must leave no trace in the witness.
    let mut gap = Wallet::new(7);
    gap.nonce = 5;
    let transactions = [
        wallets[1].transfer(fresh(0xf1), 1000),
        gap.transfer(fresh(0xf9), 1),
        wallets[2].transfer(Wallet::new(3).address, 2000),
        wallets[1].transfer(fresh(0xf2), 3000),
    ];
    assert_eq!(chain.build(ORIGIN_NUMBER, transactions).len(), 1);

    // The origin moves over two L1 blocks with deposits of all kinds, and one without.
    let store = |slot, value| Deposit {
        to: TxKind::Call(STORE),
        data: code::words(slot, value),
        ..Deposit::of(fresh(0xd4), 0)
    };
    let create =
        Deposit { to: TxKind::Create, data: code::deploy(&code::STORE), ..Deposit::of(fresh(0xd5), 7) };
    chain.l1.mine(&[Deposit::of(fresh(0xd1), 5_000_000), store(100, 1), create]);
    chain.l1.mine(&[]);
    let last = chain.l1.mine(&[Deposit { gas_limit: 1, ..Deposit::of(fresh(0xd2), 1) }, store(3, 0)]);
    let transfer = wallets[1].transfer(fresh(0xd1), 5);
    assert!(chain.build(last, [transfer]).is_empty());

    let receiver = wallets[5].address;
    // A creation, tokens, a withdrawal.
    let withdrawal =
        initiateWithdrawalCall { target: fresh(0x11), gasLimit: U256::from(100_000), data: Bytes::new() };
    let transactions = [
        wallets[2].send(TxKind::Create, U256::ZERO, code::deploy(&code::BLOCK_HASH), 200_000),
        wallets[3].call(TOKEN, code::token_transfer(fresh(0xf3), U256::from(70)), 100_000),
        wallets[4].call(TOKEN, code::token_transfer(receiver, U256::from(1_000_000)), 100_000),
        wallets[5].send(TxKind::Call(MESSAGE_PASSER), U256::from(9), withdrawal.abi_encode().into(), 300_000),
    ];
    let refused = chain.build(last, transactions);
    assert!(refused.is_empty(), "{refused:?}");

    // Storage that goes away: branches collapse.
    let clear: Vec<_> = (0..SLOTS).filter(|slot| slot % 4 != 1).collect();
    let transactions: Vec<_> =
        clear.iter().map(|slot| wallets[6].call(STORE, code::words(*slot, 0), 60_000)).collect();
    assert!(chain.build(last, transactions).is_empty());

    // Hashes of an old block, of one before the batch, and of one within it.
    let transactions = [1, 3, 6].map(|number| wallets[3].call(BLOCK_HASH, code::words(number, 0), 60_000));
    assert!(chain.build(last, transactions).is_empty());

    // Gone before it was there, read for nothing, and the other types.
    let destroy = wallets[1].send(TxKind::Create, U256::from(77), code::SELF_DESTRUCT, 200_000);
    let revert = wallets[2].call(READ_AND_REVERT, code::words(12345, 0), 60_000);
    let legacy = |chain_id, nonce| TxLegacy {
        chain_id,
        nonce,
        gas_price: 3_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(Address::repeat_byte(0xf4)),
        value: U256::from(1),
        input: Bytes::new(),
    };
    let with_list = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce: 1,
        gas_price: 3_000_000_000,
        gas_limit: 100_000,
        to: TxKind::Call(STORE),
        access_list: AccessList(vec![AccessListItem {
            address: STORE,
            storage_keys: vec![B256::with_last_byte(5), B256::repeat_byte(1)],
        }]),
        input: code::words(5, 500),
        ..Default::default()
    };
    let delegate = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_limit: 200_000,
        max_fee_per_gas: 3_000_000_000,
        max_priority_fee_per_gas: 1,
        to: wallets[6].address,
        authorization_list: vec![wallets[6].authorize(CHAIN_ID, STORE, wallets[6].nonce)],
        input: code::words(1, 2),
        ..Default::default()
    };
    let transactions = [
        destroy,
        revert,
        wallets[0].sign(legacy(None, 3)),
        wallets[0].sign(legacy(Some(CHAIN_ID), 4)),
        wallets[5].sign(with_list),
        wallets[7].sign(delegate),
    ];
    let refused = chain.build(last, transactions);
    assert!(refused.is_empty(), "{refused:?}");

    // Nothing but a new origin.
    let last = chain.l1.mine(&[]);
    chain.build(last, []);
    Case::new(chain, 4)
}

/// One block with one deposit and one transfer, on a small state.
pub(crate) fn small(mode: DataMode) -> Case {
    let mut wallet = Wallet::new(0);
    let rich = GenesisAccount { balance: U256::from(10).pow(U256::from(18)), ..Default::default() };
    let mut chain = TestChain::new(mode, [(wallet.address, rich)].into());
    let origin = chain.l1.mine(&[Deposit::of(Address::repeat_byte(0xd1), 5)]);
    assert!(chain.build(origin, [wallet.transfer(Address::repeat_byte(0xf0), 7)]).is_empty());
    Case::new(chain, 1)
}
