//! What the enclave signs and quotes, against values computed with Foundry's `cast`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use alloy_primitives::{Address, B256, FixedBytes, address, b256, keccak256};
use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use prover_core::{
    enclave::Attest,
    report::report_data,
    signature::{SignatureError, address, recover, sign},
};

/// `cast keccak $(cast abi-encode 'f(string,uint256,address,address,address,uint256,bytes32)'
/// phala-prover-v1 31337 0x11.. 0x22.. 0x33.. 1234 0x44..)`.
#[test]
fn report_data_is_what_solidity_computes() {
    let attest = Attest {
        signer: Address::repeat_byte(0x33),
        l1_chain_id: 31337,
        registry: Address::repeat_byte(0x11),
        operator: Address::repeat_byte(0x22),
        ref_block_number: 1234,
        ref_block_hash: B256::repeat_byte(0x44),
    };
    let data = report_data(&attest, B256::repeat_byte(0x55));
    let expected = b256!("ba42dca43620c36f2a11004e1f3a03d9647adf0e2e2b8ba012ce8106dce6b604");
    assert_eq!(data[..32], expected[..]);
    assert_eq!(data[32..], [0x55; 32]);
}

/// `cast wallet sign --no-hash --private-key 0x01.. 0x44..`.
#[test]
fn signature_is_the_one_cast_makes() {
    let key = SigningKey::from_slice(&[1; 32]).unwrap();
    let digest = B256::repeat_byte(0x44);
    let signature = sign(&key, digest);
    assert_eq!(
        signature.to_string(),
        "0x7766b0a1e4651531ca29e45cae15f2c84ca93186622ff67dfb067fcaa741d5d106069cc86c1d3681f6af4af6cf8dc3660b6dc51cf374b75e31956956fb60fa1f1b"
    );
    assert_eq!(address(key.verifying_key()), address!("1a642f0E3c3aF545E7AcBD38b07251B3990914F1"));
    assert_eq!(recover(digest, &signature), Ok(address(key.verifying_key())));
}

#[test]
fn other_encodings_of_a_signature_are_refused() {
    // Order of secp256k1, big-endian.
    let order = alloy_primitives::U256::from_str_radix(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        16,
    )
    .unwrap();
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let digest = keccak256(b"digest");
    let good = sign(&key, digest);

    let mut raw_v = good;
    raw_v[64] -= 27;
    assert_eq!(recover(digest, &raw_v), Err(SignatureError::RecoveryByte(raw_v[64])));

    let mut high = good;
    let s = alloy_primitives::U256::from_be_slice(&good[32..64]);
    high[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
    high[64] = 27 + (28 - good[64]);
    assert_eq!(recover(digest, &high), Err(SignatureError::HighS));

    let mut zero = good;
    zero[..32].fill(0);
    assert_eq!(recover(digest, &zero), Err(SignatureError::OutOfRange));
    assert_ne!(recover(digest, &FixedBytes([27; 65])), Ok(Address::ZERO));
}

proptest! {
    #[test]
    fn signatures_recover_to_their_key_and_to_no_other_digest(
        secret in prop::array::uniform32(1u8..), digest: [u8; 32], flip in 0usize..256,
    ) {
        let Ok(key) = SigningKey::from_slice(&secret) else { return Ok(()) };
        let digest = B256::from(digest);
        let signature = sign(&key, digest);
        let signer = address(key.verifying_key());
        prop_assert_eq!(recover(digest, &signature), Ok(signer));
        prop_assert_eq!(sign(&key, digest), signature);
        let mut other = digest;
        other[flip / 8] ^= 1 << (flip % 8);
        prop_assert_ne!(recover(other, &signature), Ok(signer));
    }

    #[test]
    fn every_input_changes_the_report_data(
        chain: u64, number: u64, hash: [u8; 32], registry: [u8; 20], operator: [u8; 20], signer: [u8; 20],
        field in 0usize..6,
    ) {
        let attest = Attest {
            signer: signer.into(), l1_chain_id: chain, registry: registry.into(), operator: operator.into(),
            ref_block_number: number, ref_block_hash: hash.into(),
        };
        let mut changed = attest.clone();
        match field {
            0 => changed.l1_chain_id ^= 1,
            1 => changed.ref_block_number ^= 1,
            2 => changed.ref_block_hash.0[31] ^= 1,
            3 => changed.registry.0[19] ^= 1,
            4 => changed.operator.0[19] ^= 1,
            _ => changed.signer.0[19] ^= 1,
        }
        let config = B256::ZERO;
        prop_assert_ne!(report_data(&attest, config), report_data(&changed, config));
    }
}
