//! Times as certificates and collateral write them.

/// A Unix time in seconds, from 1970 up to the year 2049, which is as far as `UTCTime` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Clock(pub u64);

/// Last second of 2049.
const END: u64 = 2_524_607_999;

/// Seconds of a day.
pub(super) const DAY: u64 = 86_400;

/// Seconds of a year of 365 days.
pub(super) const YEAR: u64 = 365 * DAY;

impl Clock {
    /// This long after, or the end of 2049.
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds).min(END))
    }

    /// This long before.
    pub fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// `YYMMDDHHMMSSZ` (X.690, 11.8).
    pub(super) fn utc_time(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time();
        format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z", year % 100)
    }

    /// `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339).
    pub(super) fn rfc3339(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    fn time(self) -> (u64, u64, u64) {
        let seconds = self.0 % DAY;
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    /// Year, month and day of the Gregorian calendar. Years are counted from March, so that the
    /// leap day is the last of its year; 719,468 days lie between 0000-03-01 and 1970-01-01.
    fn date(self) -> (u64, u64, u64) {
        let days = self.0.min(END) / DAY + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        (year, month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_795_226_400, "2026-11-21T02:00:00Z"),
            (END, "2049-12-31T23:59:59Z"),
        ] {
            assert_eq!(Clock(seconds).rfc3339(), text);
        }
        assert_eq!(Clock(1_795_226_400).utc_time(), "261121020000Z");
        assert_eq!(Clock(u64::MAX).plus(1), Clock(END));
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut previous = Clock(0).date();
        for day in 1..END / DAY {
            let (year, month, date) = Clock(day * DAY).date();
            let first_of_month = date == 1
                && (month == previous.1 + 1 && year == previous.0 || month == 1 && year == previous.0 + 1);
            assert!(first_of_month || (year, month, date) == (previous.0, previous.1, previous.2 + 1));
            previous = (year, month, date);
        }
    }
}
