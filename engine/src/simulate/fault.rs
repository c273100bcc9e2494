//! What may go wrong with a stream of reports, and what that makes of a history.

use std::mem;

use keepset_types::{Error, ErrorCode, Timestamp, read_object};
use serde::{Deserialize, Deserializer};

use super::history::{Arrival, Cover, History, Keep};
use crate::bulk::{index, number};

/// Something that goes wrong with reports, or with what they tell of. In documents times are RFC 3339; `cluster` may be
/// left out: any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No report arrives: the agent is down, or what it posts to.
    Outage {
        /// The first second of it.
        from: Timestamp,
        /// The first second after it.
        to: Timestamp,
        /// Whose reports.
        cluster: Option<String>,
    },
    /// Of each poll that an agent splits into several reports, one is lost. A poll is a run of reports that cover no
    /// context twice.
    DropBatch {
        /// The first second of it.
        from: Timestamp,
        /// The first second after it.
        to: Timestamp,
        /// Which one, counted from 1.
        batch: u32,
        /// Of how many: so that a reader knows. Polls of fewer reports lose theirs as well, if they have that one.
        of: u32,
        /// Whose reports.
        cluster: Option<String>,
    },
    /// A namespace or an ECS cluster is deleted: nothing runs in it any more, and no report lists it.
    DeleteNamespace {
        /// From when on.
        at: Timestamp,
        /// Its context.
        context: String,
    },
    /// Nothing runs in a namespace or an ECS cluster any more.
    EmptyNamespace {
        /// From when on.
        at: Timestamp,
        /// Its context.
        context: String,
        /// Whether reports still list it. The Kubernetes agent does not with `ignore-empty: true`.
        listed: bool,
    },
    /// The agent's scope is narrowed: all that runs there runs on, but no report lists it any more.
    ExcludeNamespace {
        /// From when on.
        at: Timestamp,
        /// Its context.
        context: String,
    },
    /// The agent's clock is wrong.
    ClockSkew {
        /// The first second of it.
        from: Timestamp,
        /// The first second after it.
        to: Timestamp,
        /// By how much it is ahead; negative: behind.
        seconds: i64,
        /// Whose clock.
        cluster: Option<String>,
    },
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, |fields: FaultFields<Timestamp>| fields.into_fault(Some))
    }
}

/// A fault as it is written, with times of the type `T`. Its kind says which of the fields it has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultFields<T> {
    kind: String,
    from: Option<T>,
    to: Option<T>,
    at: Option<T>,
    cluster: Option<String>,
    context: Option<String>,
    batch: Option<u32>,
    of: Option<u32>,
    listed: Option<bool>,
    seconds: Option<i64>,
}

impl<T> FaultFields<T> {
    /// The fault, its times read by `time`.
    ///
    /// # Errors
    /// A field that is missing, not one of its kind, or no time; an unknown kind.
    pub fn into_fault(mut self, time: impl Fn(T) -> Option<Timestamp>) -> Result<Fault, String> {
        let time = |name: &str, field: &mut Option<T>| {
            time(needed(name, field)?).ok_or_else(|| format!("`{name}` is no time"))
        };
        let kind = mem::take(&mut self.kind);
        let fault = match &*kind {
            "outage" => Fault::Outage {
                from: time("from", &mut self.from)?,
                to: time("to", &mut self.to)?,
                cluster: self.cluster.take(),
            },
            "drop_batch" => Fault::DropBatch {
                from: time("from", &mut self.from)?,
                to: time("to", &mut self.to)?,
                batch: needed("batch", &mut self.batch)?,
                of: needed("of", &mut self.of)?,
                cluster: self.cluster.take(),
            },
            "delete_namespace" => Fault::DeleteNamespace {
                at: time("at", &mut self.at)?,
                context: needed("context", &mut self.context)?,
            },
            "empty_namespace" => Fault::EmptyNamespace {
                at: time("at", &mut self.at)?,
                context: needed("context", &mut self.context)?,
                listed: needed("listed", &mut self.listed)?,
            },
            "exclude_namespace" => Fault::ExcludeNamespace {
                at: time("at", &mut self.at)?,
                context: needed("context", &mut self.context)?,
            },
            "clock_skew" => Fault::ClockSkew {
                from: time("from", &mut self.from)?,
                to: time("to", &mut self.to)?,
                seconds: needed("seconds", &mut self.seconds)?,
                cluster: self.cluster.take(),
            },
            _ => {
                return Err(format!(
                    "unknown kind `{kind}`, expected one of outage, drop_batch, delete_namespace, empty_namespace, \
                     exclude_namespace, clock_skew"
                ));
            }
        };
        let left = [
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
            ("at", self.at.is_some()),
            ("cluster", self.cluster.is_some()),
            ("context", self.context.is_some()),
            ("batch", self.batch.is_some()),
            ("of", self.of.is_some()),
            ("listed", self.listed.is_some()),
            ("seconds", self.seconds.is_some()),
        ];
        match left.iter().find(|(_, is_there)| *is_there) {
            Some((name, _)) => Err(format!("unknown field `{name}` of `{kind}`")),
            None => Ok(fault),
        }
    }
}

fn needed<V>(name: &str, field: &mut Option<V>) -> Result<V, String> {
    field.take().ok_or_else(|| format!("missing field `{name}`"))
}

impl History {
    /// The history as it would have been with these faults, one after the other. What ran in truth stays the same, but
    /// for what is deleted or emptied.
    ///
    /// # Errors
    /// `invalid_request` for a cluster or context that the history does not have, a batch that there cannot be, and a time
    /// that ends before it begins.
    pub fn with_faults(&self, faults: &[Fault]) -> Result<Self, Error> {
        let mut history = self.clone();
        for (place, fault) in faults.iter().enumerate() {
            history = history.with(fault).map_err(|error| {
                let pointer = format!("/{place}{}", error.pointer.as_deref().unwrap_or_default());
                error.at(pointer)
            })?;
        }
        if !faults.is_empty() {
            history.find_truth();
        }
        Ok(history)
    }

    fn with(&self, fault: &Fault) -> Result<Self, Error> {
        match fault {
            Fault::Outage { from, to, cluster } => {
                let is_meant = self.window(*from, *to, cluster.as_deref())?;
                Ok(self.changed(|_, report| report.is_lost |= is_meant(report), |_, _| Keep::All))
            }
            Fault::DropBatch { from, to, batch, of, cluster } => {
                if *batch < 1 || batch > of {
                    let message = format!("`batch` is {batch} of {of}; expected 1 to {of}");
                    return Err(Error::new(ErrorCode::InvalidRequest, message).at("/batch"));
                }
                let is_meant = self.window(*from, *to, cluster.as_deref())?;
                let batches = self.batches();
                let is_it = |place: usize| batches.get(place).is_some_and(|known| known == batch);
                Ok(self.changed(
                    |place, report| report.is_lost |= is_meant(report) && is_it(place),
                    |_, _| Keep::All,
                ))
            }
            Fault::DeleteNamespace { at, context } => self.ended(*at, context, Keep::Nothing),
            Fault::EmptyNamespace { at, context, listed: true } => self.ended(*at, context, Keep::Listed),
            Fault::EmptyNamespace { at, context, listed: false } => self.ended(*at, context, Keep::Nothing),
            Fault::ExcludeNamespace { at, context } => self.ended(*at, context, Keep::Hidden),
            Fault::ClockSkew { from, to, seconds, cluster } => {
                let is_meant = self.window(*from, *to, cluster.as_deref())?;
                let skewed = |time: i64| {
                    time.saturating_add(*seconds).clamp(Timestamp::MIN.unix(), Timestamp::MAX.unix())
                };
                let skew = |_, report: &mut Arrival| {
                    if is_meant(report) {
                        report.timestamp = skewed(report.timestamp);
                        report.source = None;
                    }
                };
                Ok(self.changed(skew, |_, _| Keep::All))
            }
        }
    }

    fn changed(&self, change: impl Fn(usize, &mut Arrival), keep: impl Fn(&Arrival, &Cover) -> Keep) -> Self {
        let order: Vec<usize> = (0..self.reports.len()).collect();
        self.rebuilt(&order, change, |_, report, cover| keep(report, cover))
    }

    /// From that time on, that is all that reports say of that context.
    fn ended(&self, at: Timestamp, context: &str, keep: Keep) -> Result<Self, Error> {
        let known = (0..).zip(self.contexts()).find(|(_, name)| *name == context);
        let Some((context, _)) = known else {
            let message = format!("no report covers the context `{context}`");
            return Err(Error::new(ErrorCode::InvalidRequest, message).at("/context"));
        };
        let is_over = |report: &Arrival, cover: &Cover| cover.context == context && report.at >= at.unix();
        Ok(self.changed(|_, _| {}, |report, cover| if is_over(report, cover) { keep } else { Keep::All }))
    }

    /// Whether a report of that cluster arrives from one time to another.
    fn window(
        &self,
        from: Timestamp,
        to: Timestamp,
        cluster: Option<&str>,
    ) -> Result<impl Fn(&Arrival) -> bool + use<>, Error> {
        let number = match cluster {
            None => None,
            Some(name) => match (0..).zip(self.clusters()).find(|(_, known)| *known == name) {
                Some((number, _)) => Some(number),
                None => {
                    let message = format!("no report is of the cluster `{name}`");
                    return Err(Error::new(ErrorCode::InvalidRequest, message).at("/cluster"));
                }
            },
        };
        if to < from {
            let message = format!("`to` is {to}; expected no time before `from`, {from}");
            return Err(Error::new(ErrorCode::InvalidRequest, message).at("/to"));
        }
        let time = from.unix()..to.unix();
        Ok(move |report: &Arrival| {
            time.contains(&report.at) && number.is_none_or(|number: u32| number == report.cluster)
        })
    }

    /// For each report its number in its poll, counted from 1.
    fn batches(&self) -> Vec<u32> {
        let mut polls: Vec<(u32, Vec<u32>)> = vec![(0, Vec::new()); self.catalog.clusters.len()];
        let mut batches = Vec::with_capacity(self.reports.len());
        for place in 0..self.reports.len() {
            let cluster = self.reports.get(place).map_or(0, |report| report.cluster);
            let contexts = self.contexts_of(number(place));
            let Some((batch, covered)) = polls.get_mut(index(cluster)) else { continue };
            if contexts.iter().any(|context| covered.contains(context)) {
                covered.clear();
                *batch = 0;
            }
            *batch += 1;
            covered.extend(contexts);
            batches.push(*batch);
        }
        batches
    }
}
