//! Someone who signs.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy},
    eips::eip7702::Authorization,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use executor::Transaction;

use crate::chain::CHAIN_ID;

/// A key.
#[derive(Clone, Debug)]
pub(crate) struct Wallet(PrivateKeySigner);

impl Wallet {
    /// Key number `n`, from 1.
    pub(crate) fn new(n: u8) -> Self {
        Self(PrivateKeySigner::from_bytes(&B256::with_last_byte(n)).unwrap())
    }

    pub(crate) fn address(&self) -> Address {
        self.0.address()
    }

    pub(crate) fn sign<T: SignableTransaction<Signature>>(&self, transaction: T) -> Transaction
    where
        Transaction: From<alloy::consensus::Signed<T>>,
    {
        let signature = self.0.sign_hash_sync(&transaction.signature_hash()).unwrap();
        transaction.into_signed(signature).into()
    }

    /// A transfer of one wei with this tip.
    pub(crate) fn transfer(&self, nonce: u64, tip: u128) -> Transaction {
        self.sign(TxEip1559 { nonce, max_priority_fee_per_gas: tip, ..plain() })
    }

    /// A call of `to` with `data`.
    pub(crate) fn call(&self, nonce: u64, to: Address, data: impl Into<Bytes>) -> Transaction {
        self.sign(TxEip1559 { nonce, to: to.into(), input: data.into(), gas_limit: 100_000, ..plain() })
    }

    /// An authorization to run the code of `code` at this address.
    pub(crate) fn authorize(&self, nonce: u64, code: Address) -> alloy::eips::eip7702::SignedAuthorization {
        let authorization = Authorization { chain_id: U256::from(CHAIN_ID), address: code, nonce };
        let signature = self.0.sign_hash_sync(&authorization.signature_hash()).unwrap();
        authorization.into_signed(signature)
    }
}

/// A transfer of one wei, to be changed.
pub(crate) fn plain() -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1_000,
        to: TxKind::Call(Address::repeat_byte(0xbb)),
        value: U256::ONE,
        access_list: Default::default(),
        input: Bytes::new(),
    }
}

/// A transaction from before there were types.
pub(crate) fn legacy() -> TxLegacy {
    TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce: 0,
        gas_price: 1_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(Address::repeat_byte(0xbb)),
        value: U256::ONE,
        input: Bytes::new(),
    }
}

/// A transaction with an access list.
pub(crate) fn with_access_list() -> TxEip2930 {
    TxEip2930 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_price: 1_000_000_000,
        gas_limit: 40_000,
        to: TxKind::Call(Address::repeat_byte(0xbb)),
        value: U256::ONE,
        access_list: Default::default(),
        input: Bytes::new(),
    }
}

/// A transaction that sets code.
pub(crate) fn set_code(authorizations: Vec<alloy::eips::eip7702::SignedAuthorization>) -> TxEip7702 {
    TxEip7702 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_limit: 100_000,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1_000,
        to: Address::repeat_byte(0xbb),
        value: U256::ZERO,
        access_list: Default::default(),
        authorization_list: authorizations,
        input: Bytes::new(),
    }
}

/// As `eth_sendRawTransaction` takes it.
pub(crate) fn raw(transaction: &Transaction) -> Bytes {
    transaction.encoded_2718().into()
}
