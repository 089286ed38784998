//! Puts the contracts on L1.

use std::time::Duration;

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    providers::{DynProvider, PendingTransactionBuilder, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, Bytes, TxHash, U256};
use eyre::{Context, Result, bail};

use crate::artifacts::Artifacts;

/// Gas for one deployment: enough for the largest contract, below the per-transaction cap of
/// EIP-7825 (2^24).
const DEPLOY_GAS: u64 = 12_000_000;
/// Gas for one call: enough for the largest upload of collateral. Less than for a deployment, so that many fit in a block.
const CALL_GAS: u64 = 4_000_000;
/// How long a transaction may take to be in a block.
const INCLUSION_LIMIT: Duration = Duration::from_secs(90);

/// Sends the transactions of one account, without waiting between them.
#[derive(Debug)]
pub struct Deployer {
    provider: DynProvider,
    address: Address,
    nonce: u64,
    sent: Vec<(String, TxHash)>,
}

impl Deployer {
    /// A deployer with the key of `signer`, whose nonces nobody else uses.
    pub async fn new(url: &str, signer: PrivateKeySigner) -> Result<Self> {
        let address = signer.address();
        let provider =
            ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(url.parse()?).erased();
        let nonce = provider.get_transaction_count(address).await?;
        Ok(Self { provider, address, nonce, sent: Vec::new() })
    }

    /// The account that deploys.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Where the contract will be that is deployed `ahead` deployments from now.
    pub fn next_address(&self, ahead: u64) -> Address {
        self.address.create(self.nonce.saturating_add(ahead))
    }

    /// Sends the creation of `contract` at `address` with these ABI-encoded constructor arguments.
    ///
    /// # Errors
    ///
    /// If it is another contract's turn.
    pub async fn deploy(
        &mut self,
        address: Address,
        artifacts: &Artifacts,
        contract: &str,
        arguments: Vec<u8>,
    ) -> Result<()> {
        if address != self.next_address(0) {
            bail!("{contract} would be at {}, and others were told of {address}", self.next_address(0));
        }
        let mut code = artifacts.creation_code(contract)?.to_vec();
        code.extend(arguments);
        let request = TransactionRequest::default().with_deploy_code(Bytes::from(code));
        self.send(contract, request.with_gas_limit(DEPLOY_GAS)).await
    }

    /// Sends a call with `value` wei.
    pub async fn call(&mut self, what: &str, to: Address, value: U256, data: Vec<u8>) -> Result<()> {
        let request = TransactionRequest::default().with_to(to).with_value(value).with_input(data);
        self.send(what, request.with_gas_limit(CALL_GAS)).await
    }

    async fn send(&mut self, what: &str, request: TransactionRequest) -> Result<()> {
        let request = request.with_from(self.address).with_nonce(self.nonce);
        let pending =
            self.provider.send_transaction(request).await.wrap_err_with(|| format!("sending {what}"))?;
        self.sent.push((what.to_owned(), *pending.tx_hash()));
        self.nonce = self.nonce.saturating_add(1);
        Ok(())
    }

    /// Waits until everything that was sent is in a block.
    ///
    /// # Errors
    ///
    /// If one of them failed; it is named.
    pub async fn settle(&mut self) -> Result<()> {
        for (what, hash) in std::mem::take(&mut self.sent) {
            let receipt = PendingTransactionBuilder::new(self.provider.root().clone(), hash)
                .with_timeout(Some(INCLUSION_LIMIT))
                .get_receipt()
                .await
                .wrap_err_with(|| format!("waiting for {what}"))?;
            if !receipt.status() {
                bail!("{what} failed on L1 (transaction {hash}, {} gas used)", receipt.gas_used);
            }
        }
        Ok(())
    }
}
