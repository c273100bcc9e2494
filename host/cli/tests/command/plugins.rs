//! Other plugins, and what they may use up.

use crate::scene::{Scene, shipped};

const REPORT: &[&str] = &["evaluate", "--now", "2026-08-06T09:00:08Z", "--report"];

fn evaluate(scene: &Scene, more: &[&str]) -> crate::scene::Ran {
    let report = shipped("k8s-report.json");
    scene.run(&[REPORT, &[report.to_str().unwrap()], more].concat())
}

#[test]
fn the_builtin_plugin_says_what_it_is() {
    let inspected = Scene::new().run(&["plugin", "inspect", "builtin", "-o", "json"]).succeeded().json();
    assert_eq!(inspected["name"], "keepset");
    assert_eq!(inspected["world"], "keepset:retention/retention-plugin@0.1.0");
    assert_eq!(inspected["imports"].as_array().unwrap().len(), 0);
    assert_eq!(inspected["digest"].as_str().unwrap().len(), 64);
    let text = Scene::new().run(&["plugin", "inspect", "builtin"]).succeeded().stdout;
    assert!(text.contains("imports        none"), "{text}");
}

#[test]
fn the_builtin_plugin_passes_its_checks_and_the_fixtures() {
    let fixtures = shipped("../fixtures/applying");
    let check = ["plugin", "check", "builtin", "--fixtures", fixtures.to_str().unwrap()];
    let checked = Scene::new().run(&check).succeeded();
    assert!(checked.stdout.lines().all(|line| line.starts_with("ok ")), "{}", checked.stdout);
    assert!(checked.stdout.contains("follows the rules of the fixtures"));
}

#[test]
fn conformance_tells_what_passed_and_what_failed() {
    let scene = Scene::new();
    let fixtures = shipped("../fixtures/deleting");
    for engine in [&[][..], &["--engine", "native"], &["--engine", "component"]] {
        let run = [&["conformance", fixtures.to_str().unwrap(), "-o", "json"], engine].concat();
        let tally = scene.run(&run).succeeded().json();
        assert_eq!(tally["failed"], 0);
        assert!(tally["passed"].as_u64().unwrap() > 0);
    }
    scene.write(
        "wrong.yaml",
        "name: wrong\nrules: [C1]\nprior: []\nsteps:\n  - now: 2026-08-06T09:00:00Z\n    expect: { error: invalid_report }\n",
    );
    let failed = scene.run(&["conformance", "wrong.yaml"]);
    failed.code_is(1);
    assert!(failed.stdout.ends_with("0 passed, 1 failed\n"), "{}", failed.stdout);
    std::fs::create_dir(scene.path("empty")).unwrap();
    scene.run(&["conformance", "empty"]).failed(4, "no fixtures were found");
}

/// A fixture with one row and a sweep.
fn fixture(more: &str, steps: &str) -> String {
    let key = "inventory_type: kubernetes, context: c/n, kind: namespace, id: n";
    let times = "created_at: &t 2026-08-06T09:00:00Z, last_updated: *t, last_seen: *t";
    let step = "  - now: 2026-08-06T09:00:00Z\n";
    format!("name: one\n{more}prior: [ {{ {key}, {times} }} ]\nsteps:\n{step}{steps}")
}

#[test]
fn what_a_fixture_says_is_compared() {
    let scene = Scene::new();
    let row = "inventory_type: kubernetes, context: c/n, kind: namespace, id: n";
    let kept = |more: &str| format!("    expect: {{ retained: [ {{ {row}{more} }} ] }}\n");
    let refused = "    report: { kubernetes: {} }\n    expect: { error: invalid_report";
    for (more, steps, why) in [
        ("", kept(""), ""),
        ("", kept(", labels: {}"), ""),
        ("note: a note\n", kept(", attributes: { labels: {} }"), ""),
        ("", "    expect: { removed: }\n".to_owned(), ""),
        ("", format!("{refused} }}\n"), ""),
        ("", "    expect: { retained: }\n".to_owned(), "retained (- expected, + came)"),
        ("", kept(", labels: { a: b }"), "-  labels: {\"a\":\"b\"}\n      +  labels: nothing\n"),
        (
            "",
            format!(
                "{}, removed: [ {{ id: m }} ], next_expiry: null }}\n",
                kept("").trim_end().trim_end_matches(" }")
            ),
            "removed (- expected, + came):\n      -{\"id\":\"m\"}\n      expected next_expiry null, came 2026-12-04",
        ),
        (
            "",
            format!("{refused}, warnings: [stale_report] }}\n"),
            "expected the warnings [stale_report], came []",
        ),
        (
            "",
            format!("{refused}, next_expiry: 2026-12-04T09:00:01Z }}\n"),
            "expected next_expiry 2026-12-04T09:00:01Z, came null",
        ),
        ("confg: { image_ttl_days: 1 }\n", kept(""), "at /confg: unknown; did you mean `config`?"),
        ("rules: 1\n", kept(""), "not a fixture: at /rules: "),
        ("", "  - [2026-08-06T09:00:00Z]\n".to_owned(), "not a fixture: at /steps/1: invalid type: sequence"),
        ("", "    expect: [[]]\n".to_owned(), "not a fixture: at /steps/0/expect: invalid type: sequence"),
    ] {
        scene.write("one.yaml", &fixture(more, &steps));
        let ran = scene.run(&["conformance", "one.yaml"]);
        ran.code_is(i32::from(!why.is_empty()));
        assert!(ran.stdout.contains(why), "{more}{steps}{}", ran.stdout);
    }
    // One time for all rows is nothing suspicious.
    let time = "created_at: *t, last_updated: *t, last_seen: *t";
    let rows = (0..300).map(|n| {
        format!("  - {{ inventory_type: kubernetes, context: c/n, kind: pod, id: p{n}, {time} }}\n")
    });
    let all: String = rows.collect();
    let empty = "\"\\u001b[31m\\nok\"";
    let text = format!("name: {empty}\nnote: &t 2026-08-06T09:00:00Z\nprior:\n{all}steps:\n  - now: *t\n");
    scene.write("many.yaml", &text);
    let ran = scene.run(&["conformance", "many.yaml"]);
    assert_eq!(ran.succeeded().stdout, "ok    many.yaml  \\u{1b}[31m\\nok\n1 passed, 0 failed\n");
}

#[test]
fn what_is_no_plugin_is_refused() {
    let scene = Scene::new();
    scene.write("no.wasm", "no");
    for command in [&["plugin", "inspect", "no.wasm"][..], &["plugin", "check", "no.wasm"]] {
        scene.run(command).failed(7, "no.wasm: this is not a WebAssembly component");
    }
    evaluate(&scene, &["--plugin", "no.wasm"]).failed(7, "no.wasm: this is not a WebAssembly component");
    let report = shipped("k8s-report.json");
    let mut command = scene.command(&[REPORT, &[report.to_str().unwrap(), "-o", "json"]].concat());
    let ran: crate::scene::Ran = command.env("KEEPSET_PLUGIN", "no.wasm").output().unwrap().into();
    assert_eq!(ran.error()["code"], "plugin_not_a_component");
}

#[test]
fn a_plugin_of_other_rules_decides_otherwise_and_is_told_so() {
    let additive = shipped("../../target/plugins/additive.wasm");
    assert!(additive.is_file(), "{} is not there: build it with `cargo xtask plugins`", additive.display());
    let additive = additive.to_str().unwrap();
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    let next = shipped("k8s-report-next-poll.json");
    let evaluate = ["evaluate", "--prior", "state.json", "--report", next.to_str().unwrap()];
    let settings = ["--image-ingest-overwrite", "true", "--now", "2026-08-06T09:05:08Z"];
    for (plugin, removed) in
        [(&[][..], "removed 16 (16 overwritten)"), (&["--plugin", additive], "removed 0")]
    {
        let ran = scene.run(&[&evaluate[..], &settings, plugin].concat()).succeeded();
        assert!(ran.stdout.contains(removed), "{}", ran.stdout);
    }

    let scenario = shipped("../fixtures/scenarios/09-namespace-over-two-reports.yaml");
    let simulate = ["simulate", "--scenario", scenario.to_str().unwrap()];
    for (plugin, verdict) in
        [(&[][..], "HARM: removes 4 items"), (&["--plugin", additive], "safe: removes nothing")]
    {
        let ran = scene.run(&[&simulate[..], plugin].concat()).succeeded();
        let of_a = ran.stdout.split("\nB ").next().unwrap();
        assert!(of_a.contains(verdict), "{}", ran.stdout);
    }

    // By its names a fixture is found in a checkout.
    let fixture = "tests/fixtures/applying/overwrite-removes-what-is-absent.yaml";
    let checked = scene.run(&["plugin", "check", additive]);
    checked.code_is(1);
    assert!(checked.stdout.contains("FAULT  follows the rules of the fixtures: "), "{}", checked.stdout);
    assert!(checked.stderr.contains(&format!("FAIL  {fixture}\n")), "{}", checked.stderr);
    let fixture = shipped("../..").join(fixture);
    let ran = scene.run(&["conformance", fixture.to_str().unwrap(), "--plugin", additive]);
    ran.code_is(1);
    assert!(ran.stdout.contains("component-policy: step 1"), "{}", ran.stdout);
}

#[test]
fn each_limit_has_a_flag_and_a_variable() {
    let scene = Scene::new();
    for (flag, value, message) in [
        ("--limit-memory", "65536", "limit: memory"),
        ("--limit-table-elements", "1", "limit: table elements"),
        ("--limit-instances", "1", "limit: instances"),
        ("--limit-fuel", "1000", "limit: fuel"),
        ("--limit-result", "64", "limit: result"),
        ("--limit-input", "100", "limit: input"),
    ] {
        evaluate(&scene, &[flag, value]).failed(7, message);
        let variable = flag.trim_start_matches("--").to_uppercase().replace('-', "_");
        let report = shipped("k8s-report.json");
        let mut command = scene.command(&[REPORT, &[report.to_str().unwrap()]].concat());
        let ran: crate::scene::Ran =
            command.env(format!("KEEPSET_{variable}"), value).output().unwrap().into();
        ran.failed(7, message);
    }
    evaluate(&scene, &["--limit-time", "10.5", "--limit-stack", "2097152", "--no-cache"])
        .failed(2, "--cache-dir");
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let scene = Scene::new();
    let report = shipped("k8s-report.json");
    let evaluate = [REPORT, &[report.to_str().unwrap(), "--limit-fuel", "1000000000"]].concat();
    let mut command = scene.command(&[&evaluate[..], &["--no-cache"]].concat());
    assert!(
        command
            .env_remove("KEEPSET_CACHE_DIR")
            .env("HOME", scene.path(""))
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(std::fs::read_dir(scene.path("")).unwrap().count(), 0);
    let mut command = scene.command(&evaluate);
    assert!(
        command
            .env_remove("KEEPSET_CACHE_DIR")
            .env("HOME", scene.path(""))
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(std::fs::read_dir(scene.path(".cache/keepset/plugins")).unwrap().count(), 1);
}
