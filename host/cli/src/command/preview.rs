use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, note};
use crate::remote::Remote;
use crate::table::Table;

/// Say what a report, or other settings, would remove from a gateway's inventory
///
/// Changes nothing. For state files: `evaluate`, and `apply` and `sweep` with --dry-run.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset preview --url http://localhost:8228 --username admin --report report.json
  keepset preview --url http://localhost:8228 --username admin --image-ttl-days 7"
)]
pub(crate) struct Preview {
    /// What this report would remove: an agent's JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["image_ttl_days", "image_ingest_overwrite"])]
    report: Option<PathBuf>,
    /// What this TTL would remove now
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    image_ttl_days: Option<i64>,
    /// With or without overwrite
    #[arg(long, value_name = "BOOL")]
    image_ingest_overwrite: Option<bool>,
    #[command(flatten)]
    remote: Remote,
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: Format,
}

/// `POST /v2/keepset/preview`.
#[derive(Deserialize, Serialize)]
pub(super) struct Previewed {
    pub(super) removed: Vec<Gone>,
    #[serde(default)]
    warnings: Vec<Warning>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Gone {
    reason: String,
    rule: String,
    last_seen: String,
    context: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_digest: Option<String>,
    inventory_type: String,
}

#[derive(Deserialize, Serialize)]
struct Warning {
    code: String,
    message: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Preview {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let gateway = self.remote.gateway()?.ok_or(Failure::NowhereToLook)?;
        let body = match &self.report {
            Some(path) => fs::read(path).map_err(|source| Failure::Read { path: path.clone(), source })?,
            None => serde_json::json!({ "config": self.settings() }).to_string().into_bytes(),
        };
        let answer: Previewed = gateway.post("/v2/keepset/preview", &body)?;
        let mut results = Results::new();
        match self.output {
            Format::Json => results.json(&answer)?,
            Format::Text => {
                for warning in &answer.warnings {
                    note(format_args!("warning: {}: {}", warning.code, warning.message));
                }
                write_removed(answer.removed, &mut results)?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }

    fn settings(&self) -> Map<String, Value> {
        let days = self.image_ttl_days.map(|days| ("image_ttl_days", Value::from(days)));
        let overwrite = self.image_ingest_overwrite.map(|is| ("image_ingest_overwrite", Value::from(is)));
        days.into_iter().chain(overwrite).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// How many rows would go, and which.
pub(super) fn write_removed(removed: Vec<Gone>, to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "would remove {}", removed.len())?;
    if removed.is_empty() {
        return Ok(());
    }
    writeln!(to)?;
    table(removed).write(to)
}

fn table(removed: Vec<Gone>) -> Table<6> {
    let mut table = Table::new(["REASON", "RULE", "LAST SEEN AT", "CONTEXT", "KIND", "ID"]);
    for gone in removed {
        let image = gone.image_tag.map(|tag| match gone.image_digest {
            Some(digest) if !digest.is_empty() => format!("{tag}@{digest}"),
            _ => tag,
        });
        let id = gone.id.or(image).unwrap_or_default();
        table.push([gone.reason, gone.rule, gone.last_seen, gone.context, gone.kind, id]);
    }
    table
}
