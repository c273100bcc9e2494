//! The gap form: what becomes of an item between two sightings is decided at the second one, from the gap in time (A5)
//! and from the reports on its context that came in between (A2). No sets, no sweeps: for sliders.
//!
//! It holds for contexts in which no row lives by another one's sign of life. In the few others the rules themselves decide.

use keepset_types::{Config, Error};

use super::history::{Arrival, History};
use super::passed::{Passed, Removing};
use super::replay::{End, NONE, Replay, Span};
use super::step;
use crate::bulk::{check_config, index, number};
use crate::session::Session;

/// The life spans of all items under a configuration, by the gap form: the same as [`super::replay_by_step`] finds.
///
/// # Errors
/// `invalid_config` (C1).
pub fn replay(history: &History, config: &Config) -> Result<Replay, Error> {
    check_config(config)?;
    let passed = Passed::of(history, config);
    let mut gap = Gap {
        config,
        passed: &passed,
        states: vec![State::GONE; history.catalog.items.len()],
        spans: Vec::with_capacity(history.catalog.items.len()),
        touched: vec![0; history.reports.len()],
    };
    let mut place = 0_u32;
    for (report, arrival) in history.reports.iter().enumerate() {
        for (cover, range) in history.covers_of(report) {
            if passed.is_applied(place) && !history.is_intricate(cover.context) {
                gap.see(history.seen(range), number(report), arrival, place);
            }
            place += 1;
        }
    }
    gap.finish(history.to());
    let Gap { spans, touched, .. } = gap;
    let replay = Replay::new(history, *config, spans, touched);
    if history.is_plain() {
        return Ok(replay);
    }
    let is_intricate = |context| history.is_intricate(context);
    let rest = step::replay_contexts(history, config, &mut Session::new(), &is_intricate, &mut |_| {})?;
    Ok(replay.and(rest))
}

/// An item between two sightings.
#[derive(Clone, Copy)]
struct State {
    /// When it came into the inventory; [`State::GONE`] has none.
    since: i64,
    /// Its `last_seen`.
    seen: i64,
    /// The last cover that contained it.
    cover: u32,
    /// The report that brought it.
    began: u32,
}

impl State {
    const GONE: Self = Self { since: i64::MIN, seen: 0, cover: 0, began: 0 };
}

struct Gap<'a> {
    config: &'a Config,
    passed: &'a Passed,
    states: Vec<State>,
    spans: Vec<Span>,
    touched: Vec<u32>,
}

impl Gap<'_> {
    /// A cover that is applied, and the items that it contains.
    fn see(&mut self, items: &[u32], report: u32, arrival: &Arrival, cover: u32) {
        let observed = arrival.observed_at();
        // A7. What is there already is not: it was swept before.
        let is_too_old = self.config.is_past_ttl(observed, arrival.at);
        let mut touched = 0;
        for item in items {
            let Some(state) = self.states.get_mut(index(*item)) else { continue };
            if state.since != i64::MIN {
                let removing = self.passed.next_removing(state.cover).filter(|next| next.cover < cover);
                let deadline = self.config.deadline(state.seen);
                let has_expired = deadline.is_some_and(|deadline| deadline <= arrival.at);
                if removing.is_none() && !has_expired {
                    touched += 1;
                    state.seen = state.seen.max(observed);
                    state.cover = cover;
                    continue;
                }
                self.spans.push(gone(*item, state, deadline, removing));
            }
            *state = match is_too_old {
                true => State::GONE,
                false => State { since: arrival.at, seen: observed, cover, began: report },
            };
        }
        if let Some(of_report) = self.touched.get_mut(index(report)) {
            *of_report += touched;
        }
    }

    /// What becomes of the items that are not seen again, until `to`.
    fn finish(&mut self, to: i64) {
        for (item, state) in (0..).zip(&self.states) {
            if state.since == i64::MIN {
                continue;
            }
            let removing = self.passed.next_removing(state.cover);
            let deadline = self.config.deadline(state.seen);
            self.spans.push(match removing.is_some() || deadline.is_some_and(|deadline| deadline <= to) {
                true => gone(item, state, deadline, removing),
                false => ended(item, state, i64::MAX, End::Retained, NONE),
            });
        }
    }
}

/// The span of an item that was removed, by what came first; in one second that is the sweep.
fn gone(item: u32, state: &State, deadline: Option<i64>, removing: Option<Removing>) -> Span {
    match (removing, deadline) {
        (Some(removing), Some(deadline)) if deadline <= removing.at => {
            ended(item, state, deadline, End::Expired, NONE)
        }
        (Some(removing), _) => ended(item, state, removing.at, End::Overwritten, removing.report),
        (None, deadline) => ended(item, state, deadline.unwrap_or(i64::MAX), End::Expired, NONE),
    }
}

fn ended(item: u32, state: &State, until: i64, end: End, ended_by: u32) -> Span {
    let State { since, seen: last_seen, began, .. } = *state;
    Span { item, since, until, last_seen, end, is_wrong: false, began, ended_by }
}
