//! What providers do.

use std::fs;

use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{Address, U256, hex};
use contracts_bindings::{IProverBonds::reserveCall, IProverRegistry::signerOfCall};
use k256::ecdsa::SigningKey;
use prover_core::{enclave::Attest, report::report_data, signature};
use prover_quote::Quoter;
use serde_json::Value;

use crate::{
    node,
    world::{User, World, units, wei},
};

/// Seconds after which an exit of the devnet's profile can be finished.
pub(crate) const EXIT_DELAY: u64 = 360;

impl World {
    /// A quote of machine `index` over the key of 32 times `key`, for `operator`: the words that register it.
    pub(crate) async fn quote(&self, index: u16, key: u8, operator: Address) -> (SigningKey, String) {
        let signing = SigningKey::from_slice(&[key; 32]).unwrap();
        let signer = signature::address(signing.verifying_key());
        let head = self.anvil.header(BlockNumberOrTag::Latest).await;
        let attest = Attest {
            signer,
            l1_chain_id: crate::anvil::CHAIN_ID,
            registry: self.at.prover_registry,
            operator,
            ref_block_number: head.number,
            ref_block_hash: head.hash(),
        };
        let machine = self.pki.machine(&format!("machine {index}")).unwrap();
        let quote = machine.quote(&report_data(&attest, self.at.chain.hash())).unwrap();
        let file = self.folder.path().join(format!("quote-{index}-{key}"));
        fs::write(&file, hex::encode(&quote)).unwrap();
        // The reference block's hash is known to L1 from the next block on.
        self.pass(1).await;
        let words = format!(
            "pool register-prover --quote {} --signer {signer} --reference-block {}",
            file.display(),
            head.number
        );
        (signing, words)
    }
}

impl User<'_> {
    /// Becomes a provider with a bond.
    pub(crate) async fn bonds(&self, vpha: u64) {
        self.send("stake all").await;
        self.send("pool create 1").await;
        self.send(&format!("pool bond {vpha}")).await;
    }
}

#[tokio::test]
async fn a_provider_bonds_registers_and_leaves() {
    let world = World::new().await;
    let user = world.user(0, 5_000).await;

    assert!(user.fails("pool bond 1 --yes", 1).await.contains("has no pool"));
    assert!(user.fails("pool status", 1).await.contains("has no pool"));
    assert!(user.fails("pool create 9 --yes", 1).await.contains("they are 1 to 4"));
    let created = user.send("pool create 1").await;
    assert_eq!(created["class"], "1");
    assert!(user.fails("pool create 2 --yes", 1).await.contains("has a pool of class 1 already"));
    assert!(user.fails("pool bond all --yes", 1).await.contains("stake"));
    assert!(user.fails("pool thaw 1 --yes", 1).await.contains("no active collateral"));

    user.send("stake 5000").await;
    user.send("pool bond 900").await;
    let status = user.json("pool status").await;
    assert_eq!(status["collateral"]["eligible"], false);
    let reason = status["collateral"]["obstacles"][0].as_str().unwrap().to_owned();
    assert!(reason.contains("1000 vPHA, 100 vPHA more"), "{reason}");
    let (_, register) = world.quote(0, 1, user.address).await;
    assert!(user.fails(&format!("{register} --yes"), 1).await.contains("100 vPHA more"));

    user.send("pool bond 600").await;
    let registered = user.send(&register).await;
    let signer: Address = registered["signer"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.view(world.at.prover_registry, signerOfCall { signer }).await.operator, user.address);
    assert!(user.fails(&format!("{register} --yes"), 1).await.contains("registered for"));
    let status = user.json("pool status").await;
    assert_eq!(
        (&status["collateral"]["eligible"], &status["signers"][0]["counts"]),
        (&true.into(), &true.into())
    );
    assert_eq!(wei(&status["collateral"]["active"]), units(1_500));
    assert!(user.run("pool status").await.out.contains("counts until"));
    assert_eq!(user.json("pool cases").await["cases"].as_array().unwrap().len(), 0);

    // Nothing is final, so nothing is earned.
    let rewards = user.json("pool rewards").await;
    assert_eq!(wei(&rewards["owed"]), U256::ZERO);
    assert!(user.fails("pool claim-rewards --yes", 1).await.contains("owed nothing"));

    // Behind a batch that is not final.
    let reserve =
        reserveCall { operators: vec![user.address], batchIndex: U256::ONE, finalizedIndex: U256::ZERO };
    world.call_as(world.at.rollup, world.at.operator_pool, &reserve).await;
    assert_eq!(wei(&user.json("pool status").await["collateral"]["exposure"]), units(10));
    assert!(user.fails("pool thaw all --yes", 3).await.contains("10 vPHA stand behind batches"));

    let preview = user.run("pool thaw 600 --dry-run").await;
    assert!(preview.out.contains("WARNING: 900 vPHA remain"), "{}", preview.out);
    let thawed = user.send("pool thaw 600").await;
    assert_eq!(wei(&thawed["thawed"]), units(600));
    let ticket = thawed["ticket"].as_str().unwrap();
    assert!(user.fails(&format!("pool finish {ticket} --yes"), 3).await.contains("locked"));
    assert!(user.fails("pool thaw 1000 --yes", 1).await.contains("are needed"));
    world.pass(EXIT_DELAY).await;
    let finished = user.send("pool finish").await;
    assert_eq!(wei(&finished["tickets"][0]["paid"]), units(600));
}

#[tokio::test]
async fn a_node_that_cannot_simulate_costs_the_preview_and_not_the_command() {
    let world = World::new().await;
    let user = world.user(0, 3_000).await;
    user.bonds(1_000).await;
    // The second batch comes when the first is final: that is work.
    for batch in [1u64, 2] {
        let reserve = reserveCall {
            operators: vec![user.address],
            batchIndex: U256::from(batch),
            finalizedIndex: U256::from(batch - 1),
        };
        world.call_as(world.at.rollup, world.at.operator_pool, &reserve).await;
    }
    // Enough of yesterday's emission has streamed.
    world.pass(60).await;
    let blind = format!("--l1-rpc {}", node::without("eth_simulateV1", &world.anvil.url).await);

    let (seen, told) = (user.json("pool rewards").await, user.json(&format!("pool rewards {blind}")).await);
    assert_eq!(
        (&seen["asOfSettlement"], &told["asOfSettlement"]),
        (&false.into(), &true.into()),
        "{seen} {told}"
    );
    // Nothing is final that is not recorded: a claim would pay the same.
    assert_ne!(wei(&seen["claimable"]), U256::ZERO);
    assert_eq!((&seen["claimable"], &seen["work"]), (&told["claimable"], &told["work"]));
    let text = user.run(&format!("pool rewards {blind}")).await.out;
    assert!(text.contains("as of the last settlement"), "{text}");
    let status = user.json(&format!("pool status {blind}")).await;
    assert_eq!(wei(&status["collateral"]["active"]), units(1_000));
    assert_eq!((&status["rewards"]["work"], &status["rewardsError"]), (&seen["work"], &Value::Null));

    let preview = user.run(&format!("pool claim-rewards --dry-run {blind}")).await;
    assert!(preview.code == 0 && preview.out.contains("eth_simulateV1"), "{preview:?}");
    let claimed = user.json(&format!("pool claim-rewards --yes {blind}")).await;
    assert_eq!(claimed["result"]["paid"], seen["claimable"]);
    assert!(user.fails(&format!("pool claim-rewards --yes {blind}"), 1).await.contains("owed nothing"));
}

#[tokio::test]
async fn what_cannot_prove_is_told_before_it_is_signed() {
    let world = World::new().await;
    let (gpu, prover) = (world.user(0, 3_000).await, world.user(1, 3_000).await);
    gpu.send("stake all").await;
    gpu.send("pool create 2").await;
    gpu.send("pool bond 1250").await;
    let (_, register) = world.quote(0, 1, gpu.address).await;
    assert!(gpu.fails(&format!("{register} --yes"), 1).await.contains("proves no batches"));

    prover.bonds(1_000).await;
    // A quote for another operator, seen in a mempool, say.
    let told = prover.fails(&format!("{register} --yes"), 1).await;
    assert!(told.contains("WrongReportData"), "{told}");
    // A file that is no quote.
    let file = world.folder.path().join("none");
    fs::write(&file, "no quote").unwrap();
    let words = format!(
        "pool register-prover --quote {} --signer {} --reference-block 1 --yes",
        file.display(),
        prover.address
    );
    prover.fails(&words, 1).await;
    prover.fails("pool register-prover --enclave 127.0.0.1:1 --yes", 1).await;
}
