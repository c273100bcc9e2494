//! The ECS clusters of a region that is made up: the same for the same seed, and they live on from poll to poll.

use crate::cluster::labels;
use crate::random::Random;
use crate::wire::{EcsContainer, EcsReport, Service, Task};

/// How many tasks AWS lists in a page; the agent never reads the second one.
const TASKS: usize = 100;

/// How many services AWS lists in a page.
const SERVICES: usize = 10;

/// What the agent puts where it knows nothing.
const UNKNOWN: &str = "UNKNOWN";

/// The clusters that one agent looks after.
#[derive(Clone, Debug)]
pub struct Region {
    random: Random,
    clusters: Vec<EcsCluster>,
}

#[derive(Clone, Debug)]
struct EcsCluster {
    name: String,
    services: Vec<Service>,
    tasks: Vec<RunningTask>,
}

#[derive(Clone, Debug)]
struct RunningTask {
    task: Task,
    containers: Vec<EcsContainer>,
}

impl Region {
    /// That many clusters with about that many containers in each.
    #[must_use]
    pub fn new(name: &str, seed: u64, clusters: usize, containers: usize) -> Self {
        let mut region = Self { random: Random::new(seed), clusters: Vec::new() };
        for number in 0..clusters {
            let name = format!("{name}-{number}");
            let services = 1 + containers.div_ceil(2) / 8;
            let services = (0..services).map(|service| Service {
                arn: arn("service", &format!("{name}/svc-{service}")),
                tags: labels(&[("env", "prod"), ("team", "shop & co")], service % 3 != 2),
            });
            let mut cluster = EcsCluster { services: services.collect(), name, tasks: Vec::new() };
            let mut wanted = containers;
            while wanted > 0 {
                wanted = wanted.saturating_sub(add_task(&mut cluster, &mut region.random));
            }
            region.clusters.push(cluster);
        }
        region
    }

    /// Lets time pass: that share of the tasks, in percent, is replaced by new ones.
    pub fn churn(&mut self, share: u32) {
        let random = &mut self.random;
        for cluster in &mut self.clusters {
            let before = cluster.tasks.len();
            cluster.tasks.retain(|_| !random.percent(share));
            while cluster.tasks.len() < before {
                add_task(cluster, random);
            }
        }
    }

    /// Stops every task of every second cluster, or starts some there again.
    pub fn drain(&mut self) {
        let random = &mut self.random;
        for cluster in self.clusters.iter_mut().step_by(2) {
            match cluster.tasks.is_empty() {
                true => drop(add_task(cluster, random)),
                false => cluster.tasks.clear(),
            }
        }
    }

    /// How many containers run.
    #[must_use]
    pub fn containers(&self) -> usize {
        self.clusters.iter().flat_map(|cluster| &cluster.tasks).map(|task| task.containers.len()).sum()
    }

    /// What the agent posts in one poll: a report of each cluster in which something runs.
    #[must_use]
    pub fn reports(&self, timestamp: &str) -> Vec<EcsReport> {
        let reports = self.clusters.iter().map(|cluster| cluster.report(timestamp));
        reports.filter(|report| !report.containers.is_empty()).collect()
    }
}

impl EcsCluster {
    fn report(&self, timestamp: &str) -> EcsReport {
        let tasks = self.tasks.iter().take(TASKS);
        let mut services: Vec<Service> = self.services.iter().take(SERVICES).cloned().collect();
        for running in tasks.clone() {
            // A service beyond the page is added by each of its tasks, without what is known of it.
            let arn = &running.task.service_arn;
            if !self.services.iter().take(SERVICES).any(|service| service.arn == *arn) {
                services.push(Service { arn: arn.clone(), tags: labels(&[], false) });
            }
        }
        EcsReport {
            timestamp: timestamp.to_owned(),
            cluster_arn: arn("cluster", &self.name),
            containers: tasks.clone().flat_map(|running| running.containers.iter().cloned()).collect(),
            tasks: tasks.map(|running| running.task.clone()).collect(),
            services,
        }
    }
}

fn arn(kind: &str, rest: &str) -> String {
    format!("arn:aws:ecs:eu-west-2:123456789012:{kind}/{rest}")
}

/// Starts a task, and says of how many containers.
fn add_task(cluster: &mut EcsCluster, random: &mut Random) -> usize {
    let id = random.hex(32);
    // A task outside of any service.
    let service =
        if random.percent(5) { None } else { cluster.services.get(random.below(cluster.services.len())) };
    let family = random.below(6);
    let task = Task {
        arn: arn("task", &format!("{}/{id}", cluster.name)),
        service_arn: service.map_or_else(|| UNKNOWN.to_owned(), |service| service.arn.clone()),
        tags: labels(&[("env", "prod")], random.percent(60)),
        task_definition_arn: arn("task-definition", &format!("app-{family}:{}", 1 + random.below(40))),
    };
    let count = 1 + random.below(3);
    let containers = (0..count).map(|number| EcsContainer {
        arn: arn("container", &format!("{}/{id}/{}", cluster.name, random.uuid())),
        image_digest: if random.percent(5) {
            String::new()
        } else {
            Random::new(7_000 + family as u64).digest()
        },
        image_tag: match number {
            2 => format!("registry.example.com/app-{family}:{UNKNOWN}"),
            _ => format!("registry.example.com/app-{family}:2.{number}"),
        },
        task_arn: task.arn.clone(),
    });
    let containers = containers.collect();
    cluster.tasks.push(RunningTask { task, containers });
    count
}
