//! Why an item is, or is not, in the inventory at some time: the report and the rule behind it.

use keepset_types::Timestamp;

use super::curve::days_for;
use super::history::{History, Truth};
use super::replay::{End, NONE, Replay, Span, duration};
use crate::bulk::{index, number};

/// Why an item is, or is not, in the inventory at some time. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Whether it is there.
    pub retained: bool,
    /// The rule that keeps it from being there: `A2`, `A5`; none if none does.
    pub rule: Option<&'static str>,
    /// How its stay ended, if it did before that time.
    pub reason: Option<End>,
    /// When it was last observed, as far as the inventory knew then.
    pub last_seen: Option<i64>,
    /// The report that observed it then.
    pub seen_by: Option<u32>,
    /// The report that overwrote it.
    pub overwritten_by: Option<u32>,
    /// When its stay ended.
    pub ended_at: Option<i64>,
    /// When it would expire if no further report contained it.
    pub expires_at: Option<i64>,
    /// When a report observes it again after that time.
    pub seen_again_at: Option<i64>,
    /// The smallest TTL in days under which it would not have expired before the next report of it arrived.
    pub needs_days: Option<u32>,
    /// Whether it was removed while it ran.
    pub is_wrong: bool,
}

impl Replay {
    /// Why an item is, or is not, in the inventory at that time.
    #[must_use]
    pub fn why(&self, history: &History, item: u32, at: i64) -> Why {
        let spans = self.spans_of(item);
        let began = spans.iter().rev().find(|span| span.since <= at);
        let Some(span) = began else { return Why::default() };
        let retained = at < span.until;
        let sightings = history.sightings_of(item);
        let delivered =
            |until: i64| sightings.iter().filter(move |sighting| !sighting.is_lost && sighting.at <= until);
        // Of this stay, not of one that began in the second in which it ended.
        let known = delivered(at.min(span.until))
            .filter(|sighting| sighting.at >= span.since && sighting.observed <= span.last_seen);
        let last = known.max_by_key(|sighting| sighting.observed);
        let seen = last.map_or(span.last_seen, |sighting| sighting.observed);
        let again =
            delivered(i64::MAX).filter(|sighting| sighting.at > at).min_by_key(|sighting| sighting.at);
        let expired = span.end == End::Expired && !retained;
        // What is lost on the way keeps nothing.
        let next =
            delivered(i64::MAX).map(|sighting| sighting.at).filter(|arrival| *arrival >= span.until).min();
        let gap = next.filter(|_| expired).map(|next| next.saturating_sub(span.last_seen));
        Why {
            retained,
            rule: match span.end {
                _ if retained => None,
                End::Retained => None,
                End::Expired => Some("A5"),
                End::Overwritten => Some("A2"),
            },
            reason: (!retained).then_some(span.end),
            last_seen: Some(if retained { seen } else { span.last_seen }),
            seen_by: last.map(|sighting| sighting.report),
            overwritten_by: Some(span.ended_by).filter(|report| !retained && *report != NONE),
            ended_at: (!retained).then_some(span.until),
            expires_at: self.config.deadline(seen).filter(|_| retained),
            seen_again_at: again.map(|again| again.observed),
            needs_days: gap.and_then(|gap| u32::try_from(days_for(gap)).ok()),
            is_wrong: !retained && span.is_wrong,
        }
    }

    /// A span that was wrong, in a sentence: what was seen, which rule removed it, and how one knows that it still ran.
    #[must_use]
    pub fn explain(&self, history: &History, span: &Span) -> String {
        let seen = time(span.last_seen);
        let days = self.config.image_ttl_days;
        let truth = history.truth.get(index(span.item)).copied().unwrap_or(Truth::NEVER);
        let removed = match span.end {
            End::Retained => format!("last seen {seen}, there at the end"),
            End::Expired => {
                format!("last seen {seen}, expired {} under the TTL of {days} d (A5)", time(span.until))
            }
            End::Overwritten => format!(
                "last seen {seen}, overwritten {} by report {} (A2)",
                time(span.until),
                span.ended_by + 1
            ),
        };
        if !span.is_wrong {
            return removed;
        }
        let again =
            history.sightings_of(span.item).into_iter().filter(|sighting| sighting.true_time >= span.until);
        let again = again.min_by_key(|sighting| sighting.true_time);
        match again {
            Some(again) if again.is_lost => {
                format!("{removed}; it still ran {}, but no report of it arrived", time(again.true_time))
            }
            Some(again) => format!(
                "{removed}; seen again {}, {} after",
                time(again.true_time),
                duration(again.true_time - span.last_seen)
            ),
            None => format!("{removed}; it still ran {}", time(truth.last)),
        }
    }
}

/// One sighting of an item.
pub(crate) struct Sighting {
    pub(crate) report: u32,
    pub(crate) at: i64,
    pub(crate) observed: i64,
    pub(crate) true_time: i64,
    pub(crate) is_lost: bool,
}

impl History {
    /// All sightings of an item, by arrival. Goes through the whole history: for one item that somebody looks at.
    pub(crate) fn sightings_of(&self, item: u32) -> Vec<Sighting> {
        let mut sightings = Vec::new();
        let context = self.catalog.items.get(index(item)).map_or(NONE, |item| item.context);
        for (place, report) in self.reports.iter().enumerate() {
            let covers = self.covers_of(place).filter(|(cover, _)| cover.context == context);
            for (cover, range) in covers {
                if self.seen(range).contains(&item) {
                    sightings.push(Sighting {
                        report: number(place),
                        at: report.at,
                        observed: report.observed_at(),
                        true_time: report.observed,
                        is_lost: report.is_lost || cover.is_hidden,
                    });
                }
            }
        }
        sightings
    }

    /// When each report arrives, in seconds since 1970, with the number of its cluster, of the contexts that it covers and
    /// of its items, and whether it is lost.
    pub fn arrivals(&self) -> impl Iterator<Item = (i64, u32, u32, u32, bool)> {
        self.reports.iter().enumerate().map(|(place, report)| {
            let covers = self.covers_of(place).filter(|(cover, _)| !cover.is_hidden);
            let (contexts, rows) = covers.fold((0, 0), |(contexts, rows), (_, range)| {
                (contexts + 1, rows + number(self.seen(range).len()))
            });
            (report.at, report.cluster, contexts, rows, report.is_lost)
        })
    }
}

fn time(seconds: i64) -> String {
    Timestamp::from_unix(seconds).map_or_else(|| seconds.to_string(), |time| time.to_string())
}

impl Why {
    /// All of it, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some(last_seen) = self.last_seen else { return "no report has told of it yet".to_owned() };
        let seen = time(last_seen);
        let mut text = match (self.reason, self.ended_at, self.expires_at) {
            (Some(End::Expired), Some(ended), _) => format!("last seen {seen}; expired {} (A5)", time(ended)),
            (Some(End::Overwritten), Some(ended), _) => {
                let by = self.overwritten_by.map(|report| format!(" by report {}", report + 1));
                let by = by.unwrap_or_default();
                format!("last seen {seen}; overwritten {}{by} (A2)", time(ended))
            }
            (_, _, Some(expires)) => format!("kept: last seen {seen}; would expire {}", time(expires)),
            _ => format!("kept: last seen {seen}; nothing expires"),
        };
        if let (true, Some(again)) = (self.is_wrong, self.seen_again_at) {
            text.push_str(&format!("; it still ran: seen again {}", time(again)));
        } else if self.is_wrong {
            text.push_str("; it still ran then");
        }
        if let Some(days) = self.needs_days {
            text.push_str(&format!("; a TTL of {days} d would have kept it"));
        }
        text
    }
}
