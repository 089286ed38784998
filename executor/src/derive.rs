//! From L1 headers and receipts to the deposits of an origin range.
//!
//! L2 state names the L1 block that is the origin of the parent. From there the headers are linked
//! by their parent hashes, up to the block whose hash L1 itself checks when the batch arrives. The
//! bloom filter of each header says whether the portal may have emitted a deposit; if so, the
//! receipts of that block must be given, and are checked against its receipts root. So no deposit
//! can be left out, added, changed or moved.

use std::collections::VecDeque;

use alloy_consensus::{ReceiptEnvelope, proofs::calculate_receipt_root};
use alloy_primitives::{Address, B256, BloomInput, U256};
use op_alloy_consensus::TxDeposit;

use crate::{
    ChainConfig, Header,
    block::{L1Origin, OriginError},
    chain::L1_BLOCK,
    deposit::{self, DepositError, TRANSACTION_DEPOSITED},
    state::{StateError, StateSource},
};

/// Why L1 data does not yield deposits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// A header has another number than the one after its predecessor.
    #[error("L1 header of block {got} where that of block {expected} belongs")]
    HeaderNumber {
        /// The number that belongs there.
        expected: u64,
        /// The number of the header.
        got: u64,
    },
    /// A header is not the child of its predecessor.
    #[error("L1 block {number} has parent {got}, expected {expected}")]
    ParentHash {
        /// Number of the block.
        number: u64,
        /// Hash of the predecessor.
        expected: B256,
        /// Parent hash in the header.
        got: B256,
    },
    /// The bloom filter matches, but there are no receipts.
    #[error("the receipts of L1 block {0} are missing")]
    MissingReceipts(u64),
    /// Receipts of a block that cannot have deposits, or that is not in the range, or out of order.
    #[error("the receipts of L1 block {0} do not belong here")]
    UnexpectedReceipts(u64),
    /// The receipts are not those of the block.
    #[error("L1 block {number} has the receipts root {expected}, the receipts given have {got}")]
    ReceiptsRoot {
        /// Number of the block.
        number: u64,
        /// Root in the header.
        expected: B256,
        /// Root of the receipts.
        got: B256,
    },
    /// The portal emitted something that is not a deposit.
    #[error("L1 block {number}: {source}")]
    Deposit {
        /// Number of the block.
        number: u64,
        /// What is wrong with the event.
        #[source]
        source: DepositError,
    },
    /// The header cannot be an origin.
    #[error("L1 header: {0}")]
    Origin(#[from] OriginError),
    /// The origin of an L2 block is not among the headers.
    #[error("L1 origin {wanted} is unknown, the newest known is {newest}")]
    UnknownOrigin {
        /// The origin of the L2 block.
        wanted: u64,
        /// The last L1 block given.
        newest: u64,
    },
    /// The origin of an L2 block lies before that of its parent.
    #[error("L1 origin {wanted} is before the parent's, {parent}")]
    OriginWentBack {
        /// The origin of the L2 block.
        wanted: u64,
        /// The origin of its parent.
        parent: u64,
    },
    /// There are headers after the origin of the last L2 block.
    #[error("L1 headers go on to block {newest}, the last origin is {origin}")]
    UnusedHeaders {
        /// The origin of the last L2 block.
        origin: u64,
        /// The last L1 block given.
        newest: u64,
    },
}

/// Whether the L1 block may hold deposits. A `false` is certain.
pub fn may_have_deposits(portal: Address, header: &Header) -> bool {
    let holds = |bytes: &[u8]| header.logs_bloom.contains_input(BloomInput::Raw(bytes));
    holds(portal.as_slice()) && holds(TRANSACTION_DEPOSITED.as_slice())
}

/// The deposits of the L1 block `header` whose hash is `hash`, in the order of their logs.
///
/// `receipts` are all receipts of the block; their root is checked.
pub fn deposits_of_block(
    portal: Address,
    header: &Header,
    hash: B256,
    receipts: &[ReceiptEnvelope],
) -> Result<Vec<TxDeposit>, DeriveError> {
    let number = header.number;
    let got = calculate_receipt_root(receipts);
    if got != header.receipts_root {
        return Err(DeriveError::ReceiptsRoot { number, expected: header.receipts_root, got });
    }
    (0u64..)
        .zip(receipts.iter().flat_map(ReceiptEnvelope::logs))
        .filter(|(_, log)| deposit::is_deposit(portal, log))
        .map(|(index, log)| {
            deposit::from_log(hash, index, log).map_err(|source| DeriveError::Deposit { number, source })
        })
        .collect()
}

/// The L1 origin of the block `header`, read from the state after it.
pub fn origin_of(header: &Header, state: &impl StateSource) -> Result<L1Origin, StateError> {
    let slot = |index: u8| state.storage(L1_BLOCK, U256::from(index));
    let [number, timestamp, ..] = slot(0)?.into_limbs();
    let [base_fee, ..] = slot(1)?.into_limbs();
    let hash = slot(2)?.into();
    let [low, high, ..] = slot(3)?.into_limbs();
    Ok(L1Origin {
        number,
        hash,
        timestamp,
        base_fee,
        blob_base_fee: u128::from(high) << 64 | u128::from(low),
        mix_hash: header.mix_hash,
        parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
    })
}

/// A checked run of L1 blocks, consumed from the front while the origin moves.
#[derive(Clone, Debug)]
pub struct OriginRange {
    current: L1Origin,
    newest: u64,
    ahead: VecDeque<(L1Origin, Vec<TxDeposit>)>,
}

impl OriginRange {
    /// Links `headers` to `origin`, the origin of the parent, and derives their deposits.
    ///
    /// `receipts` are those of the headers whose bloom filter matches, with the number of their
    /// block, in order; no more and no less.
    pub fn new(
        config: &ChainConfig,
        origin: L1Origin,
        headers: &[Header],
        receipts: &[(u64, Vec<ReceiptEnvelope>)],
    ) -> Result<Self, DeriveError> {
        let mut receipts = receipts.iter();
        let mut ahead = VecDeque::with_capacity(headers.len());
        let (mut number, mut hash) = (origin.number, origin.hash);
        for header in headers {
            let expected = number.saturating_add(1);
            if header.number != expected || number == u64::MAX {
                return Err(DeriveError::HeaderNumber { expected, got: header.number });
            }
            number = expected;
            if header.parent_hash != hash {
                return Err(DeriveError::ParentHash { number, expected: hash, got: header.parent_hash });
            }
            hash = header.hash_slow();
            let deposits = if may_have_deposits(config.portal, header) {
                match receipts.next() {
                    Some((of, receipts)) if *of == number => {
                        deposits_of_block(config.portal, header, hash, receipts)?
                    }
                    _ => return Err(DeriveError::MissingReceipts(number)),
                }
            } else {
                Vec::new()
            };
            ahead.push_back((L1Origin::from_header(config, header, hash)?, deposits));
        }
        match receipts.next() {
            Some((of, _)) => Err(DeriveError::UnexpectedReceipts(*of)),
            None => Ok(Self { current: origin, newest: number, ahead }),
        }
    }

    /// The origin reached so far.
    pub const fn origin(&self) -> &L1Origin {
        &self.current
    }

    /// Moves the origin to block `number`, and returns the deposits of all blocks on the way.
    pub fn advance(&mut self, number: u64) -> Result<Vec<TxDeposit>, DeriveError> {
        if number < self.current.number {
            return Err(DeriveError::OriginWentBack { wanted: number, parent: self.current.number });
        }
        let mut deposits = Vec::new();
        while self.current.number < number {
            let (origin, of_block) = self
                .ahead
                .pop_front()
                .ok_or(DeriveError::UnknownOrigin { wanted: number, newest: self.newest })?;
            self.current = origin;
            deposits.extend(of_block);
        }
        Ok(deposits)
    }

    /// The last origin. Fails if there are blocks after it: L1 checks the hash of the last origin,
    /// and nothing would check theirs.
    pub fn finish(self) -> Result<L1Origin, DeriveError> {
        if self.ahead.is_empty() {
            return Ok(self.current);
        }
        Err(DeriveError::UnusedHeaders { origin: self.current.number, newest: self.newest })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alloy_primitives::{Address, Bytes};

    use super::*;
    use crate::state::Account;

    struct Slots(BTreeMap<U256, U256>);

    impl StateSource for Slots {
        fn account(&self, _address: Address) -> Result<Option<Account>, StateError> {
            Ok(None)
        }
        fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
            assert_eq!(address, L1_BLOCK);
            Ok(self.0.get(&slot).copied().unwrap_or_default())
        }
        fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
            Err(StateError::MissingCode(code_hash))
        }
        fn block_hash(&self, number: u64) -> Result<B256, StateError> {
            Err(StateError::MissingBlockHash(number))
        }
    }

    #[test]
    fn an_origin_is_read_back_as_a_block_writes_it() {
        let origin = L1Origin {
            number: u64::MAX - 7,
            hash: B256::repeat_byte(0xab),
            timestamp: 1_800_000_000,
            base_fee: 12_345_678_901,
            blob_base_fee: u128::MAX - 1,
            mix_hash: B256::repeat_byte(1),
            parent_beacon_block_root: B256::repeat_byte(2),
        };
        let header = Header {
            mix_hash: origin.mix_hash,
            parent_beacon_block_root: Some(origin.parent_beacon_block_root),
            ..Header::default()
        };
        let slots = Slots(origin.storage().into_iter().collect());
        assert_eq!(origin_of(&header, &slots).unwrap(), origin);
    }
}
