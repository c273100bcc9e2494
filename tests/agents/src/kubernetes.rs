//! `anchore-k8s-inventory`: what it does, in the order in which it does it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use keepset_types::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::cluster::{Cluster, Limits};
use crate::http::{Credentials, NoReply, Reply};
use crate::now;
use crate::random::Random;
use crate::release::{Release, ServiceVersion};
use crate::session::{Failure, Path, Sent, Session, Target};
use crate::wire::{Report, go_json};

/// Namespaces that go to an account of their own.
#[derive(Clone, Debug)]
pub struct Route {
    /// The account.
    pub account: String,
    /// The names of its namespaces.
    pub namespaces: BTreeSet<String>,
    /// None: those of the agent.
    pub credentials: Option<Credentials>,
}

/// How the agent is configured, beside [`Target`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `account-routes`; from 1.5 on. What no route names goes to the agent's account.
    pub routes: Vec<Route>,
    /// `inventory-report-limits`; from 1.6 on.
    pub limits: Limits,
    /// How long it may wait for a gateway at its start; the real one waits for ever.
    pub patience: Duration,
    /// It runs in no pod, and knows nothing of itself but what it makes up.
    pub is_outside: bool,
}

/// The agent, and the cluster that it looks at.
#[derive(Debug)]
pub struct KubernetesAgent {
    /// What it reports on.
    pub cluster: Cluster,
    session: Session,
    options: Options,
    path: Path,
    random: Random,
    started: (Instant, Timestamp),
    uuid: Option<String>,
    /// What the next health report says, by account.
    accounts: BTreeMap<String, AccountReport>,
}

/// How an agent came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It reports.
    Reporting,
    /// It is registered, and reports.
    Registered,
}

/// Why an agent does not report.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotStarted {
    /// It ended itself with exit code 1: in Kubernetes, a crash loop.
    #[error("exit 1: {0}")]
    Exit(String),
    /// It still waits: the real one does so for ever.
    #[error("still waiting: {0}")]
    Waiting(String),
}

/// The waits between two attempts: the first, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));

impl KubernetesAgent {
    /// An agent that was not started yet.
    #[must_use]
    pub fn new(release: Release, target: Target, options: Options, cluster: Cluster, seed: u64) -> Self {
        let session = Session::new(release, target);
        let path = session.first_path();
        let started = (Instant::now(), now());
        let random = Random::new(seed);
        Self { cluster, session, options, path, random, started, uuid: None, accounts: BTreeMap::new() }
    }

    /// Sends it to another gateway of the same store.
    pub fn point_at(&mut self, url: &str) {
        url.clone_into(&mut self.session.target.url);
    }

    /// The path that it posts to now.
    #[must_use]
    pub fn path(&self) -> Path {
        self.path
    }

    /// Asks for the version and registers, as far as its release does; the first health report follows at once.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn start(&mut self) -> Result<Started, NotStarted> {
        if !self.session.release.registers() {
            return Ok(Started::Reporting);
        }
        let patience = tokio::time::Instant::now() + self.options.patience;
        let mut wait = BACKOFF.0;
        loop {
            let why = match self.try_start().await {
                Ok(started) => return Ok(started),
                Err(NotStarted::Waiting(why)) => why,
                Err(exit) => return Err(exit),
            };
            if tokio::time::Instant::now() + wait > patience {
                return Err(NotStarted::Waiting(why));
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACKOFF.1);
        }
    }

    async fn try_start(&mut self) -> Result<Started, NotStarted> {
        let reply = passing(self.session.version().await, "/version")?;
        let version = reply.json().ok_or_else(|| NotStarted::Exit("/version is no JSON".to_owned()))?;
        let version =
            version.get("service").and_then(|service| service.get("version")).and_then(Value::as_str);
        let version = version.and_then(|text| text.parse::<ServiceVersion>().ok());
        let version = version.ok_or_else(|| NotStarted::Waiting("/version names no version".to_owned()))?;
        if !version.has_integrations() {
            return Ok(Started::Reporting);
        }
        let body = json(&self.registration());
        let Target { credentials, account, .. } = &self.session.target;
        let path = "v2/system/integrations/registration";
        let reply = self.session.post(path, body, account, credentials).await;
        let reply = passing(reply, "the registration")?;
        let integration =
            reply.json().ok_or_else(|| NotStarted::Exit("no integration came back".to_owned()))?;
        self.uuid = Some(uuid_of(&integration)?);
        // A failure is logged; the next one tries again.
        let _ = self.report_health().await;
        Ok(Started::Registered)
    }

    /// Gathers and posts: of each account its batches, one after the other. Nothing is tried twice.
    pub async fn poll(&mut self) -> Vec<Sent> {
        self.poll_at(&now().to_string()).await
    }

    /// The same at another time.
    pub async fn poll_at(&mut self, timestamp: &str) -> Vec<Sent> {
        let mut all = Vec::new();
        for (account, credentials, reports) in self.gather(timestamp) {
            let (mut batches, mut last_successful) = (Vec::new(), -1);
            for (number, report) in (1_i64..).zip(reports) {
                let sent = self.send(&account, &credentials, &Report::Kubernetes(report)).await;
                let error = sent.last().and_then(|sent| sent.failure.as_ref()).map(ToString::to_string);
                if error.is_none() {
                    last_successful = number;
                }
                batches.push(Batch { batch_index: number, send_timestamp: now().to_string(), error });
                all.extend(sent);
            }
            let report = AccountReport {
                report_timestamp: timestamp.to_owned(),
                account_name: account.clone(),
                sent_as_user: credentials.user,
                batch_size: batches.len(),
                last_successful_index: last_successful,
                has_errors: batches.iter().any(|batch| batch.error.is_some()),
                batches,
            };
            self.accounts.insert(account, report);
        }
        all
    }

    /// What goes to which account.
    fn gather(&self, timestamp: &str) -> Vec<(String, Credentials, Vec<crate::wire::KubernetesReport>)> {
        let Target { credentials, account, .. } = &self.session.target;
        let (release, limits) = (self.session.release, self.options.limits);
        let routes = if release.routes_accounts() { self.options.routes.as_slice() } else { &[] };
        let mut gathered = Vec::new();
        for route in routes {
            let reports =
                self.cluster.reports(release, timestamp, limits, |name| route.namespaces.contains(name));
            let credentials = route.credentials.as_ref().unwrap_or(credentials);
            gathered.push((route.account.clone(), credentials.clone(), reports));
        }
        let is_routed = |name: &str| routes.iter().any(|route| route.namespaces.contains(name));
        let reports = self.cluster.reports(release, timestamp, limits, |name| !is_routed(name));
        gathered.push((account.clone(), credentials.clone(), reports));
        gathered
    }

    /// A report, and if its account is not there, the same for the default account.
    async fn send(&mut self, account: &str, credentials: &Credentials, report: &Report) -> Vec<Sent> {
        let Self { session, path, .. } = self;
        let sent = session.report(path, report, account, credentials).await;
        if !matches!(sent.failure, Some(Failure::NoAccount(_))) {
            return vec![sent];
        }
        let Target { credentials, account, .. } = &session.target;
        let again = session.report(path, report, account, credentials).await;
        vec![sent, again]
    }

    /// Tells how it is, if it is registered.
    ///
    /// # Errors
    /// [`Failure`]; the real agent logs it and tries again at the next time.
    pub async fn report_health(&mut self) -> Result<(), Failure> {
        let Some(uuid) = self.uuid.clone() else { return Ok(()) };
        let report = HealthReport {
            uuid: self.random.uuid(),
            protocol_version: 1,
            timestamp: now().to_string(),
            uptime: self.started.0.elapsed().as_secs_f64(),
            health_report_interval: 60,
            health_data: HealthData {
                r#type: "k8s_inventory_agent",
                version: 1,
                account_k8s_inventory_reports: std::mem::take(&mut self.accounts),
            },
        };
        let path = format!("v2/system/integrations/{uuid}/health-report");
        let Target { credentials, account, .. } = &self.session.target;
        let reply = self.session.post(&path, json(&report), account, credentials).await?;
        match reply.is_success() {
            true => Ok(()),
            false => Err(Failure::Refused(reply.status, reply.message())),
        }
    }

    fn registration(&mut self) -> Registration {
        let of_pod = |text: &'static str| (!self.options.is_outside).then_some(text);
        Registration {
            registration_id: self.random.uuid(),
            registration_instance_id: of_pod("k8s-inventory"),
            r#type: "k8s_inventory_agent",
            name: of_pod("k8s-inventory"),
            version: format!("1.{}.0", self.session.release.minor),
            started_at: self.started.1.to_string(),
            uptime: self.started.0.elapsed().as_secs_f64(),
            username: self.session.target.credentials.user.clone(),
            cluster_name: self.cluster.name.clone(),
            namespace: of_pod("anchore"),
            health_report_interval: 60,
        }
    }
}

/// Success, or: what passes is waited for, all else ends the agent.
fn passing(reply: Result<Reply, NoReply>, what: &str) -> Result<Reply, NotStarted> {
    match reply {
        Err(error) => Err(NotStarted::Waiting(format!("{what}: {error}"))),
        Ok(reply) if (200..300).contains(&reply.status) => Ok(reply),
        Ok(reply) if (502..=504).contains(&reply.status) => {
            Err(NotStarted::Waiting(format!("{what}: {}", reply.status)))
        }
        Ok(reply) => Err(NotStarted::Exit(format!("{what}: {} {}", reply.status, reply.message()))),
    }
}

/// What the agent needs of the answer to its registration, with the types that Go insists on.
fn uuid_of(integration: &Value) -> Result<String, NotStarted> {
    let exit = |what: &str| NotStarted::Exit(format!("the integration's {what} is not what it should be"));
    let uuid = integration.get("uuid").and_then(Value::as_str).filter(|uuid| !uuid.is_empty());
    if !integration.get("uptime").is_none_or(|uptime| uptime.is_number() || uptime.is_null()) {
        return Err(exit("uptime"));
    }
    let started = integration.get("started_at").and_then(Value::as_str);
    if started.is_some_and(|started| Timestamp::parse(started).is_err()) {
        return Err(exit("started_at"));
    }
    Ok(uuid.ok_or_else(|| exit("uuid"))?.to_owned())
}

/// These types have nothing that JSON could not say.
fn json(value: &impl Serialize) -> Vec<u8> {
    go_json(value).unwrap_or_default()
}

#[derive(Debug, Serialize)]
struct Registration {
    registration_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_instance_id: Option<&'static str>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    version: String,
    started_at: String,
    uptime: f64,
    username: String,
    cluster_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    health_report_interval: u32,
}

#[derive(Debug, Serialize)]
struct HealthReport {
    uuid: String,
    protocol_version: u32,
    timestamp: String,
    uptime: f64,
    health_report_interval: u32,
    health_data: HealthData,
}

#[derive(Debug, Serialize)]
struct HealthData {
    r#type: &'static str,
    version: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    account_k8s_inventory_reports: BTreeMap<String, AccountReport>,
}

/// How the last poll of an account went, batch by batch.
#[derive(Debug, Serialize)]
struct AccountReport {
    report_timestamp: String,
    account_name: String,
    sent_as_user: String,
    batch_size: usize,
    last_successful_index: i64,
    has_errors: bool,
    batches: Vec<Batch>,
}

#[derive(Debug, Serialize)]
struct Batch {
    batch_index: i64,
    send_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}
