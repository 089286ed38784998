//! Getting a transaction into an L1 block.

use std::{sync::Arc, time::Duration};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{eip2718::Encodable2718, eip2930::AccessList},
    providers::utils::Eip1559Estimation,
    rpc::types::TransactionReceipt,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tracing::{debug, info};

use crate::l1::{L1, L1Error};

/// Time for a transaction to get into a block before it is replaced by one that offers more.
const PATIENCE: Duration = Duration::from_secs(45);

/// Time between two looks for a receipt.
const POLL: Duration = Duration::from_millis(500);

/// How often a transaction is replaced before this gives up.
const REPLACEMENTS: u32 = 8;

/// Nodes take a replacement that offers at least 10 % more.
const RAISE_PERCENT: u128 = 125;

/// Sends transactions from one account, one after another. Nothing else should send from it meanwhile.
#[derive(Clone, Debug)]
pub struct Wallet {
    l1: L1,
    signer: PrivateKeySigner,
    patience: Duration,
    /// Held while a transaction is under way, by all clones alike.
    turn: Arc<Mutex<()>>,
}

/// Why a transaction did not get into a block, or not well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// L1 did not answer, or the contract refuses.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The account cannot pay.
    #[error("operator {account} has {balance} wei, the transaction may cost {cost}")]
    Funds {
        /// The account.
        account: Address,
        /// What it has.
        balance: U256,
        /// Gas limit times highest fee.
        cost: U256,
    },
    /// The key did not sign.
    #[error("signing: {0}")]
    Signing(#[from] alloy::signers::Error),
    /// It is in a block and failed there, though it went well when tried.
    #[error("transaction {hash} failed in block {block:?}")]
    Failed {
        /// Its hash.
        hash: B256,
        /// Number of the block.
        block: Option<u64>,
    },
    /// No block took it, whatever it offered.
    #[error("no block took transaction {nonce} of {account}, with {max_fee} wei per gas at last")]
    Stuck {
        /// The account.
        account: Address,
        /// The nonce.
        nonce: u64,
        /// The last offer.
        max_fee: u128,
    },
    /// Another transaction took the nonce: the key is in use elsewhere.
    #[error("nonce {nonce} of {account} was taken by another transaction")]
    NonceTaken {
        /// The account.
        account: Address,
        /// The nonce.
        nonce: u64,
    },
}

impl Wallet {
    /// The account of `signer` on the chain of `l1`.
    pub fn new(l1: L1, signer: PrivateKeySigner) -> Self {
        Self { l1, signer, patience: PATIENCE, turn: Arc::default() }
    }

    /// The same with another time for a transaction to get into a block before it is replaced.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Sends a call and waits until it is in a block. A call that would revert is not sent.
    ///
    /// A transaction that no block takes is replaced by the same with higher fees; so is one that an
    /// earlier run of this program left behind.
    pub async fn call(&self, to: Address, input: Bytes) -> Result<TransactionReceipt, TransactionError> {
        let _turn = self.turn.lock().await;
        let account = self.address();
        // The block it gets into is another than the one it was tried in.
        let gas_limit = self.l1.gas(account, to, input.clone()).await?.saturating_mul(6) / 5;
        let nonce = self.l1.nonce(account).await?;
        let chain_id = self.l1.chain_id().await?;
        let mut fees = self.l1.fees().await?;
        let mut sent = Vec::new();
        for attempt in 0..=REPLACEMENTS {
            self.check_funds(gas_limit, fees).await?;
            let (hash, raw) = self.sign(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: fees.max_fee_per_gas,
                max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
                to: TxKind::Call(to),
                value: U256::ZERO,
                access_list: AccessList::default(),
                input: input.clone(),
            })?;
            match self.l1.send(&raw).await {
                Ok(()) => sent.push(hash),
                // Known already, below the fee of what waits there, or mined meanwhile: a look at the
                // receipts and the nonce tells, and a raise helps.
                Err(L1Error::Request { error, .. }) if error.as_error_resp().is_some() => {
                    debug!(%hash, %error, "L1 did not take the transaction");
                    sent.push(hash);
                }
                Err(error) => return Err(error.into()),
            }
            info!(%hash, nonce, attempt, max_fee = fees.max_fee_per_gas, "transaction sent");
            if let Some(receipt) = self.wait(nonce, &sent).await? {
                return Ok(receipt);
            }
            fees = raised(fees);
        }
        Err(TransactionError::Stuck { account, nonce, max_fee: fees.max_fee_per_gas })
    }

    /// Waits for one of the transactions to be in a block, for a while.
    async fn wait(&self, nonce: u64, sent: &[B256]) -> Result<Option<TransactionReceipt>, TransactionError> {
        let deadline = Instant::now() + self.patience;
        loop {
            // Asked first, so that a nonce that is gone without a receipt is really gone to another.
            let next = self.l1.nonce(self.address()).await?;
            for hash in sent {
                if let Some(receipt) = self.l1.receipt(*hash).await? {
                    if !receipt.status() {
                        return Err(TransactionError::Failed { hash: *hash, block: receipt.block_number });
                    }
                    return Ok(Some(receipt));
                }
            }
            if next > nonce {
                return Err(TransactionError::NonceTaken { account: self.address(), nonce });
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            sleep(POLL.min(self.patience)).await;
        }
    }

    async fn check_funds(&self, gas_limit: u64, fees: Eip1559Estimation) -> Result<(), TransactionError> {
        let account = self.address();
        let balance = self.l1.balance(account).await?;
        let cost = U256::from(gas_limit).saturating_mul(U256::from(fees.max_fee_per_gas));
        if balance < cost {
            return Err(TransactionError::Funds { account, balance, cost });
        }
        Ok(())
    }

    /// Hash and encoding of a transaction, signed.
    fn sign(&self, transaction: TxEip1559) -> Result<(B256, Vec<u8>), TransactionError> {
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Ok((*envelope.hash(), envelope.encoded_2718()))
    }
}

fn raised(fees: Eip1559Estimation) -> Eip1559Estimation {
    let raise = |fee: u128| fee.saturating_mul(RAISE_PERCENT) / 100 + 1;
    Eip1559Estimation {
        max_fee_per_gas: raise(fees.max_fee_per_gas),
        max_priority_fee_per_gas: raise(fees.max_priority_fee_per_gas),
    }
}
