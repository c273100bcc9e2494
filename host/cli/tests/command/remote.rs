//! Commands that ask a gateway.

use crate::gateway::Gateway;
use crate::scene::{Ran, Scene, shipped};

/// A report as of now: that of the samples would be past its TTL one day.
fn fresh(report: String) -> String {
    report.replace("2026-08-06T09:", "2999-08-06T09:")
}

const DEFAULT: [&str; 5] = ["delete", "--type", "kubernetes", "--context", "prod-eu-1/default"];

#[test]
fn a_dry_run_on_a_gateway_says_what_would_go_and_deletes_nothing() {
    let scene = Scene::new();
    let gateway = Gateway::start(&scene, &[]);
    gateway.report("k8s-report.json", fresh);
    let listed = || gateway.ask(&scene, &["list", "-o", "json-raw"]).succeeded().stdout;
    let before = listed();
    let delete = |more: &[&str]| gateway.ask(&scene, &[&DEFAULT[..], more].concat());
    let dry = delete(&["--dry-run", "--yes"]).succeeded().stdout;
    assert!(dry.starts_with("dry run: the gateway's inventory stays as it is\nwould remove 9\n"), "{dry}");
    assert!(dry.contains("deleted  D1") && !dry.contains("node"), "{dry}");
    assert_eq!(listed(), before);
    let digest = "sha256:9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900";
    let image = delete(&["--dry-run", "--image-digest", digest, "-o", "json"]).succeeded().json();
    let kinds: Vec<_> =
        image["removed"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!((&image["deleted"], &*kinds), (&false.into(), &["container", "image"][..]));
    assert_eq!(listed(), before);
    delete(&["--dry-run", "--image-digest", "sha256:0"]).failed(4, "Inventory not found");
    delete(&[]).failed(2, "nobody to ask");
    assert_eq!(listed(), before);
    assert_eq!(delete(&["--yes"]).succeeded().stdout, "deleted 9\n");
    assert_ne!(listed(), before);
    delete(&["--dry-run"]).failed(4, "Inventory not found");
}

#[test]
fn options_that_would_count_for_nothing_are_refused() {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    // Nobody listens there: whoever is asked, this is not said.
    let url = ["--url", "http://127.0.0.1:9"];
    let state = ["--state", "state.json"];
    let delete = ["delete", "--type", "ecs", "--context", "c", "--yes"];
    let explain = ["explain", "kubernetes/c/n"];
    for (command, options, refused) in [
        (&delete[..], &["--lock-timeout", "1"][..], "--lock-timeout"),
        (&delete, &["--plugin", "p.wasm"], "--plugin"),
        (&delete, &["--limit-time", "1"], "--limit-time"),
        (&delete, &["--cache-dir", "cache"], "--cache-dir"),
        (&delete, &state, "--url"),
        (&explain, &["--now", "2026-08-06T09:00:08Z"], "--now"),
        (&explain, &["--config", "keepset.yaml"], "--config"),
        (&explain, &["--image-ingest-overwrite", "true"], "--image-ingest-overwrite"),
        (&explain, &["--ecs-truncation-guard", "true"], "--ecs-truncation-guard"),
        (&explain, &["--plugin", "p.wasm"], "--plugin"),
        (&explain, &state, "--url"),
        (&["list"], &state, "--url"),
    ] {
        let ran = scene.run(&[command, options, &url].concat());
        ran.failed(2, &format!("error: '{refused}")).failed(2, "cannot be used with");
    }
    for (command, option) in
        [("list", "--username"), ("explain", "--password"), ("explain", "--account"), ("list", "--url")]
    {
        let ran = scene.run(&[&[command][..], &state, &[option, "x"]].concat());
        ran.failed(2, &format!("error: '{option}")).failed(2, "no gateway is asked");
    }
    // What the environment says is for other commands too.
    for command in ["list", "explain"] {
        let mut command = scene.command(&[&[command][..], &state].concat());
        command.env("ANCHORECTL_URL", "http://127.0.0.1:9").env("KEEPSET_CA_CERTIFICATE", "nowhere.pem");
        let ran: Ran = command.output().unwrap().into();
        assert!(ran.succeeded().stdout.contains("prod-eu-1/default"));
    }
    let mut command = scene.command(&[&explain[..], &url].concat());
    let ran: Ran = command.env("KEEPSET_PLUGIN", "p.wasm").output().unwrap().into();
    ran.failed(8, "http://127.0.0.1:9");
}

#[test]
fn a_gateway_explains_under_the_ttl_that_is_asked_about() {
    let scene = Scene::new();
    let gateway = Gateway::start(&scene, &[]);
    gateway.report("k8s-report.json", fresh);
    let explain = |more: &[&str]| {
        gateway.ask(&scene, &[&["explain", "kubernetes/prod-eu-1/default"][..], more].concat())
    };
    let forever = explain(&["--image-ttl-days", "0"]).succeeded().stdout;
    assert!(forever.contains("kept for ever: the TTL is 0 (A5)"), "{forever}");
    let days = explain(&["--image-ttl-days", "36500"]).succeeded().stdout;
    assert!(days.contains("within the TTL of 36500 days (A5)"), "{days}");
    let retained = explain(&["-o", "json"]).succeeded().json();
    assert_eq!(retained["removed"].as_array().unwrap().len(), 0);
    assert!(retained["retained"].as_array().unwrap().len() > 6);
    explain(&["--image-ttl-days", "-1"]).failed(3, "image_ttl_days");
}

#[test]
fn what_is_no_url_and_no_context_is_told_what_was_expected() {
    let scene = Scene::new();
    scene.run(&["list", "--url", "127.0.0.1:8228"]).failed(2, "expected http:// or https://");
    scene.run(&["preview"]).failed(2, "no gateway is named: give --url URL");
    let url = ["--url", "http://127.0.0.1:9"];
    for key in ["prod-eu-1/default", "kubernetes", "kubernetes/", "Kubernetes/prod/default"] {
        let ran = scene.run(&[&["explain", key][..], &url].concat());
        ran.failed(2, &format!("`{key}` is no TYPE/CONTEXT: expected kubernetes/CLUSTER/NAMESPACE"));
    }
}

#[test]
fn who_is_refused_or_asks_somebody_else_is_told_what_to_do() {
    let scene = Scene::new();
    let gateway = Gateway::start(&scene, &[]);
    let list = |url: &str| scene.run(&["list", "--username", "admin", "--url", url]);
    list(&gateway.url).failed(8, "give --username, and the password in ANCHORECTL_PASSWORD");
    let ran = list(&format!("{}/v2", gateway.url));
    ran.failed(8, "is that the URL of a gateway, without a path?");
    let https = gateway.url.replace("http://", "https://");
    list(&https).failed(8, "it does not speak TLS: expected http://");
    scene.write("no.pem", "nothing");
    let mut command = scene.command(&["list", "--url", &https]);
    let ran: Ran = command.env("KEEPSET_CA_CERTIFICATE", "no.pem").output().unwrap().into();
    ran.failed(5, "no.pem: cannot be read: there is no certificate in it");
}

#[test]
fn a_report_is_previewed_under_other_settings() {
    let scene = Scene::new();
    let gateway = Gateway::start(&scene, &[]);
    gateway.report("k8s-report.json", fresh);
    let next = std::fs::read_to_string(shipped("k8s-report-next-poll.json")).unwrap();
    scene.write("next.json", &fresh(next));
    let preview = |more: &[&str]| gateway.ask(&scene, &[&["preview"][..], more].concat()).succeeded();
    let as_it_is = preview(&["--report", "next.json"]).stdout;
    assert_eq!(as_it_is, "would remove 0\n");
    let overwritten = preview(&["--report", "next.json", "--image-ingest-overwrite", "true"]).stdout;
    assert!(overwritten.contains("overwritten  A2"), "{overwritten}");
    let said_otherwise = preview(&["--report", "next.json", "--image-ingest-overwrite", "TRUE"]).stdout;
    assert_eq!(said_otherwise, overwritten);
    let alone = preview(&["--image-ingest-overwrite", "true"]);
    assert!(
        alone.stderr.contains("overwrite acts only when a report comes; give --report"),
        "{}",
        alone.stderr
    );
    scene.write("empty.json", " {} ");
    scene.write("list.json", "[]");
    for (report, said) in [("empty.json", "would remove 0"), ("list.json", "400")] {
        let ran = gateway.ask(&scene, &["preview", "--report", report, "--image-ttl-days", "7"]);
        assert!(
            ran.stdout.contains(said) || ran.stderr.contains(said),
            "{report}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}
