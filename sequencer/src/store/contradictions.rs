//! Signed transitions that contradict what this node expected of a batch: evidence, if somebody signed the
//! expected one.
//!
//! Bounded, since a prover may be hostile: a few of each signer, and so many in all. One is enough to have a key
//! revoked for good, and a new key costs a registration on L1. What is here stays: the signatures that it
//! contradicts may come much later.
//!
//! ```text
//! contradiction     RLP of [batch, operator, signer, [expected transition, 256 bytes], [transition, signature]]
//! ```

use alloy::sol_types::SolValue as _;
use alloy_primitives::{Address, FixedBytes};
use alloy_rlp::{Decodable as _, RlpDecodable, RlpEncodable};
use executor::transition::Transition;
use prover_core::enclave::Signed;
use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;

use super::codec::{number, number_key};
use super::engine;
use super::error::StoreError;
use super::snapshot::Snapshot;
use super::tables::Table;
use super::{BatchSignature, Store};

/// Kept of one signer.
const MAX_OF_SIGNER: usize = 16;
/// Kept in all: less than a megabyte.
const MAX: usize = 1024;

/// A signed transition that contradicts an expected one: of the same input, another result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Index of the batch when it was signed. After a reorganisation of L1 another batch may have it.
    pub batch: u64,
    /// Who runs the prover.
    pub operator: Address,
    /// The key inside the enclave.
    pub signer: Address,
    /// What this node expected.
    pub expected: Transition,
    /// What was signed.
    pub signed: Signed,
}

#[derive(RlpEncodable, RlpDecodable)]
struct Row {
    batch: u64,
    operator: Address,
    signer: Address,
    expected: FixedBytes<256>,
    signed: Signed,
}

impl Store {
    /// Keeps a contradiction, unless it is known or there is no room. Returns whether it was kept.
    pub fn add_contradiction(&self, new: &Contradiction) -> Result<bool, StoreError> {
        let tx = self.write()?;
        let table = tx.tables.contradictions;
        let known: Vec<(u64, Contradiction)> = read(tx.reader(), table, 0)?.collect::<Result<_, _>>()?;
        let of_signer = known.iter().filter(|(_, other)| other.signer == new.signer).count();
        let is_known = known.iter().any(|(_, other)| other.signed == new.signed);
        if is_known || of_signer >= MAX_OF_SIGNER || known.len() >= MAX {
            return Ok(false);
        }
        let index = known.last().map_or(0, |(index, _)| index + 1);
        let row = Row {
            batch: new.batch,
            operator: new.operator,
            signer: new.signer,
            expected: words(&new.expected),
            signed: new.signed.clone(),
        };
        tx.put(table, &number_key(index), &alloy_rlp::encode(row))?;
        tx.commit()?;
        Ok(true)
    }
}

impl Snapshot {
    /// Contradictions from number `from` on, in order, each with its number.
    pub fn contradictions(
        &self,
        from: u64,
    ) -> Result<impl Iterator<Item = Result<(u64, Contradiction), StoreError>>, StoreError> {
        read(self.tx(), self.tables().contradictions, from)
    }

    /// The signatures that this node has over what `contradiction` contradicts; none if another batch took the place
    /// of that one.
    pub fn contradicted(&self, contradiction: &Contradiction) -> Result<Vec<BatchSignature>, StoreError> {
        let batch = self.batch(contradiction.batch)?;
        let batch = batch.filter(|batch| batch.transition == contradiction.expected);
        Ok(batch.map(|batch| batch.signatures).unwrap_or_default())
    }
}

fn read<K: TransactionKind>(
    tx: &Tx<K>,
    table: Table,
    from: u64,
) -> Result<impl Iterator<Item = Result<(u64, Contradiction), StoreError>>, StoreError> {
    let rows = engine::rows(tx, table, &number_key(from), &number_key(u64::MAX))?;
    Ok(rows.map(move |row| {
        let (key, value) = row?;
        Ok((number(table.name, &key)?, decode(table, &value)?))
    }))
}

fn decode(table: Table, mut row: &[u8]) -> Result<Contradiction, StoreError> {
    let corrupt = |reason| StoreError::Corrupt { table: table.name, reason };
    let Row { batch, operator, signer, expected, signed } =
        Row::decode(&mut row).map_err(|_| corrupt("a row is not a contradiction"))?;
    let expected = Transition::abi_decode_validate(expected.as_slice())
        .map_err(|_| corrupt("the expected transition is not ABI encoded"))?;
    Ok(Contradiction { batch, operator, signer, expected, signed })
}

/// The eight ABI words of a transition.
fn words(transition: &Transition) -> FixedBytes<256> {
    let mut words = FixedBytes::ZERO;
    for (byte, value) in words.iter_mut().zip(transition.abi_encode()) {
        *byte = value;
    }
    words
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    #[test]
    fn a_transition_is_eight_words() {
        let transition = Transition {
            configHash: B256::repeat_byte(1),
            parentOutputRoot: B256::repeat_byte(2),
            outputRoot: B256::repeat_byte(3),
            lastL2Block: 4,
            lastL2Timestamp: 5,
            l1OriginNumber: 6,
            l1OriginHash: B256::repeat_byte(7),
            daHash: B256::repeat_byte(8),
        };
        assert_eq!(Transition::abi_decode_validate(words(&transition).as_slice()), Ok(transition));
    }
}
