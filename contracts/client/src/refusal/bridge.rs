//! What the contracts of the bridge refuse with.

use alloy::sol_types::{Revert, SolError, SolInterface};
use alloy_primitives::{Address, U256};
use contracts_bindings::{
    ICouncilPause::ICouncilPauseErrors, ICrossDomainMessenger::ICrossDomainMessengerErrors,
    IL1StandardBridge::IL1StandardBridgeErrors, IL2StandardBridge::IL2StandardBridgeErrors,
    IOptimismMintableERC20::IOptimismMintableERC20Errors, IPortal::IPortalErrors,
    IWithdrawalQuota::IWithdrawalQuotaErrors,
};

use super::Refusal;
use crate::words;

/// What `data` means, if it is an error of theirs.
pub(super) fn explain(data: &[u8]) -> Option<String> {
    IPortalErrors::abi_decode_validate(data)
        .map(|error| portal(&error))
        .or_else(|_| IWithdrawalQuotaErrors::abi_decode_validate(data).map(|error| quota(&error)))
        .or_else(|_| IL1StandardBridgeErrors::abi_decode_validate(data).map(|error| bridge(&error)))
        .or_else(|_| IL2StandardBridgeErrors::abi_decode_validate(data).map(|error| l2_bridge(&error)))
        .or_else(|_| ICrossDomainMessengerErrors::abi_decode_validate(data).map(|error| messenger(&error)))
        .or_else(|_| {
            IOptimismMintableERC20Errors::abi_decode_validate(data).map(|error| format!("{error:?}"))
        })
        .or_else(|_| ICouncilPauseErrors::abi_decode_validate(data).map(|error| format!("{error:?}")))
        .ok()
}

impl Refusal {
    /// Token, available amount and time, if a withdrawal exceeds its quota.
    pub fn quota(&self) -> Option<(Address, U256, Option<u64>)> {
        let IWithdrawalQuotaErrors::QuotaExceeded(error) =
            IWithdrawalQuotaErrors::abi_decode_validate(&self.0).ok()?
        else {
            return None;
        };
        // The greatest number means that waiting does not help.
        Some((error.token, error.available, u64::try_from(error.retryAt).ok()))
    }

    /// The portal's error, if it is one.
    pub fn portal(&self) -> Option<IPortalErrors> {
        IPortalErrors::abi_decode_validate(&self.0).ok()
    }

    /// Whether somebody else has done already what was to be done.
    pub fn is_done_already(&self) -> bool {
        matches!(self.portal(), Some(IPortalErrors::AlreadyProven(_) | IPortalErrors::AlreadyFinalized(_)))
    }

    /// Whether waiting helps.
    pub fn passes(&self) -> bool {
        use IPortalErrors as E;
        let waits = matches!(self.quota(), Some((_, _, Some(_)))) || self.is_no_output();
        waits || matches!(self.portal(), Some(E::TooEarly(_) | E::Paused(_) | E::InConflict(_)))
    }

    /// Whether the portal says that no final output covers the block yet.
    pub fn is_no_output(&self) -> bool {
        Revert::abi_decode_validate(&self.0).is_ok_and(|revert| {
            revert.reason == "L2OutputOracle: cannot get output for a block that has not been proposed"
        })
    }
}

fn portal(error: &IPortalErrors) -> String {
    use IPortalErrors as E;
    match error {
        E::CreationWithRecipient(_) => "a contract creation names no recipient".into(),
        E::GasLimitTooLow(e) => {
            format!("the L2 gas limit {} is too low for this deposit, it needs at least {}", e.given, e.least)
        }
        E::DataTooLarge(e) => format!("{} bytes of data, a deposit carries at most {}", e.given, e.most),
        E::ResourceLimitExceeded(_) => {
            "the L2 gas for deposits of this L1 block is used up: try again in the next block".into()
        }
        E::Paused(e) => paused(e.until),
        E::InConflict(e) => format!(
            "provers contradict each other since {}: nothing leaves until that is resolved",
            words::time(e.since)
        ),
        E::OutputNotFinal(e) => format!("output {} is not final", e.index),
        E::WrongOutputRoot(e) => format!("the proof is for output root {}, L1 has {}", e.given, e.expected),
        E::AlreadyProven(_) => "the withdrawal is proved already".into(),
        E::NotProven(_) => "nobody has proved the withdrawal yet".into(),
        E::TooEarly(e) => format!("the withdrawal can be finalised from {} on", words::time(e.readyAt)),
        E::AlreadyFinalized(_) => "the withdrawal is finalised already".into(),
        E::ForbiddenTarget(e) => format!("a withdrawal cannot call {}", e.target),
        E::Reentered(_) => "a withdrawal's call cannot finalise another one".into(),
        E::NotEnoughGas(e) => {
            format!(
                "too little gas for the call that the withdrawal asks for: {} wanted, {} left",
                e.wanted, e.left
            )
        }
        E::NotEnoughEther(e) => format!("the portal holds {} wei, the withdrawal is of {}", e.held, e.wanted),
        E::InvalidProof(e) => format!("the proof is wrong at its node {}", e.node),
        E::GasEstimation(_) => "the call of the withdrawal fails".into(),
        other => format!("{other:?}"),
    }
}

fn quota(error: &IWithdrawalQuotaErrors) -> String {
    let IWithdrawalQuotaErrors::QuotaExceeded(e) = error else { return format!("{error:?}") };
    let what = if e.token.is_zero() { "ether".to_owned() } else { format!("token {}", e.token) };
    let retry = match u64::try_from(e.retryAt) {
        Ok(_) => format!("it fits from {} on if nothing else leaves", words::time(e.retryAt)),
        Err(_) => "it is above the whole quota and waits for the timelock to raise it".to_owned(),
    };
    format!(
        "{} units of {what} exceed the withdrawal quota, {} can leave now: {retry}",
        e.amount, e.available
    )
}

fn bridge(error: &IL1StandardBridgeErrors) -> String {
    use IL1StandardBridgeErrors as E;
    match error {
        E::ZeroAmount(_) => "the amount is zero".into(),
        E::CallerHasCode(e) => format!("{} has code: name the recipient", e.caller),
        E::WrongValue(e) => format!("{} wei were sent, the call names {}", e.given, e.expected),
        E::WrongRemoteToken(e) => format!("the token represents {}, not {}", e.expected, e.given),
        E::NoToken(e) => format!("there is no token at {}", e.token),
        E::InexactTransfer(e) => format!(
            "the token moved {} units instead of {}: tokens that take a fee cannot be bridged",
            e.received, e.expected
        ),
        E::TransferFailed(e) => format!("{} refused {} wei", e.recipient, e.amount),
        E::ForbiddenRecipient(e) => format!("{} cannot be the recipient", e.recipient),
        E::ExceedsDeposits(e) => {
            format!("{} units of {}, only {} were deposited", e.amount, e.localToken, e.deposited)
        }
        E::Paused(e) => paused(e.until),
        other => format!("{other:?}"),
    }
}

fn messenger(error: &ICrossDomainMessengerErrors) -> String {
    use ICrossDomainMessengerErrors as E;
    match error {
        E::NotReplayable(_) => "the message has not failed, or was never sent".into(),
        E::AlreadyRelayed(_) => "the message is delivered already".into(),
        E::RelayFailed(_) => "the call of the message fails".into(),
        E::ForbiddenTarget(e) => format!("a message cannot call {}", e.target),
        E::Paused(e) => paused(e.until),
        other => format!("{other:?}"),
    }
}

fn l2_bridge(error: &IL2StandardBridgeErrors) -> String {
    // The same errors as L1's have been decoded there.
    format!("{error:?}")
}

fn paused(until: U256) -> String {
    format!("the council has paused this until {} at the latest", words::time(until))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use contracts_bindings::IWithdrawalQuota;

    use super::*;

    #[test]
    fn quotas_say_when_to_retry() {
        let error = IWithdrawalQuota::QuotaExceeded {
            token: Address::ZERO,
            amount: U256::from(10),
            available: U256::from(4),
            retryAt: U256::from(1_700_000_000),
        };
        let refusal = Refusal::new(error.abi_encode().into());
        assert_eq!(refusal.quota(), Some((Address::ZERO, U256::from(4), Some(1_700_000_000))));
        assert!(refusal.to_string().contains("10 units of ether"));
        let never = IWithdrawalQuota::QuotaExceeded { retryAt: U256::MAX, ..error };
        let refusal = Refusal::new(never.abi_encode().into());
        assert_eq!(refusal.quota(), Some((Address::ZERO, U256::from(4), None)));
        assert!(refusal.to_string().contains("timelock"));
        assert_eq!(Refusal::new(Bytes::new()).quota(), None);
    }

    #[test]
    fn what_the_clients_wait_for_is_known() {
        let words = "L2OutputOracle: cannot get output for a block that has not been proposed";
        assert!(Refusal::new(Revert::from(words).abi_encode().into()).is_no_output());
        assert!(!Refusal::new(Revert::from("other").abi_encode().into()).is_no_output());
    }
}
