//! Section 3: applying a report, or sweeping. Section 6: the outcome.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::read::{Observation, Warning};
use super::row::{self, Inventory, Key, Row};
use super::{Settings, image_of, root};

/// E2: what is said of a removed row.
struct Removed {
    last_seen: i64,
    reason: &'static str,
    rule: &'static str,
}

/// One step: the inventory as it becomes, and what is to be said of it.
struct Step<'a> {
    prior: &'a Inventory,
    settings: &'a Settings,
    now: i64,
    rows: Inventory,
    reported: BTreeSet<Key>,
    removed: BTreeMap<Key, Removed>,
    /// A6: why containers of an image went in this step.
    lost: BTreeMap<Key, BTreeSet<&'static str>>,
    warnings: Vec<Warning>,
}

pub(super) fn apply(
    prior: Inventory,
    observation: Option<&Observation>,
    settings: &Settings,
    now: i64,
) -> Value {
    let mut step = Step {
        prior: &prior,
        settings,
        now,
        rows: prior.clone(),
        reported: BTreeSet::new(),
        removed: BTreeMap::new(),
        lost: BTreeMap::new(),
        warnings: Vec::new(),
    };
    // C5
    if settings.overwrite && settings.ttl_days == 0 {
        step.warnings.push(Warning::of_report("overwrite_without_ttl"));
    }
    if let Some(observation) = observation {
        step.warnings.extend(observation.warnings.iter().cloned());
        let stale = step.stale(observation);
        for root in observation.covered.difference(&stale) {
            step.compare_uid(observation, root);
            step.overwrite(observation, root);
        }
        step.upsert(observation, &stale);
    }
    step.expire();
    step.derive_images();
    outcome(&step.rows, &step.reported, &step.removed, step.warnings, settings)
}

/// N7: the outcome of the credential probe.
pub(super) fn untouched(prior: &Inventory, settings: &Settings) -> Value {
    outcome(prior, &BTreeSet::new(), &BTreeMap::new(), Vec::new(), settings)
}

impl Step<'_> {
    fn remove(&mut self, key: &Key, reason: &'static str, rule: &'static str) {
        let Some(row) = self.rows.remove(key) else { return };
        if let Some(image) = image_of(key, &row) {
            self.lost.entry(image).or_default().insert(reason);
        }
        self.removed.insert(key.clone(), Removed { last_seen: row.last_seen, reason, rule });
    }

    /// A1: the roots of the covered contexts that have seen something later.
    fn stale(&mut self, observation: &Observation) -> BTreeSet<Key> {
        let mut stale = BTreeSet::new();
        for root in &observation.covered {
            let newer = self.rows.get(root).is_some_and(|row| row.last_seen > observation.obs);
            if self.settings.overwrite && newer {
                self.warnings.push(Warning::of_context("stale_report", &root.context));
                stale.insert(root.clone());
            }
        }
        stale
    }

    /// N6
    fn compare_uid(&mut self, observation: &Observation, root: &Key) {
        let stored = self.rows.get(root).and_then(|row| row.text("uid"));
        let reported = observation.rows.get(root).and_then(|entry| entry.get("uid")?.as_str());
        if let (Some(stored), Some(reported)) = (stored, reported)
            && stored != reported
        {
            let id = Some(root.id.clone());
            self.warnings.push(Warning { id, ..Warning::of_context("namespace_uid_changed", &root.context) });
        }
    }

    /// A2, A3: in one covered context.
    fn overwrite(&mut self, observation: &Observation, root: &Key) {
        let overwritten = if root.inventory_type == "ecs" {
            let count = |kind| observation.rows.keys().filter(|key| key.kind == kind).count();
            let truncated = self.settings.truncation_guard && count("task") == 100;
            if truncated {
                self.warnings.push(Warning::of_context("ecs_report_possibly_truncated", &root.context));
            }
            if truncated || count("container") == 0 {
                return; // A3
            }
            ["task", "container"]
        } else {
            ["pod", "container"]
        };
        if !self.settings.overwrite {
            return;
        }
        for key in self.rows.keys().cloned().collect::<Vec<_>>() {
            if in_context_of(&key, root)
                && overwritten.contains(&key.kind.as_str())
                && !observation.rows.contains_key(&key)
            {
                self.remove(&key, "overwritten", "A2");
            }
        }
    }

    /// A4
    fn upsert(&mut self, observation: &Observation, stale: &BTreeSet<Key>) {
        let (obs, now) = (observation.obs, self.now);
        for (key, attributes) in &observation.rows {
            // A1: skipped whole.
            if stale.iter().any(|root| in_context_of(key, root)) {
                continue;
            }
            self.reported.insert(key.clone());
            let new =
                Row { created_at: now, last_updated: now, last_seen: obs, attributes: attributes.clone() };
            let row = self.rows.entry(key.clone()).or_insert(new);
            row.last_updated = now;
            if obs >= row.last_seen {
                row.last_seen = obs;
                row.attributes = attributes.clone();
            }
        }
    }

    /// A5, A7
    fn expire(&mut self) {
        let ttl = self.settings.ttl_days.cast_signed() * 86_400;
        let now = self.now;
        let expired = |last_seen: i64| ttl > 0 && now - last_seen > ttl;
        for (key, seen) in seen_with_descendants(&self.rows, &|seen| !expired(seen)) {
            if !expired(seen) {
                continue;
            }
            if self.prior.contains_key(&key) {
                self.remove(&key, "expired", "A5");
            } else {
                self.rows.remove(&key); // A7
                let warning = Warning::of_context("report_older_than_ttl", &key.context);
                if !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
            }
        }
    }

    /// I3, A6
    fn derive_images(&mut self) {
        let mut images = Inventory::new();
        for (key, row) in &self.rows {
            let Some(image) = image_of(key, row) else { continue };
            if self.reported.contains(key) {
                self.reported.insert(image.clone()); // E1
            }
            let created_at = self.prior.get(&image).map_or(self.now, |prior| prior.created_at);
            let first = Row { created_at, attributes: Map::new(), ..row.clone() };
            let entry = images.entry(image).or_insert(first);
            entry.last_seen = entry.last_seen.max(row.last_seen);
            entry.last_updated = entry.last_updated.max(row.last_updated);
        }
        for key in self.prior.keys().filter(|key| key.kind == "image") {
            if !images.contains_key(key) {
                let lost = self.lost.get(key);
                let lost_by = |reason| lost.is_some_and(|reasons| reasons.contains(reason));
                let reason = if lost_by("overwritten") {
                    "overwritten"
                } else if lost_by("expired") {
                    "expired"
                } else {
                    "superseded"
                };
                self.remove(key, reason, "A6");
            }
        }
        self.rows.retain(|key, _| key.kind != "image");
        self.rows.extend(images);
    }
}

/// Whether a row belongs to the context of this root. A node belongs to its cluster, whatever that is called.
fn in_context_of(key: &Key, root: &Key) -> bool {
    key.inventory_type == root.inventory_type && key.context == root.context && key.kind != "node"
}

/// A5: the rows that a row is a child of: its parent by attribute, if that is in the inventory, and the root.
fn parents(key: &Key, row: &Row) -> Vec<Key> {
    let by_attribute = match (key.inventory_type.as_str(), key.kind.as_str()) {
        ("kubernetes", "container") => Some(("pod", "pod_uid")),
        ("ecs", "container") => Some(("task", "task_arn")),
        ("ecs", "task") => Some(("service", "service_arn")),
        ("kubernetes", "pod") | ("ecs", "service") => None,
        _ => return Vec::new(), // a root, a node, an image
    };
    let mut parents = vec![root(&key.inventory_type, &key.context)];
    if let Some((kind, attribute)) = by_attribute
        && let Some(id) = row.text(attribute)
    {
        parents.push(Key::new(&key.inventory_type, &key.context, kind, id));
    }
    parents
}

/// A5: when each row counts as seen: a parent when its most recently seen retained descendant was. Images are left out.
fn seen_with_descendants(rows: &Inventory, retained: &dyn Fn(i64) -> bool) -> BTreeMap<Key, i64> {
    let mut seen: BTreeMap<Key, i64> = rows
        .iter()
        .filter(|(key, _)| key.kind != "image")
        .map(|(key, row)| (key.clone(), row.last_seen))
        .collect();
    // From the leaves to the root: a row is decided on before its parents are.
    for kind in ["container", "pod", "task", "service"] {
        for (key, row) in rows.iter().filter(|(key, _)| key.kind == kind) {
            let Some(&child) = seen.get(key) else { continue };
            if retained(child) {
                for parent in parents(key, row) {
                    seen.entry(parent).and_modify(|seen| *seen = child.max(*seen));
                }
            }
        }
    }
    seen
}

/// E1 to E4
fn outcome(
    rows: &Inventory,
    reported: &BTreeSet<Key>,
    removed: &BTreeMap<Key, Removed>,
    mut warnings: Vec<Warning>,
    settings: &Settings,
) -> Value {
    // E1: what is retained now goes when it and all of its descendants are past the TTL.
    let seen = seen_with_descendants(rows, &|_| true);
    let ttl = settings.ttl_days.cast_signed() * 86_400;
    let mut retained_json = Vec::new();
    let mut next_expiry: Option<i64> = None;
    for (key, row) in rows {
        let mut fields = row::json(key, row);
        let reason = if reported.contains(key) {
            "reported"
        } else if ttl == 0 {
            "ttl_disabled"
        } else {
            "within_ttl"
        };
        fields.insert("reason".to_owned(), reason.into());
        if ttl > 0 {
            // An image's last_seen is that of the last of its containers (I3), and nothing is below a container.
            let expires_at = seen.get(key).unwrap_or(&row.last_seen) + ttl + 1;
            fields.insert("expires_at".to_owned(), row::time(expires_at).into());
            next_expiry = Some(next_expiry.map_or(expires_at, |next| next.min(expires_at))); // E3
        }
        retained_json.push(Value::Object(fields));
    }
    warnings.sort(); // E4
    json!({
        "version": 1,
        "retained": retained_json,
        "removed": removed.iter().map(|(key, removed)| removed_json(key, removed)).collect::<Vec<_>>(),
        "warnings": warnings.iter().map(warning_json).collect::<Vec<_>>(),
        "next_expiry": next_expiry.map(row::time),
    })
}

/// E2
fn removed_json(key: &Key, removed: &Removed) -> Value {
    let mut fields = row::key_json(key);
    fields.insert("last_seen".to_owned(), row::time(removed.last_seen).into());
    fields.insert("reason".to_owned(), removed.reason.into());
    fields.insert("rule".to_owned(), removed.rule.into());
    Value::Object(fields)
}

/// E4
fn warning_json(warning: &Warning) -> Value {
    let mut fields = Map::from_iter([("code".to_owned(), Value::from(warning.code))]);
    let optional = [("context", &warning.context), ("id", &warning.id), ("pointer", &warning.pointer)];
    for (name, value) in optional {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value.as_str().into());
        }
    }
    Value::Object(fields)
}
