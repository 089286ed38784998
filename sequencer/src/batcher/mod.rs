//! From sealed blocks to proved batches on L1.
//!
//! | module | answers |
//! |---|---|
//! | [`queue`] | which batches are there, and how far is each? |
//! | [`assemble`] | which blocks make the next batch, and what do its provers need? |
//! | [`endpoint`] | who proves, and is the signature worth anything? |
//! | [`liveness`] | does L1 accept this signer now? |
//! | [`submit`] | how does a proved batch reach L1 exactly once? |
//!
//! The parts share the [`BatchQueue`] and nothing else, so that the next batch is made and proved
//! while the one before waits for L1.

mod assemble;
mod config;
mod endpoint;
mod liveness;
mod queue;
mod submit;

pub use assemble::{AssembleError, Assembler};
pub use config::{BatcherConfig, CutConfig, EndpointConfig, SubmitConfig};
pub use endpoint::{Endpoint, ProvedChain};
pub use liveness::{Liveness, LivenessError};
pub use queue::{BatchQueue, Freeze, NextBatch, PushError, SignatureOutcome, is_on_l1};
pub use submit::{Offer, SubmitError, Submitter};
