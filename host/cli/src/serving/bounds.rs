//! What the gateway's settings must be, wherever they are given.

use std::net::SocketAddr;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;

use crate::engine::seconds;

/// Where to listen: names are of clients.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port, like 127.0.0.1:8228 or [::]:8228".to_owned())
}

/// A version as agents compare it; with what they cannot read they wait for ever.
pub(crate) fn version(text: &str) -> Result<String, String> {
    let (numbers, suffix) =
        text.split_once('-').map_or((text, None), |(numbers, suffix)| (numbers, Some(suffix)));
    let are_numbers = numbers
        .split('.')
        .all(|number| (1..=9).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit()));
    let is_suffix = |suffix: &str| {
        !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    if are_numbers && (2..=3).contains(&numbers.split('.').count()) && suffix.is_none_or(is_suffix) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is no version: expected two or three numbers, like 5.11.0, and maybe a suffix, like -dev"
        ))
    }
}

/// The most that a number of bytes, reports or places may be: more than any machine has.
pub(crate) const MOST: u64 = 1 << 40;

/// The most calls of the plugin at once.
pub(crate) const MOST_PLACES: u32 = 1000;

/// The longest that anything may take: clocks cannot count all that a number can say.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// A number, of which none would refuse everything.
pub(crate) fn at_least_1() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=MOST)
}

/// Seconds, of which none would refuse everything.
pub(crate) fn some_seconds(text: &str) -> Result<Duration, String> {
    match at_most_a_year(text)? {
        Duration::ZERO => Err("expected more than 0 seconds".to_owned()),
        some => Ok(some),
    }
}

/// Seconds, possibly none.
pub(crate) fn at_most_a_year(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        long if long > LONGEST => Err("expected at most a year".to_owned()),
        seconds => Ok(seconds),
    }
}
