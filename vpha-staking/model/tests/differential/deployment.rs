//! All of staking, deployed as in production, over the small rollup of the contracts' own tests.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};
use contracts_bindings::{IEmissionController, IFaultCourt, IOperatorPool, IProverRewards, IVPHA};
use staking_model::{Contracts, Delays, SEED, Setting, World, ether};

use crate::{
    abi::Token,
    machine::{DEPLOYER, Machine},
};

/// Deploys with `setting`, and makes the world that is equal to it.
pub(crate) fn deploy(mut setting: Setting) -> (Machine, World) {
    let mut machine = Machine::new();
    machine.set_time(setting.start);
    let pha = machine.deploy("PHA", &[]);
    // Contracts that name one another are deployed at addresses that are known before.
    let [vpha, pool, court, rewards, emission, rollup] = [1, 2, 3, 4, 5, 0].map(|n| machine.next_address(n));
    setting.at = Contracts { pha, vpha, pool, court, rewards, emission, rollup };
    let Delays { unstake, exit, case, veto, margin, reward } = setting.delays;
    let [unstake, exit, case, veto, margin, reward] =
        [unstake, exit, case, veto, margin, reward].map(U256::from);
    let (timelock, council) = (setting.roles.timelock, setting.roles.council);
    let challenge = exit - case - veto - margin;

    machine.deploy("TestRollup", &(pool, court, challenge).abi_encode_params());
    // The seed: by way of the deployer, whose nonce stays what it is.
    let approve = Token::approveCall { spender: vpha, amount: SEED };
    machine.call(DEPLOYER, pha, approve.abi_encode()).unwrap();
    machine.deploy(
        "VPHA",
        &IVPHA::Config {
            pha,
            timelock,
            council,
            emission,
            operatorPool: pool,
            unstakeDelay: unstake,
            rewardDuration: reward,
        }
        .abi_encode(),
    );
    machine.deploy(
        "OperatorPool",
        &IOperatorPool::Config { vpha, rollup, court, timelock, exitDelay: exit, classes: classes(&setting) }
            .abi_encode(),
    );
    machine.deploy(
        "FaultCourt",
        &IFaultCourt::Config {
            pool,
            timelock,
            council,
            challengePeriod: challenge,
            casePeriod: case,
            vetoPeriod: veto,
            margin,
            reporterShare: setting.reporter_share,
        }
        .abi_encode(),
    );
    machine.deploy(
        "ProverRewards",
        &IProverRewards::Config {
            pool,
            emission,
            timelock,
            rewardDuration: reward,
            rewardRate: setting.reward_rate,
        }
        .abi_encode(),
    );
    machine.deploy(
        "EmissionController",
        &IEmissionController::Config {
            vpha,
            proverRewards: rewards,
            treasury: setting.roles.treasury,
            timelock,
            start: U256::from(setting.start),
            initialDaily: setting.initial_daily,
        }
        .abi_encode(),
    );
    let mut world = World::new(setting);
    world.pha.mint(DEPLOYER, ether(1_000_000_000) - SEED);
    (machine, world)
}

fn classes(setting: &Setting) -> Vec<IOperatorPool::Class> {
    setting.classes.iter().map(crate::abi::class).collect()
}

/// The accounts that act. There are more than act at one time: whoever is slashed makes room for another.
pub(crate) fn users() -> Vec<Address> {
    (1..=48).map(|number| Address::with_last_byte(number).create(0)).collect()
}
