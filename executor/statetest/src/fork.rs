//! Names of forks.

use revm::primitives::{
    eip4844::{MAX_BLOB_NUMBER_PER_BLOCK_CANCUN, MAX_BLOB_NUMBER_PER_BLOCK_PRAGUE},
    hardfork::SpecId,
};

/// The rules that a fork's name stands for, or why its cases cannot be run.
pub(crate) fn rules(name: &str) -> Result<SpecId, &'static str> {
    Ok(match name {
        "Frontier" => SpecId::FRONTIER,
        "Homestead" => SpecId::HOMESTEAD,
        "EIP150" | "TangerineWhistle" => SpecId::TANGERINE,
        "EIP158" | "SpuriousDragon" => SpecId::SPURIOUS_DRAGON,
        "Byzantium" => SpecId::BYZANTIUM,
        "Constantinople" => {
            return Err("its EIP-1283 was withdrawn before mainnet had it, and the EVM has no such rules");
        }
        "ConstantinopleFix" | "Petersburg" => SpecId::PETERSBURG,
        "Istanbul" | "MuirGlacier" => SpecId::ISTANBUL,
        "Berlin" => SpecId::BERLIN,
        "London" | "ArrowGlacier" | "GrayGlacier" => SpecId::LONDON,
        "Merge" | "Paris" => SpecId::MERGE,
        "Shanghai" => SpecId::SHANGHAI,
        "Cancun" => SpecId::CANCUN,
        "Prague" => SpecId::PRAGUE,
        "Osaka" => SpecId::OSAKA,
        "Amsterdam" | "BPO1" | "BPO2" | "BPO3" | "BPO4" | "BPO5" => {
            return Err("later than Osaka, which is what the rollup follows");
        }
        _ => return Err("an unknown fork"),
    })
}

/// How many blobs a transaction may carry, unless the file says otherwise. From Osaka on it is the
/// limit of EIP-7594, whatever the block's is.
pub(crate) fn max_blobs(spec: SpecId, scheduled: Option<u64>) -> u64 {
    const PER_TRANSACTION: u64 = 6;
    if spec.is_enabled_in(SpecId::OSAKA) {
        scheduled.map_or(PER_TRANSACTION, |max| max.min(PER_TRANSACTION))
    } else if spec.is_enabled_in(SpecId::PRAGUE) {
        scheduled.unwrap_or(MAX_BLOB_NUMBER_PER_BLOCK_PRAGUE)
    } else {
        scheduled.unwrap_or(MAX_BLOB_NUMBER_PER_BLOCK_CANCUN)
    }
}
