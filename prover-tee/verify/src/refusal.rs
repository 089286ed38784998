//! Why a contract refuses: its error by name and values, what that means, and what to do about it.

use std::fmt;

use alloy_primitives::{Bytes, hex};
use alloy_sol_types::{Panic, Revert, SolError, SolInterface};
use contracts_bindings::{
    ICollateralStore::ICollateralStoreErrors, IEncodingErrors::IEncodingErrorsErrors,
    IProverBonds::IProverBondsErrors, IProverRegistry::IProverRegistryErrors,
    IQuoteVerifier::IQuoteVerifierErrors,
};
use serde::Serialize;

use crate::reasons::{self, Reason};

/// A contract's refusal, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Name of the contract's error.
    pub error: String,
    /// Its values, in their order.
    pub values: Vec<Value>,
    /// What it means.
    pub meaning: String,
    /// What to do about it.
    pub advice: String,
}

/// One value of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Name of the parameter.
    pub name: String,
    /// Its value, as Solidity writes it.
    pub value: String,
}

impl Refusal {
    /// Reads what a contract reverted with.
    pub fn decode(data: &[u8]) -> Self {
        macro_rules! known {
            ($($errors:ty),*) => {$(
                if let Ok(error) = <$errors>::abi_decode_validate(data) {
                    let signature = <$errors>::signature_by_selector(error.selector());
                    return Self::named(signature.unwrap_or_default(), &format!("{error:#?}"));
                }
            )*};
        }
        known!(
            IQuoteVerifierErrors,
            ICollateralStoreErrors,
            IEncodingErrorsErrors,
            IProverRegistryErrors,
            IProverBondsErrors
        );
        if let Ok(Revert { reason }) = Revert::abi_decode_validate(data) {
            return Self::unknown("Error", "reason", &reason);
        }
        if let Ok(Panic { code }) = Panic::abi_decode_validate(data) {
            return Self::unknown("Panic", "code", &code.to_string());
        }
        Self::unknown("unknown", "data", &Bytes::copy_from_slice(data).to_string())
    }

    /// The machine stopped before the contract could give a reason.
    pub fn halted(reason: &str) -> Self {
        Self::unknown("halted", "reason", reason)
    }

    /// From an error's multi-line debug form, which has a line for each value.
    fn named(signature: &str, debug: &str) -> Self {
        let (error, _) = signature.split_once('(').unwrap_or((signature, ""));
        let values = debug
            .lines()
            .filter_map(|line| line.strip_prefix("        ")?.strip_suffix(',')?.split_once(": "))
            .map(|(name, value)| Value { name: name.to_owned(), value: value.to_owned() })
            .collect();
        let reason = reasons::of(signature).unwrap_or(&reasons::UNKNOWN);
        Self {
            error: error.to_owned(),
            values,
            meaning: reason.meaning.to_owned(),
            advice: reason.advice.to_owned(),
        }
    }

    fn unknown(error: &str, name: &str, value: &str) -> Self {
        let Reason { meaning, advice, .. } = reasons::UNKNOWN;
        let values = vec![Value { name: name.to_owned(), value: value.to_owned() }];
        Self { error: error.to_owned(), values, meaning: meaning.to_owned(), advice: advice.to_owned() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if !self.values.is_empty() {
            let values: Vec<String> = self.values.iter().map(ToString::to_string).collect();
            write!(f, "({})", values.join(", "))?;
        }
        write!(f, ": {}", self.meaning)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value } = self;
        // Names that Intel writes in ASCII arrive left-aligned in 32 bytes.
        let text = hex::decode(value).ok().filter(|bytes| bytes.len() == 32).and_then(|bytes| {
            let end = bytes.iter().rposition(|byte| *byte != 0)?.checked_add(1)?;
            let text = bytes.get(..end)?;
            let readable = end < 32 && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
            readable.then(|| String::from_utf8_lossy(text).into_owned())
        });
        match text {
            Some(text) => write!(f, "{name} {text:?}"),
            None => write!(f, "{name} {value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, fixed_bytes};
    use contracts_bindings::{ICollateralStore, IEncodingErrors, IQuoteVerifier};

    use super::*;

    #[test]
    fn errors_have_names_and_values() {
        let error = ICollateralStore::WrongPceId { given: [0, 1].into(), expected: [0, 0].into() };
        let refusal = Refusal::decode(&error.abi_encode());
        assert_eq!(refusal.error, "WrongPceId");
        let values: Vec<_> = refusal.values.iter().map(|value| (&value.name[..], &value.value[..])).collect();
        assert_eq!(values, [("given", "0x0001"), ("expected", "0x0000")]);

        let error = IQuoteVerifier::DebugTd { tdAttributes: fixed_bytes!("0100001000000000") };
        let text = Refusal::decode(&error.abi_encode()).to_string();
        assert!(text.starts_with("DebugTd(tdAttributes 0x0100001000000000): "), "{text}");

        let oid = IEncodingErrors::UnknownCriticalExtension { oid: vec![0x55, 0x1d].into() };
        assert_eq!(Refusal::decode(&oid.abi_encode()).values[0].value, "0x551d");
        let missing = ICollateralStore::RootCrlMissing {};
        assert!(Refusal::decode(&missing.abi_encode()).values.is_empty());
    }

    #[test]
    fn names_in_ascii_are_shown_as_text() {
        let mut name = [0; 32];
        name[..8].copy_from_slice(b"Intel CA");
        let error = ICollateralStore::NotATcbSigner {
            commonName: name.into(),
            isAuthority: true,
            keyUsage: U256::from(3),
        };
        let text = Refusal::decode(&error.abi_encode()).to_string();
        assert!(text.contains("commonName \"Intel CA\", isAuthority true, keyUsage 3"), "{text}");
    }

    #[test]
    fn anything_else_is_shown_as_it_is() {
        assert_eq!(Refusal::decode(&[]).error, "unknown");
        assert_eq!(Refusal::decode(&[1, 2, 3, 4]).values[0].value, "0x01020304");
        assert_eq!(Refusal::decode(&Panic::from(0x11).abi_encode()).error, "Panic");
        assert_eq!(Refusal::decode(&Revert::from("why").abi_encode()).values[0].value, "why");
    }

    #[test]
    fn every_error_of_the_interfaces_is_explained_once() {
        let signatures: Vec<&str> = [
            IQuoteVerifierErrors::SIGNATURES,
            ICollateralStoreErrors::SIGNATURES,
            IEncodingErrorsErrors::SIGNATURES,
            IProverRegistryErrors::SIGNATURES,
            IProverBondsErrors::SIGNATURES,
        ]
        .concat();
        for signature in &signatures {
            assert!(reasons::of(signature).is_some(), "{signature} is not explained");
        }
        for reason in reasons::all() {
            assert!(signatures.contains(&reason.error), "{} is in no interface", reason.error);
            let entries = reasons::all().filter(|other| other.error == reason.error).count();
            assert_eq!(entries, 1, "{} is explained {entries} times", reason.error);
            for text in [reason.meaning, reason.advice] {
                assert!(text.ends_with('.') && text.len() > 20, "{text}");
            }
        }
    }
}
