//! Programs are killed and the L1 goes away, under load: nothing is lost, nothing happens twice.

#![expect(clippy::indexing_slicing, reason = "a failure in a test is the message")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy::{
    consensus::Transaction as _,
    eips::BlockNumberOrTag,
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, TxHash, U256},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use devnet::accounts::Role;
use e2e::{Devnet, until};
use eyre::{OptionExt, Result, ensure};

const LIMIT: Duration = Duration::from_secs(90);

/// Transfers from several accounts until it is told to stop. Every receipt that the node served is
/// kept: it must stand for ever.
struct Load {
    stop: Arc<AtomicBool>,
    receipts: Arc<Mutex<BTreeMap<TxHash, u64>>>,
    senders: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(devnet: &Devnet) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let receipts = Arc::new(Mutex::new(BTreeMap::new()));
        let mut senders = Vec::new();
        for account in &devnet.record().accounts[5..8] {
            let signer = PrivateKeySigner::from_bytes(&account.private_key)?;
            let url = devnet.record().l2.rpc.parse()?;
            let (stop, receipts) = (stop.clone(), receipts.clone());
            senders.push(tokio::spawn(async move {
                let own = signer.address();
                let l2 = ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(url);
                // While the node is down every request fails: try again, as a wallet's user would.
                while !stop.load(Ordering::Relaxed) {
                    let Ok(nonce) = l2.get_transaction_count(own).pending().await else {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    };
                    let request = TransactionRequest::default()
                        .with_to(Address::repeat_byte(0x11))
                        .with_value(U256::from(1))
                        .with_nonce(nonce);
                    let Ok(pending) = l2.send_transaction(request).await else { continue };
                    let hash = *pending.tx_hash();
                    let Ok(Some(block)) = tokio::time::timeout(Duration::from_secs(3), async {
                        loop {
                            if let Ok(Some(receipt)) = l2.get_transaction_receipt(hash).await {
                                return receipt.block_number;
                            }
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    })
                    .await
                    else {
                        continue;
                    };
                    if let Ok(mut receipts) = receipts.lock() {
                        receipts.insert(hash, block);
                    }
                }
            }));
        }
        Ok(Self { stop, receipts, senders })
    }

    fn served(&self) -> usize {
        self.receipts.lock().map(|receipts| receipts.len()).unwrap_or_default()
    }

    async fn finish(self) -> Result<BTreeMap<TxHash, u64>> {
        self.stop.store(true, Ordering::Relaxed);
        for sender in self.senders {
            sender.await?;
        }
        let receipts = self.receipts.lock().map_err(|_| eyre::eyre!("a sender panicked"))?;
        Ok(receipts.clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sequencer_loses_nothing_and_submits_nothing_twice() -> Result<()> {
    let devnet = Devnet::start().await?;
    let l2 = devnet.l2()?;
    let load = Load::start(&devnet)?;
    for round in 0_usize..5 {
        let before = load.served();
        until("more receipts were served", LIMIT, async || {
            // Each round kills at another point of the block's second and of the batch's way.
            Ok((load.served() >= before.saturating_add(3 + round * 2)).then_some(()))
        })
        .await?;
        devnet.kill_and_wait_restarted("sequencer").await?;
        until("the node answers again", LIMIT, async || Ok(l2.get_block_number().await.ok())).await?;
    }
    let served = load.finish().await?;
    ensure!(served.len() >= 25, "only {} receipts were served", served.len());

    let mut last = 0;
    for (hash, block) in &served {
        let receipt = l2.get_transaction_receipt(*hash).await?.ok_or_eyre("a served receipt is gone")?;
        assert_eq!(receipt.block_number, Some(*block), "{hash} moved to another block");
        last = last.max(*block);
    }
    everything_becomes_final(&devnet, last).await?;
    every_batch_was_submitted_once(&devnet).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_enclave_or_host_comes_back_with_a_new_key() -> Result<()> {
    let devnet = Devnet::start().await?;
    let load = Load::start(&devnet)?;
    for program in ["enclave-0", "prover-1", "enclave-1"] {
        let before = devnet.registrations().await?;
        devnet.kill_and_wait_restarted(program).await?;
        if program.starts_with("enclave") {
            until("a new key is registered", LIMIT, async || {
                Ok((devnet.registrations().await?.len() > before.len()).then_some(()))
            })
            .await?;
        }
        let head = devnet.l2()?.get_block_number().await?;
        everything_becomes_final(&devnet, head).await?;
    }
    let served = load.finish().await?;
    ensure!(!served.is_empty(), "no receipt was served");
    every_batch_was_submitted_once(&devnet).await
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_goes_on_without_l1_and_batches_follow_in_order() -> Result<()> {
    let devnet = Devnet::start().await?;
    let l2 = devnet.l2()?;
    let load = Load::start(&devnet)?;
    devnet.signal("l1", "STOP")?;
    let head = l2.get_block_number().await?;
    let served = load.served();
    let silent = until("L2 made blocks without L1", LIMIT, async || {
        let now = l2.get_block_number().await?;
        Ok((now >= head.saturating_add(12) && load.served() >= served.saturating_add(12)).then_some(now))
    })
    .await?;
    devnet.signal("l1", "CONT")?;
    everything_becomes_final(&devnet, silent).await?;
    load.finish().await?;
    every_batch_was_submitted_once(&devnet).await
}

async fn everything_becomes_final(devnet: &Devnet, block: u64) -> Result<()> {
    let l2 = devnet.l2()?;
    until(&format!("block {block} is final"), LIMIT, async || {
        // The node may be starting.
        let Ok(Some(tagged)) = l2.get_block_by_number(BlockNumberOrTag::Finalized).await else {
            return Ok(None);
        };
        Ok((tagged.header.number >= block).then_some(()))
    })
    .await
}

/// On L1 the batches follow each other block by block, and no transaction of the batcher failed: a
/// batch that is sent twice fails the second time.
async fn every_batch_was_submitted_once(devnet: &Devnet) -> Result<()> {
    let l1 = devnet.l1()?;
    let mut last = (0, 0);
    for (_, event) in devnet.submissions().await? {
        let index = event.index.to::<u64>();
        ensure!(index == last.0 + 1, "batch {index} follows {}", last.0);
        ensure!(event.lastL2Block > last.1, "batch {index} ends before the one before it");
        last = (index, event.lastL2Block);
    }
    ensure!(last.0 > 0, "no batch was submitted");

    let batcher = Role::Batcher.signer()?.address();
    let head = l1.get_block_number().await?;
    for number in 0..=head {
        let block =
            l1.get_block_by_number(number.into()).full().await?.ok_or_eyre("L1 lacks one of its blocks")?;
        for transaction in block.transactions.into_transactions() {
            if transaction.inner.signer() != batcher {
                continue;
            }
            let hash = *transaction.inner.tx_hash();
            let receipt = l1.get_transaction_receipt(hash).await?.ok_or_eyre("no receipt")?;
            ensure!(
                receipt.status(),
                "the batcher's transaction {hash} (nonce {}) failed on L1",
                transaction.nonce()
            );
        }
    }
    Ok(())
}
