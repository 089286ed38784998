//! Nibbles of trie keys.
//!
//! A key is the keccak256 of an address or of a storage slot: 64 nibbles, the most significant of
//! each byte first. Inside the trie a place is a key and a depth: the first `depth` nibbles of the
//! key lead there, the rest is ignored. [`Nibbles`] appear at the edge only.

use alloy_primitives::B256;
use alloy_rlp::{BufMut, EMPTY_STRING_CODE};
use alloy_trie::Nibbles;

/// Nibbles in a key, and the greatest depth.
pub(super) const KEY_NIBBLES: u8 = 64;

/// The nibble at `index < 64`.
#[expect(clippy::indexing_slicing, reason = "every caller walks inside the 64 nibbles of a key")]
pub(super) fn nibble(key: &B256, index: u8) -> u8 {
    let byte = key.0[usize::from(index / 2)];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
}

/// `key` with the nibble at `index < 64` replaced.
#[expect(clippy::indexing_slicing, reason = "every caller walks inside the 64 nibbles of a key")]
pub(super) fn with_nibble(key: &B256, index: u8, nibble: u8) -> B256 {
    let mut key = *key;
    let byte = &mut key.0[usize::from(index / 2)];
    *byte = if index.is_multiple_of(2) { (*byte & 0x0f) | (nibble << 4) } else { (*byte & 0xf0) | nibble };
    key
}

/// The index of the first nibble, from `from` on, at which the keys differ; 64 if there is none.
pub(super) fn first_difference(a: &B256, b: &B256, from: u8) -> u8 {
    let mut index = from;
    // Up to one nibble to reach a byte boundary, then whole bytes.
    if index % 2 == 1 {
        if nibble(a, index) != nibble(b, index) {
            return index;
        }
        index += 1;
    }
    let bytes = a.0.iter().zip(&b.0).skip(usize::from(index / 2));
    for (x, y) in bytes {
        let difference = x ^ y;
        if difference != 0 {
            return if difference < 0x10 { index + 1 } else { index };
        }
        index += 2;
    }
    index
}

/// The first `depth` nibbles of `key`, as the outside names a place.
pub(super) fn path(key: &B256, depth: u8) -> Nibbles {
    Nibbles::unpack_array(&key.0).slice(..usize::from(depth))
}

/// Writes the nibbles `from..to` of `key` in hex-prefix encoding, as an RLP string (Yellow Paper,
/// appendix C).
pub(super) fn encode_hex_prefix(key: &B256, from: u8, to: u8, leaf: bool, out: &mut Vec<u8>) {
    let odd = (to - from) % 2 == 1;
    let flag = u8::from(leaf) << 1 | u8::from(odd);
    let length = (to - from) / 2 + 1;
    // A string of one byte is below 0x80 here, and so its own encoding.
    if length > 1 {
        out.put_u8(EMPTY_STRING_CODE + length);
    }
    let mut index = from;
    if odd {
        out.put_u8(flag << 4 | nibble(key, index));
        index += 1;
    } else {
        out.put_u8(flag << 4);
    }
    while index < to {
        out.put_u8(nibble(key, index) << 4 | nibble(key, index + 1));
        index += 2;
    }
}

/// Reads a hex-prefix path and appends it to the first `depth` nibbles of `key`.
///
/// Returns the key so extended, its depth, and whether the flag says leaf.
///
/// # Errors
///
/// The encoding is not canonical, or reaches beyond 64 nibbles.
pub(super) fn decode_hex_prefix(
    key: &B256,
    depth: u8,
    encoded: &[u8],
) -> Result<(B256, u8, bool), &'static str> {
    let (&first, rest) = encoded.split_first().ok_or("empty path encoding")?;
    let flag = first >> 4;
    if flag > 3 {
        return Err("unknown path flag");
    }
    let odd = flag & 1 == 1;
    if !odd && first & 0x0f != 0 {
        return Err("path padding is not zero");
    }
    let nibbles = rest.len() * 2 + usize::from(odd);
    let end = u8::try_from(nibbles).ok().and_then(|nibbles| depth.checked_add(nibbles));
    let Some(end) = end.filter(|end| *end <= KEY_NIBBLES) else {
        return Err("path longer than a key");
    };
    let mut extended = *key;
    let mut index = depth;
    if odd {
        extended = with_nibble(&extended, index, first & 0x0f);
        index += 1;
    }
    for byte in rest {
        extended = with_nibble(&extended, index, byte >> 4);
        extended = with_nibble(&extended, index + 1, byte & 0x0f);
        index += 2;
    }
    Ok((extended, end, flag & 2 == 2))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;
    use proptest::prelude::*;

    use super::*;

    const KEY: B256 = b256!("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

    #[test]
    fn a_nibble_is_read_and_replaced() {
        for index in 0..KEY_NIBBLES {
            assert_eq!(nibble(&KEY, index), index % 16);
            let changed = with_nibble(&KEY, index, 15 - index % 16);
            assert_eq!(nibble(&changed, index), 15 - index % 16);
            assert_eq!(with_nibble(&changed, index, index % 16), KEY);
        }
    }

    #[test]
    fn a_malformed_hex_prefix_is_refused() {
        for (encoded, reason) in [
            (&[][..], "empty path encoding"),
            (&[0x40], "unknown path flag"),
            (&[0x01], "path padding is not zero"),
            (&[0x2f, 0x00], "path padding is not zero"),
            (&[0x00; 34], "path longer than a key"),
            (&[0x00; 200], "path longer than a key"),
        ] {
            assert_eq!(decode_hex_prefix(&KEY, 0, encoded), Err(reason));
        }
        assert_eq!(decode_hex_prefix(&KEY, 64, &[0x11]), Err("path longer than a key"));
    }

    proptest! {
        #[test]
        fn the_first_difference_is_the_first(from in 0u8..64, at in 0u8..64, nibble_at in 0u8..16) {
            let other = with_nibble(&KEY, at, nibble_at);
            let expected = (from..64).find(|i| nibble(&KEY, *i) != nibble(&other, *i)).unwrap_or(64);
            prop_assert_eq!(first_difference(&KEY, &other, from), expected);
        }

        #[test]
        fn a_hex_prefix_reads_back(key: [u8; 32], from in 0u8..=64, length in 0u8..=64, leaf: bool) {
            let key = B256::from(key);
            let to = (from + length).min(64);
            let mut out = Vec::new();
            encode_hex_prefix(&key, from, to, leaf, &mut out);
            let mut rlp = &out[..];
            let encoded = alloy_rlp::Header::decode_bytes(&mut rlp, false).unwrap();
            prop_assert!(rlp.is_empty());
            let expected = alloy_trie::nodes::encode_path_leaf(
                &Nibbles::unpack(key).slice(usize::from(from)..usize::from(to)), leaf);
            prop_assert_eq!(encoded, &expected[..]);
            let (read, end, is_leaf) = decode_hex_prefix(&key, from, encoded).unwrap();
            prop_assert_eq!((path(&read, end), is_leaf), (path(&key, to), leaf));
        }
    }
}
