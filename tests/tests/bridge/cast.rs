//! With `cast` alone, as somebody does who has read the contracts: every argument comes from something that `cast` printed.

use std::time::Duration;

use e2e::{Devnet, foundry, until};
use eyre::{OptionExt, Result, bail};
use serde_json::Value;

const PASSER: &str = "0x4200000000000000000000000000000000000016";
const L2_BRIDGE: &str = "0x4200000000000000000000000000000000000010";
const RECEIVER: &str = "0x00000000000000000000000000000000000CA570";
const LIMIT: Duration = Duration::from_secs(90);

/// One account, and where things are.
struct Cast {
    l1: String,
    l2: String,
    key: String,
    portal: String,
    bridge: String,
    pha: String,
    l2_pha: String,
}

pub(crate) async fn both_ways(devnet: &Devnet) -> Result<()> {
    let record = devnet.record();
    let address = |address: Option<alloy::primitives::Address>| {
        address.map(|address| address.to_string()).ok_or_eyre("devnet.json lacks a contract")
    };
    let cast = Cast {
        l1: record.l1.rpc.clone(),
        l2: record.l2.rpc.clone(),
        key: record.accounts[1].private_key.to_string(),
        portal: address(record.contracts.portal)?,
        bridge: address(record.contracts.l1_standard_bridge)?,
        pha: address(record.contracts.pha)?,
        l2_pha: address(record.contracts.l2_pha)?,
    };
    cast.ether().await?;
    cast.pha().await
}

impl Cast {
    async fn ether(&self) -> Result<()> {
        let deposit = "depositTransaction(address,uint256,uint64,bool,bytes)";
        let value = ["--value", "1.5ether"];
        let arguments = [RECEIVER, "1500000000000000000", "100000", "false", "0x"];
        self.send(&self.l1, &self.portal, deposit, &arguments, &value).await?;
        self.until_ether(&self.l2, "1500000000000000000").await?;

        let withdraw = "initiateWithdrawal(address,uint256,bytes)";
        let receipt = self
            .send(&self.l2, PASSER, withdraw, &[RECEIVER, "100000", "0x"], &["--value", "0.3ether"])
            .await?;
        self.finish(&receipt).await?;
        self.until_ether(&self.l1, "300000000000000000").await
    }

    async fn pha(&self) -> Result<()> {
        let ten = "10000000000000000000";
        let allow = [self.bridge.as_str(), ten];
        self.send(&self.l1, &self.pha, "approve(address,uint256)", &allow, &[]).await?;
        let deposit = "depositERC20To(address,address,address,uint256,uint32,bytes)";
        let me = foundry("cast", &["wallet", "address", "--private-key", &self.key]).await?;
        let arguments = [self.pha.as_str(), &self.l2_pha, &me, ten, "200000", "0x"];
        self.send(&self.l1, &self.bridge, deposit, &arguments, &[]).await?;
        self.until_tokens(&self.l2, &self.l2_pha, &me, ten).await?;

        let four = "4000000000000000000";
        let withdraw = "withdrawTo(address,address,uint256,uint32,bytes)";
        let arguments = [self.l2_pha.as_str(), RECEIVER, four, "200000", "0x"];
        let receipt = self.send(&self.l2, L2_BRIDGE, withdraw, &arguments, &[]).await?;
        self.finish(&receipt).await?;
        self.until_tokens(&self.l1, &self.pha, RECEIVER, four).await
    }

    /// Proves and finalises the withdrawal of a transaction on L2.
    async fn finish(&self, receipt: &Value) -> Result<()> {
        let signature = foundry(
            "cast",
            &["sig-event", "MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)"],
        )
        .await?;
        let logs = receipt["logs"].as_array().ok_or_eyre("no logs")?;
        let log = logs
            .iter()
            .find(|log| log["topics"][0] == signature.as_str())
            .ok_or_eyre("the transaction does not withdraw")?;
        let topic = |place: usize| log["topics"][place].as_str().ok_or_eyre("no topic");
        let shape = "f()(uint256,uint256,bytes,bytes32)";
        let data = log["data"].as_str().ok_or_eyre("no data")?;
        let fields = foundry("cast", &["decode-abi", "--json", shape, data]).await?;
        let fields: Vec<Value> = serde_json::from_str(&fields)?;
        let field =
            |place: usize| fields[place].as_str().map_or_else(|| fields[place].to_string(), str::to_owned);
        let account = |word: &str| format!("0x{}", &word[26..]);
        let (sender, target) = (account(topic(2)?), account(topic(3)?));
        let withdrawal = format!("({},{sender},{target},{},{},{})", topic(1)?, field(0), field(1), field(2));

        let block = receipt["blockNumber"].as_str().ok_or_eyre("no block")?;
        let index_after = "getL2OutputIndexAfter(uint256)(uint256)";
        let index = until("an output covers the withdrawal", LIMIT, async || {
            Ok(self.call(&self.l1, &self.portal, index_after, &[block]).await.ok())
        })
        .await?;
        let shape = "getL2Output(uint256)((bytes32,uint128,uint128))";
        let output = self.call(&self.l1, &self.portal, shape, &[&index]).await?;
        let last_block = output
            .trim_matches(['(', ')'])
            .split(", ")
            .nth(2)
            .and_then(|number| number.split_whitespace().next())
            .ok_or_eyre("no block in the output")?;

        let slot = foundry("cast", &["index", "bytes32", &field(3), "0"]).await?;
        let proof =
            foundry("cast", &["proof", "--rpc-url", &self.l2, "-B", last_block, PASSER, &slot]).await?;
        let proof: Value = serde_json::from_str(&proof)?;
        let header = foundry("cast", &["block", "--json", "--rpc-url", &self.l2, last_block]).await?;
        let header: Value = serde_json::from_str(&header)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_eyre("not a string");
        let zero = format!("0x{}", "0".repeat(64));
        let parts = format!(
            "({zero},{},{},{})",
            text(&header["stateRoot"])?,
            text(&proof["storageHash"])?,
            text(&header["hash"])?
        );
        let nodes = proof["storageProof"][0]["proof"].as_array().ok_or_eyre("no proof")?;
        let nodes = nodes.iter().map(text).collect::<Result<Vec<_>>>()?.join(",");

        let shape = "(uint256,address,address,uint256,uint256,bytes)";
        let prove =
            format!("proveWithdrawalTransaction({shape},uint256,(bytes32,bytes32,bytes32,bytes32),bytes[])");
        let nodes = format!("[{nodes}]");
        self.send(&self.l1, &self.portal, &prove, &[&withdrawal, &index, &parts, &nodes], &[]).await?;
        let finalize = format!("finalizeWithdrawalTransaction({shape})");
        until("the withdrawal can be finalised", LIMIT, async || {
            Ok(self.call(&self.l1, &self.portal, &finalize, &[&withdrawal]).await.ok())
        })
        .await?;
        self.send(&self.l1, &self.portal, &finalize, &[&withdrawal], &[]).await.map(drop)
    }

    async fn send(
        &self,
        rpc: &str,
        to: &str,
        signature: &str,
        arguments: &[&str],
        options: &[&str],
    ) -> Result<Value> {
        if rpc == self.l1 {
            self.fresh_block().await?;
        }
        let mut all = vec!["send", "--json", "--rpc-url", rpc, "--private-key", &self.key];
        all.extend(options);
        all.extend([to, signature]);
        all.extend(arguments);
        let receipt: Value = serde_json::from_str(&foundry("cast", &all).await?)?;
        if receipt["status"] != "0x1" {
            bail!("{signature} failed: {receipt}");
        }
        Ok(receipt)
    }

    /// Waits for a new block on L1. anvil's estimates are exact, and made for the next block alone: one later, gas may be short.
    async fn fresh_block(&self) -> Result<()> {
        let number = async || foundry("cast", &["block-number", "--rpc-url", &self.l1]).await;
        let start = number().await?;
        until("L1 has a new block", LIMIT, async || Ok((number().await? != start).then_some(()))).await
    }

    /// What a call answers, without the notes that `cast` adds to large numbers.
    async fn call(&self, rpc: &str, to: &str, signature: &str, arguments: &[&str]) -> Result<String> {
        let mut all = vec!["call", "--rpc-url", rpc, to, signature];
        all.extend(arguments);
        let answer = foundry("cast", &all).await?;
        if answer.starts_with('(') {
            return Ok(answer);
        }
        Ok(answer.split_whitespace().next().unwrap_or_default().to_owned())
    }

    async fn until_ether(&self, rpc: &str, wei: &str) -> Result<()> {
        let look = async || {
            let balance = foundry("cast", &["balance", "--rpc-url", rpc, RECEIVER]).await?;
            Ok((balance == wei).then_some(()))
        };
        until("the ether has arrived", LIMIT, look).await
    }

    async fn until_tokens(&self, rpc: &str, token: &str, owner: &str, units: &str) -> Result<()> {
        let look = async || {
            let balance = self.call(rpc, token, "balanceOf(address)(uint256)", &[owner]).await?;
            Ok((balance == units).then_some(()))
        };
        until("the tokens have arrived", LIMIT, look).await
    }
}
