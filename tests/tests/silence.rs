//! A sequencer that refuses a user, and one that falls silent: neither keeps anybody from L2.

use std::time::Duration;

use alloy::{
    network::{EthereumWallet, TransactionBuilder as _},
    primitives::{Address, Bytes, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use contracts_bindings::{IMessagePasser, IPortal, IRollup};
use devnet::record::FundedAccount;
use e2e::{Devnet, Running, until};
use eyre::{OptionExt, Result};

const LIMIT: Duration = Duration::from_secs(120);
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
/// Seconds of silence after which anybody may submit.
const TIMEOUT: &str = "20";

/// A program of the third party.
fn start(devnet: &Devnet, name: &str, arguments: &[String]) -> Result<Running> {
    Running::start(name, arguments, &devnet.state_dir().join(format!("logs/third-party-{name}.log")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_user_gets_in_through_l1() -> Result<()> {
    let devnet = Devnet::start().await?;
    let user = &devnet.record().accounts[3];
    let l2 = devnet.l2()?;
    let to = Address::repeat_byte(0x77);

    // The sequencer does not take what pays it nothing.
    let signer = PrivateKeySigner::from_bytes(&user.private_key)?;
    let wallet = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(devnet.record().l2.rpc.parse()?);
    let request = TransactionRequest::default()
        .with_to(to)
        .with_value(U256::from(5))
        .with_max_priority_fee_per_gas(0)
        .with_max_fee_per_gas(0);
    let refused = wallet.send_transaction(request).await;
    assert!(refused.is_err(), "the sequencer took a transaction that pays nothing");

    // The same call out of the user's L2 balance, and then a withdrawal, as deposits without any mint.
    deposit(&devnet, user, to, U256::from(5), Bytes::new()).await?;
    until("the transfer took effect on L2", LIMIT, async || {
        Ok((l2.get_balance(to).await? == U256::from(5)).then_some(()))
    })
    .await?;
    force_a_withdrawal(&devnet, user, &l2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_silence_anybody_submits_the_next_batch() -> Result<()> {
    let devnet = Devnet::start_with(&["--sequencer-timeout", TIMEOUT]).await?;
    let record = devnet.record().clone();
    let user = &record.accounts[3];
    let l2 = devnet.l2()?;
    // Something that only the data on L1 tells the third party.
    deposit(&devnet, user, Address::repeat_byte(0x77), U256::from(5), Bytes::new()).await?;
    until("a block with a transfer is on L1", LIMIT, async || {
        let balance = l2.get_balance(Address::repeat_byte(0x77)).finalized().await?;
        Ok((balance == U256::from(5)).then_some(()))
    })
    .await?;

    devnet.signal("sequencer", "STOP")?;
    let before = devnet.submissions().await?.len();
    // All that the third party has: the chain's two files, L1, a key of its own, and a prover.
    let third = &record.accounts[9];
    let state = devnet.state_dir();
    let path = |name: &str| state.join(name).display().to_string();
    std::fs::write(state.join("third-party.key"), third.private_key.to_string())?;
    let contract =
        |address: Option<Address>| Ok::<_, eyre::Report>(address.ok_or_eyre("no address")?.to_string());
    let (rpc, provers, enclave) = (devnet.spare_port(0), devnet.spare_port(1), devnet.spare_port(2));
    let arguments = [
        ["--data-dir".to_owned(), path("third-party")],
        ["--chain".to_owned(), path("chain.json")],
        ["--genesis".to_owned(), path("genesis.json")],
        ["--l1-rpc".to_owned(), record.l1.rpc.clone()],
        ["--l1-beacon".to_owned(), record.l1.rpc.clone()],
        ["--rollup".to_owned(), contract(record.contracts.rollup)?],
        ["--registry".to_owned(), contract(record.contracts.prover_registry)?],
        ["--batcher-key-file".to_owned(), path("third-party.key")],
        ["--http-port".to_owned(), rpc.to_string()],
        ["--prover-port".to_owned(), provers.to_string()],
        ["--pace".to_owned(), "devnet".to_owned()],
    ];
    let mut arguments = arguments.concat();
    arguments.push("--stand-by".to_owned());
    let _sequencer = start(&devnet, "sequencer", &arguments)?;
    let listen = format!("127.0.0.1:{enclave}");
    let _enclave = start(
        &devnet,
        "prover-enclave",
        &[
            ["--config".to_owned(), path("enclave.json")],
            ["--listen".to_owned(), listen.clone()],
            ["--software-platform".to_owned(), path("platforms/0")],
        ]
        .concat(),
    )?;
    let arguments = [
        ["--enclave".to_owned(), listen],
        ["--sequencer".to_owned(), format!("127.0.0.1:{provers}")],
        ["--l1-rpc".to_owned(), record.l1.rpc.clone()],
        ["--registry".to_owned(), contract(record.contracts.prover_registry)?],
        ["--operator-key-file".to_owned(), path("keys/operator-0")],
    ];
    let _prover = start(&devnet, "prover-tee", &[vec!["prove".to_owned()], arguments.concat()].concat())?;

    // While the sequencer is silent, a withdrawal is forced in.
    let l2: DynProvider =
        ProviderBuilder::new().connect_http(format!("http://127.0.0.1:{rpc}").parse()?).erased();
    until("the third party took over", LIMIT, async || Ok(l2.get_block_number().await.ok())).await?;
    assert_eq!(l2.get_balance(Address::repeat_byte(0x77)).await?, U256::from(5), "rebuilt from L1 alone");
    force_a_withdrawal(&devnet, user, &l2).await?;
    let forced = l2.get_block_number().await?;
    until("the third party's batch with it is on L1", LIMIT, async || {
        let rollup = IRollup::new(record.contracts.rollup.ok_or_eyre("no rollup")?, devnet.l1()?);
        let last = rollup.lastOutput().call().await?._1;
        Ok((last.lastL2Block >= forced).then_some(()))
    })
    .await?;
    assert!(devnet.submissions().await?.len() > before);

    // The sequencer comes back to a chain that went on without it, and follows.
    devnet.signal("sequencer", "CONT")?;
    devnet.kill_and_wait_restarted("sequencer").await?;
    let own = devnet.l2()?;
    until("the sequencer has the third party's blocks", LIMIT, async || {
        let (ours, theirs) =
            (own.get_block_by_number(forced.into()).await, l2.get_block_by_number(forced.into()).await);
        let (Ok(Some(ours)), Ok(Some(theirs))) = (ours, theirs) else { return Ok(None) };
        Ok((ours.header.hash == theirs.header.hash).then_some(()))
    })
    .await
}

/// A deposit that has `user` send a message to L1 from L2, and its effect.
async fn force_a_withdrawal(devnet: &Devnet, user: &FundedAccount, l2: &DynProvider) -> Result<()> {
    let call = IMessagePasser::initiateWithdrawalCall {
        target: user.address,
        gasLimit: U256::from(21_000),
        data: Bytes::new(),
    };
    let passer = IMessagePasser::new(MESSAGE_PASSER, l2);
    let before = passer.messageNonce().call().await?;
    deposit(devnet, user, MESSAGE_PASSER, U256::from(7), call.abi_encode().into()).await?;
    until("the withdrawal was sent on L2", LIMIT, async || {
        Ok((passer.messageNonce().call().await? > before).then_some(()))
    })
    .await
}

/// Deposits a call of `to` with `value` wei of the user's L2 balance.
async fn deposit(devnet: &Devnet, user: &FundedAccount, to: Address, value: U256, data: Bytes) -> Result<()> {
    let signer = PrivateKeySigner::from_bytes(&user.private_key)?;
    let l1 = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(devnet.record().l1.rpc.parse()?);
    let portal = IPortal::new(devnet.record().contracts.portal.ok_or_eyre("no portal")?, &l1);
    let call = portal.depositTransaction(to, value, 200_000, false, data);
    // What it burns for L2 gas depends on the base fee of the block that it gets into.
    let gas = call.estimate_gas().await? * 2;
    let receipt = call.gas(gas).send().await?.get_receipt().await?;
    assert!(receipt.status(), "the deposit failed on L1");
    Ok(())
}
