//! Agents register and report their health (contract 1.1, 1.5).

use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::Database;
use crate::served::{DAY, Served, send};

crate::cases!(
    an_agent_registers_and_registers_again,
    an_agent_outside_a_pod_registers_without_an_instance_id,
    the_answer_has_what_agents_read,
    a_registration_that_is_not_one_is_400,
    health_is_reported_and_shown,
    a_batch_that_failed_is_unhealthy,
    an_agent_that_falls_silent_is_inactive,
    health_reports_of_nobody_are_404,
    an_agent_is_forgotten,
    health_reports_are_kept_for_two_days,
);

const REGISTRATION: &str = "/v2/system/integrations/registration";

fn registration() -> Value {
    json!({
        "registration_id": "6065d8dd-8fcd-493a-a744-2f6c5fafc9ed",
        "registration_instance_id": "k8s-inventory",
        "type": "k8s_inventory_agent",
        "name": "k8s-inventory",
        "version": "1.8.4",
        "started_at": "2026-08-06T08:59:50Z",
        "uptime": 2.001_372,
        "username": "inventory-agent",
        "cluster_name": "prod-eu-1",
        "namespace": "anchore",
        "health_report_interval": 60,
        "explicitly_account_bound": null,
        "configuration": {"polling-interval-seconds": 300},
    })
}

fn health(errors: &Value, reports: &Value) -> String {
    json!({
        "uuid": "59b7e892-b23a-4beb-a438-f3157c71bd40",
        "protocol_version": 1,
        "timestamp": "2026-08-06T08:59:52Z",
        "uptime": 62.1,
        "health_report_interval": 60,
        "health_data": {
            "type": "k8s_inventory_agent", "version": 1, "errors": errors, "account_k8s_inventory_reports": reports,
        },
    })
    .to_string()
}

async fn registered(served: &Served) -> String {
    let answer = served.post("agent", REGISTRATION, registration().to_string()).await;
    assert!(answer.status.is_success(), "{answer:?}");
    answer.json()["uuid"].as_str().unwrap().to_owned()
}

async fn an_agent_registers_and_registers_again(database: Database) {
    let served = Served::new(database).await;
    let first = served.post("agent", REGISTRATION, registration().to_string()).await.is(201).json();
    served.set_time(3600);
    let again = served.post("agent", REGISTRATION, registration().to_string()).await.is(200).json();
    assert_eq!(first["uuid"], again["uuid"]);
    let mut other = registration();
    other["registration_instance_id"] = json!("another");
    let other = served.post("agent", REGISTRATION, other.to_string()).await.is(201).json();
    assert_ne!(first["uuid"], other["uuid"]);
    // The same ids in another account are another agent.
    let bobs = served.post("bobs-agent", REGISTRATION, registration().to_string()).await.is(201).json();
    assert_ne!(first["uuid"], bobs["uuid"]);
}

/// It has no name of a pod to give, and would end itself at anything but a success.
async fn an_agent_outside_a_pod_registers_without_an_instance_id(database: Database) {
    let served = Served::new(database).await;
    let mut without = registration();
    without.as_object_mut().unwrap().remove("registration_instance_id");
    let first = served.post("agent", REGISTRATION, without.to_string()).await.is(201).json();
    assert_eq!(first["registration_instance_id"], "");
    for nothing in [json!(null), json!("")] {
        without["registration_instance_id"] = nothing;
        let again = served.post("agent", REGISTRATION, without.to_string()).await.is(200).json();
        assert_eq!(first["uuid"], again["uuid"]);
    }
    let in_a_pod = served.post("agent", REGISTRATION, registration().to_string()).await.is(201).json();
    assert_ne!(first["uuid"], in_a_pod["uuid"]);
}

async fn the_answer_has_what_agents_read(database: Database) {
    let served = Served::new(database).await;
    let answer = served.post("agent", REGISTRATION, registration().to_string()).await.is(201);
    assert_eq!(answer.header("content-type"), "application/json");
    let answer = answer.json();
    assert_eq!(answer["uuid"].as_str().unwrap().len(), 36);
    assert_eq!(answer["uptime"], json!(2.001_372), "a number, or the agent ends itself");
    assert_eq!(answer["started_at"], "2026-08-06T08:59:50Z");
    assert_eq!((&answer["type"], &answer["account_name"]), (&json!("k8s_inventory_agent"), &json!("a")));
    assert_eq!(answer["integration_status"]["state"], "registered");
    for list in ["explicitly_account_bound", "accounts", "namespaces"] {
        assert_eq!(answer[list], json!([]));
    }
    let mut bare = registration();
    for optional in ["started_at", "uptime", "name", "version", "namespace", "cluster_name", "configuration"]
    {
        bare.as_object_mut().unwrap().remove(optional);
    }
    bare["registration_id"] = json!("bare");
    let answer = served.post("agent", REGISTRATION, bare.to_string()).await.is(201).json();
    assert!(answer["uptime"].is_number() && answer["started_at"] == "2026-08-06T09:00:08Z", "{answer}");
}

async fn a_registration_that_is_not_one_is_400(database: Database) {
    let served = Served::new(database).await;
    for (key, value, pointer) in [
        ("type", json!("ecs_inventory_agent"), "/type"),
        ("health_report_interval", json!(29), "/health_report_interval"),
        ("health_report_interval", json!(601), "/health_report_interval"),
        ("registration_id", json!(""), "/registration_id"),
        ("registration_id", json!(7), "/registration_id"),
        ("uptime", json!("2s"), "/uptime"),
        ("started_at", json!("yesterday"), "/started_at"),
    ] {
        let mut wrong = registration();
        wrong[key] = value;
        let body = served.post("agent", REGISTRATION, wrong.to_string()).await.is_refusal(400);
        assert_eq!(body["detail"]["pointer"], pointer, "{body}");
    }
    served.post("agent", REGISTRATION, "{}").await.is_refusal(400);
    served.post("agent", REGISTRATION, "").await.is_refusal(400);
    let body = served.post("agent", REGISTRATION, " [1]").await.is_refusal(400);
    let message = body["message"].as_str().unwrap_or_default();
    assert!(message.contains("invalid type: sequence, expected an object"), "{message}");
    served.post("reader", REGISTRATION, registration().to_string()).await.is_refusal(403);
}

async fn health_is_reported_and_shown(database: Database) {
    let served = Served::new(database).await;
    let uuid = registered(&served).await;
    let path = format!("/v2/system/integrations/{uuid}");
    let reports = json!({"admin": {"has_errors": false, "batches": [{"batch_index": 1}]}});
    // The first one comes at once, and counts until the agent registers anew.
    served.post("agent", &format!("{path}/health-report"), health(&json!(null), &reports)).await.is(201);
    let shown = served.get("reader", &path).await.is(200).json();
    assert_eq!(shown["integration_status"]["state"], "active");
    assert_eq!(registered(&served).await, uuid);
    let shown = served.get("reader", &path).await.is(200).json();
    assert_eq!(shown["integration_status"]["state"], "registered");
    served.set_time(30);
    let answer = served.post("agent", &format!("{path}/health-report"), health(&json!(null), &reports)).await;
    assert_eq!(answer.is(201).text, "");
    let shown = served.get("reader", &path).await.is(200).json();
    assert_eq!(shown["integration_status"]["state"], "active");
    assert_eq!(shown["reported_status"]["state"], "healthy");
    assert_eq!((&shown["accounts"], &shown["uptime"]), (&json!(["admin"]), &json!(62.1)));
    assert_eq!(shown["last_seen"], "2026-08-06T09:00:38Z");
    let list = served.get("reader", "/v2/system/integrations").await.is(200).json();
    assert_eq!(list["items"][0]["uuid"], json!(uuid));
    let degraded = served.get("reader", "/v2/system/integrations?only_degraded=true").await.is(200).json();
    assert_eq!(degraded["items"], json!([]));
    served.get("reader", "/v2/system/integrations?only_degraded=perhaps").await.is_refusal(400);
    // A list is no object, also further in.
    let reports = json!({"admin": {"batches": [["refused"]]}});
    let refused =
        served.post("agent", &format!("{path}/health-report"), health(&json!(null), &reports)).await;
    let pointer = "/health_data/account_k8s_inventory_reports/admin/batches/0";
    assert_eq!(refused.is_refusal(400)["detail"]["pointer"], pointer);
}

async fn a_batch_that_failed_is_unhealthy(database: Database) {
    let served = Served::new(database).await;
    let uuid = registered(&served).await;
    served.set_time(30);
    let path = format!("/v2/system/integrations/{uuid}");
    for (errors, reports) in [
        (json!([]), json!({"admin": {"has_errors": true, "batches": []}})),
        (
            json!([]),
            json!({"admin": {"has_errors": true, "batches": [{"batch_index": 1, "error": "refused"}]}}),
        ),
        (json!(["no list of pods"]), json!({})),
    ] {
        served.post("agent", &format!("{path}/health-report"), health(&errors, &reports)).await.is(201);
        let shown = served.get("reader", &path).await.json();
        assert_eq!(shown["reported_status"]["state"], "unhealthy");
        assert!(shown["reported_status"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
        let degraded = served.get("reader", "/v2/system/integrations?only_degraded=true").await.json();
        assert_eq!(degraded["items"][0]["uuid"], json!(uuid));
    }
}

async fn an_agent_that_falls_silent_is_inactive(database: Database) {
    let served = Served::new(database).await;
    let path = format!("/v2/system/integrations/{}", registered(&served).await);
    let state = async || served.get("reader", &path).await.json()["integration_status"]["state"].clone();
    served.set_time(180);
    assert_eq!(state().await, "registered");
    served.set_time(181);
    assert_eq!(state().await, "inactive", "three check-ins were missed");
    served.post("agent", &format!("{path}/health-report"), health(&json!([]), &json!({}))).await.is(201);
    assert_eq!(state().await, "active");
    served.set_time(10 * 60);
    assert_eq!(state().await, "inactive");
    let degraded = served.get("reader", "/v2/system/integrations?only_degraded=true").await.json();
    assert_eq!(degraded["items"].as_array().unwrap().len(), 1);
}

async fn health_reports_of_nobody_are_404(database: Database) {
    let served = Served::new(database).await;
    let uuid = registered(&served).await;
    let report = health(&json!([]), &json!({}));
    for (user, uuid) in [("agent", "45f313b9-c5b3-4277-a233-848d263fec85"), ("bobs-agent", &uuid)] {
        let path = format!("/v2/system/integrations/{uuid}/health-report");
        served.post(user, &path, report.clone()).await.is_refusal(404);
    }
    let path = format!("/v2/system/integrations/{uuid}/health-report");
    served.post("agent", &path, "{}").await.is_refusal(400);
}

async fn an_agent_is_forgotten(database: Database) {
    let served = Served::new(database).await;
    let path = format!("/v2/system/integrations/{}", registered(&served).await);
    served.delete("bob", &path).await.is_refusal(404);
    served.delete("agent", &path).await.is_refusal(403);
    served.delete("alice", &path).await.is_refusal(409);
    let body = served.delete("alice", &format!("{path}?force=perhaps")).await.is_refusal(400);
    assert_eq!(body["detail"]["parameter"], "force");
    served.delete("alice", &format!("{path}?force=true")).await.is(204);
    served.get("alice", &path).await.is_refusal(404);
    let path = format!("/v2/system/integrations/{}", registered(&served).await);
    served.set_time(DAY);
    served.delete("alice", &path).await.is(204);
    served.delete("alice", &path).await.is_refusal(404);
}

async fn health_reports_are_kept_for_two_days(database: Database) {
    let served = Served::new(database).await;
    let uuid = registered(&served).await;
    let path = format!("/v2/system/integrations/{uuid}/health-report");
    served.post("agent", &path, health(&json!([]), &json!({}))).await.is(201);
    assert_eq!(served.store.health_reports("a", &uuid, 10).await.unwrap().len(), 1);
    served.set_time(2 * DAY + 1);
    // A report wakes the background sweep, which prunes.
    let probe = served.request("agent", Method::POST, "/v2/kubernetes-inventory");
    send(probe.body(crate::served::sample("k8s-report"))).await.is(201);
    for _ in 0..100 {
        if served.store.health_reports("a", &uuid, 10).await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it is still there");
}
