//! `phala_getContradictions`: what provers signed instead of what this node expected.
//!
//! One parameter: the number of the first contradiction wanted (0 if left out). The answer is a list of at most
//! [`MAX_PAGE`], in order; whoever got that many asks again, from the number after the last one:
//!
//! ```text
//! [{
//!   number      counts contradictions of this node from 0, without gaps
//!   batch       index of the batch
//!   operator    who runs the prover
//!   signer      the key inside its enclave
//!   signed      { transition, signature }: what that key signed
//!   expected    { transition, signatures: [...] }: what this node expected of the same input, and who signed that
//! }, ...]
//! ```
//!
//! A transition has the fields of `IRollup.Transition`. Numbers are hexadecimal, as everywhere. Two signatures over
//! different transitions of one input are evidence for `Rollup.reportConflict`; nothing here needs to be believed.

use alloy_primitives::{Address, B256, FixedBytes, U64};
use executor::transition::Transition;
use serde::{Deserialize, Serialize};

use super::{Api, Args, RpcError};

/// Most contradictions in one answer.
pub const MAX_PAGE: usize = 64;

/// `phala_getContradictions(from)`.
pub(super) fn contradictions(api: &Api, args: &Args) -> Result<Vec<Contradiction>, RpcError> {
    let from = args.optional::<U64>(0)?.unwrap_or_default();
    let snapshot = api.store.snapshot()?;
    let page = snapshot.contradictions(from.to())?.take(MAX_PAGE);
    page.map(|row| {
        let (number, row) = row?;
        let signatures = snapshot.contradicted(&row)?;
        Ok(Contradiction {
            number: U64::from(number),
            batch: U64::from(row.batch),
            operator: row.operator,
            signer: row.signer,
            signed: Signed { transition: (&row.signed.transition).into(), signature: row.signed.signature },
            expected: Expected {
                transition: (&row.expected).into(),
                // All have the right length: they were checked before they were kept.
                signatures: signatures
                    .iter()
                    .filter_map(|signature| signature.signature.as_ref().try_into().ok())
                    .collect(),
            },
        })
    })
    .collect()
}

/// An entry of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// Counts from 0.
    pub number: U64,
    /// Index of the batch.
    pub batch: U64,
    /// Who runs the prover.
    pub operator: Address,
    /// The key inside the enclave.
    pub signer: Address,
    /// What it signed.
    pub signed: Signed,
    /// What the node expected.
    pub expected: Expected,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The transition.
    pub transition: JsonTransition,
    /// `r ‖ s ‖ v`.
    pub signature: FixedBytes<65>,
}

/// What was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The transition.
    pub transition: JsonTransition,
    /// Signatures of provers over it.
    pub signatures: Vec<FixedBytes<65>>,
}

/// `IRollup.Transition` in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonTransition {
    config_hash: B256,
    parent_output_root: B256,
    output_root: B256,
    last_l2_block: U64,
    last_l2_timestamp: U64,
    l1_origin_number: U64,
    l1_origin_hash: B256,
    da_hash: B256,
}

impl From<&Transition> for JsonTransition {
    fn from(transition: &Transition) -> Self {
        Self {
            config_hash: transition.configHash,
            parent_output_root: transition.parentOutputRoot,
            output_root: transition.outputRoot,
            last_l2_block: U64::from(transition.lastL2Block),
            last_l2_timestamp: U64::from(transition.lastL2Timestamp),
            l1_origin_number: U64::from(transition.l1OriginNumber),
            l1_origin_hash: transition.l1OriginHash,
            da_hash: transition.daHash,
        }
    }
}

impl From<&JsonTransition> for Transition {
    fn from(json: &JsonTransition) -> Self {
        Self {
            configHash: json.config_hash,
            parentOutputRoot: json.parent_output_root,
            outputRoot: json.output_root,
            lastL2Block: json.last_l2_block.to(),
            lastL2Timestamp: json.last_l2_timestamp.to(),
            l1OriginNumber: json.l1_origin_number.to(),
            l1OriginHash: json.l1_origin_hash,
            daHash: json.da_hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_contract() {
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
        let json = serde_json::to_value(JsonTransition::from(&transition)).unwrap();
        for (name, value) in [("outputRoot", B256::repeat_byte(3)), ("daHash", B256::repeat_byte(8))] {
            assert_eq!(json[name], value.to_string(), "{name}");
        }
        assert_eq!((&json["lastL2Block"], &json["l1OriginNumber"]), (&"0x4".into(), &"0x6".into()));
        let back: JsonTransition = serde_json::from_value(json).unwrap();
        assert_eq!(Transition::from(&back), transition);
    }
}
