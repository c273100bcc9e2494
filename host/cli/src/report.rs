//! Reports of agents, as files.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use keepset_host::{
    Config, ErrorCode, Inventory, InventoryType, Outcome, Plugin, PluginError, Report, Timestamp,
};
use keepset_types::{DocumentError, read_json};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::failure::Failure;

/// What standard input is called in messages.
const STANDARD_INPUT: &str = "standard input";

/// Opens a file, or standard input where it is called `-`; and what it is called in messages.
pub(crate) fn open(path: &Path) -> Result<(&Path, Box<dyn Read + Send>), Failure> {
    if path.as_os_str() == "-" {
        return Ok((Path::new(STANDARD_INPUT), Box::new(io::stdin())));
    }
    let file = File::open(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    Ok((path, Box::new(file)))
}

/// A report that was read, but not yet understood.
pub(crate) struct ReportFile {
    path: PathBuf,
    json: Vec<u8>,
    inventory_type: InventoryType,
}

impl ReportFile {
    /// Reads a file, or standard input where it is called `-`: no more than the plugin may be given anyway.
    pub(crate) fn read(path: &Path, plugin: &Plugin) -> Result<Self, Failure> {
        let (path, input) = open(path)?;
        let unreadable = |source| Failure::Read { path: path.to_owned(), source };
        let limit = plugin.limits().input;
        let mut json = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        input.take(most).read_to_end(&mut json).map_err(unreadable)?;
        if json.len() > limit {
            return Err(PluginError::InputLimit { size: json.len(), limit }.into());
        }
        let invalid =
            |error| Failure::Document { path: path.to_owned(), code: ErrorCode::InvalidReport, error };
        let inventory_type = inventory_type(&json).map_err(invalid)?;
        Ok(Self { path: path.to_owned(), json, inventory_type })
    }
}

/// Asks the plugin what becomes of an inventory under a report, or in a sweep.
pub(crate) fn evaluate(
    plugin: &Plugin,
    prior: Inventory,
    report: Option<&ReportFile>,
    config: &Config,
    now: Timestamp,
) -> Result<Outcome, Failure> {
    let posted = report.map(|file| Report { inventory_type: file.inventory_type, json: &file.json });
    plugin.evaluate(prior, posted, config, now).map_err(|error| match (error, report) {
        (PluginError::Refused(error), Some(file)) if error.code == ErrorCode::InvalidReport => {
            Failure::Refused { origin: file.path.display().to_string(), error }
        }
        (other, _) => other.into(),
    })
}

/// Tells the agents apart by the key that only one of them sends.
fn inventory_type(json: &[u8]) -> Result<InventoryType, DocumentError> {
    let message = match read_json(json)? {
        Keys { cluster_name: true, cluster_arn: false } => return Ok(InventoryType::Kubernetes),
        Keys { cluster_name: false, cluster_arn: true } => return Ok(InventoryType::Ecs),
        Keys { cluster_name: true, .. } => "found both `cluster_name` and `cluster_arn`",
        Keys { cluster_name: false, .. } => "found neither `cluster_name` nor `cluster_arn`",
    };
    let expected = "expected the report of a Kubernetes agent, which has `cluster_name`, or of an ECS agent, which has `cluster_arn`";
    Err(DocumentError::at("", format!("{message}; {expected}")))
}

/// Which of the keys are there, whatever their values.
#[derive(Default)]
struct Keys {
    cluster_name: bool,
    cluster_arn: bool,
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the JSON object that an agent reports")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Keys::default();
                while let Some((key, IgnoredAny)) = map.next_entry::<String, _>()? {
                    match key.as_str() {
                        "cluster_name" => keys.cluster_name = true,
                        "cluster_arn" => keys.cluster_arn = true,
                        _ => {}
                    }
                }
                Ok(keys)
            }
        }
        deserializer.deserialize_map(Look)
    }
}
