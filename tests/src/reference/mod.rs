//! The retention semantics a second time, from the page alone: slow, plain, and sharing nothing with the engine.
//!
//! It reads like `docs/semantics.md` and works on JSON values with sets, maps and loops. Whatever another build decides
//! otherwise for the same input is a fault in that build, in this module or in the page.

mod apply;
mod purge;
mod read;
mod row;
mod settings;

use serde_json::Value;

use row::Inventory;

/// The body of a report as an agent posts it.
#[derive(Clone, Copy, Debug)]
pub enum Report<'a> {
    /// The body for the Kubernetes inventory.
    Kubernetes(&'a str),
    /// The body for the ECS inventory.
    Ecs(&'a str),
}

/// What can be configured (section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// C1: days until a row that nobody reports is removed; 0 is never.
    pub ttl_days: u64,
    /// C2: whether a report removes what it no longer lists (A2).
    pub overwrite: bool,
    /// A3: whether an ECS report with exactly 100 tasks is taken for a truncated one.
    pub truncation_guard: bool,
}

/// The settings that the keys of `runtime_inventory` ask for (C1 to C4). `null` stands for no keys.
///
/// # Errors
/// `invalid_config`
pub fn settings(config: &Value) -> Result<Settings, &'static str> {
    settings::read(config)
}

/// Section 3: the outcome document (E1 to E4) of a report, or of a sweep where there is none. Warnings have no sentence.
///
/// # Errors
/// `invalid_report` (N8); `invalid_request` where a row of `prior` is none.
pub fn evaluate(
    prior: &[Value],
    report: Option<Report<'_>>,
    settings: &Settings,
    now: i64,
) -> Result<Value, &'static str> {
    let prior = row::inventory(prior)?;
    let observation = match report {
        None => None,
        Some(report) => match read::observation(report, now)? {
            // N7: nothing is stored, removed or warned of, and the TTL is not applied.
            read::Reading::Probe => return Ok(apply::untouched(&prior, settings)),
            read::Reading::Observation(observation) => Some(observation),
        },
    };
    Ok(apply::apply(prior, observation.as_ref(), settings, now))
}

/// Section 4: what a deletion by hand keeps and removes, as `{"retained": [...], "removed": [...]}`.
///
/// # Errors
/// `invalid_request` or `not_found` (D3); `invalid_request` also where a row of `prior` is none.
pub fn purge(prior: &[Value], selector: &Value) -> Result<Value, &'static str> {
    purge::purge(&row::inventory(prior)?, selector)
}

/// I1, I4: the key of the root of a context.
fn root(inventory_type: &str, context: &str) -> row::Key {
    if inventory_type == "ecs" {
        row::Key::new("ecs", context, "cluster", context)
    } else {
        let name = context.rsplit('/').next().unwrap_or_default();
        row::Key::new("kubernetes", context, "namespace", name)
    }
}

/// I3: the image of a container row; none for another row, nor for a container without an image_tag.
fn image_of(key: &row::Key, row: &row::Row) -> Option<row::Key> {
    let tag = row.text("image_tag")?;
    let digest = row.text("image_digest").unwrap_or_default();
    (key.kind == "container").then(|| row::Key::image(&key.inventory_type, &key.context, tag, digest))
}

/// The rows of an inventory as JSON, in the order of I1.
fn listing(inventory: &Inventory) -> Vec<Value> {
    inventory.iter().map(|(key, row)| Value::Object(row::json(key, row))).collect()
}
