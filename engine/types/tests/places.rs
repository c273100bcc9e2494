//! Where a fault is said to be, against a reader that keeps its path while it reads.

use std::collections::BTreeMap;
use std::fmt;

use keepset_types::{Row, read_json};
use serde::de::{self, IgnoredAny, SeqAccess};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Something of everything that is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its reader is used")]
struct Document<'a> {
    number: u8,
    text: Option<String>,
    #[serde(borrow, default)]
    kept: Option<&'a RawValue>,
    #[serde(default)]
    left: Option<IgnoredAny>,
    #[serde(default)]
    list: Vec<Vec<i32>>,
    #[serde(default)]
    map: BTreeMap<String, Vec<bool>>,
    #[serde(default)]
    count: Option<Count>,
    #[serde(default)]
    items: Vec<Row>,
}

/// A number, or a list of what is counted.
struct Count;

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names or a number")
            }
            fn visit_u64<E>(self, _: u64) -> Result<Count, E> {
                Ok(Count)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Count, A::Error> {
                while names.next_element::<String>()?.is_some() {}
                Ok(Count)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

const DOCUMENT: &str = r#"{ "number": 7, "text" : "a\"b\u00e9\n", "kept": {"x/y~z": [1, {"a": -1.5e3}]},
  "left": [null, {"b": [[]]}] ,"list":[[1, 2 ],[],[ 3]],
  "map": {"a/b": [true], "é~": [false , true]},
  "count": ["a"],
  "items": [
    {"inventory_type": "ecs", "context": "c", "kind": "task", "id": "t", "created_at": "2026-01-01T00:00:00Z",
     "last_updated": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z", "attributes": {"tags": {}}},
    {"inventory_type": "ecs", "context": "c", "kind": "image", "image_tag": "t", "image_digest": "",
     "created_at": "2026-01-01T00:00:00Z", "last_updated": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z"}
  ]
}"#;

/// What stands in for a token or a byte.
const OTHERS: [&str; 24] = [
    "",
    " ",
    "\n",
    "x",
    "é",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-",
    "1",
    "300",
    "1.5",
    "\"s\"",
    "{}",
    "[]",
    "[1,{\"a\":2}]",
    "\\",
    "\u{1}",
];

/// Where a reader says that the fault is which keeps its path.
fn path_of(text: &str) -> Option<String> {
    use serde_path_to_error::Segment;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let error = match serde_path_to_error::deserialize::<_, Document<'_>>(&mut deserializer) {
        Ok(_) => return deserializer.end().err().map(|_| String::new()),
        Err(error) => error,
    };
    let tokens = error.path().iter().map_while(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            Some(format!("/{}", key.replace('~', "~0").replace('/', "~1")))
        }
        Segment::Unknown => None,
    });
    Some(tokens.collect())
}

/// A path ends where something is carried or left as it is, and at an object that has a key twice; a place does not.
fn is_deeper(pointer: &str, path: &str) -> bool {
    let ends = ["/kept", "/left", "/items/0", "/items/0/attributes", "/items/1/attributes"];
    ends.contains(&path) && pointer.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

#[test]
fn a_fault_is_where_a_reader_with_a_path_says() {
    assert_eq!(path_of(DOCUMENT), None);
    let mut faults = 0;
    let ends: Vec<usize> = (0..=DOCUMENT.len()).filter(|end| DOCUMENT.is_char_boundary(*end)).collect();
    let tokens = |start: usize| ends.iter().copied().filter(move |end| (start..start + 12).contains(end));
    for (start, end) in ends.iter().flat_map(|start| tokens(*start).map(|end| (*start, end))) {
        for other in OTHERS {
            let text = format!("{}{other}{}", &DOCUMENT[..start], &DOCUMENT[end..]);
            let pointer = read_json::<Document<'_>>(text.as_bytes()).err().map(|fault| fault.pointer);
            let path = path_of(&text);
            assert_eq!(pointer.is_some(), path.is_some(), "{text}");
            let (Some(pointer), Some(path)) = (pointer, path) else { continue };
            faults += 1;
            assert!(pointer == path || is_deeper(&pointer, &path), "{pointer}, not {path}: {text}");
        }
    }
    assert!(faults > 10_000, "{faults} faults");
}
