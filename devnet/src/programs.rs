//! How each program is started, and the files it reads.

use alloy_primitives::Address;
use eyre::Result;
use serde_json::json;

use crate::{
    accounts::Role,
    deployment::Deployment,
    platform,
    process::{Program, sibling},
    record,
    settings::{PROVERS, Settings},
    state_dir::StateDir,
};

/// The chain's own accounts that pay for transactions on L1.
pub fn funded_roles() -> Result<Vec<Address>> {
    let mut roles = vec![Role::Deployer, Role::Batcher, Role::Governor, Role::Council, Role::Relayer];
    roles.extend((0..PROVERS).map(Role::Operator));
    roles.into_iter().map(|role| Ok(role.signer()?.address())).collect()
}

/// Writes the files that the programs read.
pub fn write_inputs(state: &StateDir, deployment: &Deployment) -> Result<()> {
    record::write(&state.join("chain.json"), &deployment.chain)?;
    record::write(&state.join("genesis.json"), &deployment.genesis)?;
    record::write(
        &state.join("enclave.json"),
        &json!({
            "chain": deployment.chain,
            "rollup": deployment.rollup,
            "registry": deployment.prover_registry,
        }),
    )?;
    state.write_key("batcher", Role::Batcher.key())?;
    state.write_key("relayer", Role::Relayer.key())?;
    for index in 0..PROVERS {
        state.write_key(&format!("operator-{index}"), Role::Operator(index).key())?;
    }
    Ok(())
}

/// The sequencer.
pub fn sequencer(settings: &Settings, state: &StateDir, deployment: &Deployment) -> Result<Program> {
    program(state, "sequencer", "sequencer", |args| {
        args.path("--data-dir", state.join("l2"))
            .path("--chain", state.join("chain.json"))
            .path("--genesis", state.join("genesis.json"))
            .value("--l1-rpc", settings.l1_url())
            // anvil serves the blobs itself.
            .value("--l1-beacon", settings.l1_url())
            .value("--rollup", deployment.rollup)
            .value("--registry", deployment.prover_registry)
            .path("--batcher-key-file", state.join("keys/batcher"))
            .value("--http-addr", settings.host)
            .value("--http-port", settings.l2_port)
            .value("--prover-addr", settings.host)
            .value("--prover-port", settings.prover_port)
            .value("--metrics-addr", settings.host)
            .value("--metrics-port", settings.metrics_port)
            .value("--pace", "devnet")
            .value("--max-empty-interval", 5);
    })
}

/// The enclave of prover `index`.
pub fn enclave(settings: &Settings, state: &StateDir, index: u16) -> Result<Program> {
    program(state, &format!("enclave-{index}"), "prover-enclave", |args| {
        args.path("--config", state.join("enclave.json"))
            .value("--listen", enclave_address(settings, index))
            .path("--software-platform", platform::folder(state, index));
    })
}

/// The host of prover `index`.
pub fn prover(settings: &Settings, state: &StateDir, deployment: &Deployment, index: u16) -> Result<Program> {
    program(state, &format!("prover-{index}"), "prover-tee", |args| {
        args.word("prove")
            .value("--enclave", enclave_address(settings, index))
            .value("--sequencer", format!("{}:{}", settings.reachable_host(), settings.prover_port))
            .value("--l1-rpc", settings.l1_url())
            .value("--registry", deployment.prover_registry)
            .path("--operator-key-file", state.join(format!("keys/operator-{index}")))
            .path("--collateral", platform::collateral_folder(state))
            .value("--collateral-interval", "10s")
            .value("--metrics-addr", settings.host)
            .value("--metrics-port", settings.metrics_port.saturating_add(1).saturating_add(index));
    })
}

/// What finishes users' withdrawals for them.
pub fn relayer(settings: &Settings, state: &StateDir, deployment: &Deployment) -> Result<Program> {
    program(state, "relayer", "bridge", |args| {
        args.word("relay")
            .value("--l1-rpc", settings.l1_url())
            .value("--l1-chain-id", deployment.chain.l1_chain_id)
            .value("--l2-rpc", settings.l2_url())
            .value("--l2-chain-id", deployment.chain.chain_id)
            .value("--portal", deployment.portal)
            .value("--l1-standard-bridge", deployment.l1_standard_bridge)
            .value("--l1-messenger", deployment.l1_cross_domain_messenger)
            .path("--key-file", state.join("keys/relayer"))
            .path("--state-dir", state.join("relayer"))
            .value("--patience", format!("{}s", settings.relayer_patience))
            .value("--interval", "1s")
            // Its account is as good as endless.
            .value("--budget", "1000 ETH")
            .value("--metrics-addr", settings.host)
            .value("--metrics-port", settings.relayer_metrics_port());
    })
}

fn enclave_address(settings: &Settings, index: u16) -> String {
    format!("{}:{}", settings.reachable_host(), settings.enclave_port.saturating_add(index))
}

fn program(
    state: &StateDir,
    name: &str,
    executable: &str,
    arguments: impl FnOnce(&mut Arguments),
) -> Result<Program> {
    let mut args = Arguments::default();
    arguments(&mut args);
    Ok(Program {
        name: name.to_owned(),
        path: sibling(executable)?,
        args: args.0,
        env: Vec::new(),
        log: state.join(format!("logs/{name}.log")),
    })
}

/// A command line under construction.
#[derive(Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn word(&mut self, word: &str) -> &mut Self {
        self.0.push(word.to_owned());
        self
    }

    fn value(&mut self, flag: &str, value: impl std::fmt::Display) -> &mut Self {
        self.0.extend([flag.to_owned(), value.to_string()]);
        self
    }

    fn path(&mut self, flag: &str, path: std::path::PathBuf) -> &mut Self {
        self.value(flag, path.display())
    }
}
