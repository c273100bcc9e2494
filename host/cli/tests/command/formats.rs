//! What comes out, to the byte where others rely on it.

use serde_json::Value;

use crate::scene::Scene;

fn scene() -> Scene {
    let scene = Scene::new();
    let now = "2026-08-06T09:00:20Z";
    scene.apply("k8s-report.json", &["--now", now]).succeeded();
    scene.apply("ecs-report.json", &["--now", now]).succeeded();
    scene
}

#[test]
fn the_table_has_the_columns_that_anchorectl_has() {
    let listed = scene().run(&["list", "--state", "state.json", "--type", "kubernetes"]).succeeded().stdout;
    let mut lines = listed.lines();
    let heads: Vec<_> =
        lines.next().unwrap().split("  ").filter(|head| !head.is_empty()).map(str::trim).collect();
    assert_eq!(heads, ["IMAGE TAG", "IMAGE DIGEST", "CONTEXT", "LAST SEEN AT", "INVENTORY TYPE"]);
    let worker: Vec<_> =
        lines.find(|line| line.contains("ledger-worker")).unwrap().split_whitespace().collect();
    let expected =
        ["pay/ledger-worker:dev", "unknown", "prod-eu-1/payments", "2026-08-06T09:00:07Z", "kubernetes"];
    assert_eq!(worker, expected);
}

#[test]
fn json_is_an_array_in_camel_case_and_json_raw_the_answer_of_the_api() {
    let scene = scene();
    let json = scene.run(&["list", "--state", "state.json", "-o", "json"]).succeeded().json();
    let raw = scene.run(&["list", "--state", "state.json", "-o", "json-raw"]).succeeded().json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let camel =
        ["context", "createdAt", "imageDigest", "imageTag", "inventoryType", "lastSeen", "lastUpdated"];
    assert_eq!(keys(&json[0]), camel);
    let snake =
        ["context", "created_at", "image_digest", "image_tag", "inventory_type", "last_seen", "last_updated"];
    assert_eq!(keys(&raw), ["items"]);
    assert_eq!(keys(&raw["items"][0]), snake);
    assert_eq!(json.as_array().unwrap().len(), raw["items"].as_array().unwrap().len());
}

#[test]
fn filters_must_all_match_and_an_empty_list_is_a_list() {
    let scene = scene();
    let list = |more: &[&str]| scene.run(&[&["list", "--state", "state.json"], more].concat()).succeeded();
    let digests = list(&["--context", "prod-eu-1/payments", "-o", "id"]).stdout;
    assert_eq!(digests.lines().count(), 3);
    assert_eq!(digests.lines().filter(|digest| *digest == "unknown").count(), 1);
    let unknown = list(&["--image-digest", "unknown", "--type", "kubernetes", "-o", "json"]).json();
    assert_eq!(unknown[0]["imageDigest"], "");
    assert_eq!(unknown.as_array().unwrap().len(), 1);
    let none = ["--type", "ecs", "--context", "prod-eu-1/payments"];
    assert_eq!(list(&[&none[..], &["-o", "json"]].concat()).stdout, "[]\n");
    assert_eq!(list(&[&none[..], &["-o", "json-raw"]].concat()).stdout, "{\"items\":[]}\n");
    assert_eq!(list(&[&none[..], &["-o", "id"]].concat()).stdout, "");
    assert_eq!(list(&none).stdout.lines().count(), 1);
}

#[test]
fn a_state_file_has_a_row_a_line_and_is_read_as_it_was_written() {
    let scene = scene();
    let state = scene.read("state.json");
    let rows = state.lines().filter(|line| line.starts_with("{\"inventory_type\":")).count();
    assert_eq!(rows + 2, state.lines().count());
    let document: Value = serde_json::from_str(&state).unwrap();
    assert_eq!(document["items"].as_array().unwrap().len(), rows);
    scene.run(&["sweep", "--state", "state.json", "--now", "2026-08-06T09:00:20Z"]).succeeded();
    assert_eq!(scene.read("state.json"), state);
}

#[test]
fn completions_are_there_for_shells() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Scene::new().run(&["completions", shell]).succeeded().stdout;
        assert!(script.contains("evaluate") && script.contains("image-ttl-days"), "{shell}");
    }
}

#[test]
fn the_reference_is_the_same_everywhere_and_has_every_command() {
    let scene = Scene::new();
    let reference = scene.run(&["help-markdown"]).succeeded().stdout;
    for command in [
        "evaluate",
        "apply",
        "sweep",
        "delete",
        "list",
        "explain",
        "conformance",
        "plugin inspect",
        "plugin check",
        "plugin bench",
        "completions",
    ] {
        assert!(reference.contains(&format!("\n## `keepset {command}`\n")), "{command}");
    }
    assert!(!reference.contains("help-markdown"));
    let mut elsewhere = scene.command(&["help-markdown"]);
    elsewhere.env("KEEPSET_PLUGIN", "/elsewhere.wasm").env("HOME", "/elsewhere").env("COLUMNS", "40");
    assert_eq!(String::from_utf8(elsewhere.output().unwrap().stdout).unwrap(), reference);
}

#[test]
fn anchorectls_format_counts_for_all_that_ask_a_gateway_too() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    let delete = ["delete", "--state", "state.json", "--type", "ecs", "--context", "c"];
    for (command, succeeds) in [(&["explain", "--state", "state.json"][..], true), (&delete, false)] {
        for (format, is_json) in [("json", true), ("json-raw", true), ("text", false), ("id", false)] {
            let output = scene.command(command).env("ANCHORECTL_FORMAT", format).output().unwrap();
            let written = if succeeds { output.stdout } else { output.stderr };
            assert_eq!(written.starts_with(b"{"), is_json, "{command:?} {format}");
        }
    }
    let preview = scene.command(&["preview"]).env("ANCHORECTL_FORMAT", "json").output().unwrap();
    assert!(preview.stderr.starts_with(b"{"));
}
