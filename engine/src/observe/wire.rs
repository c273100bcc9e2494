//! The agents' JSON (rule N8). The same types write the attributes that a row carries (I2): their fields stand in the
//! order of their names, and what makes up the key is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use keepset_types::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};

/// A text, borrowed from the report where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text with something else than white space in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct NotBlank<'a>(Text<'a>);

impl NotBlank<'_> {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for NotBlank<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        if text.as_str().trim().is_empty() {
            return Err(de::Error::custom("the text is blank; expected something else than white space"));
        }
        Ok(Self(text))
    }
}

/// A JSON object: a struct's own reader would take an array for one.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Visitor(PhantomData))
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

type Map<'a> = BTreeMap<Text<'a>, Text<'a>>;

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

#[derive(Serialize, Deserialize)]
pub(super) struct Namespace<'a> {
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    annotations: Map<'a>,
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    labels: Map<'a>,
    #[serde(borrow, skip_serializing)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Node<'a> {
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    annotations: Map<'a>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    arch: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    container_runtime_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kernel_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kube_proxy_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kubelet_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kubernetes_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    labels: Map<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    operating_system: Option<Text<'a>>,
    #[serde(borrow, skip_serializing)]
    pub(super) uid: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Pod<'a> {
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    annotations: Map<'a>,
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    labels: Map<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    pub(super) namespace_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    node_uid: Option<Text<'a>>,
    #[serde(borrow, skip_serializing)]
    pub(super) uid: Text<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Container<'a> {
    #[serde(borrow, skip_serializing)]
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

#[derive(Serialize, Deserialize)]
pub(super) struct EcsContainer<'a> {
    #[serde(borrow, skip_serializing)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default)]
    pub(super) image_digest: Text<'a>,
    #[serde(borrow)]
    pub(super) image_tag: NotBlank<'a>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(super) task_arn: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Task<'a> {
    #[serde(borrow, skip_serializing)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(super) service_arn: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    pub(super) tags: Map<'a>,
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    task_definition_arn: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Service<'a> {
    #[serde(borrow, skip_serializing)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default, deserialize_with = "map", skip_serializing_if = "Map::is_empty")]
    pub(super) tags: Map<'a>,
}
