//! Which token is meant, and which contract is its other half.

use std::{fmt, str::FromStr};

use alloy::{rpc::types::Filter, sol_types::SolEvent};
use alloy_primitives::{Address, B256, U256, keccak256};
use contracts_bindings::{
    IOptimismMintableERC20::{bridgeCall, remoteTokenCall},
    IOptimismMintableERC20Factory::OptimismMintableERC20Created,
};
pub use contracts_client::token::Token;

use crate::{
    Bridge,
    chain::{Chain, Error as ChainError, Layer},
    error::Error,
    network::{L2_BRIDGE, L2_FACTORY},
    view,
    withdrawal::TokenPair,
    words,
};

/// Most characters of a symbol that are shown.
const SYMBOL_LENGTH: usize = 16;
/// More decimals than any token has.
const MAX_DECIMALS: u8 = 77;
/// `deployments` is the factory's first storage variable.
const DEPLOYMENTS_SLOT: U256 = U256::ZERO;

/// A token as the user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenName {
    /// Ether.
    Ether,
    /// PHA.
    Pha,
    /// By its contract, on the chain that it leaves.
    Contract(Address),
}

/// What is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// `None` for ether.
    pub tokens: Option<TokenPair>,
    /// For people.
    pub symbol: String,
    /// Digits after the point.
    pub decimals: u8,
}

/// Why a token cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Neither a symbol that is known nor an address.
    #[error("{0:?} is not a token: write eth, pha, or the address of its contract")]
    Name(String),
    /// The network does not name PHA.
    #[error("the network file does not name PHA on both chains: give its address")]
    NoPha,
    /// There is no contract.
    #[error("there is no contract at {token} on {layer}")]
    NoContract {
        /// Which chain.
        layer: Layer,
        /// The address.
        token: Address,
    },
    /// Nothing says which is the other half.
    #[error("{token} on {layer} has no known representation on the other chain: name it (--remote-token)")]
    NoRemote {
        /// Which chain.
        layer: Layer,
        /// The token.
        token: Address,
    },
    /// Several say that they are.
    #[error("{token} has several representations on L2: {candidates:?}. Choose one (--remote-token)")]
    SeveralRemotes {
        /// The token.
        token: Address,
        /// What claims to represent it.
        candidates: Vec<Address>,
    },
    /// The contract represents another token.
    #[error("{l2} on L2 says that it represents {claimed}, not {l1}")]
    WrongRemote {
        /// Token on L1.
        l1: Address,
        /// Token on L2.
        l2: Address,
        /// What it says.
        claimed: Address,
    },
    /// The contract is not the bridge's.
    #[error("{token} on {layer} says that it belongs to the bridge {claimed}, not to {expected}")]
    WrongBridge {
        /// Which chain.
        layer: Layer,
        /// The token.
        token: Address,
        /// What it says.
        claimed: Address,
        /// What it should.
        expected: Address,
    },
    /// The two halves count differently.
    #[error("the token has {l1} decimals on L1 and {l2} on L2: amounts would not be the same")]
    Decimals {
        /// On L1.
        l1: u8,
        /// On L2.
        l2: u8,
    },
    /// More decimals than can be.
    #[error("{token} on {layer} says that it has {decimals} decimals")]
    ManyDecimals {
        /// Which chain.
        layer: Layer,
        /// The token.
        token: Address,
        /// What it says.
        decimals: u8,
    },
    /// The node's word is not backed by an output on L1.
    #[error(
        "no final output on L1 shows yet that the factory made {l2} for {l1} ({reason}). Wait for one, or vouch for it: --remote-token"
    )]
    NotProved {
        /// Token on L1.
        l1: Address,
        /// Token on L2.
        l2: Address,
        /// What is missing.
        reason: String,
    },
}

impl FromStr for TokenName {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        match text.to_ascii_lowercase().as_str() {
            "eth" | "ether" => Ok(Self::Ether),
            "pha" => Ok(Self::Pha),
            // With capitals that are a checksum they must be the right ones.
            lower => {
                let address = if text == lower {
                    text.parse().ok()
                } else {
                    Address::parse_checksummed(text, None).ok()
                };
                address.map(Self::Contract).ok_or_else(|| TokenError::Name(words::printable(text, 64)))
            }
        }
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ether => f.write_str("eth"),
            Self::Pha => f.write_str("pha"),
            Self::Contract(address) => write!(f, "{address}"),
        }
    }
}

impl Asset {
    /// Ether.
    pub fn ether() -> Self {
        Self { tokens: None, symbol: "ETH".into(), decimals: 18 }
    }

    /// What `name` is when it leaves `layer`. `remote` is its other half, if the user vouches for one.
    ///
    /// Nobody's word is taken for a pair: it is the network's PHA, the user's, or proved against an output on L1.
    pub async fn find(
        bridge: &Bridge,
        name: TokenName,
        layer: Layer,
        remote: Option<Address>,
    ) -> Result<Self, Error> {
        let local = match name {
            TokenName::Ether => return Ok(Self::ether()),
            TokenName::Pha => {
                let (l1, l2) = bridge.network.contracts.pha.ok_or(TokenError::NoPha)?;
                return Self::of_pair(bridge, TokenPair { l1, l2 }).await;
            }
            TokenName::Contract(address) => address,
        };
        if let Some((l1, l2)) = bridge.network.contracts.pha
            && (local == l1 || local == l2)
            && remote.is_none_or(|remote| remote == l1 || remote == l2)
        {
            return Self::of_pair(bridge, TokenPair { l1, l2 }).await;
        }
        if !bridge.chain(layer).has_code(local).await? {
            return Err(TokenError::NoContract { layer, token: local }.into());
        }
        let pair = match (layer, remote) {
            (Layer::L1, Some(l2)) => TokenPair { l1: local, l2 },
            (Layer::L2, Some(l1)) => TokenPair { l1, l2: local },
            (_, None) => {
                let pair = find_pair(bridge, layer, local).await?;
                prove_pair(bridge, pair).await?;
                pair
            }
        };
        Self::of_pair(bridge, pair).await
    }

    /// Symbol and decimals of a pair that is known.
    pub async fn of_pair(bridge: &Bridge, pair: TokenPair) -> Result<Self, Error> {
        let (l1, l2) = tokio::try_join!(decimals(&bridge.l1, pair.l1), decimals(&bridge.l2, pair.l2))?;
        if l1 != l2 {
            return Err(TokenError::Decimals { l1, l2 }.into());
        }
        let claimed = optional(bridge.l2.view(pair.l2, remoteTokenCall {}).await)?;
        if let Some(claimed) = claimed.filter(|claimed| *claimed != pair.l1) {
            return Err(TokenError::WrongRemote { l1: pair.l1, l2: pair.l2, claimed }.into());
        }
        let symbol = match optional(bridge.l1.view(pair.l1, Token::symbolCall {}).await)? {
            Some(symbol) => words::printable(&symbol, SYMBOL_LENGTH),
            None => pair.l1.to_string(),
        };
        Ok(Self { tokens: Some(pair), symbol, decimals: l1 })
    }

    /// What `account` has of it on `layer`.
    pub async fn balance(&self, bridge: &Bridge, layer: Layer, account: Address) -> Result<U256, ChainError> {
        let chain = bridge.chain(layer);
        match self.on(layer) {
            None => chain.balance(account).await,
            Some(token) => chain.view(token, Token::balanceOfCall { account }).await,
        }
    }

    /// Its contract on `layer`; `None` for ether.
    pub fn on(&self, layer: Layer) -> Option<Address> {
        self.tokens.map(|pair| match layer {
            Layer::L1 => pair.l1,
            Layer::L2 => pair.l2,
        })
    }

    /// An amount of it, for people.
    pub fn show(&self, units: U256) -> String {
        format!("{} {}", crate::amount::format(units, self.decimals), self.symbol)
    }
}

/// Whether `layer`'s bridge burns the token, so that it needs no allowance.
pub async fn is_burned(chain: &Chain, token: Address, bridge: Address) -> Result<bool, ChainError> {
    Ok(optional(chain.view(token, bridgeCall {}).await)? == Some(bridge))
}

async fn decimals(chain: &Chain, token: Address) -> Result<u8, Error> {
    let layer = chain.layer();
    let decimals = match chain.view(token, Token::decimalsCall {}).await {
        Err(ChainError::Undecodable { .. } | ChainError::Refused { .. }) => {
            return Err(TokenError::NoContract { layer, token }.into());
        }
        answer => answer?,
    };
    if decimals > MAX_DECIMALS {
        return Err(TokenError::ManyDecimals { layer, token, decimals }.into());
    }
    Ok(decimals)
}

/// `None` where the contract has no such function.
fn optional<T>(answer: Result<T, ChainError>) -> Result<Option<T>, ChainError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(ChainError::Undecodable { .. } | ChainError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The other half by what the chains say: that a token represents another, or that the factory made one for it.
async fn find_pair(bridge: &Bridge, layer: Layer, local: Address) -> Result<TokenPair, Error> {
    let chain = bridge.chain(layer);
    let claimed = optional(chain.view(local, remoteTokenCall {}).await)?;
    match (layer, claimed) {
        (Layer::L2, Some(l1)) => {
            let owner = chain.view(local, bridgeCall {}).await?;
            if owner != L2_BRIDGE {
                let (token, claimed, expected) = (local, owner, L2_BRIDGE);
                return Err(TokenError::WrongBridge { layer, token, claimed, expected }.into());
            }
            Ok(TokenPair { l1, l2: local })
        }
        (Layer::L1, None) => {
            let filter = Filter::new()
                .address(L2_FACTORY)
                .event_signature(OptimismMintableERC20Created::SIGNATURE_HASH)
                .topic2(B256::left_padding_from(local.as_slice()));
            let head = bridge.l2.head().await?.number;
            let logs = bridge.l2.logs(&filter, 0, head).await?;
            let made = |log: &alloy::rpc::types::Log| log.topics().get(1).map(|t| Address::from_word(*t));
            let candidates: Vec<Address> = logs.iter().filter_map(made).collect();
            match candidates.as_slice() {
                [] => Err(TokenError::NoRemote { layer, token: local }.into()),
                [l2] => Ok(TokenPair { l1: local, l2: *l2 }),
                _ => Err(TokenError::SeveralRemotes { token: local, candidates }.into()),
            }
        }
        _ => Err(TokenError::NoRemote { layer, token: local }.into()),
    }
}

/// Whether a final output on L1 shows that L2's factory made the pair.
async fn prove_pair(bridge: &Bridge, pair: TokenPair) -> Result<(), Error> {
    let not_proved = |reason: String| TokenError::NotProved { l1: pair.l1, l2: pair.l2, reason };
    let output = view::latest_output(bridge).await?;
    let slot =
        keccak256([B256::left_padding_from(pair.l2.as_slice()).0, DEPLOYMENTS_SLOT.to_be_bytes()].concat());
    let header = bridge.l2.header(output.block).await?;
    let proof = bridge.l2.storage_proof(L2_FACTORY, slot, output.block).await?;
    crate::proof::verify_slot(&header, output.root, L2_FACTORY, slot, &proof, pair.l1.into_word())
        .map_err(|reason| not_proved(reason).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_names() {
        assert_eq!("ETH".parse(), Ok(TokenName::Ether));
        assert_eq!("pha".parse(), Ok(TokenName::Pha));
        let address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let parsed: TokenName = address.parse().unwrap();
        assert_eq!(parsed.to_string(), address);
        assert_eq!(address.to_lowercase().parse(), Ok(parsed));
        let mistyped = address.replace("70997970C5", "70997970c5");
        assert!(matches!(mistyped.parse::<TokenName>(), Err(TokenError::Name(_))));
        assert!(matches!("usdc".parse::<TokenName>(), Err(TokenError::Name(_))));
    }
}
