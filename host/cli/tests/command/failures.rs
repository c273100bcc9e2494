//! Each failure has its exit code, and says what, where, and what was expected.

use crate::gateway::Gateway;
use crate::scene::{Ran, Scene};

#[test]
fn a_broken_report_is_refused_with_path_line_and_pointer() {
    let scene = Scene::new();
    scene.write(
        "report.json",
        "{\"cluster_name\":\"c\",\"timestamp\":\"2026-08-06T09:00:00Z\",\n\"containers\":[{\"id\":\"x\",\"name\":\"x\",\"pod_uid\":\"p\"}]}",
    );
    let evaluate = ["evaluate", "--report", "report.json"];
    let ran = scene
        .run(&evaluate)
        .failed(3, "report.json: invalid_report: at /containers/0: missing field `image_tag`");
    assert!(ran.stderr.contains("line 2"), "{}", ran.stderr);
    let error = scene.run(&[&evaluate[..], &["-o", "json"]].concat()).error();
    assert_eq!(error["code"], "invalid_report");
    assert_eq!(error["pointer"], "/containers/0");
    assert!(error["message"].as_str().unwrap().contains("image_tag"));
}

#[test]
fn a_report_of_nobody_knows_whom_is_refused() {
    let scene = Scene::new();
    for (text, message) in [
        ("{}", "found neither `cluster_name` nor `cluster_arn`; expected the report of"),
        (r#"{"cluster_name":"a","cluster_arn":"b"}"#, "found both `cluster_name` and `cluster_arn`"),
        ("[]", "expected the JSON object that an agent reports"),
        ("{\"cluster_name\":\n", "report.json: line 2"),
        ("", "report.json: line 1"),
        (r#"{"cluster_name":null,"timestamp":"2026-08-06T09:00:00Z"}"#, "/cluster_name"),
    ] {
        scene.write("report.json", text);
        scene.run(&["evaluate", "--report", "report.json"]).failed(3, message);
        let error = scene.run(&["evaluate", "--report", "report.json", "-o", "json"]).error();
        assert_eq!(error["code"], "invalid_report", "{text}");
    }
}

#[test]
fn a_broken_state_file_is_refused_by_all_that_read_one() {
    let scene = Scene::new();
    scene.write(
        "state.json",
        "{\"version\":1,\"items\":[\n{\"inventory_type\":\"kubernetes\",\"kind\":\"task\"}]}",
    );
    for command in [
        &["list", "--state", "state.json"][..],
        &["explain", "--state", "state.json"],
        &["sweep", "--state", "state.json"],
        &["delete", "--state", "state.json", "--type", "ecs", "--context", "c"],
        &["evaluate", "--prior", "state.json"],
    ] {
        let ran = scene.run(command).failed(3, "state.json: line 2, column");
        assert!(ran.stderr.contains("at /items/0: missing field"), "{}", ran.stderr);
    }
    scene.write("state.json", r#"{"version":2,"items":[]}"#);
    let error = scene.run(&["list", "--state", "state.json", "-o", "json"]).error();
    assert_eq!(error["code"], "invalid_inventory");
    assert_eq!(error["pointer"], "/version");
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let scene = Scene::new();
    for command in [
        &["list", "--state", "nowhere.json"][..],
        &["explain", "--state", "nowhere.json"],
        &["sweep", "--state", "nowhere.json"],
        &["delete", "--state", "nowhere.json", "--type", "ecs", "--context", "c"],
        &["evaluate", "--prior", "nowhere.json"],
        &["evaluate", "--report", "nowhere.json"],
        &["conformance", "nowhere.json"],
        &["plugin", "inspect", "nowhere.json"],
    ] {
        scene.run(command).failed(5, "nowhere.json: cannot be read: No such file or directory");
    }
    assert_eq!(std::fs::read_dir(scene.path("")).unwrap().count(), 0, "a mistyped name leaves no file");
    let apply = ["apply", "--state", "nowhere/state.json", "--report", "report.json"];
    scene.write("report.json", &crate::scene::report("c", "2026-08-06T09:00:00Z", "x", 1));
    scene.run(&apply).failed(5, "nowhere/state.json.lock: cannot be written");
    let error = scene.run(&[&apply[..], &["-o", "json"]].concat()).error();
    assert_eq!(error["code"], "unwritable");
}

#[test]
fn deletions_are_judged_by_the_engine() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    let delete = |kind, context, more: &[&str]| {
        let arguments = ["delete", "--state", "state.json", "--type", kind, "--context", context];
        scene.run(&[&arguments[..], more].concat())
    };
    delete("", "prod-eu-1/default", &[]).failed(3, "invalid_request");
    delete("Kubernetes", "prod-eu-1/default", &[]).failed(3, "invalid_request");
    delete("kubernetes", "", &[]).failed(3, "invalid_request: at /context");
    delete("kubernetes", "prod-eu-1/default", &["--image-digest", ""]).failed(3, "invalid_request");
    delete("kubernetes", "prod-eu-1", &[]).failed(4, "not_found");
    delete("ecs", "prod-eu-1/default", &[]).failed(4, "not_found");
    let error = delete("ecs", "prod-eu-1/default", &["-o", "json"]).error();
    assert_eq!(error["code"], "not_found");
}

#[test]
fn command_lines_that_make_no_sense_are_refused() {
    let scene = Scene::new();
    scene.run(&[]).code_is(2);
    scene.run(&["apply", "--state", "x"]).failed(2, "--report <FILE>");
    scene.run(&["evaluate", "--report", "x", "--now", "yesterday"]).failed(2, "`yesterday` is not a time");
    scene.run(&["list", "--state", "x", "--type", "k8s"]).failed(2, "[possible values: ecs, kubernetes]");
    scene.run(&["list", "--state", "x", "--context", ""]).failed(2, "--context");
    scene.run(&["evaluate", "--report", "x", "--limit-time", "-1"]).code_is(2);
    let serve = ["serve", "--data-dir", "data", "--listen"];
    for address in ["localhost:8228", ":8228", "8228"] {
        let ran = scene.run(&[&serve[..], &[address]].concat());
        ran.failed(2, "expected an IP address and a port, like 127.0.0.1:8228");
    }
    for level in ["loud", "", "wran,keepset=debug"] {
        let ran = scene.run(&[&serve[..], &["127.0.0.1:0", "--log", level]].concat());
        ran.failed(3, "is no level: expected error, warn, info, debug, trace, off");
    }
    let mut command = scene.command(&[&serve[..], &["127.0.0.1:0"]].concat());
    let ran: Ran = command.env("KEEPSET_ADMIN_PASSWORD", "short").output().unwrap().into();
    ran.failed(3, "KEEPSET_ADMIN_PASSWORD: ");
    scene.run(&["evaluate", "--report", "x", "-o", "yaml"]).failed(2, "[possible values: text, json]");
}

#[test]
fn every_exit_code_is_in_the_help() {
    let help = Scene::new().run(&["--help"]).succeeded().stdout;
    for code in 0..8 {
        assert!(help.contains(&format!("\n  {code}  ")), "{code}");
    }
}

#[test]
fn a_gateway_does_not_start_on_a_database_that_says_nothing_or_cannot_be_written() {
    let scene = Scene::new();
    // Takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://keepset:secret@{}/keepset", silent.local_addr().unwrap());
    let ran = scene.run(&["serve", "--listen", "127.0.0.1:0", "--store", &url]);
    let ran = ran.failed(8, "no answer within 5s");
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    drop(Gateway::start(&scene, &[]));
    let file = scene.path("data/keepset.db");
    let url = format!("sqlite://{}?mode=ro", file.display());
    scene.run(&["serve", "--listen", "127.0.0.1:0", "--store", &url]).failed(8, "readonly");
}
