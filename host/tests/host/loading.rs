//! What is no plugin is refused when it is loaded, by name of what is wrong with it.

use std::path::Path;

use keepset_host::{Plugin, PluginError};

use crate::scene::{builtin, engine, file};

fn refusal(bytes: &[u8]) -> PluginError {
    Plugin::from_bytes(engine(), bytes).map(drop).unwrap_err()
}

#[test]
fn an_import_is_refused_by_its_name() {
    let error = Plugin::from_file(engine(), &file("importing")).map(drop).unwrap_err();
    let sentence = "the plugin imports `keepset:importing/clock@0.1.0`; a retention plugin imports nothing, so that its \
        answers depend on nothing else";
    assert_eq!(error.to_string(), sentence);
    let text = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#;
    let error = refusal(&wat::parse_str(text).unwrap());
    assert!(matches!(&error, PluginError::Import(name) if name == "wasi:clocks/wall-clock@0.2.0"), "{error}");
}

#[test]
fn another_world_is_refused() {
    let error = Plugin::from_file(engine(), &file("wrong-world")).map(drop).unwrap_err();
    assert_eq!(error.code(), "plugin_wrong_world");
    assert!(error.to_string().contains("keepset:retention/"), "says what is missing: {error}");
    assert_eq!(refusal(&wat::parse_str("(component)").unwrap()).code(), "plugin_wrong_world");
}

#[test]
fn what_is_no_component_is_refused() {
    let plugin = std::fs::read(file("wrong-world")).unwrap();
    let cut_off = &plugin[..plugin.len() / 2];
    for bytes in
        [b"".as_slice(), b"PK\x03\x04", b"(component)", cut_off, &wat::parse_str("(module)").unwrap()]
    {
        assert_eq!(refusal(bytes).code(), "plugin_not_a_component");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Plugin::from_file(engine(), Path::new("no/such.wasm")).map(drop).unwrap_err();
    assert_eq!(error.code(), "plugin_unreadable");
    assert!(error.to_string().starts_with("no/such.wasm: cannot be read: "), "{error}");
}

#[test]
fn a_plugin_says_what_it_is() {
    let plugin = builtin();
    assert_eq!(plugin.describe().unwrap().name, "keepset");
    let identity = plugin.identity();
    assert_eq!(identity.digest.len(), 64);
    assert!(identity.size > 100_000);
}
