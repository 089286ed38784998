//! The contracts on an L1, and users with the program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    providers::{Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use alloy_primitives::{Address, Bytes, U256, hex};
use contracts_client::token::Token;
use devnet::{
    accounts::{Role, users},
    artifacts::Artifacts,
    deployment::Deployment,
    platform,
};
use prover_quote::software::{Clock, SoftwarePki};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{anvil::Anvil, until};

/// Gas of a call that a test makes itself: more than any needs, and less than its sender has ether for.
const CALL_GAS: u64 = 3_000_000;

alloy::sol! {
    interface Transfers {
        function transfer(address to, uint256 amount) external returns (bool);
    }
}

/// Contracts on an L1 that makes a block for each transaction.
pub(crate) struct World {
    pub(crate) anvil: Anvil,
    pub(crate) at: Deployment,
    pub(crate) pki: SoftwarePki,
    pub(crate) folder: TempDir,
}

/// Somebody with a key, and a folder for what is under way.
pub(crate) struct User<'a> {
    world: &'a World,
    signer: PrivateKeySigner,
    pub(crate) address: Address,
    state: PathBuf,
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let anvil = Anvil::ticking().await;
        let roles = [Role::Deployer, Role::Governor, Role::Council, Role::Operator(0), Role::Operator(1)];
        let mut accounts: Vec<Address> = roles.map(|role| role.signer().unwrap().address()).into();
        accounts.extend(users().unwrap().iter().map(PrivateKeySigner::address));
        devnet::l1::fund(&anvil.provider, &accounts).await.unwrap();
        let pki = SoftwarePki::new([7; 32], Clock(1_700_000_000));
        let month = Duration::from_secs(30 * 86_400);
        let policy = platform::policy(&pki, &platform::collateral(&pki, 20, month).unwrap()).unwrap();
        let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
        let artifacts = Artifacts::of(&contracts).expect("compiled contracts");
        let at = Deployment::make(&anvil.provider, &anvil.url, &artifacts, &policy).await.unwrap();
        // Not before: the deployment sends many transactions at once, and of these an anvil that mines each now and then forgets one.
        anvil.set_block_time(0).await;
        anvil.rpc("evm_setAutomine", json!([true])).await;
        let world = Self { anvil, at, pki, folder: TempDir::new().unwrap() };
        fs::write(world.network(), world.document().to_string()).unwrap();
        world
    }

    /// The file that names nodes and contracts.
    pub(crate) fn network(&self) -> PathBuf {
        self.folder.path().join("network.json")
    }

    pub(crate) fn document(&self) -> Value {
        let at = &self.at;
        json!({
            "l1": { "rpc": self.anvil.url, "chainId": crate::anvil::CHAIN_ID },
            "contracts": {
                "vpha": at.vpha, "pha": at.pha, "operatorPool": at.operator_pool, "rollup": at.rollup,
                "proverRegistry": at.prover_registry, "faultCourt": at.fault_court, "emission": at.emission,
                "proverRewards": at.prover_rewards, "stakeGovernor": at.stake_governor, "portal": null,
            },
        })
    }

    /// One of the users, with so many PHA.
    pub(crate) async fn user(&self, index: usize, pha: u64) -> User<'_> {
        let signer = users().unwrap().remove(index);
        let address = signer.address();
        // The devnet gives each user some.
        let (given, deployer) = (self.balance(self.at.pha, address).await, Role::Deployer.signer().unwrap());
        let back = Transfers::transferCall { to: deployer.address(), amount: given };
        self.call(&signer, self.at.pha, &back).await;
        let call = Transfers::transferCall { to: address, amount: units(pha) };
        self.call(&deployer, self.at.pha, &call).await;
        User { world: self, signer, address, state: self.folder.path().join(format!("state {index}")) }
    }

    /// Sends a call and waits for it.
    pub(crate) async fn call(
        &self,
        from: &PrivateKeySigner,
        to: Address,
        call: &impl SolCall,
    ) -> TransactionReceipt {
        let wallet = EthereumWallet::from(from.clone());
        let provider = ProviderBuilder::new().wallet(wallet).connect_http(self.anvil.url.parse().unwrap());
        // What an estimate saw may have changed by the time of the block.
        let request = TransactionRequest::default()
            .with_to(to)
            .with_input(Bytes::from(call.abi_encode()))
            .with_gas_limit(CALL_GAS);
        let receipt = provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
        assert!(receipt.status(), "a call to {to} failed");
        receipt
    }

    pub(crate) async fn view<C: SolCall>(&self, contract: Address, call: C) -> C::Return {
        let request =
            TransactionRequest::default().with_to(contract).with_input(Bytes::from(call.abi_encode()));
        C::abi_decode_returns(&self.anvil.provider.call(request).await.unwrap()).unwrap()
    }

    pub(crate) async fn balance(&self, token: Address, account: Address) -> U256 {
        self.view(token, Token::balanceOfCall { account }).await
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.anvil.rpc("evm_increaseTime", json!([seconds])).await;
        self.anvil.rpc("anvil_mine", json!(["0x1"])).await;
    }

    /// Sends a call as a contract of the chain.
    pub(crate) async fn call_as(&self, from: Address, to: Address, call: &impl SolCall) {
        self.anvil.rpc("anvil_impersonateAccount", json!([from])).await;
        self.anvil.rpc("anvil_setBalance", json!([from, "0x8ac7230489e80000"])).await;
        let data = hex::encode_prefixed(call.abi_encode());
        let hash = self
            .anvil
            .rpc(
                "eth_sendTransaction",
                json!([{ "from": from, "to": to, "data": data, "gas": format!("{CALL_GAS:#x}") }]),
            )
            .await;
        let receipt = until("the call is in a block", async || {
            let receipt = self.anvil.rpc("eth_getTransactionReceipt", json!([hash])).await;
            (!receipt.is_null()).then_some(receipt)
        })
        .await;
        assert_eq!(receipt["status"], "0x1", "a call of {from} to {to} failed");
    }
}

impl User<'_> {
    /// The program with these words, as this user.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vpha-staking"));
        command
            .args(["--network".as_ref(), self.world.network().as_os_str()])
            .args(words.split(' '))
            .env("VPHA_STATE_DIR", &self.state)
            .env("VPHA_PRIVATE_KEY", hex::encode(self.signer.to_bytes()))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, words: &str) -> Run {
        let mut command = self.command(words);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        Run::of(&output)
    }

    /// Runs a command that goes well, with `--json`.
    pub(crate) async fn json(&self, words: &str) -> Value {
        let run = self.run(&format!("{words} --json")).await;
        assert_eq!(run.code, 0, "{words}: {run:?}");
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{words}: {error}: {}", run.out))
    }

    /// Runs a command that sends and goes well, and returns its result. Before, a dry run of it sends nothing.
    pub(crate) async fn send(&self, words: &str) -> Value {
        let nonce = self.nonce().await;
        let dry = self.json(&format!("{words} --dry-run")).await;
        assert_eq!(dry["dryRun"], true, "{words}: {dry}");
        assert_eq!(self.nonce().await, nonce, "a dry run of {words} has sent something");
        let steps = dry["steps"].as_array().unwrap().len();
        let done = self.json(&format!("{words} --yes")).await;
        assert_eq!(done["transactions"].as_array().unwrap().len(), steps, "{words}: {done}");
        assert_eq!(self.nonce().await, nonce + steps as u64);
        self.check(&dry["changes"]).await;
        done["result"].clone()
    }

    /// Runs a command that fails with this exit code, and returns what it says.
    pub(crate) async fn fails(&self, words: &str, code: i32) -> String {
        let nonce = self.nonce().await;
        let run = self.run(words).await;
        assert_eq!(run.code, code, "{words}: {run:?}");
        assert_eq!(self.nonce().await, nonce, "{words} has sent something");
        run.err
    }

    /// What the dry run said of this account's tokens is what is there.
    async fn check(&self, changes: &Value) {
        for change in changes.as_array().unwrap() {
            let token = match change["name"].as_str().unwrap() {
                "PHA" => self.world.at.pha,
                "vPHA" => self.world.at.vpha,
                _ => continue,
            };
            let wei: U256 = change["after"]["wei"].as_str().unwrap().parse().unwrap();
            let held = self.world.balance(token, self.address).await;
            // Prices move with the seconds between.
            let difference = if held > wei { held - wei } else { wei - held };
            assert!(difference <= wei / U256::from(100), "{change}: {held}");
        }
    }

    pub(crate) fn spawn(&self, words: &str) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(crate) async fn nonce(&self) -> u64 {
        self.world.anvil.provider.get_transaction_count(self.address).pending().await.unwrap()
    }

    pub(crate) fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }

    pub(crate) fn state(&self) -> &Path {
        &self.state
    }
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().expect("the program ends by itself");
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// So many whole tokens.
pub(crate) fn units(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

/// An amount of a document, in wei.
pub(crate) fn wei(document: &Value) -> U256 {
    document["wei"].as_str().unwrap_or_else(|| panic!("{document} is no amount")).parse().unwrap()
}
