//! The reports that are posted: made before, stamped when they go.

use keepset_agents::cluster::{Cluster, Limits};
use keepset_agents::now;
use keepset_agents::release::Release;
use keepset_agents::wire::{Container, KubernetesReport, Namespace, Pod, go_json};
use keepset_types::Timestamp;

/// Containers of a namespace, about.
const CONTAINERS_OF_A_NAMESPACE: usize = 250;

/// What any report is stamped with before it is stamped again.
const STAMP: &str = "2026-01-01T00:00:00Z";

/// How much of a cluster is another one at each poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Churn {
    Unchanged,
    FivePercent,
}

impl Churn {
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::FivePercent => "5 % changed",
        }
    }
}

/// A cluster as two polls see it, with 5 % of the containers changed in between.
pub struct Polls {
    /// What either poll says, in two orders: agents list things in any.
    bodies: [[Vec<u8>; 2]; 2],
    /// Seconds before now at the first report. Each report is of a second of its own, or it would say nothing new.
    next: i64,
    is_second: bool,
    is_reversed: bool,
    pub containers: usize,
    pub rows: usize,
}

impl Polls {
    pub fn new(name: &str, seed: u64, containers: usize) -> Self {
        let mut cluster = Cluster::new(name, seed, containers / CONTAINERS_OF_A_NAMESPACE + 2, containers);
        loop {
            let first = report(&cluster);
            // 4 % of the pods and 1 % of the containers on their own; rarely a namespace runs empty, which is too much.
            cluster.churn(4);
            let second = report(&cluster);
            let share = changed(&first, &second);
            if (4.0..=6.0).contains(&share) {
                let rows = first.namespaces.len()
                    + first.nodes.len()
                    + first.pods.len()
                    + containers_of(&first).len();
                let bodies = [&first, &second]
                    .map(|report| [report, &reversed(report)].map(|report| go_json(report).unwrap()));
                let next = now().unix() - 30 * 86_400;
                return Self {
                    bodies,
                    next,
                    is_second: false,
                    is_reversed: false,
                    containers: containers_of(&first).len(),
                    rows,
                };
            }
        }
    }

    /// The body of the next poll.
    pub fn next(&mut self, churn: Churn) -> Vec<u8> {
        self.is_second ^= churn == Churn::FivePercent;
        self.is_reversed = !self.is_reversed;
        self.next += 1;
        let mut body = self.bodies[usize::from(self.is_second)][usize::from(self.is_reversed)].clone();
        stamp(&mut body, self.next);
        body
    }

    /// How many bytes a report has.
    pub fn bytes(&self) -> usize {
        self.bodies[0][0].len()
    }
}

fn report(cluster: &Cluster) -> KubernetesReport {
    let mut reports = cluster.reports(Release::kubernetes(8), STAMP, Limits::default(), |_| true);
    reports.remove(0)
}

/// The same report in another order.
fn reversed(report: &KubernetesReport) -> KubernetesReport {
    let mut report = report.clone();
    report.containers.iter_mut().for_each(|containers| containers.reverse());
    report.namespaces.reverse();
    report.nodes.reverse();
    report.pods.reverse();
    report
}

fn containers_of(report: &KubernetesReport) -> &[Container] {
    report.containers.as_deref().unwrap_or_default()
}

/// How many of a hundred containers of the first report are not in the second.
fn changed(first: &KubernetesReport, second: &KubernetesReport) -> f64 {
    let there: std::collections::HashSet<&str> =
        containers_of(second).iter().map(|container| &*container.id).collect();
    let gone = containers_of(first).iter().filter(|container| !there.contains(&*container.id)).count();
    100.0 * gone as f64 / containers_of(first).len() as f64
}

/// Puts another time at the end of a report, where it is.
fn stamp(body: &mut [u8], time: i64) {
    let at = body.len() - STAMP.len() - 2..body.len() - 2;
    body[at].copy_from_slice(Timestamp::from_unix(time).unwrap().to_string().as_bytes());
}

/// A cluster that changes for ever.
pub struct Living {
    cluster: Cluster,
    next: i64,
}

impl Living {
    pub fn new(name: &str, seed: u64, containers: usize) -> Self {
        let cluster = Cluster::new(name, seed, containers / CONTAINERS_OF_A_NAMESPACE + 2, containers);
        Self { cluster, next: now().unix() - 30 * 86_400 }
    }

    /// The body of the next poll.
    pub fn next(&mut self) -> Vec<u8> {
        self.cluster.churn(5);
        self.next += 1;
        let mut body = go_json(&report(&self.cluster)).unwrap();
        stamp(&mut body, self.next);
        body
    }
}

/// A report of namespaces with pods of one container each, of images that nobody else has: from one number to another.
pub fn plain(
    namespaces: std::ops::Range<usize>,
    pods: std::ops::Range<usize>,
    images: usize,
    seen: i64,
) -> Vec<u8> {
    let uid = |namespace: usize, pod: usize| format!("{namespace:08x}-0000-4000-8000-{pod:012x}");
    let mut report = KubernetesReport {
        cluster_name: "plain".to_owned(),
        containers: Some(Vec::new()),
        namespaces: Vec::new(),
        nodes: Vec::new(),
        pods: Vec::new(),
        server_version: None,
        timestamp: STAMP.to_owned(),
    };
    for namespace in namespaces {
        let name = format!("namespace-{namespace:06}");
        let namespace_uid = uid(namespace, 0);
        for number in pods.clone() {
            let image = number % images;
            let pod_uid = uid(namespace, number + 1);
            report.containers.get_or_insert_default().push(Container {
                id: format!("containerd://{namespace:032x}{number:032x}"),
                image_digest: format!("sha256:{namespace:032x}{image:032x}"),
                image_tag: format!("registry.example.com/team-{namespace}/service-{image}:1.{image}.0"),
                name: "main".to_owned(),
                pod_uid: pod_uid.clone(),
            });
            report.pods.push(Pod {
                annotations: Default::default(),
                labels: [("app".to_owned(), format!("service-{number}"))].into(),
                name: format!("service-{number}"),
                namespace_uid: namespace_uid.clone(),
                node_uid: String::new(),
                uid: pod_uid,
            });
        }
        let (labels, annotations) = Default::default();
        report.namespaces.push(Namespace { annotations, labels, name, uid: namespace_uid });
    }
    let mut body = go_json(&report).unwrap();
    stamp(&mut body, seen);
    body
}
