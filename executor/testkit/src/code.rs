//! Small contracts, as runtime code.

use alloy_primitives::{Address, B256, Bytes, U256, b256, bytes, keccak256};

/// Stores the second word of its call data in the slot named by the first.
///
/// `PUSH1 32 CALLDATALOAD PUSH0 CALLDATALOAD SSTORE STOP`
pub const STORE: Bytes = bytes!("6020355f355500");

/// Stores the hash of the block named by the first word of its call data in the slot of the same
/// number.
///
/// `PUSH0 CALLDATALOAD DUP1 BLOCKHASH SWAP1 SSTORE STOP`
pub const BLOCK_HASH: Bytes = bytes!("5f358040905500");

/// Reads the slot named by the first word of its call data, then reverts.
///
/// `PUSH0 CALLDATALOAD SLOAD PUSH0 PUSH0 REVERT`
pub const READ_AND_REVERT: Bytes = bytes!("5f35545f5ffd");

/// Init code of a contract that destroys itself while it is made, in favour of the caller.
///
/// It writes a slot first: `CALLER PUSH0 SSTORE CALLER SELFDESTRUCT`
pub const SELF_DESTRUCT: Bytes = bytes!("335f5533ff");

/// keccak256 of `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// A token that knows `transfer(address,uint256)` alone, with the storage accesses, hashes and event
/// of an ERC-20. Balances are a Solidity mapping at slot 0.
pub fn token() -> Bytes {
    let mut code = Vec::new();
    // CALLER PUSH0 MSTORE; PUSH1 64 PUSH0 KECCAK256; DUP1 SLOAD; PUSH1 36 CALLDATALOAD
    code.extend(bytes!("335f52 60405f20 8054 602435"));
    // DUP1 DUP3 LT PUSH1 fail JUMPI
    code.extend(bytes!("80821060"));
    let fail = code.len();
    code.extend(bytes!("0057"));
    // SWAP1 SUB SWAP1 SSTORE
    code.extend(bytes!("90039055"));
    // PUSH1 4 CALLDATALOAD PUSH0 MSTORE; PUSH1 64 PUSH0 KECCAK256; DUP1 SLOAD; PUSH1 36 CALLDATALOAD ADD SWAP1 SSTORE
    code.extend(bytes!("6004355f52 60405f20 8054 60243501 9055"));
    // PUSH1 36 CALLDATALOAD PUSH0 MSTORE; PUSH1 4 CALLDATALOAD CALLER PUSH32 TRANSFER; PUSH1 32 PUSH0 LOG3
    code.extend(bytes!("6024355f52 60043533 7f"));
    code.extend(TRANSFER);
    code.extend(bytes!("60205fa3"));
    // PUSH1 1 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
    code.extend(bytes!("60015f52 60205ff3"));
    code[fail] = u8::try_from(code.len()).expect("a short contract");
    // JUMPDEST PUSH0 PUSH0 REVERT
    code.extend(bytes!("5b5f5ffd"));
    code.into()
}

/// The slot in which [`token`] keeps the balance of `owner`.
pub fn token_slot(owner: Address) -> U256 {
    keccak256([owner.into_word(), B256::ZERO].concat()).into()
}

/// Call data of `transfer(to, amount)`.
pub fn token_transfer(to: Address, amount: U256) -> Bytes {
    [&[0xa9, 0x05, 0x9c, 0xbb], to.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat().into()
}

/// Init code that deploys `runtime`, of at most 255 bytes.
pub fn deploy(runtime: &Bytes) -> Bytes {
    let size = u8::try_from(runtime.len()).expect("a short contract");
    // PUSH1 size PUSH1 10 PUSH0 CODECOPY PUSH1 size PUSH0 RETURN
    let mut code = vec![0x60, size, 0x60, 10, 0x5f, 0x39, 0x60, size, 0x5f, 0xf3];
    code.extend_from_slice(runtime);
    code.into()
}

/// Two words of call data.
pub fn words(first: u64, second: u64) -> Bytes {
    [U256::from(first).to_be_bytes::<32>(), U256::from(second).to_be_bytes::<32>()].concat().into()
}
