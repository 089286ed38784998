//! What people must look at, and the exit code that says so.

use std::{fmt, path::PathBuf};

use alloy_primitives::{Address, B256, U256};

use crate::evidence::Verdict;

/// L1 holds what execution does not give.
pub const DIFFERENCE: u8 = 3;
/// A key signed what another signature, or execution, contradicts.
pub const DOUBLE_SIGNATURE: u8 = 4;
/// The L2 node has other blocks than L1's batches give.
pub const L2_DIFFERENCE: u8 = 6;
/// A conflict is open on L1.
pub const CONFLICT: u8 = 7;

/// Something is wrong with the chain, not with this program or its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A batch on L1, signed by provers, is not what its data give.
    Difference {
        /// Index of the batch.
        batch: u64,
        /// Output root that L1 holds.
        on_l1: B256,
        /// Output root that execution gives; `None` if the batch's data cannot be executed at all.
        computed: Option<B256>,
        /// The first block of which the L2 node has another one; `None` if that is not known.
        first_block: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// Two signatures over different results of one input, by keys that answer for them.
    DoubleSignature {
        /// Whose.
        verdict: Verdict,
        /// Where the evidence was written, if it could be.
        file: Option<PathBuf>,
        /// The transaction that reported it, if one did.
        reported: Option<B256>,
    },
    /// A signature over another result than execution gives. Nobody is known who signed the right one.
    FalseSignature {
        /// The key.
        signer: Address,
        /// Output root that it signed.
        output: B256,
        /// Number of the batch's last L2 block, as it was signed.
        last_block: u64,
    },
    /// The L2 node has another block than L1's batches give.
    L2Difference {
        /// Number of the block.
        block: u64,
        /// Hash by execution of L1's batches.
        ours: B256,
        /// Hash by the node.
        theirs: B256,
    },
    /// A conflict was reported on L1 and is not resolved: nothing becomes final.
    Conflict {
        /// Unix time of the report, in seconds.
        since: u64,
    },
}

impl Alarm {
    /// Exit code. Of several alarms the first in the order of these codes counts.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Difference { .. } => DIFFERENCE,
            Self::DoubleSignature { .. } | Self::FalseSignature { .. } => DOUBLE_SIGNATURE,
            Self::L2Difference { .. } => L2_DIFFERENCE,
            Self::Conflict { .. } => CONFLICT,
        }
    }

    /// Label of the metric.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Difference { .. } => "difference",
            Self::DoubleSignature { .. } => "double-signature",
            Self::FalseSignature { .. } => "false-signature",
            Self::L2Difference { .. } => "l2-difference",
            Self::Conflict { .. } => "conflict",
        }
    }

    /// Every label.
    pub const KINDS: [&'static str; 5] =
        ["difference", "double-signature", "false-signature", "l2-difference", "conflict"];
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Difference { batch, on_l1, computed, first_block, reason } => {
                write!(f, "batch {batch} on L1 is false: it ends in output {on_l1}, ")?;
                match computed {
                    Some(computed) if computed == on_l1 => {
                        write!(f, "which is right, but what is said of it is not")?
                    }
                    Some(computed) => write!(f, "execution gives {computed}")?,
                    None => write!(f, "execution is not possible")?,
                }
                if let Some(block) = first_block {
                    write!(f, "; the L2 node's block {block} is the first that differs")?;
                }
                write!(f, " ({reason})")
            }
            Self::DoubleSignature { verdict, file, reported } => {
                match verdict {
                    Verdict::Equivocation { signer } => {
                        write!(f, "key {signer} signed two results of one input")?;
                    }
                    Verdict::Dispute { a, b } => {
                        write!(f, "keys {a} and {b} signed different results of one input")?;
                    }
                }
                match file {
                    Some(file) => write!(f, "; evidence: {}", file.display())?,
                    None => write!(f, "; the evidence could not be written")?,
                }
                reported.map_or(Ok(()), |transaction| write!(f, "; reported in transaction {transaction}"))
            }
            Self::FalseSignature { signer, output, last_block } => write!(
                f,
                "key {signer} signed output {output} for a batch that ends with block {last_block}, which execution does not give"
            ),
            Self::L2Difference { block, ours, theirs } => {
                write!(f, "block {block} is {ours} by L1's batches, and {theirs} by the L2 node")
            }
            Self::Conflict { since } => {
                write!(
                    f,
                    "a conflict is open on L1 since {}",
                    contracts_client::words::time(U256::from(*since))
                )
            }
        }
    }
}
