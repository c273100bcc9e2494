//! How the agents' JSON is read (rule N8): by the tables of the lists, so that there is one reader for all of them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};

use super::{Field, Format, Holds, List, Map, Report, Slot, Text};

impl Format {
    /// Reads a report.
    pub(in crate::observe) fn read<'de, D: Deserializer<'de>>(
        &self,
        deserializer: D,
    ) -> Result<Report<'de>, D::Error> {
        deserializer.deserialize_map(ReportReader(self))
    }
}

struct ReportReader<'f>(&'f Format);

impl<'de> de::Visitor<'de> for ReportReader<'_> {
    type Value = Report<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Report<'de>, A::Error> {
        let Self(format) = self;
        let (mut cluster, mut timestamp) = (None, None);
        let list = |(name, fields): &(&'static str, &'static [Field])| List { name, fields, slots: None };
        let mut lists: Vec<List<'de>> = format.lists.iter().map(list).collect();
        while let Some(Text(name)) = map.next_key()? {
            if &*name == format.cluster {
                once(&cluster, format.cluster)?;
                cluster = Some(map.next_value_seed(TextReader { may_be_blank: false })?);
            } else if &*name == "timestamp" {
                once(&timestamp, "timestamp")?;
                timestamp = Some(map.next_value()?);
            } else if let Some(list) = lists.iter_mut().find(|list| list.name == name) {
                once(&list.slots, list.name)?;
                list.slots = Some(map.next_value_seed(ListReader(list.fields))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Report {
            cluster: cluster.ok_or_else(|| A::Error::missing_field(format.cluster))?,
            timestamp: timestamp.ok_or_else(|| A::Error::missing_field("timestamp"))?,
            lists,
        })
    }
}

fn once<T, E: de::Error>(read: &Option<T>, name: &'static str) -> Result<(), E> {
    match read {
        Some(_) => Err(E::duplicate_field(name)),
        None => Ok(()),
    }
}

/// Reads a list; `null` is an empty one.
struct ListReader(&'static [Field]);

impl<'de> DeserializeSeed<'de> for ListReader {
    type Value = Vec<Slot<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> de::Visitor<'de> for ListReader {
    type Value = Vec<Slot<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut slots, mut order) = (Vec::new(), Vec::new());
        loop {
            let reader = ObjectReader { fields: self.0, order: &mut order, slots: &mut slots };
            if list.next_element_seed(reader)?.is_none() {
                return Ok(slots);
            }
        }
    }
}

/// Reads an entry of a list, and adds what its fields hold.
struct ObjectReader<'s, 'de> {
    fields: &'static [Field],
    /// The places of the fields of an entry before, as they were written there: agents write them in one order.
    order: &'s mut Vec<usize>,
    slots: &'s mut Vec<Slot<'de>>,
}

impl<'de> DeserializeSeed<'de> for ObjectReader<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> de::Visitor<'de> for ObjectReader<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { fields, order, slots } = self;
        let start = slots.len();
        slots.resize_with(start + fields.len(), || Slot::Nothing);
        let (_, slots) = slots.split_at_mut(start);
        let mut read = 0;
        while let Some(place) = map.next_key_seed(NameReader { fields, likely: order.get(read).copied() })? {
            match order.get_mut(read) {
                Some(known) => *known = place,
                None => order.push(place),
            }
            read += 1;
            let (Some(field), Some(slot)) = (fields.get(place), slots.get_mut(place)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if !matches!(slot, Slot::Nothing) {
                return Err(A::Error::duplicate_field(field.name));
            }
            *slot = match field.holds {
                Holds::Map => Slot::Map(map.next_value::<Option<Map<'de>>>()?.unwrap_or_default()),
                holds => {
                    let may_be_blank = holds != Holds::NotBlank;
                    Slot::Text(map.next_value_seed(TextReader { may_be_blank })?)
                }
            };
        }
        let is_needed = |holds| matches!(holds, Holds::Key | Holds::Needed | Holds::NotBlank);
        let missing = fields
            .iter()
            .zip(&*slots)
            .find(|(field, slot)| is_needed(field.holds) && matches!(slot, Slot::Nothing));
        match missing {
            Some((field, _)) => Err(A::Error::missing_field(field.name)),
            None => Ok(()),
        }
    }
}

/// Reads a name to the place of the field that has it; of another one to a place where there is none.
struct NameReader {
    fields: &'static [Field],
    /// The place that is tried first.
    likely: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for NameReader {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl de::Visitor<'_> for NameReader {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<usize, E> {
        let is_it = |place: &usize| self.fields.get(*place).is_some_and(|field| field.name == name);
        let places = self.likely.into_iter().chain(0..self.fields.len());
        Ok(places.into_iter().find(is_it).unwrap_or(usize::MAX))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextReader { may_be_blank: true }.deserialize(deserializer)
    }
}

/// Reads a text.
struct TextReader {
    /// Whether it need have nothing but white space in it.
    may_be_blank: bool,
}

impl TextReader {
    fn check<E: de::Error>(&self, text: &str) -> Result<(), E> {
        match self.may_be_blank || !text.trim().is_empty() {
            true => Ok(()),
            false => Err(E::custom("the text is blank; expected something else than white space")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for TextReader {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> de::Visitor<'de> for TextReader {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        self.check(text)?;
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        self.check(text)?;
        Ok(Text(Cow::Owned(text.to_owned())))
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
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map<'de>, A::Error> {
                let mut pairs: Vec<(Text<'_>, Text<'_>)> = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                if !pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
                    pairs = in_order(pairs);
                }
                Ok(Map(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Pairs by their names, each name once: of one that is there twice the last one counts.
fn in_order<'a>(pairs: Vec<(Text<'a>, Text<'a>)>) -> Vec<(Text<'a>, Text<'a>)> {
    let mut order: Vec<(&[u8], usize)> =
        pairs.iter().map(|(name, _)| name.as_str().as_bytes()).zip(0..).collect();
    order.sort_unstable();
    let last = order.chunk_by(|(a, _), (b, _)| a == b).filter_map(|alike| alike.last());
    last.filter_map(|(_, place)| pairs.get(*place)).cloned().collect()
}
