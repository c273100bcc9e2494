//! Nobody reads, writes or deletes what is another account's: every route there is, taken from the documentation.

use keepset_gateway::{Action, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::Database;
use crate::served::{Answer, Served, USERS, sample, send};

crate::cases!(
    no_route_shows_or_changes_what_is_another_accounts,
    every_route_asks_who_one_is_unless_it_says_so,
    roles_may_do_what_their_table_says,
);

/// Every operation: method, path with ids of account `a` in it, and whether it asks for credentials.
async fn operations(served: &Served) -> Vec<(Method, String, bool)> {
    let documentation = send(served.anonymous(Method::GET, "/openapi.json")).await.is(200).json();
    let first = async |path: &str, list: &str, key: &str| {
        served.get("alice", path).await.json()[list][0][key].as_str().unwrap().to_owned()
    };
    let ids = [
        ("{namespace_id}", first("/v2/kubernetes-namespaces?page=1", "namespaces", "uid").await),
        ("{node_id}", first("/v2/kubernetes-nodes?page=1", "nodes", "uid").await),
        ("{pod_id}", first("/v2/kubernetes-pods?page=1", "pods", "id").await),
        ("{integration_uuid}", first("/v2/system/integrations", "items", "uuid").await),
        ("{account_name}", "a".to_owned()),
    ];
    let mut operations = Vec::new();
    for (path, methods) in documentation["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = ids.iter().fold(path.clone(), |path, (name, id)| path.replace(name, id));
            assert!(!path.contains('{'), "{path}: which id?");
            let query = match (method.as_str(), &*path) {
                ("GET", path) if path.contains("/kubernetes-") || path.contains("/ecs-") => "?page=1",
                ("GET", "/v2/keepset/explain") | ("DELETE", "/v2/inventories") => {
                    "?inventory_type=kubernetes&context=prod-eu-1%2Fdefault"
                }
                ("DELETE", "/v2/system/integrations") => "?force=true",
                _ => "",
            };
            let asks = operation["security"].as_array().unwrap().iter().any(|way| way.get("basic").is_some());
            operations.push((method, format!("{path}{query}"), asks));
        }
    }
    assert!(operations.len() > 35, "{}", operations.len());
    operations
}

async fn ask(
    served: &Served,
    user: Option<&str>,
    method: &Method,
    path: &str,
    account: Option<&str>,
) -> Answer {
    let request = match user {
        Some(user) => served.request(user, method.clone(), path),
        None => served.anonymous(method.clone(), path),
    };
    let request = match account {
        Some(account) => request.header("x-anchore-account", account),
        None => request,
    };
    let request = match *method {
        Method::POST => request.header("content-type", "application/json").body(body(path)),
        _ => request,
    };
    send(request).await
}

/// A body that the route takes.
fn body(path: &str) -> String {
    match path {
        path if path.ends_with("kubernetes-inventory") => elsewhere("k8s-report-next-poll"),
        path if path.ends_with("ecs-inventory") => elsewhere("ecs-report-next-poll"),
        path if path.ends_with("registration") => registration(),
        path if path.ends_with("health-report") => json!({
            "uuid": "59b7e892-b23a-4beb-a438-f3157c71bd40", "protocol_version": 1,
            "timestamp": "2026-08-06T08:59:52Z", "uptime": 1, "health_report_interval": 60,
            "health_data": {"type": "k8s_inventory_agent", "version": 1},
        })
        .to_string(),
        _ => json!({"config": {"image_ttl_days": 1}}).to_string(),
    }
}

/// A sample report of other clusters, with other images.
fn elsewhere(name: &str) -> String {
    sample(name)
        .replace("prod-eu-1", "elsewhere")
        .replace("myclustername", "elsewhere")
        .replace("nginx", "other")
}

fn registration() -> String {
    json!({
        "registration_id": "r", "registration_instance_id": "i", "type": "k8s_inventory_agent", "username": "agent",
        "health_report_interval": 60,
    })
    .to_string()
}

/// Everything of account `a`.
async fn everything(served: &Served) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/v2/inventories",
        "/v2/kubernetes-namespaces?page=1",
        "/v2/kubernetes-nodes?page=1",
        "/v2/kubernetes-pods?page=1",
        "/v2/kubernetes-containers?page=1",
        "/v2/ecs-containers?page=1",
        "/v2/ecs-tasks?page=1",
        "/v2/ecs-services?page=1",
        "/v2/system/integrations",
        "/v2/keepset/removals",
    ] {
        all.push(served.get("alice", path).await.is(200).json());
    }
    all
}

async fn filled(database: Database) -> Served {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.report("ecs-report").await;
    served.post("agent", "/v2/system/integrations/registration", registration()).await.is(201);
    served
}

async fn no_route_shows_or_changes_what_is_another_accounts(database: Database) {
    let served = filled(database).await;
    let before = everything(&served).await;
    for (method, path, asks) in operations(&served).await {
        if !asks {
            continue;
        }
        // By its name the account is refused.
        let answer = ask(&served, Some("bob"), &method, &path, Some("a")).await;
        answer.is_refusal(403);
        // Without it, what is a's is not there.
        let answer = ask(&served, Some("bob"), &method, &path, None).await;
        assert!(answer.status.as_u16() < 500, "{method} {path}: {answer:?}");
        if method == Method::GET {
            for secret in ["prod-eu-1", "myclustername", "nginx"] {
                assert!(!answer.text.contains(secret), "{method} {path} shows {secret}: {answer:?}");
            }
        }
        assert_eq!(everything(&served).await, before, "{method} {path} changed what is a's");
    }
}

async fn every_route_asks_who_one_is_unless_it_says_so(database: Database) {
    let served = filled(database).await;
    let mut open = Vec::new();
    for (method, path, asks) in operations(&served).await {
        let answer = ask(&served, None, &method, &path, None).await;
        assert_eq!(answer.status.as_u16() == 401, asks, "{method} {path}: {answer:?}");
        if !asks {
            open.push(path);
        }
    }
    let expected =
        ["/health", "/metrics", "/ready", "/v2/", "/v2/health", "/v2/status", "/v2/version", "/version"];
    assert_eq!(open, expected);
}

async fn roles_may_do_what_their_table_says(database: Database) {
    let served = filled(database).await;
    let names: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    for (user, account, role) in USERS.into_iter().filter(|(_, account, _)| *account != "b") {
        for (method, path, asks) in operations(&served).await {
            // Deletions would take from the next what it looks for: their guards are looked at with nothing to delete.
            let path = match method {
                Method::DELETE if path.contains("inventories") => path.replace("default", "nothing"),
                Method::DELETE if path.contains("namespaces") => format!("{path}?cluster_name=nothing"),
                Method::DELETE => path.replace("integrations/", "integrations/x"),
                _ => path,
            };
            if !asks || path == "/v2/accounts/a" {
                continue;
            }
            let answer = ask(&served, Some(user), &method, &path, None).await;
            let refused = answer.status.as_u16() == 403 || answer.text.contains("role_not_permitted");
            let action = action_of(&method, &path);
            assert!(names.contains(&action.as_str()));
            assert_eq!(refused, !role.may(action), "{user} of {account}, {method} {path}: {answer:?}");
        }
    }
    assert!(Role::ALL.iter().filter(|role| role.crosses_accounts()).eq([&Role::Admin]));
}

/// What the route is, said once more: a route under the wrong permission is a hole.
fn action_of(method: &Method, path: &str) -> Action {
    let path = path.split('?').next().unwrap();
    match (method.as_str(), path) {
        ("POST", path) if path.ends_with("-inventory") => Action::SyncInventory,
        ("POST", path) if path.ends_with("/registration") => Action::RegisterIntegration,
        ("POST", path) if path.ends_with("/health-report") => Action::ReportHealth,
        ("POST", "/v2/keepset/preview") => Action::PreviewRetention,
        ("DELETE", "/v2/inventories") => Action::DeleteInventory,
        ("DELETE", "/v2/kubernetes-namespaces") => Action::DeleteKubernetesNamespaces,
        ("DELETE", path) if path.contains("/integrations/") => Action::DeleteIntegration,
        ("GET", path) if path.contains("/integrations") => Action::ListIntegrations,
        ("GET", "/v2/keepset/explain") => Action::ExplainRetention,
        ("GET", "/v2/keepset/removals") => Action::ListRemovals,
        ("GET", "/v2/account") => Action::GetAccount,
        ("GET", "/v2/accounts") => Action::ListAccounts,
        ("GET", "/v2/user") => Action::GetUser,
        ("GET", path)
            if path == "/v2/inventories" || path.contains("kubernetes-") || path.contains("ecs-") =>
        {
            Action::ListRuntimeInventories
        }
        _ => panic!("{method} {path}: which action is it?"),
    }
}
