//! The column of call data.
//!
//! Calls that look like the Solidity ABI (a selector and whole words) are taken apart: selectors
//! together, words together as numbers, and words that look like an address refer to the
//! dictionary, where the recipient of a token transfer may stand already. All other data, init code
//! among it, is kept as it is.
//!
//! ```text
//! lengths, a varint each ‖ selectors ‖ words: kinds ‖ words: bytes ‖ words: references ‖ other data
//! ```

use alloy_primitives::{Address, Bytes, U256};

use super::{
    MAX_CALLDATA,
    dictionary::{DictionaryReader, DictionaryWriter},
    number::{FIRST_FREE_KIND, NumberWriter, byte_len, read_number},
};
use crate::codec::{DecodeError, Reader, put_varint};

/// The kind of a word that is a reference to the dictionary.
const ADDRESS: u8 = FIRST_FREE_KIND;
const SELECTOR: usize = 4;
const WORD: usize = 32;

/// Words, or storage keys: numbers and addresses.
#[derive(Default)]
pub(super) struct WordWriter {
    numbers: NumberWriter,
    references: Vec<u8>,
}

impl WordWriter {
    pub(super) fn push(&mut self, word: U256, dictionary: &mut DictionaryWriter) {
        if looks_like_address(word) {
            self.numbers.push_kind(ADDRESS);
            dictionary.put(&mut self.references, Address::from_word(word.into()));
        } else {
            self.numbers.push(word);
        }
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) {
        self.numbers.finish(out);
        out.extend(self.references);
    }
}

/// Reads `count` words.
pub(super) fn read_words(
    reader: &mut Reader,
    dictionary: &mut DictionaryReader,
    what: &'static str,
    count: usize,
) -> Result<Vec<U256>, DecodeError> {
    let kinds = reader.take(what, count)?;
    let mut words = Vec::with_capacity(count);
    for kind in &kinds {
        let number = if *kind == ADDRESS { U256::ZERO } else { read_number(reader, what, *kind)? };
        if looks_like_address(number) {
            return Err(DecodeError::NotCanonical(what));
        }
        words.push(number);
    }
    for (word, _) in words.iter_mut().zip(&kinds).filter(|(_, kind)| **kind == ADDRESS) {
        *word = dictionary.address(reader, what)?.into_word().into();
        if !looks_like_address(*word) {
            return Err(DecodeError::NotCanonical(what));
        }
    }
    Ok(words)
}

/// Amounts rarely exceed 16 bytes, and addresses rarely begin with four zeros.
fn looks_like_address(word: U256) -> bool {
    (17..=20).contains(&byte_len(word))
}

/// Whether data of this length is taken apart. `is_call` is false for init code.
const fn is_abi(is_call: bool, len: usize) -> bool {
    is_call && len % WORD == SELECTOR
}

/// Appends the column. The items are whether it is a call, and the data.
pub(super) fn write_calldata<'a>(
    out: &mut Vec<u8>,
    dictionary: &mut DictionaryWriter,
    list: impl Iterator<Item = (bool, &'a Bytes)>,
) {
    let (mut selectors, mut words, mut other) = (Vec::new(), WordWriter::default(), Vec::new());
    for (is_call, data) in list {
        put_varint(out, data.len() as u64);
        match data.split_first_chunk::<SELECTOR>() {
            Some((selector, arguments)) if is_abi(is_call, data.len()) => {
                selectors.extend_from_slice(selector);
                for word in arguments.chunks_exact(WORD) {
                    words.push(U256::from_be_slice(word), dictionary);
                }
            }
            _ => other.extend_from_slice(data),
        }
    }
    out.extend(selectors);
    words.finish(out);
    out.extend(other);
}

/// Reads the column; the items of `calls` are whether it is a call.
pub(super) fn read_calldata(
    reader: &mut Reader,
    dictionary: &mut DictionaryReader,
    calls: impl Iterator<Item = bool> + Clone,
) -> Result<Vec<Bytes>, DecodeError> {
    const WHAT: &str = "call data";
    let mut left = MAX_CALLDATA;
    let mut lengths = Vec::new();
    for _ in calls.clone() {
        let got = reader.varint(WHAT)?;
        let len = usize::try_from(got).unwrap_or(usize::MAX);
        left = left.checked_sub(len).ok_or(DecodeError::TooLarge { what: WHAT, got, max: left as u64 })?;
        lengths.push(len);
    }
    let abi = || calls.clone().zip(&lengths).map(|(is_call, len)| (is_abi(is_call, *len), *len));
    let calls_by_abi = abi().filter(|(is_abi, _)| *is_abi).count();
    let selectors = reader.take(WHAT, calls_by_abi * SELECTOR)?;
    let count = abi().filter(|(is_abi, _)| *is_abi).map(|(_, len)| len / WORD).sum();
    let mut words = read_words(reader, dictionary, WHAT, count)?.into_iter();
    let mut selectors = selectors.chunks_exact(SELECTOR);
    abi()
        .map(|(is_abi, len)| {
            if !is_abi {
                return reader.take(WHAT, len);
            }
            let mut data = Vec::with_capacity(len);
            data.extend_from_slice(selectors.next().unwrap_or_default());
            for word in words.by_ref().take(len / WORD) {
                data.extend_from_slice(&word.to_be_bytes::<WORD>());
            }
            Ok(data.into())
        })
        .collect()
}
