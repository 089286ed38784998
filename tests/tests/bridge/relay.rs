//! The relayer: killed, outrun by others, short of money, and with a sequencer that comes and goes.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, address},
    providers::Provider,
};
use contracts_bindings::IPortal::{WithdrawalFinalized, WithdrawalProven};
use e2e::{Devnet, foundry, program, until};
use eyre::{OptionExt, Result};

use crate::{
    ALONE,
    cli::{Cli, milli_ether, text},
};

const RECEIVER: Address = address!("00000000000000000000000000000000000005e1");
const PASSER: &str = "0x4200000000000000000000000000000000000016";
const RELAYER: usize = 9;
const LIMIT: Duration = Duration::from_secs(120);

/// A running relayer with a state of its own.
struct Relay<'a> {
    devnet: &'a Devnet,
    state: tempfile::TempDir,
    process: Option<Child>,
    port: u16,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relayer_serves_each_withdrawal_once() -> Result<()> {
    let devnet = Devnet::start_with(&[ALONE]).await?;
    let user = Cli::new(&devnet, 2)?;
    let port = devnet.spare_port(0);
    let mut relay = Relay { devnet: &devnet, state: tempfile::tempdir()?, process: None, port };

    // Without money for it, nothing is done.
    let first = withdraw(&user, "0.1 eth").await?;
    relay.start(&["--budget", "1 wei"])?;
    until("the relayer has looked", LIMIT, async || {
        let metrics = relay.metrics().await.unwrap_or_default();
        Ok(metrics.contains(r#"bridge_relay_skipped{reason="budget"}"#).then_some(()))
    })
    .await?;
    relay.kill()?;
    assert_eq!(relay.nonce().await?, 0);

    relay.start(&[])?;
    finalized(&devnet, &[first]).await?;

    // One that asks for more gas than the relayer gives, and three more, while it and the sequencer are killed.
    let greedy = ask_for_much_gas(&devnet, &user).await?;
    let mut withdrawals = vec![withdraw(&user, "0.2 eth").await?];
    relay.kill()?;
    user.run(&["deposit", "9 pha"]).await?;
    withdrawals.push(withdraw(&user, "4 pha").await?);
    relay.start(&[])?;
    devnet.kill_and_wait_restarted("sequencer").await?;
    withdrawals.push(withdraw(&user, "0.3 eth").await?);
    // Somebody else proves and finalises while the relayer does.
    let own = user.run(&["finalize", &withdrawals[2].to_string(), "--wait"]).await?;
    assert_eq!(own.code, 0, "{}", own.document);
    finalized(&devnet, &withdrawals).await?;
    relay.kill()?;

    assert_eq!(devnet.l1()?.get_balance(RECEIVER).await?, milli_ether(600));
    let portal = devnet.record().contracts.portal.ok_or_eyre("no portal")?;
    let proven: Vec<(u64, WithdrawalProven)> = devnet.events(portal).await?;
    let done: Vec<(u64, WithdrawalFinalized)> = devnet.events(portal).await?;
    assert_eq!((proven.len(), done.len()), (4, 4));
    assert!(proven.iter().all(|(_, event)| event.withdrawalHash != greedy));
    assert!(done.iter().all(|(_, event)| event.success));
    // What the user did is not the relayer's, and nobody's transaction was in vain.
    assert!(relay.nonce().await? <= 8);
    failures_are_races_alone(&devnet, &relay, &withdrawals[2]).await
}

/// The relayer's transactions that failed, if any, are those in which the user was faster by a block.
async fn failures_are_races_alone(devnet: &Devnet, relay: &Relay<'_>, raced: &B256) -> Result<()> {
    let l1 = devnet.l1()?;
    for number in 0..=l1.get_block_number().await? {
        let receipts = l1.get_block_receipts(number.into()).await?.unwrap_or_default();
        for receipt in receipts.iter().filter(|receipt| receipt.from == relay.account() && !receipt.status())
        {
            let transaction = l1.get_transaction_by_hash(receipt.transaction_hash).await?;
            let input = transaction.map(|one| alloy::consensus::Transaction::input(&one).clone());
            let input = input.ok_or_eyre("no transaction")?;
            // The only raced withdrawal is that of 0.3 ether.
            let value = milli_ether(300).to_be_bytes::<32>();
            let about_it = input.windows(32).any(|window| window == value);
            assert!(about_it, "{} failed, and is not about {raced}", receipt.transaction_hash);
        }
    }
    Ok(())
}

async fn withdraw(user: &Cli<'_>, amount: &str) -> Result<B256> {
    let ended = user.run(&["withdraw", amount, "--to", &RECEIVER.to_string()]).await?;
    assert_eq!(ended.code, 0, "{}", ended.document);
    Ok(text(&ended.document["withdrawal"]).parse()?)
}

async fn ask_for_much_gas(devnet: &Devnet, user: &Cli<'_>) -> Result<B256> {
    let record = devnet.record();
    let key = record.accounts[user.account].private_key.to_string();
    let receipt = foundry(
        "cast",
        &[
            "send",
            "--json",
            "--rpc-url",
            &record.l2.rpc,
            "--private-key",
            &key,
            PASSER,
            "initiateWithdrawal(address,uint256,bytes)",
            &RECEIVER.to_string(),
            "5000000",
            "0x",
        ],
    )
    .await?;
    let receipt: serde_json::Value = serde_json::from_str(&receipt)?;
    let status = user.run(&["status", &text(&receipt["transactionHash"])]).await?;
    Ok(text(&status.document["withdrawal"]).parse()?)
}

async fn finalized(devnet: &Devnet, withdrawals: &[B256]) -> Result<()> {
    let portal = devnet.record().contracts.portal.ok_or_eyre("no portal")?;
    until("the withdrawals are finalised", LIMIT, async || {
        let done: Vec<(u64, WithdrawalFinalized)> = devnet.events(portal).await?;
        let all = withdrawals.iter().all(|hash| done.iter().any(|(_, event)| event.withdrawalHash == *hash));
        Ok(all.then_some(()))
    })
    .await
}

impl Relay<'_> {
    fn start(&mut self, arguments: &[&str]) -> Result<()> {
        let key = self.devnet.record().accounts[RELAYER].private_key.to_string();
        let log = std::fs::File::options().create(true).append(true).open(self.state.path().join("log"))?;
        let process = Command::new(program("bridge")?)
            .args(["relay", "--interval", "500ms", "--metrics-port", &self.port.to_string()])
            .args(arguments)
            .arg("--network")
            .arg(self.devnet.state_dir().join("devnet.json"))
            .arg("--state-dir")
            .arg(self.state.path())
            .env("BRIDGE_PRIVATE_KEY", key)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        self.process = Some(process);
        Ok(())
    }

    /// With SIGKILL: it cannot prepare for that.
    fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    fn account(&self) -> Address {
        self.devnet.record().accounts[RELAYER].address
    }

    async fn nonce(&self) -> Result<u64> {
        Ok(self.devnet.l1()?.get_transaction_count(self.account()).await?)
    }

    async fn metrics(&self) -> Result<String> {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await?;
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await?;
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await?;
        Ok(answer)
    }
}

impl Drop for Relay<'_> {
    fn drop(&mut self) {
        let _ = self.kill();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.state.path().join("log")).unwrap_or_default();
            eprintln!("--- relay\n{log}");
        }
    }
}
