//! Folders that cannot be opened, and blocks that do not fit.

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::{Context, Waker};

use alloy_primitives::B256;
use sequencer::store::{Store, StoreError};

use crate::chain::{Chain, Change};

const HOLDER: &str = "STORE_HOLDER_CHILD";
const READER: &str = "STORE_READER_CHILD";

#[test]
fn another_chain_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Chain::new(0), Chain::new(1));
    drop(ours.open(folder.path()));

    match Store::open(folder.path(), &theirs.config, &theirs.genesis) {
        Err(StoreError::OtherChain { what: "genesis hash", expected, found }) => {
            assert_eq!((expected, found), (theirs.config.genesis_hash, ours.config.genesis_hash));
        }
        other => panic!("{other:?}"),
    }
    let mut config = ours.config.clone();
    config.min_base_fee += 1;
    match Store::open(folder.path(), &config, &ours.genesis) {
        Err(StoreError::OtherChain { what: "configuration hash", expected, found }) => {
            assert_eq!((expected, found), (config.hash(), ours.config.hash()));
        }
        other => panic!("{other:?}"),
    }
    ours.check(&ours.open(folder.path()));
}

#[test]
fn a_genesis_that_is_not_the_configured_one_makes_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Chain::new(0), Chain::new(1));
    match Store::open(folder.path(), &ours.config, &theirs.genesis) {
        Err(StoreError::Genesis { expected, found }) => {
            assert_eq!((expected, found), (ours.config.genesis_hash, theirs.config.genesis_hash));
        }
        other => panic!("{other:?}"),
    }
    let mut broken = ours.genesis.clone();
    broken.alloc.clear();
    let refused = Store::open(folder.path(), &ours.config, &broken);
    assert!(matches!(refused, Err(StoreError::BadGenesis(_))), "{refused:?}");
    theirs.check(&theirs.open(folder.path()));
}

#[test]
fn a_store_is_open_once() {
    let chain = Chain::new(0);
    if let Some(folder) = std::env::var_os(HOLDER) {
        let _store = chain.open(folder.as_ref());
        println!("open");
        // Until killed, or until the parent is gone.
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = || {
        matches!(
            Store::open(folder.path(), &chain.config, &chain.genesis),
            Err(StoreError::InUse { path }) if path == folder.path()
        )
    };

    let store = chain.open(folder.path());
    assert!(refused(), "in the same process");
    // A snapshot holds the file open, too.
    let snapshot = store.snapshot().unwrap();
    drop(store);
    assert!(refused(), "while a snapshot lives");
    drop(snapshot);

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "damage::a_store_is_open_once", "--nocapture"])
        .env(HOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "open"));
    assert!(refused(), "in another process");
    child.kill().unwrap();
    child.wait().unwrap();
    chain.check(&chain.open(folder.path()));
}

#[test]
fn a_store_is_closed_once_nothing_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::new(0);
    let store = chain.open(folder.path());
    let reader = std::thread::spawn({
        let (clone, snapshot) = (store.clone(), store.snapshot().unwrap());
        move || {
            std::thread::park();
            drop((clone, snapshot));
        }
    });
    let mut closed = pin!(store.closed());
    let mut context = Context::from_waker(Waker::noop());
    assert!(closed.as_mut().poll(&mut context).is_pending());
    reader.thread().unpark();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(closed);
    chain.check(&chain.open(folder.path()));
    reader.join().unwrap();
}

#[test]
fn a_file_that_is_not_a_store_is_an_error() {
    let chain = Chain::new(0);
    for garbage in [vec![0xa5; 1 << 20], vec![0; 1 << 20], b"not a store".to_vec(), vec![]] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mdbx.dat"), &garbage).unwrap();
        // MDBX makes a database of a file that is too short to be one; it is not ours all the same.
        for _ in 0..2 {
            let refused = Store::open(folder.path(), &chain.config, &chain.genesis);
            let unreadable = matches!(refused, Err(StoreError::Unreadable { .. }));
            let empty = matches!(refused, Err(StoreError::Corrupt { table: "Meta", .. }));
            assert!(unreadable || empty, "{refused:?}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = Store::open(&file, &chain.config, &chain.genesis);
    assert!(matches!(refused, Err(StoreError::Io { .. })), "{refused:?}");
}

/// Reading a damaged file ends in an error, whichever page is hit. In a process of its own, because
/// the file is mapped and a stray page number could end it.
#[test]
fn a_damaged_file_is_an_error() {
    let mut chain = Chain::new(0);
    if let Some(folder) = std::env::var_os(READER) {
        let outcome = match Store::open(folder.as_ref(), &chain.config, &chain.genesis) {
            Ok(store) => store.snapshot().and_then(|snapshot| snapshot.dump()).map(|_| "read"),
            Err(error) => Err(error),
        };
        println!("outcome: {}", outcome.map_or_else(|error| error.to_string(), str::to_owned));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for number in 0..40 {
        chain.push(&[Change::Write { who: number % 6, slot: number % 5, value: number }]);
    }
    let store = chain.open(folder.path());
    (1..=40).for_each(|number| chain.commit(&store, number));
    drop(store);
    let file = folder.path().join("mdbx.dat");
    let intact = std::fs::read(&file).unwrap();

    let outcome = || {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "damage::a_damaged_file_is_an_error", "--nocapture"])
            .env(READER, folder.path())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let outcome = stdout.lines().find_map(|line| line.split_once("outcome: "));
        outcome.unwrap_or_else(|| panic!("{:?}: {stdout}", output.status)).1.to_owned()
    };
    assert_eq!(outcome(), "read");
    let used = intact.chunks_exact(4096).rposition(|page| page.iter().any(|byte| *byte != 0)).unwrap();
    for len in [2048 * used, 4096 * 3 + 17, 4096, 100, 0] {
        std::fs::write(&file, &intact[..len]).unwrap();
        assert_ne!(outcome(), "read", "cut to {len} bytes");
    }
    // Every page in turn overwritten by noise: an error, or not noticed because nothing uses it.
    let mut errors = 0;
    for page in 0..=used {
        let mut damaged = std::fs::File::create(&file).unwrap();
        damaged.write_all(&intact[..4096 * (used + 1)]).unwrap();
        damaged.set_len(intact.len() as u64).unwrap();
        damaged.seek(SeekFrom::Start(4096 * page as u64)).unwrap();
        damaged.write_all(&[0xa5; 4096]).unwrap();
        drop(damaged);
        let outcome = outcome();
        println!("page {page}: {outcome}");
        errors += usize::from(outcome != "read");
    }
    assert!(errors > used / 4, "{errors} of {used} pages");
}

#[test]
fn a_block_that_does_not_fit_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(0);
    let store = chain.open(folder.path());
    for _ in 0..4 {
        chain.push(&[Change::Write { who: 4, slot: 1, value: chain.head() as u8 + 1 }]);
    }
    chain.commit(&store, 1);
    chain.commit(&store, 2);
    let good = chain.new_block(&store, 3);
    let before = store.snapshot().unwrap().dump().unwrap();
    let refused = |change: &dyn Fn(&mut sequencer::store::NewBlock)| {
        let mut block = good.clone();
        change(&mut block);
        let error = store.commit_block(&block).unwrap_err();
        assert_eq!(store.snapshot().unwrap().dump().unwrap(), before, "after {error}");
        error
    };

    let error = refused(&|block| block.sealed.block.header.number = 4);
    assert!(matches!(error, StoreError::NotNext { number: 4, head, .. } if head.number == 2), "{error}");
    let error = refused(&|block| block.sealed.block.header.number = 2);
    assert!(matches!(error, StoreError::NotNext { number: 2, .. }), "{error}");
    let error = refused(&|block| block.sealed.block.header.parent_hash = B256::ZERO);
    assert!(matches!(error, StoreError::NotNext { parent: B256::ZERO, .. }), "{error}");
    let error = refused(&|block| block.sealed.block.header.state_root = B256::ZERO);
    assert!(matches!(error, StoreError::StateRoot { number: 3, header: B256::ZERO, .. }), "{error}");
    let error = refused(&|block| block.trie.nodes.clear());
    assert!(matches!(error, StoreError::StateRoot { number: 3, .. }), "{error}");
    let error = refused(&|block| block.sealed.senders.truncate(0));
    assert!(matches!(error, StoreError::Malformed { number: 3, .. }), "{error}");
    let error = refused(&|block| drop(block.sealed.receipts.pop()));
    assert!(matches!(error, StoreError::Malformed { number: 3, .. }), "{error}");
    let error = refused(&|block| block.sealed.block.body.withdrawals = None);
    assert!(matches!(error, StoreError::Malformed { number: 3, .. }), "{error}");

    store.commit_block(&good).unwrap();
    chain.commit(&store, 4);
    chain.check(&store);
    assert!(matches!(store.unwind_to(5), Err(StoreError::UnknownBlock { number: 5, head: 4 })));
}

#[test]
fn a_store_that_was_half_made_is_made_again() {
    let chain = Chain::new(0);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("new")).unwrap();
    std::fs::write(folder.path().join("new").join("mdbx.dat"), [0xa5; 5000]).unwrap();
    chain.check(&chain.open(folder.path()));
    assert!(!folder.path().join("new").exists());
}
