use std::io::{self, Read as _, Write};
use std::path::PathBuf;

use clap::Args;
use keepset_types::Setting;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, Written, note};
use crate::remote::Remote;
use crate::report::open;
use crate::table::Table;

/// Say what a report, or other settings, would remove from a gateway's inventory
///
/// Changes nothing. A report is previewed under the gateway's settings, but for those that are given here;
/// settings alone are previewed over the whole inventory. For state files: `evaluate`, and `apply` and
/// `sweep` with --dry-run.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset preview --url http://localhost:8228 --username admin --report report.json
  keepset preview --url http://localhost:8228 --username admin --report report.json --image-ingest-overwrite true
  keepset preview --url http://localhost:8228 --username admin --image-ttl-days 7"
)]
pub(crate) struct Preview {
    /// What this report would remove: an agent's JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Under this TTL
    #[arg(long, value_name = "DAYS", allow_hyphen_values = true)]
    image_ttl_days: Option<String>,
    /// With or without overwrite, which acts only when a report comes: give --report too
    #[arg(long, value_name = "BOOL")]
    image_ingest_overwrite: Option<String>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    pub(super) written: Written<Format>,
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
        let gateway = self.remote.gateway()?.ok_or(Failure::NoGateway)?;
        let settings = self.settings();
        let body = match &self.report {
            Some(path) => {
                let (path, mut input) = open(path)?;
                let mut report = Vec::new();
                let read = input.read_to_end(&mut report);
                read.map_err(|source| Failure::Read { path: path.to_owned(), source })?;
                if settings.is_empty() { report } else { under(&settings, report) }
            }
            None => serde_json::json!({ "config": settings }).to_string().into_bytes(),
        };
        if self.report.is_none() && self.image_ingest_overwrite.is_some() {
            note(format_args!(
                "note: overwrite acts only when a report comes; give --report to see what it would remove"
            ));
        }
        let answer: Previewed = gateway.post("/v2/keepset/preview", &body)?;
        let mut results = Results::new();
        match self.written.output {
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
        let given = [
            ("image_ttl_days", &self.image_ttl_days),
            ("image_ingest_overwrite", &self.image_ingest_overwrite),
        ];
        let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        given.map(|(name, text)| (name.to_owned(), Setting::value_of(text))).collect()
    }
}

/// A report with settings beside its keys. Its own text stays as it is: the gateway is to judge it. What is no object
/// stays so too.
fn under(settings: &Map<String, Value>, report: Vec<u8>) -> Vec<u8> {
    let text = report.trim_ascii_start();
    let Some(rest) = text.strip_prefix(b"{") else { return report };
    let comma = if rest.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    let config = Value::Object(settings.clone());
    [format!("{{\"config\":{config}{comma}").as_bytes(), rest].concat()
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
