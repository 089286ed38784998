//! From L1 to L2.

use std::time::Duration;

use alloy::{
    rpc::types::Log,
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use contracts_bindings::{
    IL1StandardBridge::{bridgeERC20ToCall, finalizeBridgeETHCall},
    IL2StandardBridge::{DepositReturned, finalizeBridgeERC20Call},
    IPortal::depositTransactionCall,
};
use executor::deposit;
use serde::Serialize;
use tokio::time::sleep;

use crate::{
    Bridge,
    chain::{Layer, Receipt},
    error::Error,
    journal::Key,
    network::{Contracts, L2_BRIDGE, L2_MESSENGER},
    report::{Report, Step},
    sender::{Call, SendError, Sender},
    stage::MessageState,
    token::{self, Asset, Token},
    view,
    withdrawal::{Message, TokenPair, Transfer, Withdrawal},
};

/// L2 gas for ether to an account, as the portal gives it to plain transfers.
pub const ETHER_GAS: u64 = 100_000;
/// L2 gas for the delivery of a token.
pub const TOKEN_GAS: u32 = 200_000;
/// Time between two looks for the deposit on L2.
const POLL: Duration = Duration::from_millis(500);
/// What a contract's address is raised by when it deposits.
const ALIAS_OFFSET: Address = address!("1111000000000000000000000000000000001111");

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub asset: Asset,
    /// How much, in the smallest unit.
    pub amount: U256,
    /// Recipient on L2.
    pub to: Address,
    /// Gas for the delivery on L2.
    pub l2_gas: Option<u32>,
}

/// A deposit that L1 has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Its transaction on L1.
    pub l1_transaction: B256,
    /// Number of its L1 block.
    pub l1_block: u64,
    /// Its transaction on L2: what follows from the L1 block, not what a node says.
    pub l2_transaction: B256,
    /// Who sends it on L2.
    pub from: Address,
    /// Who is called on L2.
    pub to: Option<Address>,
    /// Wei for the recipient.
    pub value: U256,
    /// Call data.
    pub input: Bytes,
}

/// What became of a deposit on L2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "arrival", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Arrival {
    /// L2 does not have it yet.
    Waiting,
    /// It is there.
    Delivered {
        /// Number of its L2 block.
        block: u64,
    },
    /// Its call on L2 failed. The ether minted for it belongs to its sender there.
    Reverted {
        /// Number of its L2 block.
        block: u64,
    },
    /// The message in it failed. Anybody can replay it.
    MessageFailed {
        /// Number of its L2 block.
        block: u64,
    },
    /// The token could not be minted, and goes back to the depositor by these withdrawals.
    Returned {
        /// Number of its L2 block.
        block: u64,
        /// Their hashes.
        withdrawals: Vec<B256>,
    },
}

impl Arrival {
    /// Whether the recipient has it.
    pub fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered { .. })
    }
}

/// Deposits, and waits until L2 has it. Approves the token's bridge for exactly the amount, if it has to.
///
/// The journal keeps the operation under the key that comes back, so that a run after an interruption finds it. It is the
/// caller's to close, when it has told its user.
pub async fn deposit(
    bridge: &Bridge,
    sender: &Sender,
    request: &Request,
    report: &dyn Report,
) -> Result<(Deposit, Arrival, Key), Error> {
    let Request { asset, amount, to, .. } = request;
    let what = format!("deposit {} to {to}", asset.show(*amount));
    let token = asset.on(Layer::L1).unwrap_or_default();
    let key = sender.key("deposit", &format!("{token} {:?} {amount} {to}", asset.on(Layer::L2)));
    if sender.journal().find(&key)?.is_none() {
        check_balance(bridge, sender, asset, *amount).await?;
        if let Some(pair) = asset.tokens {
            let l1_bridge = bridge.network.contracts.l1_bridge;
            approve(sender, pair.l1, l1_bridge, *amount, asset, report).await?;
        }
    }
    let receipt = sender.send(&key, &what, &call(&bridge.network.contracts, request), report).await?;
    match follow(bridge, receipt, sender.account(), request, report).await {
        Ok((deposit, arrival)) => Ok((deposit, arrival, key)),
        Err(error) => {
            if !error.is_temporary() {
                sender.journal().close(&key)?;
            }
            Err(error)
        }
    }
}

/// The transaction on L1.
fn call(contracts: &Contracts, request: &Request) -> Call {
    let Request { asset, amount, to, l2_gas } = request;
    match asset.tokens {
        // Straight through the portal: whatever happens on L2, the ether stays with the sender or reaches the recipient.
        None => {
            let call = depositTransactionCall {
                to: *to,
                value: *amount,
                gasLimit: l2_gas.map_or(ETHER_GAS, u64::from),
                isCreation: false,
                data: Bytes::new(),
            };
            Call { value: *amount, ..Call::new(contracts.portal, call.abi_encode()) }
        }
        Some(TokenPair { l1, l2 }) => {
            let call = bridgeERC20ToCall {
                localToken: l1,
                remoteToken: l2,
                to: *to,
                amount: *amount,
                minGasLimit: l2_gas.unwrap_or(TOKEN_GAS),
                extraData: Bytes::new(),
            };
            Call::new(contracts.l1_bridge, call.abi_encode())
        }
    }
}

pub(crate) async fn check_balance(
    bridge: &Bridge,
    sender: &Sender,
    asset: &Asset,
    amount: U256,
) -> Result<(), Error> {
    let (layer, account) = (sender.chain().layer(), sender.account());
    let balance = asset.balance(bridge, layer, account).await?;
    if balance >= amount {
        return Ok(());
    }
    Err(Error::Balance {
        layer,
        account,
        balance: crate::amount::format(balance, asset.decimals),
        needed: crate::amount::format(amount, asset.decimals),
        symbol: asset.symbol.clone(),
    })
}

/// Lets `spender` take the amount, and not more, unless it may already or needs no leave.
pub(crate) async fn approve(
    sender: &Sender,
    token: Address,
    spender: Address,
    amount: U256,
    asset: &Asset,
    report: &dyn Report,
) -> Result<(), Error> {
    let (chain, owner) = (sender.chain(), sender.account());
    if token::is_burned(chain, token, spender).await? {
        return Ok(());
    }
    let key = sender.key("approve", &format!("{token} {spender} {amount}"));
    let pending = sender.journal().find(&key)?.is_some();
    let allowed = chain.view(token, Token::allowanceCall { owner, spender }).await?;
    if allowed >= amount && !pending {
        return Ok(());
    }
    let allow = |amount| Call::new(token, Token::approveCall { spender, amount }.abi_encode());
    let what = format!("allow the bridge to take {}", asset.show(amount));
    let sent = match sender.send(&key, &what, &allow(amount), report).await {
        // Some tokens change an allowance only from zero.
        Err(SendError::Chain(error)) if error.refusal().is_some() && !allowed.is_zero() => {
            let zero = sender.key("approve", &format!("{token} {spender} 0"));
            sender.send(&zero, "withdraw an old allowance", &allow(U256::ZERO), report).await?;
            sender.journal().close(&zero)?;
            sender.send(&key, &what, &allow(amount), report).await
        }
        sent => sent,
    };
    sent?;
    Ok(sender.journal().close(&key)?)
}

/// Waits until L2 has the deposit that a transaction made. The deposit is read anew each time: it is another one if L1 was
/// reorganised.
async fn follow(
    bridge: &Bridge,
    first: Receipt,
    account: Address,
    request: &Request,
    report: &dyn Report,
) -> Result<(Deposit, Arrival), Error> {
    let transaction = first.transaction_hash;
    let (mut receipt, mut told) = (first, None);
    loop {
        let deposits = in_receipt(&receipt, bridge.network.contracts.portal)?;
        let deposit = deposits
            .into_iter()
            .find(|deposit| is_asked_for(&bridge.network.contracts, deposit, account, request))
            .ok_or_else(|| Error::Unexpected {
                layer: Layer::L1,
                transaction,
                reason: "it made no such deposit".to_owned(),
            })?;
        if told != Some(deposit.l2_transaction) {
            report.tell_step(&Step::Depositing { l2_transaction: deposit.l2_transaction });
            told = Some(deposit.l2_transaction);
        }
        match arrival(bridge, &deposit).await? {
            Arrival::Waiting => {}
            arrival => return Ok((deposit, arrival)),
        }
        sleep(POLL).await;
        receipt = bridge
            .l1
            .receipt(transaction)
            .await?
            .ok_or(Error::RolledBack { layer: Layer::L1, transaction })?;
    }
}

/// The deposits that a transaction on L1 made, in order.
pub fn in_receipt(receipt: &Receipt, portal: Address) -> Result<Vec<Deposit>, Error> {
    let of_portal = |log: &&Log| deposit::is_deposit(portal, &log.inner);
    let read = |log: &Log| {
        let index = log.log_index.unwrap_or_default();
        let transaction = deposit::from_log(receipt.block_hash, index, &log.inner)?;
        Ok(Deposit {
            l1_transaction: receipt.transaction_hash,
            l1_block: receipt.block(),
            l2_transaction: transaction.tx_hash(),
            from: transaction.from,
            to: if let TxKind::Call(to) = transaction.to { Some(to) } else { None },
            value: transaction.value,
            input: transaction.input,
        })
    };
    receipt.logs.iter().filter(of_portal).map(read).collect()
}

/// What became of a deposit on L2.
pub async fn arrival(bridge: &Bridge, deposit: &Deposit) -> Result<Arrival, Error> {
    let Some(receipt) = bridge.l2.receipt(deposit.l2_transaction).await? else { return Ok(Arrival::Waiting) };
    let block = receipt.block();
    let Some(message) = message(&bridge.network.contracts, deposit) else {
        return Ok(if receipt.succeeded() {
            Arrival::Delivered { block }
        } else {
            Arrival::Reverted { block }
        });
    };
    let returned = |log: &Log| {
        log.address() == L2_BRIDGE && log.topics().first() == Some(&DepositReturned::SIGNATURE_HASH)
    };
    Ok(match view::message_state(&bridge.l2, L2_MESSENGER, message.hash).await? {
        MessageState::Delivered if receipt.logs.iter().any(returned) => {
            let withdrawals = Withdrawal::all_from_logs(&receipt.logs)?;
            Arrival::Returned { block, withdrawals: withdrawals.iter().map(|one| one.hash).collect() }
        }
        MessageState::Delivered => Arrival::Delivered { block },
        MessageState::Failed => Arrival::MessageFailed { block },
        MessageState::Unknown => Arrival::Reverted { block },
    })
}

/// The message to L2's messenger, if the deposit is one from L1's.
pub fn message(contracts: &Contracts, deposit: &Deposit) -> Option<Message> {
    let between_messengers =
        deposit.to == Some(L2_MESSENGER) && deposit.from == alias(contracts.l1_messenger);
    if between_messengers { Message::decode(&deposit.input) } else { None }
}

/// What a deposit moves, if the standard bridge or an account made it.
pub fn transfer(contracts: &Contracts, deposit: &Deposit) -> Option<Transfer> {
    let Some(message) = message(contracts, deposit) else {
        let plain = deposit.input.is_empty() && !deposit.value.is_zero();
        let to = deposit.to.filter(|_| plain)?;
        return Some(Transfer { tokens: None, from: deposit.from, to, amount: deposit.value });
    };
    let between_bridges = message.relay.sender == contracts.l1_bridge && message.relay.target == L2_BRIDGE;
    let call = between_bridges.then_some(message.relay.message)?;
    if let Ok(ether) = finalizeBridgeETHCall::abi_decode_validate(&call) {
        return Some(Transfer { tokens: None, from: ether.from, to: ether.to, amount: ether.amount });
    }
    // On L2, "local" is the token on L2.
    let token = finalizeBridgeERC20Call::abi_decode_validate(&call).ok()?;
    Some(Transfer {
        tokens: Some(TokenPair { l1: token.remoteToken, l2: token.localToken }),
        from: token.from,
        to: token.to,
        amount: token.amount,
    })
}

fn is_asked_for(contracts: &Contracts, deposit: &Deposit, from: Address, request: &Request) -> bool {
    let asked = Transfer { tokens: request.asset.tokens, from, to: request.to, amount: request.amount };
    transfer(contracts, deposit) == Some(asked)
}

/// The address by which a contract of L1 is known on L2.
fn alias(contract: Address) -> Address {
    let sum = U256::from_be_slice(contract.as_slice()) + U256::from_be_slice(ALIAS_OFFSET.as_slice());
    let [_, _, _, _, _, _, _, _, _, _, _, _, address @ ..] = sum.to_be_bytes::<32>();
    Address::from(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_wrap_around() {
        assert_eq!(alias(Address::ZERO), ALIAS_OFFSET);
        let last = address!("ffffffffffffffffffffffffffffffffffffffff");
        assert_eq!(alias(last), address!("1111000000000000000000000000000000001110"));
    }

    #[test]
    fn ether_goes_through_the_portal_and_tokens_through_the_bridge() {
        let contracts = Contracts {
            portal: Address::repeat_byte(1),
            l1_bridge: Address::repeat_byte(2),
            l1_messenger: Address::repeat_byte(3),
            pha: None,
        };
        let request = Request {
            asset: Asset::ether(),
            amount: U256::from(5),
            to: Address::repeat_byte(9),
            l2_gas: None,
        };
        let ether = call(&contracts, &request);
        assert_eq!((ether.to, ether.value), (contracts.portal, U256::from(5)));
        let pair = TokenPair { l1: Address::repeat_byte(4), l2: Address::repeat_byte(5) };
        let asset = Asset { tokens: Some(pair), ..Asset::ether() };
        let token = call(&contracts, &Request { asset, ..request });
        assert_eq!((token.to, token.value), (contracts.l1_bridge, U256::ZERO));
        let decoded = bridgeERC20ToCall::abi_decode(&token.input).unwrap();
        assert_eq!((decoded.localToken, decoded.remoteToken), (pair.l1, pair.l2));
    }
}
