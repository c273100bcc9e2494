//! Reports come, are applied, expire and are deleted.

use std::io::Write as _;
use std::process::Stdio;

use crate::scene::{Scene, shipped};

const NINE: &str = "2026-08-06T09:00:08Z";
const NEXT_POLL: &str = "2026-08-06T09:06:00Z";

#[test]
fn a_first_report_makes_the_state_file_and_the_list_shows_its_images() {
    let scene = Scene::new();
    let applied = scene.apply("k8s-report.json", &["--now", NINE]).succeeded();
    assert!(applied.stdout.starts_with("kept 22 (22 reported), 22 of them new\nremoved 0\n"));
    assert!(applied.stdout.ends_with("next expiry 2026-12-04T09:00:08Z\n"));
    assert_eq!(applied.stderr, "");
    let listed = scene.run(&["list", "--state", "state.json"]).succeeded();
    assert_eq!(listed.stdout.lines().count(), 7);
}

#[test]
fn with_overwrite_each_removal_is_a_line_with_its_reason_and_rule() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", NINE]).succeeded();
    let more = ["--now", NEXT_POLL, "--image-ingest-overwrite", "true"];
    let applied = scene.apply("k8s-report-next-poll.json", &more).succeeded();
    assert!(applied.stdout.contains("removed 16 (16 overwritten)"), "{}", applied.stdout);
    let is_removal = |line: &&str| line.starts_with("overwritten  A");
    assert_eq!(applied.stdout.lines().filter(is_removal).count(), 16);
    assert!(applied.stdout.contains("pod        863efa48-dc5f-409b-a893-f93ee59d3e28"));
}

#[test]
fn a_sweep_removes_what_expired_and_nothing_before() {
    let scene = Scene::new();
    scene.apply("ecs-report.json", &["--now", "2026-08-06T09:00:12Z"]).succeeded();
    let before = scene.read("state.json");
    let sweep = |now| scene.run(&["sweep", "--state", "state.json", "--image-ttl-days", "3", "--now", now]);
    let swept = sweep("2026-08-09T09:00:11Z").succeeded();
    assert!(swept.stdout.contains("removed 0"), "{}", swept.stdout);
    assert_eq!(scene.read("state.json"), before);
    let swept = sweep("2026-08-09T09:00:12Z").succeeded();
    assert!(swept.stdout.starts_with("kept 0\nremoved 16 (16 expired)\n"), "{}", swept.stdout);
    assert!(swept.stdout.ends_with("next expiry never\n"));
    assert_eq!(scene.read("state.json"), "{\"version\":1,\"items\":[\n]}\n");
}

#[test]
fn a_context_is_deleted_whole_and_an_image_alone() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", NINE]).succeeded();
    let delete = ["del", "--state", "state.json", "--type", "kubernetes", "--context", "prod-eu-1/payments"];
    let deleted = scene.run(&[&delete[..], &["--image-digest", "unknown"]].concat()).succeeded();
    assert!(deleted.stdout.contains("removed 2 (2 deleted)"), "{}", deleted.stdout);
    assert!(deleted.stdout.contains("deleted  D2"));
    let deleted = scene.run(&[&delete[..], &["-o", "json"]].concat()).succeeded().json();
    let removed = deleted["removed"].as_array().unwrap();
    assert!(removed.iter().all(|row| row["rule"] == "D1" && row["context"] == "prod-eu-1/payments"));
    let listed = scene.run(&["list", "--state", "state.json", "--context", "prod-eu-1/payments", "-o", "id"]);
    assert_eq!(listed.succeeded().stdout, "");
    scene.run(&delete).failed(4, "not_found");
}

#[test]
fn evaluate_changes_nothing_and_reads_standard_input() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", NINE]).succeeded();
    let before = scene.read("state.json");
    let arguments = [
        "evaluate",
        "--prior",
        "state.json",
        "--report",
        "-",
        "--image-ingest-overwrite",
        "true",
        "-o",
        "json",
    ];
    let mut child = scene
        .command(&[&arguments[..], &["--now", NEXT_POLL]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let report = std::fs::read(shipped("k8s-report-next-poll.json")).unwrap();
    child.stdin.take().unwrap().write_all(&report).unwrap();
    let outcome: serde_json::Value =
        serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(outcome["removed"].as_array().unwrap().len(), 16);
    assert_eq!(outcome["version"], 1);
    assert_eq!(scene.read("state.json"), before);
}

#[test]
fn evaluate_without_a_report_is_a_sweep() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", NINE]).succeeded();
    let swept =
        scene.run(&["evaluate", "--prior", "state.json", "--now", "2027-01-01T00:00:00Z"]).succeeded();
    assert!(swept.stdout.starts_with("kept 0\nremoved 22 (22 expired)\n"), "{}", swept.stdout);
    scene.run(&["evaluate"]).failed(2, "--prior <FILE>|--report <FILE>");
}

#[test]
fn warnings_are_sentences_on_standard_error() {
    let scene = Scene::new();
    let warned = scene.apply("ecs-report-100-tasks-possibly-truncated.json", &["--now", NINE]).succeeded();
    assert!(warned.stderr.starts_with("warning: ecs_report_possibly_truncated: "), "{}", warned.stderr);
    let warned = scene.apply("ecs-report-100-tasks-possibly-truncated.json", &["--now", NINE, "-o", "json"]);
    let warned = warned.succeeded();
    assert_eq!(warned.stderr, "");
    assert_eq!(warned.json()["warnings"][0]["code"], "ecs_report_possibly_truncated");
}

#[test]
fn without_now_the_clock_decides() {
    let scene = Scene::new();
    let applied = scene.apply("k8s-report.json", &["--image-ttl-days", "0"]).succeeded();
    assert!(applied.stdout.contains("kept 22"), "{}", applied.stdout);
    let swept = scene.run(&["sweep", "--state", "state.json", "--image-ttl-days", "0"]).succeeded();
    assert!(swept.stdout.contains("22 without a TTL"), "{}", swept.stdout);
}
