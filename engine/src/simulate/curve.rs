//! What every TTL would do, in one pass: each gap between two sightings of an item says from which TTL on the item stays.

use keepset_types::{Config, Error, MAX_TTL_DAYS, SECONDS_PER_DAY};

use super::gap;
use super::history::{Arrival, History, Truth};
use super::passed::Passed;
use crate::bulk::{check_config, index};

/// What each TTL does to a history. The index is the TTL in days; 0: for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Curve {
    /// Items that are removed while they run, each counted once.
    pub wrong: Vec<u32>,
    /// Seconds that items are in the inventory after the last report that told of them, all items together.
    pub stale_seconds: Vec<u64>,
}

/// The smallest TTL that covers the longest time for which an item that ran was not seen: under it nothing expires that
/// still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafeTtl {
    /// It, in days, with the margin that was asked for.
    pub days: u32,
    /// That longest time, in seconds; 0 if no item was seen twice.
    pub gap_seconds: i64,
    /// How much longer an item may go unseen before it expires, in seconds.
    pub margin_seconds: i64,
    /// Whose gap it was.
    pub item: Option<u32>,
}

/// What TTLs from 0 to `max_days` do, the other settings being those of `base`; each as [`super::replay`] counts it.
///
/// # Errors
/// `invalid_config` if `max_days` is no TTL (C1).
pub fn curve(history: &History, max_days: u32, base: &Config) -> Result<Curve, Error> {
    check_config(&Config { image_ttl_days: max_days, ..*base })?;
    if !history.is_plain() {
        // Gaps do not tell all there: each TTL is replayed.
        let mut curve = Curve::default();
        for image_ttl_days in 0..=max_days {
            let verdict = gap::replay(history, &Config { image_ttl_days, ..*base })?.verdict(history);
            curve.wrong.push(verdict.wrong_items);
            curve.stale_seconds.push(verdict.stale_seconds);
        }
        return Ok(curve);
    }
    let mut sums = Sums::new(history, max_days);
    gaps(history, base, &mut |gap| sums.add(gap));
    Ok(sums.finish())
}

/// The smallest TTL under which nothing expires that still runs, and `margin_days` more, the other settings being those
/// of `base`. Against what overwrite removes no TTL helps.
#[must_use]
pub fn safe_ttl(history: &History, margin_days: u32, base: &Config) -> SafeTtl {
    let mut widest = SafeTtl { days: 1, gap_seconds: 0, margin_seconds: 0, item: None };
    gaps(history, base, &mut |gap| {
        if gap.unseen > widest.gap_seconds && gap.unseen > gap.delay {
            (widest.gap_seconds, widest.item) = (gap.unseen, Some(gap.item));
        }
    });
    let days = u32::try_from(days_for(widest.gap_seconds)).unwrap_or(MAX_TTL_DAYS).max(1);
    widest.days = days.saturating_add(margin_days).min(MAX_TTL_DAYS);
    widest.margin_seconds = i64::from(widest.days) * SECONDS_PER_DAY - widest.gap_seconds;
    widest
}

/// The time after an item was seen until it is seen again or known to be gone. Seconds.
struct Gap {
    item: u32,
    /// A TTL below this does not let the item in (A7).
    delay: i64,
    /// A TTL below this removes it while it still runs.
    unseen: i64,
    /// Whether overwrite removes it while it still runs, if the TTL did not.
    is_cut: bool,
    /// Of the last gap of an item.
    last: Option<Last>,
}

/// What becomes of an item in the end. Seconds since 1970.
struct Last {
    seen: i64,
    /// When it is overwritten, or the history ends.
    end: i64,
    /// When a report last told of it.
    heard: i64,
}

/// An item after a sighting.
#[derive(Clone, Copy)]
struct State {
    /// Its `last_seen`; `i64::MIN` before the first sighting.
    seen: i64,
    delay: i64,
    cover: u32,
}

/// Tells of all gaps between sightings.
fn gaps(history: &History, config: &Config, tell: &mut impl FnMut(Gap)) {
    let passed = Passed::of(history, config);
    let mut states = vec![State { seen: i64::MIN, delay: 0, cover: 0 }; history.catalog.items.len()];
    let mut place = 0;
    for (report, arrival) in history.reports.iter().enumerate() {
        for (_, range) in history.covers_of(report) {
            if passed.is_applied(place) {
                for item in history.seen(range) {
                    if let Some(state) = states.get_mut(index(*item)) {
                        state.see(*item, arrival, place, history, &passed, tell);
                    }
                }
            }
            place += 1;
        }
    }
    let to = history.to();
    for (item, state) in (0..).zip(&states).filter(|(_, state)| state.seen != i64::MIN) {
        let truth = history.truth.get(index(item)).copied().unwrap_or(Truth::NEVER);
        let removing = passed.next_removing(state.cover);
        tell(Gap {
            item,
            delay: state.delay,
            unseen: removing.map_or(to, |next| next.at).min(truth.last) - state.seen,
            is_cut: removing.is_some_and(|next| next.at <= truth.last),
            last: Some(Last {
                seen: state.seen,
                end: removing.map_or(to, |next| next.at),
                heard: truth.heard,
            }),
        });
    }
}

impl State {
    fn see(
        &mut self,
        item: u32,
        arrival: &Arrival,
        cover: u32,
        history: &History,
        passed: &Passed,
        tell: &mut impl FnMut(Gap),
    ) {
        let observed = arrival.observed_at();
        if self.seen != i64::MIN {
            let removing = passed.next_removing(self.cover).filter(|next| next.cover < cover);
            if removing.is_none() && observed <= self.seen {
                // It tells nothing new. If the item had expired, it is past the TTL still (A7).
                self.cover = cover;
                return;
            }
            let unseen = removing.map_or(arrival.at, |next| next.at) - self.seen;
            // Most gaps are short, and no TTL is: it is at least a day.
            if unseen > 0 || removing.is_some() {
                let truth = history.truth.get(index(item)).copied().unwrap_or(Truth::NEVER);
                tell(Gap {
                    item,
                    delay: self.delay,
                    unseen: unseen.min(truth.last - self.seen),
                    is_cut: removing.is_some_and(|next| next.at <= truth.last),
                    last: None,
                });
            }
        }
        *self = Self { seen: observed, delay: arrival.at.saturating_sub(observed), cover };
    }
}

/// The smallest number of days that is at least so many seconds.
pub(super) fn days_for(seconds: i64) -> i64 {
    seconds.saturating_add(SECONDS_PER_DAY - 1).div_euclid(SECONDS_PER_DAY)
}

/// What gaps add up to, for each TTL.
struct Sums {
    max_days: u32,
    /// For each item the TTLs that remove it wrongly: from 1 up to this one, itself not.
    below: Vec<u32>,
    /// Further TTLs that do: of an item, from one up to another, itself not.
    odd: Vec<(u32, u32, u32)>,
    /// Of each TTL, how many more items are removed wrongly than under the one before.
    wrong: Vec<i64>,
    /// Of each TTL, by how much more the fixed part of the stale time is than under the one before, ...
    fixed: Vec<i64>,
    /// ... and how many more items are stale for as long as the TTL.
    growing: Vec<i64>,
}

impl Sums {
    fn new(history: &History, max_days: u32) -> Self {
        let days = index(max_days) + 2;
        Self {
            max_days,
            below: vec![0; history.catalog.items.len()],
            odd: Vec::new(),
            wrong: vec![0; days],
            fixed: vec![0; days],
            growing: vec![0; days],
        }
    }

    /// A TTL in days as an index: behind the last one is where nothing counts any more.
    fn day(&self, days: i64) -> u32 {
        u32::try_from(days.max(0)).unwrap_or(u32::MAX).min(self.max_days + 1)
    }

    fn add(&mut self, gap: Gap) {
        let from = self.day(days_for(gap.delay).max(1));
        let until = if gap.is_cut { self.max_days + 1 } else { self.day(days_for(gap.unseen)) };
        if gap.is_cut {
            self.odd.push((gap.item, 0, 1));
        }
        if from == 1 {
            if let Some(below) = self.below.get_mut(index(gap.item)) {
                *below = until.max(*below);
            }
        } else if from < until {
            self.odd.push((gap.item, from, until));
        }
        if let Some(last) = &gap.last {
            self.add_stale(last, from);
        }
    }

    /// After it was last told of, an item stays for the TTL and a second, from its `last_seen` on, or until the end.
    fn add_stale(&mut self, last: &Last, from: u32) {
        let all = last.end - last.heard;
        if all <= 0 {
            return;
        }
        change(&mut self.fixed, 0, all);
        change(&mut self.fixed, 1, -all);
        let base = last.seen + 1 - last.heard;
        let first = self.day(days_for(1 - base)).max(from);
        let full = self.day(days_for(all - base)).max(first);
        change(&mut self.fixed, first, base);
        change(&mut self.growing, first, 1);
        change(&mut self.fixed, full, all - base);
        change(&mut self.growing, full, -1);
    }

    fn finish(mut self) -> Curve {
        self.odd.sort_unstable();
        for of_item in self.odd.chunk_by(|a, b| a.0 == b.0) {
            // What is left to count begins where everything before it has ended.
            let mut end = 0;
            let below = of_item.first().and_then(|odd| self.below.get_mut(index(odd.0)));
            let plain = (0, 1, below.map_or(0, std::mem::take));
            let (before, behind) = of_item.split_at(of_item.partition_point(|odd| odd.1 < plain.1));
            for (_, from, until) in before.iter().chain([&plain]).chain(behind) {
                let from = end.max(*from);
                if from < *until {
                    change(&mut self.wrong, from, 1);
                    change(&mut self.wrong, *until, -1);
                    end = *until;
                }
            }
        }
        for below in self.below.iter().filter(|below| **below > 1) {
            change(&mut self.wrong, 1, 1);
            change(&mut self.wrong, *below, -1);
        }
        let days = index(self.max_days) + 1;
        let growing = sums(&self.growing).zip(0_i64..).map(|(items, day)| items * day * SECONDS_PER_DAY);
        let stale = sums(&self.fixed).zip(growing).map(|(fixed, growing)| fixed + growing);
        Curve {
            wrong: sums(&self.wrong).take(days).map(|count| u32::try_from(count).unwrap_or(0)).collect(),
            stale_seconds: stale.take(days).map(|seconds| u64::try_from(seconds).unwrap_or(0)).collect(),
        }
    }
}

fn change(changes: &mut [i64], at: u32, by: i64) {
    if let Some(change) = changes.get_mut(index(at)) {
        *change += by;
    }
}

fn sums(changes: &[i64]) -> impl Iterator<Item = i64> {
    changes.iter().scan(0, |sum, change| {
        *sum += change;
        Some(*sum)
    })
}
