//! The agents' JSON (rule N8): what the lists of a report hold, and the attributes that a row carries of it (I2): fields in
//! the order of their names, without what makes up the key.

mod reader;

use std::borrow::Cow;

use keepset_types::Timestamp;

/// The fields of an entry, in the order of their names.
macro_rules! fields {
    ($($holds:ident $name:literal),*) => {
        [$(Field { name: $name, written: concat!(",\"", $name, "\":"), holds: Holds::$holds }),*]
    };
}

/// What `anchore-k8s-inventory` sends.
pub(super) const KUBERNETES: Format = Format {
    cluster: "cluster_name",
    lists: &[
        ("namespaces", &fields![Map "annotations", Map "labels", Key "name", Needed "uid"]),
        (
            "nodes",
            &fields![
                Map "annotations",
                Optional "arch",
                Optional "container_runtime_version",
                Optional "kernel_version",
                Optional "kube_proxy_version",
                Optional "kubelet_version",
                Optional "kubernetes_version",
                Map "labels",
                Needed "name",
                Optional "operating_system",
                Key "uid"],
        ),
        (
            "pods",
            &fields![
                Map "annotations",
                Map "labels",
                Needed "name",
                Needed "namespace_uid",
                Optional "node_uid",
                Key "uid"],
        ),
        (
            "containers",
            &fields![Key "id", OrEmpty "image_digest", NotBlank "image_tag", Needed "name", Needed "pod_uid"],
        ),
    ],
};

/// What `anchore-ecs-inventory` sends.
pub(super) const ECS: Format = Format {
    cluster: "cluster_arn",
    lists: &[
        ("services", &fields![Key "arn", Map "tags"]),
        ("tasks", &fields![Key "arn", Optional "service_arn", Map "tags", Optional "task_definition_arn"]),
        (
            "containers",
            &fields![Key "arn", OrEmpty "image_digest", NotBlank "image_tag", Optional "task_arn"],
        ),
    ],
};

/// What an agent's report is made of.
pub(super) struct Format {
    /// The field that names the cluster; never blank.
    cluster: &'static str,
    /// The lists, each with the fields of its entries in the order of their names.
    lists: &'static [(&'static str, &'static [Field])],
}

/// A field of an entry.
pub(super) struct Field {
    name: &'static str,
    /// As it stands in JSON behind another field.
    written: &'static str,
    holds: Holds,
}

/// What a field holds. Texts are never `null`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A text that must be there, and is no attribute but the key.
    Key,
    /// A text that must be there.
    Needed,
    /// A text that must be there, with something else than white space in it.
    NotBlank,
    /// A text that may be left out.
    Optional,
    /// A text; left out, it is the empty one.
    OrEmpty,
    /// Labels and the like; left out or `null`, there are none.
    Map,
}

/// A report as it was sent.
pub(super) struct Report<'a> {
    pub(super) cluster: Text<'a>,
    pub(super) timestamp: Timestamp,
    /// Those of the format, in its order.
    lists: Vec<List<'a>>,
}

/// A list of a report; none if the report does not have it.
struct List<'a> {
    name: &'static str,
    fields: &'static [Field],
    /// For each entry one after the other what its fields hold.
    slots: Option<Vec<Slot<'a>>>,
}

impl<'a> List<'a> {
    fn objects(&self) -> impl ExactSizeIterator<Item = Object<'_, 'a>> {
        let slots = self.slots.as_deref().unwrap_or_default().chunks_exact(self.fields.len());
        slots.map(|slots| Object { fields: self.fields, slots })
    }
}

/// What a field of an entry holds.
enum Slot<'a> {
    Nothing,
    Text(Text<'a>),
    Map(Map<'a>),
}

/// An entry of a list.
#[derive(Clone, Copy)]
pub(super) struct Object<'r, 'a> {
    fields: &'static [Field],
    slots: &'r [Slot<'a>],
}

impl<'a> Report<'a> {
    /// The entries of a list, with their places.
    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = (usize, Object<'_, 'a>)> {
        self.lists.iter().filter(move |list| list.name == name).flat_map(|list| list.objects().enumerate())
    }

    /// How many entries a list has.
    pub(super) fn len(&self, name: &str) -> usize {
        self.list(name).count()
    }

    /// How many entries there are in all lists.
    pub(super) fn entries(&self) -> usize {
        self.lists.iter().map(|list| list.objects().len()).sum()
    }
}

impl<'r, 'a> Object<'r, 'a> {
    /// The texts of these fields; one that was left out is empty.
    pub(super) fn texts<const N: usize>(self, names: [&str; N]) -> [&'r str; N] {
        names.map(|name| match self.slot(name) {
            Some(Slot::Text(text)) => text.as_str(),
            _ => "",
        })
    }

    /// Whether a map has something in it.
    pub(super) fn has(self, name: &str) -> bool {
        matches!(self.slot(name), Some(Slot::Map(map)) if !map.0.is_empty())
    }

    fn slot(self, name: &str) -> Option<&'r Slot<'a>> {
        let place = self.fields.iter().position(|field| field.name == name)?;
        self.slots.get(place)
    }

    /// Writes the attributes (I2): a JSON object with the fields that say something; without any, nothing.
    pub(super) fn write(self, json: &mut String) {
        let start = json.len();
        for (field, slot) in self.fields.iter().zip(self.slots) {
            match slot {
                _ if field.holds == Holds::Key => continue,
                Slot::Map(map) if map.0.is_empty() => continue,
                Slot::Nothing if field.holds != Holds::OrEmpty => continue,
                _ if json.len() > start => json.push_str(field.written),
                _ => {
                    json.push('{');
                    json.push_str(field.written.trim_start_matches(','));
                }
            }
            match slot {
                Slot::Nothing => json.push_str("\"\""),
                Slot::Text(text) => text.write(json),
                Slot::Map(map) => map.write(json),
            }
        }
        if json.len() > start {
            json.push('}');
        }
    }
}

/// A text of a JSON document, borrowed from it where it has no escapes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As JSON. What was borrowed had no escapes and needs none.
    fn write(&self, json: &mut String) {
        match &self.0 {
            Cow::Borrowed(text) => {
                json.push('"');
                json.push_str(text);
                json.push('"');
            }
            Cow::Owned(text) => json.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        }
    }
}

/// Labels and the like, in the order of their names: as Go writes them, so that there is hardly ever something to sort.
#[derive(Default)]
struct Map<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Map<'_> {
    fn write(&self, json: &mut String) {
        let mut before = '{';
        for (name, value) in &self.0 {
            json.push(before);
            before = ',';
            name.write(json);
            json.push(':');
            value.write(json);
        }
        json.push('}');
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read<'a>(format: &Format, json: &'a str) -> Result<Report<'a>, String> {
        let read = format.read(&mut serde_json::Deserializer::from_str(json));
        read.map_err(|error| error.to_string())
    }

    /// The attributes of the one entry of that list.
    fn attributes(format: &Format, list: &str, entry: &str) -> Result<String, String> {
        let cluster = format.cluster;
        let json = format!(r#"{{"{cluster}":"c","timestamp":"2026-08-06T09:00:07Z","{list}":[{entry}]}}"#);
        let report = read(format, &json)?;
        let mut text = String::new();
        report.list(list).for_each(|(_, object)| object.write(&mut text));
        Ok(text)
    }

    #[test]
    fn attributes_are_canonical_however_they_were_written() {
        let pod = r#"{ "uid": "p", "namespace_uid": "n", "labels": {"b": "1", "a": "\u0041\n\"", "b": "2"}, "name": "caf\u00e9/\/" }"#;
        let canonical = r#"{"labels":{"a":"A\n\"","b":"2"},"name":"café//","namespace_uid":"n"}"#;
        assert_eq!(attributes(&KUBERNETES, "pods", pod).unwrap(), canonical);
        let container = r#"{"pod_uid": "p", "name": "n", "image_tag": "t", "id": "c", "other": {}}"#;
        let canonical = r#"{"image_digest":"","image_tag":"t","name":"n","pod_uid":"p"}"#;
        assert_eq!(attributes(&KUBERNETES, "containers", container).unwrap(), canonical);
        let twice = attributes(&ECS, "services", r#"{"arn": "s", "tags": {"a": "1", "a": "2"}}"#);
        assert_eq!(twice.unwrap(), r#"{"tags":{"a":"2"}}"#);
        assert_eq!(attributes(&ECS, "services", r#"{"arn": "s", "tags": {}}"#).unwrap(), "");
        assert_eq!(attributes(&ECS, "services", r#"{"arn": "s", "tags": null}"#).unwrap(), "");
    }

    #[test]
    fn errors_say_what_was_expected() {
        for (entry, expected) in [
            (r#"{"arn": "s", "tags": []}"#, "expected a map"),
            (r#"{"arn": "s", "tags": {"a": 1}}"#, "expected a string"),
            (r#"{"arn": null}"#, "expected a string"),
            (r#"{"arn": "s", "arn": "s"}"#, "duplicate field `arn`"),
            (r#"{"tags": {}}"#, "missing field `arn`"),
            (r#"["s", {}]"#, "expected an object"),
        ] {
            let error = attributes(&ECS, "services", entry).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let error = read(&ECS, r#"{"tasks": {}}"#).err().unwrap();
        assert!(error.contains("expected a sequence"), "{error}");
    }

    #[test]
    fn fields_are_written_in_the_order_of_their_names() {
        for (_, fields) in KUBERNETES.lists.iter().chain(ECS.lists) {
            assert!(fields.is_sorted_by(|a, b| a.name < b.name));
        }
    }
}
