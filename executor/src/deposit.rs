//! From an event of the portal on L1 to a deposit transaction on L2.

use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use alloy_sol_types::{SolEvent, sol};
use op_alloy_consensus::TxDeposit;

sol! {
    /// Emitted by the portal for every deposit.
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
}

/// The first topic of every deposit event.
pub const TRANSACTION_DEPOSITED: B256 = TransactionDeposited::SIGNATURE_HASH;

/// Length of the fixed part of the opaque data: mint, value, gas limit, creation flag.
const FIXED_LENGTH: usize = 32 + 32 + 8 + 1;

/// Why a log of the portal is not a deposit. The portal cannot emit such a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DepositError {
    /// Topics or data are not those of `TransactionDeposited`.
    #[error("log {log_index} is not a well-formed TransactionDeposited event: {reason}")]
    Malformed {
        /// Index of the log in its L1 block.
        log_index: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Only version 0 of the opaque data is known.
    #[error("log {log_index} has the unknown deposit version {version}")]
    UnknownVersion {
        /// Index of the log in its L1 block.
        log_index: u64,
        /// The version it claims.
        version: U256,
    },
    /// The opaque data is shorter than its fixed part.
    #[error("log {log_index} has {length} bytes of opaque data, at least {FIXED_LENGTH} are needed")]
    TooShort {
        /// Index of the log in its L1 block.
        log_index: u64,
        /// Length of the opaque data.
        length: usize,
    },
    /// More wei than a deposit can carry.
    #[error("log {log_index} mints {mint} wei, which exceeds 128 bits")]
    MintTooLarge {
        /// Index of the log in its L1 block.
        log_index: u64,
        /// The mint, in wei.
        mint: U256,
    },
    /// The creation flag is neither 0 nor 1.
    #[error("log {log_index} has the creation flag {flag}")]
    CreationFlag {
        /// Index of the log in its L1 block.
        log_index: u64,
        /// The flag.
        flag: u8,
    },
}

/// Whether `log` is a deposit of the portal `portal`.
pub fn is_deposit(portal: Address, log: &Log) -> bool {
    log.address == portal && log.topics().first() == Some(&TRANSACTION_DEPOSITED)
}

/// The deposit that the event `log` asks for. `log_index` counts the logs of the whole L1 block,
/// whose hash is `l1_block_hash`.
///
/// The opaque data of version 0 is, without padding:
///
/// | bytes | field |
/// |---|---|
/// | 32 | mint, in wei |
/// | 32 | value, in wei |
/// | 8 | gas limit |
/// | 1 | 1 if the deposit creates a contract, else 0 |
/// | rest | calldata or init code |
pub fn from_log(l1_block_hash: B256, log_index: u64, log: &Log) -> Result<TxDeposit, DepositError> {
    let event = TransactionDeposited::decode_log_data_validate(&log.data)
        .map_err(|error| DepositError::Malformed { log_index, reason: error.to_string() })?;
    if !event.version.is_zero() {
        return Err(DepositError::UnknownVersion { log_index, version: event.version });
    }
    let Some((fixed, input)) = event.opaqueData.split_first_chunk::<FIXED_LENGTH>() else {
        return Err(DepositError::TooShort { log_index, length: event.opaqueData.len() });
    };
    let (mint, value, gas_limit, flag) = split_fixed(fixed);
    let to = match flag {
        0 => TxKind::Call(event.to),
        1 => TxKind::Create,
        _ => return Err(DepositError::CreationFlag { log_index, flag }),
    };
    Ok(TxDeposit {
        source_hash: source_hash(l1_block_hash, log_index),
        from: event.from,
        to,
        mint: mint.try_into().map_err(|_| DepositError::MintTooLarge { log_index, mint })?,
        value,
        gas_limit,
        is_system_transaction: false,
        input: Bytes::copy_from_slice(input),
    })
}

/// What makes each deposit unique: `keccak(0^32 ‖ keccak(l1BlockHash ‖ logIndex))`.
pub fn source_hash(l1_block_hash: B256, log_index: u64) -> B256 {
    let mut place = [0; 64];
    place[..32].copy_from_slice(l1_block_hash.as_slice());
    place[32..].copy_from_slice(&U256::from(log_index).to_be_bytes::<32>());
    let mut preimage = [0; 64];
    preimage[32..].copy_from_slice(keccak256(place).as_slice());
    keccak256(preimage)
}

fn split_fixed(fixed: &[u8; FIXED_LENGTH]) -> (U256, U256, u64, u8) {
    let mut gas_limit = [0; 8];
    gas_limit.copy_from_slice(&fixed[64..72]);
    (
        U256::from_be_slice(&fixed[..32]),
        U256::from_be_slice(&fixed[32..64]),
        u64::from_be_bytes(gas_limit),
        fixed[72],
    )
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{LogData, address};
    use op_alloy_consensus::UserDepositSource;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const PORTAL: Address = address!("00000000000000000000000000000000000000f0");

    fn log(from: Address, to: Address, version: U256, opaque: Vec<u8>) -> Log {
        let event = TransactionDeposited { from, to, version, opaqueData: opaque.into() };
        Log { address: PORTAL, data: event.encode_log_data() }
    }

    fn opaque(mint: U256, value: U256, gas_limit: u64, flag: u8, input: &[u8]) -> Vec<u8> {
        let gas_limit = gas_limit.to_be_bytes();
        [&mint.to_be_bytes::<32>()[..], &value.to_be_bytes::<32>(), &gas_limit, &[flag], input].concat()
    }

    fn plain(opaque: Vec<u8>) -> Result<TxDeposit, DepositError> {
        from_log(B256::ZERO, 3, &log(Address::ZERO, Address::ZERO, U256::ZERO, opaque))
    }

    proptest! {
        #[test]
        fn every_field_arrives(
            block_hash: [u8; 32], log_index: u64, from: [u8; 20], to: [u8; 20], mint: u128, value: [u8; 32],
            gas_limit: u64, creates: bool, input in vec(any::<u8>(), 0..100),
        ) {
            let (hash, from, to) = (B256::from(block_hash), Address::from(from), Address::from(to));
            let value = U256::from_be_bytes(value);
            let opaque = opaque(U256::from(mint), value, gas_limit, creates.into(), &input);
            let log = log(from, to, U256::ZERO, opaque);
            prop_assert!(is_deposit(PORTAL, &log));
            let expected = TxDeposit {
                source_hash: UserDepositSource::new(hash, log_index).source_hash(),
                from,
                to: if creates { TxKind::Create } else { TxKind::Call(to) },
                mint,
                value,
                gas_limit,
                is_system_transaction: false,
                input: input.into(),
            };
            prop_assert_eq!(from_log(hash, log_index, &log), Ok(expected));
        }

        #[test]
        fn arbitrary_logs_do_not_panic(
            topics in vec(any::<[u8; 32]>(), 0..4), known: bool, data in vec(any::<u8>(), 0..300),
        ) {
            let mut topics: Vec<_> = topics.into_iter().map(B256::from).collect();
            if known && let Some(first) = topics.first_mut() {
                *first = TRANSACTION_DEPOSITED;
            }
            let log = Log { address: PORTAL, data: LogData::new_unchecked(topics, data.into()) };
            let _ = from_log(B256::ZERO, 0, &log);
        }
    }

    #[test]
    fn what_the_portal_cannot_emit_is_refused() {
        let good = opaque(U256::ZERO, U256::ZERO, 0, 0, &[]);
        assert!(plain(good.clone()).is_ok());
        assert_eq!(plain(good[..72].to_vec()), Err(DepositError::TooShort { log_index: 3, length: 72 }));
        assert_eq!(plain(Vec::new()), Err(DepositError::TooShort { log_index: 3, length: 0 }));
        let mint = U256::from(u128::MAX) + U256::ONE;
        let result = plain(opaque(mint, U256::ZERO, 0, 0, &[]));
        assert_eq!(result, Err(DepositError::MintTooLarge { log_index: 3, mint }));
        let result = plain(opaque(U256::ZERO, U256::ZERO, 0, 2, &[]));
        assert_eq!(result, Err(DepositError::CreationFlag { log_index: 3, flag: 2 }));
        let version = U256::ONE;
        let result = from_log(B256::ZERO, 3, &log(Address::ZERO, Address::ZERO, version, good.clone()));
        assert_eq!(result, Err(DepositError::UnknownVersion { log_index: 3, version }));

        let mut few_topics = log(Address::ZERO, Address::ZERO, U256::ZERO, good);
        few_topics.data = LogData::new_unchecked(vec![TRANSACTION_DEPOSITED], few_topics.data.data.clone());
        let result = from_log(B256::ZERO, 3, &few_topics);
        assert!(matches!(result, Err(DepositError::Malformed { log_index: 3, .. })), "{result:?}");
    }

    #[test]
    fn other_logs_are_not_deposits() {
        let good = log(Address::ZERO, Address::ZERO, U256::ZERO, opaque(U256::ZERO, U256::ZERO, 0, 0, &[]));
        assert!(!is_deposit(Address::ZERO, &good));
        let other = LogData::new_unchecked(vec![B256::ZERO], Bytes::new());
        assert!(!is_deposit(PORTAL, &Log { address: PORTAL, data: other }));
    }
}
