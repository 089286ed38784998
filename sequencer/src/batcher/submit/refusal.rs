//! What the contracts say to a batch, and what to do about it.

use alloy::{sol_types::SolInterface, transports::RpcError};
use alloy_primitives::{Address, B256, Bytes};
use contracts_bindings::{
    IProverBonds::IProverBondsErrors as BondsError, IProverRegistry::IProverRegistryErrors as RegistryError,
    IRollup::IRollupErrors as RollupError,
};

use crate::l1::L1Error;

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    /// L1 is not there yet; the same batch will do later.
    Wait,
    /// Our picture of L1 is old, or L1 waits for people. The tracker or the watcher finds out.
    Follow,
    /// The batch has become too old: make it again, with the blocks since.
    Rebuild,
    /// The signature of this signer does not count any more: get another.
    DropSigner(Address),
    /// The bond of this operator does not stand for another batch: do without it for a while.
    DoWithout(Address),
    /// The same, and it may again once L1 has recorded what is final.
    RecordFinality(Address),
    /// Nothing that goes away by itself: a person has to look.
    Alarm,
}

/// A contract's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) advice: Advice,
    /// Name and arguments of the error.
    pub(super) reason: String,
}

impl Refusal {
    /// The contract's answer, if it was a contract that answered.
    pub(super) fn of(error: &L1Error) -> Option<Self> {
        let L1Error::Request { source, .. } = error else { return None };
        let RpcError::ErrorResp(payload) = source.as_ref() else { return None };
        payload.as_revert_data().map(|data| Self::decode(&data))
    }

    fn decode(data: &Bytes) -> Self {
        if let Ok(error) = RollupError::abi_decode(data) {
            return Self { advice: rollup_advice(&error), reason: format!("{error:?}") };
        }
        if let Ok(error) = RegistryError::abi_decode(data) {
            return Self { advice: registry_advice(&error), reason: format!("{error:?}") };
        }
        if let Ok(error) = BondsError::abi_decode(data) {
            return Self { advice: bonds_advice(&error), reason: format!("{error:?}") };
        }
        Self { advice: Advice::Alarm, reason: format!("unknown error {data}") }
    }
}

fn rollup_advice(error: &RollupError) -> Advice {
    match error {
        // L1 time moves on by itself, and with it the sequencer's silence; L1 learns the hash of a block
        // with the next one.
        RollupError::TimestampInFuture(_) | RollupError::NotSequencer(_) => Advice::Wait,
        RollupError::WrongOriginHash(error) if error.actual == B256::ZERO => Advice::Wait,
        RollupError::WrongOriginHash(_)
        | RollupError::WrongParent(_)
        | RollupError::BlockNotRising(_)
        | RollupError::OriginWentBack(_)
        | RollupError::InConflict(_)
        | RollupError::NoSuchBatch(_)
        | RollupError::ProofsComplete(_)
        | RollupError::ProofsTooLate(_) => Advice::Follow,
        RollupError::OriginTooOld(_) => Advice::Rebuild,
        _ => Advice::Alarm,
    }
}

fn registry_advice(error: &RegistryError) -> Advice {
    match error {
        RegistryError::SignerUnknown(error) => Advice::DropSigner(error.signer),
        RegistryError::SignerNotActive(error) => Advice::DropSigner(error.signer),
        RegistryError::SignerExpired(error) => Advice::DropSigner(error.signer),
        RegistryError::SignerOutdated(error) => Advice::DropSigner(error.signer),
        RegistryError::SignerIsRevoked(error) => Advice::DropSigner(error.signer),
        RegistryError::SignerWorkloadRemoved(error) => Advice::DropSigner(error.signer),
        RegistryError::SignerPlatformRevoked(error) => Advice::DropSigner(error.signer),
        _ => Advice::Alarm,
    }
}

fn bonds_advice(error: &BondsError) -> Advice {
    match error {
        BondsError::NotEligible(error) => Advice::DoWithout(error.operator),
        BondsError::BondExhausted(error) => Advice::RecordFinality(error.operator),
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolError;
    use alloy_primitives::U256;
    use contracts_bindings::{IProverBonds, IProverRegistry, IRollup};

    use super::*;

    fn advice(error: &impl SolError) -> Advice {
        Refusal::decode(&error.abi_encode().into()).advice
    }

    #[test]
    fn every_refusal_has_its_answer() {
        let signer = Address::repeat_byte(7);
        let hash = B256::repeat_byte(1);
        assert_eq!(
            advice(&IRollup::TimestampInFuture { given: 2, l1Timestamp: U256::from(1) }),
            Advice::Wait
        );
        let early = IRollup::NotSequencer { caller: signer, sequencer: signer, openFrom: U256::from(2) };
        assert_eq!(advice(&early), Advice::Wait);
        let unknown = IRollup::WrongOriginHash { number: 5, given: hash, actual: B256::ZERO };
        assert_eq!(advice(&unknown), Advice::Wait);
        assert_eq!(advice(&IRollup::WrongOriginHash { actual: hash, ..unknown }), Advice::Follow);
        assert_eq!(advice(&IRollup::WrongParent { given: hash, expected: hash }), Advice::Follow);
        assert_eq!(advice(&IRollup::InConflict { since: U256::from(1) }), Advice::Follow);
        assert_eq!(advice(&IRollup::OriginTooOld { given: 1, oldest: U256::from(2) }), Advice::Rebuild);
        assert_eq!(advice(&IRollup::NoBlobs {}), Advice::Alarm);
        assert_eq!(advice(&IProverRegistry::SignerIsRevoked { signer }), Advice::DropSigner(signer));
        assert_eq!(advice(&IProverBonds::NotEligible { operator: signer }), Advice::DoWithout(signer));
        let exhausted =
            IProverBonds::BondExhausted { operator: signer, exposure: U256::from(9), active: U256::from(9) };
        assert_eq!(advice(&exhausted), Advice::RecordFinality(signer));
        assert_eq!(Refusal::decode(&Bytes::from_static(b"what")).advice, Advice::Alarm);
        assert_eq!(Refusal::decode(&Bytes::new()).advice, Advice::Alarm);
    }

    #[test]
    fn the_reason_names_the_error() {
        let data = IRollup::OriginTooOld { given: 3, oldest: U256::from(9) }.abi_encode();
        assert!(Refusal::decode(&data.into()).reason.contains("OriginTooOld"));
    }
}
