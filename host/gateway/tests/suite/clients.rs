//! What generated clients need (contract 1.4): every endpoint, its parameters, its answers.

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::Database;
use crate::served::{DAY, Served, send};

crate::cases!(
    images_are_listed_as_the_published_api_has_them,
    images_are_filtered_by_all_that_is_given,
    an_empty_or_wrong_filter_is_400,
    unknown_parameters_are_ignored,
    a_long_list_is_streamed_whole_and_in_order,
    what_has_expired_is_never_shown,
    lists_of_kubernetes_have_every_required_key,
    nodes_and_pods_are_under_both_keys,
    lists_of_ecs_have_every_required_key,
    pages_are_counted_from_one,
    rows_are_found_by_their_uid,
    a_context_is_deleted,
    an_image_is_deleted_by_its_digest,
    images_without_a_digest_are_called_unknown,
    deleting_nothing_is_404,
    deleting_with_an_empty_or_missing_parameter_is_400_and_deletes_nothing,
    what_has_expired_cannot_be_deleted,
    contexts_match_whole,
    a_cluster_is_deleted_with_its_nodes,
    the_service_says_how_it_is,
    accounts_and_users_are_shown,
);

async fn images_are_listed_as_the_published_api_has_them(database: Database) {
    let served = Served::new(database).await;
    assert_eq!(served.get("reader", "/v2/inventories").await.is(200).text, r#"{"items":[]}"#);
    served.report("k8s-report").await;
    served.report("ecs-report").await;
    let answer = served.get("reader", "/v2/inventories").await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let items = answer.json()["items"].as_array().unwrap().clone();
    let keys: Vec<[String; 4]> = items
        .iter()
        .map(|item| {
            ["inventory_type", "context", "image_tag", "image_digest"]
                .map(|key| item[key].as_str().unwrap().to_owned())
        })
        .collect();
    assert!(keys.is_sorted() && keys.len() > 8, "{keys:?}");
    let nginx = items.iter().find(|item| item["image_tag"] == "docker.io/library/nginx:1.29.1").unwrap();
    let expected = json!({
        "inventory_type": "kubernetes",
        "context": "prod-eu-1/default",
        "image_tag": "docker.io/library/nginx:1.29.1",
        "image_digest": "sha256:9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900",
        "created_at": "2026-08-06T09:00:08Z",
        "last_updated": "2026-08-06T09:00:08Z",
        "last_seen": "2026-08-06T09:00:07Z",
    });
    assert_eq!(nginx, &expected);
}

async fn count(served: &Served, path: &str) -> usize {
    served.get("reader", path).await.is(200).json()["items"].as_array().unwrap().len()
}

async fn images_are_filtered_by_all_that_is_given(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.report("ecs-report").await;
    let all = count(&served, "/v2/inventories").await;
    let kubernetes = count(&served, "/v2/inventories?inventory_type=kubernetes").await;
    let ecs = count(&served, "/v2/inventories?inventory_type=ecs").await;
    assert_eq!((kubernetes, kubernetes + ecs), (6, all));
    assert_eq!(count(&served, "/v2/inventories?context=prod-eu-1%2Fdefault").await, 3);
    assert_eq!(count(&served, "/v2/inventories?inventory_type=ecs&context=prod-eu-1%2Fdefault").await, 0);
    assert_eq!(count(&served, "/v2/inventories?context=prod-eu-1").await, 0);
    let digest = "sha256%3A9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900";
    assert_eq!(count(&served, &format!("/v2/inventories?image_digest={digest}")).await, 1);
    assert_eq!(count(&served, "/v2/inventories?inventory_type=kubernetes&image_digest=unknown").await, 1);
}

async fn an_empty_or_wrong_filter_is_400(database: Database) {
    let served = Served::new(database).await;
    for (query, parameter) in [
        ("context=", "context"),
        ("image_digest=", "image_digest"),
        ("inventory_type=", "inventory_type"),
        ("inventory_type=Kubernetes", "inventory_type"),
        ("context=a&context=b", "context"),
        ("context=%00", "context"),
    ] {
        let body = served.get("reader", &format!("/v2/inventories?{query}")).await.is_refusal(400);
        assert_eq!(body["detail"]["parameter"], parameter, "{query}: {body}");
    }
}

async fn unknown_parameters_are_ignored(database: Database) {
    let served = Served::new(database).await;
    served.get("reader", "/v2/inventories?limit=3&x=").await.is(200);
    served.get("reader", "/v2/kubernetes-pods?page=1&x=y").await.is(200);
}

async fn a_long_list_is_streamed_whole_and_in_order(database: Database) {
    let served = Served::new(database).await;
    let containers: Vec<Value> = (0..2500)
        .map(|n| json!({"id": format!("c{n}"), "name": "x", "pod_uid": "p", "image_tag": format!("repo/{n:04}:1")}))
        .collect();
    let report = json!({
        "cluster_name": "c", "timestamp": "2026-08-06T09:00:00Z", "namespaces": [{"uid": "u", "name": "n"}],
        "pods": [{"uid": "p", "name": "p", "namespace_uid": "u"}], "containers": containers,
    });
    served.post("agent", "/v2/kubernetes-inventory", report.to_string()).await.is(201);
    let response = served.request("reader", Method::GET, "/v2/inventories").send().await.unwrap();
    assert_eq!(response.content_length(), None, "it is sent while it is read");
    let mut body = response.bytes_stream();
    let (mut text, mut largest) = (Vec::new(), 0);
    while let Some(piece) = body.next().await {
        let piece = piece.unwrap();
        largest = largest.max(piece.len());
        text.extend_from_slice(&piece);
    }
    assert!(largest < text.len() / 2, "{largest} of {}", text.len());
    let all: Value = serde_json::from_slice(&text).unwrap();
    let tags: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|item| item["image_tag"].as_str().unwrap()).collect();
    assert_eq!(tags.len(), 2500);
    assert!(tags.is_sorted());
}

async fn what_has_expired_is_never_shown(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.set_time(120 * DAY - 1);
    assert_eq!(served.images().await.len(), 6, "exactly at the TTL it is kept (A5)");
    served.set_time(120 * DAY);
    assert_eq!(served.images().await, Vec::<Value>::new());
    for list in ["namespaces", "nodes", "pods", "containers"] {
        let page = served.get("reader", &format!("/v2/kubernetes-{list}?page=1")).await.is(200);
        let lists = page.json().as_object().unwrap().clone();
        assert!(lists.values().all(|list| list.as_array().unwrap().is_empty()), "{list}");
    }
}

/// Each item has these keys, with a value that is not null.
#[track_caller]
fn have(items: &Value, keys: &[&str]) {
    let items = items.as_array().unwrap();
    assert!(!items.is_empty());
    for (item, key) in items.iter().flat_map(|item| keys.iter().map(move |key| (item, key))) {
        assert!(item.get(key).is_some_and(|value| !value.is_null()), "{key} of {item}");
        if ["labels", "annotations", "tags"].contains(key) {
            assert!(item[key].is_object());
        }
    }
}

async fn lists_of_kubernetes_have_every_required_key(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report-metadata-disabled").await;
    let get = async |list: &str| {
        served.get("reader", &format!("/v2/kubernetes-{list}?page=1")).await.is(200).json()
    };
    have(&get("namespaces").await["namespaces"], &["uid", "name", "labels", "annotations", "last_seen"]);
    have(&get("nodes").await["nodes"], &["uid", "name", "labels", "annotations", "last_seen"]);
    let pods = get("pods").await;
    have(
        &pods["pods"],
        &["id", "name", "account_name", "labels", "annotations", "namespace_id", "last_seen"],
    );
    let containers = get("containers").await;
    let keys = ["id", "name", "pod_id", "account_name", "context", "image_tag", "image_digest"];
    have(&containers["containers"], &keys);
    assert_eq!(containers["containers"].as_array().unwrap().len(), 6);
    assert_eq!(containers["containers"][0]["account_name"], "a");
    served.report("k8s-report").await;
    assert!(get("namespaces").await["namespaces"][0]["labels"].as_object().is_some());
}

async fn nodes_and_pods_are_under_both_keys(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    for (list, length) in [("nodes", 3), ("pods", 5)] {
        let page = served.get("reader", &format!("/v2/kubernetes-{list}?page=1")).await.json();
        assert_eq!(page["namespaces"], page[list]);
        assert_eq!(page[list].as_array().unwrap().len(), length);
    }
}

async fn lists_of_ecs_have_every_required_key(database: Database) {
    let served = Served::new(database).await;
    served.report("ecs-report").await;
    let get = async |list: &str| served.get("reader", &format!("/v2/ecs-{list}?page=1")).await.is(200).json();
    let keys = ["arn", "task_arn", "account_name", "context", "image_tag", "image_digest"];
    have(&get("containers").await["containers"], &keys);
    let keys = ["arn", "cluster_arn", "service_arn", "task_definition_arn", "tags", "account_name"];
    have(&get("tasks").await["tasks"], &keys);
    have(&get("services").await["services"], &["arn", "cluster_arn", "tags", "account_name"]);
}

async fn pages_are_counted_from_one(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let all = served.get("reader", "/v2/kubernetes-containers?page=1").await.json();
    let all = all["containers"].as_array().unwrap();
    let mut paged = Vec::new();
    for page in 1..=4 {
        let path = format!("/v2/kubernetes-containers?page={page}&page_size=2");
        let containers =
            served.get("reader", &path).await.is(200).json()["containers"].as_array().unwrap().clone();
        assert_eq!(containers.len(), if page < 4 { 2 } else { 0 });
        paged.extend(containers);
    }
    assert_eq!(&paged, all);
    for (query, parameter) in [
        ("", "page"),
        ("page_size=5", "page"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=", "page"),
        ("page=1&page_size=0", "page_size"),
        ("page=1&page_size=100001", "page_size"),
        ("page=99999999999", "page"),
    ] {
        for list in ["kubernetes-containers", "kubernetes-nodes", "ecs-tasks"] {
            let body = served.get("reader", &format!("/v2/{list}?{query}")).await.is_refusal(400);
            assert_eq!(body["detail"]["parameter"], parameter, "{query}: {body}");
            let message = body["message"].as_str().unwrap();
            assert!(message.contains("whole number") || message.contains("Missing"), "{query}: {message}");
        }
    }
}

async fn rows_are_found_by_their_uid(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    for (list, key) in [("namespaces", "uid"), ("nodes", "uid"), ("pods", "id")] {
        let page = served.get("reader", &format!("/v2/kubernetes-{list}?page=1")).await.json();
        for item in page[list].as_array().unwrap() {
            let path = format!("/v2/kubernetes-{list}/{}", item[key].as_str().unwrap());
            assert_eq!(&served.get("reader", &path).await.is(200).json(), item);
            served.get("bob", &path).await.is_refusal(404);
            served.get("bob", &format!("{path}%ff")).await.is_refusal(404);
        }
        for id in ["00000000-0000-0000-0000-000000000000", "x", "%00"] {
            served.get("reader", &format!("/v2/kubernetes-{list}/{id}")).await.is_refusal(404);
        }
    }
}

const DEFAULT: &str = "/v2/inventories?inventory_type=kubernetes&context=prod-eu-1%2Fdefault";

async fn a_context_is_deleted(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let answer = served.delete("alice", DEFAULT).await.is(204);
    assert_eq!((&*answer.text, answer.header("keepset-removed")), ("", "9"));
    let left = served.images().await;
    assert!(left.len() == 3 && left.iter().all(|image| image["context"] == "prod-eu-1/payments"));
    let nodes = served.get("reader", "/v2/kubernetes-nodes?page=1").await.json();
    assert_eq!(nodes["nodes"].as_array().unwrap().len(), 3, "nodes are of no namespace");
    served.delete("alice", DEFAULT).await.is_refusal(404);
    served.report("k8s-report").await;
    assert_eq!(served.images().await.len(), 6, "no tombstone (D4)");
}

async fn an_image_is_deleted_by_its_digest(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let digest = "sha256%3A9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900";
    let path = format!("{DEFAULT}&image_digest={digest}");
    served.delete("alice", &path).await.is(204);
    assert_eq!(served.images().await.len(), 5);
    let body = served.delete("alice", &path).await.is_refusal(404);
    assert_eq!(body["message"], "Inventory not found");
}

async fn images_without_a_digest_are_called_unknown(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let path = "/v2/inventories?inventory_type=kubernetes&context=prod-eu-1%2Fpayments&image_digest=unknown";
    served.delete("alice", path).await.is(204);
    let left = served.images().await;
    assert!(left.len() == 5 && left.iter().all(|image| image["image_digest"] != ""));
}

async fn deleting_nothing_is_404(database: Database) {
    let served = Served::new(database).await;
    let body = served.delete("alice", DEFAULT).await.is_refusal(404);
    assert_eq!(body["message"], "Inventory not found");
}

async fn deleting_with_an_empty_or_missing_parameter_is_400_and_deletes_nothing(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    for (query, parameter) in [
        ("inventory_type=kubernetes", "context"),
        ("context=prod-eu-1%2Fdefault", "inventory_type"),
        ("", "inventory_type"),
        ("inventory_type=kubernetes&context=", "context"),
        ("inventory_type=&context=prod-eu-1%2Fdefault", "inventory_type"),
        ("inventory_type=KUBERNETES&context=prod-eu-1%2Fdefault", "inventory_type"),
        ("inventory_type=kubernetes&context=prod-eu-1%2Fdefault&image_digest=", "image_digest"),
    ] {
        let body = served.delete("alice", &format!("/v2/inventories?{query}")).await.is_refusal(400);
        assert_eq!(body["detail"]["parameter"], parameter, "{query}: {body}");
    }
    let body = served.delete("alice", "/v2/kubernetes-namespaces?cluster_name=").await.is_refusal(400);
    assert_eq!(body["detail"]["parameter"], "cluster_name");
    assert_eq!(served.images().await.len(), 6);
}

async fn what_has_expired_cannot_be_deleted(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.set_time(121 * DAY);
    let body = served.delete("alice", DEFAULT).await.is_refusal(404);
    assert_eq!(body["message"], "Inventory not found");
    let log = served.get("reader", "/v2/keepset/removals").await.json();
    assert!(log["items"].as_array().unwrap().iter().all(|row| row["reason"] == "expired"));
}

async fn contexts_match_whole(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    for context in
        ["prod-eu-1", "prod-eu-1%2F", "prod-eu-1%2Fdefaul", "prod-eu-1%2F%25", "PROD-EU-1%2Fdefault"]
    {
        let path =
            format!("/v2/inventories?inventory_type=kubernetes&context={context}&image_digest=unknown");
        served.delete("alice", &path).await.is_refusal(404);
    }
    assert_eq!(served.images().await.len(), 6);
}

async fn a_cluster_is_deleted_with_its_nodes(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.report("ecs-report").await;
    let ecs = count(&served, "/v2/inventories?inventory_type=ecs").await;
    served.delete("alice", "/v2/kubernetes-namespaces?cluster_name=another").await.is(204);
    assert_eq!(served.images().await.len(), 6 + ecs);
    served.delete("alice", "/v2/kubernetes-namespaces?cluster_name=prod-eu-1").await.is(204);
    assert_eq!(served.images().await.len(), ecs);
    let nodes = served.get("reader", "/v2/kubernetes-nodes?page=1").await.json();
    assert_eq!(nodes["nodes"], json!([]));
    served.report("k8s-report").await;
    served.delete("alice", "/v2/kubernetes-namespaces").await.is(204);
    served.delete("alice", "/v2/kubernetes-namespaces").await.is(204);
    assert_eq!(served.images().await.len(), ecs);
}

async fn the_service_says_how_it_is(database: Database) {
    let served = Served::new(database).await;
    for path in ["/health", "/v2/health"] {
        assert_eq!(send(served.anonymous(Method::GET, path)).await.is(200).text, "");
    }
    for path in ["/v2", "/v2/"] {
        assert_eq!(send(served.anonymous(Method::GET, path)).await.is(200).text, r#""v2""#);
    }
    let ready = send(served.anonymous(Method::GET, "/ready")).await.is(200);
    assert_eq!(ready.json(), json!({"ready": true}));
    let status = send(served.anonymous(Method::GET, "/v2/status")).await.is(200).json();
    assert_eq!((&status["up"], &status["available"]), (&json!(true), &json!(true)));
    assert_eq!(status["version"], "5.11.0");
    assert_eq!(status["detail"]["plugin"], served.gateway.plugin().digest);
}

async fn accounts_and_users_are_shown(database: Database) {
    let served = Served::new(database).await;
    let account = served.get("reader", "/v2/account").await.is(200).json();
    assert_eq!((&account["name"], &account["type"]), (&json!("a"), &json!("user")));
    assert_eq!(account["state"], "enabled");
    let other = served.request("admin", Method::GET, "/v2/account").header("x-anchore-account", "b");
    assert_eq!(send(other).await.is(200).json()["name"], "b");
    let user = served.get("reader", "/v2/user").await.is(200).json();
    assert_eq!((&user["username"], &user["account_name"]), (&json!("reader"), &json!("a")));
    assert_eq!((&user["type"], &user["role"]), (&json!("native"), &json!("read-only")));
    let all = served.get("admin", "/v2/accounts").await.is(200).json();
    let names: Vec<&str> =
        all.as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "admin", "b"]);
    assert_eq!(served.get("admin", "/v2/accounts?state=disabled").await.is(200).json(), json!([]));
    served.get("admin", "/v2/accounts?state=x").await.is_refusal(400);
    served.get("alice", "/v2/accounts").await.is_refusal(403);
    assert_eq!(served.get("alice", "/v2/accounts/a").await.is(200).json()["name"], "a");
    served.get("alice", "/v2/accounts/b").await.is_refusal(403);
    served.get("alice", "/v2/accounts/x").await.is_refusal(403);
    assert_eq!(served.get("admin", "/v2/accounts/admin").await.is(200).json()["type"], "admin");
    let body = served.get("admin", "/v2/accounts/x").await.is_refusal(404);
    assert_eq!(body["message"], "User account not found. Name=x");
}
