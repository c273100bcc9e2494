//! `keepset simulate`: what it says of a history, in each form of output and each form of replay.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::scene::{Scene, report};

fn scenario(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/scenarios");
    folder.join(name).with_extension("yaml")
}

/// A pod with two containers, seen every day but on days 4, 5 and 6.
fn week(scene: &Scene) {
    std::fs::create_dir(scene.path("reports")).unwrap();
    for day in [1, 2, 3, 7, 8] {
        let text = report("prod", &format!("2026-03-0{day}T00:00:00Z"), "x", 2);
        scene.write(&format!("reports/{day}.json"), &text);
    }
}

#[test]
fn the_harm_comes_first_then_what_to_do_then_the_evidence() {
    let scene = Scene::new();
    week(&scene);
    let config = ["--config", "image_ttl_days=2", "--config", "image_ttl_days=4,image_ingest_overwrite=true"];
    let ran = scene.run(&[&["simulate", "--history", "reports"][..], &config].concat()).succeeded();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "5 reports, from 2026-03-01T00:00:00Z to 2026-03-08T00:00:00Z: 3 items in 1 context of 1 cluster"
    );
    assert_eq!(lines[2], "A  image_ttl_days 2, image_ingest_overwrite false");
    assert!(
        lines[3].starts_with("   HARM: removes 3 items that still run, the first at 2026-03-05T00:00:01Z")
    );
    assert_eq!(lines[5], "B  image_ttl_days 4, image_ingest_overwrite true");
    assert!(lines[6].starts_with("   safe: removes nothing that still runs"), "{}", lines[6]);
    assert!(
        ran.stdout
            .contains("smallest safe TTL: 4 days, with no margin: what runs went unseen for 4 days at most")
    );
    assert!(
        ran.stdout.contains("The first 3 of 3 wrong removals under A:\n  prod/default "),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains(
        "last seen 2026-03-03T00:00:00Z, expired 2026-03-05T00:00:01Z under the TTL of 2 d (A5); seen again \
         2026-03-07T00:00:00Z, 4 days after"
    ));
}

#[test]
fn as_json_it_is_one_document() {
    let scene = Scene::new();
    week(&scene);
    let arguments =
        ["simulate", "--history", "reports", "--config", "image_ttl_days=2", "--first", "1", "-o", "json"];
    let document = scene.run(&arguments).succeeded().json();
    assert_eq!(document["history"]["items"], 3);
    assert_eq!(document["history"]["clusters"], json!(["prod"]));
    let a = &document["configurations"][0];
    assert_eq!(a["config"]["image_ttl_days"], 2);
    assert_eq!(a["verdict"]["wrong_items"], 3);
    assert_eq!(a["verdict"]["first_wrong_at"], "2026-03-05T00:00:01Z");
    assert_eq!(a["wrong"].as_array().unwrap().len(), 1);
    assert_eq!(a["wrong"][0]["reason"], "expired");
    assert_eq!(a["wrong"][0]["item"]["context"], "prod/default");
    assert_eq!(document["safe_ttl"]["days"], 4);
    assert_eq!(document["safe_ttl"]["gap_seconds"], 345_600);
    assert_eq!(document["curve"]["wrong"][3], 3);
    assert_eq!(document["curve"]["wrong"][4], 0);
    assert_eq!(document["curve"]["wrong"].as_array().unwrap().len(), 121);
}

#[test]
fn the_rules_the_gaps_and_the_plugin_find_the_same() {
    let scene = Scene::new();
    for name in ["06-a-batch-that-fails", "09-namespace-over-two-reports", "10-late-duplicate-and-skewed"] {
        let path = scenario(name);
        let arguments = ["simulate", "--scenario", path.to_str().unwrap(), "-o", "json"];
        let by_gap = scene.run(&arguments).succeeded().stdout;
        assert_eq!(scene.run(&[&arguments[..], &["--by-step"]].concat()).succeeded().stdout, by_gap);
        let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/keepset.wasm");
        let asked = [&arguments[..], &["--plugin", plugin.to_str().unwrap()]].concat();
        assert_eq!(scene.run(&asked).succeeded().stdout, by_gap, "{name}");
    }
}

#[test]
fn faults_are_put_in_as_asked() {
    let scene = Scene::new();
    week(&scene);
    let simulate = |faults: &[&str]| -> Value {
        let mut arguments =
            vec!["simulate", "--history", "reports", "--config", "image_ttl_days=5", "-o", "json"];
        for fault in faults {
            arguments.extend(["--fault", *fault]);
        }
        scene.run(&arguments).succeeded().json()
    };
    assert_eq!(simulate(&[])["safe_ttl"]["days"], 4);
    let outage = simulate(&["outage from=2026-03-07T00:00:00Z to=2026-03-08T00:00:00Z cluster=prod"]);
    assert_eq!(outage["history"]["lost"], 1);
    assert_eq!(outage["safe_ttl"]["days"], 5);
    let gone = simulate(&["delete_namespace at=2026-03-02T00:00:00Z context=prod/default"]);
    assert_eq!(gone["configurations"][0]["verdict"]["expired"], 3);
    assert_eq!(gone["configurations"][0]["verdict"]["wrong_items"], 0);
    let hidden = simulate(&["exclude-namespace at=2026-03-02T00:00:00Z context=prod/default"]);
    assert_eq!(hidden["configurations"][0]["verdict"]["wrong_items"], 3);
    let all = "outage from=2026-01-01T00:00:00Z to=2027-01-01T00:00:00Z";
    let none = scene.run(&["simulate", "--history", "reports", "--fault", all]).succeeded().stdout;
    assert!(none.contains("   too few reports to judge: ") && !none.contains("safe: "), "{none}");
    assert!(none.contains("smallest safe TTL: not to be told"), "{none}");
    let history = ["simulate", "--history", "reports", "--fault"];
    let refuse = |fault: &str, code: i32, with: &str| {
        scene.run(&[&history[..], &[fault]].concat()).failed(code, with);
    };
    refuse("outage from=yesterday to=today", 2, "is not a time");
    refuse(
        "outage from=2026-03-02T00:00:00Z to=2026-03-01T00:00:00Z",
        3,
        "`to` is 2026-03-01T00:00:00Z; expected no time before `from`, 2026-03-02T00:00:00Z",
    );
    refuse("flood at=2026-03-02T00:00:00Z", 2, "unknown kind `flood`");
    refuse(
        "delete_namespace at=2026-03-02T00:00:00Z context=prod/web",
        3,
        "no report covers the context `prod/web`",
    );
}

#[test]
fn the_page_needs_nothing_else() {
    let scene = Scene::new();
    let path = scenario("01-outage-5-days-ttl-3");
    let arguments = ["simulate", "--scenario", path.to_str().unwrap(), "--html", "report.html"];
    scene.run(&arguments).succeeded();
    let page = scene.read("report.html");
    assert!(
        page.contains("default-src 'none'") && !page.contains("<script") && !page.contains("http://"),
        "{page}"
    );
    assert_eq!(page.matches("role=\"img\"").count(), 3);
    assert!(page.contains("Harm:</span> removes 80 items that still run, the first at 2026-02-02T18:00:01Z"));
    assert!(page.contains("Safe:</span> removes nothing that still runs"));
    assert!(page.contains("class=\"fault\""));
    assert!(page.contains("<td><code>prod-eu-1/payments "));
}

#[test]
fn what_is_no_history_is_refused_with_its_place() {
    let scene = Scene::new();
    week(&scene);
    scene.write(
        "reports/9.ndjson",
        "{\"cluster_name\":\"c\",\"timestamp\":\"2026-03-09T00:00:00Z\"}\n\n  {\"cluster_name\":\"c\"}\n",
    );
    scene
        .run(&["simulate", "--history", "reports"])
        .failed(3, "reports/9.ndjson: line 3, column 22, at the top level: missing field `timestamp`");
    let error = scene.run(&["simulate", "--history", "reports", "-o", "json"]).error();
    assert_eq!(error["code"], "invalid_report");
    scene.write("other.json", "{\"version\":1}");
    scene.run(&["simulate", "--history", "other.json"]).failed(3, "not a known document; expected a report");
    scene.run(&["simulate", "--history", "nowhere"]).failed(5, "nowhere: cannot be read");
    std::fs::create_dir(scene.path("empty")).unwrap();
    scene.run(&["simulate", "--history", "empty"]).failed(4, "no .json, .ndjson, .jsonl, .yaml or .log file");
    let twice = ["simulate", "--history", "reports/1.json", "--config", "image_ttl_days=-1"];
    scene.run(&twice).failed(3, "command line: invalid_config: at /image_ttl_days");
    scene.run(&["simulate"]).code_is(2);
}

#[test]
fn answers_are_those_of_the_native_engine() {
    let scene = Scene::new();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/applying/stale-by-one-second.yaml");
    let arguments = ["conformance", fixture.to_str().unwrap(), "--answers"];
    let text = scene.run(&arguments).succeeded().stdout;
    let document = scene.run(&[&arguments[..], &["-o", "json"]].concat()).succeeded().json();
    assert_eq!(document["answers"], text);
    assert_eq!(text.lines().count(), document["fixture"]["steps"].as_array().unwrap().len());
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["retained"].is_array(), "{line}");
    }
}

#[test]
fn the_log_of_an_agent_that_prints_its_reports_is_a_history() {
    let scene = Scene::new();
    let mut log = "[0000]  INFO Starting Anchore Kubernetes Inventory\n".to_owned();
    for (day, prefix) in [("2026-03-01", "a"), ("2026-03-03", "a"), ("2026-03-04", "b")] {
        let report: Value =
            serde_json::from_str(&report("prod", &format!("{day}T00:00:00Z"), prefix, 2)).unwrap();
        let printed = serde_json::to_string_pretty(&report).unwrap();
        // The other stream of the process comes in between.
        log.push_str(&printed.replacen('\n', "\n[0042]  INFO Inventory report sent\n", 1));
        log.push('\n');
    }
    log.push_str("{\n  \"cluster_name\": \"cut off\n");
    std::fs::create_dir(scene.path("reports")).unwrap();
    scene.write("reports/agent.log", &log);
    let simulate = ["simulate", "--history", "reports", "--config", "image_ttl_days=1"];
    let ran = scene.run(&simulate).succeeded();
    assert!(ran.stdout.starts_with("3 reports, from 2026-03-01T00:00:00Z"), "{}", ran.stdout);
    assert!(ran.stdout.contains("smallest safe TTL: 2 days"), "{}", ran.stdout);
    let note = "agent.log: log_lines_left_out: an agent's log; lines that are no part of a whole report: 6";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);

    // An error is in the line that the file has it in.
    scene.write("reports/agent.log", &log.replacen("2026-03-03T00:00:00Z", "yesterday", 1));
    let line = 1 + log.lines().position(|line| line.contains("2026-03-03")).unwrap();
    scene.run(&simulate).failed(3, &format!("line {line}"));
}
