//! The documentation that is served is about what is served.

use reqwest::Method;
use serde_json::Value;

use crate::databases::Database;
use crate::served::{Served, send};

crate::cases!(every_operation_is_documented_in_full, the_playground_is_at_the_root);

async fn every_operation_is_documented_in_full(database: Database) {
    let served = Served::new(database).await;
    let answer = send(served.anonymous(Method::GET, "/openapi.json")).await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let what = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(operation["summary"].is_string(), "{what}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what}");
            for (status, response) in responses {
                let has_body = response.get("content").is_some();
                assert!(status.starts_with('2') || has_body, "{what} {status}");
            }
            let asks =
                !operation["security"].as_array().unwrap().iter().any(|way| way == &serde_json::json!({}));
            assert_eq!(asks, responses.contains_key("401"), "{what}");
            let names: Vec<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(asks, names.contains(&"x-anchore-account"), "{what}");
            assert!(!names.iter().any(|name| path.contains(&format!("{{{name}}}"))) || path.contains('{'));
        }
    }
    references(&document, &mut |name| {
        assert!(schemas.contains_key(name), "{name} is referred to and not there")
    });
}

/// Every `$ref` to a schema.
fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                found(reference.strip_prefix("#/components/schemas/").unwrap());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// With the playground, where it was built in; else as `/v2`.
async fn the_playground_is_at_the_root(database: Database) {
    let served = Served::new(database).await;
    let answer = send(served.anonymous(Method::GET, "/")).await.is(200);
    let page = include_str!(env!("KEEPSET_PLAYGROUND_FILE"));
    if page.is_empty() {
        assert_eq!(answer.text, r#""v2""#);
    } else {
        assert_eq!(answer.text, page);
        assert!(page.contains("connect-src 'none'"), "it says itself that it sends nothing");
    }
    assert_eq!(send(served.anonymous(Method::GET, "/index.html")).await.is(404).json()["title"], "Not Found");
}
