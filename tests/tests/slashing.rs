//! A provider joins, proves, earns, and is caught: the whole life of collateral, with the programs that users run.
//!
//! A new provider stakes PHA, makes a pool, bonds, registers its prover by quote, proves batches and claims what they earn. Its enclave is
//! broken: it signs two outputs for one input. One reaches the watchtower from the prover's host through the sequencer, the other as a
//! file. It reports both. The chain stops finalising, the pool loses all, the reporter is paid, holders of vPHA vote on what stays, and
//! the chain goes on with the honest provers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use alloy::{
    eips::BlockNumberOrTag,
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, Bytes, U256, keccak256, utils::parse_ether},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    sol,
    sol_types::SolCall,
};
use contracts_bindings::{
    IFaultCourt, IGovernor, IGovernor::IGovernorInstance, IOperatorPool::IOperatorPoolInstance, IRollup,
    IRollup::IRollupInstance,
};
use e2e::{Devnet, Running, program, until};
use eyre::{Context, OptionExt, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(120);
/// For what becomes final: a batch that one prover signed in time waits two minutes, and those after it wait with it.
const FINALITY: Duration = Duration::from_secs(300);
/// Exit code of a watchtower that found a double signature.
const DOUBLE_SIGNATURE: i32 = 4;
/// Who is who among the devnet's users.
const PROVIDER: usize = 3;
const REPORTER: usize = 4;
const HOLDER: usize = 5;
/// What the provider stakes, in PHA, and bonds.
const STAKED: &str = "2500";
const BONDED: &str = "2000";

sol! {
    #[sol(rpc)]
    interface Token {
        function balanceOf(address account) external view returns (uint256);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_signs_two_outputs_loses_everything_and_the_chain_goes_on() -> Result<()> {
    let story = Story::begin().await?;
    story.the_provider_bonds().await?;
    let _prover = story.the_provider_proves().await?;
    story.the_provider_earns().await?;
    let watchtower = story.watch()?;
    story.the_enclave_signs_another_output(watchtower).await?;
    story.the_chain_stops_finalising().await?;
    story.the_pool_has_lost_all_and_the_reporter_is_paid().await?;
    story.holders_resolve_the_conflict().await?;
    story.the_chain_goes_on().await
}

/// A devnet, and the folder of those who are not part of it.
struct Story {
    devnet: Devnet,
    folder: TempDir,
    l1: DynProvider,
}

impl Story {
    async fn begin() -> Result<Self> {
        let devnet = Devnet::start().await?;
        let l1 = devnet.l1()?;
        let story = Self { devnet, folder: tempfile::tempdir()?, l1 };
        for account in [PROVIDER, REPORTER, HOLDER] {
            fs::write(story.key(account), story.signer(account)?.to_bytes().to_string())?;
        }
        fs::create_dir(story.market())?;
        Ok(story)
    }

    // The provider, who reads the README.

    async fn the_provider_bonds(&self) -> Result<()> {
        // Nobody registers a prover without a bond.
        let refused = self.run(PROVIDER, &["pool", "bond", BONDED]).await?;
        ensure!(refused.code != 0 && refused.error().contains("pool"), "{refused:?}");

        self.done(PROVIDER, &["stake", STAKED]).await?;
        self.done(PROVIDER, &["pool", "create", "1"]).await?;
        self.done(PROVIDER, &["pool", "bond", BONDED]).await?;
        let pool = self.pool()?.poolOf(self.address(PROVIDER)?).call().await?;
        assert_eq!(pool.active, parse_ether(BONDED)?);
        Ok(())
    }

    /// The provider's prover takes the place of one of the devnet's, so that batches need it.
    async fn the_provider_proves(&self) -> Result<(Running, Running)> {
        let state = self.devnet.state_dir();
        let endpoint = format!("127.0.0.1:{}", self.devnet.spare_port(0));
        let enclave = self.start(
            "rogue-enclave",
            &[
                &text(&state.join("enclave.json"))?,
                &text(&state.join("platforms/2"))?,
                &endpoint,
                &text(&self.market())?,
            ],
        )?;
        until("the enclave listens", LIMIT, async || {
            Ok(tokio::net::TcpStream::connect(&endpoint).await.is_ok().then_some(()))
        })
        .await?;
        let registered = self.done(PROVIDER, &["pool", "register-prover", "--enclave", &endpoint]).await?;
        println!("registered: {registered}");

        let record = self.devnet.record();
        let registry = record.contracts.prover_registry.ok_or_eyre("no registry")?.to_string();
        let l2: u16 = record.l2.rpc.rsplit(':').next().ok_or_eyre("no port")?.parse()?;
        let host = self.start(
            "prover-tee",
            &[
                "prove",
                "--enclave",
                &endpoint,
                // The devnet's ports follow each other.
                "--sequencer",
                &format!("127.0.0.1:{}", l2 + 1),
                "--l1-rpc",
                &record.l1.rpc,
                "--registry",
                &registry,
                "--operator-key-file",
                &text(&self.key(PROVIDER))?,
                "--collateral",
                &text(&state.join("collateral"))?,
                "--metrics-addr",
                "127.0.0.1",
                "--metrics-port",
                &self.devnet.spare_port(1).to_string(),
            ],
        )?;
        self.devnet.signal("prover-1", "STOP")?;
        Ok((enclave, host))
    }

    async fn the_provider_earns(&self) -> Result<()> {
        let (pool, operator) = (self.pool()?, self.address(PROVIDER)?);
        until("batches of the provider are final", FINALITY, async || {
            // Its next batch releases the earlier ones.
            Ok((pool.poolOf(operator).call().await?.work > U256::ZERO).then_some(()))
        })
        .await?;
        let before = self.pha()?.balanceOf(operator).call().await?;
        let rewards = self.done(PROVIDER, &["pool", "rewards"]).await?;
        println!("rewards: {rewards}");
        self.done(PROVIDER, &["pool", "claim-rewards"]).await?;
        let earned = self.pha()?.balanceOf(operator).call().await? - before;
        // Half a PHA for a proof.
        ensure!(earned >= parse_ether("0.5")?, "earned {earned} wei");
        Ok(())
    }

    // The fault.

    fn watch(&self) -> Result<Running> {
        let l1 = self.devnet.record().l1.rpc.clone();
        self.start(
            "vpha-staking",
            &[
                "watch",
                "--network",
                &text(&self.devnet.state_dir().join("devnet.json"))?,
                "--l1-beacon",
                &l1,
                "--data-dir",
                &text(&self.folder.path().join("watch"))?,
                "--evidence-dir",
                &text(&self.market())?,
                "--pace",
                "devnet",
                "--key-file",
                &text(&self.key(REPORTER))?,
            ],
        )
    }

    async fn the_enclave_signs_another_output(&self, mut watchtower: Running) -> Result<()> {
        ensure!(watchtower.ended()?.is_none(), "an alarm without a fault: {}", self.log("vpha-staking"));
        fs::write(self.market().join("go"), "")?;
        let ended = until("the watchtower raises the alarm", LIMIT, async || Ok(watchtower.ended()?)).await?;
        ensure!(
            ended.code() == Some(DOUBLE_SIGNATURE),
            "the watchtower ended with {ended}: {}",
            self.log("vpha-staking")
        );
        // The host told the sequencer, which tells everybody.
        let page: Value = self.devnet.l2()?.raw_request("phala_getContradictions".into(), ["0x0"]).await?;
        assert_eq!(page.as_array().map(Vec::len), Some(1), "{page}");
        Ok(())
    }

    async fn the_chain_stops_finalising(&self) -> Result<()> {
        let rollup = self.rollup()?;
        ensure!(!rollup.conflictSince().call().await?.is_zero(), "no conflict");
        let (stopped, batches) = (rollup.finalizedIndex().call().await?, rollup.batchCount().call().await?);
        let block = self.l1.get_block_number().await?;
        until("L1 has gone on for a while", LIMIT, async || {
            Ok((self.l1.get_block_number().await? >= block + 5).then_some(()))
        })
        .await?;
        assert_eq!(rollup.finalizedIndex().call().await?, stopped);
        assert_eq!(rollup.batchCount().call().await?, batches);
        // L2 itself goes on.
        let l2 = self.devnet.l2()?;
        let head = l2.get_block_number().await?;
        self.transfer().await?;
        ensure!(l2.get_block_number().await? > head, "L2 stands still");
        Ok(())
    }

    async fn the_pool_has_lost_all_and_the_reporter_is_paid(&self) -> Result<()> {
        let (operator, reporter) = (self.address(PROVIDER)?, self.address(REPORTER)?);
        assert_eq!(self.pool()?.slashable(operator).call().await?, U256::ZERO);
        ensure!(self.pool()?.poolOf(operator).call().await?.closed, "the pool takes bonds");
        let court = self.devnet.record().contracts.fault_court.ok_or_eyre("no court")?;
        let court = IFaultCourt::IFaultCourtInstance::new(court, &self.l1);
        let case = court.caseOf(U256::ONE).call().await?;
        assert_eq!((case.operator, case.recipient), (operator, reporter));
        let taken = U256::from(case.taken);
        assert_eq!(taken, parse_ether(BONDED)?);
        assert_eq!(court.caseCount().call().await?, U256::ONE, "nobody else is accused");
        let cases = self.done(PROVIDER, &["pool", "cases"]).await?;
        println!("cases: {cases}");

        let before = self.pha()?.balanceOf(reporter).call().await?;
        self.done(HOLDER, &["settle", "1"]).await?;
        let paid = self.pha()?.balanceOf(reporter).call().await? - before;
        let least = taken / U256::from(10);
        ensure!(paid >= least, "the reporter got {paid} wei for {taken} wei of vPHA");
        // What the two honest ones posted is all there.
        for prover in &self.devnet.record().provers {
            assert_eq!(self.pool()?.slashable(prover.operator).call().await?, parse_ether("10000")?);
        }
        Ok(())
    }

    // Governance.

    /// All batches that are there are true, and stay.
    async fn holders_resolve_the_conflict(&self) -> Result<()> {
        self.done(HOLDER, &["stake", "100000"]).await?;
        self.done(HOLDER, &["delegate", "self"]).await?;
        let rollup = self.rollup()?;
        self.call(HOLDER, *rollup.address(), IRollup::advanceFinalityCall { steps: U256::MAX }).await?;
        let keep = rollup.batchCount().call().await?;

        let governor = self.devnet.record().contracts.stake_governor.ok_or_eyre("no governor")?;
        let governor = IGovernorInstance::new(governor, &self.l1);
        let targets = vec![*rollup.address()];
        let values = vec![U256::ZERO];
        let calldatas: Vec<Bytes> =
            vec![IRollup::resolveConflictCall { keepThrough: keep }.abi_encode().into()];
        let description = "Keep all batches: those on L1 are the true ones.".to_owned();
        let description_hash = keccak256(&description);
        let propose = IGovernor::proposeCall {
            targets: targets.clone(),
            values: values.clone(),
            calldatas: calldatas.clone(),
            description,
        };
        let answer = self.l1.call(self.request(HOLDER, *governor.address(), &propose)?).await?;
        let id = IGovernor::proposeCall::abi_decode_returns(&answer)?;
        self.call(HOLDER, *governor.address(), propose).await?;

        self.reaches(&governor, id, IGovernor::ProposalState::Active).await?;
        self.done(HOLDER, &["vote", &id.to_string(), "for", "--reason", "the false one is on no L1"]).await?;
        self.reaches(&governor, id, IGovernor::ProposalState::Succeeded).await?;
        let queue = IGovernor::queueCall {
            targets: targets.clone(),
            values: values.clone(),
            calldatas: calldatas.clone(),
            descriptionHash: description_hash,
        };
        self.call(HOLDER, *governor.address(), queue).await?;
        let execute =
            IGovernor::executeCall { targets, values, calldatas, descriptionHash: description_hash };
        until("the timelock's delay is over", LIMIT, async || {
            let request = self.request(HOLDER, *governor.address(), &execute)?;
            Ok(self.l1.call(request).await.is_ok().then_some(()))
        })
        .await?;
        self.call(HOLDER, *governor.address(), execute).await?;
        assert_eq!(rollup.conflictSince().call().await?, U256::ZERO);
        Ok(())
    }

    async fn reaches(
        &self,
        governor: &IGovernorInstance<&DynProvider>,
        id: U256,
        state: IGovernor::ProposalState,
    ) -> Result<()> {
        until("the proposal gets on", LIMIT, async || {
            Ok((governor.state(id).call().await? == state).then_some(()))
        })
        .await
    }

    async fn the_chain_goes_on(&self) -> Result<()> {
        self.devnet.signal("prover-1", "CONT")?;
        let block = self.transfer().await?;
        let l2 = self.devnet.l2()?;
        until("a transaction of after the conflict is final", FINALITY, async || {
            let tagged = l2.get_block_by_number(BlockNumberOrTag::Finalized).await?.ok_or_eyre("no block")?;
            Ok((tagged.header.number >= block).then_some(()))
        })
        .await?;
        let last = self.rollup()?.lastOutput().call().await?._1;
        ensure!(last.proofs >= 2, "both honest provers prove again");
        Ok(())
    }

    // Tools.

    /// Where the rogue enclave offers one of its signatures.
    fn market(&self) -> PathBuf {
        self.folder.path().join("market")
    }

    fn key(&self, account: usize) -> PathBuf {
        self.folder.path().join(format!("key-{account}"))
    }

    fn signer(&self, account: usize) -> Result<PrivateKeySigner> {
        let account = self.devnet.record().accounts.get(account).ok_or_eyre("no such account")?;
        Ok(PrivateKeySigner::from_bytes(&account.private_key)?)
    }

    fn address(&self, account: usize) -> Result<Address> {
        Ok(self.signer(account)?.address())
    }

    fn pool(&self) -> Result<IOperatorPoolInstance<&DynProvider>> {
        let address = self.devnet.record().contracts.operator_pool.ok_or_eyre("no pool")?;
        Ok(IOperatorPoolInstance::new(address, &self.l1))
    }

    fn rollup(&self) -> Result<IRollupInstance<&DynProvider>> {
        let address = self.devnet.record().contracts.rollup.ok_or_eyre("no rollup")?;
        Ok(IRollupInstance::new(address, &self.l1))
    }

    fn pha(&self) -> Result<Token::TokenInstance<&DynProvider>> {
        let address = self.devnet.record().contracts.pha.ok_or_eyre("no PHA")?;
        Ok(Token::TokenInstance::new(address, &self.l1))
    }

    /// Runs a command that must go well, and returns the document that it printed.
    async fn done(&self, account: usize, arguments: &[&str]) -> Result<Value> {
        let ended = self.run(account, arguments).await?;
        ensure!(ended.code == 0, "{arguments:?}: {ended:?}");
        Ok(ended.document)
    }

    async fn run(&self, account: usize, arguments: &[&str]) -> Result<Ended> {
        let mut command = tokio::process::Command::new(program("vpha-staking")?);
        command.args(arguments).arg("--json").arg("--key-file").arg(self.key(account));
        command.arg("--network").arg(self.devnet.state_dir().join("devnet.json"));
        command.arg("--state-dir").arg(self.folder.path().join(format!("state-{account}")));
        if SENDS.iter().any(|word| arguments.contains(word)) {
            command.arg("--yes");
        }
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = serde_json::from_str(&stdout).wrap_err_with(|| format!("{stdout}\n{stderr}"))?;
        Ok(Ended { code: output.status.code().unwrap_or(-1), document })
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Result<Running> {
        Running::start(name, arguments, &self.log_of(name))
    }

    fn log_of(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.log_of(name)).unwrap_or_default()
    }

    fn request(&self, account: usize, to: Address, call: &impl SolCall) -> Result<TransactionRequest> {
        let from = self.address(account)?;
        Ok(TransactionRequest::default().with_from(from).with_to(to).with_input(call.abi_encode()))
    }

    /// Sends a call to L1 and waits for it.
    async fn call(&self, account: usize, to: Address, call: impl SolCall) -> Result<()> {
        let wallet = EthereumWallet::from(self.signer(account)?);
        let url = self.devnet.record().l1.rpc.parse()?;
        let provider = ProviderBuilder::new().wallet(wallet).connect_http(url);
        let receipt =
            provider.send_transaction(self.request(account, to, &call)?).await?.get_receipt().await?;
        ensure!(receipt.status(), "a call to {to} failed");
        Ok(())
    }

    /// A transfer on L2. Returns its block.
    async fn transfer(&self) -> Result<u64> {
        let wallet = EthereumWallet::from(self.signer(HOLDER)?);
        let url = self.devnet.record().l2.rpc.parse()?;
        let provider = ProviderBuilder::new().wallet(wallet).connect_http(url);
        let request = TransactionRequest::default().with_to(Address::repeat_byte(9)).with_value(U256::ONE);
        let receipt = provider.send_transaction(request).await?.get_receipt().await?;
        receipt.block_number.ok_or_eyre("no block")
    }
}

/// Words of commands that send transactions.
const SENDS: [&str; 9] =
    ["stake", "delegate", "vote", "settle", "create", "bond", "register-prover", "claim-rewards", "claim"];

/// How a run of the command line ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    document: Value,
}

impl Ended {
    fn error(&self) -> String {
        self.document.get("error").map(ToString::to_string).unwrap_or_default()
    }
}

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().ok_or_eyre("the path is not UTF-8")?.to_owned())
}
