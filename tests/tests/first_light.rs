//! The whole path: a wallet's transaction is sequenced, executed, proved and final on L1.

#![expect(clippy::indexing_slicing, reason = "a failure in a test is the message")]

use std::time::{Duration, Instant};

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider},
};
use contracts_bindings::IRollup;
use e2e::{Devnet, foundry, script, until};
use eyre::{OptionExt, Result};
use serde_json::Value;

/// From the receipt to finality on the devnet, as the README promises.
const FINAL_LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn first_light() -> Result<()> {
    let mut devnet = Devnet::start().await?;
    a_wallets_transaction_becomes_final(&devnet).await?;
    let (token, holder) = a_contract_is_deployed_and_called(&devnet).await?;
    let pair = uniswap_works_and_is_proved(&devnet).await?;
    deposits_arrive_and_a_failed_one_keeps_its_mint(&devnet).await?;

    devnet.stop().await?;
    devnet.resume().await?;

    let url = devnet.record().l2.rpc.clone();
    let balance = foundry(
        "cast",
        &["call", "--rpc-url", &url, &token.to_string(), "balanceOf(address)(uint256)", &holder.to_string()],
    )
    .await?;
    assert!(balance.starts_with("12345 ") || balance == "12345", "read back after a restart: {balance}");
    let reserves =
        foundry("cast", &["call", "--rpc-url", &url, &pair, "getReserves()(uint112,uint112,uint32)"]).await?;
    assert!(!reserves.starts_with('0'), "the pool is still there: {reserves}");
    a_wallets_transaction_becomes_final(&devnet).await
}

async fn a_wallets_transaction_becomes_final(devnet: &Devnet) -> Result<()> {
    let record = devnet.record();
    let receipt = foundry(
        "cast",
        &[
            "send",
            "--json",
            "--rpc-url",
            &record.l2.rpc,
            "--private-key",
            &record.accounts[0].private_key.to_string(),
            &record.accounts[1].address.to_string(),
            "--value",
            "1ether",
        ],
    )
    .await?;
    let receipt: Value = serde_json::from_str(&receipt)?;
    assert_eq!(receipt["status"], "0x1");
    let block = receipt["blockNumber"].as_str().ok_or_eyre("no block number")?.parse::<U256>()?.to::<u64>();
    let since = Instant::now();
    wait_for_tag(devnet, BlockNumberOrTag::Safe, block).await?;
    println!("safe after {:.1} s", since.elapsed().as_secs_f64());
    wait_for_tag(devnet, BlockNumberOrTag::Finalized, block).await?;
    println!("final after {:.1} s", since.elapsed().as_secs_f64());
    assert!(since.elapsed() <= FINAL_LIMIT, "final only after {:?}", since.elapsed());
    the_output_on_l1_is_the_nodes(devnet, block).await
}

async fn wait_for_tag(devnet: &Devnet, tag: BlockNumberOrTag, block: u64) -> Result<()> {
    let l2 = devnet.l2()?;
    until(&format!("block {block} is {tag}"), Duration::from_secs(60), async || {
        let tagged = l2.get_block_by_number(tag).await?.ok_or_eyre("a tag without a block")?;
        Ok((tagged.header.number >= block).then_some(()))
    })
    .await
}

/// The first output on L1 that covers `block` is what the node says, and so is the block it ends with.
async fn the_output_on_l1_is_the_nodes(devnet: &Devnet, block: u64) -> Result<()> {
    let l1 = devnet.l1()?;
    let rollup = IRollup::new(devnet.record().contracts.rollup.ok_or_eyre("no rollup")?, &l1);
    let count = rollup.batchCount().call().await?.to::<u64>();
    for index in 1..=count {
        let output = rollup.output(U256::from(index)).call().await?;
        if output.lastL2Block >= block {
            assert_eq!(node_output(&devnet.l2()?, output.lastL2Block).await?, output.outputRoot);
            assert_eq!(output.proofs, 2, "both provers signed");
            assert!(rollup.isFinalized(U256::from(index)).call().await?);
            return Ok(());
        }
    }
    eyre::bail!("no output on L1 covers block {block}")
}

async fn node_output(l2: &DynProvider, block: u64) -> Result<B256> {
    let output: Value = l2.raw_request("optimism_outputAtBlock".into(), (format!("{block:#x}"),)).await?;
    Ok(output["outputRoot"].as_str().ok_or_eyre("no outputRoot")?.parse()?)
}

async fn a_contract_is_deployed_and_called(devnet: &Devnet) -> Result<(Address, Address)> {
    let record = devnet.record();
    let (deployer, holder) = (&record.accounts[2], &record.accounts[3]);
    let key = deployer.private_key.to_string();
    let created = foundry(
        "forge",
        &[
            "create",
            "--json",
            "--broadcast",
            "--rpc-url",
            &record.l2.rpc,
            "--private-key",
            &key,
            "src/token/PHA.sol:PHA",
        ],
    )
    .await?;
    // Forge prints what it compiled before the JSON.
    let json = created.get(created.find('{').ok_or_eyre("no JSON")?..).unwrap_or_default();
    let created: Value = serde_json::from_str(json)?;
    let token: Address = created["deployedTo"].as_str().ok_or_eyre("no address")?.parse()?;
    foundry(
        "cast",
        &[
            "send",
            "--rpc-url",
            &record.l2.rpc,
            "--private-key",
            &key,
            &token.to_string(),
            "transfer(address,uint256)",
            &holder.address.to_string(),
            "12345",
        ],
    )
    .await?;
    Ok((token, holder.address))
}

async fn uniswap_works_and_is_proved(devnet: &Devnet) -> Result<String> {
    let record = devnet.record();
    let key = record.accounts[4].private_key.to_string();
    let report: Value = serde_json::from_str(&script("uniswap.mjs", &[&record.l2.rpc, &key]).await?)?;
    let block = report["swapBlock"].as_u64().ok_or_eyre("no block")?;
    wait_for_tag(devnet, BlockNumberOrTag::Finalized, block).await?;
    the_output_on_l1_is_the_nodes(devnet, block).await?;
    Ok(report["pair"].as_str().ok_or_eyre("no pair")?.to_owned())
}

/// One deposit to an account, one whose call reverts: the ether of both is on L2, and both blocks
/// become final, so the enclaves derived the same deposits from L1.
async fn deposits_arrive_and_a_failed_one_keeps_its_mint(devnet: &Devnet) -> Result<()> {
    let record = devnet.record();
    let l2 = devnet.l2()?;
    let portal = record.contracts.portal.ok_or_eyre("no portal")?.to_string();
    let depositor = &record.accounts[9];
    let key = depositor.private_key.to_string();
    let receiver = Address::repeat_byte(0xd0);
    let rollup = record.contracts.rollup.ok_or_eyre("no rollup")?.to_string();
    let before = l2.get_balance(depositor.address).await?;

    let send = async |to: &str, data: &str| {
        foundry(
            "cast",
            &[
                "send",
                "--rpc-url",
                &record.l1.rpc,
                "--private-key",
                &key,
                "--value",
                "2ether",
                &portal,
                "depositTransaction(address,uint256,uint64,bool,bytes)",
                to,
                "2000000000000000000",
                "200000",
                "false",
                data,
            ],
        )
        .await
    };
    send(&receiver.to_string(), "0x").await?;
    // Multicall3 has no such function: the call reverts, and the value stays with the depositor.
    send("0xcA11bde05977b3631167028862bE2a173976CA11", "0xdeadbeef").await?;
    // Nobody is at the rollup's address on L2: a call there succeeds and carries the value.
    send(&rollup, "0x").await?;

    let ether = U256::from(10).pow(U256::from(18));
    until("the deposits are on L2", Duration::from_secs(30), async || {
        let arrived = l2.get_balance(receiver).await? == ether * U256::from(2)
            && l2.get_balance(rollup.parse()?).await? == ether * U256::from(2);
        Ok(arrived.then_some(()))
    })
    .await?;
    assert_eq!(l2.get_balance(depositor.address).await?, before + ether * U256::from(2));

    let head = l2.get_block_number().await?;
    let mut statuses = Vec::new();
    for number in 0..=head {
        let receipts: Vec<Value> =
            l2.raw_request("eth_getBlockReceipts".into(), (format!("{number:#x}"),)).await?;
        statuses.extend(
            receipts
                .iter()
                .filter(|receipt| receipt["type"] == "0x7e")
                .map(|receipt| receipt["status"].as_str().unwrap_or_default().to_owned()),
        );
    }
    assert_eq!(statuses, ["0x1", "0x0", "0x1"]);
    wait_for_tag(devnet, BlockNumberOrTag::Finalized, head).await
}
