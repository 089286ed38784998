//! From L2 to L1: the first step, on L2.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, Bytes, U256};
use contracts_bindings::IL2StandardBridge::{bridgeERC20ToCall, bridgeETHToCall};

use crate::{
    Bridge,
    chain::{Layer, Receipt},
    deposit::{approve, check_balance},
    error::Error,
    journal::Key,
    network::L2_BRIDGE,
    report::Report,
    sender::{Call, Sender},
    token::Asset,
    withdrawal::{Effect, TokenPair, Transfer, Withdrawal},
};

/// L1 gas for paying out.
pub const L1_GAS: u32 = 200_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub asset: Asset,
    /// How much, in the smallest unit.
    pub amount: U256,
    /// Recipient on L1.
    pub to: Address,
    /// Gas for paying out on L1.
    pub l1_gas: Option<u32>,
}

/// Withdraws on L2 and waits for the block. `sender` is an account on L2.
///
/// All goes through the standard bridge: if the recipient cannot take it on L1, it can be tried again.
///
/// The journal keeps the operation under the key that comes back, so that a run after an interruption finds it. It is the
/// caller's to close, when as much as was wanted has happened.
pub async fn withdraw(
    bridge: &Bridge,
    sender: &Sender,
    request: &Request,
    report: &dyn Report,
) -> Result<(Withdrawal, Key), Error> {
    let Request { asset, amount, to, .. } = request;
    let what = format!("withdraw {} to {to}", asset.show(*amount));
    let token = asset.on(Layer::L2).unwrap_or_default();
    let key = sender.key("withdraw", &format!("{token} {:?} {amount} {to}", asset.on(Layer::L1)));
    if sender.journal().find(&key)?.is_none() {
        check_balance(bridge, sender, asset, *amount).await?;
        if let Some(pair) = asset.tokens {
            approve(sender, pair.l2, L2_BRIDGE, *amount, asset, report).await?;
        }
    }
    let receipt = sender.send(&key, &what, &call(request), report).await?;
    Ok((asked_for(bridge, &receipt, sender.account(), request)?, key))
}

fn call(request: &Request) -> Call {
    let Request { asset, amount, to, l1_gas } = request;
    let (to, amount, gas) = (*to, *amount, l1_gas.unwrap_or(L1_GAS));
    match asset.tokens {
        None => {
            let call = bridgeETHToCall { to, minGasLimit: gas, extraData: Bytes::new() };
            Call { value: amount, ..Call::new(L2_BRIDGE, call.abi_encode()) }
        }
        Some(TokenPair { l1, l2 }) => {
            let call = bridgeERC20ToCall {
                localToken: l2,
                remoteToken: l1,
                to,
                amount,
                minGasLimit: gas,
                extraData: Bytes::new(),
            };
            Call::new(L2_BRIDGE, call.abi_encode())
        }
    }
}

/// The withdrawal that the transaction made, if it is the one that was asked for.
fn asked_for(
    bridge: &Bridge,
    receipt: &Receipt,
    from: Address,
    request: &Request,
) -> Result<Withdrawal, Error> {
    let asked = Transfer { tokens: request.asset.tokens, from, to: request.to, amount: request.amount };
    Withdrawal::all_from_logs(&receipt.logs)?
        .into_iter()
        .find(|withdrawal| withdrawal.effect(&bridge.network.contracts) == Effect::Transfer(asked))
        .ok_or_else(|| Error::Unexpected {
            layer: Layer::L2,
            transaction: receipt.transaction_hash,
            reason: "it made no such withdrawal".to_owned(),
        })
}
