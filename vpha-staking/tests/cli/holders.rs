//! What holders do.

use alloy_primitives::U256;
use contracts_bindings::{
    IGovernor::proposeCall,
    IVPHA::{pauseCall, requestUnstakeCall},
};
use contracts_client::token::Token;
use devnet::accounts::Role;

use crate::world::{World, units, wei};

/// Seconds after which a ticket of the devnet's profile can be paid.
const UNSTAKE_DELAY: u64 = 60;

#[tokio::test]
async fn a_holder_stakes_and_leaves() {
    let world = World::new().await;
    let user = world.user(0, 1_000).await;
    let (pha, vpha) = (world.at.pha, world.at.vpha);

    let status = user.json("status").await;
    assert_eq!((wei(&status["pha"]), wei(&status["vpha"])), (units(1_000), U256::ZERO));
    assert_eq!(status["paused"], false);

    // Two transactions: the allowance, and what it is for. Nothing of it is left.
    let staked = user.send("stake 600").await;
    assert_eq!(wei(&staked["staked"]), units(600));
    assert_eq!(wei(&staked["received"]), world.balance(vpha, user.address).await);
    assert_eq!(world.balance(pha, user.address).await, units(400));
    let allowance = Token::allowanceCall { owner: user.address, spender: vpha };
    assert_eq!(world.view(pha, allowance).await, U256::ZERO);

    // Nobody is there to ask.
    assert!(user.fails("stake 1", 1).await.contains("--yes"));
    assert!(user.fails("stake 401 --yes", 1).await.contains("401 PHA are needed"));
    assert!(user.fails("stake 0 --yes", 1).await.contains("zero"));
    assert!(user.fails("unstake 100000 --yes", 1).await.contains("needed"));

    // In vPHA, or in PHA.
    let first = user.send("unstake 100").await;
    let second = user.json("unstake 50PHA --yes").await;
    let pays = wei(&second["result"]["pays"]);
    assert!(pays >= units(50) && pays < units(51), "{pays}");
    let tickets = user.json("tickets").await;
    assert_eq!(tickets["tickets"].as_array().unwrap().len(), 2);
    let (one, two) = (first["ticket"].as_str().unwrap(), second["result"]["ticket"].as_str().unwrap());

    // Locked: come back later.
    assert!(user.fails(&format!("claim {one} --yes"), 3).await.contains("locked"));
    assert!(user.fails("claim --yes", 3).await.contains("locked"));
    assert!(user.fails("claim 7 --yes", 1).await.contains("no open ticket 7"));
    user.send(&format!("cancel {two}")).await;
    assert!(user.fails(&format!("cancel {two} --yes"), 1).await.contains("no open ticket"));

    world.pass(UNSTAKE_DELAY).await;
    let before = world.balance(pha, user.address).await;
    let claimed = user.send("claim").await;
    assert_eq!(claimed["tickets"][0]["ticket"], one);
    let paid = wei(&claimed["tickets"][0]["paid"]);
    assert_eq!(paid, wei(&first["pays"]), "what was promised");
    assert_eq!(world.balance(pha, user.address).await, before + paid);
    assert!(user.fails("claim --yes", 1).await.contains("no open tickets"));
    user.send("unstake all").await;
    assert_eq!(world.balance(vpha, user.address).await, U256::ZERO);
    assert!(user.fails("unstake all --yes", 1).await.contains("no vPHA"));
}

#[tokio::test]
async fn thirty_two_tickets_are_the_most_and_a_pause_stops_deposits_alone() {
    let world = World::new().await;
    let user = world.user(0, 1_000).await;
    user.send("stake 500").await;
    for _ in 0..32 {
        world.call(user.signer(), world.at.vpha, &requestUnstakeCall { shares: units(1) }).await;
    }
    assert!(user.fails("unstake 1 --yes", 1).await.contains("32 tickets are open"));

    world.call(&Role::Council.signer().unwrap(), world.at.vpha, &pauseCall {}).await;
    assert!(user.fails("stake 1 --yes", 1).await.contains("staking is paused"));
    assert_eq!(user.json("status").await["paused"], true);
    let open = user.json("tickets").await["tickets"][0]["id"].as_str().unwrap().to_owned();
    user.send(&format!("cancel {open}")).await;
    world.pass(UNSTAKE_DELAY).await;
    let claimed = user.send("claim all").await;
    assert_eq!(claimed["tickets"].as_array().unwrap().len(), 31);
}

#[tokio::test]
async fn a_holder_delegates_and_votes() {
    let world = World::new().await;
    let user = world.user(0, 50_000).await;
    let other = world.user(1, 100).await;
    user.send("stake 50000").await;
    user.send("delegate self").await;
    assert!(user.fails("delegate self --yes", 1).await.contains("nothing to do"));
    assert!(user.fails("delegate 0x12 --yes", 1).await.contains("neither an address"));
    let status = user.json("status").await;
    assert_eq!(wei(&status["votes"]), wei(&status["vpha"]));

    let apy = user.json("apy").await;
    assert!(apy["percent"].as_str().unwrap().ends_with(" %") && apy["promised"] == false, "{apy}");
    assert!(wei(&apy["daily"]) > units(1), "the first day's emission streams: {apy}");
    assert!(user.run("apy").await.out.contains("nobody promises it"));

    let propose = proposeCall {
        targets: vec![world.at.vpha],
        values: vec![U256::ZERO],
        calldatas: vec![vec![].into()],
        description: "a proposal\u{1b}[2J".into(),
    };
    world.pass(1).await;
    world.call(user.signer(), world.at.stake_governor, &propose).await;
    let listed = user.json("proposals").await;
    let proposal = &listed["proposals"][0];
    assert_eq!(proposal["state"], "pending");
    assert!(!proposal["description"].as_str().unwrap().contains('\u{1b}'));
    let id = proposal["id"].as_str().unwrap();
    assert!(user.fails(&format!("vote {id} for --yes"), 3).await.contains("opens for votes"));
    world.pass(6).await;
    assert!(other.fails(&format!("vote {id} for --yes"), 1).await.contains("had no votes"));
    let vote = user.send(&format!("vote {id} against --reason no")).await;
    assert_eq!((vote["support"].as_str(), wei(&vote["weight"])), (Some("against"), wei(&status["vpha"])));
    assert!(user.fails(&format!("vote {id} for --yes"), 1).await.contains("voted"));
    assert!(user.run("proposals").await.out.contains("open for votes"));
    assert!(user.fails("vote 5 for --yes", 1).await.contains("no proposal 5"));
    world.pass(60).await;
    assert!(user.fails(&format!("vote {id} for --yes"), 1).await.contains("defeated"));
}
