//! Replays.

use std::rc::Rc;

use js_sys::{Array, Float64Array, Object};
use keepset_engine::simulate::{self, End, Span};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::columns::{bytes, numbers, time, times};
use crate::history::{days, object, whole};
use crate::value::write;

/// What a configuration makes of a history.
#[wasm_bindgen]
pub struct Replay {
    history: Rc<simulate::History>,
    replay: simulate::Replay,
}

impl Replay {
    pub(crate) fn new(history: Rc<simulate::History>, replay: simulate::Replay) -> Self {
        Self { history, replay }
    }

    fn numbers_of(&self, of: impl Fn(&Span) -> u32) -> JsValue {
        numbers(&self.replay.spans.iter().map(of).collect::<Vec<u32>>()).into()
    }

    fn times_of(&self, of: impl Fn(&Span) -> i64) -> JsValue {
        times(self.replay.spans.iter().map(of)).into()
    }
}

/// What came of it, in terms of harm.
#[derive(Serialize)]
struct Verdict {
    wrong_items: u32,
    wrong_by_ttl: u32,
    wrong_by_overwrite: u32,
    first_wrong_at: Option<f64>,
    first_wrong_item: Option<u32>,
    expired: u32,
    overwritten: u32,
    active_at_end: u32,
    stale_at_end: u32,
    stale_item_days: f64,
    survives_seconds: Option<f64>,
    sentence: String,
}

/// Why an item is there, or is not.
#[derive(Serialize)]
struct Why {
    retained: bool,
    rule: Option<&'static str>,
    reason: Option<&'static str>,
    last_seen: Option<f64>,
    seen_by: Option<u32>,
    overwritten_by: Option<u32>,
    ended_at: Option<f64>,
    expires_at: Option<f64>,
    seen_again_at: Option<f64>,
    needs_days: Option<u32>,
    wrong: bool,
    sentence: String,
}

#[wasm_bindgen]
impl Replay {
    /// See the declarations.
    pub fn verdict(&self) -> Result<JsValue, JsValue> {
        let verdict = self.replay.verdict(&self.history);
        write(&Verdict {
            wrong_items: verdict.wrong_items,
            wrong_by_ttl: verdict.wrong_by_ttl,
            wrong_by_overwrite: verdict.wrong_by_overwrite,
            first_wrong_at: verdict.first_wrong_at.map(time),
            first_wrong_item: verdict.first_wrong_item,
            expired: verdict.expired,
            overwritten: verdict.overwritten,
            active_at_end: verdict.active_at_end,
            stale_at_end: verdict.stale_at_end,
            stale_item_days: days(verdict.stale_seconds),
            survives_seconds: verdict.survives_seconds.map(time),
            sentence: verdict.sentence(),
        })
    }

    /// See the declarations.
    pub fn spans(&self) -> Result<Object, JsValue> {
        let spans = &self.replay.spans;
        let ends: Vec<u8> = spans.iter().map(|span| span.end as u8).collect();
        let wrong: Vec<u8> = spans.iter().map(|span| u8::from(span.is_wrong)).collect();
        object([
            ("item", self.numbers_of(|span| span.item)),
            ("since", self.times_of(|span| span.since)),
            ("until", self.times_of(|span| span.until)),
            ("last_seen", self.times_of(|span| span.last_seen)),
            ("end", bytes(&ends).into()),
            ("wrong", bytes(&wrong).into()),
            ("began", self.numbers_of(|span| span.began)),
            ("ended_by", self.numbers_of(|span| span.ended_by)),
        ])
    }

    /// See the declarations.
    pub fn ends(&self) -> Array {
        End::ALL.iter().map(|end| JsValue::from(end.as_str())).collect()
    }

    /// See the declarations.
    pub fn series(&self, points: u32) -> Result<Object, JsValue> {
        columns_of(&self.replay.series(&self.history, points))
    }

    /// See the declarations.
    pub fn density(&self, points: u32) -> Result<Object, JsValue> {
        columns_of(&self.replay.density(&self.history, points))
    }

    /// See the declarations.
    pub fn outcomes(&self) -> Result<Object, JsValue> {
        let outcomes = self.replay.outcomes();
        object([
            ("added", numbers(&outcomes.added).into()),
            ("refreshed", numbers(&outcomes.refreshed).into()),
            ("removed", numbers(&outcomes.removed).into()),
        ])
    }

    /// See the declarations.
    pub fn why(&self, item: u32, at: f64) -> Result<JsValue, JsValue> {
        let why = self.replay.why(&self.history, item, whole(at));
        write(&Why {
            retained: why.retained,
            rule: why.rule,
            reason: why.reason.map(End::as_str),
            last_seen: why.last_seen.map(time),
            seen_by: why.seen_by,
            overwritten_by: why.overwritten_by,
            ended_at: why.ended_at.map(time),
            expires_at: why.expires_at.map(time),
            seen_again_at: why.seen_again_at.map(time),
            needs_days: why.needs_days,
            wrong: why.is_wrong,
            sentence: why.sentence(),
        })
    }

    /// See the declarations.
    pub fn same_as(&self, other: &Replay) -> bool {
        self.replay == other.replay
    }
}

fn columns_of(series: &simulate::Series) -> Result<Object, JsValue> {
    let at: Float64Array = times(series.at.iter().copied());
    object([
        ("at", at.into()),
        ("active", numbers(&series.active).into()),
        ("truth", numbers(&series.truth).into()),
    ])
}
