//! Files that an operator has: quotes and event logs in the forms in which platforms hand them out.
//!
//! | form | of a quote | of an event log |
//! |---|---|---|
//! | binary | the quote, padded or not | a CCEL table |
//! | hexadecimal, base64 | the same, with or without `0x` and white space | the same |
//! | JSON | dstack's answer, with `quote` | dstack's answer, with `event_log`; or the log alone |
//!
//! Files come from machines that nobody vouches for: each is read up to a limit, and every length in
//! it is checked.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use prover_quote::{MAX_QUOTE_LENGTH, QuoteFormatError, format};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    event_log::{EventLog, EventLogError},
    text,
};

/// Longest file that is read, in bytes. Event logs have a few hundred kilobytes at most.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The system does not let us read it.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// More than anything of this kind has.
    #[error("{}: more than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
    },
    /// An empty file.
    #[error("the file is empty")]
    Empty,
    /// Text of another kind.
    #[error("text that is neither hexadecimal, nor base64, nor JSON")]
    Text,
    /// JSON of another shape.
    #[error("JSON without a usable {field:?}: {reason}")]
    Json {
        /// The field that should be there.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A quote longer than any is.
    #[error("a quote of {given} bytes; at most {limit} are read")]
    QuoteTooLong {
        /// Bytes of the quote.
        given: usize,
        /// Most bytes that are read.
        limit: usize,
    },
    /// Not a quote.
    #[error("not a TDX quote")]
    Quote(#[from] QuoteFormatError),
    /// Not an event log.
    #[error("not an event log")]
    EventLog(#[from] EventLogError),
}

/// A quote as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteInput {
    /// The quote, exactly as long as its length fields say.
    pub quote: Vec<u8>,
    /// Bytes that followed it and were cut off.
    pub trailing: Trailing,
    /// The event log that came with it, if one did.
    pub event_log: Option<EventLog>,
}

/// What follows a quote in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailing {
    /// Nothing.
    Nothing,
    /// So many zero bytes: some hypervisors hand out a buffer of a fixed size.
    Padding(usize),
    /// So many bytes, not all of them zero. No signature covers them.
    Foreign(usize),
}

/// dstack's answer to `GetQuote`, as far as it is read.
#[derive(Deserialize)]
struct GetQuoteAnswer {
    quote: Option<String>,
    event_log: Option<Value>,
}

/// Reads `path`, at most 8 MiB of it.
pub fn read(path: &Path) -> Result<Vec<u8>, InputError> {
    let failed = |error| InputError::File { path: path.to_owned(), error };
    let mut content = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(InputError::TooLong { path: path.to_owned(), limit: MAX_FILE });
    }
    Ok(content)
}

/// The quote in the content of a file.
pub fn quote(content: &[u8]) -> Result<QuoteInput, InputError> {
    let (bytes, log) = quote_bytes(content)?;
    cut(bytes, log.map(|log| EventLog::from_json(&log)).transpose()?)
}

/// The same where it is still to be judged whether the bytes are a quote: what is none is returned as it is.
pub fn alleged_quote(content: &[u8]) -> Result<Vec<u8>, InputError> {
    Ok(quote_bytes(content)?.0)
}

/// The bytes that are said to be a quote, and the event log beside them.
fn quote_bytes(content: &[u8]) -> Result<(Vec<u8>, Option<Value>), InputError> {
    match classify(content)? {
        Content::Binary(bytes) => Ok((bytes, None)),
        Content::Json(json) => {
            let missing = |reason: String| InputError::Json { field: "quote", reason };
            let answer: GetQuoteAnswer =
                serde_json::from_str(json).map_err(|error| missing(error.to_string()))?;
            let text = answer.quote.ok_or_else(|| missing("the field is not there".to_owned()))?;
            Ok((decode(&text)?, answer.event_log))
        }
    }
}

/// The event log in the content of a file.
pub fn event_log(content: &[u8]) -> Result<EventLog, InputError> {
    let text = match classify(content)? {
        Content::Binary(bytes) => return Ok(EventLog::from_ccel(&bytes)?),
        Content::Json(text) => text,
    };
    let missing = |reason: String| InputError::Json { field: "event_log", reason };
    let value: Value = serde_json::from_str(text).map_err(|error| missing(error.to_string()))?;
    let log = match value {
        Value::Object(mut answer) => {
            answer.remove("event_log").ok_or_else(|| missing("the field is not there".to_owned()))?
        }
        other => other,
    };
    Ok(EventLog::from_json(&log)?)
}

/// What a file holds, once hexadecimal digits are decoded.
enum Content<'a> {
    Binary(Vec<u8>),
    Json(&'a str),
}

fn classify(content: &[u8]) -> Result<Content<'_>, InputError> {
    if content.is_empty() {
        return Err(InputError::Empty);
    }
    // Neither a quote nor a CCEL is ever ASCII text: both begin with small numbers.
    let is_text = content.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'));
    let Some(text) = is_text.then(|| std::str::from_utf8(content).ok()).flatten() else {
        return Ok(Content::Binary(content.to_vec()));
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(InputError::Empty);
    }
    if text.starts_with(['{', '[']) { Ok(Content::Json(text)) } else { decode(text).map(Content::Binary) }
}

fn decode(text: &str) -> Result<Vec<u8>, InputError> {
    text::bytes(text).ok_or(InputError::Text)
}

/// Cuts off what follows the quote.
fn cut(mut bytes: Vec<u8>, event_log: Option<EventLog>) -> Result<QuoteInput, InputError> {
    let length = format::length(&bytes)?;
    if length > MAX_QUOTE_LENGTH {
        return Err(InputError::QuoteTooLong { given: length, limit: MAX_QUOTE_LENGTH });
    }
    let rest = bytes.split_off(length);
    let trailing = match rest.len() {
        0 => Trailing::Nothing,
        count if rest.iter().all(|byte| *byte == 0) => Trailing::Padding(count),
        count => Trailing::Foreign(count),
    };
    Ok(QuoteInput { quote: bytes, trailing, event_log })
}
