//! Where in a JSON text a reader found a fault.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

/// A JSON pointer (RFC 6901) to what a reader of that text complains of. A key that is none is said by its object, and so is
/// what stands where a list or an object should go on or end.
pub(crate) fn pointer_to(text: &str, fault: &serde_json::Error) -> String {
    let read = text_until(text, fault.line(), fault.column());
    let mut path = Path { levels: Vec::new(), stage: Stage::Between };
    // What it ends at is what the first reader ended at.
    let _ = (&mut path).deserialize(&mut serde_json::Deserializer::from_str(read));
    let is_misfit = fault.classify() == Category::Data;
    if let (Stage::Between, Some(Level::List(begun)), true) = (path.stage, path.levels.last_mut(), is_misfit)
    {
        // A list or an object is judged before it is read.
        *begun += usize::from(read.trim_end().ends_with(['[', ',']));
    }
    let is_named = is_misfit || path.stage == Stage::Within;
    let named = path.levels.len().saturating_sub(usize::from(!is_named));
    let tokens = path.levels.iter().take(named).map(|level| match level {
        Level::Object(Some(key)) => format!("/{}", pointer_token(key)),
        Level::Object(None) => String::new(),
        Level::List(begun) => format!("/{}", begun.saturating_sub(1)),
    });
    tokens.collect()
}

/// A key as it stands in a JSON pointer (RFC 6901).
#[must_use]
pub fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What stands before that place: a line counted from 1, and so many bytes of it.
fn text_until(text: &str, line: usize, column: usize) -> &str {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let end = lines.map(str::len).sum::<usize>() + column;
    text.get(..text.ceil_char_boundary(end)).unwrap_or(text)
}

/// The way to what is read, as far as a reader came.
struct Path {
    levels: Vec<Level>,
    stage: Stage,
}

/// An object or a list that has begun.
enum Level {
    /// With the key that was read last.
    Object(Option<String>),
    /// With how many of its elements have begun.
    List(usize),
}

/// What the reader is at, of the innermost level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The level itself: a member that is read has come to its end, or only its key is read.
    Between,
    /// A member.
    Within,
}

impl<'de> DeserializeSeed<'de> for &mut Path {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.stage = Stage::Within;
        if let Some(Level::List(begun)) = self.levels.last_mut() {
            *begun += 1;
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Path {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.levels.push(Level::List(0));
        self.stage = Stage::Between;
        while list.next_element_seed(&mut *self)?.is_some() {
            self.stage = Stage::Between;
        }
        self.levels.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        self.levels.push(Level::Object(None));
        self.stage = Stage::Between;
        while let Some(next) = object.next_key()? {
            if let Some(Level::Object(key)) = self.levels.last_mut() {
                *key = Some(next);
            }
            object.next_value_seed(&mut *self)?;
            self.stage = Stage::Between;
        }
        self.levels.pop();
        Ok(())
    }
}
