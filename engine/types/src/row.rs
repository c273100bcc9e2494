//! A row of an inventory: its key, its times, and the attributes it carries (I2).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::{RawValue, to_raw_value};

use crate::document::read_object;
use crate::key::{Context, Id, Image, InventoryType, ItemKind, Key};
use crate::time::Timestamp;

/// One thing in the inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What identifies it.
    pub key: Key,
    /// When it came into the inventory.
    pub created_at: Timestamp,
    /// When a report last touched it.
    pub last_updated: Timestamp,
    /// When it was last observed.
    pub last_seen: Timestamp,
    attributes: Attributes,
    facts: Facts,
}

/// What else is known of a row: a JSON object with the wire's names (labels, annotations, uids, tags, ...). Carried as it
/// is and never interpreted, but for the few that the rules name (I2). Its text; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Box<str>);

/// The attributes that rules read: where they stand.
#[derive(Clone, Debug, Default, PartialEq)]
struct Facts {
    /// A container's image tag.
    tag: Place,
    /// A container's image digest.
    digest: Place,
    /// The parent's id, or a namespace's uid.
    link: Place,
    /// What is written with escapes, as it reads.
    unescaped: Box<str>,
}

/// A text's first byte and its length: in the attributes, or, counted on beyond their end, in what was unescaped. No text: the
/// default one, for attributes begin with a brace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    start: u32,
    len: u32,
}

impl Attributes {
    /// The attributes written in `text`, which [`Row::new`] reads; the empty text stands for an object without members.
    #[must_use]
    pub fn from_json(text: String) -> Self {
        if text == "{}" { Self::default() } else { Self(text.into()) }
    }

    /// Compact where the document spread it over lines, so that a row stays a line. Values stay as they were written (I2).
    fn from_raw(raw: Box<RawValue>) -> Self {
        let is_spread = raw.get().contains(['\n', '\r']);
        Self::from_json(if is_spread { compact(raw.get()) } else { Box::<str>::from(raw).into() })
    }

    /// Their JSON text; empty where there are none.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Their JSON text; empty where there are none.
    #[must_use]
    pub fn into_json(self) -> String {
        self.0.into()
    }
}

/// JSON without the white space between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut is_escaped) = (false, false);
    let is_kept = |letter: &char| {
        in_string ^= *letter == '"' && !is_escaped;
        is_escaped = in_string && *letter == '\\' && !is_escaped;
        in_string || !letter.is_ascii_whitespace()
    };
    json.chars().filter(is_kept).collect()
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// The one attribute that links a row to its parent (A5), or, of a namespace, its uid (N6).
fn link_name(inventory_type: InventoryType, kind: ItemKind) -> Option<&'static str> {
    match (inventory_type, kind) {
        (InventoryType::Kubernetes, ItemKind::Container) => Some("pod_uid"),
        (InventoryType::Ecs, ItemKind::Container) => Some("task_arn"),
        (_, ItemKind::Task) => Some("service_arn"),
        (_, ItemKind::Namespace) => Some("uid"),
        _ => None,
    }
}

/// A string among attributes: lent where it stands there as it reads.
enum Lent<'a> {
    There(&'a str),
    Unescaped(Box<str>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Lent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;

        impl<'de> Visitor<'de> for Strings {
            type Value = Lent<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Lent<'de>, E> {
                Ok(Lent::There(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Lent<'de>, E> {
                Ok(Lent::Unescaped(text.into()))
            }
        }

        deserializer.deserialize_str(Strings)
    }
}

impl Facts {
    fn read(key: &Key, attributes: &Attributes) -> Result<Self, serde_json::Error> {
        #[derive(Default, Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            image_tag: Option<Lent<'a>>,
            image_digest: Option<Lent<'a>>,
            pod_uid: Option<Lent<'a>>,
            task_arn: Option<Lent<'a>>,
            service_arn: Option<Lent<'a>>,
            uid: Option<Lent<'a>>,
        }
        let link = link_name(key.inventory_type, key.kind);
        let text = attributes.as_json();
        if text.is_empty() {
            return Ok(Self::default());
        }
        if !text.starts_with('{') {
            return Err(de::Error::custom("attributes are not an object"));
        }
        if link.is_none() {
            return serde_json::from_str::<IgnoredAny>(text).map(|_| Self::default());
        }
        let named: Named<'_> = serde_json::from_str(text)?;
        let link = match link {
            Some("pod_uid") => named.pod_uid,
            Some("task_arn") => named.task_arn,
            Some("service_arn") => named.service_arn,
            _ => named.uid,
        };
        let mut unescaped = String::new();
        let mut place = |lent: Option<Lent<'_>>| {
            let Some(lent) = lent else { return Ok(Place::default()) };
            let (start, len) = match lent {
                Lent::There(part) => (part.as_ptr().addr() - text.as_ptr().addr(), part.len()),
                Lent::Unescaped(part) => {
                    unescaped.push_str(&part);
                    (text.len() + unescaped.len() - part.len(), part.len())
                }
            };
            let number = |number| u32::try_from(number).map_err(|_| de::Error::custom("too long"));
            Ok::<_, serde_json::Error>(Place { start: number(start)?, len: number(len)? })
        };
        let link = place(link)?;
        let of_container = [named.image_tag, named.image_digest].map(|lent| match key.kind {
            ItemKind::Container => place(lent),
            _ => Ok(Place::default()),
        });
        let [tag, digest] = of_container;
        Ok(Self { tag: tag?, digest: digest?, link, unescaped: unescaped.into() })
    }
}

impl Row {
    /// A row with these attributes.
    ///
    /// # Errors
    /// If the attributes are not one JSON object, or one that a rule names is not a string.
    pub fn new(
        key: Key,
        [created_at, last_updated, last_seen]: [Timestamp; 3],
        attributes: Attributes,
    ) -> Result<Self, serde_json::Error> {
        let facts = Facts::read(&key, &attributes)?;
        Ok(Self { key, created_at, last_updated, last_seen, attributes, facts })
    }

    /// As [`Row::new`], but the attributes are not read again if those of `known`, a row of the same kind, are the same.
    ///
    /// # Errors
    /// As [`Row::new`].
    pub fn like(
        known: &Self,
        key: Key,
        [created_at, last_updated, last_seen]: [Timestamp; 3],
        attributes: Attributes,
    ) -> Result<Self, serde_json::Error> {
        let is_of_a_kind = (known.key.inventory_type, known.key.kind) == (key.inventory_type, key.kind);
        if !is_of_a_kind || known.attributes != attributes {
            return Self::new(key, [created_at, last_updated, last_seen], attributes);
        }
        let facts = known.facts.clone();
        Ok(Self { key, created_at, last_updated, last_seen, attributes, facts })
    }

    /// What it carries.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Its key and what it carries.
    #[must_use]
    pub fn into_parts(self) -> (Key, Attributes) {
        (self.key, self.attributes)
    }

    /// Replaces what it carries (A4).
    ///
    /// # Errors
    /// As [`Row::new`]; the row is then unchanged.
    pub fn set_attributes(&mut self, attributes: Attributes) -> Result<(), serde_json::Error> {
        self.facts = Facts::read(&self.key, &attributes)?;
        self.attributes = attributes;
        Ok(())
    }

    /// The tag and the digest of the image that this container runs, or that this image row stands for.
    #[must_use]
    pub fn image(&self) -> Option<(&str, &str)> {
        match &self.key.id {
            Id::Image(image) => Some((&image.tag, &image.digest)),
            Id::Plain(_) => {
                Some((self.text(self.facts.tag)?, self.text(self.facts.digest).unwrap_or_default()))
            }
        }
    }

    /// The digest of the container's image, empty where none is known; none for what is no container (D2).
    #[must_use]
    pub fn container_digest(&self) -> Option<&str> {
        let digest = self.text(self.facts.digest).unwrap_or_default();
        (self.key.kind == ItemKind::Container).then_some(digest)
    }

    /// The parent's id where it is not the root (a container's pod or task, a task's service: A5); a namespace's uid (N6).
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.text(self.facts.link).filter(|link| !link.is_empty())
    }

    fn text(&self, place: Place) -> Option<&str> {
        let [start, len] = [place.start, place.len].map(|number| usize::try_from(number).ok());
        let (start, len) = (start.filter(|start| *start > 0)?, len?);
        match start.checked_sub(self.attributes.0.len()) {
            Some(start) => self.facts.unescaped.get(start..start.checked_add(len)?),
            None => self.attributes.0.get(start..start.checked_add(len)?),
        }
    }
}

/// Writes the fields of the key into a map: `id`, or `image_tag` and `image_digest`.
pub(crate) fn serialize_key<M: SerializeMap>(key: &Key, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("inventory_type", &key.inventory_type)?;
    map.serialize_entry("context", &key.context)?;
    map.serialize_entry("kind", &key.kind)?;
    match &key.id {
        Id::Plain(id) => map.serialize_entry("id", id),
        Id::Image(image) => {
            map.serialize_entry("image_tag", &image.tag)?;
            map.serialize_entry("image_digest", &image.digest)
        }
    }
}

impl Row {
    pub(crate) fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        serialize_key(&self.key, map)?;
        map.serialize_entry("created_at", &self.created_at)?;
        map.serialize_entry("last_updated", &self.last_updated)?;
        map.serialize_entry("last_seen", &self.last_seen)?;
        if self.attributes.0.is_empty() {
            return Ok(());
        }
        map.serialize_entry("attributes", &self.attributes)
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_fields(&mut map)?;
        map.end()
    }
}

/// A row as documents write it. A container's image and a row's parent may stand beside its id instead of among its
/// attributes.
#[derive(Deserialize)]
struct RowDocument {
    inventory_type: InventoryType,
    context: Box<str>,
    kind: ItemKind,
    id: Option<Box<str>>,
    image_tag: Option<Box<str>>,
    image_digest: Option<Box<str>>,
    parent: Option<Box<str>>,
    created_at: Timestamp,
    last_updated: Timestamp,
    last_seen: Timestamp,
    attributes: Option<Box<RawValue>>,
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, RowDocument::into_row)
    }
}

impl RowDocument {
    fn into_row(self) -> Result<Row, String> {
        let (inventory_type, kind) = (self.inventory_type, self.kind);
        if !kind.belongs_to(inventory_type) {
            return Err(format!("there is no `{kind}` in a {inventory_type} inventory"));
        }
        let (mut tag, mut digest, mut parent) = (None, self.image_digest, self.parent);
        let id = match (kind, self.id, self.image_tag) {
            (ItemKind::Image, None, Some(tag)) => {
                parent = None;
                Id::Image(Image { tag, digest: digest.take().unwrap_or_default() })
            }
            (ItemKind::Image, _, _) => {
                return Err("an image has `image_tag` and `image_digest`, not `id`".to_owned());
            }
            (_, Some(id), named) => {
                if named.is_some() {
                    digest.get_or_insert_default();
                }
                tag = named;
                Id::Plain(id)
            }
            (_, None, _) => return Err("missing field `id`".to_owned()),
        };
        let key = Key { inventory_type, context: Context::new(&self.context), kind, id };
        let mut attributes = self.attributes.map(Attributes::from_raw).unwrap_or_default();
        let parent = link_name(inventory_type, kind).zip(parent);
        let beside =
            [tag.map(|tag| ("image_tag", tag)), digest.map(|digest| ("image_digest", digest)), parent];
        if beside.iter().any(Option::is_some) {
            attributes = beside_the_id(&attributes, beside).map_err(|error| error.to_string())?;
        }
        let times = [self.created_at, self.last_updated, self.last_seen];
        Row::new(key, times, attributes).map_err(|error| format!("attributes: {error}"))
    }
}

/// The attributes with what stands beside the id put among them; what is there already wins.
fn beside_the_id(
    attributes: &Attributes,
    beside: [Option<(&str, Box<str>)>; 3],
) -> Result<Attributes, serde_json::Error> {
    let text = if attributes.as_json().is_empty() { "{}" } else { attributes.as_json() };
    let mut map: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text)?;
    for (name, value) in beside.into_iter().flatten() {
        let value = to_raw_value(&value)?;
        map.entry(name.to_owned()).or_insert(value);
    }
    to_raw_value(&map).map(Attributes::from_raw)
}

/// What a deletion by hand names (D1, D2): texts as they were given, judged by the engine (D3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// `ecs` or `kubernetes`.
    pub inventory_type: String,
    /// A whole context.
    pub context: String,
    /// Only the containers and images with this digest; `unknown` stands for the empty one (D2).
    pub image_digest: Option<String>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn attributes(row: &str) -> String {
        let times = r#""created_at":"2026-01-01T00:00:00Z","last_updated":"2026-01-01T00:00:00Z","last_seen":"2026-01-01T00:00:00Z""#;
        let key = r#""inventory_type":"kubernetes","context":"a/b","kind":"container","id":"c""#;
        let row: Row = serde_json::from_str(&format!("{{{key},{times},{row}}}")).unwrap();
        row.into_parts().1.into_json()
    }

    #[test]
    fn what_is_carried_stays_as_it_was_written() {
        let spread = "\"attributes\":{\n  \"b\": [1.10, 123456789012345678901234567890],\n  \"a\" : \"x \\\" \\\\\"\n}";
        assert_eq!(attributes(spread), r#"{"b":[1.10,123456789012345678901234567890],"a":"x \" \\"}"#);
        let beside = r#""image_tag":"t","image_digest":"d","attributes":{"n":1.10,"image_tag":"mine"}"#;
        assert_eq!(attributes(beside), r#"{"image_digest":"d","image_tag":"mine","n":1.10}"#);
    }

    #[test]
    fn what_the_rules_read_is_found_however_it_is_written() {
        let key = Key {
            inventory_type: InventoryType::Kubernetes,
            context: Context::new("a/b"),
            kind: ItemKind::Container,
            id: Id::Plain("c".into()),
        };
        let read =
            |json: &str| Row::new(key.clone(), [Timestamp::MIN; 3], Attributes::from_json(json.to_owned()));
        for (json, image, digest, link) in [
            (r#"{"image_tag":"t:1","image_digest":"d","pod_uid":"p"}"#, Some(("t:1", "d")), "d", Some("p")),
            (
                r#"{"image_tag":"t\u003a1","image_digest":"d\"","pod_uid":"\u0070"}"#,
                Some(("t:1", "d\"")),
                "d\"",
                Some("p"),
            ),
            (r#"{"pod_uid":"\u0070","image_tag":"é","uid":"u"}"#, Some(("é", "")), "", Some("p")),
            (r#"{"image_tag":"","image_digest":null,"pod_uid":""}"#, Some(("", "")), "", None),
            (r#"{"image_digest":"\u0064"}"#, None, "d", None),
            ("", None, "", None),
        ] {
            let row = read(json).unwrap();
            assert_eq!(
                (row.image(), row.container_digest(), row.link()),
                (image, Some(digest), link),
                "{json}"
            );
            let again = Row::like(&row, key.clone(), [Timestamp::MIN; 3], row.attributes().clone()).unwrap();
            assert_eq!(again, row);
        }
        assert!(read(r#"{"pod_uid":1}"#).is_err());
    }
}
