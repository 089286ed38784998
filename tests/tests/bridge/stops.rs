//! What stops withdrawals, as the command line tells it: a pause, a quota. None of them loses any.

use std::time::Duration;

use alloy::{
    primitives::{Address, Bytes, U256},
    providers::{DynProvider, Provider, ext::AnvilApi},
    rpc::types::TransactionRequest,
    sol_types::SolCall,
};
use contracts_bindings::{ICouncilPause, IPortal, IWithdrawalQuota};
use e2e::{Devnet, until};
use eyre::{OptionExt, Result, ensure};
use serde_json::Value;

use crate::{
    ALONE,
    cli::{Cli, text},
};

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_withdrawals_is_told_and_loses_none() -> Result<()> {
    let devnet = Devnet::start_with(&[ALONE]).await?;
    let user = Cli::new(&devnet, 3)?;
    a_pause(&devnet, &user).await?;
    a_quota(&devnet, &user).await
}

async fn a_pause(devnet: &Devnet, user: &Cli<'_>) -> Result<()> {
    let l1 = devnet.l1()?;
    let portal = devnet.record().contracts.portal.ok_or_eyre("no portal")?;
    let pause = view(&l1, portal, IPortal::councilPauseCall {}).await?;
    let council = view(&l1, pause, ICouncilPause::councilCall {}).await?;
    let hash = withdraw(user, "0.5 eth").await?;
    let proved = user.run(&["prove", &hash, "--wait"]).await?;
    ensure!(proved.code == 0, "{}", proved.document);

    send_as(&l1, council, pause, ICouncilPause::pauseWithdrawalsCall { duration: U256::from(120) }).await?;
    for command in ["status", "prove", "finalize"] {
        let paused = user.run(&[command, &hash]).await?;
        assert_eq!(paused.document["stage"], "paused", "{command}");
        assert_eq!(paused.document["proven"], true);
        assert!(paused.document["until"].as_u64().is_some_and(|until| until > 1_700_000_000));
        // It is proved, and `prove` has nothing more to do.
        assert_eq!(paused.code, if command == "prove" { 0 } else { 3 }, "{command}");
    }
    send_as(&l1, council, pause, ICouncilPause::resumeWithdrawalsCall {}).await?;
    let done = user.run(&["finalize", &hash, "--wait"]).await?;
    assert_eq!((done.code, &done.document["stage"]), (0, &"finalized".into()));
    Ok(())
}

async fn a_quota(devnet: &Devnet, user: &Cli<'_>) -> Result<()> {
    let l1 = devnet.l1()?;
    let contracts = &devnet.record().contracts;
    let bridge = contracts.l1_standard_bridge.ok_or_eyre("no bridge")?;
    let pha = contracts.pha.ok_or_eyre("no PHA")?;
    let timelock = view(&l1, bridge, IWithdrawalQuota::timelockCall {}).await?;
    let quota = async |thousandths: u64| {
        let amount = crate::cli::milli_ether(thousandths);
        send_as(&l1, timelock, bridge, IWithdrawalQuota::setQuotaCall { token: pha, amount }).await
    };
    let deposit = user.run(&["deposit", "10 pha"]).await?;
    ensure!(deposit.code == 0, "{}", deposit.document);
    quota(1_500).await?;

    let small = withdraw(user, "1 pha").await?;
    let waiting = withdraw(user, "1.4 pha").await?;
    let large = withdraw(user, "5 pha").await?;
    assert_eq!(user.run(&["finalize", &small, "--wait"]).await?.code, 0);

    // It fits once most of the window has passed: the first has used it up.
    let stopped = until_over_quota(user, &waiting).await?;
    let retry_at = stopped["retryAt"].as_u64().ok_or_eyre("no time to retry")?;
    let now = stopped["now"].as_u64().ok_or_eyre("no time")?;
    assert!((now + 600..now + 3600).contains(&retry_at), "{retry_at}, and it is {now}");
    assert_eq!(text(&stopped["token"]).parse::<Address>()?, pha);
    // This one fits at no time.
    let stopped = until_over_quota(user, &large).await?;
    assert_eq!(stopped["retryAt"], Value::Null);

    quota(100_000).await?;
    for hash in [&waiting, &large] {
        let done = user.run(&["finalize", hash, "--wait"]).await?;
        assert_eq!((done.code, &done.document["stage"]), (0, &"finalized".into()), "{}", done.document);
    }
    Ok(())
}

/// Brings a withdrawal as far as it gets, which is not to its end.
async fn until_over_quota(user: &Cli<'_>, hash: &str) -> Result<Value> {
    until("the withdrawal is over the quota", LIMIT, async || {
        let ended = user.run(&["finalize", hash]).await?;
        ensure!(ended.code == 3, "{}", ended.document);
        Ok((ended.document["stage"] == "quotaExceeded").then_some(ended.document))
    })
    .await
}

async fn withdraw(user: &Cli<'_>, amount: &str) -> Result<String> {
    let ended = user.run(&["withdraw", amount]).await?;
    ensure!(ended.code == 0, "{}", ended.document);
    Ok(text(&ended.document["withdrawal"]))
}

async fn view<C: SolCall>(l1: &DynProvider, contract: Address, call: C) -> Result<C::Return> {
    let request = TransactionRequest::default().to(contract).input(Bytes::from(call.abi_encode()).into());
    Ok(C::abi_decode_returns(&l1.call(request).await?)?)
}

/// Sends a call from an account whose key only anvil needs not.
async fn send_as<C: SolCall>(l1: &DynProvider, from: Address, to: Address, call: C) -> Result<()> {
    l1.anvil_impersonate_account(from).await?;
    l1.anvil_set_balance(from, crate::cli::milli_ether(1000)).await?;
    let input = Bytes::from(call.abi_encode());
    let request = TransactionRequest::default().from(from).to(to).input(input.into());
    let receipt = l1.send_transaction(request).await?.get_receipt().await?;
    ensure!(receipt.status(), "{} failed", C::SIGNATURE);
    Ok(())
}
