//! Who signs.

use alloy_consensus::{SignableTransaction, Signed, TxEip1559, crypto::secp256k1};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use executor::Transaction;

use crate::CHAIN_ID;

/// A key, the same for the same index in every run, and the nonce it uses next.
#[derive(Clone, Debug)]
pub struct Wallet {
    secret: B256,
    /// Its address.
    pub address: Address,
    /// The nonce of its next transaction.
    pub nonce: u64,
}

impl Wallet {
    /// Wallet number `index`.
    pub fn new(index: u64) -> Self {
        let secret = keccak256([b"wallet".as_slice(), &index.to_be_bytes()].concat());
        let message = B256::repeat_byte(1);
        let signature = secp256k1::sign_message(secret, message).expect("a valid key");
        let address = secp256k1::recover_signer(&signature, message).expect("a valid signature");
        Self { secret, address, nonce: 0 }
    }

    /// Signs a transaction of any type as it is.
    pub fn sign<T: SignableTransaction<Signature>>(&self, transaction: T) -> Transaction
    where
        Transaction: From<Signed<T>>,
    {
        let signature =
            secp256k1::sign_message(self.secret, transaction.signature_hash()).expect("a valid key");
        Signed::new_unhashed(transaction, signature).into()
    }

    /// Signs an EIP-7702 authorization.
    pub fn authorize(&self, chain_id: u64, address: Address, nonce: u64) -> SignedAuthorization {
        let authorization = Authorization { chain_id: U256::from(chain_id), address, nonce };
        let signature =
            secp256k1::sign_message(self.secret, authorization.signature_hash()).expect("a valid key");
        authorization.into_signed(signature)
    }

    /// An EIP-1559 transaction with the next nonce.
    pub fn send(&mut self, to: TxKind, value: U256, input: Bytes, gas_limit: u64) -> Transaction {
        let nonce = self.nonce;
        self.nonce += 1;
        self.sign(TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit,
            max_fee_per_gas: 2_000_000_000,
            max_priority_fee_per_gas: 1_000_000,
            to,
            value,
            access_list: Default::default(),
            input,
        })
    }

    /// A plain transfer of `value` wei.
    pub fn transfer(&mut self, to: Address, value: u64) -> Transaction {
        self.send(TxKind::Call(to), U256::from(value), Bytes::new(), 21_000)
    }

    /// A call without value.
    pub fn call(&mut self, to: Address, input: impl Into<Bytes>, gas_limit: u64) -> Transaction {
        self.send(TxKind::Call(to), U256::ZERO, input.into(), gas_limit)
    }
}
