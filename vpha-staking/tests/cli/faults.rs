//! Faults, and what they cost.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, U256};
use contracts_bindings::{IFaultCourt::upholdCall, IRollup::conflictSinceCall};
use executor::transition::{Transition, digest};
use k256::ecdsa::SigningKey;
use prover_core::signature;
use vpha_staking::evidence::{Evidence, SignedTransition};

use crate::{
    providers::EXIT_DELAY,
    world::{World, units, wei},
};

/// Seconds of the devnet's profile.
const CASE_PERIOD: u64 = 120;
const VETO_PERIOD: u64 = 60;

impl World {
    /// Two results of one input, signed by these keys: a file with them.
    fn conflict(&self, a: &SigningKey, b: &SigningKey, name: &str) -> PathBuf {
        let signed = |key: &SigningKey, output: u8| {
            let transition = Transition {
                configHash: self.at.chain.hash(),
                parentOutputRoot: B256::repeat_byte(2),
                outputRoot: B256::repeat_byte(output),
                lastL2Block: 12,
                lastL2Timestamp: 1_763_700_000,
                l1OriginNumber: 40,
                l1OriginHash: B256::repeat_byte(4),
                daHash: B256::repeat_byte(5),
            };
            let digest = digest(&transition, crate::anvil::CHAIN_ID, self.at.rollup);
            SignedTransition::new(&transition, signature::sign(key, digest))
        };
        let evidence = Evidence {
            chain_id: crate::anvil::CHAIN_ID,
            rollup: self.at.rollup,
            a: signed(a, 7),
            b: signed(b, 8),
        };
        let path = self.folder.path().join(name);
        evidence.write(&path).unwrap();
        path
    }
}

#[tokio::test]
async fn who_signs_two_results_loses_everything_and_the_reporter_is_paid() {
    let world = World::new().await;
    let (provider, reporter) = (world.user(0, 3_000).await, world.user(1, 0).await);
    provider.bonds(1_000).await;
    let (key, register) = world.quote(0, 1, provider.address).await;
    let file = world.conflict(&key, &key, "evidence.json");
    let report = format!("report {}", file.display());
    // Nobody answers for the key yet.
    assert!(reporter.fails(&format!("{report} --yes"), 1).await.contains("SignerUnknown"));
    provider.send(&register).await;

    let preview = reporter.run(&format!("{report} --dry-run")).await;
    assert!(preview.out.contains("loses everything") && preview.out.contains("1000 -> 0"), "{}", preview.out);
    let reported = reporter.send(&report).await;
    let case = &reported["cases"][0];
    let operator: Address = case["operator"].as_str().unwrap().parse().unwrap();
    assert_eq!((operator, wei(&case["taken"])), (provider.address, units(1_000)));
    assert_ne!(world.view(world.at.rollup, conflictSinceCall {}).await, U256::ZERO);
    // Nothing can be reported twice.
    assert!(reporter.fails(&format!("{report} --yes"), 1).await.contains("known already"));

    let id = case["case"].as_str().unwrap();
    let settled = reporter.send(&format!("settle {id}")).await;
    let paid = wei(&settled["paid"]);
    // vPHA is worth more than PHA by now.
    assert!(paid >= units(100) && paid < units(150), "a tenth: {paid}");
    assert_eq!(world.balance(world.at.pha, reporter.address).await, paid);
    assert!(reporter.fails(&format!("settle {id} --yes"), 1).await.contains("settled already"));
    assert!(reporter.fails("settle 9 --yes", 1).await.contains("there is no case 9"));

    assert!(provider.fails("pool bond 1 --yes", 1).await.contains("closed for good"));
    let status = provider.run("pool status").await.out;
    assert!(status.contains("closed for good") && status.contains("does not count"), "{status}");
    let cases = provider.json("pool cases").await;
    assert_eq!(
        (&cases["cases"][0]["state"], &cases["cases"][0]["fault"]),
        (&"settled".into(), &"equivocation".into())
    );
}

#[tokio::test]
async fn two_that_disagree_wait_for_the_timelock() {
    let world = World::new().await;
    let (one, two) = (world.user(0, 3_000).await, world.user(1, 3_000).await);
    one.bonds(1_000).await;
    two.bonds(2_000).await;
    let (key, register) = world.quote(0, 1, one.address).await;
    one.send(&register).await;
    let (other, register) = world.quote(1, 2, two.address).await;
    two.send(&register).await;

    let file = world.conflict(&key, &other, "dispute.json");
    let reported = one.send(&format!("report {}", file.display())).await;
    let caps: Vec<U256> =
        reported["cases"].as_array().unwrap().iter().map(|case| wei(&case["cap"])).collect();
    assert_eq!(caps, [units(500), units(1_000)]);
    assert!(one.fails("settle 1 --yes", 3).await.contains("the timelock decides"));
    assert_eq!(wei(&two.json("pool status").await["collateral"]["reserved"]), units(1_000));
    assert_eq!(two.json("pool cases --all").await["cases"].as_array().unwrap().len(), 2);

    // The timelock finds the first one wrong, and nobody vetoes that.
    world.call_as(world.at.timelock, world.at.fault_court, &upholdCall { id: U256::ONE }).await;
    assert!(two.fails("settle 1 --yes", 3).await.contains("veto"));
    world.pass(VETO_PERIOD).await;
    let settled = two.send("settle 1").await;
    assert!(wei(&settled["paid"]) >= units(50));
    assert_eq!(wei(&one.json("pool status").await["collateral"]["active"]), units(500));
    // The other case nobody decides in time. As long as it is not closed, it holds what it may take.
    two.send("pool thaw 1500").await;
    world.pass(CASE_PERIOD.max(EXIT_DELAY)).await;
    assert!(two.fails("pool finish --yes", 3).await.contains("open cases may take 1000 vPHA"));
    assert_eq!(two.send("settle 2").await["closed"], true);
    assert_eq!(wei(&two.json("pool status").await["collateral"]["reserved"]), U256::ZERO);
    two.send("pool finish").await;
}

#[tokio::test]
async fn evidence_that_proves_nothing_is_not_sent() {
    let world = World::new().await;
    let user = world.user(0, 0).await;
    let key = SigningKey::from_slice(&[1; 32]).unwrap();
    let path = world.conflict(&key, &key, "evidence.json");
    let good = Evidence::read(&path).unwrap();
    let changed = |evidence: Evidence| {
        evidence.write(&path).unwrap();
        format!("report {} --yes", path.display())
    };
    let other_rollup = changed(Evidence { rollup: Address::ZERO, ..good.clone() });
    assert!(user.fails(&other_rollup, 1).await.contains("is for the rollup"));
    let same = changed(Evidence { b: good.a.clone(), ..good.clone() });
    assert!(user.fails(&same, 1).await.contains("contradict nothing"));
    let mut other_input = good;
    other_input.b.da_hash = B256::ZERO;
    assert!(user.fails(&changed(other_input), 1).await.contains("daHash"));
    user.fails("report /absent --yes", 1).await;
}
