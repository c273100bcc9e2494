//! Points in time: whole seconds, UTC (docs/semantics.md section 1).

use std::fmt;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day of the TTL: 86 400 s, without calendar, time zone or leap second (A5).
pub const SECONDS_PER_DAY: i64 = 86_400;

/// A whole second, UTC, counted from 1970-01-01T00:00:00Z; between [`Timestamp::MIN`] and [`Timestamp::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text or number that is no [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: expected RFC 3339 between the years 0000 and 9999, like 2026-08-06T09:00:07Z")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// 0000-01-01T00:00:00Z: what RFC 3339 can write at the earliest.
    pub const MIN: Self = Self(-62_167_219_200);
    /// 9999-12-31T23:59:59Z: what RFC 3339 can write at the latest.
    pub const MAX: Self = Self(253_402_300_799);

    /// The time `seconds` after 1970-01-01T00:00:00Z, if RFC 3339 can write it.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&seconds).then_some(Self(seconds))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with any offset; fractions of a second are cut off, and a leap second is the second before it (N1).
    ///
    /// # Errors
    /// [`InvalidTimestamp`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        // The reader would also take U+2212 as the sign of an offset, and a second 60 in any minute.
        DateTime::parse_from_rfc3339(text)
            .ok()
            .filter(|time| text.is_ascii() && (!is_second_60(time) || ends_a_day(time)))
            .and_then(|time| Self::from_unix(time.timestamp()))
            .ok_or_else(|| InvalidTimestamp(text.to_owned()))
    }
}

/// Such a second is read as a longer second 59.
fn is_second_60(time: &DateTime<FixedOffset>) -> bool {
    time.timestamp_subsec_nanos() >= 1_000_000_000
}

/// Whether this is the last second of a day, UTC.
fn ends_a_day(time: &DateTime<FixedOffset>) -> bool {
    time.timestamp().rem_euclid(SECONDS_PER_DAY) == SECONDS_PER_DAY - 1
}

/// `2026-08-06T09:00:07Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp(self.0, 0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_cut_off_and_offsets_are_applied() {
        let expected = Timestamp::parse("2026-08-06T09:00:07Z").unwrap();
        for text in ["2026-08-06T09:00:07.999Z", "2026-08-06T11:00:07+02:00", "2026-08-06t09:00:07z"] {
            assert_eq!(Timestamp::parse(text).unwrap(), expected, "{text}");
        }
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.5Z").unwrap().unix(), -1);
    }

    #[test]
    fn the_first_and_the_last_second_are_written_as_they_are_read() {
        for (time, text) in
            [(Timestamp::MIN, "0000-01-01T00:00:00Z"), (Timestamp::MAX, "9999-12-31T23:59:59Z")]
        {
            assert_eq!(time.to_string(), text);
            assert_eq!(Timestamp::parse(text).unwrap(), time);
        }
        assert_eq!(Timestamp::from_unix(Timestamp::MAX.unix() + 1), None);
        assert!(Timestamp::parse("0000-01-01T00:00:00+00:01").is_err());
    }

    #[test]
    fn a_leap_second_is_at_the_end_of_a_day() {
        let expected = Timestamp::parse("2016-12-31T23:59:59Z").unwrap();
        for text in ["2016-12-31T23:59:60Z", "2017-01-01T08:59:60.5+09:00", "2016-12-31 18:29:60-05:30"] {
            assert_eq!(Timestamp::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["2016-12-31T23:58:60Z", "2016-12-31T23:59:60+09:00", "2016-12-31T23:59:61Z"] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let no_times = ["", "2026-08-06", "2026-08-06T09:00:07", "1786000000", "2026-02-30T00:00:00Z"];
        let no_offsets =
            ["\u{2212}01:00", "+0100", "+01", "+01:0", "+24:00", "+01:60", " +01:00", "UTC", "Z ", "Z\n"];
        let no_offsets = no_offsets.map(|offset| format!("2026-08-06T09:00:07{offset}"));
        for text in no_times.into_iter().chain(no_offsets.iter().map(String::as_str)) {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }
}
