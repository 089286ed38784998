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
