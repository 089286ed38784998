//! Positional parameters, and go-ethereum's words for what is wrong with them.

use jsonrpsee::types::Params;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::RpcError;

/// The parameters of one request.
#[derive(Debug)]
pub struct Args(Vec<Box<RawValue>>);

impl Args {
    /// Splits an array of at most `max` parameters. No parameters at all are an empty array.
    pub fn parse(params: &Params<'_>, max: usize) -> Result<Self, RpcError> {
        let args = match params.as_str().map(str::trim) {
            None | Some("" | "null") => Vec::new(),
            Some(text) => serde_json::from_str(text).map_err(|_| RpcError::NonArray)?,
        };
        if args.len() > max { Err(RpcError::TooMany(max)) } else { Ok(Self(args)) }
    }

    /// The parameter at `index`.
    pub fn required<T: DeserializeOwned>(&self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?.ok_or(RpcError::Missing(index))
    }

    /// The parameter at `index`; `None` if it is left out or null.
    pub fn optional<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, RpcError> {
        let Some(raw) = self.0.get(index) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map_err(|error| RpcError::Argument { index, reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;

    fn parse(json: &'static str, max: usize) -> Result<Args, RpcError> {
        Args::parse(&Params::new(Some(json)), max)
    }

    #[test]
    fn says_what_go_ethereum_says() {
        let message = |result: Result<Address, RpcError>| result.unwrap_err().to_string();
        assert_eq!(parse(r#"{"a":1}"#, 2).unwrap_err().to_string(), "non-array args");
        assert_eq!(parse("[1,2,3]", 2).unwrap_err().to_string(), "too many arguments, want at most 2");
        assert_eq!(message(parse("[]", 1).unwrap().required(0)), "missing value for required argument 0");
        assert_eq!(message(parse("[null]", 1).unwrap().required(0)), "missing value for required argument 0");
        assert!(message(parse(r#"["0x12"]"#, 1).unwrap().required(0)).starts_with("invalid argument 0: "));
        assert!(message(parse("[7]", 1).unwrap().required(0)).starts_with("invalid argument 0: "));
    }

    #[test]
    fn what_is_optional_may_be_null_or_absent() {
        assert_eq!(parse("[null]", 2).unwrap().optional::<u64>(0).unwrap(), None);
        assert_eq!(parse("[]", 2).unwrap().optional::<u64>(0).unwrap(), None);
        assert_eq!(parse("[3]", 2).unwrap().optional::<u64>(0).unwrap(), Some(3));
        assert!(Args::parse(&Params::new(None), 0).is_ok());
    }
}
