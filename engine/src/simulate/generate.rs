//! Histories that are made: a fleet of pods, by parameters alone, the same on every machine.

use std::fmt;

use keepset_types::{Error, ErrorCode, InventoryType, ItemKind, SECONDS_PER_DAY, Timestamp};
use serde::de::{self, SeqAccess};
use serde::{Deserialize, Deserializer};

use super::history::{Arrival, Builder, Facts};

/// Clusters that are polled, and what runs in them.
///
/// Each cluster has the same namespaces, each namespace the same number of pods. A deployment replaces a pod and its
/// containers by new ones, with new ids.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// When the first poll is.
    pub start: Timestamp,
    /// For how many days; the last poll is at the end of the last one.
    pub days: u32,
    /// Seconds from one poll to the next.
    pub poll_seconds: u32,
    /// The clusters.
    pub clusters: Vec<String>,
    /// The namespaces of each cluster, or how many there are: `team-000` and so on.
    pub namespaces: Namespaces,
    /// Pods in each namespace.
    pub pods: u32,
    /// Containers in each pod.
    #[serde(default = "one")]
    pub containers: u32,
    /// Each pod is replaced every so many days; 0: never.
    #[serde(default)]
    pub deploy_days: u32,
    /// If given, pods are replaced one by one instead of all at once, at times that this number decides.
    pub seed: Option<u64>,
    /// Reports that each poll of a cluster is split into, by namespace.
    #[serde(default = "one")]
    pub batches: u32,
    /// Seconds from a poll to the arrival of its reports.
    #[serde(default)]
    pub delay_seconds: u32,
}

/// Namespaces, by their names or by their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// So many.
    Count(u32),
    /// These.
    Named(Vec<String>),
}

impl<'de> Deserialize<'de> for Namespaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Namespaces;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names, or how many there are")
            }
            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Namespaces, E> {
                let known = u32::try_from(count).map(Namespaces::Count);
                known.map_err(|_| E::invalid_value(de::Unexpected::Unsigned(count), &self))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Namespaces, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Namespaces::Named(names))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn one() -> u32 {
    1
}

/// More is no history that anybody looks at, and would not fit into the memory of a page.
const MOST_SIGHTINGS: u64 = 50_000_000;

impl Fleet {
    /// How many sightings of items that makes; what has none in it is counted as one, for it is made as well.
    fn sightings(&self) -> u64 {
        let polls =
            u64::from(self.days) * SECONDS_PER_DAY.unsigned_abs() / u64::from(self.poll_seconds.max(1)) + 1;
        let namespaces = match &self.namespaces {
            Namespaces::Count(count) => u64::from(*count),
            Namespaces::Named(names) => names.len() as u64,
        };
        let items = u64::from(self.pods).saturating_mul(u64::from(self.containers) + 1);
        let each = [namespaces, self.clusters.len() as u64, items];
        each.into_iter().fold(polls, |all, each| all.saturating_mul(each.max(1)))
    }

    fn check(&self) -> Result<(), Error> {
        let refuse = |name: &str, message: String| {
            Err(Error::new(ErrorCode::InvalidRequest, message).at(format!("/{name}")))
        };
        if self.poll_seconds == 0 {
            return refuse("poll_seconds", "`poll_seconds` is 0; expected at least 1".to_owned());
        }
        if let Some((name, fault)) = self.wrong_name() {
            return refuse(name, fault);
        }
        if self.batches == 0 {
            return refuse("batches", "`batches` is 0; expected at least 1".to_owned());
        }
        let end = i64::from(self.days) * SECONDS_PER_DAY + i64::from(self.delay_seconds);
        if Timestamp::from_unix(self.start.unix().saturating_add(end)).is_none() {
            return refuse("days", format!("`days` is {}; expected to end before the year 10000", self.days));
        }
        match self.sightings() {
            sightings if sightings > MOST_SIGHTINGS => {
                refuse("days", format!("this makes {sightings} sightings; expected at most {MOST_SIGHTINGS}"))
            }
            _ => Ok(()),
        }
    }

    /// The first name that no cluster or namespace can have, or that is there twice.
    fn wrong_name(&self) -> Option<(&'static str, String)> {
        let namespaces = match &self.namespaces {
            Namespaces::Count(_) => &[][..],
            Namespaces::Named(names) => names,
        };
        [("clusters", &self.clusters[..]), ("namespaces", namespaces)].into_iter().find_map(
            |(list, names)| {
                names.iter().enumerate().find_map(|(place, name)| {
                    let fault = match name {
                        name if name.is_empty() => "is empty; expected a name",
                        name if list == "namespaces" && name.contains('/') => {
                            "has a `/`; expected a name without"
                        }
                        name if names.iter().take(place).any(|before| before == name) => {
                            "is there twice; expected each once"
                        }
                        _ => return None,
                    };
                    Some((list, format!("`{name}` {fault}")))
                })
            },
        )
    }

    pub(super) fn generate(&self, builder: &mut Builder) -> Result<(), Error> {
        self.check()?;
        let names = match &self.namespaces {
            Namespaces::Count(count) => (0..*count).map(|number| format!("team-{number:03}")).collect(),
            Namespaces::Named(names) => names.clone(),
        };
        let mut random = Random(self.seed.unwrap_or_default());
        let mut clusters = Vec::new();
        for name in &self.clusters {
            let cluster = builder.cluster(name);
            let namespaces = names.iter().map(|namespace| {
                let context = builder.context(InventoryType::Kubernetes, &format!("{name}/{namespace}"));
                let pods = (0..self.pods).map(|_| Pod { phase: self.phase(&mut random), ..Pod::default() });
                Namespace { context, name: namespace.clone(), pods: pods.collect() }
            });
            clusters.push((cluster, namespaces.collect::<Vec<_>>()));
        }
        let polls = i64::from(self.days) * SECONDS_PER_DAY / i64::from(self.poll_seconds);
        for poll in 0..=polls {
            let passed = poll * i64::from(self.poll_seconds);
            for (cluster, namespaces) in &mut clusters {
                self.poll(builder, *cluster, namespaces, passed);
            }
        }
        Ok(())
    }

    /// What one cluster reports, so many seconds after the start.
    fn poll(&self, builder: &mut Builder, cluster: u32, namespaces: &mut [Namespace], passed: i64) {
        let timestamp = self.start.unix() + passed;
        let at = timestamp + i64::from(self.delay_seconds);
        let batches = usize::try_from(self.batches).unwrap_or(1).min(namespaces.len().max(1));
        let mut rows = Vec::new();
        let count = namespaces.len();
        let mut batch = usize::MAX;
        for (place, namespace) in namespaces.iter_mut().enumerate() {
            let of_namespace = place * batches / count.max(1);
            if of_namespace != batch {
                batch = of_namespace;
                builder.report(Arrival {
                    at,
                    timestamp,
                    observed: timestamp,
                    cluster,
                    inventory_type: InventoryType::Kubernetes,
                    covers_end: 0,
                    is_lost: false,
                    source: None,
                });
            }
            rows.clear();
            for (number, pod) in namespace.pods.iter_mut().enumerate() {
                pod.deploy(self, builder, namespace.context, &namespace.name, number, passed);
                rows.extend_from_slice(&pod.items);
            }
            builder.cover(namespace.context, false, &rows);
        }
    }

    /// How far into its life a pod is at the start.
    fn phase(&self, random: &mut Random) -> i64 {
        let life = i64::from(self.deploy_days) * SECONDS_PER_DAY;
        if self.seed.is_none() || life == 0 {
            return 0;
        }
        i64::try_from(random.next() >> 1).unwrap_or(0) % life
    }
}

struct Namespace {
    context: u32,
    name: String,
    pods: Vec<Pod>,
}

#[derive(Default)]
struct Pod {
    phase: i64,
    generation: Option<i64>,
    /// The pod, and its containers.
    items: Vec<(u32, Facts)>,
}

impl Pod {
    /// Replaces the pod if it is due.
    fn deploy(
        &mut self,
        fleet: &Fleet,
        builder: &mut Builder,
        context: u32,
        namespace: &str,
        place: usize,
        passed: i64,
    ) {
        let life = i64::from(fleet.deploy_days) * SECONDS_PER_DAY;
        let generation = if life == 0 { 0 } else { (passed + self.phase) / life };
        if self.generation == Some(generation) {
            return;
        }
        self.generation = Some(generation);
        self.items.clear();
        let uid = format!("{namespace}-{place}-v{generation}");
        let pod = builder.item(context, ItemKind::Pod, &uid, Facts::default());
        self.items.push((pod, Facts::default()));
        for container in 0..fleet.containers {
            let image =
                (format!("registry.example.com/{namespace}/app-{container}:{generation}"), String::new());
            let facts = builder.facts(context, &uid, Some((&image.0, &image.1)));
            let id = format!("containerd://{uid}-{container}");
            self.items.push((builder.item(context, ItemKind::Container, &id, facts), facts));
        }
    }
}

/// SplitMix64: numbers that look random and are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(clusters: &[&str], namespaces: Namespaces) -> Fleet {
        Fleet {
            start: Timestamp::MIN,
            days: 1,
            poll_seconds: 3600,
            clusters: clusters.iter().map(ToString::to_string).collect(),
            namespaces,
            pods: 0,
            containers: 1,
            deploy_days: 0,
            seed: None,
            batches: 1,
            delay_seconds: 0,
        }
    }

    fn fault(fleet: &Fleet) -> Option<String> {
        fleet.check().err().and_then(|error| error.pointer)
    }

    #[test]
    fn what_would_not_fit_into_memory_is_refused_also_where_nothing_runs() {
        assert_eq!(fault(&fleet(&["a"], Namespaces::Count(10))), None);
        assert_eq!(fault(&fleet(&["a"], Namespaces::Count(u32::MAX))).as_deref(), Some("/days"));
        let often = Fleet { poll_seconds: 1, days: 36_500, ..fleet(&[], Namespaces::Count(0)) };
        assert_eq!(fault(&often).as_deref(), Some("/days"));
    }

    #[test]
    fn names_that_no_report_can_have_are_refused() {
        let named = |names: &[&str]| Namespaces::Named(names.iter().map(ToString::to_string).collect());
        for names in [&["x", "x"][..], &[""], &["x/y"]] {
            assert_eq!(fault(&fleet(&["a"], named(names))).as_deref(), Some("/namespaces"), "{names:?}");
        }
        assert_eq!(fault(&fleet(&["a", "a"], named(&["x"]))).as_deref(), Some("/clusters"));
        assert_eq!(fault(&fleet(&["a/b"], named(&["x", "y"]))), None);
    }
}
