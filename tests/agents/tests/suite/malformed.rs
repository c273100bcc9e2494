//! Bodies that are no reports, made from ones that are: each is refused in JSON, and nothing else happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, stream};
use keepset_agents::cluster::Cluster;
use keepset_agents::inventory::{Overwrite, Truth};
use keepset_agents::random::Random;
use keepset_agents::region::Region;
use keepset_agents::release::Release;
use keepset_agents::wire::Report;
use serde_json::Value;

use crate::gateway::{Gateway, Kind, PASSWORD, Place};

crate::cases!(malformed_bodies_are_4xx_and_change_nothing);

type Spoil = fn(&str, &mut Random) -> Vec<u8>;

/// How a body is spoiled: each of them makes it no report whatever it was before.
const MUTATIONS: &[(&str, Spoil)] = &[
    ("truncated", truncated),
    ("another type", another_type),
    ("without a required key", without_a_key),
    ("deep at a known key", |text, random| at_a_key(text, random, &"[".repeat(200_000))),
    ("deep and closed", |text, random| {
        let depth = 1_000 + random.below(20_000);
        at_a_key(text, random, &format!("{}{}", "{\"a\":".repeat(depth), "1".to_owned() + &"}".repeat(depth)))
    }),
    ("deep instead of all", |_, random| "[".repeat(1 + random.below(500_000)).into_bytes()),
    ("no UTF-8", no_utf8),
    ("half a surrogate", |text, random| in_a_text(text, random, "\\ud800")),
    ("no escape", |text, random| in_a_text(text, random, "\\x41")),
    ("a raw line end in a text", |text, random| in_a_text(text, random, "\n")),
    ("a huge number", |text, random| at_a_key(text, random, &"9".repeat(1 + random_size()))),
    ("a number beyond all", |text, random| at_a_key(text, random, "-1e999999999")),
    ("no number", |text, random| at_a_key(text, random, "NaN")),
    ("a key twice", a_key_twice),
    ("a trailing comma", |text, _| format!("{},}}", &text[..text.len() - 1]).into_bytes()),
    ("more behind it", |text, random| {
        format!("{text}{}", ["x", "{}", "]", "\0"][random.below(4)]).into_bytes()
    }),
    ("twice", |text, _| format!("{text}{text}").into_bytes()),
    ("a mark before it", |text, _| format!("\u{feff}{text}").into_bytes()),
    ("UTF-16", |text, _| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("single quotes", |text, _| text.replace('"', "'").into_bytes()),
    ("a comment", |text, _| format!("/* a report */{text}").into_bytes()),
    ("a blank tag", |text, random| with(text, random, "image_tag", &[r#""""#, r#"" \t ""#, r#""\u3000""#])),
    ("no time", |text, random| {
        let times = [
            r#""""#,
            r#""yesterday""#,
            r#""2026-13-01T00:00:00Z""#,
            r#""2026-08-06 09:00""#,
            r#""99999-01-01T00:00:00Z""#,
            "1786006808",
        ];
        with(text, random, "timestamp", &times)
    }),
    ("an id that no database holds", |text, random| {
        let long = format!("\"{}\"", "x".repeat(1_025));
        with(
            text,
            random,
            if text.contains("cluster_arn") { "task_arn" } else { "id" },
            &[&long, r#""a\u0000b""#],
        )
    }),
    ("labels that are none", |text, random| {
        let labels = format!("{{\"{}\":1}}", "k".repeat(1 + random.below(100_000)));
        with(text, random, if text.contains("cluster_arn") { "tags" } else { "labels" }, &[&labels])
    }),
    ("a long text for an array", |text, random| {
        let long = format!("\"{}\"", "é".repeat(100_000));
        with(text, random, "containers", &[&long])
    }),
    ("in an array", |text, _| format!("[{text}]").into_bytes()),
    ("as a text", |text, _| Value::from(text).to_string().into_bytes()),
    ("something else", |_, random| {
        ["", " ", "null", "true", "0", "\"\"", "[]", "{}", "<html>", "\0", "{\"cluster_name\":\"c\"}"]
            [random.below(11)]
        .into()
    }),
    ("other bytes", |_, random| {
        (0..1 + random.below(300)).map(|_| (random.bits() & 0xff) as u8 | 0x80).collect()
    }),
    ("a byte turned", a_structural_byte_turned),
];

fn random_size() -> usize {
    4_000
}

fn truncated(text: &str, random: &mut Random) -> Vec<u8> {
    text.as_bytes()[..random.below(text.len())].to_vec()
}

/// The places of `"key":` in it.
fn keys(text: &str, key: &str) -> Vec<usize> {
    let pattern = format!("\"{key}\":");
    text.match_indices(&pattern).map(|(place, _)| place + pattern.len()).collect()
}

/// One of the keys that are known and in it.
fn known_key<'a>(text: &str, random: &mut Random) -> &'a str {
    const KEYS: [&str; 15] = [
        "timestamp",
        "containers",
        "namespaces",
        "nodes",
        "pods",
        "tasks",
        "services",
        "image_tag",
        "image_digest",
        "name",
        "pod_uid",
        "namespace_uid",
        "arn",
        "id",
        "uid",
    ];
    let there: Vec<&str> = KEYS.into_iter().filter(|key| !keys(text, key).is_empty()).collect();
    random.one_of(&there).unwrap()
}

/// Where the value ends that begins there.
fn end_of_value(text: &str, start: usize) -> usize {
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    values.next().unwrap().unwrap();
    start + values.byte_offset()
}

/// With another value at that key.
fn with(text: &str, random: &mut Random, key: &str, values: &[&str]) -> Vec<u8> {
    let places = keys(text, key);
    let start = places[random.below(places.len())];
    let end = end_of_value(text, start);
    format!("{}{}{}", &text[..start], random.one_of(values).unwrap(), &text[end..]).into_bytes()
}

fn at_a_key(text: &str, random: &mut Random, value: &str) -> Vec<u8> {
    let key = known_key(text, random);
    with(text, random, key, &[value])
}

fn another_type(text: &str, random: &mut Random) -> Vec<u8> {
    let key = known_key(text, random);
    // A map of labels in place of an array or a text; `null` would be an empty array.
    with(text, random, key, &["1", "true", "-0.5", "{}", r#"{"a":"b"}"#, "[1]", "[[]]", r#"[null]"#])
}

fn without_a_key(text: &str, random: &mut Random) -> Vec<u8> {
    let required: &[&str] = if text.contains("\"cluster_arn\"") {
        &["timestamp", "cluster_arn", "image_tag", "arn"]
    } else {
        &["timestamp", "cluster_name", "image_tag", "pod_uid", "namespace_uid", "id", "uid", "name"]
    };
    let key = random.one_of(required).unwrap();
    let places = keys(text, key);
    let start = places[random.below(places.len())];
    // Another name for it: unknown keys are ignored, so it is missing.
    let name = start - key.len() - 3;
    format!("{}\"other\":{}", &text[..name], &text[start..]).into_bytes()
}

fn a_key_twice(text: &str, random: &mut Random) -> Vec<u8> {
    let key = known_key(text, random);
    let places = keys(text, key);
    let start = places[random.below(places.len())];
    let end = end_of_value(text, start);
    let entry = &text[start - key.len() - 3..end];
    format!("{},{entry}{}", &text[..end], &text[end..]).into_bytes()
}

/// The place behind the quote that opens a known text.
fn text_place(text: &str, random: &mut Random) -> usize {
    let key = random.one_of(&["image_tag", "timestamp", "image_digest"]).unwrap();
    let places = keys(text, key);
    places[random.below(places.len())] + 1
}

fn in_a_text(text: &str, random: &mut Random, piece: &str) -> Vec<u8> {
    let place = text_place(text, random);
    format!("{}{piece}{}", &text[..place], &text[place..]).into_bytes()
}

fn no_utf8(text: &str, random: &mut Random) -> Vec<u8> {
    let place = text_place(text, random);
    let pieces: [&[u8]; 5] = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"];
    let piece = random.one_of(&pieces).unwrap();
    [&text.as_bytes()[..place], piece, &text.as_bytes()[place..]].concat()
}

/// A bracket, colon or brace becomes something that cannot be there.
fn a_structural_byte_turned(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let places = [text.find('{'), text.rfind('}'), text.find("\":").map(|place| place + 1), text.find('[')];
    let place = places[random.below(places.len())].unwrap();
    bytes[place] = b"#@\\\x01"[random.below(4)];
    bytes
}

async fn malformed_bodies_are_4xx_and_change_nothing(kind: Kind) {
    // On SQLite the 10 000 of them; the database sees hardly any.
    let count = if kind == Kind::Sqlite { 10_000 } else { 2_000 };
    let place = Place::new(kind);
    let mut gateway = Gateway::start_with(&place, Overwrite::On);
    let timestamp = keepset_agents::now().to_string();
    let cluster = Cluster::new("c", 5, 3, 8);
    let kubernetes =
        cluster.reports(Release::kubernetes(8), &timestamp, Default::default(), |_| true).remove(0);
    let ecs = Region::new("e", 5, 1, 6).reports(&timestamp).remove(0);
    let mut truth = Truth::new("admin", Overwrite::On);
    let mut valid = Vec::new();
    for (path, report) in
        [("kubernetes-inventory", Report::Kubernetes(kubernetes)), ("ecs-inventory", Report::Ecs(ecs))]
    {
        truth.apply(&report);
        valid.push((path, String::from_utf8(report.body().unwrap()).unwrap()));
    }
    let client = reqwest::Client::new();
    let root = gateway.url.clone();
    let post = |path: &'static str, body: Vec<u8>| {
        let url = format!("{root}/v2/{path}");
        let request =
            client.post(url).basic_auth("admin", Some(PASSWORD)).header("content-type", "application/json");
        request.body(body).send()
    };
    for (path, body) in &valid {
        assert!(post(path, body.clone().into_bytes()).await.unwrap().status().is_success());
    }
    let expected = truth.inventory();
    assert_eq!(gateway.inventory("admin").await.difference_from(&expected), "");

    let mut random = Random::new(99);
    let bodies: Vec<_> = (0..count)
        .map(|number| {
            let (path, text) = &valid[random.below(valid.len())];
            let (name, spoil) = MUTATIONS[number % MUTATIONS.len()];
            (*path, name, spoil(text, &mut random))
        })
        .collect();
    let refused = Arc::new(AtomicUsize::new(0));
    let answers = stream::iter(bodies).map(|(path, name, body)| {
        let (shown, sent) = (body[..body.len().min(2_000)].to_vec(), post(path, body));
        let refused = Arc::clone(&refused);
        async move {
            let who = || format!("{name}: {}", String::from_utf8_lossy(&shown));
            let answer = sent.await.unwrap_or_else(|error| panic!("{}: {error}", who()));
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let text = answer.text().await.unwrap();
            assert!((400..500).contains(&status), "{status} {text}\n{}", who());
            assert_eq!(headers["content-type"], "application/json", "{}", who());
            let json: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} {text} {}", who()));
            assert_eq!(json["code"], status, "{json} {}", who());
            assert!(
                json["message"].as_str().is_some_and(|message| !message.is_empty() && message.len() < 4_000),
                "{json}"
            );
            assert!(json["detail"]["error_codes"].is_array(), "{json}");
            assert!(text.len() < 8_000, "{} bytes to say what is wrong: {json}", text.len());
            refused.fetch_add(1, Ordering::Relaxed);
            (name, status)
        }
    });
    let statuses: Vec<_> = answers.buffer_unordered(4).collect().await;
    assert_eq!(refused.load(Ordering::Relaxed), count);
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    statuses.iter().for_each(|(_, status)| *counts.entry(*status).or_default() += 1);
    assert_eq!(counts, BTreeMap::from([(400, count)]));
    assert_eq!(gateway.inventory("admin").await.difference_from(&expected), "");
    assert!(gateway.is_alive());
    assert!(!gateway.log().contains("ERROR"), "{}", gateway.log());
    for (path, body) in &valid {
        assert!(post(path, body.clone().into_bytes()).await.unwrap().status().is_success());
    }
    assert_eq!(gateway.inventory("admin").await.difference_from(&expected), "");
}
