//! Everything of the rollup on one machine: an L1, the contracts, a software TDX platform, two
//! provers, a sequencer and a relayer. Nothing in it is a mock: the programs are the ones that run in
//! production, but for the enclave, which is built with the software platform.
//!
//! [`main`] is the whole of it; the modules are its steps.

pub mod accounts;
mod addresses;
pub mod artifacts;
mod bridge;
pub mod deploy;
pub mod deployment;
pub mod genesis;
pub mod governance;
pub mod l1;
pub mod platform;
pub mod ports;
pub mod process;
pub mod profile;
pub mod programs;
pub mod progress;
pub mod record;
pub mod settings;
pub mod staking;
pub mod state_dir;

mod ready;
mod supervise;

use std::{path::Path, process::ExitCode};

use artifacts::Artifacts;
use clap::Parser as _;
use deployment::{Deployment, Policy};
use executor::chain::MESSAGE_PASSER;
use eyre::{Result, WrapErr as _};
use platform::Platforms;
use process::Process;
use progress::Progress;
use record::Record;
use settings::{PROVERS, Settings};
use state_dir::StateDir;
use supervise::Stop;
use tracing_subscriber::EnvFilter;

/// The file that tells scripts where everything is.
const RECORD: &str = "devnet.json";

/// Starts everything as the arguments say, tells where it is, and stops everything in order on Ctrl-C or SIGTERM.
///
/// Not in `main.rs`: an async function is compiled where it is polled, and that is once here, but again in each program and test.
#[tokio::main]
pub async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("devnet: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<()> {
    let mut stop = Stop::listen()?;
    let mut processes = Vec::new();
    let outcome = tokio::select! {
        // Ctrl-C during the start ends it where it is.
        biased;
        () = stop.requested() => Ok(None),
        started = start(&settings, &mut processes) => started.map(Some),
    };
    let outcome = match outcome {
        Ok(Some(started)) => {
            started.announce(&settings);
            let outcome = supervise::until_stopped(&mut processes, &started.state, &mut stop).await;
            // Whoever finds the file may rely on it: it is there only while the devnet is ready.
            std::fs::remove_file(started.state.join(RECORD))?;
            outcome
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    println!("stopping");
    supervise::stop(processes).await?;
    outcome
}

/// A devnet that is ready.
struct Started {
    state: StateDir,
    record: Record,
}

async fn start(settings: &Settings, processes: &mut Vec<Process>) -> Result<Started> {
    let mut progress = Progress::default();
    let state = StateDir::open(&settings.state_dir, settings.fresh).await?;
    let record_path = state.join(RECORD);
    if record_path.exists() {
        std::fs::remove_file(&record_path)?;
    }
    ports::require_free(settings)?;
    let artifacts = Artifacts::of(&settings.contracts)?;

    progress.step("L1");
    let program = l1::program(settings, state.path())?;
    processes.push(Process::start(program)?);
    state.write_pids(processes.iter())?;
    let l1 = match processes.last_mut() {
        Some(process) => l1::connect(process, &settings.l1_url()).await?,
        None => eyre::bail!("the L1 was not started"),
    };

    progress.step("software TDX platforms");
    let platforms = Platforms::open(&state, PROVERS)?;
    let policy = Policy {
        sequencer_timeout: settings.sequencer_timeout,
        profile: settings.profile.profile(),
        ..platforms.publish(&state, settings.collateral_lifetime)?
    };

    let deployment = deploy_or_continue(settings, &state, &l1, &artifacts, &policy, &mut progress).await?;
    programs::write_inputs(&state, &deployment)?;

    progress.step("sequencer");
    processes.push(Process::start(programs::sequencer(settings, &state, &deployment)?)?);
    state.write_pids(processes.iter())?;
    ready::l2(settings, processes).await?;

    progress.step("provers registered on L1");
    for index in 0..PROVERS {
        processes.push(Process::start(programs::enclave(settings, &state, index)?)?);
        processes.push(Process::start(programs::prover(settings, &state, &deployment, index)?)?);
    }
    state.write_pids(processes.iter())?;
    let provers = ready::provers(&l1, &deployment, processes).await?;

    processes.push(Process::start(programs::relayer(settings, &state, &deployment)?)?);
    state.write_pids(processes.iter())?;
    progress.finish();

    let record = record(settings, &deployment, provers)?;
    record::write(&record_path, &record)?;
    Ok(Started { state, record })
}

async fn deploy_or_continue(
    settings: &Settings,
    state: &StateDir,
    l1: &alloy::providers::DynProvider,
    artifacts: &Artifacts,
    policy: &Policy,
    progress: &mut Progress,
) -> Result<Deployment> {
    let path = state.join("deployment.json");
    let earlier = record::read::<Deployment>(&path)
        .wrap_err("the state is of another version of the devnet: start again with --fresh")?;
    if let Some(deployment) = earlier {
        deployment.require_on(l1).await?;
        return Ok(deployment);
    }
    progress.step("contracts on L1");
    l1::fund(l1, &programs::funded_roles()?).await?;
    let deployment = Deployment::make(l1, &settings.l1_url(), artifacts, policy).await?;
    record::write(&path, &deployment)?;
    Ok(deployment)
}

fn record(settings: &Settings, deployment: &Deployment, provers: Vec<record::Prover>) -> Result<Record> {
    Ok(Record {
        l1: record::L1 { rpc: settings.l1_url(), chain_id: deployment.chain.l1_chain_id },
        l2: record::L2 {
            rpc: settings.l2_url(),
            ws: settings.l2_ws_url(),
            chain_id: deployment.chain.chain_id,
        },
        contracts: record::Contracts {
            rollup: Some(deployment.rollup),
            portal: Some(deployment.portal),
            l2_output_oracle: Some(deployment.portal),
            l1_standard_bridge: Some(deployment.l1_standard_bridge),
            l1_cross_domain_messenger: Some(deployment.l1_cross_domain_messenger),
            council_pause: Some(deployment.council_pause),
            upgrade_timelock: Some(deployment.upgrade_timelock),
            prover_registry: Some(deployment.prover_registry),
            collateral_store: Some(deployment.collateral_store),
            pha: Some(deployment.pha),
            vpha: Some(deployment.vpha),
            operator_pool: Some(deployment.operator_pool),
            fault_court: Some(deployment.fault_court),
            prover_rewards: Some(deployment.prover_rewards),
            emission: Some(deployment.emission),
            stake_governor: Some(deployment.stake_governor),
            timelock: Some(deployment.timelock),
            multicall3: Some(deployment.multicall3),
            l2_pha: Some(genesis::L2_PHA),
            l2_standard_bridge: Some(genesis::L2_STANDARD_BRIDGE),
            l2_cross_domain_messenger: Some(genesis::L2_CROSS_DOMAIN_MESSENGER),
            l2_to_l1_message_passer: Some(MESSAGE_PASSER),
            optimism_mintable_erc20_factory: Some(genesis::TOKEN_FACTORY),
            weth: Some(genesis::WETH),
            gas_price_oracle: Some(genesis::GAS_PRICE_ORACLE),
        },
        accounts: accounts::users()?.iter().map(Into::into).collect(),
        provers,
    })
}

impl Started {
    fn announce(&self, settings: &Settings) {
        let Record { l1, l2, contracts, accounts, provers } = &self.record;
        println!("\nready\n");
        println!("  L2   {}   {}   chain id {}", l2.rpc, l2.ws, l2.chain_id);
        println!("  L1   {}   chain id {}", l1.rpc, l1.chain_id);
        for (name, address) in [
            ("Rollup", contracts.rollup),
            ("Portal", contracts.portal),
            ("L1StandardBridge", contracts.l1_standard_bridge),
            ("PHA", contracts.pha),
            ("vPHA", contracts.vpha),
            ("OperatorPool", contracts.operator_pool),
        ] {
            if let Some(address) = address {
                println!("  {name:<16} {address}");
            }
        }
        for (index, prover) in provers.iter().enumerate() {
            println!("  prover {index}: operator {}, enclave key {}", prover.operator, prover.signer);
        }
        println!(
            "\n  funded on both chains, with PHA on L1 (public keys of development tools, never use them elsewhere):"
        );
        for account in accounts {
            println!("    {}  {}", account.address, account.private_key);
        }
        println!("\n  metrics at http://{}:{}/metrics", settings.reachable_host(), settings.metrics_port);
        println!("  everything above is in {}", relative(&self.state.join(RECORD)).display());
        println!("  logs are in {}", relative(&self.state.join("logs")).display());
        println!("\nCtrl-C stops. The next start continues; ARGS=--fresh forgets.");
    }
}

/// `path` as seen from the current folder, where that is shorter.
fn relative(path: &Path) -> &Path {
    std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}
