//! Plugins of somebody else's: one that never comes back, in a gateway that goes on, and one that decides by other rules.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use keepset_agents::fleet;
use keepset_agents::http::{Credentials, Request};
use keepset_agents::inventory::{List, Overwrite};
use serde_json::json;

use crate::fleet::{member, tell};
use crate::gateway::{Gateway, Kind, Place, admin, patient, write};

crate::cases!(
    a_plugin_that_loops_is_stopped_and_replaced,
    a_plugin_of_other_rules_is_refused_asked_beside_and_obeyed,
);

/// A plugin of the host's tests: from `$KEEPSET_PLUGINS`, or where `cargo xtask plugins` puts it.
fn plugin(name: &str) -> PathBuf {
    let built = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("../plugins");
    let folder = std::env::var_os("KEEPSET_PLUGINS").map_or_else(built, PathBuf::from);
    let file = folder.join(format!("{name}.wasm"));
    assert!(file.is_file(), "{} is not there: build it with `cargo xtask plugins`", file.display());
    file
}

/// Reports containers with these ids, all in one pod.
async fn report(gateway: &Gateway, ids: &[&str]) {
    let container =
        |id| json!({"id": id, "name": "c", "pod_uid": "p", "image_tag": "c:1", "image_digest": ""});
    let report = json!({"cluster_name": "trap", "timestamp": keepset_agents::now().to_string(),
        "containers": ids.iter().map(container).collect::<Vec<_>>(),
        "namespaces": [{"name": "default", "uid": "n"}], "pods": [{"name": "p", "namespace_uid": "n", "uid": "p"}]});
    let request = Request {
        url: format!("{}/v2/kubernetes-inventory", gateway.url),
        body: Some(report.to_string().into()),
        credentials: Some(&admin()),
        account: None,
    };
    assert_eq!(patient().send(request).await.unwrap().status, 201);
}

async fn containers(gateway: &Gateway) -> usize {
    gateway.inventory("admin").await.count(List::Containers)
}

async fn delete(gateway: &Gateway, context: &str) -> reqwest::Response {
    let url = format!("{}/v2/inventories?inventory_type=kubernetes&context={context}", gateway.url);
    let Credentials { user, password } = admin();
    reqwest::Client::new().delete(url).basic_auth(user, Some(password)).send().await.unwrap()
}

async fn a_plugin_that_loops_is_stopped_and_replaced(kind: Kind) {
    let place = Place::new(kind);
    let config = place.dir.path().join("keepset.yaml");
    write(&config, &format!("keepset:\n  plugin: {}\n", plugin("hostile").display()));
    let config = config.to_str().unwrap();
    let arguments =
        ["--config", config, "--unchecked-plugin", "--limit-time", "0.2", "--image-ingest-overwrite=true"];
    let mut gateway = Gateway::start(&place, &arguments);

    // It is honest, until it is to delete where a container is called Loop.
    report(&gateway, &["Loop"]).await;
    let before = gateway.inventory("admin").await;

    // Others go on meanwhile.
    let members: Vec<_> = (0..3).map(|n| member(n, gateway.target("admin"), Overwrite::On, 60)).collect();
    let load = tokio::spawn(async move {
        let never = Arc::new(AtomicBool::new(false));
        fleet::run(members, Duration::from_secs(4), &never).await
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..5 {
        let begun = Instant::now();
        let refused = delete(&gateway, "trap%2Fdefault").await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "5");
        let body: serde_json::Value = refused.json().await.unwrap();
        assert_eq!(body["detail"]["error_codes"], json!(["plugin_time_limit"]), "{body}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    let (mut members, summary) = load.await.unwrap();
    tell("beside a plugin that loops", kind, &summary);
    assert_eq!(summary.errors(), 0, "{summary}");
    let mut expected = before.clone();
    for member in &mut members {
        expected.extend(member.memory.acknowledged("admin"));
    }
    let difference = gateway.inventory("admin").await.difference_from(&expected);
    assert!(difference.is_empty(), "{difference}");

    // A file that is no plugin changes nothing; the good one does.
    write(Path::new(config), "keepset:\n  plugin: keepset.yaml\n");
    gateway.signal("HUP");
    until(|| count(&gateway, "nothing was changed") == 1).await;
    assert_eq!(delete(&gateway, "trap%2Fdefault").await.status(), 503);
    write(Path::new(config), "keepset: {}\n");
    gateway.signal("HUP");
    until(|| count(&gateway, "decides from now on") == 1).await;
    assert_eq!(delete(&gateway, "trap%2Fdefault").await.status(), 204);
    let never = Arc::new(AtomicBool::new(false));
    let (_, summary) = fleet::run_on(members, Duration::from_secs(1), &never).await;
    assert_eq!(summary.errors(), 0, "{summary}");
    assert!(gateway.is_alive());
    drop(gateway);
    place.is_whole();
}

async fn a_plugin_of_other_rules_is_refused_asked_beside_and_obeyed(kind: Kind) {
    let place = Place::new(kind);
    let config = place.dir.path().join("keepset.yaml");
    write(&config, "keepset: {}\n");
    let arguments = ["--config", config.to_str().unwrap(), "--image-ingest-overwrite=true"];
    let gateway = Gateway::start(&place, &arguments);
    let additive = plugin("additive");

    // By it nothing would go. It does not come to decide.
    report(&gateway, &["a", "b"]).await;
    write(&config, &format!("keepset:\n  plugin: {}\n", additive.display()));
    gateway.signal("HUP");
    until(|| count(&gateway, "nothing was changed") == 1).await;
    assert_eq!(count(&gateway, "the plugin fails applying/"), 1, "{}", gateway.log());
    report(&gateway, &["a"]).await;
    assert_eq!(containers(&gateway).await, 1);

    // Asked beside, it is seen to differ.
    write(&config, &format!("keepset:\n  shadow_plugin: {}\n", additive.display()));
    gateway.signal("HUP");
    until(|| count(&gateway, "decides from now on") == 1).await;
    report(&gateway, &["a", "b"]).await;
    report(&gateway, &["a"]).await;
    assert_eq!(containers(&gateway).await, 1);
    let different = r#"keepset_shadow_reports_total{inventory_type="kubernetes",result="different"} 1"#;
    let start = Instant::now();
    let mut metrics = String::new();
    while !metrics.contains(different) {
        assert!(start.elapsed() < Duration::from_secs(30), "{metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        metrics = reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap();
    }
    assert!(metrics.contains(r#"keepset_shadow_rows_total{side="only_live_removes"} 1"#), "{metrics}");

    // Nor at a start, unless told so.
    drop(gateway);
    write(&config, &format!("keepset:\n  plugin: {}\n", additive.display()));
    let refused =
        place.command(&["serve", "--listen", "127.0.0.1:0", "--config", arguments[1]]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(7), "{said}");
    assert!(said.contains("--unchecked-plugin takes it as it is"), "{said}");
    let gateway = Gateway::start(&place, &[&arguments[..], &["--unchecked-plugin"]].concat());
    report(&gateway, &["a", "b"]).await;
    report(&gateway, &["a"]).await;
    assert_eq!(containers(&gateway).await, 2);
    drop(gateway);
    place.is_whole();
}

/// How often its log says that.
fn count(gateway: &Gateway, line: &str) -> usize {
    gateway.log().matches(line).count()
}

async fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
