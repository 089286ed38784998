//! Interruptions, and nodes and files that are not what they should be.

use std::fs;

use alloy::providers::Provider;
use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::{
    until,
    world::{Run, User, World, units, wei},
};

impl User<'_> {
    /// What the journal holds.
    fn journal(&self) -> usize {
        let Ok(networks) = fs::read_dir(self.state()) else { return 0 };
        let files = networks.flatten().filter_map(|network| fs::read_dir(network.path()).ok()).flatten();
        files.flatten().filter(|file| file.path().extension().is_some_and(|e| e == "json")).count()
    }

    async fn run_json(&self, words: &str) -> (Run, Value) {
        let run = self.run(&format!("{words} --json")).await;
        let document = serde_json::from_str(&run.out).unwrap_or(Value::Null);
        (run, document)
    }
}

#[tokio::test]
async fn an_interrupted_command_goes_on_and_does_nothing_twice() {
    let world = World::new().await;
    let user = world.user(0, 100).await;
    user.send("stake 10").await;
    assert_eq!(user.journal(), 0, "what is told is forgotten");

    // Killed when the transaction has left, and no block has it yet.
    world.anvil.rpc("evm_setAutomine", json!([false])).await;
    let nonce = user.nonce().await;
    let mut child = user.spawn("unstake 4 --yes");
    until("the transaction waits", async || (user.nonce().await > nonce).then_some(())).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(user.journal(), 1);
    let dry = user.json("unstake 4 --dry-run").await;
    assert!(dry["sent"].is_string(), "{dry}");

    world.anvil.rpc("evm_setAutomine", json!([true])).await;
    world.anvil.mine(1).await;
    let (run, again) = user.run_json("unstake 4 --yes").await;
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("\"resumed\""), "{}", run.err);
    assert_eq!(wei(&again["result"]["gave"]), units(4));
    assert_eq!(user.nonce().await, nonce + 1);
    assert_eq!(user.journal(), 0);
    let tickets = user.json("tickets").await;
    assert_eq!(tickets["tickets"].as_array().unwrap().len(), 1);
    // Asked for again, it is another one.
    user.send("unstake 4").await;

    // Killed between the allowance and what it is for: no second allowance.
    world.anvil.rpc("evm_setAutomine", json!([false])).await;
    let nonce = user.nonce().await;
    let mut child = user.spawn("stake 20 --yes");
    until("the allowance waits", async || (user.nonce().await > nonce).then_some(())).await;
    child.kill().unwrap();
    child.wait().unwrap();
    world.anvil.rpc("evm_setAutomine", json!([true])).await;
    world.anvil.mine(1).await;
    let (run, staked) = user.run_json("stake 20 --yes").await;
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(wei(&staked["result"]["staked"]), units(20));
    assert_eq!(user.nonce().await, nonce + 2);
    // What the first run left in the journal does not stand for an allowance that is used up.
    user.send("stake 20").await;
    assert_eq!((user.nonce().await, user.journal()), (nonce + 4, 0));
}

#[tokio::test]
async fn nothing_is_signed_for_another_network() {
    let world = World::new().await;
    let user = world.user(0, 100).await;
    let write = |change: &dyn Fn(&mut Value)| {
        let mut document = world.document();
        change(&mut document);
        fs::write(world.network(), document.to_string()).unwrap();
    };

    write(&|document| document["l1"]["chainId"] = 1.into());
    assert!(user.fails("stake 1 --yes", 1).await.contains("chain id 31337, the network's is 1"));
    let rollup = world.at.rollup;
    write(&|document| document["contracts"]["operatorPool"] = json!(rollup));
    assert!(user.fails("stake 1 --yes", 1).await.contains("the operator pool is named as"));
    write(&|document| document["contracts"]["vpha"] = json!(Address::repeat_byte(7)));
    assert!(user.fails("status", 1).await.contains("another contract, or none"));
    write(&|document| document["contracts"]["vpha"] = Value::Null);
    assert!(user.fails("status", 1).await.contains("--vpha"));
    fs::write(world.network(), "{").unwrap();
    user.fails("status", 1).await;

    // vPHA alone is enough to hold, but no node is believed about who takes collateral.
    write(&|document| document["contracts"] = json!({ "vpha": world.at.vpha }));
    user.send("stake 50").await;
    user.send("pool create 1").await;
    assert!(user.fails("pool bond 1 --yes", 1).await.contains("--operator-pool"));
    assert!(user.fails("vote 1 for --yes", 1).await.contains("--governor"));

    // A node that is not there, and gas that costs too much.
    write(&|_| ());
    assert!(user.fails("stake 1 --yes --max-cost 1wei", 1).await.contains("--max-cost"));
    let down = user.run("status --l1-rpc http://127.0.0.1:1 --json").await;
    assert_eq!(down.code, 5, "{down:?}");
    let document: Value = serde_json::from_str(&down.out).unwrap();
    assert_eq!(document["temporary"], true);
    assert_eq!(user.run("stake 1 --keystore /absent --yes").await.code, 1);
    assert_eq!(user.run("stake one").await.code, 2);
    assert!(world.anvil.provider.get_block_number().await.is_ok());
}
