//! Agents that register: what they send, and what they are answered (contract 1.5).

use std::collections::BTreeMap;

use keepset_store::Integration as Stored;
use keepset_types::{Object, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How many health reports an agent may miss before it counts as inactive.
const MISSED: i64 = 3;

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntegrationType {
    K8sInventoryAgent,
}

/// Seconds between two health reports: 30 to 600.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(try_from = "f64", into = "u32")]
#[schema(value_type = u32, minimum = 30, maximum = 600)]
pub(crate) struct Interval(u32);

/// JSON has one kind of numbers: 60.0 is a whole one too.
impl TryFrom<f64> for Interval {
    type Error = &'static str;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        let whole = (30..=600).find(|whole| f64::from(*whole) == seconds);
        whole.map(Self).ok_or("expected 30 to 600 seconds, whole ones")
    }
}

impl From<Interval> for u32 {
    fn from(interval: Interval) -> Self {
        interval.0
    }
}

/// A time, as RFC 3339 writes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(value_type = String, format = DateTime)]
pub(crate) struct Instant(String);

/// An agent that registers.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct IntegrationRegister {
    /// Of all replicas of the agent.
    #[schema(min_length = 1, pattern = r"^[^\x00]+$")]
    pub(crate) registration_id: String,
    /// Of this one among them. An agent that runs in no pod leaves it out.
    #[schema(pattern = r"^[^\x00]*$")]
    pub(crate) registration_instance_id: Option<String>,
    pub(crate) r#type: IntegrationType,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) version: Option<String>,
    #[schema(value_type = Option<Instant>)]
    pub(crate) started_at: Option<Timestamp>,
    /// Seconds.
    pub(crate) uptime: Option<f64>,
    /// Who the agent says that it is.
    pub(crate) username: String,
    pub(crate) explicitly_account_bound: Option<Vec<String>>,
    pub(crate) namespaces: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    pub(crate) configuration: Option<Map<String, Value>>,
    pub(crate) cluster_name: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) health_report_interval: Interval,
}

/// How an agent is, by its own account.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HealthReport {
    /// Of this report.
    #[expect(dead_code, reason = "required, and kept with the text")]
    uuid: String,
    #[expect(dead_code, reason = "required, and kept with the text")]
    #[schema(value_type = i64)]
    protocol_version: f64,
    #[expect(dead_code, reason = "required, and kept with the text")]
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// Seconds.
    uptime: Option<f64>,
    health_report_interval: Interval,
    #[schema(value_type = HealthData)]
    health_data: Object<HealthData>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HealthData {
    #[expect(dead_code, reason = "required, and kept with the text")]
    r#type: IntegrationType,
    #[expect(dead_code, reason = "required, and kept with the text")]
    #[schema(value_type = i64)]
    version: f64,
    /// What went wrong.
    errors: Option<Vec<String>>,
    /// By account, how its last report was sent.
    #[schema(value_type = Option<BTreeMap<String, AccountReport>>)]
    account_k8s_inventory_reports: Option<BTreeMap<String, Object<AccountReport>>>,
}

/// How the last report of an account was sent, batch by batch.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AccountReport {
    has_errors: Option<bool>,
    #[schema(value_type = Option<Vec<Batch>>)]
    batches: Option<Vec<Object<Batch>>>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Batch {
    /// Why it could not be sent.
    error: Option<String>,
}

impl HealthReport {
    fn problems(&self) -> Vec<String> {
        let mut problems = self.health_data.errors.clone().unwrap_or_default();
        for (account, report) in self.health_data.account_k8s_inventory_reports.iter().flatten() {
            let before = problems.len();
            let errors = report.batches.iter().flatten().filter_map(|batch| batch.error.as_ref());
            problems
                .extend(errors.filter(|error| !error.is_empty()).map(|error| format!("{account}: {error}")));
            if report.has_errors == Some(true) && problems.len() == before {
                problems.push(format!("{account}: a batch could not be sent"));
            }
        }
        problems
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HealthState {
    Healthy,
    Unhealthy,
}

/// How the agent is, by its latest health report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportedStatus {
    state: HealthState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LifecycleState {
    /// It reports its health.
    Active,
    /// It registered, and has not yet reported its health.
    Registered,
    /// It missed its last three health reports.
    Inactive,
}

/// How the agent is, as seen from here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntegrationStatus {
    pub(crate) state: LifecycleState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// An agent, in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntegrationSummary {
    uuid: String,
    r#type: IntegrationType,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reported_status: Option<ReportedStatus>,
    pub(crate) integration_status: IntegrationStatus,
    /// When its latest health report came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_seen: Option<Timestamp>,
    /// Seconds: always a number, or agents would end themselves.
    uptime: f64,
    account_name: String,
    username: String,
    explicitly_account_bound: Vec<String>,
    /// The accounts that it reported to.
    accounts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cluster_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    namespace: Option<String>,
    health_report_interval: Interval,
    registration_id: String,
    registration_instance_id: String,
}

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Integration {
    #[serde(flatten)]
    pub(crate) summary: IntegrationSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Agents reckon their uptime from it.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    namespaces: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    configuration: Option<Map<String, Value>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntegrationSummaries {
    pub(crate) items: Vec<IntegrationSummary>,
}

impl Integration {
    /// How it is at `now`.
    ///
    /// # Errors
    /// If its registration was not written by us.
    pub(crate) fn new(stored: Stored, now: Timestamp) -> Result<Self, serde_json::Error> {
        let register: IntegrationRegister = serde_json::from_str(&stored.document)?;
        let health: Option<HealthReport> =
            stored.health_report.as_deref().map(serde_json::from_str).transpose()?;
        let interval =
            health.as_ref().map_or(register.health_report_interval, |health| health.health_report_interval);
        let uptime = health.as_ref().and_then(|health| health.uptime).or(register.uptime);
        let accounts =
            health.as_ref().and_then(|health| health.health_data.account_k8s_inventory_reports.as_ref());
        let accounts = accounts.map(|accounts| accounts.keys().cloned().collect()).unwrap_or_default();
        let summary = IntegrationSummary {
            r#type: register.r#type,
            name: register.name,
            version: register.version,
            reported_status: health.as_ref().map(reported_status),
            integration_status: integration_status(&stored, interval, now),
            last_seen: health.as_ref().map(|_| stored.last_seen),
            uptime: uptime.unwrap_or_default(),
            account_name: stored.account,
            username: register.username,
            explicitly_account_bound: register.explicitly_account_bound.unwrap_or_default(),
            accounts,
            cluster_name: register.cluster_name,
            namespace: register.namespace,
            health_report_interval: interval,
            registration_id: stored.registration_id,
            registration_instance_id: stored.registration_instance_id,
            uuid: stored.uuid,
        };
        Ok(Self {
            summary,
            description: register.description,
            started_at: register.started_at.unwrap_or(stored.registered_at),
            namespaces: register.namespaces.unwrap_or_default(),
            configuration: register.configuration,
        })
    }
}

impl IntegrationSummary {
    /// Whether somebody should look at it.
    pub(crate) fn is_degraded(&self) -> bool {
        let is_unhealthy =
            self.reported_status.as_ref().is_some_and(|status| status.state == HealthState::Unhealthy);
        is_unhealthy || self.integration_status.state == LifecycleState::Inactive
    }
}

fn reported_status(health: &HealthReport) -> ReportedStatus {
    let problems = health.problems();
    match problems.is_empty() {
        true => ReportedStatus { state: HealthState::Healthy, reason: None },
        false => ReportedStatus { state: HealthState::Unhealthy, reason: Some(problems.join("; ")) },
    }
}

fn integration_status(stored: &Stored, interval: Interval, now: Timestamp) -> IntegrationStatus {
    let patience = i64::from(interval.0) * MISSED;
    let given_up = Timestamp::from_unix(stored.last_seen.unix().saturating_add(patience));
    match given_up.filter(|given_up| *given_up < now) {
        Some(updated_at) => IntegrationStatus {
            state: LifecycleState::Inactive,
            reason: Some(format!("Nothing was heard of it for more than {patience} s")),
            updated_at,
        },
        // The first health report comes within the second of the registration.
        None if stored.health_report.is_some() => {
            IntegrationStatus { state: LifecycleState::Active, reason: None, updated_at: stored.last_seen }
        }
        None => IntegrationStatus {
            state: LifecycleState::Registered,
            reason: None,
            updated_at: stored.registered_at,
        },
    }
}
