//! A Kubernetes cluster that is made up: the same for the same seed, and it lives on from poll to poll.

use std::collections::BTreeSet;

use crate::random::Random;
use crate::release::Release;
use crate::wire::{Container, KubernetesReport, Labels, Namespace, Node, Pod, ServerVersion};

/// A cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// What its agent calls it.
    pub name: String,
    random: Random,
    nodes: Vec<Node>,
    namespaces: Vec<Space>,
}

/// A namespace with what runs in it.
#[derive(Clone, Debug)]
struct Space {
    namespace: Namespace,
    pods: Vec<Running>,
}

/// A pod with its containers; none if it does not run.
#[derive(Clone, Debug)]
struct Running {
    pod: Pod,
    containers: Vec<Container>,
}

/// How a report is split.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// `inventory-report-limits.namespaces`; 0: not at all.
    pub namespaces: usize,
    /// `inventory-report-limits.payload-threshold-bytes`; 0: not at all.
    pub payload_threshold_bytes: usize,
}

const NAMES: [&str; 8] = ["default", "kube-system", "payments", "shop", "search", "batch", "idle", "data"];
const APPS: [&str; 10] =
    ["web", "ledger", "worker", "cache", "proxy", "search", "mailer", "cron", "gateway", "auth"];
const REGISTRIES: [&str; 4] = [
    "docker.io/library/",
    "registry.example.com/shop/",
    "ghcr.io/example/",
    "123456789012.dkr.ecr.eu-west-2.amazonaws.com/",
];

impl Cluster {
    /// A cluster with about that many containers in that many namespaces, the last of them empty if there are several.
    #[must_use]
    pub fn new(name: &str, seed: u64, namespaces: usize, containers: usize) -> Self {
        let mut random = Random::new(seed);
        let nodes = (0..=containers / 30).map(|number| node(&mut random, number)).collect();
        let mut cluster = Self { name: name.to_owned(), random, nodes, namespaces: Vec::new() };
        for number in 0..namespaces.max(1) {
            let name = NAMES.get(number).map_or_else(|| format!("team-{number}"), |name| (*name).to_owned());
            let namespace = Namespace {
                annotations: labels(&[("owner", "<payments & friends>")], number % 3 == 2),
                labels: labels(&[("kubernetes.io/metadata.name", &name)], true),
                uid: cluster.random.uuid(),
                name,
            };
            cluster.namespaces.push(Space { namespace, pods: Vec::new() });
        }
        let filled = if namespaces > 1 { namespaces - 1 } else { 1 };
        let mut wanted = containers;
        while wanted > 0 {
            let place = cluster.random.below(filled);
            let added = cluster.add_pod(place, wanted.min(3));
            wanted = wanted.saturating_sub(added);
        }
        cluster
    }

    /// Starts a pod with as many containers at most, and says how many.
    fn add_pod(&mut self, place: usize, most: usize) -> usize {
        let Self { random, nodes, namespaces, .. } = self;
        let Some(space) = namespaces.get_mut(place) else { return 0 };
        let app = random.one_of(&APPS).unwrap_or("app").to_owned();
        // A job that ended, or a pod that waits for a node: listed without containers.
        let runs = !random.percent(5);
        let node_uid = if random.percent(98) { nodes.get(random.below(nodes.len())) } else { None };
        let pod = Pod {
            annotations: labels(&[("prometheus.io/scrape", "true")], random.percent(30)),
            labels: labels(&[("app", &app), ("pod-template-hash", &random.hex(10))], true),
            name: format!("{app}-{}-{}", random.hex(10), random.hex(5)),
            namespace_uid: space.namespace.uid.clone(),
            node_uid: node_uid.map(|node| node.uid.clone()).unwrap_or_default(),
            uid: random.uuid(),
        };
        let count = if runs { 1 + random.below(most) } else { 0 };
        let containers = (0..count).map(|number| container(random, &app, number, &pod.uid)).collect();
        space.pods.push(Running { pod, containers });
        count
    }

    /// Lets time pass: that share of the pods, in percent, is replaced by new ones, and a few containers restart. Now and
    /// then a namespace runs empty, and what ran there comes up in another one.
    pub fn churn(&mut self, share: u32) {
        if share == 0 {
            return;
        }
        let mut gone = Vec::new();
        for (place, space) in self.namespaces.iter_mut().enumerate() {
            let random = &mut self.random;
            space.pods.retain_mut(|running| {
                if random.percent(share) {
                    gone.push((place, running.containers.len()));
                    return false;
                }
                for container in &mut running.containers {
                    if random.percent(share.div_ceil(4)) {
                        container.id = format!("containerd://{}", random.hex(64));
                    }
                }
                true
            });
        }
        if self.namespaces.len() > 2 && self.random.percent(share.min(20)) {
            let (from, to) =
                (self.random.below(self.namespaces.len()), self.random.below(self.namespaces.len()));
            if let Some(space) = self.namespaces.get_mut(from) {
                gone.extend(space.pods.drain(..).map(|running| (to, running.containers.len())));
            }
        }
        for (place, containers) in gone {
            let mut wanted = containers;
            while wanted > 0 {
                wanted = wanted.saturating_sub(self.add_pod(place, wanted));
            }
        }
    }

    /// How many containers run.
    #[must_use]
    pub fn containers(&self) -> usize {
        self.namespaces.iter().flat_map(|space| &space.pods).map(|running| running.containers.len()).sum()
    }

    /// The names of its namespaces.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.iter().map(|space| space.namespace.name.as_str())
    }

    /// What the agent posts of the namespaces that are asked for, in one poll: one report, or several.
    pub fn reports(
        &self,
        release: Release,
        timestamp: &str,
        limits: Limits,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<KubernetesReport> {
        let wanted = self.namespaces.iter().filter(|space| is_wanted(&space.namespace.name));
        let is_split = release.batches() && (limits.namespaces > 0 || limits.payload_threshold_bytes > 0);
        if !is_split {
            return vec![self.report(release, timestamp, &wanted.collect::<Vec<_>>(), false)];
        }
        let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
        for space in wanted {
            batch.push(space);
            bytes += size_of_space(space);
            let is_full = (limits.namespaces > 0 && batch.len() >= limits.namespaces)
                || (limits.payload_threshold_bytes > 0 && bytes >= limits.payload_threshold_bytes);
            if is_full {
                batches.push(self.report(release, timestamp, &batch, true));
                (batch, bytes) = (Vec::new(), 0);
            }
        }
        if !batch.is_empty() {
            batches.push(self.report(release, timestamp, &batch, true));
        }
        batches
    }

    fn report(
        &self,
        release: Release,
        timestamp: &str,
        spaces: &[&Space],
        is_batch: bool,
    ) -> KubernetesReport {
        let pods: Vec<Pod> =
            spaces.iter().flat_map(|space| &space.pods).map(|running| running.pod.clone()).collect();
        let mut containers: Vec<Container> = spaces
            .iter()
            .flat_map(|space| &space.pods)
            .flat_map(|running| running.containers.iter().cloned())
            .collect();
        let used: BTreeSet<&str> = pods.iter().map(|pod| pod.node_uid.as_str()).collect();
        let nodes = self.nodes.iter().filter(|node| !is_batch || used.contains(node.uid.as_str()));
        let nodes = nodes.cloned().map(|mut node| {
            if release.minor < 6 {
                node.kube_proxy_version = node.kubelet_version.clone();
            }
            node
        });
        if !release.normalizes() {
            // What later agents leave out: a container that has no id yet, and one whose pod went away meanwhile.
            let vague = Container {
                id: String::new(),
                image_digest: String::new(),
                image_tag: "docker.io/library/nginx:1".to_owned(),
                name: "vague".to_owned(),
                pod_uid: pods.first().map(|pod| pod.uid.clone()).unwrap_or_default(),
            };
            let dangling =
                Container { id: "containerd://gone".to_owned(), pod_uid: "gone".to_owned(), ..vague.clone() };
            containers.extend([vague, dangling]);
        }
        let is_null = containers.is_empty() && !release.normalizes();
        KubernetesReport {
            cluster_name: self.name.clone(),
            containers: (!is_null).then_some(containers),
            namespaces: spaces.iter().map(|space| space.namespace.clone()).collect(),
            nodes: nodes.collect(),
            pods,
            server_version: Some(server_version()),
            timestamp: timestamp.to_owned(),
        }
    }
}

/// About as many bytes as it adds to a report.
fn size_of_space(space: &Space) -> usize {
    let containers: usize = space.pods.iter().map(|running| running.containers.len()).sum();
    200 + space.pods.len() * 300 + containers * 300
}

fn node(random: &mut Random, number: usize) -> Node {
    let name = format!("ip-10-0-{}-{}.eu-west-2.compute.internal", number / 200, number % 200);
    Node {
        annotations: labels(&[("node.alpha.kubernetes.io/ttl", "0")], true),
        arch: "amd64".to_owned(),
        container_runtime_version: "containerd://1.7.27".to_owned(),
        kernel_version: "6.1.134-150.224.amzn2023.x86_64".to_owned(),
        kubelet_version: "v1.33.1-eks-1fbb135".to_owned(),
        labels: labels(&[("kubernetes.io/hostname", &name), ("kubernetes.io/os", "linux")], true),
        operating_system: "linux".to_owned(),
        uid: random.uuid(),
        name,
        ..Node::default()
    }
}

fn container(random: &mut Random, app: &str, number: usize, pod_uid: &str) -> Container {
    let registry = random.one_of(&REGISTRIES).unwrap_or_default();
    let version = random.below(6);
    // An image has one digest; a few were loaded locally and have none.
    let digest = match random.percent(4) {
        true => String::new(),
        false => Random::new(image_seed(registry, app, version)).digest(),
    };
    Container {
        id: format!("containerd://{}", random.hex(64)),
        image_digest: digest,
        image_tag: format!("{registry}{app}:1.{version}.0"),
        name: if number == 0 { app.to_owned() } else { format!("{app}-{number}") },
        pod_uid: pod_uid.to_owned(),
    }
}

fn image_seed(registry: &str, app: &str, version: usize) -> u64 {
    let text = format!("{registry}{app}{version}");
    text.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(1_099_511_628_211) ^ u64::from(byte))
}

pub(crate) fn labels(pairs: &[(&str, &str)], is_there: bool) -> Labels {
    let pairs = pairs.iter().filter(|_| is_there);
    pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn server_version() -> ServerVersion {
    let text = str::to_owned;
    ServerVersion {
        major: text("1"),
        minor: text("33"),
        emulation_major: text("1"),
        emulation_minor: text("33"),
        min_compatibility_major: text("1"),
        min_compatibility_minor: text("32"),
        git_version: text("v1.33.1-eks-7308294"),
        git_commit: text("69b4a6ce2c48f7e1d7f5dd06eae2eb3ebc0b8ba7"),
        git_tree_state: text("clean"),
        build_date: text("2026-06-10T15:25:39Z"),
        go_version: text("go1.24.2"),
        compiler: text("gc"),
        platform: text("linux/amd64"),
    }
}
