//! Random programs, under the rules of every fork, three transactions in a row.
//!
//! - What our cache makes of them is what revm's own `State` makes of them.
//! - What was recorded as read is what the source was asked.
//! - A run on nothing but what was recorded comes to the same end.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, TxKind, U256, address};
use executor::{
    block::{BaseFeeRecipient, Evm},
    state::{Accessed, Account, StateChanges, StateError, StateSource},
};
use proptest::{collection::vec, prelude::*};
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    bytecode::Bytecode,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::result::ExecutionResult,
    database::{CacheState, State},
    primitives::hardfork::SpecId,
    state::AccountInfo,
};

use crate::chain::{ETHER, Memory, account};

const SENDER: Address = address!("a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0");
const COINBASE: Address = address!("cbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcb");

const FORKS: [SpecId; 14] = [
    SpecId::FRONTIER,
    SpecId::HOMESTEAD,
    SpecId::TANGERINE,
    SpecId::SPURIOUS_DRAGON,
    SpecId::BYZANTIUM,
    SpecId::PETERSBURG,
    SpecId::ISTANBUL,
    SpecId::BERLIN,
    SpecId::LONDON,
    SpecId::MERGE,
    SpecId::SHANGHAI,
    SpecId::CANCUN,
    SpecId::PRAGUE,
    SpecId::OSAKA,
];

/// One step of a program.
#[derive(Clone, Copy, Debug)]
enum Step {
    Store {
        slot: u8,
        value: u8,
    },
    /// Stores what a slot holds in the slot after it.
    Copy {
        slot: u8,
    },
    Call {
        to: u8,
        value: u8,
    },
    Delegate {
        to: u8,
    },
    StaticCall {
        to: u8,
    },
    /// Stores a balance.
    Balance {
        of: u8,
    },
    /// Creates a contract from the code of another; with CREATE2 if there is a salt.
    Create {
        from: u8,
        value: u8,
        salt: Option<u8>,
    },
    SelfDestruct {
        to: u8,
    },
    Log {
        topic: u8,
    },
    Revert,
    Invalid,
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    let byte = any::<u8>;
    prop_oneof![
        4 => (byte(), byte()).prop_map(|(slot, value)| Step::Store { slot: slot % 4, value: value % 3 }),
        2 => byte().prop_map(|slot| Step::Copy { slot: slot % 4 }),
        5 => (byte(), byte()).prop_map(|(to, value)| Step::Call { to, value: value % 3 }),
        1 => byte().prop_map(|to| Step::Delegate { to }),
        1 => byte().prop_map(|to| Step::StaticCall { to }),
        1 => byte().prop_map(|of| Step::Balance { of }),
        3 => (byte(), byte(), any::<Option<bool>>()).prop_map(|(from, value, salt)| {
            Step::Create { from, value: value % 2, salt: salt.map(u8::from) }
        }),
        2 => byte().prop_map(|to| Step::SelfDestruct { to }),
        1 => byte().prop_map(|topic| Step::Log { topic }),
        1 => Just(Step::Revert),
        1 => Just(Step::Invalid),
        1 => Just(Step::Stop),
    ]
}

/// The account a byte stands for: contracts, precompiles, empty ones, unknown ones, the coinbase.
fn who(byte: u8) -> Address {
    match byte % 12 {
        contract @ 0..=3 => account(0xc0 + contract),
        4 => Address::with_last_byte(1),
        5 => Address::with_last_byte(3),
        6 => account(0xe0),
        7 => account(0xe1),
        8 => account(0xf0),
        9 => COINBASE,
        10 => SENDER,
        _ => account(0xc0).create(1),
    }
}

fn compile(steps: &[Step]) -> Bytes {
    let mut code = Vec::new();
    let push = |code: &mut Vec<u8>, bytes: &[u8]| {
        code.push(0x5f + u8::try_from(bytes.len()).unwrap());
        code.extend_from_slice(bytes);
    };
    let pushes = |code: &mut Vec<u8>, values: &[u8]| values.iter().for_each(|value| push(code, &[*value]));
    for step in steps {
        match *step {
            Step::Store { slot, value } => {
                pushes(&mut code, &[value, slot]);
                code.push(0x55);
            }
            Step::Copy { slot } => {
                pushes(&mut code, &[slot]);
                code.push(0x54);
                pushes(&mut code, &[slot + 1]);
                code.push(0x55);
            }
            Step::Call { to, value } => {
                pushes(&mut code, &[0, 0, 0, 0, value]);
                push(&mut code, who(to).as_slice());
                push(&mut code, &[0x40, 0]);
                code.extend([0xf1, 0x50]);
            }
            Step::Delegate { to } | Step::StaticCall { to } => {
                pushes(&mut code, &[0, 0, 0, 0]);
                push(&mut code, who(to).as_slice());
                push(&mut code, &[0x40, 0]);
                code.extend([if matches!(step, Step::Delegate { .. }) { 0xf4 } else { 0xfa }, 0x50]);
            }
            Step::Balance { of } => {
                push(&mut code, who(of).as_slice());
                code.push(0x31);
                pushes(&mut code, &[5]);
                code.push(0x55);
            }
            Step::Create { from, value, salt } => {
                // The code of another account is the init code.
                pushes(&mut code, &[40, 0, 0]);
                push(&mut code, who(from).as_slice());
                code.push(0x3c);
                pushes(&mut code, salt.as_slice());
                pushes(&mut code, &[40, 0, value]);
                code.extend([if salt.is_some() { 0xf5 } else { 0xf0 }, 0x50]);
            }
            Step::SelfDestruct { to } => {
                push(&mut code, who(to).as_slice());
                code.push(0xff);
            }
            Step::Log { topic } => {
                pushes(&mut code, &[topic, 8, 0]);
                code.push(0xa1);
            }
            Step::Revert => {
                pushes(&mut code, &[0, 0]);
                code.push(0xfd);
            }
            Step::Invalid => code.push(0xfe),
            Step::Stop => code.push(0x00),
        }
    }
    code.into()
}

/// Four contracts, and empty accounts, which only exist before EIP-161.
fn state(programs: &[Vec<Step>], spec: SpecId) -> Memory {
    let mut state = Memory::default();
    state.insert(SENDER, 0, ETHER, "0x");
    for (index, program) in (0xc0..).zip(programs) {
        state.insert(account(index), 1, 2, &compile(program).to_string());
        for slot in 0..3 {
            state.storage.insert((account(index), U256::from(slot)), U256::from(slot + 1));
        }
    }
    state.insert(account(0xf0), 0, 1, "0x");
    if !spec.is_enabled_in(SpecId::SPURIOUS_DRAGON) {
        state.insert(account(0xe0), 0, 0, "0x");
    }
    state
}

fn config(spec: SpecId) -> (CfgEnv, BlockEnv) {
    let block =
        BlockEnv { number: U256::ONE, beneficiary: COINBASE, gas_limit: 60_000_000, ..Default::default() };
    (CfgEnv::new_with_spec(spec), block)
}

/// A transaction to a contract, or one that creates from a contract's code.
fn transaction(nonce: u64, (target, gas, creates): (u8, u64, bool), state: &Memory) -> TxEnv {
    let target = account(0xc0 + target % 4);
    let data = if creates { state.codes.get(&state.accounts[&target].code_hash).cloned() } else { None };
    TxEnv {
        caller: SENDER,
        // Enough for the intrinsic gas of every program as init code.
        gas_limit: 80_000 + gas % 2_000_000,
        gas_price: u128::from(gas % 2),
        kind: if creates { TxKind::Create } else { TxKind::Call(target) },
        value: U256::from(gas % 3),
        data: data.unwrap_or_default(),
        nonce,
        ..Default::default()
    }
}

struct Run {
    results: Vec<ExecutionResult>,
    changes: StateChanges,
    accessed: Accessed,
}

fn run_ours<S: StateSource>(source: S, spec: SpecId, transactions: &[TxEnv]) -> Run {
    let (cfg, block) = config(spec);
    let mut evm = Evm::new(cfg, block, BaseFeeRecipient::Burned, source);
    let results = transactions.iter().map(|tx| evm.transact(tx.clone()).unwrap()).collect();
    let (changes, accessed) = evm.into_changes();
    Run { results, changes, accessed }
}

/// Accounts with their storage, without slots that are zero.
type Plain = BTreeMap<Address, (Account, BTreeMap<U256, U256>)>;

fn plain(state: &Memory) -> Plain {
    let accounts = state.accounts.iter().map(|(address, account)| {
        let slots = state.storage.iter().filter(|((owner, _), _)| owner == address);
        (*address, (*account, slots.map(|((_, slot), value)| (*slot, *value)).collect()))
    });
    accounts.collect()
}

fn run_revm(state: &Memory, spec: SpecId, transactions: &[TxEnv]) -> (Vec<ExecutionResult>, Plain) {
    let mut cache = CacheState::new();
    for (address, (account, storage)) in plain(state) {
        let code = state.codes.get(&account.code_hash).cloned().unwrap_or_default();
        let info =
            AccountInfo::new(account.balance, account.nonce, account.code_hash, Bytecode::new_raw(code));
        cache.insert_account_with_storage(address, info, storage.into_iter().collect());
    }
    let mut database = State::builder().with_cached_prestate(cache).with_bundle_update().build();
    let (cfg, block) = config(spec);
    let context = Context::mainnet().with_cfg(cfg).with_block(block).with_db(&mut database);
    let mut evm = context.build_mainnet();
    let results = transactions.iter().map(|tx| evm.transact_commit(tx.clone()).unwrap()).collect();
    drop(evm);
    let accounts = database.cache.trie_account().into_iter().map(|(address, account)| {
        let info = &account.info;
        let kept = Account { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash };
        let slots = account.storage.iter().filter(|(_, value)| !value.is_zero());
        (address, (kept, slots.map(|(slot, value)| (*slot, *value)).collect()))
    });
    (results, accounts.collect())
}

/// State that has nothing but what was recorded as read.
struct Recorded<'a> {
    state: &'a Memory,
    accessed: &'a Accessed,
}

impl StateSource for Recorded<'_> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        assert!(self.accessed.accounts.contains_key(&address), "{address} was not recorded");
        self.state.account(address)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        assert!(self.accessed.accounts[&address].contains(&slot), "{slot} of {address} was not recorded");
        self.state.storage(address, slot)
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        assert!(self.accessed.codes.contains(&code_hash), "{code_hash} was not recorded");
        self.state.code(code_hash)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.state.block_hash(number)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn three_implementations_agree(
        programs in vec(vec(step(), 0..8), 4),
        calls in vec((any::<u8>(), any::<u64>(), prop::bool::weighted(0.2)), 3),
    ) {
        for spec in FORKS {
            let state = state(&programs, spec);
            let transactions: Vec<_> =
                (0..).zip(&calls).map(|(nonce, call)| transaction(nonce, *call, &state)).collect();
            let ours = run_ours(&state, spec, &transactions);
            prop_assert_eq!(&ours.accessed, &*state.asked.borrow(), "{:?}: reads", spec);

            let (results, expected) = run_revm(&state, spec, &transactions);
            prop_assert_eq!(&ours.results, &results, "{:?}: results", spec);
            let mut after = state.clone();
            after.apply(&ours.changes);
            prop_assert_eq!(plain(&after), expected, "{:?}: state", spec);

            let again = run_ours(Recorded { state: &state, accessed: &ours.accessed }, spec, &transactions);
            prop_assert_eq!(&again.changes, &ours.changes, "{:?}: on the record alone", spec);
            prop_assert_eq!(&again.results, &results);
            prop_assert_eq!(&again.accessed, &ours.accessed);

            check_minimal(&state, &ours.changes)?;
        }
    }
}

/// Nothing is listed that is as it was before.
fn check_minimal(before: &Memory, changes: &StateChanges) -> Result<(), TestCaseError> {
    for (address, change) in &changes.accounts {
        let old = before.accounts.get(address);
        let differs = old != change.account.as_ref() || !change.storage.is_empty() || change.storage_wiped;
        prop_assert!(differs, "{} did not change", address);
        prop_assert!(!change.storage_wiped || old.is_some(), "{} had nothing to wipe", address);
        for (slot, value) in &change.storage {
            let old = before.storage.get(&(*address, *slot)).copied().unwrap_or_default();
            prop_assert!(
                change.storage_wiped || old != *value,
                "slot {} of {} did not change",
                slot,
                address
            );
        }
        if let Some(account) = change.account
            && account.code_hash != KECCAK256_EMPTY
            && old.is_none_or(|old| old.code_hash != account.code_hash)
        {
            prop_assert!(
                changes.codes.contains_key(&account.code_hash),
                "the code of {} is missing",
                address
            );
        }
    }
    Ok(())
}
