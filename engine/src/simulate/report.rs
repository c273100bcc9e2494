//! A report of a history as an agent would have sent it.

use keepset_types::{InventoryType, ItemKind, Timestamp};
use serde_json::{Map, Value, json};

use super::history::History;
use crate::bulk::index;

/// A report of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportText {
    /// The file that it was read from; none if it was made, or changed by a fault.
    pub file: Option<String>,
    /// Its JSON: as it was read, or with all that decides over items.
    pub json: String,
}

impl History {
    /// The report with that number; none if there is no such report.
    #[must_use]
    pub fn report(&self, report: u32) -> Option<ReportText> {
        let arrival = self.reports.get(index(report))?;
        if let Some(source) = arrival.source
            && let Some(file) = self.catalog.files.get(index(source.file))
        {
            let json = file.text.get(index(source.start)..index(source.end))?.to_owned();
            return Some(ReportText { file: Some(file.name.clone()), json });
        }
        let json = match arrival.inventory_type {
            InventoryType::Kubernetes => self.kubernetes(report),
            InventoryType::Ecs => self.ecs(report),
        };
        Some(ReportText { file: None, json: serde_json::to_string_pretty(&json).unwrap_or_default() })
    }

    fn kubernetes(&self, report: u32) -> Value {
        let (mut namespaces, mut pods, mut containers) = (Vec::new(), Vec::new(), Vec::new());
        for (place, (cover, _)) in self.covers_of(index(report)).enumerate() {
            if cover.is_hidden {
                continue;
            }
            let name = self.context_name(cover.context).rsplit('/').next().unwrap_or_default();
            namespaces.push(json!({ "name": name, "uid": name }));
            for (kind, id, link, image) in self.rows_of(report, place) {
                match kind {
                    ItemKind::Pod => pods.push(json!({ "name": id, "uid": id, "namespace_uid": name })),
                    _ => containers.push(json!({
                        "id": id, "name": id, "pod_uid": link, "image_tag": image.0, "image_digest": image.1,
                    })),
                }
            }
        }
        json!({
            "cluster_name": self.cluster_of(report),
            "timestamp": self.timestamp_of(report),
            "namespaces": namespaces,
            "pods": pods,
            "containers": containers,
        })
    }

    fn ecs(&self, report: u32) -> Value {
        let (mut tasks, mut containers) = (Vec::new(), Vec::new());
        for (place, (cover, _)) in self.covers_of(index(report)).enumerate() {
            if cover.is_hidden {
                continue;
            }
            for (kind, id, link, image) in self.rows_of(report, place) {
                let mut row = Map::from_iter([("arn".to_owned(), Value::from(id))]);
                if kind == ItemKind::Task {
                    if !link.is_empty() {
                        row.insert("service_arn".to_owned(), link.into());
                    }
                    tasks.push(Value::Object(row));
                    continue;
                }
                row.insert("image_tag".to_owned(), image.0.into());
                row.insert("image_digest".to_owned(), image.1.into());
                if !link.is_empty() {
                    row.insert("task_arn".to_owned(), link.into());
                }
                containers.push(Value::Object(row));
            }
        }
        json!({
            "cluster_arn": self.cluster_of(report),
            "timestamp": self.timestamp_of(report),
            "tasks": tasks,
            "containers": containers,
        })
    }

    fn cluster_of(&self, report: u32) -> &str {
        let cluster = self.reports.get(index(report)).map_or(0, |report| report.cluster);
        self.catalog.clusters.get(index(cluster)).map_or("", String::as_str)
    }

    fn timestamp_of(&self, report: u32) -> Option<Timestamp> {
        Timestamp::from_unix(self.reports.get(index(report))?.timestamp)
    }

    /// The items of a cover: kind, id, parent, image.
    fn rows_of(
        &self,
        report: u32,
        place: usize,
    ) -> impl Iterator<Item = (ItemKind, &str, &str, (String, String))> {
        let range = self.covers_of(index(report)).nth(place).map(|(_, range)| range);
        let texts = &self.catalog.texts;
        let sightings = range.into_iter().flat_map(|range| (range.start..).zip(self.seen(range)));
        sightings.filter_map(move |(place, item)| {
            let item = self.catalog.items.get(index(*item))?;
            let facts = self.facts_of(place, item);
            let image = texts.image_of(facts.image).map(|image| (image.tag.into(), image.digest.into()));
            let (id, link) = (texts.id_text(item.key), texts.id_text(facts.link));
            Some((item.kind, id.unwrap_or_default(), link.unwrap_or_default(), image.unwrap_or_default()))
        })
    }
}
