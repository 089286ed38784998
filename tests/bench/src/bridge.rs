//! How long users wait for the bridge, on a devnet with real processes and an L1 block every 2 s.

use std::time::{Duration, Instant};

use alloy::{
    network::{EthereumWallet, TransactionBuilder as _},
    primitives::{Address, Bytes, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use contracts_bindings::{
    IMessagePasser::{MessagePassed, initiateWithdrawalCall},
    IPortal,
};
use e2e::{Devnet, until};
use eyre::{OptionExt, Result, ensure};

use crate::report::{Report, median};

const ROUNDS: u8 = 5;
const LIMIT: Duration = Duration::from_secs(60);
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");

/// Deposits from their L1 block until L2 shows them, and withdrawals from their L2 block until the relayer has paid
/// them out on L1.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(rounds(report))
}

async fn rounds(report: &mut Report) -> Result<()> {
    let devnet = Devnet::start_with(&["--relayer-patience", "0"]).await?;
    let record = devnet.record();
    let client = |url: &str, account: usize| -> Result<DynProvider> {
        let account = record.accounts.get(account).ok_or_eyre("no account")?;
        let wallet = EthereumWallet::from(PrivateKeySigner::from_bytes(&account.private_key)?);
        Ok(ProviderBuilder::new().wallet(wallet).connect_http(url.parse()?).erased())
    };
    // Two accounts: a deposit counts up its sender's nonce on L2, which the client there would not notice.
    let (l1, l2) = (client(&record.l1.rpc, 0)?, client(&record.l2.rpc, 1)?);
    let portal = IPortal::new(record.contracts.portal.ok_or_eyre("no portal")?, l1.clone());

    let (mut deposits, mut withdrawals) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let to = Address::repeat_byte(round);
        let value = U256::from(round);
        let deposit = portal.depositTransaction(to, value, 100_000, false, Bytes::new()).value(value);
        confirm(&l1, deposit.into_transaction_request()).await?;
        let since = Instant::now();
        until("the deposit is on L2", LIMIT, async || Ok((l2.get_balance(to).await? == value).then_some(())))
            .await?;
        deposits.push(since.elapsed());

        let call = initiateWithdrawalCall { target: to, gasLimit: U256::from(50_000), data: Bytes::new() };
        let request = TransactionRequest::default()
            .with_to(MESSAGE_PASSER)
            .with_value(value)
            .with_input(call.abi_encode());
        let receipt = confirm(&l2, request).await?;
        let since = Instant::now();
        let sent = receipt.decoded_log::<MessagePassed>().ok_or_eyre("no withdrawal")?;
        until("the withdrawal is paid out", LIMIT, async || {
            Ok(portal.finalizedWithdrawals(sent.withdrawalHash).call().await?.then_some(()))
        })
        .await?;
        withdrawals.push(since.elapsed());
        ensure!(l1.get_balance(to).await? == value, "the withdrawal did not arrive");
    }
    report.add("bridge.deposit_seconds", median(&deposits));
    report.add("bridge.withdrawal_seconds", median(&withdrawals));
    report.add("bridge.longest_withdrawal_seconds", longest(&withdrawals));
    Ok(())
}

async fn confirm(chain: &DynProvider, request: TransactionRequest) -> Result<TransactionReceipt> {
    let pending = chain.send_transaction(request).await?;
    let hash = *pending.tx_hash();
    let receipt =
        until("a transaction is in a block", LIMIT, async || Ok(chain.get_transaction_receipt(hash).await?))
            .await?;
    ensure!(receipt.status(), "transaction {hash} failed");
    Ok(receipt)
}

fn longest(times: &[Duration]) -> f64 {
    times.iter().max().map_or(0.0, Duration::as_secs_f64)
}
