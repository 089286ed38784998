//! State with some of it replaced, for calls that ask "what if".

use std::collections::HashMap;

use alloy::rpc::types::state::StateOverride;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use executor::state::{Account, StateError, StateSource};

use super::RpcError;

/// A state and what replaces parts of it.
pub(super) struct Overridden<S> {
    state: S,
    overrides: StateOverride,
    codes: HashMap<B256, Bytes>,
}

impl<S: StateSource> Overridden<S> {
    pub(super) fn new(state: S, overrides: StateOverride) -> Result<Self, RpcError> {
        let mut codes = HashMap::new();
        for (address, replaced) in &overrides {
            if replaced.state.is_some() && replaced.state_diff.is_some() {
                let words = format!("account {address} has both 'state' and 'stateDiff'");
                return Err(RpcError::Call(words));
            }
            if replaced.move_precompile_to.is_some() {
                return Err(RpcError::Call("movePrecompileToAddress is not supported".into()));
            }
            if let Some(code) = &replaced.code {
                codes.insert(keccak256(code), code.clone());
            }
        }
        Ok(Self { state, overrides, codes })
    }
}

impl<S: StateSource> StateSource for Overridden<S> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let account = self.state.account(address)?;
        let Some(replaced) = self.overrides.get(&address) else { return Ok(account) };
        let account = account.unwrap_or_default();
        Ok(Some(Account {
            nonce: replaced.nonce.unwrap_or(account.nonce),
            balance: replaced.balance.unwrap_or(account.balance),
            code_hash: replaced.code.as_ref().map_or(account.code_hash, keccak256),
        }))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let key = B256::from(slot);
        if let Some(replaced) = self.overrides.get(&address) {
            if let Some(all) = &replaced.state {
                return Ok(all.get(&key).copied().unwrap_or_default().into());
            }
            if let Some(value) = replaced.state_diff.as_ref().and_then(|some| some.get(&key)) {
                return Ok((*value).into());
            }
        }
        self.state.storage(address, slot)
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        match self.codes.get(&code_hash) {
            Some(code) => Ok(code.clone()),
            None => self.state.code(code_hash),
        }
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.state.block_hash(number)
    }
}
