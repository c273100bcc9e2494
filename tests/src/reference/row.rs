//! Rows and their keys (section 1), and how both look as JSON.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};
use serde_json::{Map, Value};

/// I1: the key of a row. The order of the fields is the order of the rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) inventory_type: String,
    pub(super) context: String,
    pub(super) kind: String,
    /// The id; of an image the tag.
    pub(super) id: String,
    /// The digest of an image; empty for every other kind.
    pub(super) digest: String,
}

impl Key {
    pub(super) fn new(inventory_type: &str, context: &str, kind: &str, id: &str) -> Self {
        Self {
            inventory_type: inventory_type.to_owned(),
            context: context.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            digest: String::new(),
        }
    }

    pub(super) fn image(inventory_type: &str, context: &str, tag: &str, digest: &str) -> Self {
        Self { digest: digest.to_owned(), ..Self::new(inventory_type, context, "image", tag) }
    }
}

/// I2: what a row has beside its key. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) created_at: i64,
    pub(super) last_updated: i64,
    pub(super) last_seen: i64,
    pub(super) attributes: Map<String, Value>,
}

impl Row {
    /// An attribute that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }
}

/// I1: no two rows have one key, and the keys have an order.
pub(super) type Inventory = BTreeMap<Key, Row>;

/// N1: whole seconds of an RFC 3339 time, which is ASCII; fractions are cut off, and a leap second ends a day.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text).ok().filter(|_| text.is_ascii())?.to_utc();
    let clock = time.format("%H:%M:%S").to_string();
    let is_there = !clock.ends_with(":60") || clock == "23:59:60";
    (is_there && (0..=9999).contains(&time.year())).then(|| time.timestamp())
}

/// A time as outcomes write it: UTC, whole seconds.
pub(super) fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// The inventory that a list of rows is.
pub(super) fn inventory(rows: &[Value]) -> Result<Inventory, &'static str> {
    let mut inventory = Inventory::new();
    for value in rows {
        let (key, row) = row(value).ok_or("invalid_request")?;
        if inventory.insert(key, row).is_some() {
            return Err("invalid_request"); // I1
        }
    }
    Ok(inventory)
}

fn row(value: &Value) -> Option<(Key, Row)> {
    let text = |name: &str| value.get(name)?.as_str();
    let (inventory_type, context, kind) = (text("inventory_type")?, text("context")?, text("kind")?);
    let key = if kind == "image" {
        Key::image(inventory_type, context, text("image_tag")?, text("image_digest")?)
    } else {
        Key::new(inventory_type, context, kind, text("id")?)
    };
    let attributes = match value.get("attributes") {
        None => Map::new(),
        Some(attributes) => attributes.as_object()?.clone(),
    };
    let row = Row {
        created_at: seconds(text("created_at")?)?,
        last_updated: seconds(text("last_updated")?)?,
        last_seen: seconds(text("last_seen")?)?,
        attributes,
    };
    Some((key, row))
}

/// The fields of a key.
pub(super) fn key_json(key: &Key) -> Map<String, Value> {
    let mut fields =
        vec![("inventory_type", &key.inventory_type), ("context", &key.context), ("kind", &key.kind)];
    if key.kind == "image" {
        fields.extend([("image_tag", &key.id), ("image_digest", &key.digest)]);
    } else {
        fields.push(("id", &key.id));
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value.as_str()))).collect()
}

/// The fields of a row, key first; attributes only where there are any.
pub(super) fn json(key: &Key, row: &Row) -> Map<String, Value> {
    let mut fields = key_json(key);
    for (name, seconds) in
        [("created_at", row.created_at), ("last_updated", row.last_updated), ("last_seen", row.last_seen)]
    {
        fields.insert(name.to_owned(), time(seconds).into());
    }
    if !row.attributes.is_empty() {
        fields.insert("attributes".to_owned(), row.attributes.clone().into());
    }
    fields
}
