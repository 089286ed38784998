//! The binary, run on files whose expected roots come from alloy's `HashBuilder`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failure in a test is the message")]

use std::{fs, path::Path, process::Command};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Log, LogData, U256, address, keccak256};
use alloy_trie::{
    TrieAccount,
    root::{state_root_unhashed, storage_root_unhashed},
};
use serde_json::{Value, json};

/// Recovered from the key: the files need not name it.
const SENDER: Address = address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
const KEY: &str = "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8";
const COINBASE: Address = address!("2adc25665018aa1fe0e6bc666dac8fc2697ff9ba");
const CONTRACT: Address = address!("00000000000000000000000000000000000c0de0");
const OTHER: Address = address!("00000000000000000000000000000000000000aa");
const NO_LOGS: &str = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
const ETHER: u64 = 1_000_000_000_000_000_000;

const UNTIL_TANGERINE: [&str; 3] = ["Frontier", "Homestead", "EIP150"];
const SPURIOUS_TO_BERLIN: [&str; 5] = ["EIP158", "Byzantium", "ConstantinopleFix", "Istanbul", "Berlin"];
const FROM_LONDON: [&str; 6] = ["London", "Merge", "Shanghai", "Cancun", "Prague", "Osaka"];

/// An account, as a file and as a trie would have it.
#[derive(Clone, Default)]
struct Account {
    nonce: u64,
    balance: u64,
    code: &'static str,
    storage: Vec<(u64, u64)>,
}

type State = Vec<(Address, Account)>;

fn rich(nonce: u64, balance: u64) -> Account {
    Account { nonce, balance, ..Default::default() }
}

fn root(state: &State) -> B256 {
    state_root_unhashed(state.iter().map(|(address, account)| {
        let code: Bytes = account.code.parse().unwrap();
        let slots = account.storage.iter();
        let storage_root =
            storage_root_unhashed(slots.map(|(slot, value)| (U256::from(*slot).into(), U256::from(*value))));
        let code_hash = if code.is_empty() { KECCAK256_EMPTY } else { keccak256(code) };
        (
            *address,
            TrieAccount {
                nonce: account.nonce,
                balance: U256::from(account.balance),
                storage_root,
                code_hash,
            },
        )
    }))
}

fn pre(state: &State) -> Value {
    let accounts = state.iter().map(|(address, account)| {
        let storage: serde_json::Map<_, _> = account
            .storage
            .iter()
            .map(|(slot, value)| (format!("{slot:#04x}"), json!(format!("{value:#04x}"))))
            .collect();
        let account = json!({
            "balance": format!("{:#x}", account.balance),
            "code": format!("0x{}", account.code.trim_start_matches("0x")),
            "nonce": format!("{:#04x}", account.nonce),
            "storage": storage,
        });
        (address.to_string(), account)
    });
    accounts.collect::<serde_json::Map<_, _>>().into()
}

fn transaction(to: &str, value: &str, gas_price: u64) -> Value {
    json!({
        "data": ["0x"],
        "gasLimit": ["0x0186a0"],
        "gasPrice": format!("{gas_price:#04x}"),
        "nonce": "0x00",
        "secretKey": KEY,
        "to": to,
        "value": [value],
    })
}

fn expect(hash: B256, logs: &str) -> Value {
    json!([{ "hash": hash, "logs": logs, "indexes": { "data": 0, "gas": 0, "value": 0 } }])
}

fn exception() -> Value {
    json!([{
        "hash": B256::ZERO,
        "logs": NO_LOGS,
        "indexes": { "data": 0, "gas": 0, "value": 0 },
        "expectException": "TransactionException.WHATEVER",
    }])
}

fn file(state: &State, transaction: &Value, post: Vec<(&str, Value)>) -> Value {
    let post: serde_json::Map<_, _> = post.into_iter().map(|(fork, post)| (fork.to_owned(), post)).collect();
    json!({
        "a test": {
            "_info": { "comment": "made for this test" },
            "env": {
                "currentBaseFee": "0x0a",
                "currentCoinbase": COINBASE,
                "currentDifficulty": "0x020000",
                "currentExcessBlobGas": "0x00",
                "currentGasLimit": "0x05f5e100",
                "currentNumber": "0x01",
                "currentRandom": "0x0000000000000000000000000000000000000000000000000000000000020000",
                "currentTimestamp": "0x03e8",
            },
            "pre": pre(state),
            "transaction": transaction,
            "post": post,
        }
    })
}

/// Runs the binary on `folder`: the last line it prints, all it prints, and whether it succeeded.
fn run(folder: &Path) -> (String, String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_executor-statetest")).arg(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text.lines().last().unwrap_or_default().to_owned(), text, output.status.success())
}

fn run_files(files: &[Value]) -> (String, String, bool) {
    let folder = tempfile::tempdir().unwrap();
    for (index, file) in files.iter().enumerate() {
        // Files are found at any depth.
        let path = folder.path().join(format!("{index}"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("test.json"), file.to_string()).unwrap();
    }
    run(folder.path())
}

fn assert_passes(files: &[Value], cases: usize) {
    let (last, text, success) = run_files(files);
    assert_eq!(last, format!("{cases} passed, 0 failed, 0 skipped"), "{text}");
    assert!(success);
}

/// The coinbase earns the whole price until London, and the tip (here: nothing) since.
#[test]
fn a_transfer_under_every_fork() {
    let before = vec![(SENDER, rich(0, ETHER))];
    let fee = 21_000 * 10;
    let sender = (SENDER, rich(1, ETHER - fee - 7));
    let since_london = root(&vec![sender.clone(), (OTHER, rich(0, 7))]);
    let until_berlin = root(&vec![sender, (OTHER, rich(0, 7)), (COINBASE, rich(0, fee))]);
    let old =
        UNTIL_TANGERINE.iter().chain(&SPURIOUS_TO_BERLIN).map(|fork| (*fork, expect(until_berlin, NO_LOGS)));
    let new = FROM_LONDON.iter().map(|fork| (*fork, expect(since_london, NO_LOGS)));
    let file = file(&before, &transaction(&OTHER.to_string(), "0x07", 10), old.chain(new).collect());
    assert_passes(&[file], 14);
}

/// Before EIP-161 a call without value brings its target to be, and a fee of nothing the coinbase;
/// since then, empty accounts that are touched vanish, even one that was there.
#[test]
fn empty_accounts_before_and_since_spurious_dragon() {
    let sender = || (SENDER, rich(0, ETHER));
    let after = || (SENDER, rich(1, ETHER));
    let call = transaction(&OTHER.to_string(), "0x00", 0);
    let empty = |address| (address, Account::default());
    let made = root(&vec![after(), empty(OTHER), empty(COINBASE)]);
    let gone = root(&vec![after()]);
    let post = || {
        let until = UNTIL_TANGERINE.iter().map(|fork| (*fork, expect(made, NO_LOGS)));
        let since = SPURIOUS_TO_BERLIN.iter().map(|fork| (*fork, expect(gone, NO_LOGS)));
        until.chain(since).collect()
    };
    let unknown = file(&vec![sender()], &call, post());
    let known = file(&vec![sender(), empty(OTHER)], &call, post());
    assert_passes(&[unknown, known], 16);
}

/// A contract that writes 2 to slot 1 and zero to slot 2, and logs a word.
#[test]
fn storage_and_logs() {
    let code = "0x6002600155600060025560056000526007602060 00a100".replace(' ', "").leak();
    let contract = |balance, storage| Account { nonce: 1, balance, code, storage };
    let before = vec![(SENDER, rich(0, ETHER)), (CONTRACT, contract(0, vec![(2, 3), (9, 9)]))];
    let log = Log {
        address: CONTRACT,
        data: LogData::new_unchecked(
            vec![B256::with_last_byte(7)],
            B256::with_last_byte(5).0.to_vec().into(),
        ),
    };
    let mut logs = Vec::new();
    alloy_rlp::encode_list(&[log], &mut logs);
    let logs = keccak256(logs).to_string();
    // 21000 + 2 stores to cold slots (22100 + 5000) + a log (375 + 375 + 8 * 32) + 9 pushes and a
    // store to memory (3 each, and 3 for the memory) - a fifth at most is refunded (4800).
    let gas = 21_000 + 22_100 + 5_000 + 1_006 + 9 * 3 + 6 - 4_800;
    let after = vec![(SENDER, rich(1, ETHER - gas * 10 - 1)), (CONTRACT, contract(1, vec![(1, 2), (9, 9)]))];
    let hash = root(&after);
    let post = ["London", "Osaka"].map(|fork| (fork, expect(hash, &logs)));
    assert_passes(&[file(&before, &transaction(&CONTRACT.to_string(), "0x01", 10), post.into())], 2);
}

/// SELFDESTRUCT removes an old contract until Shanghai, and moves its balance since (EIP-6780).
#[test]
fn self_destruct_before_and_since_cancun() {
    let code = "0x60aaff";
    let contract = |balance| Account { nonce: 1, balance, code, storage: vec![(1, 1)] };
    let before = vec![(SENDER, rich(0, ETHER)), (CONTRACT, contract(5)), (OTHER, rich(0, 1))];
    // 21000, a push, and 5000 and the access to a cold account for the opcode.
    let gas = 21_000 + 3 + 5_000 + 2_600;
    let sender = (SENDER, rich(1, ETHER - gas * 10));
    let removed = root(&vec![sender.clone(), (OTHER, rich(0, 6))]);
    let kept = root(&vec![sender, (OTHER, rich(0, 6)), (CONTRACT, contract(0))]);
    let post = [("Shanghai", removed), ("Cancun", kept), ("Osaka", kept)];
    let post = post.map(|(fork, hash)| (fork, expect(hash, NO_LOGS)));
    assert_passes(&[file(&before, &transaction(&CONTRACT.to_string(), "0x00", 10), post.into())], 3);
}

/// EIP-7610: the creation fails and takes all gas. Before, it wiped the storage. Files of both ages
/// exist, and the report tells them apart.
#[test]
fn creation_over_storage() {
    let created = SENDER.create(0);
    let occupant = Account { balance: 3, storage: vec![(1, 1)], ..Default::default() };
    let before = vec![(SENDER, rich(0, ETHER)), (created, occupant.clone())];
    let create = transaction("", "0x00", 10);
    let refused = root(&vec![(SENDER, rich(1, ETHER - 100_000 * 10)), (created, occupant)]);
    let current = file(&before, &create, vec![("Cancun", expect(refused, NO_LOGS))]);
    assert_passes(&[current], 1);

    let gas = 53_000;
    let wiped = root(&vec![(SENDER, rich(1, ETHER - gas * 10)), (created, rich(1, 3))]);
    let old = file(&before, &create, vec![("Cancun", expect(wiped, NO_LOGS))]);
    let (last, text, success) = run_files(&[old]);
    assert_eq!(last, "1 passed, 0 failed, 0 skipped", "{text}");
    assert!(text.contains("1 passed by the rules from before EIP-7610"), "{text}");
    assert!(success);
}

#[test]
fn exceptions() {
    let before = vec![(SENDER, rich(0, 1_000_000))];
    let other = OTHER.to_string();
    let change = |field: &str, value: Value| {
        let mut changed = transaction(&other, "0x00", 10);
        changed[field] = value;
        changed
    };
    let above_256_bits = format!("0x:bigint 0x1{}", "0".repeat(64));
    let files: Vec<_> = [
        change("nonce", json!("0x01")),
        change("nonce", json!("0x010000000000000000")),
        change("value", json!(["0x0f4240"])),
        change("value", json!([above_256_bits])),
        change("gasLimit", json!(["0x5207"])),
        change("gasPrice", json!("0x09")),
        change("chainId", json!("0x02")),
        change("type", json!("0x05")),
        change("secretKey", Value::Null),
        change("secretKey", json!(B256::ZERO)),
        change("blobVersionedHashes", json!([B256::with_last_byte(1)])),
        change("authorizationList", json!([])),
    ]
    .iter()
    .map(|transaction| file(&before, transaction, vec![("Prague", exception()), ("Osaka", exception())]))
    .collect();
    assert_passes(&files, 24);
}

#[test]
fn forks_that_are_not_ours_are_skipped_with_a_reason() {
    let before = vec![(SENDER, rich(0, ETHER))];
    let forks = ["Amsterdam", "Constantinople", "Neverland"];
    let post = forks.map(|fork| (fork, expect(B256::ZERO, NO_LOGS)));
    let (last, text, success) =
        run_files(&[file(&before, &transaction(&OTHER.to_string(), "0x00", 10), post.into())]);
    assert_eq!(last, "0 passed, 0 failed, 3 skipped");
    for fork in forks {
        assert!(text.contains(&format!("skipped 1: {fork}: ")), "{text}");
    }
    assert!(!success, "nothing was run");
}

#[test]
fn whatever_is_wrong_has_failed() {
    let before = vec![(SENDER, rich(0, ETHER))];
    let transfer = transaction(&OTHER.to_string(), "0x07", 10);
    let right = root(&vec![(SENDER, rich(1, ETHER - 210_007)), (OTHER, rich(0, 7))]);
    let wrong_root = file(&before, &transfer, vec![("Osaka", expect(B256::ZERO, NO_LOGS))]);
    let wrong_logs = file(&before, &transfer, vec![("Osaka", expect(right, &B256::ZERO.to_string()))]);
    let no_exception = file(&before, &transfer, vec![("Osaka", exception())]);
    let mut poor = transfer.clone();
    poor["value"] = json!(["0xffffffffffffffffff"]);
    let unexpected = file(&before, &poor, vec![("Osaka", expect(right, NO_LOGS))]);
    let mut bad_index = file(&before, &transfer, vec![("Osaka", expect(right, NO_LOGS))]);
    bad_index["a test"]["post"]["Osaka"][0]["indexes"]["data"] = json!(1);
    for (file, reason) in [
        (wrong_root, "the state root is"),
        (wrong_logs, "the hash of the logs is"),
        (no_exception, "the transaction was run"),
        (unexpected, "unexpected exception: "),
        (bad_index, "there is no alternative 1 for data"),
        (
            json!({ "a test": { "env": {}, "transaction": {}, "post": {} } }),
            "not a state test: missing field",
        ),
    ] {
        let (last, text, success) = run_files(&[file]);
        assert_eq!(last, "0 passed, 1 failed, 0 skipped", "{text}");
        assert!(text.contains(reason), "{text}");
        assert!(!success);
    }
}

#[test]
fn what_is_not_json_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "{ \"a test\": ").unwrap();
    let (last, text, success) = run(folder.path());
    assert_eq!(last, "0 passed, 1 failed, 0 skipped");
    assert!(text.contains("not a state test: EOF"), "{text}");
    assert!(!success);
}

#[test]
fn files_of_another_kind_are_skipped() {
    let before = vec![(SENDER, rich(0, ETHER))];
    let right = root(&vec![(SENDER, rich(1, ETHER - 210_007)), (OTHER, rich(0, 7))]);
    let transfer = transaction(&OTHER.to_string(), "0x07", 10);
    let (last, text, success) = run_files(&[
        file(&before, &transfer, vec![("Osaka", expect(right, NO_LOGS))]),
        json!({ "a test of blocks": { "blocks": [], "pre": {}, "postState": {} } }),
        json!({ "root_hash": "0x00", "test_cases": [] }),
        json!([1, 2]),
    ]);
    assert_eq!(last, "1 passed, 0 failed, 3 skipped");
    assert!(text.contains("skipped 3: files of another kind"), "{text}");
    assert!(success);
}

#[test]
fn nothing_to_run_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (last, _, success) = run(folder.path());
    assert!(last.is_empty() && !success);
    let (_, _, success) = run(&folder.path().join("missing"));
    assert!(!success);
}
