//! The time that decisions are made at: an input of the engine, read here at most once.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use keepset_host::Timestamp;

#[derive(Args, Debug)]
pub(crate) struct Clock {
    /// Decide as of this time (RFC 3339, like 2026-08-06T09:00:00Z) instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    now: Option<Timestamp>,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_secs()).ok().and_then(Timestamp::from_unix).unwrap_or(Timestamp::MAX)
        })
    }
}
