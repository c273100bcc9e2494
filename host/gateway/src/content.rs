//! What a report says, told apart from when it says it, without reading it: nearly every report says what the one before
//! said. Agents list things in any order, and in reports it means nothing (law 9); so it means nothing here.

use std::fmt;
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;
use keepset_store::Content;
use serde::Deserialize as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The seeds of this process: nobody can prepare two reports that look alike.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seeds([RandomState; 2]);

/// A report in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The report as it is, but with empty lists.
    pub(crate) envelope: String,
    /// Stands for all that it says, but for its `timestamp`.
    pub(crate) content: Content,
    /// What it calls its cluster, for the log.
    pub(crate) cluster: Option<String>,
}

impl Seeds {
    /// Takes a report apart that `reader` reads. None: it is no JSON object with a timestamp, or has a key twice.
    pub(crate) fn take_apart(&self, reader: &str, json: &[u8]) -> Option<Parts> {
        let mut deserializer = serde_json::Deserializer::from_str(std::str::from_utf8(json).ok()?);
        let (mut envelope, mut sum) = deserializer.deserialize_map(Report(self)).ok()?;
        deserializer.end().ok()?;
        let text = Value::Object(envelope.clone()).to_string();
        envelope.remove("timestamp")?;
        let cluster = ["cluster_name", "cluster_arn"].iter().find_map(|key| envelope.get(*key)?.as_str());
        let cluster = cluster.map(str::to_owned);
        sum.add(self, (reader, &*Value::Object(envelope).to_string()));
        Some(Parts { envelope: text, content: sum.content(), cluster })
    }
}

/// The sum of what stands for each entry: the same in whatever order they come.
#[derive(Clone, Copy, Default)]
struct Sum([u64; 2]);

impl Sum {
    fn add(&mut self, Seeds(seeds): &Seeds, entry: (&str, &str)) {
        for (sum, seed) in self.0.iter_mut().zip(seeds) {
            *sum = sum.wrapping_add(seed.hash_one(entry));
        }
    }

    fn content(self) -> Content {
        let [high, low] = self.0.map(Content::from);
        high << 64 | low
    }
}

/// The whole document.
struct Report<'a>(&'a Seeds);

impl<'de> Visitor<'de> for Report<'_> {
    type Value = (Map<String, Value>, Sum);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut envelope, mut sum) = Self::Value::default();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Part { seeds: self.0, name: &name, sum: &mut sum })?;
            if envelope.insert(name, value).is_some() {
                return Err(Error::custom("a key twice"));
            }
        }
        Ok((envelope, sum))
    }
}

/// What stands under a key of the document: a list of entries, or something else, which is kept.
struct Part<'a> {
    seeds: &'a Seeds,
    name: &'a str,
    sum: &'a mut Sum,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        while let Some(entry) = entries.next_element::<&RawValue>()? {
            self.sum.add(self.seeds, (self.name, entry.get()));
        }
        Ok(Value::Array(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn taken_apart(seeds: &Seeds, json: &str) -> Parts {
        seeds.take_apart("plugin", json.as_bytes()).unwrap()
    }

    const REPORT: &str = r#"{"cluster_name": "c", "containers": [{"id": "1"}, {"id": "2"}],
        "serverVersionMetadata": {"major": "1", "n": -1.5}, "pods": null, "nodes": [],
        "timestamp": "2026-08-06T09:00:00Z"}"#;

    #[test]
    fn time_and_order_are_no_part_of_it() {
        let seeds = Seeds::default();
        let report = taken_apart(&seeds, REPORT);
        let later = REPORT.replace("09:00", "10:30");
        let turned = later.replace(r#"[{"id": "1"}, {"id": "2"}]"#, r#"[{"id": "2"},{"id": "1"}]"#);
        for same in [later, turned] {
            let same = taken_apart(&seeds, &same);
            assert_eq!(same.content, report.content);
            assert!(same.envelope.contains("10:30"));
        }
        assert_eq!(report.cluster.as_deref(), Some("c"));
        let envelope: Value = serde_json::from_str(&report.envelope).unwrap();
        let mut expected: Value = serde_json::from_str(REPORT).unwrap();
        expected["containers"] = Value::Array(Vec::new());
        assert_eq!(envelope, expected);
    }

    #[test]
    fn all_else_is() {
        let seeds = Seeds::default();
        let report = taken_apart(&seeds, REPORT);
        for (old, new) in [
            ("\"c\"", "\"d\""),
            ("\"2\"}]", "\"3\"}]"),
            (", {\"id\": \"2\"}", ""),
            ("{\"id\": \"2\"}", "{\"id\": \"2\"}, {\"id\": \"2\"}"),
            ("containers", "pod"),
            ("null", "[]"),
            ("-1.5", "-1.25"),
            // What was in one list is in another.
            (", {\"id\": \"2\"}]", "], \"pods_\": [{\"id\": \"2\"}]"),
        ] {
            let other = REPORT.replace(old, new);
            assert_ne!(other, REPORT);
            assert_ne!(taken_apart(&seeds, &other).content, report.content, "{other}");
        }
        assert_ne!(seeds.take_apart("another", REPORT.as_bytes()).unwrap().content, report.content);
        assert_ne!(taken_apart(&Seeds::default(), REPORT).content, report.content);
    }

    #[test]
    fn what_is_no_plain_report_is_left_alone() {
        let seeds = Seeds::default();
        for json in [
            "",
            "[]",
            "{}",
            r#"{"timestamp": "t", "timestamp": "t"}"#,
            r#"{"timestamp": "t"} x"#,
            r#"{"timestamp": "t", "pods": [1,]}"#,
            r#"{"timestamp": "t", "pods": [1"#,
        ] {
            assert_eq!(seeds.take_apart("plugin", json.as_bytes()), None, "{json}");
        }
        assert_eq!(seeds.take_apart("plugin", b"{\"timestamp\": \"\xff\"}"), None);
    }
}
