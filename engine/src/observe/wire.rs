//! The agents' JSON (rule N8), and the attributes that a row carries of it (I2): fields in the order of their names,
//! without what makes up the key.

use std::borrow::Cow;
use std::fmt;

use keepset_types::{Timestamp, read_object};
use serde::{Deserialize, Deserializer, de};

/// A text of a JSON document, borrowed from it where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Text<'_> {
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

/// What a row carries (I2).
pub(super) trait Attributes {
    /// Writes the fields that say something, in the order of their names.
    fn write(&self, fields: &mut Fields<'_>);
}

/// The fields of a JSON object in the making.
pub(super) struct Fields<'t> {
    json: &'t mut String,
    is_first: bool,
}

impl<'t> Fields<'t> {
    /// Writes an object; of one without fields nothing.
    pub(super) fn write(object: &impl Attributes, json: &'t mut String) {
        let mut fields = Fields { json, is_first: true };
        object.write(&mut fields);
        if !fields.is_first {
            fields.json.push('}');
        }
    }

    fn name(&mut self, name: &str) {
        self.json.push(if self.is_first { '{' } else { ',' });
        self.is_first = false;
        self.json.push('"');
        self.json.push_str(name);
        self.json.push_str("\":");
    }

    fn text(&mut self, name: &str, text: &Text<'_>) {
        self.name(name);
        text.write(self.json);
    }

    fn optional(&mut self, name: &str, text: Option<&Text<'_>>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn map(&mut self, name: &str, map: &Map<'_>) {
        for (place, (key, value)) in map.0.iter().enumerate() {
            if place == 0 {
                self.name(name);
            }
            self.json.push(if place == 0 { '{' } else { ',' });
            key.write(self.json);
            self.json.push(':');
            value.write(self.json);
        }
        if !map.is_empty() {
            self.json.push('}');
        }
    }
}

/// A text with something else than white space in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotBlank<'a>(Text<'a>);

impl NotBlank<'_> {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for NotBlank<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
                not_blank(text).map(Cow::Borrowed)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
                not_blank(text).map(|text| Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Visitor).map(|text| Self(Text(text)))
    }
}

fn not_blank<E: de::Error>(text: &str) -> Result<&str, E> {
    match text.trim().is_empty() {
        true => Err(E::custom("the text is blank; expected something else than white space")),
        false => Ok(text),
    }
}

/// A JSON object: a struct's own reader would take an array for one.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, |object| Ok(Self(object)))
    }
}

/// `null` for an array means an empty one (N8).
fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<Object<T>>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// `null` for a map means an empty one (N8).
fn map<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Map<'a>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Absent is none, `null` is a wrong type (N8).
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Labels and the like, in the order of their names: as Go writes them, so that there is hardly ever something to sort.
#[derive(Default)]
pub(super) struct Map<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Map<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Map<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Map<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Map<'de>, A::Error> {
                let mut pairs: Vec<(Text<'_>, Text<'_>)> = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                if !pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
                    // Stable: of one name twice the last one counts.
                    pairs.sort_by(|(a, _), (b, _)| b.cmp(a));
                    pairs.reverse();
                    pairs.dedup_by(|(a, _), (b, _)| a == b);
                }
                Ok(Map(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// What `anchore-k8s-inventory` sends.
#[derive(Deserialize)]
pub(super) struct KubernetesReport<'a> {
    #[serde(borrow)]
    pub(super) cluster_name: NotBlank<'a>,
    pub(super) timestamp: Timestamp,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) namespaces: Vec<Object<Namespace<'a>>>,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) nodes: Vec<Object<Node<'a>>>,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) pods: Vec<Object<Pod<'a>>>,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) containers: Vec<Object<Container<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Namespace<'a> {
    #[serde(borrow, default, deserialize_with = "map")]
    annotations: Map<'a>,
    #[serde(borrow, default, deserialize_with = "map")]
    labels: Map<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
}

impl Attributes for Namespace<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.map("annotations", &self.annotations);
        fields.map("labels", &self.labels);
        fields.text("uid", &self.uid);
    }
}

#[derive(Deserialize)]
pub(super) struct Node<'a> {
    #[serde(borrow, default, deserialize_with = "map")]
    annotations: Map<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    arch: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    container_runtime_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    kernel_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    kube_proxy_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    kubelet_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    kubernetes_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "map")]
    labels: Map<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    operating_system: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
}

impl Attributes for Node<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.map("annotations", &self.annotations);
        fields.optional("arch", self.arch.as_ref());
        fields.optional("container_runtime_version", self.container_runtime_version.as_ref());
        fields.optional("kernel_version", self.kernel_version.as_ref());
        fields.optional("kube_proxy_version", self.kube_proxy_version.as_ref());
        fields.optional("kubelet_version", self.kubelet_version.as_ref());
        fields.optional("kubernetes_version", self.kubernetes_version.as_ref());
        fields.map("labels", &self.labels);
        fields.text("name", &self.name);
        fields.optional("operating_system", self.operating_system.as_ref());
    }
}

#[derive(Deserialize)]
pub(super) struct Pod<'a> {
    #[serde(borrow, default, deserialize_with = "map")]
    annotations: Map<'a>,
    #[serde(borrow, default, deserialize_with = "map")]
    labels: Map<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    pub(super) namespace_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    node_uid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
}

impl Attributes for Pod<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.map("annotations", &self.annotations);
        fields.map("labels", &self.labels);
        fields.text("name", &self.name);
        fields.text("namespace_uid", &self.namespace_uid);
        fields.optional("node_uid", self.node_uid.as_ref());
    }
}

#[derive(Deserialize)]
pub(super) struct Container<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) image_digest: Text<'a>,
    #[serde(borrow)]
    pub(super) image_tag: NotBlank<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    pub(super) pod_uid: Text<'a>,
}

impl Attributes for Container<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.text("image_digest", &self.image_digest);
        fields.text("image_tag", &self.image_tag.0);
        fields.text("name", &self.name);
        fields.text("pod_uid", &self.pod_uid);
    }
}

/// What `anchore-ecs-inventory` sends.
#[derive(Deserialize)]
pub(super) struct EcsReport<'a> {
    #[serde(borrow)]
    pub(super) cluster_arn: NotBlank<'a>,
    pub(super) timestamp: Timestamp,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) containers: Vec<Object<EcsContainer<'a>>>,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) tasks: Vec<Object<Task<'a>>>,
    #[serde(borrow, default, deserialize_with = "entries")]
    pub(super) services: Vec<Object<Service<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct EcsContainer<'a> {
    #[serde(borrow)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default)]
    pub(super) image_digest: Text<'a>,
    #[serde(borrow)]
    pub(super) image_tag: NotBlank<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) task_arn: Option<Text<'a>>,
}

impl Attributes for EcsContainer<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.text("image_digest", &self.image_digest);
        fields.text("image_tag", &self.image_tag.0);
        fields.optional("task_arn", self.task_arn.as_ref());
    }
}

#[derive(Deserialize)]
pub(super) struct Task<'a> {
    #[serde(borrow)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) service_arn: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "map")]
    pub(super) tags: Map<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    task_definition_arn: Option<Text<'a>>,
}

impl Attributes for Task<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.optional("service_arn", self.service_arn.as_ref());
        fields.map("tags", &self.tags);
        fields.optional("task_definition_arn", self.task_definition_arn.as_ref());
    }
}

#[derive(Deserialize)]
pub(super) struct Service<'a> {
    #[serde(borrow)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default, deserialize_with = "map")]
    pub(super) tags: Map<'a>,
}

impl Attributes for Service<'_> {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.map("tags", &self.tags);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn attributes<'a, T: Attributes + Deserialize<'a>>(json: &'a str) -> String {
        let mut text = String::new();
        Fields::write(&serde_json::from_str::<T>(json).unwrap(), &mut text);
        text
    }

    #[test]
    fn attributes_are_canonical_however_they_were_written() {
        let pod = attributes::<Pod<'_>>(
            r#"{ "uid": "p", "namespace_uid": "n", "labels": {"b": "1", "a": "\u0041\n\"", "b": "2"}, "name": "caf\u00e9/\/" }"#,
        );
        assert_eq!(pod, r#"{"labels":{"a":"A\n\"","b":"2"},"name":"café//","namespace_uid":"n"}"#);
        assert_eq!(attributes::<Service<'_>>(r#"{"arn": "s", "tags": {}}"#), "");
        assert_eq!(attributes::<Service<'_>>(r#"{"arn": "s", "tags": null}"#), "");
    }

    #[test]
    fn errors_say_what_was_expected() {
        for (json, expected) in [
            (r#"{"arn": "s", "tags": []}"#, "expected a map"),
            (r#"{"arn": "s", "tags": {"a": 1}}"#, "expected a string"),
            (r#"{"arn": null}"#, "expected a string"),
        ] {
            let error = serde_json::from_str::<Service<'_>>(json).map(drop).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
