//! State files survive kills, crowds and closed pipes.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use keepset_types::{Inventory, ItemKind, Timestamp};

use crate::scene::{Scene, report};

const CONTAINERS: usize = 1_000;

#[test]
fn a_kill_at_any_moment_leaves_the_file_before_or_after() {
    let scene = Scene::new();
    let arguments = [
        "apply",
        "--state",
        "state.json",
        "--report",
        "report.json",
        "--image-ingest-overwrite",
        "true",
        "-o",
        "json",
    ];
    let next = |round: i64| {
        let now = Timestamp::from_unix(1_786_000_000 + round).unwrap().to_string();
        scene.write(
            "report.json",
            &report("c", &now, ["a", "b"][usize::try_from(round % 2).unwrap()], CONTAINERS),
        );
        let mut command = scene.command(&[&arguments[..], &["--now", &now]].concat());
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let whole = {
        next(0).wait().unwrap(); // compiles the plugin, once for all
        let start = Instant::now();
        assert!(next(1).wait().unwrap().success());
        start.elapsed()
    };
    let (mut killed, mut changed, mut random, mut before) = (0, 0, 7_u32, scene.read("state.json"));
    for round in 2..50 {
        let mut child = next(round);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        thread::sleep(whole.mul_f64(f64::from(random >> 16) / 65_536.0 * 1.1));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let after = scene.read("state.json");
        changed += usize::from(after != before);
        let ids = container_ids(&after);
        assert_eq!(ids.len(), CONTAINERS, "round {round}");
        assert!(
            ids.iter().all(|id| id.starts_with('a')) || ids.iter().all(|id| id.starts_with('b')),
            "round {round}: containers of two reports"
        );
        before = after;
    }
    assert!(killed > 10 && changed > 0, "{killed} killed, {changed} changed: the test missed the moment");
    assert!(next(50).wait().unwrap().success(), "what a killed command left behind is in the way");
    assert!(!scene.path(".state.json.new").exists());
}

fn container_ids(state: &str) -> Vec<String> {
    let inventory = Inventory::from_json(state.as_bytes()).unwrap();
    let containers = inventory.rows().iter().filter(|row| row.key.kind == ItemKind::Container);
    containers.map(|row| row.key.id.to_string()).collect()
}

#[test]
fn many_writers_take_turns() {
    let scene = Scene::new();
    let now = "2026-08-06T09:00:00Z";
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let name = format!("report-{number}.json");
            scene.write(&name, &report(&format!("c{number}"), now, "x", 50));
            let arguments =
                ["apply", "--state", "state.json", "--report", &name, "--now", now, "--lock-timeout", "60"];
            scene.command(&arguments).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_eq!(container_ids(&scene.read("state.json")).len(), 8 * 50, "a report was lost");
}

#[test]
fn a_writer_that_waits_in_vain_says_so_and_changes_nothing() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    let before = scene.read("state.json");
    let lock = File::open(scene.path("state.json.lock")).unwrap();
    lock.lock().unwrap();
    let start = Instant::now();
    let sweep = ["sweep", "--state", "state.json", "--now", "2030-01-01T00:00:00Z"];
    let waits = [&sweep[..], &["--lock-timeout", "0.3"]].concat();
    scene.run(&waits).failed(6, "state.json: another command is writing this file; gave up after 300ms");
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(scene.read("state.json"), before);
    let dry = scene.run(&[&sweep[..], &["--dry-run"]].concat()).succeeded();
    assert!(dry.stdout.contains("removed 22"), "a dry run needs no turn");
    lock.unlock().unwrap();
    scene.run(&waits).succeeded();
}

#[test]
fn a_dry_run_shows_the_same_and_changes_nothing() {
    let scene = Scene::new();
    let more = ["--now", "2026-08-06T09:00:08Z", "-o", "json"];
    let dry = scene.apply("k8s-report.json", &[&more[..], &["--dry-run"]].concat()).succeeded();
    assert_eq!(fs::read_dir(scene.path("")).unwrap().count(), 0, "a dry run leaves no file");
    assert_eq!(scene.apply("k8s-report.json", &more).succeeded().stdout, dry.stdout);
    let before = scene.read("state.json");
    for command in [
        &["sweep", "--state", "state.json", "--now", "2030-01-01T00:00:00Z", "--dry-run"][..],
        &[
            "delete",
            "--state",
            "state.json",
            "--type",
            "kubernetes",
            "--context",
            "prod-eu-1/default",
            "--dry-run",
        ],
    ] {
        let dry = scene.run(command).succeeded();
        assert!(dry.stdout.starts_with("dry run: the state file stays as it is\n"), "{}", dry.stdout);
        assert_eq!(scene.read("state.json"), before);
    }
}

#[test]
fn permissions_and_links_stay() {
    let scene = Scene::new();
    fs::create_dir(scene.path("real")).unwrap();
    symlink("real/inventory.json", scene.path("state.json")).unwrap();
    scene.write("real/inventory.json", r#"{"version":1,"items":[]}"#);
    fs::set_permissions(scene.path("real/inventory.json"), Permissions::from_mode(0o640)).unwrap();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    assert!(fs::symlink_metadata(scene.path("state.json")).unwrap().is_symlink());
    let replaced = fs::metadata(scene.path("real/inventory.json")).unwrap();
    assert_eq!(replaced.permissions().mode() & 0o777, 0o640);
    assert!(!container_ids(&scene.read("real/inventory.json")).is_empty());
}

#[test]
fn a_failed_command_leaves_the_file_alone() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    let before = scene.read("state.json");
    scene.write("report.json", r#"{"cluster_name":"c","timestamp":"yesterday"}"#);
    scene.run(&["apply", "--state", "state.json", "--report", "report.json"]).failed(3, "/timestamp");
    assert_eq!(scene.read("state.json"), before);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let scene = Scene::new();
    scene.write("report.json", &report("c", "2026-08-06T09:00:00Z", "x", CONTAINERS));
    let evaluate = ["evaluate", "--report", "report.json", "--now", "2026-08-06T09:00:00Z", "-o", "json"];
    let mut child = scene.command(&evaluate).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ran.stderr).unwrap(), "");
    assert!(ran.status.success());
}
