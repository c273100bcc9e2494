//! Histories.

use std::rc::Rc;

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array, Uint32Array};
use keepset_engine::session::Session;
use keepset_engine::simulate::{self, FaultFields, Note, Scenario, Text};
use keepset_types::{Config, ItemKind, Timestamp};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::columns::{bytes, numbers, texts, time, times};
use crate::error::{refused, thrown, unreadable};
use crate::fault::PageFault;
use crate::replay::Replay;
use crate::value::{config, read, write};

/// What this engine is.
#[derive(Serialize)]
struct About {
    name: &'static str,
    version: &'static str,
    rules: &'static str,
}

/// See the declarations.
#[wasm_bindgen]
pub fn about() -> Result<JsValue, JsValue> {
    write(&About {
        name: "keepset-engine",
        version: env!("CARGO_PKG_VERSION"),
        rules: keepset_engine::RULES_EDITION,
    })
}

/// See the declarations.
#[wasm_bindgen]
pub fn configure(settings: JsValue) -> Result<JsValue, JsValue> {
    write(&config(&settings)?)
}

/// Whole seconds.
#[expect(clippy::cast_possible_truncation, reason = "fractions are cut off, as those of times are (N1)")]
pub(crate) fn whole(seconds: f64) -> i64 {
    seconds as i64
}

/// A stream of reports.
#[wasm_bindgen]
pub struct History {
    history: Rc<simulate::History>,
}

/// A file of the page.
struct File {
    name: String,
    bytes: Vec<u8>,
}

fn file(value: &JsValue) -> Result<File, JsValue> {
    let field = |name: &str| Reflect::get(value, &JsValue::from(name));
    let bytes = field("bytes")?.dyn_into::<Uint8Array>();
    let bytes = bytes.map_err(|_| thrown("invalid_request", "`bytes` is no Uint8Array"))?;
    Ok(File { name: field("name")?.as_string().unwrap_or_default(), bytes: bytes.to_vec() })
}

/// See the declarations.
#[wasm_bindgen]
pub fn read_scenario(json: &[u8]) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Told<'a> {
        name: &'a str,
        title: &'a str,
        about: &'a str,
        rules: &'a [String],
        faults: Vec<PageFault>,
        a: Config,
        b: Option<Config>,
    }
    let scenario = scenario(json)?;
    write(&Told {
        name: &scenario.name,
        title: &scenario.title,
        about: &scenario.about,
        rules: &scenario.rules,
        faults: scenario.faults.iter().map(PageFault::from).collect(),
        a: scenario.a,
        b: scenario.b,
    })
}

fn scenario(json: &[u8]) -> Result<Scenario, JsValue> {
    Scenario::read(Text { name: "scenario", bytes: json }).map_err(|error| unreadable(&error))
}

/// A history in numbers.
#[derive(Serialize)]
struct Summary<'a> {
    reports: u32,
    lost: u32,
    sightings: u32,
    items: u32,
    contexts: Vec<&'a str>,
    clusters: &'a [String],
    from: f64,
    to: f64,
    notes: &'a [Note],
}

/// The smallest TTL under which nothing expires that runs.
#[derive(Serialize)]
struct SafeTtl {
    days: u32,
    gap_seconds: f64,
    margin_seconds: f64,
    survives_seconds: f64,
    item: Option<u32>,
}

#[wasm_bindgen]
impl History {
    /// See the declarations.
    pub fn read(files: &Array) -> Result<History, JsValue> {
        let mut reader = simulate::Reader::keeping_texts();
        for value in files.iter() {
            let File { name, bytes } = file(&value)?;
            let text = Text { name: &name, bytes: &bytes };
            reader.read(text).map_err(|error| unreadable(&error))?;
        }
        Ok(Self { history: Rc::new(reader.finish()) })
    }

    /// See the declarations.
    pub fn scenario(json: &[u8]) -> Result<History, JsValue> {
        Ok(Self { history: Rc::new(scenario(json)?.history) })
    }

    /// See the declarations.
    pub fn with_faults(&self, faults: JsValue) -> Result<History, JsValue> {
        let faults: Vec<keepset_types::Object<FaultFields<f64>>> = read(&faults, "invalid_request")?;
        let faults =
            faults.into_iter().map(|fields| fields.0.into_fault(|at| Timestamp::from_unix(whole(at))));
        let faults =
            faults.collect::<Result<Vec<_>, _>>().map_err(|error| thrown("invalid_request", &error))?;
        let history = self.history.with_faults(&faults).map_err(|error| refused(&error, Some("faults")))?;
        Ok(Self { history: Rc::new(history) })
    }

    /// See the declarations.
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        let history = &self.history;
        write(&Summary {
            reports: history.reports(),
            lost: history.lost(),
            sightings: history.sightings(),
            items: history.items(),
            contexts: history.contexts().collect(),
            clusters: history.clusters(),
            from: time(history.from()),
            to: time(history.to()),
            notes: history.notes(),
        })
    }

    /// See the declarations.
    pub fn items(&self) -> Result<Object, JsValue> {
        let kinds: Vec<u8> = self.history.item_kinds().map(ItemKind::code).collect();
        let contexts: Vec<u32> = self.history.item_contexts().collect();
        let (names, offsets) = texts(self.history.item_names());
        object([
            ("kind", bytes(&kinds).into()),
            ("context", numbers(&contexts).into()),
            ("names", names.into()),
            ("name_offsets", offsets.into()),
        ])
    }

    /// See the declarations.
    pub fn kinds(&self) -> Array {
        ItemKind::ALL.iter().map(|kind| JsValue::from(kind.as_str())).collect()
    }

    /// See the declarations.
    pub fn reports(&self) -> Result<Object, JsValue> {
        let arrivals: Vec<_> = self.history.arrivals().collect();
        let column = |of: fn(&(i64, u32, u32, u32, bool)) -> u32| -> Uint32Array {
            numbers(&arrivals.iter().map(of).collect::<Vec<u32>>())
        };
        let lost: Vec<u8> = arrivals.iter().map(|arrival| u8::from(arrival.4)).collect();
        let at: Float64Array = times(arrivals.iter().map(|arrival| arrival.0));
        object([
            ("at", at.into()),
            ("cluster", column(|arrival| arrival.1).into()),
            ("contexts", column(|arrival| arrival.2).into()),
            ("rows", column(|arrival| arrival.3).into()),
            ("lost", bytes(&lost).into()),
        ])
    }

    /// See the declarations.
    pub fn report(&self, report: u32) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Shown {
            file: Option<String>,
            json: String,
        }
        let text = self.history.report(report);
        let text = text.ok_or_else(|| thrown("not_found", "there is no report with that number"))?;
        write(&Shown { file: text.file, json: text.json })
    }

    /// See the declarations.
    pub fn namespaces_of(&self, report: u32) -> Array {
        let contexts = self.history.contexts_of(report).into_iter();
        contexts.map(|context| JsValue::from(self.history.context_name(context))).collect()
    }

    /// See the declarations.
    pub fn safe_ttl(&self, margin_days: u32, overwrite: bool) -> Result<JsValue, JsValue> {
        let base = Config { image_ingest_overwrite: overwrite, ..Config::default() };
        let safe = simulate::safe_ttl(&self.history, margin_days, &base);
        write(&SafeTtl {
            days: safe.days,
            gap_seconds: time(safe.gap_seconds),
            margin_seconds: time(safe.margin_seconds),
            survives_seconds: time(safe.gap_seconds.saturating_add(safe.margin_seconds)),
            item: safe.item,
        })
    }

    /// See the declarations.
    pub fn curve(&self, max_days: u32, overwrite: bool) -> Result<Object, JsValue> {
        let base = Config { image_ingest_overwrite: overwrite, ..Config::default() };
        let curve = simulate::curve(&self.history, max_days, &base).map_err(|error| refused(&error, None))?;
        let stale: Vec<f64> = curve.stale_seconds.iter().map(|seconds| days(*seconds)).collect();
        object([
            ("wrong", numbers(&curve.wrong).into()),
            ("stale_item_days", Float64Array::from(stale.as_slice()).into()),
        ])
    }

    /// See the declarations.
    pub fn replay(&self, settings: JsValue, form: &str) -> Result<Replay, JsValue> {
        let config = config(&settings)?;
        let replay = match form {
            "gap" => simulate::replay(&self.history, &config),
            "step" => simulate::replay_by_step(&self.history, &config, &mut Session::new(), &mut |_| {}),
            other => {
                let message = format!("`form` is `{other}`; expected gap or step");
                return Err(thrown("invalid_request", &message));
            }
        };
        let replay = replay.map_err(|error| refused(&error, Some("config")))?;
        Ok(Replay::new(Rc::clone(&self.history), replay))
    }
}

/// Seconds as days, for people to look at.
#[expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "it is shown; nothing depends on it"
)]
pub(crate) fn days(seconds: u64) -> f64 {
    seconds as f64 / 86_400.0
}

/// An object of these fields.
pub(crate) fn object<const N: usize>(fields: [(&str, JsValue); N]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &JsValue::from(name), &value)?;
    }
    Ok(object)
}
