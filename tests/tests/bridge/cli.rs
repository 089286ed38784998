//! With our own command line, interrupted at every step.

use std::{path::PathBuf, process::Stdio, time::Duration};

use alloy::{
    primitives::{Address, B256, U256, address},
    providers::Provider,
    rpc::types::Filter,
    sol,
    sol_types::SolEvent,
};
use contracts_bindings::{IMessagePasser::MessagePassed, IPortal::TransactionDeposited};
use e2e::{Devnet, foundry, program, until};
use eyre::{Context, OptionExt, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

const RECEIVER: Address = address!("000000000000000000000000000000000000c115");
const PASSER: Address = address!("4200000000000000000000000000000000000016");
const FACTORY: &str = "0x4200000000000000000000000000000000000012";
const WETH: &str = "0x4200000000000000000000000000000000000006";
const MESSENGER: &str = "0x4200000000000000000000000000000000000007";
const LIMIT: Duration = Duration::from_secs(120);

sol! {
    #[sol(rpc)]
    interface Erc20 {
        function balanceOf(address account) external view returns (uint256);
    }
}

/// One account of a devnet, and a folder for what the program remembers.
pub(crate) struct Cli<'a> {
    pub(crate) devnet: &'a Devnet,
    pub(crate) account: usize,
    folder: TempDir,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// The document that it printed.
    pub(crate) document: Value,
}

pub(crate) async fn both_ways(devnet: &Devnet) -> Result<()> {
    let cli = Cli::new(devnet, 2)?;
    cli.a_wrong_chain_is_not_signed_for().await?;
    cli.deposits_arrive().await?;
    cli.an_interrupted_deposit_is_made_once().await?;
    cli.an_interrupted_withdrawal_goes_on().await?;
    cli.each_step_by_itself().await?;
    cli.any_token_is_found_and_bridged().await?;
    cli.a_failed_message_is_replayed().await?;
    cli.history_has_it_all().await
}

impl<'a> Cli<'a> {
    pub(crate) fn new(devnet: &'a Devnet, account: usize) -> Result<Self> {
        Ok(Self { devnet, account, folder: tempfile::tempdir()? })
    }

    async fn a_wrong_chain_is_not_signed_for(&self) -> Result<()> {
        for flag in ["--l1-chain-id", "--l2-chain-id"] {
            let ended = self.run(&["deposit", "1 eth", flag, "1"]).await?;
            assert_eq!(ended.code, 1);
            assert!(ended.document["error"].to_string().contains("chain id"));
        }
        Ok(())
    }

    async fn deposits_arrive(&self) -> Result<()> {
        let receiver = RECEIVER.to_string();
        let ended = self.run(&["deposit", "1.5", "ETH", "--to", &receiver]).await?;
        assert_eq!((ended.code, &ended.document["arrival"]), (0, &"delivered".into()));
        let hash = text(&ended.document["l1Transaction"]);
        assert_eq!(self.devnet.l2()?.get_balance(RECEIVER).await?, milli_ether(1500));

        let again = self.run(&["status", &hash]).await?;
        assert_eq!((again.code, &again.document["l2Transaction"]), (0, &ended.document["l2Transaction"]));

        let pha = self.devnet.record().contracts.l2_pha.ok_or_eyre("no PHA")?;
        for to in [RECEIVER, self.address()] {
            let ended = self.run(&["deposit", "20 pha", "--to", &to.to_string()]).await?;
            assert_eq!((ended.code, &ended.document["transfer"]["symbol"]), (0, &"PHA".into()));
            assert_eq!(ended.document["transfer"]["amount"], "20");
            let balance = Erc20::new(pha, self.devnet.l2()?).balanceOf(to).call().await?;
            assert_eq!(balance, milli_ether(20_000));
        }
        for (amount, words) in
            [("0 eth", "zero"), ("2000000000 pha", "are needed"), ("1 doge", "not a token")]
        {
            let refused = self.run(&["deposit", amount]).await?;
            assert_eq!(refused.code, 1);
            assert!(refused.document["error"].to_string().contains(words), "{}", refused.document);
        }
        Ok(())
    }

    async fn an_interrupted_deposit_is_made_once(&self) -> Result<()> {
        let ended = self.run_with_interruptions(&["deposit", "0.7 eth"]).await?;
        assert_eq!(ended.document["arrival"], "delivered");
        let portal = self.devnet.record().contracts.portal.ok_or_eyre("no portal")?;
        let events: Vec<(u64, TransactionDeposited)> = self.devnet.events(portal).await?;
        let value = |event: &TransactionDeposited| U256::from_be_slice(&event.opaqueData[32..64]);
        let mine =
            |event: &TransactionDeposited| event.from == self.address() && value(event) == milli_ether(700);
        assert_eq!(events.iter().filter(|(_, event)| mine(event)).count(), 1);
        Ok(())
    }

    async fn an_interrupted_withdrawal_goes_on(&self) -> Result<()> {
        let before = self.devnet.l1()?.get_balance(RECEIVER).await?;
        let to = RECEIVER.to_string();
        let line = ["withdraw", "0.4 eth", "--to", &to, "--wait"];
        let ended = self.run_with_interruptions(&line).await?;
        assert_eq!(ended.document["stage"], "finalized");
        let gained = self.devnet.l1()?.get_balance(RECEIVER).await? - before;
        assert_eq!(gained, milli_ether(400));
        let filter =
            Filter::new().address(PASSER).event_signature(MessagePassed::SIGNATURE_HASH).from_block(0);
        let logs = self.devnet.l2()?.get_logs(&filter).await?;
        let values =
            logs.iter().map(|log| MessagePassed::decode_log_data(log.data()).map(|event| event.value));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        assert_eq!(values.iter().filter(|value| **value == milli_ether(400)).count(), 1);
        Ok(())
    }

    async fn each_step_by_itself(&self) -> Result<()> {
        let ended = self.run(&["withdraw", "5 pha"]).await?;
        assert_eq!(ended.code, 0);
        let hash = text(&ended.document["withdrawal"]);
        let early = self.run(&["finalize", &hash]).await?;
        assert!([0, 3].contains(&early.code), "{}", early.document);
        let proved = self.run(&["prove", &hash, "--wait"]).await?;
        assert_eq!(proved.code, 0, "{}", proved.document);
        // The transaction on L2 names it as well.
        let again = self.run(&["prove", &text(&ended.document["l2Transaction"])]).await?;
        assert_eq!((again.code, &again.document["withdrawal"]), (0, &ended.document["withdrawal"]));
        for _ in 0..2 {
            let done = self.run(&["finalize", &hash, "--wait"]).await?;
            assert_eq!((done.code, &done.document["stage"]), (0, &"finalized".into()));
        }
        assert_eq!(self.run(&["status", &hash]).await?.code, 0);
        let nonsense = self.run(&["status", &B256::repeat_byte(7).to_string()]).await?;
        assert_eq!(nonsense.code, 1);
        assert!(nonsense.document["error"].to_string().contains("neither chain knows"));
        Ok(())
    }

    /// A token that nobody has told the program of: it is found by the factory's events, and proved to be the factory's.
    async fn any_token_is_found_and_bridged(&self) -> Result<()> {
        let record = self.devnet.record();
        let deployed = foundry(
            "forge",
            &[
                "create",
                "--json",
                "--broadcast",
                "--rpc-url",
                &record.l1.rpc,
                "--private-key",
                &self.key(),
                "src/token/PHA.sol:PHA",
            ],
        )
        .await?;
        let deployed: Value = serde_json::from_str(&deployed)?;
        let token = text(&deployed["deployedTo"]);
        let unknown = self.run(&["deposit", "3", &token]).await?;
        assert_eq!(unknown.code, 1);
        assert!(unknown.document["error"].to_string().contains("--remote-token"), "{}", unknown.document);

        let create = "createOptimismMintableERC20(address,string,string)";
        self.cast(&record.l2.rpc, &[FACTORY, create, &token, "Second", "SEC"]).await?;
        // No node's word is taken for it: an output on L1 has to show it first.
        let ended = until("the token's pair is proved", LIMIT, async || {
            let ended = self.run(&["deposit", "3", &token]).await?;
            let early = ended.document["error"].to_string().contains("no final output");
            ensure!(early || ended.code == 0, "{}", ended.document);
            Ok((!early).then_some(ended))
        })
        .await?;
        assert_eq!(ended.document["arrival"], "delivered");
        let l2_token = text(&ended.document["transfer"]["l2Token"]);
        let ended = self.run(&["withdraw", "1", &l2_token, "--wait"]).await?;
        let l1_token = text(&ended.document["transfer"]["l1Token"]).parse::<Address>()?;
        assert_eq!((ended.code, l1_token), (0, token.parse()?));
        Ok(())
    }

    /// The call on L2 fails until its owner has allowed it.
    async fn a_failed_message_is_replayed(&self) -> Result<()> {
        let record = self.devnet.record();
        let l1_messenger = record.contracts.l1_cross_domain_messenger.ok_or_eyre("no messenger")?.to_string();
        let me = self.address().to_string();
        let take = ["calldata", "transferFrom(address,address,uint256)", &me, &RECEIVER.to_string(), "5"];
        let take = foundry("cast", &take).await?;
        let send = "sendMessage(address,bytes,uint32)";
        let receipt = self.cast(&record.l1.rpc, &[&l1_messenger, send, WETH, &take, "100000"]).await?;
        let hash = text(&receipt["transactionHash"]);
        let failed = until("the message has failed", LIMIT, async || {
            let status = self.run(&["status", &hash]).await?;
            Ok((status.code != 3).then_some(status))
        })
        .await?;
        assert_eq!((failed.code, &failed.document["arrival"]), (4, &"messageFailed".into()));
        let refused = self.run(&["replay", &hash]).await?;
        assert_eq!(refused.code, 1);
        assert!(refused.document["error"].to_string().contains("the call of the message fails"));

        self.cast(&record.l2.rpc, &[WETH, "deposit()", "--value", "10"]).await?;
        self.cast(&record.l2.rpc, &[WETH, "approve(address,uint256)", MESSENGER, "5"]).await?;
        let replayed = self.run(&["replay", &hash]).await?;
        assert_eq!((replayed.code, &replayed.document["arrival"]), (0, &"delivered".into()));
        let again = self.run(&["replay", &hash]).await?;
        assert!(again.document["error"].to_string().contains("delivered already"));
        Ok(())
    }

    async fn history_has_it_all(&self) -> Result<()> {
        let me = self.address().to_string();
        let ended = self.run(&["history", &me]).await?;
        let movements = ended.document.as_array().ok_or_eyre("not a list")?;
        let count = |kind: &str| movements.iter().filter(|movement| movement["kind"] == kind).count();
        // Ether twice, PHA twice, the other token; ether, PHA, the other token.
        assert_eq!((count("deposit"), count("withdrawal")), (5, 3), "{}", ended.document);
        let status = self.run(&["status", &me]).await?;
        assert_eq!(status.code, 0, "{}", status.document);
        assert_eq!(status.document["balances"][1]["symbol"], "PHA");
        let receiver = self.run(&["history", &RECEIVER.to_string()]).await?;
        assert!(receiver.document.as_array().is_some_and(|list| !list.is_empty()));
        Ok(())
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Ended> {
        let output = self.command(arguments)?.output().await?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let document = serde_json::from_str(&printed).wrap_err_with(|| {
            format!("bridge {arguments:?}: {printed}\n{}", String::from_utf8_lossy(&output.stderr))
        })?;
        Ok(Ended { code: output.status.code().ok_or_eyre("killed")?, document })
    }

    /// Runs the program again and again, and kills it after it has told of one thing, of two, of three, ... until it comes to
    /// its end.
    async fn run_with_interruptions(&self, arguments: &[&str]) -> Result<Ended> {
        for lines in 1..40 {
            let mut child = self.command(arguments)?.spawn()?;
            let mut told = BufReader::new(child.stderr.take().ok_or_eyre("no standard error")?).lines();
            let mut count = 0;
            while count < lines && told.next_line().await?.is_some() {
                count += 1;
            }
            if count == lines {
                child.start_kill()?;
            }
            let output = child.wait_with_output().await?;
            // It may have come to its end all the same: what it has printed counts.
            if let Ok(document) = serde_json::from_slice::<Value>(&output.stdout) {
                ensure!(document["error"].is_null(), "{arguments:?}: {document}");
                return Ok(Ended { code: 0, document });
            }
            ensure!(count == lines, "{arguments:?} ended with {}", output.status);
        }
        eyre::bail!("{arguments:?} does not come to an end")
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(program("bridge")?);
        command
            .args(arguments)
            .arg("--json")
            .arg("--network")
            .arg(self.devnet.state_dir().join("devnet.json"))
            .arg("--state-dir")
            .arg(self.state())
            .env("BRIDGE_PRIVATE_KEY", self.key())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }

    async fn cast(&self, rpc: &str, arguments: &[&str]) -> Result<Value> {
        let key = self.key();
        let mut all = vec!["send", "--json", "--rpc-url", rpc, "--private-key", &key];
        all.extend(arguments);
        Ok(serde_json::from_str(&foundry("cast", &all).await?)?)
    }

    pub(crate) fn address(&self) -> Address {
        self.devnet.record().accounts[self.account].address
    }

    pub(crate) fn key(&self) -> String {
        self.devnet.record().accounts[self.account].private_key.to_string()
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn milli_ether(thousandths: u64) -> U256 {
    U256::from(thousandths) * U256::from(1_000_000_000_000_000u64)
}
