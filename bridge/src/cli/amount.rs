//! Amounts with their token, as users write them.

use std::str::FromStr;

use alloy_primitives::U256;

use crate::{
    amount::{self, AmountError, Decimal},
    token::{TokenError, TokenName},
};

/// So much of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    number: Decimal,
    /// Of what.
    pub token: TokenName,
    /// Digits after the point of the unit, if it is not the token's usual one.
    decimals: Option<u8>,
}

/// Why a text is not an amount of something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The number.
    #[error(transparent)]
    Number(#[from] AmountError),
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No token.
    #[error("{0} of what? Write the token after the number: 1.5 eth")]
    NoToken(String),
}

impl FromStr for Amount {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (number, unit) = amount::split(text)?;
        let (token, decimals) = match unit.to_ascii_lowercase().as_str() {
            "" => return Err(ParseError::NoToken(text.trim().to_owned())),
            "wei" => (TokenName::Ether, Some(0)),
            "gwei" => (TokenName::Ether, Some(9)),
            _ => (unit.parse()?, None),
        };
        Ok(Self { number, token, decimals })
    }
}

impl Amount {
    /// In the smallest unit of a token with so many decimals. Not zero.
    pub fn units(&self, decimals: u8) -> Result<U256, AmountError> {
        self.number.positive_units(self.decimals.unwrap_or(decimals))
    }

    /// In wei.
    pub fn wei(&self) -> Result<U256, ParseError> {
        match self.token {
            TokenName::Ether => Ok(self.number.units(self.decimals.unwrap_or(18))?),
            other => Err(TokenError::Name(format!("{other} where ether is meant")).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let ether = U256::from(10).pow(U256::from(18));
        for text in ["1.5 ETH", "1.5eth", " 1.5  ether", "1500000000 gwei", "1500000000000000000wei"] {
            assert_eq!(text.parse::<Amount>().unwrap().wei().unwrap(), ether * U256::from(3) / U256::from(2));
        }
        let address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let token: Amount = format!("20 {address}").parse().unwrap();
        assert_eq!(token.token.to_string(), address);
        assert_eq!(token.units(6).unwrap(), U256::from(20_000_000));
        assert!(token.wei().is_err());
    }

    #[test]
    fn mistakes_are_not_guessed_away() {
        assert!(matches!("1.5".parse::<Amount>(), Err(ParseError::NoToken(_))));
        assert!(matches!("eth".parse::<Amount>(), Err(ParseError::Number(_))));
        assert!(matches!("-1 eth".parse::<Amount>(), Err(ParseError::Number(_))));
        assert!(matches!("1,5 eth".parse::<Amount>(), Err(ParseError::Token(_))));
        assert!(matches!("1 doge".parse::<Amount>(), Err(ParseError::Token(_))));
        assert_eq!("0 eth".parse::<Amount>().unwrap().units(18), Err(AmountError::Zero));
        assert!("0.5 wei".parse::<Amount>().unwrap().units(18).is_err());
    }
}
