//! From the parts of a test to a transaction.

use alloy_primitives::{Address, B256, TxKind, U256, keccak256};
use k256::ecdsa::SigningKey;
use revm::{
    context::{TransactionType, TxEnv},
    context_interface::{
        either::Either,
        transaction::{self as eip, AccessList, AccessListItem, SignedAuthorization},
    },
};

use crate::suite::{AccessEntry, Authorization, Indexes, TransactionParts};

/// Why the parts do not make a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotATransaction {
    /// No client could even decode it: an exception, if the test expects one.
    #[error("{0} cannot be encoded")]
    Unencodable(&'static str),
    /// The test contradicts itself.
    #[error("there is no alternative {index} for {field}")]
    NoAlternative { field: &'static str, index: usize },
}

use NotATransaction::Unencodable;

impl TransactionParts {
    /// The transaction that `indexes` choose, on the chain `chain_id`.
    pub(crate) fn choose(&self, indexes: Indexes, chain_id: u64) -> Result<TxEnv, NotATransaction> {
        let tx_type = self.tx_type(indexes.data)?;
        let kind = match self.to {
            Some(to) => TxKind::Call(to),
            None if tx_type == TransactionType::Eip4844 || tx_type == TransactionType::Eip7702 => {
                return Err(Unencodable("a creation of this type"));
            }
            None => TxKind::Create,
        };
        let authorizations = self.authorization_list.as_deref().unwrap_or_default();
        Ok(TxEnv {
            tx_type: tx_type as u8,
            caller: self.sender()?,
            gas_limit: pick(&self.gas_limit, "gasLimit", indexes.gas)?
                .get()
                .ok_or(Unencodable("gasLimit"))?,
            gas_price: fit(self.gas_price.or(self.max_fee_per_gas), "gasPrice")?.unwrap_or_default(),
            kind,
            value: pick(&self.value, "value", indexes.value)?.get().ok_or(Unencodable("value"))?,
            data: pick(&self.data, "data", indexes.data)?.clone(),
            nonce: self.nonce.get().ok_or(Unencodable("nonce"))?,
            chain_id: Some(fit(self.chain_id, "chainId")?.unwrap_or(chain_id)),
            access_list: self.access_list(indexes.data)?,
            gas_priority_fee: fit(self.max_priority_fee_per_gas, "maxPriorityFeePerGas")?,
            blob_hashes: self.blob_versioned_hashes.clone(),
            max_fee_per_blob_gas: fit(self.max_fee_per_blob_gas, "maxFeePerBlobGas")?.unwrap_or_default(),
            authorization_list: authorizations
                .iter()
                .map(|authorization| authorization.signed().map(Either::Left))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The type, which follows from the fields that are there if it is not given.
    fn tx_type(&self, data: usize) -> Result<TransactionType, NotATransaction> {
        if let Some(tx_type) = self.tx_type {
            return match tx_type.get::<u8>() {
                Some(0) => Ok(TransactionType::Legacy),
                Some(1) => Ok(TransactionType::Eip2930),
                Some(2) => Ok(TransactionType::Eip1559),
                Some(3) => Ok(TransactionType::Eip4844),
                Some(4) => Ok(TransactionType::Eip7702),
                _ => Err(Unencodable("a transaction of this type")),
            };
        }
        Ok(if self.authorization_list.is_some() {
            TransactionType::Eip7702
        } else if self.max_fee_per_blob_gas.is_some() || !self.blob_versioned_hashes.is_empty() {
            TransactionType::Eip4844
        } else if self.max_fee_per_gas.is_some() {
            TransactionType::Eip1559
        } else if self.access_lists.get(data).is_some_and(Option::is_some) {
            TransactionType::Eip2930
        } else {
            TransactionType::Legacy
        })
    }

    /// The sender. A test without a key is about an invalid signature.
    fn sender(&self) -> Result<Address, NotATransaction> {
        let key = self.secret_key.ok_or(Unencodable("a valid signature"))?;
        match self.sender {
            Some(sender) => Ok(sender),
            None => address_of(key).ok_or(Unencodable("a valid signature")),
        }
    }

    fn access_list(&self, data: usize) -> Result<AccessList, NotATransaction> {
        let Some(Some(entries)) = self.access_lists.get(data) else { return Ok(AccessList::default()) };
        entries.iter().map(AccessEntry::item).collect::<Result<Vec<_>, _>>().map(AccessList)
    }
}

impl AccessEntry {
    fn item(&self) -> Result<AccessListItem, NotATransaction> {
        let keys = self.storage_keys.iter();
        let keys = keys.map(|key| key.get::<U256>().map(B256::from).ok_or(Unencodable("a storage key")));
        Ok(AccessListItem { address: self.address, storage_keys: keys.collect::<Result<_, _>>()? })
    }
}

impl Authorization {
    fn signed(&self) -> Result<SignedAuthorization, NotATransaction> {
        let authorization = eip::Authorization {
            chain_id: self.chain_id.get().ok_or(Unencodable("the chain id of an authorization"))?,
            address: self.address,
            nonce: self.nonce.get().ok_or(Unencodable("the nonce of an authorization"))?,
        };
        let parity = self.y_parity.or(self.v).and_then(crate::number::Number::get);
        Ok(SignedAuthorization::new_unchecked(
            authorization,
            parity.ok_or(Unencodable("the parity of an authorization"))?,
            self.r.get().ok_or(Unencodable("r of an authorization"))?,
            self.s.get().ok_or(Unencodable("s of an authorization"))?,
        ))
    }
}

fn pick<'a, T>(alternatives: &'a [T], field: &'static str, index: usize) -> Result<&'a T, NotATransaction> {
    alternatives.get(index).ok_or(NotATransaction::NoAlternative { field, index })
}

/// A field that may be absent, but not too large.
fn fit<T: TryFrom<U256>>(
    field: Option<crate::number::Number>,
    name: &'static str,
) -> Result<Option<T>, NotATransaction> {
    field.map(|number| number.get().ok_or(Unencodable(name))).transpose()
}

/// The address of a secret key.
fn address_of(key: B256) -> Option<Address> {
    let key = SigningKey::from_slice(key.as_slice()).ok()?;
    let point = key.verifying_key().to_sec1_point(false);
    Some(Address::from_word(keccak256(point.as_bytes().get(1..)?)))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256};

    use super::*;

    #[test]
    fn knows_the_sender_of_most_tests() {
        let key = b256!("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8");
        assert_eq!(address_of(key), Some(address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b")));
        assert_eq!(address_of(B256::ZERO), None);
    }
}
