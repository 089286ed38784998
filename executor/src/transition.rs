//! What the enclave signs: one step of the chain, as EIP-712 typed data.

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain, sol};

use crate::Header;

sol! {
    /// One proved step of the chain. Field order and types are those of `IRollup.Transition`.
    ///
    /// For one (`configHash`, `parentOutputRoot`, `daHash`, `l1OriginHash`) there is one
    /// `outputRoot`, ever: two signed ones prove a broken enclave.
    #[derive(Debug, PartialEq, Eq)]
    struct Transition {
        bytes32 configHash;
        bytes32 parentOutputRoot;
        bytes32 outputRoot;
        uint64 lastL2Block;
        uint64 lastL2Timestamp;
        uint64 l1OriginNumber;
        bytes32 l1OriginHash;
        bytes32 daHash;
    }
}

impl Transition {
    /// keccak256 of (`configHash`, `parentOutputRoot`, `daHash`, `l1OriginHash`): what the result was made from.
    pub fn inputs_hash(&self) -> B256 {
        let parts = [self.configHash, self.parentOutputRoot, self.daHash, self.l1OriginHash];
        keccak256(parts.map(|part| part.0).concat())
    }
}

/// The EIP-712 domain of a `Rollup` contract on L1.
pub fn domain(l1_chain_id: u64, rollup: Address) -> Eip712Domain {
    eip712_domain! {
        name: "PhalaRollup",
        version: "1",
        chain_id: l1_chain_id,
        verifying_contract: rollup,
    }
}

/// The digest that a prover signs.
pub fn digest(transition: &Transition, l1_chain_id: u64, rollup: Address) -> B256 {
    transition.eip712_signing_hash(&domain(l1_chain_id, rollup))
}

/// keccak256 of the concatenated versioned hashes of a batch's blobs, in order.
pub fn da_hash(versioned_hashes: &[B256]) -> B256 {
    keccak256(versioned_hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>())
}

/// The output root of a block: `keccak256(0^32 ‖ stateRoot ‖ messagePasserRoot ‖ blockHash)`.
///
/// The header alone determines it, because its `withdrawalsRoot` holds the storage root of
/// `L2ToL1MessagePasser`. `None` if the header has no `withdrawalsRoot`, which no block of this
/// chain lacks. `hash` is the hash of `header`.
pub fn output_root(header: &Header, hash: B256) -> Option<B256> {
    let mut preimage = [0u8; 128];
    preimage[32..64].copy_from_slice(header.state_root.as_slice());
    preimage[64..96].copy_from_slice(header.withdrawals_root?.as_slice());
    preimage[96..128].copy_from_slice(hash.as_slice());
    Some(keccak256(preimage))
}
