//! Why a row is kept, and until when.

use crate::scene::Scene;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.apply("k8s-report.json", &["--now", "2026-08-06T09:00:08Z"]).succeeded();
    scene
}

fn explain(scene: &Scene, more: &[&str]) -> crate::scene::Ran {
    let arguments = ["explain", "--state", "state.json", "--now", "2026-08-06T09:00:08Z"];
    scene.run(&[&arguments[..], more].concat())
}

#[test]
fn a_key_is_a_whole_id_tag_digest_or_context() {
    let scene = scene();
    for (key, line) in [
        ("863efa48-dc5f-409b-a893-f93ee59d3e28", "  pod 863efa48-dc5f-409b-a893-f93ee59d3e28"),
        ("docker.io/library/nginx:1.29.1", "  image docker.io/library/nginx:1.29.1@sha256:9ce7"),
        (
            "sha256:9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900",
            "  image docker.io/library/",
        ),
        ("prod-eu-1/default", "  namespace default"),
        ("kubernetes/prod-eu-1/default", "  namespace default"),
    ] {
        let explained = explain(&scene, &[key]).succeeded().stdout;
        assert!(explained.starts_with("prod-eu-1/default (kubernetes)\n"), "{key}: {explained}");
        assert!(explained.contains(line), "{key}: {explained}");
        assert!(explained.contains("kept until 2026-12-04T09:00:08Z"), "{key}: {explained}");
    }
    let all = explain(&scene, &["-o", "json"]).succeeded().json();
    assert_eq!(all["retained"].as_array().unwrap().len(), 22);
}

#[test]
fn a_key_that_matches_nothing_is_named() {
    let scene = scene();
    explain(&scene, &["prod-eu-1/default", "prod-eu-1/defaul"]).failed(4, "`prod-eu-1/defaul` matches no id");
    explain(&scene, &[""]).failed(4, "`` matches no id");
    assert_eq!(explain(&scene, &["nothing", "-o", "json"]).error()["code"], "not_found");
}

#[test]
fn reasons_are_given_for_what_stays_and_for_what_goes() {
    let scene = scene();
    let pod = "863efa48-dc5f-409b-a893-f93ee59d3e28";
    let forever = explain(&scene, &[pod, "--image-ttl-days", "0"]).succeeded().stdout;
    assert!(forever.contains("kept for ever: the TTL is 0 (A5)"), "{forever}");
    let gone =
        ["explain", "--state", "state.json", "--now", "2026-08-08T00:00:00Z", "--image-ttl-days", "1", pod];
    let gone = scene.run(&gone).succeeded().stdout;
    assert!(
        gone.contains("a sweep under the TTL of 1 day removes it: expired (A5), last seen 2026-"),
        "{gone}"
    );
}

/// Names are what a report says.
#[test]
fn names_do_not_speak_to_the_terminal() {
    let scene = Scene::new();
    let report = crate::scene::report("c", "2026-08-06T00:00:00Z", "x", 1);
    scene.write("evil.json", &report.replace("\"x", r#""x\u001b[31m\nremoved 7\u009b"#));
    let now = ["--state", "state.json", "--now", "2026-08-06T00:00:00Z"];
    scene.run(&[&["apply", "--report", "evil.json"][..], &now].concat()).succeeded();
    let later = ["--state", "state.json", "--now", "2027-08-06T00:00:00Z"];
    for command in [
        &["list", "--state", "state.json"][..],
        &[&["explain"][..], &now].concat(),
        &[&["sweep"][..], &later].concat(),
    ] {
        let ran = scene.run(command).succeeded();
        assert!(ran.stdout.contains(r"x\u{1b}[31m\nremoved 7\u{9b}"), "{}", ran.stdout);
        assert!(!ran.stdout.contains(|c: char| c.is_control() && c != '\n'), "{}", ran.stdout);
        assert!(!ran.stdout.contains("\nremoved 7"), "{}", ran.stdout);
    }
}

#[test]
fn a_parent_is_kept_for_what_is_in_it() {
    let scene = Scene::new();
    let row = |kind: &str, id: &str, seen: &str, attributes: &str| {
        format!(
            r#"{{"inventory_type":"kubernetes","context":"c/n","kind":"{kind}","id":"{id}","created_at":"{seen}","last_updated":"{seen}","last_seen":"{seen}","attributes":{attributes}}}"#
        )
    };
    let pod = row("pod", "p", "2026-08-01T00:00:00Z", r#"{"name":"p"}"#);
    let container = row("container", "x", "2026-08-05T00:00:00Z", r#"{"pod_uid":"p"}"#);
    scene.write("state.json", &format!(r#"{{"version":1,"items":[{pod},{container}]}}"#));
    let explained = explain(&scene, &["p", "--image-ttl-days", "7"]).succeeded().stdout;
    assert!(
        explained.contains(
            "kept until 2026-08-12T00:00:01Z: something in it was seen 2026-08-05T00:00:00Z, within the TTL of 7 days (A5)"
        ),
        "{explained}"
    );
}
