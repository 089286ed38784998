//! The firmware's event log (CCEL): TCG PC Client Platform Firmware Profile 1.06, section 10.2, and
//! UEFI 2.10, section 38.4.
//!
//! ```text
//! header  register u32 ‖ type u32 = 3 (EV_NO_ACTION) ‖ SHA-1 20 ‖ size u32 ‖ "Spec ID Event03\0"
//!         ‖ platform class u32 ‖ version 3 ‖ uintn u8 ‖ count u32 ‖ (algorithm u16 ‖ length u16) × count ‖ vendor u8+…
//! event   register u32 ‖ type u32 ‖ count u32 ‖ (algorithm u16 ‖ digest) × count ‖ size u32 ‖ data
//! ```
//!
//! All integers are little-endian. The table is a buffer of a fixed size; after the last event come
//! `0xff` or zero bytes.

use super::{Event, EventLogError, MAX_EVENTS, REGISTER_LENGTH, REGISTERS, excerpt, sha384};

const SIGNATURE: &[u8; 16] = b"Spec ID Event03\0";
const SHA384: u16 = 0x000c;
/// Events of this type extend nothing.
const EV_NO_ACTION: u32 = 3;

/// Most algorithms in the header, and digests in an event.
const MAX_ALGORITHMS: u32 = 16;

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Event>, EventLogError> {
    let mut reader = Reader { bytes, position: 0, event: 0 };
    let lengths = header(&mut reader)?;
    let mut events = Vec::new();
    while !reader.is_at_end() {
        if reader.event >= MAX_EVENTS {
            return Err(EventLogError::TooManyEvents);
        }
        reader.event = reader.event.saturating_add(1);
        events.extend(event(&mut reader, &lengths)?);
    }
    Ok(events)
}

/// Reads the first event. Returns the length of digests by algorithm.
fn header(reader: &mut Reader<'_>) -> Result<Vec<(u16, usize)>, EventLogError> {
    let (_, kind) = (reader.u32()?, reader.u32()?);
    reader.take(20)?;
    let size = reader.u32()?;
    let data = reader.take(to_usize(size))?;
    if kind != EV_NO_ACTION || !data.starts_with(SIGNATURE) {
        return Err(EventLogError::NotCryptoAgile);
    }
    let mut data = Reader { bytes: data, position: SIGNATURE.len(), event: 0 };
    data.take(8)?;
    let count = data.u32()?;
    if count > MAX_ALGORITHMS {
        return Err(EventLogError::NotCryptoAgile);
    }
    let mut lengths = Vec::new();
    for _ in 0..count {
        lengths.push((data.u16()?, usize::from(data.u16()?)));
    }
    if !lengths.contains(&(SHA384, REGISTER_LENGTH)) {
        return Err(EventLogError::NoSha384);
    }
    Ok(lengths)
}

/// Reads one event. `None` if it extends nothing.
fn event(reader: &mut Reader<'_>, lengths: &[(u16, usize)]) -> Result<Option<Event>, EventLogError> {
    let number = reader.event;
    let (index, kind, count) = (reader.u32()?, reader.u32()?, reader.u32()?);
    if count > MAX_ALGORITHMS {
        return Err(EventLogError::NoDigest { event: number });
    }
    let mut digest = None;
    for _ in 0..count {
        let algorithm = reader.u16()?;
        let known = lengths.iter().find(|(known, _)| *known == algorithm);
        let (_, length) = known.ok_or(EventLogError::UnknownAlgorithm { event: number, algorithm })?;
        let value = reader.take(*length)?;
        if algorithm == SHA384 {
            digest = value.first_chunk().copied();
        }
    }
    let size = reader.u32()?;
    let data = reader.take(to_usize(size))?;
    if kind == EV_NO_ACTION {
        return Ok(None);
    }
    let digest = digest.ok_or(EventLogError::NoDigest { event: number })?;
    // Index 0 is MRTD, which the TDX module measures itself: no event can extend it.
    let register = i64::from(index) - 1;
    let in_range = usize::try_from(register).ok().filter(|register| *register < REGISTERS);
    let register = in_range.ok_or(EventLogError::Register { event: number, register })?;
    let (description, proved) = describe(kind, data, &digest);
    Ok(Some(Event { register, kind, digest, description, proved }))
}

/// What an event is, and whether its digest is the hash of that.
fn describe(kind: u32, data: &[u8], digest: &[u8; REGISTER_LENGTH]) -> (String, bool) {
    let name = name(kind);
    // Text is measured with or without its zero at the end, and GRUB's without the word before it.
    let text = data.strip_suffix(&[0]).unwrap_or(data);
    let argument = text.iter().position(|byte| *byte == b':').and_then(|at| text.get(at.saturating_add(2)..));
    let proved = [Some(data), Some(text), argument].into_iter().flatten().any(|data| sha384(data) == *digest);
    let words = match kind {
        EV_EFI_VARIABLE_DRIVER_CONFIG | EV_EFI_VARIABLE_BOOT | EV_EFI_VARIABLE_AUTHORITY => {
            variable(data).unwrap_or_default()
        }
        EV_IPL | EV_EFI_ACTION | EV_POST_CODE | EV_PLATFORM_CONFIG_FLAGS | EV_EVENT_TAG if is_text(text) => {
            String::from_utf8_lossy(text).into_owned()
        }
        _ => format!("{} bytes", data.len()),
    };
    (format!("{name}: {}", excerpt(&words)), proved)
}

const EV_POST_CODE: u32 = 1;
const EV_EVENT_TAG: u32 = 6;
const EV_PLATFORM_CONFIG_FLAGS: u32 = 10;
const EV_IPL: u32 = 13;
const EV_EFI_VARIABLE_DRIVER_CONFIG: u32 = 0x8000_0001;
const EV_EFI_VARIABLE_BOOT: u32 = 0x8000_0002;
const EV_EFI_ACTION: u32 = 0x8000_0007;
const EV_EFI_VARIABLE_AUTHORITY: u32 = 0x8000_00e0;

/// Names of event types (the profile's table 27).
pub(super) fn name(kind: u32) -> String {
    let known = match kind {
        EV_POST_CODE => "EV_POST_CODE",
        4 => "EV_SEPARATOR",
        5 => "EV_ACTION",
        EV_EVENT_TAG => "EV_EVENT_TAG",
        7 => "EV_S_CRTM_CONTENTS",
        8 => "EV_S_CRTM_VERSION",
        EV_PLATFORM_CONFIG_FLAGS => "EV_PLATFORM_CONFIG_FLAGS",
        EV_IPL => "EV_IPL",
        EV_EFI_VARIABLE_DRIVER_CONFIG => "EV_EFI_VARIABLE_DRIVER_CONFIG",
        EV_EFI_VARIABLE_BOOT => "EV_EFI_VARIABLE_BOOT",
        0x8000_0003 => "EV_EFI_BOOT_SERVICES_APPLICATION",
        0x8000_0004 => "EV_EFI_BOOT_SERVICES_DRIVER",
        0x8000_0006 => "EV_EFI_GPT_EVENT",
        EV_EFI_ACTION => "EV_EFI_ACTION",
        0x8000_0008 => "EV_EFI_PLATFORM_FIRMWARE_BLOB",
        0x8000_0009 => "EV_EFI_HANDOFF_TABLES",
        0x8000_000a => "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
        0x8000_000b => "EV_EFI_HANDOFF_TABLES2",
        EV_EFI_VARIABLE_AUTHORITY => "EV_EFI_VARIABLE_AUTHORITY",
        other => return format!("event {other:#x}"),
    };
    known.to_owned()
}

fn is_text(data: &[u8]) -> bool {
    !data.is_empty() && data.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'))
}

/// The name in UEFI_VARIABLE_DATA: GUID 16 ‖ name length u64 ‖ data length u64 ‖ name in UTF-16.
fn variable(data: &[u8]) -> Option<String> {
    let length = u64::from_le_bytes(data.get(16..24)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_mul(2)?.checked_add(32)?;
    let name = data.get(32..end)?;
    Some(
        char::decode_utf16(
            name.chunks_exact(2).filter_map(|unit| Some(u16::from_le_bytes(unit.try_into().ok()?))),
        )
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect(),
    )
}

fn to_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Number of the event that is being read.
    event: usize,
}

impl<'a> Reader<'a> {
    /// Whether only the unused rest of the buffer follows: nothing, `0xffffffff`, or zero bytes.
    fn is_at_end(&self) -> bool {
        match self.bytes.get(self.position..) {
            None | Some([]) => true,
            Some([0xff, 0xff, 0xff, 0xff, ..]) => true,
            Some(rest) => rest.iter().all(|byte| *byte == 0),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], EventLogError> {
        let needed = self.position.saturating_add(count);
        let taken = self.bytes.get(self.position..needed).ok_or(EventLogError::TooShort {
            event: self.event,
            length: self.bytes.len(),
            needed,
        })?;
        self.position = needed;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, EventLogError> {
        Ok(self.take(2)?.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes)))
    }

    fn u32(&mut self) -> Result<u32, EventLogError> {
        Ok(self.take(4)?.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    }
}
