//! The settings of retention (section 5). Which are refused is the engine's business.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::SECONDS_PER_DAY;

/// The longest time to live, in days (C1).
pub const MAX_TTL_DAYS: u32 = 36_500;

/// What decides over an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Days after which what was not seen any more is removed; 0: never. At most [`MAX_TTL_DAYS`] (C1).
    pub image_ttl_days: u32,
    /// Whether each report removes what its namespaces or its cluster no longer contain (C2, A2).
    pub image_ingest_overwrite: bool,
    /// Whether an ECS report with exactly 100 tasks is taken for cut off and removes nothing (A3).
    pub ecs_truncation_guard: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { image_ttl_days: 120, image_ingest_overwrite: false, ecs_truncation_guard: true }
    }
}

impl Config {
    /// The TTL in seconds, absent where rows live for ever.
    #[must_use]
    pub fn ttl_seconds(&self) -> Option<i64> {
        (self.image_ttl_days > 0).then(|| i64::from(self.image_ttl_days) * SECONDS_PER_DAY)
    }

    /// A5, E1: the first second at which a sweep removes what showed its last sign of life at `seen`: the first in which
    /// that is more than the TTL ago. Absent where rows live for ever. Seconds since 1970.
    #[must_use]
    pub fn deadline(&self, seen: i64) -> Option<i64> {
        self.ttl_seconds().map(|ttl| seen.saturating_add(ttl).saturating_add(1))
    }

    /// A5: whether at `now` that deadline has come. Seconds since 1970.
    #[must_use]
    pub fn is_past_ttl(&self, seen: i64, now: i64) -> bool {
        self.deadline(seen).is_some_and(|deadline| deadline <= now)
    }
}

/// One of the settings under `services.catalog.runtime_inventory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// [`Config::image_ttl_days`].
    TtlDays,
    /// [`Config::image_ingest_overwrite`].
    Overwrite,
    /// [`Config::ecs_truncation_guard`].
    TruncationGuard,
}

/// Every setting, with the names it has in files and its environment variables (C3), the canonical one first.
pub const NAMES: [(Setting, &[&str], &[&str]); 3] = [
    (
        Setting::TtlDays,
        &["image_ttl_days", "inventory_ttl_days"],
        &[
            "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_IMAGE_TTL_DAYS",
            "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_TTL_DAYS",
        ],
    ),
    (
        Setting::Overwrite,
        &["image_ingest_overwrite", "inventory_ingest_overwrite"],
        &[
            "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_IMAGE_INGEST_OVERWRITE",
            "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_INGEST_OVERWRITE",
        ],
    ),
    (Setting::TruncationGuard, &["ecs_truncation_guard"], &["KEEPSET_ECS_TRUNCATION_GUARD"]),
];

impl Setting {
    /// The environment variables that set any of them (C3).
    pub fn environment_variables() -> impl Iterator<Item = &'static str> {
        NAMES.iter().flat_map(|(_, _, variables)| variables.iter().copied())
    }

    /// What a text of the environment or the command line stands for (C3): the integer or the truth value that it is in
    /// YAML, else itself.
    #[must_use]
    pub fn value_of(text: &str) -> Value {
        match text {
            "true" | "True" | "TRUE" => true.into(),
            "false" | "False" | "FALSE" => false.into(),
            _ => match text.parse::<i64>() {
                Ok(number) if number.to_string() == text.strip_prefix('+').unwrap_or(text) => number.into(),
                _ => text.into(),
            },
        }
    }
}

/// Where settings were given; what stands first wins (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// On the command line.
    Flag,
    /// In the environment: names are those of variables, values are texts.
    Environment,
    /// In a file, under `services.catalog.runtime_inventory`.
    File,
}

/// The settings of one origin, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where they were given.
    pub origin: Origin,
    /// A JSON object: names and values as they were given.
    pub settings: String,
}
