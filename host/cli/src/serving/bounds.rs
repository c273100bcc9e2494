//! What the gateway's settings must be, wherever they are given.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;

use crate::engine::seconds;

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

/// A number, of which none would refuse everything.
pub(crate) fn at_least_1() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// Seconds, of which none would refuse everything.
pub(crate) fn some_seconds(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        Duration::ZERO => Err("expected more than 0 seconds".to_owned()),
        some => Ok(some),
    }
}
