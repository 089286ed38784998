//! The keys of the devnet. All of them are public knowledge: never use them elsewhere.

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{B256, U256, hex, keccak256, uint};
use eyre::Result;

/// Balance that every account below starts with on L1, and users also on L2, in wei.
pub const START_BALANCE: U256 = uint!(10_000_000_000_000_000_000_000_U256);

/// The ten accounts that Ethereum development tools have in common (mnemonic "test test test test
/// test test test test test test test junk"), so that wallets and scripts know them already.
const USERS: [[u8; 32]; 10] = [
    hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
    hex!("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
    hex!("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
    hex!("47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
    hex!("8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
    hex!("92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
    hex!("4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
    hex!("dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
    hex!("2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
];

/// An account of the chain's own: no user shares its nonces.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// Deploys the contracts and receives the initial PHA.
    Deployer,
    /// Sends batches to L1.
    Batcher,
    /// Proposes to and executes the timelocks.
    Governor,
    /// Can pause deposits and withdrawals.
    Council,
    /// Proves and finalises users' withdrawals.
    Relayer,
    /// Operates the prover with this number.
    Operator(u16),
}

impl Role {
    /// The key of this role: a hash of its name.
    pub fn key(self) -> B256 {
        let name = match self {
            Self::Deployer => "deployer".to_owned(),
            Self::Batcher => "batcher".to_owned(),
            Self::Governor => "governor".to_owned(),
            Self::Council => "council".to_owned(),
            Self::Relayer => "relayer".to_owned(),
            Self::Operator(index) => format!("operator {index}"),
        };
        keccak256(format!("phala devnet, no secret: {name}"))
    }

    /// A signer with this role's key.
    pub fn signer(self) -> Result<PrivateKeySigner> {
        Ok(PrivateKeySigner::from_bytes(&self.key())?)
    }
}

/// The signers of the funded user accounts.
pub fn users() -> Result<Vec<PrivateKeySigner>> {
    USERS.iter().map(|key| Ok(PrivateKeySigner::from_slice(key)?)).collect()
}
