//! Whatever happens in the blocks, a run over the witness sees the same.

use alloy_primitives::{Address, TxKind, U256};
use executor::{Transaction, chain::DataMode, witness::Witness};
use executor_testkit::{Deposit, ORIGIN_NUMBER, TestChain, Wallet, code};
use proptest::{collection::vec, prelude::*};

use crate::workload::{BLOCK_HASH, Case, READ_AND_REVERT, SLOTS, STORE, TOKEN, WALLETS, alloc};

/// What somebody does.
#[derive(Clone, Debug)]
enum Action {
    Transfer { to: u8, value: u64 },
    Store { slot: u64, value: u64 },
    Token { to: u8, amount: u64 },
    Deploy,
    SelfDestruct,
    BlockHash { back: u64 },
    Revert { slot: u64 },
    OutOfGas,
    BadNonce,
}

#[derive(Clone, Debug)]
struct Block {
    /// What is deposited in each L1 block that the origin moves over.
    l1_blocks: Vec<Vec<(u8, Action)>>,
    actions: Vec<(u8, Action)>,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (any::<u8>(), 0..1000u64).prop_map(|(to, value)| Action::Transfer { to, value }),
        6 => (0..SLOTS + 20, prop_oneof![Just(0), any::<u64>()])
            .prop_map(|(slot, value)| Action::Store { slot, value }),
        3 => (0..30u8, 0..2_000_000u64).prop_map(|(to, amount)| Action::Token { to, amount }),
        1 => Just(Action::Deploy),
        1 => Just(Action::SelfDestruct),
        1 => (0..12u64).prop_map(|back| Action::BlockHash { back }),
        1 => any::<u64>().prop_map(|slot| Action::Revert { slot }),
        1 => Just(Action::OutOfGas),
        1 => Just(Action::BadNonce),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let actions = |max| vec((any::<u8>(), action()), 0..max);
    (vec(actions(4), 0..3), actions(12)).prop_map(|(l1_blocks, actions)| Block { l1_blocks, actions })
}

/// Where, what with, and with how much gas.
fn target(action: &Action, head: u64) -> (TxKind, u64, alloy_primitives::Bytes, u64) {
    let to = |byte: u8| match u64::from(byte) {
        index @ 0..WALLETS => Wallet::new(index).address,
        _ => Address::repeat_byte(byte),
    };
    match *action {
        Action::Transfer { to: byte, value } => (TxKind::Call(to(byte)), value, Default::default(), 30_000),
        Action::Store { slot, value } => (TxKind::Call(STORE), 0, code::words(slot, value), 80_000),
        Action::Token { to: byte, amount } => {
            (TxKind::Call(TOKEN), 0, code::token_transfer(to(byte), U256::from(amount)), 120_000)
        }
        Action::Deploy => (TxKind::Create, 0, code::deploy(&code::READ_AND_REVERT), 150_000),
        Action::SelfDestruct => (TxKind::Create, 1, code::SELF_DESTRUCT, 150_000),
        Action::BlockHash { back } => {
            (TxKind::Call(BLOCK_HASH), 0, code::words(head.saturating_sub(back), 0), 80_000)
        }
        Action::Revert { slot } => (TxKind::Call(READ_AND_REVERT), 0, code::words(slot, 0), 60_000),
        Action::OutOfGas | Action::BadNonce => (TxKind::Call(STORE), 0, code::words(1, 99), 24_000),
    }
}

fn transaction(wallets: &mut [Wallet], (who, action): &(u8, Action), head: u64) -> Transaction {
    let index = usize::from(*who) % wallets.len();
    let (to, value, data, gas_limit) = target(action, head);
    if matches!(action, Action::BadNonce) {
        let mut gap = wallets[index].clone();
        gap.nonce += 7;
        return gap.send(to, U256::from(value), data, gas_limit);
    }
    wallets[index].send(to, U256::from(value), data, gas_limit)
}

fn deposit((who, action): &(u8, Action), head: u64) -> Deposit {
    let from = Wallet::new(u64::from(*who) % WALLETS).address;
    let (to, value, data, gas_limit) = target(action, head);
    let mint = u128::from(who % 3);
    Deposit { from, to, mint, value: U256::from(value), gas_limit, data }
}

fn build(mode: DataMode, blocks: &[Block]) -> TestChain {
    let mut chain = TestChain::new(mode, alloc());
    let mut wallets: Vec<Wallet> = (0..WALLETS).map(Wallet::new).collect();
    let mut origin = ORIGIN_NUMBER;
    for block in blocks {
        let head = chain.head().sealed.block.header.number;
        for deposits in &block.l1_blocks {
            origin = chain.l1.mine(&deposits.iter().map(|one| deposit(one, head)).collect::<Vec<_>>());
        }
        // Deposits use nonces too.
        for wallet in &mut wallets {
            use executor::state::StateSource;
            wallet.nonce = chain.state.account(wallet.address).unwrap().unwrap().nonce;
        }
        if block.l1_blocks.iter().any(|deposits| !deposits.is_empty()) {
            chain.build(origin, []);
            continue;
        }
        let transactions: Vec<_> =
            block.actions.iter().map(|one| transaction(&mut wallets, one, head)).collect();
        chain.build(origin, transactions);
    }
    chain
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn stateless_is_stateful(
        blocks in vec(block(), 2..8),
        first: prop::sample::Index,
        compact: bool,
        drop: prop::sample::Index,
    ) {
        let mode = if compact { DataMode::Compact } else { DataMode::Auditable };
        let chain = build(mode, &blocks);
        let case = Case::new(chain, 1 + first.index(blocks.len()) as u64);
        prop_assert_eq!(&case.run().unwrap(), &case.input.expected);
        let witness = Witness::decode(case.witness.encode().into()).unwrap();
        prop_assert_eq!(&witness, &case.witness);
        let index = drop.index(witness.nodes.len());
        let outcome = case.run_with_witness(|witness| std::mem::drop(witness.nodes.remove(index)));
        prop_assert!(outcome.is_err());
    }
}
