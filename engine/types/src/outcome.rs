//! What an evaluation answers (section 6).

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::key::{Context, Key};
use crate::row::{Row, serialize_key};
use crate::time::Timestamp;

/// Why a row is kept (E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetainedReason {
    /// It is in the report that was applied.
    Reported,
    /// The TTL is 0: nothing expires.
    TtlDisabled,
    /// It was last seen within the TTL.
    WithinTtl,
}

/// Why a row is gone (E2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// Overwrite: the report covers its context and no longer contains it (A2).
    Overwritten,
    /// It was not seen for more than the TTL (A5).
    Expired,
    /// An image whose containers all moved to another one (A6).
    Superseded,
    /// Deleted by hand (D1, D2).
    Deleted,
}

impl RemovalReason {
    /// The text that documents use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overwritten => "overwritten",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Deleted => "deleted",
        }
    }
}

impl RetainedReason {
    /// The text that documents use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::TtlDisabled => "ttl_disabled",
            Self::WithinTtl => "within_ttl",
        }
    }
}

/// The rule that removed a row (E2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// Overwrite.
    A2,
    /// TTL.
    A5,
    /// Images follow their containers.
    A6,
    /// A context deleted by hand.
    D1,
    /// An image deleted by hand.
    D2,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A row that is kept, and until when (E1).
#[derive(Clone, Debug, PartialEq)]
pub struct Retained {
    /// The row as it now is.
    pub row: Row,
    /// Why it is kept.
    pub reason: RetainedReason,
    /// The first second at which a sweep would remove it; absent: never, or not before the last [`Timestamp`].
    pub expires_at: Option<Timestamp>,
}

/// A row that is gone, and why (E2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Which row it was.
    pub key: Key,
    /// When it was last observed.
    pub last_seen: Timestamp,
    /// Why it is gone.
    pub reason: RemovalReason,
    /// By which rule.
    pub rule: Rule,
}

/// What a report says that somebody should look at; the stable code of a [`Warning`] (E4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum WarningCode {
    /// N1.
    ClockAhead = 0,
    /// N3.
    DanglingContainer = 1,
    /// N3.
    DanglingPod = 2,
    /// N5.
    DuplicateEntry = 3,
    /// A3.
    EcsReportPossiblyTruncated = 4,
    /// N4.
    InvalidEntry = 5,
    /// N6.
    NamespaceUidChanged = 6,
    /// C5.
    OverwriteWithoutTtl = 7,
    /// A7.
    ReportOlderThanTtl = 8,
    /// A1.
    StaleReport = 9,
}

impl WarningCode {
    /// Every code, each at the index of its number; ordered by their texts.
    pub const ALL: [Self; 10] = [
        Self::ClockAhead,
        Self::DanglingContainer,
        Self::DanglingPod,
        Self::DuplicateEntry,
        Self::EcsReportPossiblyTruncated,
        Self::InvalidEntry,
        Self::NamespaceUidChanged,
        Self::OverwriteWithoutTtl,
        Self::ReportOlderThanTtl,
        Self::StaleReport,
    ];

    /// The number that stands for this code in columns.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code with that number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The text that documents use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClockAhead => "clock_ahead",
            Self::DanglingContainer => "dangling_container",
            Self::DanglingPod => "dangling_pod",
            Self::DuplicateEntry => "duplicate_entry",
            Self::EcsReportPossiblyTruncated => "ecs_report_possibly_truncated",
            Self::InvalidEntry => "invalid_entry",
            Self::NamespaceUidChanged => "namespace_uid_changed",
            Self::OverwriteWithoutTtl => "overwrite_without_ttl",
            Self::ReportOlderThanTtl => "report_older_than_ttl",
            Self::StaleReport => "stale_report",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ClockAhead => {
                "The report's timestamp is more than 300 s ahead of the clock here; it counts as now"
            }
            Self::DanglingContainer => "The container's pod is not in the report; the container was skipped",
            Self::DanglingPod => "The pod's namespace is not in the report; the pod was skipped",
            Self::DuplicateEntry => {
                "The report contains the same item twice with different attributes; the last one counts"
            }
            Self::EcsReportPossiblyTruncated => {
                "The report has exactly 100 tasks, where the agent stops reading; nothing was removed for being absent from it"
            }
            Self::InvalidEntry => {
                "An entry has an empty id, uid, ARN or name, or a namespace name with a `/`; it was skipped"
            }
            Self::NamespaceUidChanged => {
                "The namespace has another uid than before: it was created anew, or two clusters share one cluster_name"
            }
            Self::OverwriteWithoutTtl => {
                "image_ingest_overwrite without a TTL keeps the rows of deleted namespaces and drained clusters for ever"
            }
            Self::ReportOlderThanTtl => {
                "The report is older than the TTL; rows that were new in it were not kept"
            }
            Self::StaleReport => {
                "A newer report of this context was applied before; this one changed nothing there"
            }
        }
    }
}

impl fmt::Display for WarningCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that did not stop the evaluation but that somebody should know (E4). Ordered as outcomes list them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Stable.
    pub code: WarningCode,
    /// The context it is about, where there is one.
    pub context: Option<Context>,
    /// The row's id, where there is one.
    pub id: Option<Box<str>>,
    /// The entry of the report: a JSON pointer, where there is one.
    pub pointer: Option<Box<str>>,
}

/// The sentence for people: not stable.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())?;
        if let Some(context) = &self.context {
            write!(f, "; context `{context}`")?;
        }
        if let Some(id) = &self.id {
            write!(f, "; id `{id}`")?;
        }
        if let Some(pointer) = &self.pointer {
            write!(f, "; at {pointer}")?;
        }
        f.write_str(".")
    }
}

/// What an evaluation answers: the inventory as it now is and what became of the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The whole inventory, in key order (I1).
    pub retained: Vec<Retained>,
    /// What is gone, in key order.
    pub removed: Vec<Removed>,
    /// Ordered by code, context, id.
    pub warnings: Vec<Warning>,
    /// The earliest `expires_at` of all (E3).
    pub next_expiry: Option<Timestamp>,
}

/// What a deletion by hand answers (D1, D2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purged {
    /// The inventory as it now is, in key order (I1).
    pub retained: Vec<Row>,
    /// What is gone, in key order.
    pub removed: Vec<Removed>,
}

impl Serialize for Retained {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.row.serialize_fields(&mut map)?;
        map.serialize_entry("reason", &self.reason)?;
        if let Some(expires_at) = self.expires_at {
            map.serialize_entry("expires_at", &expires_at)?;
        }
        map.end()
    }
}

impl Serialize for Removed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_key(&self.key, &mut map)?;
        map.serialize_entry("last_seen", &self.last_seen)?;
        map.serialize_entry("reason", &self.reason)?;
        map.serialize_entry("rule", &self.rule)?;
        map.end()
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.code)?;
        if let Some(context) = &self.context {
            map.serialize_entry("context", context)?;
        }
        if let Some(id) = &self.id {
            map.serialize_entry("id", id)?;
        }
        if let Some(pointer) = &self.pointer {
            map.serialize_entry("pointer", pointer)?;
        }
        map.serialize_entry("message", &format_args!("{self}"))?;
        map.end()
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &1)?;
        map.serialize_entry("retained", &self.retained)?;
        map.serialize_entry("removed", &self.removed)?;
        map.serialize_entry("warnings", &self.warnings)?;
        map.serialize_entry("next_expiry", &self.next_expiry)?;
        map.end()
    }
}

impl Serialize for Purged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &1)?;
        map.serialize_entry("retained", &self.retained)?;
        map.serialize_entry("removed", &self.removed)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_ordered_by_their_texts() {
        assert!(WarningCode::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str() && a < b));
        for code in WarningCode::ALL {
            assert_eq!(WarningCode::from_code(code.code()), Some(code));
        }
    }
}
