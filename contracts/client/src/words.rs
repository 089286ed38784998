//! What people read: times, and text that a chain supplied.

use std::time::{Duration, UNIX_EPOCH};

use alloy_primitives::U256;
use serde::Serializer;

/// A Unix time in seconds, as date and time.
pub fn time(unix: U256) -> String {
    // The last second of the year 9999, after which dates have no form.
    const LAST: u64 = 253_402_300_799;
    match u64::try_from(unix) {
        Ok(seconds) if seconds <= LAST => {
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
        }
        _ => format!("Unix time {unix}"),
    }
}

/// A time to come, and how far away it is.
pub fn until(unix: u64, now: u64) -> String {
    let left = humantime::format_duration(Duration::from_secs(unix.saturating_sub(now)));
    format!("{} (in {left})", time(U256::from(unix)))
}

/// A time as people say it, with how far away it is: `in 6 days 3 h (2026-11-27 12:00 UTC)`, or `since 2026-11-27 12:00 UTC`.
pub fn when(unix: u64, now: u64) -> String {
    let date = date(unix);
    if unix <= now { format!("since {date}") } else { format!("in {} ({date})", span(unix - now)) }
}

/// A time to the minute: `2026-11-27 12:00 UTC`.
pub fn date(unix: u64) -> String {
    let exact = time(U256::from(unix));
    match exact.split_once('T') {
        Some((day, clock)) => format!("{day} {} UTC", clock.get(..5).unwrap_or(clock)),
        None => exact,
    }
}

/// So many seconds in the two largest units that they have: `6 days 3 h`.
pub fn span(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let days_word = if days == 1 { "day" } else { "days" };
    let parts = [(days, days_word), (hours, "h"), (minutes, "min"), (rest, "s")];
    let Some(first) = parts.iter().position(|(number, _)| *number != 0) else { return "0 s".to_owned() };
    let shown = parts.iter().skip(first).take(2).filter(|(number, _)| *number != 0);
    shown.map(|(number, unit)| format!("{number} {unit}")).collect::<Vec<_>>().join(" ")
}

/// Text from outside, without control characters and not longer than `most` characters.
pub fn printable(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() || is_formatting(c) { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(most).map(clean).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// Characters that change how those around them are shown.
fn is_formatting(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Serialises a number as a decimal string: JSON numbers lose digits.
pub fn decimal<S: Serializer>(number: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_form_however_far_away() {
        assert_eq!(time(U256::from(0)), "1970-01-01T00:00:00Z");
        assert_eq!(time(U256::from(253_402_300_799u64)), "9999-12-31T23:59:59Z");
        assert!(time(U256::MAX).starts_with("Unix time"));
        assert_eq!(until(90, 30), "1970-01-01T00:01:30Z (in 1m)");
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let noon = 1_795_780_800;
        assert_eq!(date(noon), "2026-11-27 12:00 UTC");
        assert_eq!(when(noon, noon - 6 * 86_400 - 3 * 3600 - 59), "in 6 days 3 h (2026-11-27 12:00 UTC)");
        assert_eq!(when(noon, noon), "since 2026-11-27 12:00 UTC");
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3601, "1 h"),
            (3660, "1 h 1 min"),
            (86_400, "1 day"),
            (90_061, "1 day 1 h"),
            (21 * 86_400, "21 days"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(date(u64::MAX), format!("Unix time {}", u64::MAX));
    }

    #[test]
    fn text_from_outside_is_harmless() {
        assert_eq!(printable("PHA", 8), "PHA");
        assert_eq!(printable("a\u{1b}[31m\n", 8), "a\u{fffd}[31m\u{fffd}");
        assert_eq!(printable("A\u{202e}B", 8), "A\u{fffd}B");
        assert_eq!(printable("123456789", 8), "12345678…");
    }
}
