//! Following L1 blocks.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, B256};
use devnet::genesis::{Counterparts, chain_config, genesis};
use executor::chain::ChainConfig;
use sequencer::{
    batcher::BatchQueue,
    builder::{Unwind, UnwindTarget},
    heads::{Head, Heads},
    l1::{L1Client, L1Config, L1Error, L1View, Step, Unwinder, Watcher},
    store::Store,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::{
    anvil::{Anvil, CHAIN_ID},
    until,
};

/// A watcher with the store of a chain that has only its genesis.
pub(crate) struct Watch {
    pub(crate) store: Store,
    pub(crate) chain: Arc<ChainConfig>,
    pub(crate) view: L1View,
    pub(crate) watcher: Watcher,
    requests: mpsc::Receiver<Unwind>,
    _folder: TempDir,
}

impl Watch {
    /// A chain whose genesis has the L1's newest block as its origin, followed through `url`.
    pub(crate) async fn new(anvil: &Anvil, url: &str, tune: impl FnOnce(&mut L1Config)) -> Self {
        let origin = anvil.header(Default::default()).await;
        let mut chain = chain_config(Address::repeat_byte(0x44));
        let genesis = genesis(&chain, &Counterparts::default(), &origin).unwrap();
        chain.genesis_hash = genesis.block().unwrap().hash;
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path(), &chain, &genesis).unwrap();
        let chain = Arc::new(chain);
        let mut config =
            L1Config::devnet(url.to_owned(), Address::ZERO, Address::ZERO, (origin.number, origin.hash()));
        config.request_timeout = Duration::from_millis(500);
        config.attempts = 1;
        tune(&mut config);
        let client = L1Client::new(&config.rpc, config.request_timeout, config.attempts).unwrap();
        let (sender, requests) = mpsc::channel(4);
        let queue = BatchQueue::open(store.clone(), 0).unwrap();
        let view = L1View::new(store.clone(), Arc::clone(&chain));
        let head = Head { number: 0, hash: chain.genesis_hash };
        let watcher = Watcher::new(
            client,
            config,
            Arc::clone(&chain),
            store.clone(),
            view.clone(),
            Unwinder::new(sender, queue),
            Heads::new(head, head, head),
        );
        Self { store, chain, view, watcher, requests, _folder: folder }
    }

    /// Steps until nothing is left to take in. No reorganisation is expected.
    pub(crate) async fn catch_up(&self) -> Step {
        loop {
            let step = self.watcher.step().await.unwrap();
            if step.stored >= step.target {
                return step;
            }
        }
    }

    /// One step in which the builder is asked to unwind; returns what it was asked.
    async fn step_with_reorg(&mut self) -> (Step, UnwindTarget) {
        let (step, target) = tokio::join!(self.watcher.step(), async {
            let request = self.requests.recv().await.unwrap();
            request.done.send(0).unwrap();
            request.target
        });
        (step.unwrap(), target)
    }

    fn stored(&self, number: u64) -> Option<B256> {
        self.store.snapshot().unwrap().l1_block(number).unwrap().map(|block| block.header.hash())
    }
}

#[tokio::test]
async fn blocks_are_stored_with_their_hashes() {
    let anvil = Anvil::still().await;
    let watch = Watch::new(&anvil, &anvil.url, |_| {}).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(7).await;
    assert_eq!(watch.catch_up().await, Step { stored: 7, target: 7, dropped: 0 });
    for number in 0..=7 {
        assert_eq!(watch.stored(number), Some(anvil.header(number.into()).await.hash()));
    }
    assert_eq!(watch.catch_up().await.stored, 7, "nothing new");
}

#[tokio::test]
async fn origins_wait_for_confirmations_and_for_their_time() {
    let anvil = Anvil::still().await;
    let watch = Watch::new(&anvil, &anvil.url, |config| config.confirmations = 2).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(6).await;
    assert!(watch.view.next_origin(0, u64::MAX).unwrap().is_none(), "nothing is offered before L1 was seen");
    assert_eq!(watch.catch_up().await.stored, 4);

    let time = |number: u64| {
        let block = watch.store.snapshot().unwrap().l1_block(number).unwrap().unwrap();
        block.header.timestamp
    };
    let offered =
        |parent, timestamp| watch.view.next_origin(parent, timestamp).unwrap().map(|next| next.origin.number);
    assert_eq!(offered(0, u64::MAX), Some(4));
    assert_eq!(offered(0, time(2)), Some(2));
    assert_eq!(offered(0, time(1) - 1), None, "never younger than the block");
    assert_eq!(offered(3, u64::MAX), Some(4));
    assert_eq!(offered(4, u64::MAX), None);
    assert_eq!(offered(9, u64::MAX), None, "never back");
}

#[tokio::test]
async fn a_long_absence_is_made_up_for_in_steps() {
    let anvil = Anvil::still().await;
    let watch = Watch::new(&anvil, &anvil.url, |_| {}).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(300).await;
    assert_eq!(watch.catch_up().await.stored, 300);
    let mut origin = 0;
    let mut moves = 0;
    while let Some(next) = watch.view.next_origin(origin, u64::MAX).unwrap() {
        assert!(next.origin.number > origin && next.origin.number <= origin + 64);
        origin = next.origin.number;
        moves += 1;
    }
    assert_eq!((origin, moves), (300, 5));
}

#[tokio::test]
async fn a_reorganisation_drops_what_is_gone_and_goes_on() {
    let anvil = Anvil::still().await;
    let mut watch = Watch::new(&anvil, &anvil.url, |_| {}).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(10).await;
    watch.catch_up().await;
    let before: Vec<_> = (0..=10).map(|number| watch.stored(number)).collect();

    anvil.reorg(3).await;
    anvil.mine(1).await;
    let (step, target) = watch.step_with_reorg().await;
    assert_eq!(target, UnwindTarget::Origin(7));
    assert_eq!((step.stored, step.dropped), (11, 3));
    for number in 0..=11u64 {
        let hash = watch.stored(number);
        assert_eq!(hash, Some(anvil.header(number.into()).await.hash()));
        if let Some(old) = before.get(number as usize) {
            assert_eq!(hash == *old, number <= 7, "block {number}");
        }
    }
}

#[tokio::test]
async fn a_reorganisation_deeper_than_allowed_stops_at_the_person() {
    let anvil = Anvil::still().await;
    let watch = Watch::new(&anvil, &anvil.url, |config| config.max_reorg_depth = 4).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(10).await;
    watch.catch_up().await;
    anvil.reorg(8).await;
    assert!(matches!(watch.watcher.step().await, Err(L1Error::TooDeep { from: 10, depth: 4 })));
    assert_eq!(watch.store.snapshot().unwrap().last_l1_block().unwrap().unwrap().header.number, 10);
}

#[tokio::test]
async fn while_the_builder_has_not_unwound_nothing_goes_on() {
    let anvil = Anvil::still().await;
    let mut watch = Watch::new(&anvil, &anvil.url, |_| {}).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(5).await;
    watch.catch_up().await;
    anvil.reorg(2).await;
    // The builder dies before it answers: the request is lost, the stored chain is as before.
    let (step, ()) = tokio::join!(watch.watcher.step(), async {
        drop(watch.requests.recv().await.unwrap());
    });
    assert!(matches!(step, Err(L1Error::Unwind(_))));
    assert_eq!(watch.store.snapshot().unwrap().last_l1_block().unwrap().unwrap().header.number, 5);
    assert!(watch.view.next_origin(3, u64::MAX).unwrap().is_none(), "what is gone is not offered");
    assert_eq!(watch.view.next_origin(1, u64::MAX).unwrap().unwrap().origin.number, 3);
    // The reason is found again.
    let (step, target) = watch.step_with_reorg().await;
    assert_eq!((target, step.stored), (UnwindTarget::Origin(3), 5));
}

#[tokio::test]
async fn an_l1_that_is_away_is_an_error_and_nothing_more() {
    let anvil = Anvil::still().await;
    let watch = Watch::new(&anvil, &anvil.url, |_| {}).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(2).await;
    watch.catch_up().await;
    anvil.freeze();
    until("L1 does not answer", async || watch.watcher.step().await.is_err().then_some(())).await;
    anvil.thaw();
    anvil.mine(2).await;
    assert_eq!(watch.catch_up().await.stored, 4);
}

#[tokio::test]
async fn another_l1_is_recognised() {
    let anvil = Anvil::still().await;
    let watch = Watch::new(&anvil, &anvil.url, |config| config.genesis_origin.1 = B256::ZERO).await;
    let error = watch.watcher.check_chain().await.unwrap_err();
    assert!(matches!(error, L1Error::WrongGenesisOrigin { number: 0, .. }) && error.is_fatal());
    assert_eq!(watch.chain.l1_chain_id, CHAIN_ID);
}
