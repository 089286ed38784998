//! Evidence of a fault: two signed transitions that cannot both be true.
//!
//! For one (`configHash`, `parentOutputRoot`, `daHash`, `l1OriginHash`) there is one result, ever. Two signed ones prove a broken
//! enclave, whoever shows them. `vpha-staking watch` writes such a file, `vpha-staking report FILE` takes it to L1.
//!
//! # Format
//!
//! One JSON object. Hashes, addresses and signatures are hexadecimal with `0x`; numbers are JSON numbers. The fields of a
//! transition have the names and the order of `IRollup.Transition`. Unknown fields are refused.
//!
//! ```json
//! {
//!   "chainId": 31337,
//!   "rollup": "0x…",
//!   "a": {
//!     "configHash": "0x…", "parentOutputRoot": "0x…", "outputRoot": "0x…",
//!     "lastL2Block": 12, "lastL2Timestamp": 1763700000, "l1OriginNumber": 40, "l1OriginHash": "0x…", "daHash": "0x…",
//!     "signature": "0x… (65 bytes: r ‖ s ‖ v)"
//!   },
//!   "b": { … }
//! }
//! ```
//!
//! `chainId` is that of L1 and `rollup` the contract: both are part of what was signed.

use std::{fs, io, path::Path};

use alloy_primitives::{Address, B256, FixedBytes, keccak256};
use contracts_bindings::IRollup;
use contracts_client::file;
use executor::transition::{self, Transition};
use prover_core::signature::{self, SignatureError};
use serde::{Deserialize, Serialize};

/// Most bytes of a file. Evidence has about 1,500.
const MAX_FILE: u64 = 64 * 1024;

/// Two signed transitions, and the contract that they were signed for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// EIP-155 chain id of L1.
    pub chain_id: u64,
    /// The `Rollup` contract.
    pub rollup: Address,
    /// One of them.
    pub a: SignedTransition,
    /// The other one.
    pub b: SignedTransition,
}

/// What an enclave signed, and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedTransition {
    /// Hash of the chain's configuration.
    pub config_hash: B256,
    /// Output before the batch.
    pub parent_output_root: B256,
    /// Output after the batch.
    pub output_root: B256,
    /// Number of the batch's last L2 block.
    pub last_l2_block: u64,
    /// Unix time of that block, in seconds.
    pub last_l2_timestamp: u64,
    /// Number of the L1 block that is that block's origin.
    pub l1_origin_number: u64,
    /// Hash of that L1 block.
    pub l1_origin_hash: B256,
    /// keccak256 of the concatenated versioned hashes of the batch's blobs, in order.
    pub da_hash: B256,
    /// `r ‖ s ‖ v`, as [`prover_core::signature`] has it.
    pub signature: FixedBytes<65>,
}

/// What two signed transitions prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Verdict {
    /// One key signed two results: its operator is guilty, and loses everything at once.
    Equivocation {
        /// The key.
        signer: Address,
    },
    /// Two keys signed different results: one of them is wrong, or both. The timelock decides.
    Dispute {
        /// Who signed `a`.
        a: Address,
        /// Who signed `b`.
        b: Address,
    },
}

/// Why evidence proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The file cannot be read or written.
    #[error("evidence {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The file is not evidence.
    #[error("evidence {path}: {error}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// It was signed for another contract.
    #[error(
        "the evidence is for the rollup {rollup} on chain {chain_id}, this one is {expected_rollup} on chain {expected_chain}"
    )]
    OtherRollup {
        /// What it is for.
        rollup: Address,
        /// On which chain.
        chain_id: u64,
        /// The network's rollup.
        expected_rollup: Address,
        /// The network's L1.
        expected_chain: u64,
    },
    /// A signature is none.
    #[error("transition {which}: {error}")]
    Signature {
        /// `a` or `b`.
        which: char,
        /// What is wrong.
        error: SignatureError,
    },
    /// Different inputs may have different results.
    #[error(
        "the two transitions differ in {0}, which is part of the input: different inputs may have different results"
    )]
    DifferentInputs(&'static str),
    /// Both say the same.
    #[error("the two transitions are the same: they contradict nothing")]
    SameResult,
}

impl Evidence {
    /// Reads a file. It may be anybody's: nothing in it is believed before [`Evidence::verdict`].
    pub fn read(path: &Path) -> Result<Self, EvidenceError> {
        let at = |error| EvidenceError::File { path: path.display().to_string(), error };
        let length = fs::metadata(path).map_err(at)?.len();
        if length > MAX_FILE {
            let reason = format!("{length} bytes, evidence has at most {MAX_FILE}");
            return Err(at(io::Error::new(io::ErrorKind::FileTooLarge, reason)));
        }
        let text = fs::read(path).map_err(at)?;
        serde_json::from_slice(&text)
            .map_err(|error| EvidenceError::Format { path: path.display().to_string(), error })
    }

    /// Writes a file that [`Evidence::read`] reads. When this returns, it is on the disk; a crash before that leaves no half of it.
    pub fn write(&self, path: &Path) -> Result<(), EvidenceError> {
        let write = || -> io::Result<()> {
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            file::replace(path, &text)
        };
        write().map_err(|error| EvidenceError::File { path: path.display().to_string(), error })
    }

    /// What it proves, by the rules of `Rollup.reportConflict`. Whether the signers are known, L1 alone can say.
    pub fn verdict(&self) -> Result<Verdict, EvidenceError> {
        let (a, b) = (&self.a, &self.b);
        for (name, one, other) in [
            ("configHash", a.config_hash, b.config_hash),
            ("parentOutputRoot", a.parent_output_root, b.parent_output_root),
            ("daHash", a.da_hash, b.da_hash),
            ("l1OriginHash", a.l1_origin_hash, b.l1_origin_hash),
        ] {
            if one != other {
                return Err(EvidenceError::DifferentInputs(name));
            }
        }
        let (digest_a, digest_b) = self.digests();
        if digest_a == digest_b {
            return Err(EvidenceError::SameResult);
        }
        let recover = |which, digest, signed: &SignedTransition| {
            signature::recover(digest, &signed.signature)
                .map_err(|error| EvidenceError::Signature { which, error })
        };
        let (a, b) = (recover('a', digest_a, a)?, recover('b', digest_b, b)?);
        Ok(if a == b { Verdict::Equivocation { signer: a } } else { Verdict::Dispute { a, b } })
    }

    /// Fails if it is for another contract.
    pub fn check_rollup(&self, chain_id: u64, rollup: Address) -> Result<(), EvidenceError> {
        if (self.chain_id, self.rollup) == (chain_id, rollup) {
            return Ok(());
        }
        Err(EvidenceError::OtherRollup {
            rollup: self.rollup,
            chain_id: self.chain_id,
            expected_rollup: rollup,
            expected_chain: chain_id,
        })
    }

    /// What `a` and `b` were signed over.
    pub fn digests(&self) -> (B256, B256) {
        let digest =
            |signed: &SignedTransition| transition::digest(&signed.transition(), self.chain_id, self.rollup);
        (digest(&self.a), digest(&self.b))
    }

    /// What identifies it, as long as nobody changes the order: keccak256 of both digests.
    pub fn id(&self) -> B256 {
        let (a, b) = self.digests();
        keccak256([a.0, b.0].concat())
    }
}

impl SignedTransition {
    /// A transition and its signature.
    pub fn new(transition: &Transition, signature: FixedBytes<65>) -> Self {
        Self {
            config_hash: transition.configHash,
            parent_output_root: transition.parentOutputRoot,
            output_root: transition.outputRoot,
            last_l2_block: transition.lastL2Block,
            last_l2_timestamp: transition.lastL2Timestamp,
            l1_origin_number: transition.l1OriginNumber,
            l1_origin_hash: transition.l1OriginHash,
            da_hash: transition.daHash,
            signature,
        }
    }

    /// What was signed.
    pub fn transition(&self) -> Transition {
        Transition {
            configHash: self.config_hash,
            parentOutputRoot: self.parent_output_root,
            outputRoot: self.output_root,
            lastL2Block: self.last_l2_block,
            lastL2Timestamp: self.last_l2_timestamp,
            l1OriginNumber: self.l1_origin_number,
            l1OriginHash: self.l1_origin_hash,
            daHash: self.da_hash,
        }
    }

    /// The same for a call of the contract.
    pub fn argument(&self) -> IRollup::Transition {
        IRollup::Transition {
            configHash: self.config_hash,
            parentOutputRoot: self.parent_output_root,
            outputRoot: self.output_root,
            lastL2Block: self.last_l2_block,
            lastL2Timestamp: self.last_l2_timestamp,
            l1OriginNumber: self.l1_origin_number,
            l1OriginHash: self.l1_origin_hash,
            daHash: self.da_hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::SigningKey;
    use proptest::prelude::*;

    use super::*;

    /// Signed with the keys 0x01…01 and 0x02…02. A change of this file is a change of the format.
    const FIXTURE: &str = include_str!("../tests/data/evidence.json");

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32].into()).unwrap()
    }

    fn signed(transition: &Transition, key: &SigningKey, rollup: Address) -> SignedTransition {
        let signature = signature::sign(key, transition::digest(transition, 31337, rollup));
        SignedTransition::new(transition, signature)
    }

    fn transition() -> Transition {
        Transition {
            configHash: B256::repeat_byte(1),
            parentOutputRoot: B256::repeat_byte(2),
            outputRoot: B256::repeat_byte(3),
            lastL2Block: 12,
            lastL2Timestamp: 1_763_700_000,
            l1OriginNumber: 40,
            l1OriginHash: B256::repeat_byte(4),
            daHash: B256::repeat_byte(5),
        }
    }

    fn evidence(a: u8, b: u8) -> Evidence {
        let rollup = Address::repeat_byte(6);
        let other = Transition { outputRoot: B256::repeat_byte(9), ..transition() };
        Evidence {
            chain_id: 31337,
            rollup,
            a: signed(&transition(), &key(a), rollup),
            b: signed(&other, &key(b), rollup),
        }
    }

    #[test]
    fn the_format_is_that_of_the_fixture() {
        let made = evidence(1, 2);
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        assert_eq!(text, FIXTURE);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.json");
        made.write(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), FIXTURE);
        assert_eq!(Evidence::read(&path).unwrap(), made);
    }

    #[test]
    fn one_key_equivocates_and_two_dispute() {
        let (one, two) =
            (signature::address(key(1).verifying_key()), signature::address(key(2).verifying_key()));
        assert_eq!(evidence(1, 1).verdict().unwrap(), Verdict::Equivocation { signer: one });
        assert_eq!(evidence(1, 2).verdict().unwrap(), Verdict::Dispute { a: one, b: two });
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let rollup = Address::repeat_byte(6);
        type Change = fn(&mut Transition);
        let changes: [(&str, Change); 4] = [
            ("configHash", |t| t.configHash = B256::ZERO),
            ("parentOutputRoot", |t| t.parentOutputRoot = B256::ZERO),
            ("daHash", |t| t.daHash = B256::ZERO),
            ("l1OriginHash", |t| t.l1OriginHash = B256::ZERO),
        ];
        for (name, change) in changes {
            let mut other = Transition { outputRoot: B256::repeat_byte(9), ..transition() };
            change(&mut other);
            let given = Evidence { b: signed(&other, &key(1), rollup), ..evidence(1, 1) };
            let error = given.verdict().unwrap_err();
            assert!(matches!(error, EvidenceError::DifferentInputs(what) if what == name), "{error}");
        }
        let same = Evidence { b: evidence(1, 1).a, ..evidence(1, 1) };
        assert!(matches!(same.verdict(), Err(EvidenceError::SameResult)));
        let mut unsigned = evidence(1, 1);
        unsigned.b.signature = FixedBytes::ZERO;
        assert!(matches!(unsigned.verdict(), Err(EvidenceError::Signature { which: 'b', .. })));
    }

    #[test]
    fn evidence_is_for_one_rollup() {
        let given = evidence(1, 1);
        given.check_rollup(31337, given.rollup).unwrap();
        assert!(matches!(given.check_rollup(1, given.rollup), Err(EvidenceError::OtherRollup { .. })));
        assert!(matches!(given.check_rollup(31337, Address::ZERO), Err(EvidenceError::OtherRollup { .. })));
        // A signature for one contract is none for another.
        let moved = Evidence { rollup: Address::repeat_byte(7), ..given.clone() };
        assert_ne!(moved.verdict().ok(), given.verdict().ok());
    }

    #[test]
    fn files_that_are_not_evidence_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.json");
        assert!(matches!(Evidence::read(&path), Err(EvidenceError::File { .. })));
        let longer = FIXTURE.replace("\"chainId\"", "\"more\": 1, \"chainId\"");
        let short = FIXTURE.replace("\"daHash\"", "\"other\"");
        for text in ["", "{}", &FIXTURE[..900], &longer, &short] {
            fs::write(&path, text).unwrap();
            assert!(matches!(Evidence::read(&path), Err(EvidenceError::Format { .. })), "{text}");
        }
        fs::write(&path, " ".repeat(100_000)).unwrap();
        assert!(matches!(Evidence::read(&path), Err(EvidenceError::File { .. })));
    }

    proptest! {
        /// Whatever byte of a signature is changed: it no longer is that signer's.
        #[test]
        fn a_changed_signature_is_not_the_signers(place in 0usize..65, change in 1u8..) {
            let given = evidence(1, 1);
            let mut forged = given.clone();
            forged.b.signature[place] ^= change;
            prop_assert_ne!(forged.verdict().ok(), given.verdict().ok());
        }

        #[test]
        fn every_evidence_survives_its_file(
            words in prop::array::uniform8(any::<[u8; 32]>()), numbers in prop::array::uniform4(any::<u64>()),
            signature in prop::collection::vec(any::<u8>(), 65),
        ) {
            let [config, parent, output, origin, da, other, ..] = words.map(B256::from);
            let one = Transition {
                configHash: config, parentOutputRoot: parent, outputRoot: output, lastL2Block: numbers[0],
                lastL2Timestamp: numbers[1], l1OriginNumber: numbers[2], l1OriginHash: origin, daHash: da,
            };
            let two = Transition { outputRoot: other, ..one };
            let signature = FixedBytes::from_slice(&signature);
            let given = Evidence {
                chain_id: numbers[3], rollup: Address::from_word(other),
                a: SignedTransition::new(&one, signature), b: SignedTransition::new(&two, signature),
            };
            prop_assert_eq!(given.a.transition(), one);
            let text = serde_json::to_string(&given).unwrap();
            prop_assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), given);
        }
    }
}
