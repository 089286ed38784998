//! The dstack guest agent's event log: JSON.
//!
//! `[{"imr": 0..3, "event_type": n, "digest": hex, "event": name, "event_payload": hex}, …]`. Events of
//! the firmware come with their digest alone. Those of the agent itself (type 0x08000001, RTMR3) have
//! the digest SHA-384(type, 4 bytes little-endian ‖ ":" ‖ name ‖ ":" ‖ payload), which newer agents
//! leave out because it follows from the rest.

use serde::Deserialize;
use serde_json::Value;

use super::{Event, EventLogError, MAX_EVENTS, REGISTERS, Register, ccel, excerpt, sha384};

/// Event type of the agent's own events.
const RUNTIME_EVENT: u32 = 0x0800_0001;

#[derive(Deserialize)]
struct Entry {
    imr: i64,
    event_type: u32,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    event_payload: String,
}

pub(super) fn parse(value: &Value) -> Result<Vec<Event>, EventLogError> {
    let json = |error: serde_json::Error| EventLogError::Json(error.to_string());
    let entries: Vec<Entry> = match value {
        Value::String(text) => serde_json::from_str(text).map_err(json)?,
        other => Vec::deserialize(other).map_err(json)?,
    };
    if entries.len() > MAX_EVENTS {
        return Err(EventLogError::TooManyEvents);
    }
    entries.into_iter().enumerate().map(|(number, entry)| event(number, entry)).collect()
}

fn event(number: usize, entry: Entry) -> Result<Event, EventLogError> {
    let Entry { imr, event_type: kind, digest, event: name, event_payload: payload } = entry;
    let decode = |what: &str, digits: &str| {
        hex::decode(digits.strip_prefix("0x").unwrap_or(digits))
            .map_err(|error| EventLogError::Json(format!("{what} of event {number}: {error}")))
    };
    let register = usize::try_from(imr).ok().filter(|register| *register < REGISTERS);
    let register = register.ok_or(EventLogError::Register { event: number, register: imr })?;
    let payload = decode("payload", &payload)?;
    let given = decode("digest", &digest)?;
    let given: Option<Register> = if given.is_empty() {
        None
    } else {
        let length = given.len();
        let exact = given.try_into();
        Some(exact.map_err(|_| EventLogError::Json(format!("digest of event {number} has {length} bytes")))?)
    };
    let (digest, proved) = if kind == RUNTIME_EVENT {
        let expected = runtime_digest(&name, &payload);
        if let Some(given) = given.filter(|given| *given != expected) {
            return Err(EventLogError::WrongDigest {
                event: number,
                name,
                given: hex::encode(given),
                expected: hex::encode(expected),
            });
        }
        (expected, true)
    } else {
        let digest = given.ok_or(EventLogError::NoDigest { event: number })?;
        (digest, !payload.is_empty() && sha384(&payload) == digest)
    };
    let description = if kind == RUNTIME_EVENT {
        format!("dstack {}: {}", excerpt(&name), excerpt(&readable(&payload)))
    } else if !name.is_empty() {
        format!("{}: {}", ccel::name(kind), excerpt(&name))
    } else if payload.is_empty() {
        ccel::name(kind)
    } else {
        format!("{}: {} bytes", ccel::name(kind), payload.len())
    };
    Ok(Event { register, kind, digest, description, proved })
}

fn runtime_digest(name: &str, payload: &[u8]) -> Register {
    sha384(&[&RUNTIME_EVENT.to_le_bytes(), &b":"[..], name.as_bytes(), b":", payload].concat())
}

/// A payload as text if it is some, otherwise in hexadecimal.
fn readable(payload: &[u8]) -> String {
    match std::str::from_utf8(payload) {
        Ok(text) if text.chars().all(|character| !character.is_control()) => text.to_owned(),
        _ => hex::encode(payload),
    }
}
