//! A watchtower's folder, and runs of the program on it.

use std::{fs, path::PathBuf, process::Stdio};

use alloy::{providers::Provider, rpc::types::TransactionRequest, sol_types::SolCall};
use alloy_primitives::{B256, FixedBytes};
use contracts_bindings::IRollup;
use devnet::accounts::Role;
use executor::transition::Transition;
use sequencer::store::Store;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;
use vpha_staking::evidence::{Evidence, SignedTransition};

use crate::{prover::Prover, world::World};

/// Who reports.
pub(crate) const REPORTER: Role = Role::Operator(2);

/// What a new user has: the files of a network, and a folder.
pub(crate) struct Tower {
    folder: TempDir,
    /// Other options than the usual.
    pub(crate) options: Vec<String>,
    /// The beacon node.
    pub(crate) beacon: String,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) log: String,
}

impl Tower {
    pub(crate) fn new(world: &World) -> Self {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, value: serde_json::Value| {
            fs::write(folder.path().join(name), value.to_string()).unwrap();
        };
        let deployment = &world.deployment;
        write(
            "network.json",
            json!({
                "l1": { "rpc": world.anvil.url, "chainId": deployment.chain.l1_chain_id },
                "contracts": { "rollup": deployment.rollup },
            }),
        );
        write("chain.json", serde_json::to_value(&deployment.chain).unwrap());
        write("genesis.json", serde_json::to_value(&deployment.genesis).unwrap());
        fs::write(folder.path().join("key"), format!("{}", REPORTER.signer().unwrap().to_bytes())).unwrap();
        fs::create_dir(folder.path().join("published")).unwrap();
        let options = ["--dispute-wait", "0s", "--l2-patience", "0s"].map(str::to_owned).to_vec();
        Self { folder, options, beacon: world.anvil.url.clone() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Looks once at everything.
    pub(crate) async fn once(&self, more: &[&str]) -> Ended {
        self.run(&[&["--once"], more].concat()).await
    }

    /// Looks once, with a key.
    pub(crate) async fn once_reporting(&self) -> Ended {
        let key = self.path("key");
        self.once(&["--key-file", key.to_str().unwrap()]).await
    }

    async fn run(&self, more: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_vpha-staking"))
            .arg("watch")
            .arg("--network")
            .arg(self.path("network.json"))
            .args(["--l1-beacon", &self.beacon, "--pace", "devnet"])
            .arg("--data-dir")
            .arg(self.path("data"))
            .arg("--evidence-dir")
            .arg(self.path("published"))
            .args(&self.options)
            .args(more)
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        // Shown by a test that fails.
        println!("--- watch {more:?}: {}\n{log}", output.status);
        Ended { code: output.status.code().unwrap(), log }
    }

    /// Publishes a signature for whoever watches.
    pub(crate) fn publish(&self, name: &str, transition: &Transition, signature: FixedBytes<65>) {
        let text = serde_json::to_string(&SignedTransition::new(transition, signature)).unwrap();
        fs::write(self.path("published").join(name), text).unwrap();
    }

    /// The evidence that it wrote.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let Ok(files) = fs::read_dir(self.path("data/evidence")) else { return Vec::new() };
        files.map(|file| Evidence::read(&file.unwrap().path()).unwrap()).collect()
    }

    /// Lines of the archive of signatures.
    pub(crate) fn archive(&self) -> String {
        fs::read_to_string(self.path("data/claims.jsonl")).unwrap()
    }

    /// The blocks that it has executed. It must not run meanwhile.
    pub(crate) fn store(&self, world: &World) -> Store {
        let deployment = &world.deployment;
        Store::open(&self.path("data/l2"), &deployment.chain, &deployment.genesis).unwrap()
    }

    /// The next run reads L1 from the start.
    pub(crate) fn forget_cursor(&self) {
        fs::remove_file(self.path("data/cursor.json")).unwrap();
    }

    pub(crate) fn archive_path(&self) -> PathBuf {
        self.path("data/claims.jsonl")
    }
}

impl Ended {
    /// Ended with this code, and said this.
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code);
        for word in words {
            assert!(self.log.contains(word), "{word:?} is not in the log");
        }
    }
}

/// Unix time since which a conflict is open; zero if there is none.
pub(crate) async fn conflict_since(world: &World) -> u64 {
    let call = IRollup::conflictSinceCall {}.abi_encode();
    let request = TransactionRequest::default().to(world.deployment.rollup).input(call.into());
    let answer = world.anvil.provider.call(request).await.unwrap();
    IRollup::conflictSinceCall::abi_decode_returns(&answer).unwrap().to()
}

/// Transactions that the reporter has sent.
pub(crate) async fn reports(world: &World) -> u64 {
    let account = REPORTER.signer().unwrap().address();
    world.anvil.provider.get_transaction_count(account).await.unwrap()
}

/// Another output of the same input, signed.
pub(crate) fn forge(prover: &Prover, honest: &Transition, output: u8) -> (Transition, FixedBytes<65>) {
    let forged = Transition { outputRoot: B256::repeat_byte(output), ..honest.clone() };
    let signature = prover.sign(0, prover.digest(&forged)).signature;
    (forged, signature)
}
