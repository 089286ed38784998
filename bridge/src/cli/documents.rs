//! What commands print at their end: one JSON document, or a few lines.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, U256};
use serde::Serialize;

use super::progress::stage_line;
use crate::{
    Bridge, amount,
    deposit::{self, Arrival, Deposit},
    error::Error,
    stage::Stage,
    token::Asset,
    withdrawal::{Effect, TokenPair, Transfer, Withdrawal},
    words,
};

/// A deposit or a withdrawal, and where it stands.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Movement {
    Deposit {
        l1_transaction: B256,
        l1_block: u64,
        l2_transaction: B256,
        #[serde(skip_serializing_if = "Option::is_none")]
        transfer: Option<Moved>,
        #[serde(flatten)]
        arrival: Arrival,
    },
    Withdrawal {
        withdrawal: B256,
        l2_transaction: B256,
        l2_block: u64,
        sender: Address,
        target: Address,
        #[serde(serialize_with = "words::decimal")]
        value: U256,
        #[serde(serialize_with = "words::decimal")]
        gas_limit: U256,
        #[serde(skip_serializing_if = "Option::is_none")]
        transfer: Option<Moved>,
        #[serde(flatten)]
        stage: Stage,
        /// Time of L1's newest block.
        now: u64,
    },
}

/// What changes layers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Moved {
    pub(crate) symbol: String,
    /// In human units.
    pub(crate) amount: String,
    /// In the smallest unit.
    #[serde(serialize_with = "words::decimal")]
    pub(crate) units: U256,
    pub(crate) from: Address,
    pub(crate) to: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) l1_token: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) l2_token: Option<Address>,
}

/// An account, on both chains.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountDocument {
    pub(crate) address: Address,
    pub(crate) balances: Vec<Balance>,
    /// What is under way, newest first.
    pub(crate) open: Vec<Movement>,
}

/// What an account has of something.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Balance {
    pub(crate) symbol: String,
    pub(crate) l1: String,
    pub(crate) l2: String,
}

/// Names and decimals of tokens that have been asked for.
#[derive(Debug, Default)]
pub(crate) struct Assets(HashMap<TokenPair, Option<Asset>>);

impl Assets {
    async fn moved(&mut self, bridge: &Bridge, transfer: Transfer) -> Result<Moved, Error> {
        let asset = match transfer.tokens {
            None => Some(Asset::ether()),
            Some(pair) => match self.0.get(&pair) {
                Some(asset) => asset.clone(),
                None => {
                    // Anybody can bridge anything: a token that makes no sense is shown in units.
                    let asset = match Asset::of_pair(bridge, pair).await {
                        Ok(asset) => Some(asset),
                        Err(error) if error.is_temporary() => return Err(error),
                        Err(_) => None,
                    };
                    self.0.insert(pair, asset.clone());
                    asset
                }
            },
        };
        let asset = asset.unwrap_or(Asset { tokens: transfer.tokens, symbol: "units".into(), decimals: 0 });
        Ok(Moved {
            amount: amount::format(transfer.amount, asset.decimals),
            symbol: asset.symbol,
            units: transfer.amount,
            from: transfer.from,
            to: transfer.to,
            l1_token: transfer.tokens.map(|pair| pair.l1),
            l2_token: transfer.tokens.map(|pair| pair.l2),
        })
    }

    pub(crate) async fn deposit(
        &mut self,
        bridge: &Bridge,
        deposit: &Deposit,
        arrival: Arrival,
    ) -> Result<Movement, Error> {
        let transfer = match deposit::transfer(&bridge.network.contracts, deposit) {
            Some(transfer) => Some(self.moved(bridge, transfer).await?),
            None => None,
        };
        Ok(Movement::Deposit {
            l1_transaction: deposit.l1_transaction,
            l1_block: deposit.l1_block,
            l2_transaction: deposit.l2_transaction,
            transfer,
            arrival,
        })
    }

    pub(crate) async fn withdrawal(
        &mut self,
        bridge: &Bridge,
        withdrawal: &Withdrawal,
        stage: Stage,
        now: u64,
    ) -> Result<Movement, Error> {
        let transfer = match withdrawal.effect(&bridge.network.contracts) {
            Effect::Transfer(transfer) => Some(self.moved(bridge, transfer).await?),
            _ => None,
        };
        let transaction = &withdrawal.transaction;
        Ok(Movement::Withdrawal {
            withdrawal: withdrawal.hash,
            l2_transaction: withdrawal.l2_transaction,
            l2_block: withdrawal.block,
            sender: transaction.sender,
            target: transaction.target,
            value: transaction.value,
            gas_limit: transaction.gasLimit,
            transfer,
            stage,
            now,
        })
    }
}

impl Movement {
    /// Whether something is left to wait for, or to do.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Deposit { arrival, .. } => {
                matches!(arrival, Arrival::Waiting | Arrival::MessageFailed { .. })
            }
            Self::Withdrawal { stage, .. } => !stage.is_over() || *stage == Stage::MessageFailed,
        }
    }

    /// See [`super::exit`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Deposit { arrival, .. } => super::exit::of_arrival(arrival),
            Self::Withdrawal { stage, .. } => super::exit::of_stage(stage),
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let moved = |transfer: &Option<Moved>| match transfer {
            Some(moved) => format!("{} {} from {} to {}", moved.amount, moved.symbol, moved.from, moved.to),
            None => "a message".to_owned(),
        };
        match self {
            Self::Deposit { l1_transaction, l1_block, l2_transaction, transfer, arrival } => format!(
                "deposit     {}\n  L1        {l1_transaction} (block {l1_block})\n  L2        {l2_transaction}\n  {}",
                moved(transfer),
                arrival_line(arrival)
            ),
            Self::Withdrawal {
                withdrawal,
                l2_transaction,
                l2_block,
                target,
                value,
                transfer,
                stage,
                now,
                ..
            } => {
                let what = match transfer {
                    Some(_) => moved(transfer),
                    None => format!("{} ETH, call of {target}", amount::format(*value, 18)),
                };
                format!(
                    "withdrawal  {what}\n  hash      {withdrawal}\n  L2        {l2_transaction} (block {l2_block})\n  {}",
                    stage_line(stage, *now)
                )
            }
        }
    }
}

impl AccountDocument {
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", self.address);
        for Balance { symbol, l1, l2 } in &self.balances {
            text.push_str(&format!("  {symbol:<6} L1 {l1}   L2 {l2}\n"));
        }
        if self.open.is_empty() {
            text.push_str("nothing is under way");
        }
        let open: Vec<String> = self.open.iter().map(Movement::text).collect();
        text + &open.join("\n")
    }
}

fn arrival_line(arrival: &Arrival) -> String {
    match arrival {
        Arrival::Waiting => "on its way to L2".to_owned(),
        Arrival::Delivered { block } => format!("delivered in L2 block {block}"),
        Arrival::Reverted { block } => {
            format!("reverted in L2 block {block}; the ether in it belongs to its sender there")
        }
        Arrival::MessageFailed { block } => {
            format!("its message failed in L2 block {block}: `bridge replay` tries it again")
        }
        Arrival::Returned { block, withdrawals } => {
            let hashes: Vec<String> = withdrawals.iter().map(B256::to_string).collect();
            format!(
                "could not be minted in L2 block {block}, goes back to L1 by withdrawal {}",
                hashes.join(", ")
            )
        }
    }
}
