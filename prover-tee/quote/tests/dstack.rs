//! The dstack guest agent, against servers on real sockets that answer as it does, and as it
//! should not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod samples;

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    thread,
    time::Duration,
};

use prover_quote::{QuoteError, Quoter, dstack::Dstack, format};

/// What one request looked like.
struct Seen {
    request_line: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

/// Serves one request with `answer`, and asks for a quote over `[7; 64]`.
fn ask(answer: impl FnOnce(&mut UnixStream) + Send + 'static) -> (Result<Vec<u8>, QuoteError>, Seen) {
    ask_for(Duration::from_secs(60), answer)
}

fn ask_for(
    limit: Duration,
    answer: impl FnOnce(&mut UnixStream) + Send + 'static,
) -> (Result<Vec<u8>, QuoteError>, Seen) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("dstack.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let seen = request(&stream);
        answer(&mut stream);
        seen
    });
    let quote = Dstack::new(&socket).with_timeout(limit).quote(&[7; 64]);
    (quote, server.join().unwrap())
}

fn request(stream: &UnixStream) -> Seen {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let request_line = line();
    let headers: Vec<String> = std::iter::from_fn(|| Some(line()).filter(|line| !line.is_empty())).collect();
    let length = headers.iter().find_map(|header| header.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Seen { request_line, headers, body }
}

/// The agent's answer: quote over `report_data`, an event log, and more.
fn answer(report_data: [u8; 64]) -> String {
    let mut quote = samples::v4();
    quote.truncate(format::length(&quote).unwrap());
    quote[568..632].copy_from_slice(&report_data);
    serde_json::json!({
        "quote": hex::encode(quote),
        "event_log": "[{\"imr\":0,\"event_type\":2147483659,\"digest\":\"\",\"event\":\"\"}]",
        "report_data": hex::encode(report_data),
        "vm_config": "{}",
    })
    .to_string()
}

fn reply(stream: &mut UnixStream, head: &str, body: &str) {
    // The client may have closed already: it need not read what it refuses.
    let _ = write!(stream, "{head}\r\nContent-Type: application/json\r\n\r\n{body}");
}

#[test]
fn a_quote_is_asked_for_as_the_agent_documents() {
    let (quote, seen) = ask(|stream| {
        let body = answer([7; 64]);
        reply(stream, &format!("HTTP/1.1 200 OK\r\nserver: Rocket\r\ncontent-length: {}", body.len()), &body);
    });
    assert_eq!(format::report_data(&quote.unwrap()), Ok(&[7; 64]));
    assert_eq!(seen.request_line, "POST /GetQuote HTTP/1.1");
    assert!(seen.headers.contains(&"Content-Type: application/json".to_owned()));
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body, serde_json::json!({ "report_data": "07".repeat(64) }));
}

#[test]
fn chunked_and_unbounded_bodies_are_read() {
    let (quote, _) = ask(|stream| {
        let body = answer([7; 64]);
        let chunks: String = body
            .as_bytes()
            .chunks(1000)
            .map(|chunk| format!("{:X};x=y\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
            .collect();
        reply(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", &format!("{chunks}0\r\n\r\n"));
    });
    quote.unwrap();
    let (quote, _) = ask(|stream| reply(stream, "HTTP/1.1 200 OK", &answer([7; 64])));
    quote.unwrap();
}

#[test]
fn failures_of_the_agent_are_reported() {
    let (quote, _) = ask(|stream| {
        reply(stream, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4", "oops");
    });
    assert!(
        matches!(quote, Err(QuoteError::Status { status: 500, ref body }) if body == "oops"),
        "{quote:?}"
    );
    let (quote, _) = ask(|stream| reply(stream, "HTTP/1.1 200 OK", &answer([8; 64])));
    assert!(matches!(quote, Err(QuoteError::WrongReportData { .. })), "{quote:?}");
    let (quote, _) = ask(|stream| reply(stream, "HTTP/1.1 200 OK", "{\"quote\":\"zz\"}"));
    assert!(matches!(quote, Err(QuoteError::Answer(_))), "{quote:?}");
    let (quote, _) = ask(|stream| reply(stream, "HTTP/1.1 200 OK", "{\"quote\":\"0400\"}"));
    assert!(matches!(quote, Err(QuoteError::Format(_))), "{quote:?}");
    let (quote, _) = ask(|stream| reply(stream, "HTTP/1.1 200 OK", "not JSON"));
    assert!(matches!(quote, Err(QuoteError::Answer(_))), "{quote:?}");
}

#[test]
fn broken_http_is_an_error() {
    for head in [
        "SSH-2.0-OpenSSH_9.6",
        "HTTP/1.1 abc",
        "HTTP/1.1 200 OK\r\nno colon here",
        "HTTP/1.1 200 OK\r\nContent-Length: many",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999",
        "HTTP/1.1 200 OK\r\nContent-Length: 100000",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
    ] {
        let (quote, _) = ask(move |stream| reply(stream, head, "{}"));
        assert!(matches!(quote, Err(QuoteError::Platform { .. })), "{head}: {quote:?}");
    }
    let (quote, _) = ask(|stream| drop(write!(stream, "HTTP/1.1 200 OK\r\n{}", "x".repeat(100_000))));
    assert!(matches!(quote, Err(QuoteError::Platform { .. })), "{quote:?}");
}

#[test]
fn silence_ends_in_time_and_absence_is_told() {
    let (quote, _) = ask_for(Duration::from_secs(2), |stream| {
        // Answers nothing until the client hangs up.
        let _ = stream.read(&mut [0]);
    });
    let Err(QuoteError::Platform { error, .. }) = quote else { panic!("{quote:?}") };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);

    let folder = tempfile::tempdir().unwrap();
    let quote = Dstack::new(folder.path().join("absent.sock")).quote(&[7; 64]);
    assert!(matches!(quote, Err(QuoteError::Unavailable { .. })), "{quote:?}");
}
