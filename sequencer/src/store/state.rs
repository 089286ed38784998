//! The state as of one block, as execution and the trie read it.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_trie::Nibbles;
use executor::state::{Account, StateError, StateSource};
use executor::trie::{NodeKey, NodeSource};

use super::codec::{decode_account, decode_slot, node_key, slot_key};
use super::nodes;
use super::snapshot::Snapshot;

/// How many blocks back `BLOCKHASH` can see.
const BLOCK_HASHES: u64 = 256;

/// State as of the end of one block, head or past. Holds its [`Snapshot`]: the same advice applies.
#[derive(Clone, Debug)]
pub struct StateView {
    snapshot: Snapshot,
    number: u64,
}

impl StateView {
    pub(super) const fn new(snapshot: Snapshot, number: u64) -> Self {
        Self { snapshot, number }
    }

    /// The block at whose end this is the state.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// What it reads from.
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl StateSource for StateView {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let Self { snapshot, number } = self;
        let table = snapshot.tables().versioned_accounts();
        let row = table.at(snapshot.tx(), address.as_slice(), *number, snapshot.head())?;
        Ok(row.map(|row| decode_account(&row)).transpose()?)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let Self { snapshot, number } = self;
        let table = snapshot.tables().versioned_slots();
        let row = table.at(snapshot.tx(), &slot_key(address, slot), *number, snapshot.head())?;
        Ok(row.map_or(Ok(U256::ZERO), |row| decode_slot(&row))?)
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        self.snapshot.code(code_hash)?.ok_or(StateError::MissingCode(code_hash))
    }

    /// Answers for the block itself and the 256 before it.
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let missing = StateError::MissingBlockHash(number);
        if number > self.number || self.number - number > BLOCK_HASHES {
            return Err(missing);
        }
        self.snapshot.block_hash(number)?.ok_or(missing)
    }
}

impl NodeSource for StateView {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let Self { snapshot, number } = self;
        let key = node_key(&NodeKey { owner, path: *path });
        let rlp = nodes::at(snapshot.tx(), snapshot.tables(), &key, hash, *number, snapshot.head())?;
        let rlp = rlp.ok_or(StateError::MissingNode { owner, path: *path, hash })?;
        Ok(Bytes::copy_from_slice(&rlp))
    }
}
