//! What a configuration makes of a history: the life spans of its items, and what can be counted from them.

use std::fmt::Write as _;

use keepset_types::{Config, SECONDS_PER_DAY, Timestamp};
use serde::{Serialize, Serializer};

use super::history::{History, Truth};
use crate::bulk::index;

/// No report, no item, no row.
pub const NONE: u32 = u32::MAX;

/// How a life span ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum End {
    /// It does not: the item is there when the history ends.
    Retained = 0,
    /// The item was not seen for more than the TTL (A5).
    Expired = 1,
    /// A report on its context did not contain it (A2).
    Overwritten = 2,
}

impl End {
    /// Every end, each at the index of its number.
    pub const ALL: [Self; 3] = [Self::Retained, Self::Expired, Self::Overwritten];

    /// The text that documents use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retained => "retained",
            Self::Expired => "expired",
            Self::Overwritten => "overwritten",
        }
    }
}

/// A stay of an item in the inventory. An item that is removed and comes back has several. Times are seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The item's number.
    pub item: u32,
    /// When it came in.
    pub since: i64,
    /// When it was removed; `i64::MAX`: not before the history ends.
    pub until: i64,
    /// Its `last_seen` then.
    pub last_seen: i64,
    /// How it ends.
    pub end: End,
    /// Whether the item was removed while it ran: some report, be it one that never arrived, observed it then or later.
    pub is_wrong: bool,
    /// The report that brought it in.
    pub began: u32,
    /// The report that overwrote it; [`NONE`] if none did.
    pub ended_by: u32,
}

/// The life spans of all items of a history under one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// What decided.
    pub config: Config,
    /// By item, then by time.
    pub spans: Vec<Span>,
    /// For each report, how many of its items were in the inventory already.
    pub refreshed: Vec<u32>,
}

/// What came of a history, in terms of harm. In documents times are RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Items that were removed while they ran, each counted once.
    pub wrong_items: u32,
    /// Such removals by the TTL; an item can be removed several times.
    pub wrong_by_ttl: u32,
    /// Such removals by overwrite.
    pub wrong_by_overwrite: u32,
    /// When the first of them was, in seconds since 1970.
    #[serde(serialize_with = "as_time")]
    pub first_wrong_at: Option<i64>,
    /// Whose it was.
    #[serde(skip)]
    pub first_wrong_item: Option<u32>,
    /// Removals by the TTL, right or wrong.
    pub expired: u32,
    /// Removals by overwrite, right or wrong.
    pub overwritten: u32,
    /// Items in the inventory when the history ends.
    pub active_at_end: u32,
    /// Those of them of which no report has told for more than a day.
    pub stale_at_end: u32,
    /// Seconds that items were in the inventory after the last report that told of them, all items together.
    pub stale_seconds: u64,
    /// The longest time without a report that no item expires in, in seconds: the TTL; none if nothing expires.
    pub survives_seconds: Option<i64>,
}

/// How many items there are at some points in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Seconds since 1970, at equal distances.
    pub at: Vec<i64>,
    /// Items in the inventory.
    pub active: Vec<u32>,
    /// Items that ran: observed then or before, and then or after.
    pub truth: Vec<u32>,
}

/// What each report did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Items that it brought in.
    pub added: Vec<u32>,
    /// Items that it found in the inventory.
    pub refreshed: Vec<u32>,
    /// Items that it overwrote.
    pub removed: Vec<u32>,
}

/// Spans of which those of one item are in the order of time, put in the order of their items.
fn by_item(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.item);
    spans
}

impl Replay {
    pub(super) fn new(history: &History, config: Config, mut spans: Vec<Span>, refreshed: Vec<u32>) -> Self {
        for span in &mut spans {
            let truth = history.truth.get(index(span.item)).copied().unwrap_or(Truth::NEVER);
            span.is_wrong = span.end != End::Retained && truth.last >= span.until;
        }
        Self { config, spans: by_item(spans), refreshed }
    }

    /// Both replays, of different contexts and so of different items.
    pub(super) fn and(self, other: Self) -> Self {
        let mut spans = self.spans;
        spans.extend(other.spans);
        let refreshed = self.refreshed.iter().zip(&other.refreshed).map(|(a, b)| a + b).collect();
        Self { spans: by_item(spans), refreshed, ..self }
    }

    /// What came of it, in terms of harm.
    #[must_use]
    pub fn verdict(&self, history: &History) -> Verdict {
        let mut verdict = Verdict { survives_seconds: self.config.ttl_seconds(), ..Verdict::default() };
        let to = history.to();
        let mut last_wrong = NONE;
        for span in &self.spans {
            match span.end {
                End::Retained => verdict.active_at_end += 1,
                End::Expired => verdict.expired += 1,
                End::Overwritten => verdict.overwritten += 1,
            }
            let heard = history.truth.get(index(span.item)).map_or(i64::MAX, |truth| truth.heard);
            let stale = span.until.min(to).saturating_sub(heard).max(0);
            verdict.stale_seconds += u64::try_from(stale).unwrap_or(0);
            if span.end == End::Retained && stale > SECONDS_PER_DAY {
                verdict.stale_at_end += 1;
            }
            if !span.is_wrong {
                continue;
            }
            match span.end {
                End::Overwritten => verdict.wrong_by_overwrite += 1,
                _ => verdict.wrong_by_ttl += 1,
            }
            if span.item != last_wrong {
                verdict.wrong_items += 1;
                last_wrong = span.item;
            }
            if verdict.first_wrong_at.is_none_or(|first| span.until < first) {
                verdict.first_wrong_at = Some(span.until);
                verdict.first_wrong_item = Some(span.item);
            }
        }
        verdict
    }

    /// The spans that ended while their items ran, the earliest end first.
    #[must_use]
    pub fn wrong(&self) -> Vec<Span> {
        let mut wrong: Vec<Span> = self.spans.iter().filter(|span| span.is_wrong).copied().collect();
        wrong.sort_by_key(|span| (span.until, span.item));
        wrong
    }

    /// How many items are in the inventory at so many points in time, from the first report to the end.
    #[must_use]
    pub fn series(&self, history: &History, points: u32) -> Series {
        let grid = Grid::over(history, points);
        let mut active = Tally::new(&grid);
        for span in &self.spans {
            active.count(&grid, span.since, span.until.saturating_sub(1));
        }
        let mut truth = Tally::new(&grid);
        for of_item in &history.truth {
            truth.count(&grid, of_item.first, of_item.last);
        }
        Series {
            at: (0..grid.points).map(|point| grid.at(point)).collect(),
            active: active.sums(),
            truth: truth.sums(),
        }
    }

    /// The same for each context: one context behind the other, each with so many points.
    #[must_use]
    pub fn density(&self, history: &History, points: u32) -> Series {
        let grid = Grid::over(history, points);
        let items = &history.catalog.items;
        let contexts = history.catalog.contexts.len();
        let context_of = |item: u32| items.get(index(item)).map_or(0, |item| index(item.context));
        let mut active: Vec<Tally> = (0..contexts).map(|_| Tally::new(&grid)).collect();
        let mut truth = active.clone();
        for span in &self.spans {
            if let Some(tally) = active.get_mut(context_of(span.item)) {
                tally.count(&grid, span.since, span.until.saturating_sub(1));
            }
        }
        for (of_item, item) in history.truth.iter().zip(items) {
            if let Some(tally) = truth.get_mut(index(item.context)) {
                tally.count(&grid, of_item.first, of_item.last);
            }
        }
        Series {
            at: (0..grid.points).map(|point| grid.at(point)).collect(),
            active: active.into_iter().flat_map(Tally::sums).collect(),
            truth: truth.into_iter().flat_map(Tally::sums).collect(),
        }
    }

    /// What each report did.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        let reports = self.refreshed.len();
        let mut outcomes = Outcomes {
            added: vec![0; reports],
            refreshed: self.refreshed.clone(),
            removed: vec![0; reports],
        };
        for span in &self.spans {
            if let Some(added) = outcomes.added.get_mut(index(span.began)) {
                *added += 1;
            }
            if let Some(removed) = outcomes.removed.get_mut(index(span.ended_by)) {
                *removed += 1;
            }
        }
        outcomes
    }

    /// The spans of one item, by time.
    #[must_use]
    pub fn spans_of(&self, item: u32) -> &[Span] {
        let start = self.spans.partition_point(|span| span.item < item);
        let end = self.spans.partition_point(|span| span.item <= item);
        self.spans.get(start..end).unwrap_or_default()
    }
}

/// Points in time at equal distances.
struct Grid {
    from: i64,
    length: i64,
    points: u32,
}

impl Grid {
    fn over(history: &History, points: u32) -> Self {
        let (from, to) = (history.from(), history.to());
        Self { from, length: to.saturating_sub(from).max(0), points: points.max(2) }
    }

    fn at(&self, point: u32) -> i64 {
        self.from + self.length * i64::from(point) / i64::from(self.points - 1)
    }

    /// The first point at or behind that time; as many as there are points if there is none.
    fn first_from(&self, time: i64) -> u32 {
        if time <= self.from {
            return 0;
        }
        if time > self.from + self.length || self.length == 0 {
            return self.points;
        }
        let steps = i64::from(self.points - 1);
        // The smallest point p with length * p / steps >= time - from, cut off.
        let point = ((time - self.from) * steps + self.length - 1) / self.length;
        u32::try_from(point).unwrap_or(self.points).min(self.points)
    }
}

/// Counts at the points of a grid, by what comes and what goes.
#[derive(Clone)]
struct Tally(Vec<i64>);

impl Tally {
    fn new(grid: &Grid) -> Self {
        Self(vec![0; index(grid.points) + 1])
    }

    /// Counts one that is there from the first to the last of these seconds.
    fn count(&mut self, grid: &Grid, first: i64, last: i64) {
        let (start, end) = (grid.first_from(first), grid.first_from(last.saturating_add(1)));
        if start >= end {
            return;
        }
        if let Some(start) = self.0.get_mut(index(start)) {
            *start += 1;
        }
        if let Some(end) = self.0.get_mut(index(end)) {
            *end -= 1;
        }
    }

    fn sums(self) -> Vec<u32> {
        let points = self.0.len() - 1;
        let sums = self.0.into_iter().scan(0_i64, |sum, change| {
            *sum += change;
            Some(u32::try_from(*sum).unwrap_or(0))
        });
        sums.take(points).collect()
    }
}

impl Verdict {
    /// The harm, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = match (self.wrong_items, self.first_wrong_at.and_then(Timestamp::from_unix)) {
            (1, Some(first)) => format!("removes 1 item that still runs, at {first}"),
            (wrong, Some(first)) => format!("removes {wrong} items that still run, the first at {first}"),
            _ => "removes nothing that still runs".to_owned(),
        };
        let kept = self.active_at_end;
        let _ = match (kept, self.stale_at_end) {
            (0, _) => write!(text, "; keeps nothing at the end"),
            (kept, 0) => write!(text, "; keeps {kept} at the end, all of them seen within a day"),
            (kept, stale) => {
                write!(text, "; keeps {kept} at the end, {stale} of them not seen for more than a day")
            }
        };
        text
    }
}

fn as_time<S: Serializer>(seconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    seconds.and_then(Timestamp::from_unix).serialize(serializer)
}

/// Seconds in the two largest units that there are any of, for people: `7 days 1 second` is more than `7 days`.
#[must_use]
pub fn duration(seconds: i64) -> String {
    let units =
        [("day", SECONDS_PER_DAY, i64::MAX), ("hour", 3600, 24), ("minute", 60, 60), ("second", 1, 60)];
    let counts = units.map(|(unit, size, most)| (seconds / size % most, unit));
    let parts = counts.iter().filter(|(count, _)| *count != 0).take(2);
    let parts: Vec<String> =
        parts.map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect();
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn two_units_say_what_decides() {
        for (seconds, said) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (308, "5 minutes 8 seconds"),
            (7200, "2 hours"),
            (86_400, "1 day"),
            (7 * 86_400 + 1, "7 days 1 second"),
            (4 * 86_400 + 6 * 3600 + 59, "4 days 6 hours"),
        ] {
            assert_eq!(duration(seconds), said);
        }
    }
}
