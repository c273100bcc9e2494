//! What identifies a row (I1).

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Where containers run. Ordered by its text, as I1 wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InventoryType {
    /// Amazon Elastic Container Service; one context per cluster.
    Ecs,
    /// Kubernetes; one context per cluster and namespace.
    Kubernetes,
}

impl InventoryType {
    const NAMES: [&str; 2] = [Self::Ecs.as_str(), Self::Kubernetes.as_str()];

    /// The text that documents, agents and clients use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// The type named `text`, byte for byte.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Ecs, Self::Kubernetes].into_iter().find(|known| known.as_str() == text)
    }
}

impl fmt::Display for InventoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a row stands for. Ordered by its text, as I1 wants; the numbers are those of the WIT columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ItemKind {
    /// An ECS cluster: the root of its context.
    Cluster = 0,
    /// A container, of either type.
    Container = 1,
    /// An image in use in a context, derived from its containers (I3).
    Image = 2,
    /// A Kubernetes namespace: the root of its context.
    Namespace = 3,
    /// A Kubernetes node. Its context is the cluster's name.
    Node = 4,
    /// A Kubernetes pod.
    Pod = 5,
    /// An ECS service.
    Service = 6,
    /// An ECS task.
    Task = 7,
}

impl ItemKind {
    /// Every kind, each at the index of its code.
    pub const ALL: [Self; 8] = [
        Self::Cluster,
        Self::Container,
        Self::Image,
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::Service,
        Self::Task,
    ];

    const NAMES: [&str; 8] = [
        Self::Cluster.as_str(),
        Self::Container.as_str(),
        Self::Image.as_str(),
        Self::Namespace.as_str(),
        Self::Node.as_str(),
        Self::Pod.as_str(),
        Self::Service.as_str(),
        Self::Task.as_str(),
    ];

    /// The number that stands for this kind in columns.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind with that number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The text that documents use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Container => "container",
            Self::Image => "image",
            Self::Namespace => "namespace",
            Self::Node => "node",
            Self::Pod => "pod",
            Self::Service => "service",
            Self::Task => "task",
        }
    }

    /// Whether rows of this kind are the root of their context: what makes a report cover it (N2, N7).
    #[must_use]
    pub fn is_root(self) -> bool {
        matches!(self, Self::Namespace | Self::Cluster)
    }

    /// Whether rows of this kind come and go with what runs: those that overwrite may remove (A2).
    #[must_use]
    pub fn runs(self) -> bool {
        matches!(self, Self::Pod | Self::Task | Self::Container)
    }

    /// Whether rows of this kind occur in inventories of that type (the table of section 1).
    #[must_use]
    pub fn belongs_to(self, inventory_type: InventoryType) -> bool {
        match self {
            Self::Container | Self::Image => true,
            Self::Namespace | Self::Node | Self::Pod => inventory_type == InventoryType::Kubernetes,
            Self::Cluster | Self::Service | Self::Task => inventory_type == InventoryType::Ecs,
        }
    }
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for InventoryType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for ItemKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for InventoryType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let place = deserializer.deserialize_str(Name(&Self::NAMES))?;
        Ok(if place == 0 { Self::Ecs } else { Self::Kubernetes })
    }
}

impl<'de> Deserialize<'de> for ItemKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let place = deserializer.deserialize_str(Name(&Self::NAMES))?;
        Self::ALL.get(place).copied().ok_or_else(|| de::Error::custom("no kind"))
    }
}

/// One of these names; read to its place among them.
struct Name(&'static [&'static str]);

impl de::Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<usize, E> {
        let place = self.0.iter().position(|name| *name == text);
        place.ok_or_else(|| E::unknown_variant(text, self.0))
    }
}

/// The scope of one namespace (`<cluster_name>/<namespace name>`), of one Kubernetes cluster's nodes (`<cluster_name>`)
/// or of one ECS cluster (its ARN). Cheap to clone and to compare: the rows of a context share the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Context(Arc<str>);

impl Ord for Context {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Context {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Context {
    /// The context named by `text`, byte for byte.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Context {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An image as a container names it. The digest may be empty: not pulled yet, or loaded locally.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image {
    /// `registry/repository:tag`, as the agent sends it, not normalised.
    pub tag: Box<str>,
    /// `sha256:...`, or empty.
    pub digest: Box<str>,
}

/// What tells rows of one kind in one context apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// A namespace's name, a uid, a container id or an ARN.
    Plain(Box<str>),
    /// Tag and digest, for rows of kind [`ItemKind::Image`] alone.
    Image(Image),
}

/// A row's key, ordered as I1 wants: inventory type, context, kind, id, each by bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Kubernetes or ECS.
    pub inventory_type: InventoryType,
    /// The context that the row belongs to.
    pub context: Context,
    /// What the row stands for.
    pub kind: ItemKind,
    /// Which one.
    pub id: Id,
}

impl Key {
    /// Whether the kind occurs in that inventory, and the id is of the kind's form (the table of section 1).
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let is_image = matches!(self.id, Id::Image(_));
        self.kind.belongs_to(self.inventory_type) && is_image == (self.kind == ItemKind::Image)
    }
}

/// `kubernetes prod/default pod 863efa48`: for messages and tables.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.inventory_type, self.context, self.kind)?;
        self.id.fmt(f)
    }
}

/// An image reads `tag@digest`, or the tag alone where the digest is empty.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(id) => f.write_str(id),
            Self::Image(Image { tag, digest }) if digest.is_empty() => f.write_str(tag),
            Self::Image(Image { tag, digest }) => write!(f, "{tag}@{digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_types_are_ordered_by_their_text_and_found_by_their_code() {
        assert!(ItemKind::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str() && a < b));
        assert!(InventoryType::Ecs < InventoryType::Kubernetes);
        for kind in ItemKind::ALL {
            assert_eq!(ItemKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(ItemKind::from_code(8), None);
    }
}
