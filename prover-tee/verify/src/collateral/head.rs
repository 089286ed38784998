//! What TCB info and QE identity say of themselves (Intel PCS API v4).

use serde::{Deserialize, Serialize};

/// Which machines collateral is for, and how old it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Family of the machines, hexadecimal in capital letters.
    pub fmspc: String,
    /// The older issue date, Unix time in seconds.
    pub issued_at: u64,
    /// The earlier end, Unix time in seconds.
    pub next_update: u64,
    /// The lower evaluation number.
    pub evaluation_number: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    #[serde(default)]
    fmspc: String,
    issue_date: String,
    next_update: String,
    tcb_evaluation_data_number: u32,
}

impl Head {
    pub(super) fn read(tcb_info: &str, qe_identity: &str) -> Option<Self> {
        let read = |text: &str| serde_json::from_str::<Text>(text).ok();
        let (tcb, qe) = (read(tcb_info)?, read(qe_identity)?);
        Some(Self {
            fmspc: tcb.fmspc.to_ascii_uppercase(),
            issued_at: unix_seconds(&tcb.issue_date)?.min(unix_seconds(&qe.issue_date)?),
            next_update: unix_seconds(&tcb.next_update)?.min(unix_seconds(&qe.next_update)?),
            evaluation_number: tcb.tcb_evaluation_data_number.min(qe.tcb_evaluation_data_number),
        })
    }
}

pub(super) fn evaluation_number(text: &str) -> Option<u32> {
    Some(serde_json::from_str::<Text>(text).ok()?.tcb_evaluation_data_number)
}

/// `2025-06-19T10:16:03Z`, as Intel writes all dates, in Unix seconds.
fn unix_seconds(date: &str) -> Option<u64> {
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if date.len() != 20 || !date.ends_with('Z') || year < 1970 || !(1..=12).contains(&month) {
        return None;
    }
    // Days before the year and the month, with years that begin in March (Howard Hinnant, "chrono-Compatible Low-Level
    // Date Algorithms", days_from_civil).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    let days = days.checked_sub(719_469)?;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (date, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400),
            ("2025-06-19T10:16:03Z", 1_750_328_163),
            ("2026-12-31T23:59:59Z", 1_798_761_599),
        ] {
            assert_eq!(unix_seconds(date), Some(seconds), "{date}");
        }
        for wrong in
            ["", "2025-06-19", "2025-06-19T10:16:03+01", "1969-01-01T00:00:00Z", "2025-13-01T00:00:00Z"]
        {
            assert_eq!(unix_seconds(wrong), None, "{wrong}");
        }
    }
}
