//! Withdrawals by their hash.
//!
//! A withdrawal is known to users by its hash, which is no topic of its event: no filter of logs finds
//! it. This table does. It is written with the block, from the block's receipts, and goes with it.

use alloy::sol_types::SolEvent as _;
use alloy_primitives::{B256, Log};
use contracts_bindings::IMessagePasser::MessagePassed;
use executor::{Receipt, chain::MESSAGE_PASSER};

use super::codec::{List, encode_place};
use super::engine::WriteTx;
use super::error::StoreError;
use super::snapshot::{Snapshot, decode_receipt};

impl Snapshot {
    /// Where the transaction stands that sent the withdrawal with this hash: block number, and index
    /// in the block.
    pub fn withdrawal(&self, hash: B256) -> Result<Option<(u64, u32)>, StoreError> {
        self.place(self.tables().withdrawals, hash)
    }

    /// The withdrawals that transaction `index` of block `number` sent, in order; `None` if there is no
    /// such transaction.
    pub fn withdrawals(&self, number: u64, index: u32) -> Result<Option<Vec<MessagePassed>>, StoreError> {
        Ok(self.receipt_at(number, index)?.map(|receipt| sent(&receipt).collect()))
    }
}

/// Enters the withdrawals of block `number`.
pub(super) fn put(tx: &WriteTx, number: u64, receipts: &[Receipt]) -> Result<(), StoreError> {
    for (receipt, index) in receipts.iter().zip(0u32..) {
        for withdrawal in sent(receipt) {
            let hash = withdrawal.withdrawalHash;
            tx.put(tx.tables.withdrawals, hash.as_slice(), &encode_place(number, index))?;
        }
    }
    Ok(())
}

/// Removes the withdrawals of a block, whose receipts are the row `receipts`.
pub(super) fn remove(tx: &WriteTx, receipts: &[u8]) -> Result<(), StoreError> {
    for receipt in List::new("Receipts", receipts)?.iter() {
        for withdrawal in sent(&decode_receipt(receipt?)?) {
            tx.delete(tx.tables.withdrawals, withdrawal.withdrawalHash.as_slice())?;
        }
    }
    Ok(())
}

/// The withdrawals that a receipt tells of. A failed transaction has no logs.
fn sent(receipt: &Receipt) -> impl Iterator<Item = MessagePassed> {
    receipt.logs().iter().filter_map(message)
}

/// The withdrawal that a log tells of; `None` for every other log.
fn message(log: &Log) -> Option<MessagePassed> {
    if log.address != MESSAGE_PASSER {
        return None;
    }
    // The predeploy emits one event, always well-formed, and a chain whose genesis has another contract
    // there has no withdrawals.
    MessagePassed::decode_log(log).ok().map(|log| log.data)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, Bytes, LogData, U256};

    use super::*;

    fn passed() -> MessagePassed {
        MessagePassed {
            nonce: U256::from(7),
            sender: Address::repeat_byte(1),
            target: Address::repeat_byte(2),
            value: U256::from(3),
            gasLimit: U256::from(4),
            data: Bytes::from(vec![5; 40]),
            withdrawalHash: B256::repeat_byte(6),
        }
    }

    #[test]
    fn only_the_message_passer_sends_withdrawals() {
        let data = passed().encode_log_data();
        let log = |address, data: &LogData| Log { address, data: data.clone() };
        assert_eq!(message(&log(MESSAGE_PASSER, &data)), Some(passed()));
        assert_eq!(message(&log(Address::repeat_byte(9), &data)), None);
        let mut other = data.clone();
        other.topics_mut_unchecked()[0] = B256::ZERO;
        assert_eq!(message(&log(MESSAGE_PASSER, &other)), None);
        let cut = LogData::new_unchecked(data.topics().to_vec(), data.data.slice(..31));
        assert_eq!(message(&log(MESSAGE_PASSER, &cut)), None);
    }
}
