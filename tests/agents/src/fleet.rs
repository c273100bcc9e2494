//! Agents that report side by side, what they remember, and how it went.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::ecs::EcsAgent;
use crate::inventory::{Inventory, Overwrite, Truth};
use crate::kubernetes::KubernetesAgent;
use crate::session::Sent;
use crate::wire::Report;

/// Either agent.
#[derive(Debug)]
pub enum Agent {
    /// `anchore-k8s-inventory`
    Kubernetes(Box<KubernetesAgent>),
    /// `anchore-ecs-inventory`
    Ecs(Box<EcsAgent>),
}

impl Agent {
    async fn start(&mut self) -> Result<(), String> {
        match self {
            Self::Kubernetes(agent) => agent.start().await.map(drop).map_err(|error| error.to_string()),
            Self::Ecs(agent) => match agent.start().await.failure {
                None => Ok(()),
                Some(failure) => Err(format!("probe of credentials: {failure}")),
            },
        }
    }

    /// Posts what runs now.
    pub async fn poll(&mut self) -> Vec<Sent> {
        match self {
            Self::Kubernetes(agent) => agent.poll().await,
            Self::Ecs(agent) => agent.poll().await,
        }
    }

    /// Lets time pass.
    pub fn churn(&mut self, share: u32) {
        match self {
            Self::Kubernetes(agent) => agent.cluster.churn(share),
            Self::Ecs(agent) => agent.region.churn(share),
        }
    }

    /// Sends it to another gateway of the same store.
    pub fn point_at(&mut self, url: &str) {
        match self {
            Self::Kubernetes(agent) => agent.point_at(url),
            Self::Ecs(agent) => agent.point_at(url),
        }
    }
}

/// What an agent remembers of its reports.
#[derive(Clone, Debug)]
pub struct Memory {
    overwrite: Overwrite,
    truths: BTreeMap<String, Truth>,
    /// Reports that nobody answered, since the last one that was acknowledged.
    doubtful: Vec<(String, Report)>,
}

impl Memory {
    /// Nothing yet.
    #[must_use]
    pub fn new(overwrite: Overwrite) -> Self {
        Self { overwrite, truths: BTreeMap::new(), doubtful: Vec::new() }
    }

    fn truth_of(&mut self, account: &str) -> &mut Truth {
        let truth = self.truths.entry(account.to_owned());
        truth.or_insert_with(|| Truth::new(account, self.overwrite))
    }

    /// Remembers what became of a report.
    pub fn hear(&mut self, sent: &Sent) {
        match &sent.failure {
            None => {
                self.truth_of(&sent.account).apply(&sent.report);
                if self.overwrite == Overwrite::On {
                    // It replaced whatever of them was taken.
                    self.doubtful.retain(|(account, _)| *account != sent.account);
                }
            }
            Some(failure) if failure.is_doubtful() => {
                self.doubtful.push((sent.account.clone(), sent.report.clone()));
            }
            Some(_) => {}
        }
    }

    /// What was acknowledged, by account.
    #[must_use]
    pub fn acknowledged(&self, account: &str) -> Inventory {
        self.truths.get(account).map(Truth::inventory).unwrap_or_default()
    }

    /// Says in one of the states that an account may be in where it is: that which was acknowledged, or with one report on
    /// top that nobody answered. From then on that is the truth.
    ///
    /// # Errors
    /// It is in none of them: how it differs from what was acknowledged.
    pub fn settle(&mut self, account: &str, found: &Inventory) -> Result<Settled, String> {
        let truth = self.truth_of(account).clone();
        let doubtful: Vec<Report> =
            self.doubtful.iter().filter(|(of, _)| of == account).map(|(_, report)| report.clone()).collect();
        let difference = found.difference_from(&truth.inventory());
        if difference.is_empty() {
            self.doubtful.retain(|(of, _)| of != account);
            return Ok(Settled::Acknowledged);
        }
        for report in &doubtful {
            let mut other = truth.clone();
            other.apply(report);
            if found.difference_from(&other.inventory()).is_empty() {
                self.truths.insert(account.to_owned(), other);
                self.doubtful.retain(|(of, _)| of != account);
                return Ok(Settled::Doubtful);
            }
        }
        Err(format!("{difference}\n({} reports without an answer do not explain it)", doubtful.len()))
    }
}

/// Where an account was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Where the last acknowledgement left it.
    Acknowledged,
    /// Where a report left it that nobody answered.
    Doubtful,
}

/// An agent of a fleet.
#[derive(Debug)]
pub struct Member {
    /// The agent.
    pub agent: Agent,
    /// What it remembers.
    pub memory: Memory,
    /// The share that changes from poll to poll, in percent.
    pub churn: u32,
    /// From the beginning of a poll to that of the next; zero: at once.
    pub interval: Duration,
    /// From one health report to the next.
    pub health_interval: Duration,
}

impl Member {
    /// An agent that polls without a pause.
    #[must_use]
    pub fn new(agent: Agent, overwrite: Overwrite, churn: u32) -> Self {
        let health_interval = Duration::from_secs(60);
        Self { agent, memory: Memory::new(overwrite), churn, interval: Duration::ZERO, health_interval }
    }

    async fn run(mut self, until: Instant, stop: Arc<AtomicBool>, is_started: bool) -> (Self, Summary) {
        let mut summary = Summary::default();
        if !is_started && let Err(error) = self.agent.start().await {
            summary.fail(error);
        }
        let mut next_health = Instant::now() + self.health_interval;
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            let begun = Instant::now();
            for sent in self.agent.poll().await {
                summary.count(&sent);
                self.memory.hear(&sent);
            }
            if begun >= next_health
                && let Agent::Kubernetes(agent) = &mut self.agent
            {
                if let Err(failure) = agent.report_health().await {
                    summary.fail(format!("health report: {failure}"));
                }
                next_health = begun + self.health_interval;
            }
            self.agent.churn(self.churn);
            tokio::time::sleep_until((begun + self.interval).min(until)).await;
        }
        (self, summary)
    }
}

/// How it went.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Reports that were acknowledged.
    pub reports: usize,
    /// What else became of them, and how often.
    pub errors: BTreeMap<String, usize>,
    took: Vec<Duration>,
}

impl Summary {
    fn count(&mut self, sent: &Sent) {
        match &sent.failure {
            None => {
                self.reports += 1;
                self.took.push(sent.took);
            }
            Some(failure) => self.fail(failure.to_string()),
        }
    }

    fn fail(&mut self, what: String) {
        *self.errors.entry(what).or_default() += 1;
    }

    fn add(&mut self, other: Self) {
        self.reports += other.reports;
        self.took.extend(other.took);
        for (what, count) in other.errors {
            *self.errors.entry(what).or_default() += count;
        }
    }

    /// How many errors there were.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors.values().sum()
    }

    /// The time within which that many of a hundred acknowledgements came; 100: all of them.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        took.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50, p99, max) = (self.percentile(50), self.percentile(99), self.percentile(100));
        write!(
            f,
            "{} reports, {} errors, p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?}",
            self.reports,
            self.errors()
        )?;
        for (what, count) in &self.errors {
            write!(f, "\n{count:6} x {what}")?;
        }
        Ok(())
    }
}

/// Has all of them start and report, until that time or until they are told to stop.
pub async fn run(members: Vec<Member>, duration: Duration, stop: &Arc<AtomicBool>) -> (Vec<Member>, Summary) {
    run_all(members, duration, stop, false).await
}

/// The same with agents that were started before.
pub async fn run_on(
    members: Vec<Member>,
    duration: Duration,
    stop: &Arc<AtomicBool>,
) -> (Vec<Member>, Summary) {
    run_all(members, duration, stop, true).await
}

async fn run_all(
    members: Vec<Member>,
    duration: Duration,
    stop: &Arc<AtomicBool>,
    are_started: bool,
) -> (Vec<Member>, Summary) {
    let until = Instant::now() + duration;
    let running =
        members.into_iter().map(|member| tokio::spawn(member.run(until, Arc::clone(stop), are_started)));
    let mut members = Vec::new();
    let mut summary = Summary::default();
    for ended in join_all(running).await {
        match ended {
            Ok((member, of_member)) => {
                members.push(member);
                summary.add(of_member);
            }
            Err(error) => summary.fail(error.to_string()),
        }
    }
    (members, summary)
}
