//! An L1 of its own for each test.

use std::{
    net::TcpListener,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::UNIX_EPOCH,
};

use alloy::{
    consensus::{BlockHeader, Header},
    eips::BlockNumberOrTag,
    providers::{DynProvider, Provider, ProviderBuilder},
};
use alloy_primitives::{B256, Sealed};
use serde_json::{Value, json};

use crate::until;

pub(crate) const CHAIN_ID: u64 = 31337;

/// A running anvil. Ends with the value.
pub(crate) struct Anvil {
    child: Child,
    pub(crate) url: String,
    pub(crate) provider: DynProvider,
}

impl Anvil {
    /// An L1 that makes a block only when asked to.
    pub(crate) async fn still() -> Self {
        Self::start(&["--no-mining"]).await
    }

    /// An L1 that makes a block each second.
    pub(crate) async fn ticking() -> Self {
        Self::start(&["--block-time", "1"]).await
    }

    async fn start(args: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program());
        command
            .args(["--host", "127.0.0.1", "--hardfork", "osaka", "--slots-in-an-epoch", "1", "--silent"])
            .args([
                "--gas-limit",
                "60000000",
                "--chain-id",
                &CHAIN_ID.to_string(),
                "--port",
                &port.to_string(),
            ])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let child = command.spawn().expect("anvil starts");
        let url = format!("http://127.0.0.1:{port}");
        let provider = ProviderBuilder::new().connect_http(url.parse().unwrap()).erased();
        let anvil = Self { child, url, provider };
        until("anvil answers", async || anvil.provider.get_chain_id().await.ok()).await;
        anvil
    }

    pub(crate) async fn rpc(&self, method: &'static str, params: Value) -> Value {
        self.provider
            .raw_request(method.into(), params)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Makes `count` blocks, a second apart.
    pub(crate) async fn mine(&self, count: u64) {
        self.rpc("anvil_mine", json!([format!("{count:#x}"), "0x1"])).await;
    }

    /// Replaces the last `depth` blocks by others without transactions.
    pub(crate) async fn reorg(&self, depth: u64) {
        self.rpc("anvil_reorg", json!([depth, []])).await;
    }

    /// Replaces block `first` and all after it by others without transactions. An L1 that ticks stands still from then on.
    pub(crate) async fn reorg_from(&self, first: u64) {
        self.set_block_time(0).await;
        // Blocks that were begun would come in between, and leave a chain with a hole. They are made one at a time: when
        // one that is asked for is the only one that comes, all others have come.
        let mut head = self.head().await.0;
        loop {
            self.mine(1).await;
            let before = std::mem::replace(&mut head, self.head().await.0);
            if head == before + 1 {
                break;
            }
        }
        self.reorg(head - first + 1).await;
    }

    /// Ticks again after [`reorg_from`](Self::reorg_from). That has set the clock back, and the contract takes no batch
    /// whose L2 time is ahead of L1's: the next block gets the time that it is.
    pub(crate) async fn go_on(&self) {
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
        self.rpc("evm_setNextBlockTimestamp", json!([now])).await;
        self.set_block_time(1).await;
    }

    /// Seconds between blocks; 0 for none.
    pub(crate) async fn set_block_time(&self, seconds: u64) {
        self.rpc("evm_setIntervalMining", json!([seconds])).await;
    }

    pub(crate) async fn header(&self, at: BlockNumberOrTag) -> Sealed<Header> {
        let block = self.provider.get_block_by_number(at).await.unwrap().expect("the block is there");
        let hash = block.header.hash;
        Sealed::new_unchecked(block.into_consensus_header(), hash)
    }

    pub(crate) async fn head(&self) -> (u64, B256) {
        let header = self.header(BlockNumberOrTag::Latest).await;
        (header.number(), header.hash())
    }

    /// Stops answering, without closing connections.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Goes on after [`freeze`](Self::freeze).
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let status = Command::new("kill").args(["-s", signal, "--", &group]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

fn program() -> String {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/node_modules/.bin/anvil");
    match std::env::var("ANVIL") {
        Ok(path) => path,
        Err(_) if pinned.exists() => pinned.to_string_lossy().into_owned(),
        Err(_) => "anvil".to_owned(),
    }
}
