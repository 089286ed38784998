//! A withdrawal: what L2 sent to L1, and what it says to the bridge there.

use alloy::{
    rpc::types::Log,
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use contracts_bindings::{
    ICrossDomainMessenger::relayMessageCall,
    IL1StandardBridge::{finalizeBridgeERC20Call, finalizeBridgeETHCall},
    IMessagePasser::MessagePassed,
    IPortal::WithdrawalTransaction,
};

use crate::network::{Contracts, L2_BRIDGE, L2_MESSENGER, MESSAGE_PASSER};

/// A withdrawal as L2 sent it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// What goes to the portal.
    pub transaction: WithdrawalTransaction,
    /// keccak256 of its ABI encoding. L2's storage and L1's portal know it by this.
    pub hash: B256,
    /// Number of its L2 block.
    pub block: u64,
    /// Hash of its L2 transaction.
    pub l2_transaction: B256,
}

/// Why a log is not a withdrawal. L2's own contract makes no such log: the node is broken or lies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WithdrawalError {
    /// Not a `MessagePassed` event.
    #[error("the L2 node shows a withdrawal that is not well-formed: {0}")]
    Malformed(String),
    /// The hash is that of other contents.
    #[error("the L2 node shows a withdrawal with hash {given}, its contents hash to {actual}")]
    WrongHash {
        /// What the event says.
        given: B256,
        /// What follows from the contents.
        actual: B256,
    },
    /// The log does not say where it is.
    #[error("the L2 node shows a withdrawal of no block or transaction")]
    Nowhere,
}

/// What a withdrawal does on L1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The standard bridge pays out.
    Transfer(Transfer),
    /// The messenger calls some contract.
    Message(Message),
    /// The portal calls some address.
    Call {
        /// Who is called.
        target: Address,
        /// Wei sent along.
        value: U256,
    },
}

/// Ether or a token that changes layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// `None` for ether.
    pub tokens: Option<TokenPair>,
    /// Sender on the layer it leaves.
    pub from: Address,
    /// Recipient on the other.
    pub to: Address,
    /// In the smallest unit.
    pub amount: U256,
}

/// A token on both layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenPair {
    /// Its contract on L1.
    pub l1: Address,
    /// Its contract on L2.
    pub l2: Address,
}

/// What one messenger tells the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The call of `relayMessage` that delivers it.
    pub relay: relayMessageCall,
    /// By which messengers remember it: keccak256 of that call.
    pub hash: B256,
}

impl Withdrawal {
    /// Reads an event of the message passer. Its hash is computed, not believed.
    pub fn from_log(log: &Log) -> Result<Self, WithdrawalError> {
        if log.address() != MESSAGE_PASSER {
            return Err(WithdrawalError::Malformed(format!("made by {}", log.address())));
        }
        let event = MessagePassed::decode_log_data_validate(log.data())
            .map_err(|error| WithdrawalError::Malformed(error.to_string()))?;
        let transaction = WithdrawalTransaction {
            nonce: event.nonce,
            sender: event.sender,
            target: event.target,
            value: event.value,
            gasLimit: event.gasLimit,
            data: event.data,
        };
        let hash = hash(&transaction);
        if hash != event.withdrawalHash {
            return Err(WithdrawalError::WrongHash { given: event.withdrawalHash, actual: hash });
        }
        let (Some(block), Some(l2_transaction)) = (log.block_number, log.transaction_hash) else {
            return Err(WithdrawalError::Nowhere);
        };
        Ok(Self { transaction, hash, block, l2_transaction })
    }

    /// The withdrawals among the logs of a transaction, in order.
    pub fn all_from_logs(logs: &[Log]) -> Result<Vec<Self>, WithdrawalError> {
        logs.iter().filter(|log| is_withdrawal(log)).map(Self::from_log).collect()
    }

    /// Where L2 keeps it: slot 0 of the message passer is the mapping `sentMessages`.
    pub fn slot(&self) -> B256 {
        storage_slot(self.hash)
    }

    /// The message to L1's messenger, if it is one from L2's.
    pub fn message(&self, contracts: &Contracts) -> Option<Message> {
        let transaction = &self.transaction;
        let between_messengers =
            transaction.sender == L2_MESSENGER && transaction.target == contracts.l1_messenger;
        if between_messengers { Message::decode(&transaction.data) } else { None }
    }

    /// What it does on L1.
    pub fn effect(&self, contracts: &Contracts) -> Effect {
        let Some(message) = self.message(contracts) else {
            return Effect::Call { target: self.transaction.target, value: self.transaction.value };
        };
        let between_bridges =
            message.relay.sender == L2_BRIDGE && message.relay.target == contracts.l1_bridge;
        let transfer = between_bridges.then(|| message.transfer()).flatten();
        transfer.map_or(Effect::Message(message), Effect::Transfer)
    }
}

impl Message {
    /// Reads a call of `relayMessage`.
    pub fn decode(call: &[u8]) -> Option<Self> {
        let relay = relayMessageCall::abi_decode_validate(call).ok()?;
        // Messengers hash what they encode: a call that is encoded otherwise is another message.
        let hash = keccak256(relay.abi_encode());
        Some(Self { relay, hash })
    }

    /// What it tells L1's bridge to pay out, if it was made by L2's. (On L1, "local" is the token on L1.)
    fn transfer(&self) -> Option<Transfer> {
        let call = &self.relay.message;
        if let Ok(ether) = finalizeBridgeETHCall::abi_decode_validate(call) {
            return Some(Transfer { tokens: None, from: ether.from, to: ether.to, amount: ether.amount });
        }
        let token = finalizeBridgeERC20Call::abi_decode_validate(call).ok()?;
        Some(Transfer {
            tokens: Some(TokenPair { l1: token.localToken, l2: token.remoteToken }),
            from: token.from,
            to: token.to,
            amount: token.amount,
        })
    }
}

/// Whether the log is one of the message passer's.
pub fn is_withdrawal(log: &Log) -> bool {
    log.address() == MESSAGE_PASSER && log.topics().first() == Some(&MessagePassed::SIGNATURE_HASH)
}

/// `keccak256(abi.encode(nonce, sender, target, value, gasLimit, data))`.
pub fn hash(transaction: &WithdrawalTransaction) -> B256 {
    use alloy::sol_types::SolValue;
    let WithdrawalTransaction { nonce, sender, target, value, gasLimit, data } = transaction;
    keccak256((*nonce, *sender, *target, *value, *gasLimit, data.clone()).abi_encode_params())
}

/// The slot of `sentMessages[hash]`, a mapping at slot 0.
pub fn storage_slot(hash: B256) -> B256 {
    keccak256([hash.0, [0; 32]].concat())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, LogData, address, b256, bytes};

    use super::*;

    /// What viem's `getWithdrawalHash` and `getWithdrawalHashStorageSlot` answer to these contents.
    fn known() -> (WithdrawalTransaction, B256, B256) {
        let transaction = WithdrawalTransaction {
            nonce: U256::from(1) << 240 | U256::from(7),
            sender: address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            target: address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            value: U256::from(1_500_000_000_000_000_000u64),
            gasLimit: U256::from(21_000),
            data: bytes!("deadbeef01"),
        };
        (
            transaction,
            b256!("873f91ffc837fee787fe282a0a3134387c8681523066fa9b51015123c4e52a1b"),
            b256!("761ff7375639fa9b0056db8e9673596523fecea114c36d197f026299dc8c2e2c"),
        )
    }

    fn contracts() -> Contracts {
        Contracts {
            portal: Address::repeat_byte(1),
            l1_bridge: Address::repeat_byte(2),
            l1_messenger: Address::repeat_byte(3),
            pha: None,
        }
    }

    fn log_of(transaction: WithdrawalTransaction, withdrawal_hash: B256) -> Log {
        let event = MessagePassed {
            nonce: transaction.nonce,
            sender: transaction.sender,
            target: transaction.target,
            value: transaction.value,
            gasLimit: transaction.gasLimit,
            data: transaction.data,
            withdrawalHash: withdrawal_hash,
        };
        Log {
            inner: alloy_primitives::Log { address: MESSAGE_PASSER, data: event.encode_log_data() },
            block_number: Some(5),
            transaction_hash: Some(B256::repeat_byte(9)),
            ..Log::default()
        }
    }

    fn message_of(call: Vec<u8>, sender: Address, target: Address) -> Withdrawal {
        let relay = relayMessageCall {
            nonce: U256::from(4),
            sender,
            target,
            value: U256::ZERO,
            minGasLimit: U256::from(200_000),
            message: call.into(),
        };
        let transaction = WithdrawalTransaction {
            nonce: U256::ZERO,
            sender: L2_MESSENGER,
            target: contracts().l1_messenger,
            value: U256::ZERO,
            gasLimit: U256::ZERO,
            data: relay.abi_encode().into(),
        };
        let hash = hash(&transaction);
        Withdrawal::from_log(&log_of(transaction, hash)).unwrap()
    }

    #[test]
    fn hash_and_slot_are_those_of_viem() {
        let (transaction, withdrawal_hash, slot) = known();
        assert_eq!(hash(&transaction), withdrawal_hash);
        assert_eq!(storage_slot(withdrawal_hash), slot);
        let withdrawal = Withdrawal::from_log(&log_of(transaction.clone(), withdrawal_hash)).unwrap();
        assert_eq!((withdrawal.transaction, withdrawal.block), (transaction, 5));
    }

    #[test]
    fn logs_of_a_lying_node_are_refused() {
        let (transaction, withdrawal_hash, _) = known();
        let wrong = log_of(transaction.clone(), B256::ZERO);
        assert!(matches!(Withdrawal::from_log(&wrong), Err(WithdrawalError::WrongHash { .. })));
        let mut elsewhere = log_of(transaction.clone(), withdrawal_hash);
        elsewhere.inner.address = Address::ZERO;
        assert!(matches!(Withdrawal::from_log(&elsewhere), Err(WithdrawalError::Malformed(_))));
        assert!(Withdrawal::all_from_logs(&[elsewhere]).unwrap().is_empty());
        let mut short = log_of(transaction.clone(), withdrawal_hash);
        short.inner.data = LogData::new_unchecked(short.topics().to_vec(), Bytes::new());
        assert!(matches!(Withdrawal::from_log(&short), Err(WithdrawalError::Malformed(_))));
        let mut pending = log_of(transaction, withdrawal_hash);
        pending.block_number = None;
        assert_eq!(Withdrawal::from_log(&pending), Err(WithdrawalError::Nowhere));
    }

    #[test]
    fn transfers_of_the_bridges_are_read_and_nothing_else_passes_for_one() {
        let (from, to) = (Address::repeat_byte(7), Address::repeat_byte(8));
        let pair = TokenPair { l1: Address::repeat_byte(10), l2: Address::repeat_byte(11) };
        let call = finalizeBridgeERC20Call {
            localToken: pair.l1,
            remoteToken: pair.l2,
            from,
            to,
            amount: U256::from(12),
            extraData: Bytes::new(),
        }
        .abi_encode();
        let transfer = Transfer { tokens: Some(pair), from, to, amount: U256::from(12) };
        let genuine = message_of(call.clone(), L2_BRIDGE, contracts().l1_bridge);
        assert_eq!(genuine.effect(&contracts()), Effect::Transfer(transfer));
        // The hash by which the messenger knows it is that of its own call.
        assert_eq!(genuine.message(&contracts()).unwrap().hash, keccak256(&genuine.transaction.data));

        let forged = message_of(call.clone(), from, contracts().l1_bridge);
        assert!(matches!(forged.effect(&contracts()), Effect::Message(_)));
        let elsewhere = message_of(call, L2_BRIDGE, to);
        assert!(matches!(elsewhere.effect(&contracts()), Effect::Message(_)));

        let ether = finalizeBridgeETHCall { from, to, amount: U256::from(3), extraData: Bytes::new() };
        let ether = message_of(ether.abi_encode(), L2_BRIDGE, contracts().l1_bridge);
        let transfer = Transfer { tokens: None, from, to, amount: U256::from(3) };
        assert_eq!(ether.effect(&contracts()), Effect::Transfer(transfer));

        let (direct, hash, _) = known();
        let direct = Withdrawal::from_log(&log_of(direct, hash)).unwrap();
        assert!(matches!(direct.effect(&contracts()), Effect::Call { .. }));
    }
}
