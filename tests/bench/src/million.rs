//! A chain whose state has a million accounts, and a token with a million holders.

use std::{collections::BTreeMap, path::Path, time::Instant};

use alloy_primitives::{Address, Bytes, U256, address, keccak256};
use alloy_sol_types::SolValue;
use devnet::artifacts::Artifacts;
use executor::{chain::DataMode, genesis::GenesisAccount};
use executor_testkit::{ORIGIN_NUMBER, TestChain, Wallet};
use eyre::{OptionExt, Result};

use crate::report::Report;

/// Accounts that hold ether and the token, beside those that send.
const HOLDERS: u64 = 1_000_000;
/// Accounts that send: each at most once in a block.
pub(crate) const SENDERS: u64 = 3_000;
/// Where the token is.
pub(crate) const TOKEN: Address = address!("00000000000000000000000000000000000e2c20");

/// A chain with nothing but the genesis; measures how long its state takes to hash.
pub(crate) fn million(contracts: &Path, report: &mut Report) -> Result<TestChain> {
    let ether = U256::from(10).pow(U256::from(18));
    let mut alloc = BTreeMap::new();
    let mut token = GenesisAccount { nonce: 1, code: token_code(contracts)?, ..Default::default() };
    let senders = (0..SENDERS).map(|index| Wallet::new(index).address);
    for holder in (0..HOLDERS).map(holder).chain(senders) {
        alloc.insert(holder, GenesisAccount { balance: ether, ..Default::default() });
        // The mapping of balances is at slot 0 of OpenZeppelin's ERC20.
        token.storage.insert(keccak256((holder, U256::ZERO).abi_encode()).into(), ether);
    }
    alloc.insert(TOKEN, token);

    let since = Instant::now();
    let chain = TestChain::new(DataMode::Auditable, alloc);
    report.add("genesis_of_1m_accounts_and_1m_slots_s", since.elapsed().as_secs_f64());
    Ok(chain)
}

/// Account number `index` of those that only receive.
pub(crate) fn holder(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

/// The runtime code of the token: what its own constructor returns on this chain.
fn token_code(contracts: &Path) -> Result<Bytes> {
    let creation = Artifacts::of(contracts)?.creation_code("PHA")?;
    let mut deployer = Wallet::new(u64::MAX);
    let rich = GenesisAccount { balance: U256::from(10).pow(U256::from(20)), ..Default::default() };
    let mut chain = TestChain::new(DataMode::Auditable, [(deployer.address, rich)].into());
    let creation = deployer.send(alloy_primitives::TxKind::Create, U256::ZERO, creation, 10_000_000);
    chain.build(ORIGIN_NUMBER, [creation]);
    chain.head().sealed.changes.codes.values().next().cloned().ok_or_eyre("the token was not deployed")
}
