//! Flags before environment before file, and what is refused.

use keepset_types::NAMES;
use serde_json::Value;

use crate::scene::{Ran, Scene};

/// Days that pass until the first row expires: which TTL was in force.
fn days_kept(scene: &Scene, file: Option<&str>, environment: &[(&str, &str)], flags: &[&str]) -> Ran {
    let mut arguments = vec!["evaluate", "--report", "report.json", "--now", "2026-08-06T00:00:00Z"];
    scene.write("report.json", &crate::scene::report("c", "2026-08-06T00:00:00Z", "x", 1));
    if let Some(text) = file {
        scene.write("keepset.yaml", text);
        arguments.extend(["--config", "keepset.yaml"]);
    }
    arguments.extend(flags);
    scene.command(&arguments).envs(environment.iter().copied()).output().unwrap().into()
}

const TEN_DAYS: &str = "
# A fragment of a whole configuration.
log_level: INFO
services:
  apiext: { enabled: true, nested: [1, 2] }
  catalog:
    archive: null
    runtime_inventory:
      image_ttl_days: 10
";
const TTL: &str = "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_IMAGE_TTL_DAYS";
const OTHER_TTL: &str = "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_TTL_DAYS";

#[test]
fn flags_win_over_the_environment_and_it_over_the_file() {
    let scene = Scene::new();
    let until = |ran: Ran| ran.succeeded().stdout.lines().last().unwrap().to_owned();
    assert_eq!(until(days_kept(&scene, None, &[], &[])), "next expiry 2026-12-04T00:00:01Z");
    assert_eq!(until(days_kept(&scene, Some(TEN_DAYS), &[], &[])), "next expiry 2026-08-16T00:00:01Z");
    for variable in [TTL, OTHER_TTL] {
        let ran = days_kept(&scene, Some(TEN_DAYS), &[(variable, "20")], &[]);
        assert_eq!(until(ran), "next expiry 2026-08-26T00:00:01Z");
    }
    for flag in ["--image-ttl-days", "--inventory-ttl-days"] {
        let ran = days_kept(&scene, Some(TEN_DAYS), &[(TTL, "20")], &[flag, "1"]);
        assert_eq!(until(ran), "next expiry 2026-08-07T00:00:01Z");
    }
}

#[test]
fn every_flag_of_a_gateway_is_a_variable_too() {
    let help = Scene::new().run(&["serve", "--help"]).succeeded().stdout;
    let flags: Vec<&str> = help.split("\n      --").skip(1).collect();
    assert!(flags.len() > 30, "{help}");
    flags.iter().for_each(|flag| assert!(flag.contains("[env: "), "{flag}"));
    assert!(NAMES.iter().all(|(_, _, variables)| help.contains(variables[0])), "{help}");
    // The plugin reads these (C3).
    for variable in NAMES.iter().flat_map(|(_, _, variables)| *variables) {
        days_kept(&Scene::new(), None, &[(variable, "many")], &[]).failed(3, variable);
    }
}

#[test]
fn an_empty_file_or_section_says_nothing() {
    let scene = Scene::new();
    for text in
        ["", "# nothing\n", "services:\n", "services: { catalog: { runtime_inventory: } }", "other: 1"]
    {
        let ran = days_kept(&scene, Some(text), &[], &[]).succeeded();
        assert!(ran.stdout.ends_with("next expiry 2026-12-04T00:00:01Z\n"), "{text}");
    }
}

#[test]
fn a_file_that_sets_nothing_is_warned_of() {
    let scene = Scene::new();
    for (text, is_warned) in [
        ("image_ttl_days: 3", true),
        ("services: { catalogue: { runtime_inventory: { image_ttl_days: 3 } } }", true),
        ("services: { catalog: { archive: null } }", false),
        ("keepset: { queue_depth: 3 }", false),
        ("# nothing", false),
    ] {
        let ran = days_kept(&scene, Some(text), &[], &[]).succeeded();
        assert_eq!(ran.stderr.contains("warning: keepset.yaml: it sets nothing"), is_warned, "{text}");
    }
    // A gateway says so in its log. Where this one would start, it cannot listen.
    scene.write("keepset.yaml", "image_ttl_days: 3");
    let serve = ["serve", "--data-dir", "data", "--listen", "192.0.2.1:1"];
    let ran = scene.run(&[&serve[..], &["--config", "keepset.yaml", "--log-format", "json"]].concat());
    let line: Value = serde_json::from_str(ran.failed(8, "").stderr.lines().next().unwrap()).unwrap();
    assert_eq!(line["level"], "WARN");
    assert!(line["message"].as_str().unwrap().starts_with("keepset.yaml: it sets nothing"), "{line}");
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_known_one() {
    let scene = Scene::new();
    let typo = "services:\n  catalog:\n    runtime_inventory:\n      image_ttl_day: 10\n";
    let ran = days_kept(&scene, Some(typo), &[], &[]);
    let ran =
        ran.failed(3, "keepset.yaml: invalid_config: at /services/catalog/runtime_inventory/image_ttl_day");
    assert!(ran.stderr.ends_with("did you mean `image_ttl_days`? (line 4)\n"), "{}", ran.stderr);
    let error = days_kept(&scene, Some(typo), &[], &["-o", "json"]).error();
    assert_eq!(error["code"], "invalid_config");
    assert_eq!(error["pointer"], "/services/catalog/runtime_inventory/image_ttl_day");
}

#[test]
fn wrong_values_are_refused_wherever_they_come_from() {
    let scene = Scene::new();
    days_kept(&scene, None, &[], &["--image-ttl-days", "-1"])
        .failed(3, "command line: invalid_config: at /image_ttl_days: `image_ttl_days` is -1");
    days_kept(&scene, None, &[], &["--image-ttl-days", "ten"]).failed(3, "`image_ttl_days` is \"ten\"");
    days_kept(&scene, None, &[], &["--image-ttl-days", ""]).failed(3, "`image_ttl_days` is \"\"");
    days_kept(&scene, None, &[], &["--image-ingest-overwrite", "yes"]).failed(3, "expected true or false");
    days_kept(&scene, None, &[], &["--ecs-truncation-guard", "1"]).failed(3, "expected true or false");
    days_kept(&scene, None, &[(TTL, "many")], &[])
        .failed(3, &format!("environment: invalid_config: at /{TTL}"));
    days_kept(&scene, None, &[(TTL, "1"), (OTHER_TTL, "2")], &[]).failed(3, "two names of one setting");
    let both = "services: { catalog: { runtime_inventory: { image_ttl_days: 1, inventory_ttl_days: 2 } } }";
    days_kept(&scene, Some(both), &[], &[]).failed(3, "two names of one setting");
    for value in ["1_000", "010", "yes", "10.0"] {
        let file = format!("services: {{ catalog: {{ runtime_inventory: {{ image_ttl_days: {value} }} }} }}");
        days_kept(&scene, Some(&file), &[], &[]).failed(3, "expected a whole number of days");
    }
    let file = "services: { catalog: { runtime_inventory: { image_ingest_overwrite: yes } } }";
    days_kept(&scene, Some(file), &[], &[]).failed(3, "`image_ingest_overwrite` is \"yes\"");
    days_kept(&scene, None, &[], &["--image-ttl-days", " 4"]).failed(3, "`image_ttl_days` is \" 4\"");
    days_kept(&scene, None, &[], &["--image-ingest-overwrite", "True"]).succeeded();
    // What a flag overrules must still be right.
    days_kept(&scene, None, &[(TTL, "many")], &["--image-ttl-days", "1"]).failed(3, "environment");
}

#[test]
fn a_gateway_does_not_start_with_what_would_refuse_everything() {
    let scene = Scene::new();
    // Where it would start, it could not listen.
    let serve = ["serve", "--data-dir", "data", "--listen", "192.0.2.1:1"];
    for (name, values) in [
        ("body_limit", &["0"][..]),
        ("queue_depth", &["0"]),
        ("request_timeout", &["0", "0.0"]),
        ("idle_timeout", &["0"]),
        ("login_failures", &["0"]),
        ("plugin_places", &["0"]),
        ("compat_service_version", &["five", "5", "5.11.", "5.11.0.1", "v5.11.0", "5.11.0-", "5. 11"]),
    ] {
        let flag = format!("--{}", name.replace('_', "-"));
        for value in values {
            scene.run(&[&serve[..], &[&flag, value]].concat()).failed(2, &flag);
            let mut command = scene.command(&serve);
            let variable = format!("KEEPSET_{}", name.to_uppercase());
            let ran: Ran = command.env(variable, value).output().unwrap().into();
            ran.failed(2, &flag);
            scene.write("keepset.yaml", &format!("keepset:\n  {name}: {value}\n"));
            let ran = scene.run(&[&serve[..], &["--config", "keepset.yaml"]].concat());
            ran.failed(3, &format!("keepset.yaml: invalid_config: at /keepset/{name}: "));
        }
    }
    for limit in ["--limit-time", "--limit-result"] {
        scene.run(&[&serve[..], &[limit, "0"]].concat()).failed(2, limit);
    }
    assert!(!scene.path("data").exists());
    for version in ["5.10.0", "5.11", "5.11.0-dev.1"] {
        scene.run(&[&serve[..], &["--compat-service-version", version]].concat()).failed(8, "192.0.2.1:1");
    }
}

#[test]
fn a_file_that_is_no_configuration_is_refused_with_its_line() {
    let scene = Scene::new();
    for (text, message) in [
        (
            "services:\n  catalog: [1]\n",
            "keepset.yaml: invalid_config: at /services/catalog: expected keys with values at line 2",
        ),
        ("services:\n  catalog:\n    runtime_inventory: 3\n", "line 3"),
        ("services: {\n", "line 1, column 11"),
        (
            "services: { catalog: { runtime_inventory: { image_ttl_days: 1, image_ttl_days: 1 } } }",
            "duplicate",
        ),
    ] {
        days_kept(&scene, Some(text), &[], &[]).failed(3, message);
    }
    scene.run(&["evaluate", "--report", "report.json", "--config", "nowhere.yaml"]).failed(5, "nowhere.yaml");
    for (text, message) in [
        ("keepset:\n  queue_depth: many\n", "at /keepset/queue_depth: expected a whole number at line 2"),
        (
            "keepset:\n  request_timeout: [1]\n",
            "at /keepset/request_timeout: expected a single value at line 2",
        ),
        ("keepset:\n  request_timeout: -1\n", "it is -1.0 seconds; expected 0 or more at line 2"),
        ("keepset:\n  idle_timeout: 1e99\n", "expected fewer: no clock counts as many at line 2"),
        ("keepset:\n  plugin_places: 0\n", "at /keepset/plugin_places: it is 0; expected more"),
        ("keepset:\n  queue: 3\n", "at /keepset/queue: `queue` is no setting; they are listen, data_dir"),
        ("keepset:\n  listen: localhost:1\n", "at /keepset/listen: expected an IP address and a port"),
    ] {
        scene.write("keepset.yaml", text);
        scene.run(&["serve", "--data-dir", "data", "--config", "keepset.yaml"]).failed(3, message);
    }
}
