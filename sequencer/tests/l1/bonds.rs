//! Operators whose bonds do not stand for another batch.

use alloy::{sol, sol_types::SolCall};
use alloy_primitives::{U256, uint};
use contracts_bindings::{IOperatorPool, IVPHA};
use devnet::accounts::Role;

use crate::{until, world::World};

/// One vPHA, or PHA.
const UNIT: U256 = uint!(1_000_000_000_000_000_000_U256);
/// Bond of each operator, and the least one.
const BOND: U256 = uint!(10_000_000_000_000_000_000_000_U256);
const LEAST: U256 = uint!(1_000_000_000_000_000_000_000_U256);

sol! {
    interface Token {
        function approve(address spender, uint256 amount) external returns (bool);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_whose_bond_left_is_done_without_until_it_is_back() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(2).await];
    let pool = world.deployment.operator_pool;
    // Registered with a bond, which goes before the first batch.
    let shares = BOND - LEAST + U256::ONE;
    world.call(Role::Operator(2), pool, IOperatorPool::thawCall { shares }.abi_encode()).await;

    let node = world.node(|_| {}).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    let (last, _) = world.last_output().await;
    for index in 1..=last {
        assert_eq!(world.output(index).await.unwrap().proofs, 1, "one bond, one proof");
    }

    let (pha, vpha) = (world.deployment.pha, world.deployment.vpha);
    let receiver = Role::Operator(2).signer().unwrap().address();
    let ten = U256::from(10) * UNIT;
    let approve = |spender| Token::approveCall { spender, amount: ten }.abi_encode();
    for (to, call) in [
        (pha, approve(vpha)),
        (vpha, IVPHA::depositCall { assets: ten, receiver }.abi_encode()),
        (vpha, approve(pool)),
        (pool, IOperatorPool::bondCall { amount: UNIT }.abi_encode()),
    ] {
        world.call(Role::Operator(2), to, call).await;
    }
    until("batches have two proofs", async || {
        let (last, output) = world.last_output().await;
        (last > 0 && output.proofs == 2).then_some(())
    })
    .await;
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}

/// Finality is recorded by the way, a few batches late. Where a bond stands for two batches alone, that is too late.
#[tokio::test(flavor = "multi_thread")]
async fn finality_is_recorded_where_bonds_wait_for_it() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let parameters = IOperatorPool::Class {
        minBond: BOND,
        bondPerBatch: BOND / U256::from(2),
        weight: U256::from(10_000),
    };
    let call = IOperatorPool::setClassCall { number: U256::ONE, parameters };
    world.govern(world.deployment.operator_pool, call.abi_encode()).await;

    let node = world.node(|_| {}).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    for nonce in 0..6 {
        let block = node.transfer(nonce).await;
        node.until_safe(block).await;
    }
    let (last, output) = world.last_output().await;
    assert!(last >= 6 && output.proofs == 2, "{last} batches, {} proofs", output.proofs);
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}
