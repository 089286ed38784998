//! Getting a transaction into a block, once.

use std::time::Duration;

use alloy::{
    consensus::{TxEip1559, TypedTransaction},
    eips::{eip2718::Encodable2718, eip2930::AccessList},
    network::{EthereumWallet, NetworkWallet, TransactionBuilder},
    providers::utils::Eip1559Estimation,
    rpc::types::TransactionRequest,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use tokio::time::{Instant, sleep};

use crate::{
    chain::{Chain, Error as ChainError, Layer, Receipt},
    journal::{Attempt, Entry, Journal, JournalError, Key},
    report::{Event, Report},
};

/// Time for a transaction to get into a block before it is replaced by one that offers more.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks for a receipt.
const POLL: Duration = Duration::from_millis(500);
/// How often a transaction is replaced before this gives up.
const REPLACEMENTS: usize = 8;
/// Nodes take a replacement that offers at least 10 % more.
const RAISE_PERCENT: u128 = 125;
/// How long a nonce must be gone, and no receipt be there, before the transaction counts as lost: nodes behind one address do
/// not learn of a block at the same time.
const LOST_AFTER: Duration = Duration::from_secs(15);

/// Sends transactions from one account on one chain.
///
/// The signing is `alloy`'s: any `TxSigner` can stand behind the wallet, also one for a hardware wallet.
#[derive(Clone, Debug)]
pub struct Sender {
    chain: Chain,
    wallet: EthereumWallet,
    account: Address,
    journal: Journal,
    /// Most wei that one transaction may cost, beside what it sends along.
    max_cost: U256,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// Wei sent along.
    pub value: U256,
    /// Call data.
    pub input: Bytes,
    /// Gas that it gets at least, whatever the node estimates.
    pub least_gas: u64,
}

/// Why a transaction did not get into a block, or not well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The node did not answer, or the contract refuses.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The journal cannot be written: nothing was sent.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The signer refuses.
    #[error("signing: {0}")]
    Signing(#[from] alloy::signers::Error),
    /// The node asks for more than the user allows.
    #[error("{layer}: the transaction may cost {cost} wei, the limit is {limit} (--max-cost)")]
    TooExpensive {
        /// Which chain.
        layer: Layer,
        /// Gas limit times highest fee.
        cost: U256,
        /// The limit.
        limit: U256,
    },
    /// The account cannot pay.
    #[error("{layer}: {account} has {balance} wei, the transaction may take {needed}")]
    Funds {
        /// Which chain.
        layer: Layer,
        /// The account.
        account: Address,
        /// What it has.
        balance: U256,
        /// What is sent along, and gas limit times highest fee.
        needed: U256,
    },
    /// It is in a block and failed there, though it went well when tried.
    #[error("{layer}: transaction {hash} failed in block {block}")]
    Failed {
        /// Which chain.
        layer: Layer,
        /// Its hash.
        hash: B256,
        /// Number of the block.
        block: u64,
        /// Wei it cost.
        cost: U256,
    },
    /// No block took it, whatever it offered. It may still come: run again.
    #[error("{layer}: no block took transaction {hash} yet. Run again to go on waiting")]
    Stuck {
        /// Which chain.
        layer: Layer,
        /// Its hash.
        hash: B256,
    },
    /// Another transaction took the nonce: this one never took place.
    #[error(
        "{layer}: another transaction took nonce {nonce} of {account}; this one never took place. Run again for a new one"
    )]
    NonceTaken {
        /// Which chain.
        layer: Layer,
        /// The account.
        account: Address,
        /// The nonce.
        nonce: u64,
    },
}

impl SendError {
    /// Whether it may go well at the next attempt.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Chain(error) => error.is_temporary(),
            Self::Stuck { .. } => true,
            _ => false,
        }
    }
}

impl Sender {
    /// The wallet's default account on `chain`.
    pub fn new(chain: Chain, wallet: EthereumWallet, journal: Journal, max_cost: U256) -> Self {
        let account = NetworkWallet::<alloy::network::Ethereum>::default_signer_address(&wallet);
        Self { chain, wallet, account, journal, max_cost }
    }

    /// The account.
    pub fn account(&self) -> Address {
        self.account
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The chain.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The operation `kind` with these `details` by this account on this chain.
    pub fn key(&self, kind: &str, details: &str) -> Key {
        Key::of(kind, self.chain.chain_id(), self.account, details)
    }

    /// Most wei that the gas of a call may cost now, as it would be signed.
    pub async fn quote(&self, call: &Call) -> Result<U256, ChainError> {
        let (gas_limit, fees) = tokio::try_join!(self.gas_limit(call), self.chain.fees())?;
        Ok(cost(gas_limit, &fees))
    }

    /// Sends a call once and waits until it is in a block. A call that would revert is not sent.
    ///
    /// If an earlier run has sent it, this waits for that one. The journal knows it under `key` until that is closed, which is
    /// the caller's to do when the whole operation is over. It is closed here if the transaction failed or never took place.
    pub async fn send(
        &self,
        key: &Key,
        what: &str,
        call: &Call,
        report: &dyn Report,
    ) -> Result<Receipt, SendError> {
        let layer = self.chain.layer();
        // Until the node knows the transaction, and counts its nonce as used.
        let lock = self.journal.lock(self.chain.chain_id(), self.account).await?;
        let mut entry = match self.journal.find(key)? {
            Some(entry) => {
                if let Some(attempt) = entry.attempts.last() {
                    let what = entry.what.clone();
                    report.tell(&Event::Resumed { what, layer, transaction: attempt.hash });
                }
                entry
            }
            None => self.begin(key, what, call, report).await?,
        };
        self.broadcast(&entry, report).await?;
        drop(lock);
        for round in 0..=REPLACEMENTS {
            let outcome = self.wait(&entry).await;
            if let Err(SendError::Failed { .. } | SendError::NonceTaken { .. }) = outcome {
                self.journal.close(key)?;
            }
            if let Some(receipt) = outcome? {
                let (transaction, block) = (receipt.transaction_hash, receipt.block());
                let (what, cost) = (what.to_owned(), receipt.cost());
                report.tell(&Event::Mined { what, layer, transaction, block, cost });
                return Ok(receipt);
            }
            if round < REPLACEMENTS {
                self.raise(key, &mut entry, call).await?;
                self.broadcast(&entry, report).await?;
            }
        }
        let hash = entry.attempts.last().map(|attempt| attempt.hash).unwrap_or_default();
        Err(SendError::Stuck { layer, hash })
    }

    /// Waits for what an earlier run has sent under `key`. `None` if it has sent nothing.
    pub async fn resume(&self, key: &Key, report: &dyn Report) -> Result<Option<Receipt>, SendError> {
        let Some(entry) = self.journal.find(key)? else { return Ok(None) };
        let call = entry.call()?;
        self.send(key, &entry.what, &call, report).await.map(Some)
    }

    /// Signs and writes down a new transaction.
    async fn begin(
        &self,
        key: &Key,
        what: &str,
        call: &Call,
        report: &dyn Report,
    ) -> Result<Entry, SendError> {
        self.chain.check_chain_id().await?;
        let (gas_limit, fees) = tokio::try_join!(self.gas_limit(call), self.chain.fees())?;
        self.check_cost(call, gas_limit, &fees).await?;
        let nonce = self.chain.pending_nonce(self.account).await?;
        report.tell(&Event::Signing {
            what: what.to_owned(),
            layer: self.chain.layer(),
            to: call.to,
            value: call.value,
            max_cost: cost(gas_limit, &fees),
        });
        let attempt = self.sign(call, nonce, gas_limit, fees).await?;
        let entry = Entry {
            what: what.to_owned(),
            chain_id: self.chain.chain_id(),
            from: self.account,
            nonce,
            attempts: vec![attempt],
        };
        self.journal.save(key, &entry)?;
        Ok(entry)
    }

    async fn broadcast(&self, entry: &Entry, report: &dyn Report) -> Result<(), SendError> {
        let (layer, nonce) = (self.chain.layer(), entry.nonce);
        let Some(attempt) = entry.attempts.last() else { return Ok(()) };
        match self.chain.send(&attempt.raw).await {
            Ok(()) => {}
            // Known already, below the fee of what waits there, or in a block: receipts and nonce tell.
            Err(ChainError::Request { error, .. }) if error.as_error_resp().is_some() => {
                tracing::debug!(hash = %attempt.hash, %error, "the node did not take the transaction");
            }
            Err(error) => return Err(error.into()),
        }
        report.tell(&Event::Sent { layer, transaction: attempt.hash, nonce });
        Ok(())
    }

    /// Waits for one of the attempts to be in a block, for a while.
    async fn wait(&self, entry: &Entry) -> Result<Option<Receipt>, SendError> {
        let (layer, begun) = (self.chain.layer(), Instant::now());
        let mut gone_since = None;
        loop {
            // Asked first, so that a nonce that is gone without a receipt is really gone to another.
            let next = self.chain.nonce(self.account).await?;
            for attempt in entry.attempts.iter().rev() {
                let Some(receipt) = self.chain.receipt(attempt.hash).await? else { continue };
                if receipt.succeeded() {
                    return Ok(Some(receipt));
                }
                let (hash, block, cost) = (attempt.hash, receipt.block(), receipt.cost());
                return Err(SendError::Failed { layer, hash, block, cost });
            }
            if next > entry.nonce {
                let since = *gone_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= LOST_AFTER {
                    let (account, nonce) = (self.account, entry.nonce);
                    return Err(SendError::NonceTaken { layer, account, nonce });
                }
            } else {
                gone_since = None;
                if begun.elapsed() >= PATIENCE {
                    return Ok(None);
                }
            }
            sleep(POLL).await;
        }
    }

    /// Adds an attempt that offers more, if the user's limit allows it.
    async fn raise(&self, key: &Key, entry: &mut Entry, call: &Call) -> Result<(), SendError> {
        let Some(last) = entry.attempts.last() else { return Ok(()) };
        let raised = |fee: u128| fee.saturating_mul(RAISE_PERCENT) / 100 + 1;
        let fees = Eip1559Estimation {
            max_fee_per_gas: raised(last.max_fee_per_gas),
            max_priority_fee_per_gas: raised(last.max_priority_fee_per_gas),
        };
        let gas_limit = match self.gas_limit(call).await {
            Ok(gas) => gas,
            // Others may have done it: the transaction that waits fails or is found.
            Err(ChainError::Refused { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if self.check_cost(call, gas_limit, &fees).await.is_err() {
            return Ok(());
        }
        let attempt = self.sign(call, entry.nonce, gas_limit, fees).await?;
        entry.attempts.push(attempt);
        self.journal.save(key, entry)?;
        Ok(())
    }

    async fn gas_limit(&self, call: &Call) -> Result<u64, ChainError> {
        let request = TransactionRequest::default()
            .with_from(self.account)
            .with_to(call.to)
            .with_value(call.value)
            .with_input(call.input.clone());
        // The block it gets into is another than the one it was tried in, and the portal burns gas by its own price.
        let gas = self.chain.gas(&request).await?;
        Ok((gas.saturating_mul(5) / 4).max(call.least_gas))
    }

    async fn check_cost(
        &self,
        call: &Call,
        gas_limit: u64,
        fees: &Eip1559Estimation,
    ) -> Result<(), SendError> {
        let (layer, cost, limit) = (self.chain.layer(), cost(gas_limit, fees), self.max_cost);
        if cost > limit {
            return Err(SendError::TooExpensive { layer, cost, limit });
        }
        let (account, needed) = (self.account, cost.saturating_add(call.value));
        let balance = self.chain.balance(account).await?;
        if balance < needed {
            return Err(SendError::Funds { layer, account, balance, needed });
        }
        Ok(())
    }

    async fn sign(
        &self,
        call: &Call,
        nonce: u64,
        gas_limit: u64,
        fees: Eip1559Estimation,
    ) -> Result<Attempt, SendError> {
        let transaction = TypedTransaction::Eip1559(TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(call.to),
            value: call.value,
            access_list: AccessList::default(),
            input: call.input.clone(),
        });
        let signed = NetworkWallet::<alloy::network::Ethereum>::sign_transaction_from(
            &self.wallet,
            self.account,
            transaction,
        )
        .await?;
        Ok(Attempt {
            hash: *signed.tx_hash(),
            raw: signed.encoded_2718().into(),
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
        })
    }
}

impl Call {
    /// A call that sends no ether and gets what gas the node estimates.
    pub fn new(to: Address, input: Vec<u8>) -> Self {
        Self { to, value: U256::ZERO, input: input.into(), least_gas: 0 }
    }
}

fn cost(gas_limit: u64, fees: &Eip1559Estimation) -> U256 {
    U256::from(gas_limit).saturating_mul(U256::from(fees.max_fee_per_gas))
}
