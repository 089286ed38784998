//! What a block says it read is exactly what a stateless run of it will ask for.

use alloy_primitives::{B256, TxKind, U256};
use executor::{
    block::{BlockError, PushError},
    state::{Account, StateError},
};
use op_alloy_consensus::TxDeposit;

use crate::chain::{BASE_FEE, Chain, ETHER, account, call, create, transfer};

/// SLOAD of slot 7, BALANCE of 99.., BLOCKHASH of genesis, EXTCODESIZE of 20...
const READER: &str = "0x6007545073999999999999999999999999999999999999999931505f405073202020202020202020202020202020202020202020\
                      3b50";

fn chain() -> Chain {
    let mut chain = Chain::new();
    chain.state.insert(account(0x10), 1, 0, &READER.replace(char::is_whitespace, ""));
    chain.state.insert(account(0x20), 1, 0, "0x00");
    // Has the same code as 20...
    chain.state.insert(account(0x21), 1, 0, "0x00");
    chain.state.insert(account(0xa1), 0, ETHER, "0x");
    // A sender with code, which EIP-3607 refuses.
    chain.state.insert(account(0xa2), 0, ETHER, "0x5f");
    chain.state.block_hashes.insert(0, chain.genesis.hash);
    chain
}

#[test]
fn the_record_is_what_the_source_was_asked() {
    let chain = chain();
    let block = chain.run(&[
        transfer(account(0xa0), 0, account(0x55), 1),
        call(account(0xa0), 1, account(0x10), 100_000),
        call(account(0xa1), 0, account(0x21), 100_000),
        create(account(0xa1), 1, "0x60015ff3".parse().unwrap()),
    ]);
    let asked = chain.state.asked.borrow();
    assert_eq!(block.accessed, *asked);
    assert!(asked.accounts[&account(0x10)].contains(&U256::from(7)));
    assert!(asked.accounts.contains_key(&account(0x99)));
    assert_eq!(asked.oldest_block_hash, Some(0));
}

/// Each account, slot, code and hash costs one question, however often a block reads it.
#[test]
fn nothing_is_asked_twice() {
    let chain = chain();
    let mut block = chain.begin(chain.input()).unwrap();
    block.push(call(account(0xa0), 0, account(0x10), 100_000)).unwrap();
    block.push(call(account(0xa0), 1, account(0x20), 100_000)).unwrap();
    let questions = *chain.state.questions.borrow();
    block.push(call(account(0xa0), 2, account(0x10), 100_000)).unwrap();
    block.push(transfer(account(0xa0), 3, account(0x99), 5)).unwrap();
    block.push(call(account(0xa0), 4, account(0x20), 100_000)).unwrap();
    assert_eq!(*chain.state.questions.borrow(), questions);
}

/// A transaction that was refused is not in the block, so a stateless run never reads its sender.
#[test]
fn a_refused_transaction_leaves_no_trace() {
    let chain = chain();
    let accepted =
        [transfer(account(0xa0), 0, account(0x55), 1), call(account(0xa0), 1, account(0x10), 100_000)];
    let expected = chain.run(&accepted);

    let busy = self::chain();
    let mut block = busy.begin(busy.input()).unwrap();
    let refused = || {
        [
            // Unknown sender without funds.
            transfer(account(0xb0), 0, account(0x56), 1),
            // Nonce too high; its account is read by no other transaction.
            transfer(account(0xa1), 7, account(0x56), 1),
            // The code of the sender is fetched to refuse it.
            transfer(account(0xa2), 0, account(0x56), 1),
            // Nonce too low for a sender that is part of the block.
            transfer(account(0xa0), 0, account(0x56), 1),
        ]
    };
    for _ in 0..2 {
        for transaction in refused() {
            match block.push(transaction) {
                Err(PushError::Invalid(_)) => {}
                // The last one is valid as long as nothing was pushed.
                Ok(_) => assert_eq!(block.transaction_count(), 1),
                Err(error) => panic!("{error}"),
            }
        }
    }
    drop(block);

    let mut block = busy.begin(busy.input()).unwrap();
    for transaction in accepted {
        for refused in refused().into_iter().take(3) {
            assert!(matches!(block.push(refused), Err(PushError::Invalid(_))));
        }
        block.push(transaction).unwrap();
    }
    let block = block.finish().unwrap();
    assert_eq!(block.accessed, expected.accessed);
    assert_eq!(block.changes, expected.changes);
    assert_eq!(block.receipts, expected.receipts);
}

/// What a refused transaction read counts once a later one that is kept reads it, too.
#[test]
fn a_kept_transaction_records_what_a_refused_one_read_first() {
    let chain = chain();
    let mut block = chain.begin(chain.input()).unwrap();
    assert!(block.push(transfer(account(0xa2), 0, account(0x55), 1)).is_err());
    assert!(block.push(transfer(account(0xa1), 9, account(0x55), 1)).is_err());
    block.push(transfer(account(0xa1), 0, account(0x55), 1)).unwrap();
    block.push(call(account(0xa1), 1, account(0xa2), 100_000)).unwrap();
    let block = block.finish().unwrap();
    let Account { code_hash, .. } = chain.state.accounts[&account(0xa2)];
    assert!(block.accessed.accounts.contains_key(&account(0xa1)));
    assert!(block.accessed.codes.contains(&code_hash));
}

#[test]
fn code_deployed_in_the_block_is_never_fetched() {
    let chain = chain();
    let init_code = "0x60015ff3".parse().unwrap();
    let created = account(0xa0).create(0);
    let block = chain.run(&[create(account(0xa0), 0, init_code), call(account(0xa0), 1, created, 100_000)]);
    let Account { code_hash, .. } = block.changes.accounts[&created].account.unwrap();
    assert!(block.changes.codes.contains_key(&code_hash));
    assert!(!block.accessed.codes.contains(&code_hash));
    assert_eq!(block.accessed, *chain.state.asked.borrow());
}

#[test]
fn a_block_without_transactions_reads_the_message_passer() {
    let chain = chain();
    let block = chain.run(&[]);
    assert!(block.accessed.accounts.contains_key(&executor::chain::MESSAGE_PASSER));
    assert_eq!(block.accessed, *chain.state.asked.borrow());
}

#[test]
fn a_state_that_cannot_be_read_stops_a_push() {
    for broken in [account(0xa0), account(0x10), account(0x99), executor::chain::BASE_FEE_VAULT] {
        let mut chain = chain();
        chain.state.broken = Some(broken);
        let mut block = chain.begin(chain.input()).unwrap();
        let result = block.push(call(account(0xa0), 0, account(0x10), 100_000));
        assert!(matches!(result, Err(PushError::State(StateError::Store(_)))), "{broken}: {result:?}");
    }
}

#[test]
fn a_missing_code_or_block_hash_is_an_error() {
    let mut chain = chain();
    chain.state.codes.clear();
    chain.state.apply(&chain.genesis.changes);
    let mut block = chain.begin(chain.input()).unwrap();
    let result = block.push(call(account(0xa0), 0, account(0x10), 100_000));
    assert!(matches!(result, Err(PushError::State(StateError::MissingCode(_)))), "{result:?}");

    let mut chain = self::chain();
    chain.state.block_hashes.clear();
    let mut block = chain.begin(chain.input()).unwrap();
    let result = block.push(call(account(0xa0), 0, account(0x10), 100_000));
    assert!(matches!(result, Err(PushError::State(StateError::MissingBlockHash(0)))), "{result:?}");
}

#[test]
fn a_state_that_cannot_be_read_stops_a_deposit() {
    for broken in [account(0xa1), account(0x10), account(0x99), executor::chain::L1_BLOCK] {
        let mut chain = chain();
        chain.state.broken = Some(broken);
        let deposit = TxDeposit {
            source_hash: B256::repeat_byte(1),
            from: account(0xa1),
            to: TxKind::Call(account(0x10)),
            mint: u128::from(BASE_FEE),
            gas_limit: 100_000,
            ..Default::default()
        };
        let result = chain.begin(chain.input_with(vec![deposit])).err();
        assert!(matches!(result, Some(BlockError::State(StateError::Store(_)))), "{broken}: {result:?}");
    }
}
