//! Quotes from the dstack guest agent.
//!
//! `POST /GetQuote` with `{"report_data": hex}` on the agent's unix socket answers
//! `{"quote": hex, "event_log": …, "report_data": hex, "vm_config": …}`. The agent speaks HTTP/1.1;
//! [`exchange`] is as much of a client as that needs, because an HTTP crate would be the largest
//! part of the trusted code.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{MAX_QUOTE_LENGTH, QuoteError, Quoter, REPORT_DATA_LENGTH, checked};

/// Where dstack mounts the agent's socket.
pub const SOCKET: &str = "/var/run/dstack.sock";

/// Time for one quote. The hypervisor's quoting service may be busy for others.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Longest answer: event logs are a few hundred kilobytes at most.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Longest line of the answer's head, and most lines.
const MAX_LINE: usize = 8 * 1024;
const MAX_LINES: usize = 100;

/// Quotes from the dstack guest agent.
#[derive(Clone, Debug)]
pub struct Dstack {
    socket: PathBuf,
    timeout: Duration,
}

/// What this crate reads of the agent's answer.
#[derive(Deserialize)]
struct GetQuoteResponse {
    quote: String,
}

impl Dstack {
    /// Quotes from the agent that listens on `socket`.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into(), timeout: TIMEOUT }
    }

    /// The same with another limit for the time that one quote may take.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn failed(&self, error: io::Error) -> QuoteError {
        QuoteError::Platform { path: self.socket.clone(), error }
    }
}

impl Quoter for Dstack {
    fn quote(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
        let stream = UnixStream::connect(&self.socket)
            .map_err(|error| QuoteError::Unavailable { path: self.socket.clone(), error })?;
        let body = format!(r#"{{"report_data":"{}"}}"#, hex::encode(report_data));
        let stream = Timed { stream, deadline: Instant::now() + self.timeout };
        let (status, body) =
            exchange(stream, "/GetQuote", body.as_bytes()).map_err(|error| self.failed(error))?;
        if status != 200 {
            let start = body.get(..body.len().min(200)).unwrap_or_default();
            return Err(QuoteError::Status { status, body: String::from_utf8_lossy(start).into_owned() });
        }
        let answer: GetQuoteResponse =
            serde_json::from_slice(&body).map_err(|error| QuoteError::Answer(error.to_string()))?;
        let digits = answer.quote.strip_prefix("0x").unwrap_or(&answer.quote);
        if digits.len() > 2 * MAX_QUOTE_LENGTH {
            return Err(QuoteError::Answer(format!("a quote of {} hexadecimal digits", digits.len())));
        }
        let quote = hex::decode(digits).map_err(|error| QuoteError::Answer(error.to_string()))?;
        checked(quote, report_data)
    }
}

/// One HTTP/1.1 POST of a JSON document: the answer's status and body.
fn exchange<S: Read + Write>(mut stream: S, path: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    write!(
        stream,
        "POST {} HTTP/1.1\r\nHost: dstack\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Accept: application/json\r\nConnection: close\r\n\r\n",
        path,
        body.len()
    )?;
    stream.write_all(body)?;
    stream.flush()?;

    let mut reader = BufReader::new(stream);
    let status = status(&line(&mut reader)?).ok_or_else(|| invalid("no HTTP/1.1 status line"))?;
    let mut body = Body::UntilEnd;
    for _ in 0..MAX_LINES {
        let header = line(&mut reader)?;
        if header.is_empty() {
            return Ok((status, body.read(&mut reader)?));
        }
        let (name, value) = header.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err(invalid("an unknown transfer encoding"));
            }
            body = Body::Chunked;
        } else if name.eq_ignore_ascii_case("content-length") && !matches!(body, Body::Chunked) {
            let length = value.parse().map_err(|_| invalid("a content length that is no number"))?;
            body = Body::Length(length);
        }
    }
    Err(invalid("too many headers"))
}

/// How the end of a body is known (RFC 9112, section 6).
enum Body {
    UntilEnd,
    Length(usize),
    Chunked,
}

impl Body {
    fn read(&self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match self {
            Self::UntilEnd => {
                let limit = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX);
                reader.take(limit.saturating_add(1)).read_to_end(&mut body)?;
                check_length(body.len())?;
            }
            Self::Length(length) => append(reader, &mut body, *length)?,
            Self::Chunked => loop {
                let size = line(reader)?;
                let digits = size.split(';').next().unwrap_or_default().trim();
                let length = usize::from_str_radix(digits, 16)
                    .map_err(|_| invalid("a chunk size that is no number"))?;
                if length == 0 {
                    break;
                }
                append(reader, &mut body, length)?;
                if !line(reader)?.is_empty() {
                    return Err(invalid("a chunk longer than its size"));
                }
            },
        }
        Ok(body)
    }
}

/// Reads exactly `length` more bytes into `body`.
fn append(reader: &mut impl Read, body: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let total = body.len().saturating_add(length);
    check_length(total)?;
    reader.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(body)?;
    if body.len() != total {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn check_length(length: usize) -> io::Result<()> {
    if length > MAX_ANSWER {
        return Err(invalid("an answer longer than the limit"));
    }
    Ok(())
}

/// The status code of `HTTP/1.x NNN reason`.
fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    rest.get(..3)?.parse().ok()
}

/// One line without its CRLF.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    reader.take(limit).read_until(b'\n', &mut line)?;
    let text = line.strip_suffix(b"\n").ok_or_else(|| invalid("a line that does not end"))?;
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    String::from_utf8(text.to_vec()).map_err(|_| invalid("a line that is not UTF-8"))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A stream whose reads and writes together end by a deadline.
struct Timed {
    stream: UnixStream,
    deadline: Instant,
}

impl Timed {
    /// Time left; never zero, which would mean no limit.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Unix says "try again" when a socket's time limit is over.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}
