//! Faults as the page has them: times are seconds since 1970, where documents have RFC 3339.

use keepset_engine::simulate::Fault;
use keepset_types::Timestamp;
use serde::Serialize;

use crate::columns::time;

/// See [`Fault`].
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum PageFault {
    /// See [`Fault::Outage`].
    Outage { from: f64, to: f64, cluster: Option<String> },
    /// See [`Fault::DropBatch`].
    DropBatch { from: f64, to: f64, batch: u32, of: u32, cluster: Option<String> },
    /// See [`Fault::DeleteNamespace`].
    DeleteNamespace { at: f64, context: String },
    /// See [`Fault::EmptyNamespace`].
    EmptyNamespace { at: f64, context: String, listed: bool },
    /// See [`Fault::ExcludeNamespace`].
    ExcludeNamespace { at: f64, context: String },
    /// See [`Fault::ClockSkew`].
    ClockSkew { from: f64, to: f64, seconds: f64, cluster: Option<String> },
}

impl From<&Fault> for PageFault {
    fn from(fault: &Fault) -> Self {
        let unix = |at: &Timestamp| time(at.unix());
        match fault.clone() {
            Fault::Outage { from, to, cluster } => Self::Outage { from: unix(&from), to: unix(&to), cluster },
            Fault::DropBatch { from, to, batch, of, cluster } => {
                Self::DropBatch { from: unix(&from), to: unix(&to), batch, of, cluster }
            }
            Fault::DeleteNamespace { at, context } => Self::DeleteNamespace { at: unix(&at), context },
            Fault::EmptyNamespace { at, context, listed } => {
                Self::EmptyNamespace { at: unix(&at), context, listed }
            }
            Fault::ExcludeNamespace { at, context } => Self::ExcludeNamespace { at: unix(&at), context },
            Fault::ClockSkew { from, to, seconds, cluster } => {
                Self::ClockSkew { from: unix(&from), to: unix(&to), seconds: time(seconds), cluster }
            }
        }
    }
}
