use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use keepset_host::Selector;
use serde::Serialize;

use super::confirm::confirm;
use super::preview::{self, Previewed};
use super::summary;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, Written};
use crate::remote::{Gateway, Remote};
use crate::state::{Change, Missing};

/// Delete a context from a state file or of a gateway, or one image in it
///
/// Contexts match whole. With a digest, only the containers of that context with that digest and
/// their images are deleted. The next report brings back what still runs. A gateway is asked only after
/// a question; with --dry-run it says what would go, and changes nothing.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    alias = "del",
    after_help = "\
Examples:
  keepset delete --state inventory.json --type kubernetes --context prod/default
  keepset delete --state inventory.json --type kubernetes --context prod/default --image-digest unknown
  keepset delete --url http://localhost:8228 --username admin --type kubernetes --context prod/default --dry-run
  keepset delete --url http://localhost:8228 --username admin --type ecs --context arn:aws:ecs:... --yes"
)]
pub(crate) struct Delete {
    /// Inventory to change: a JSON file, {"version":1,"items":[...]}
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    change: Change,
    /// `kubernetes` or `ecs`
    #[arg(long = "type", value_name = "TYPE", env = "ANCHORECTL_INVENTORY_INVENTORY_TYPE")]
    inventory_type: String,
    /// CLUSTER/NAMESPACE, or the ARN of an ECS cluster
    #[arg(long, env = "ANCHORECTL_CONTEXT")]
    context: String,
    /// Digest of an image; `unknown` for images without one
    #[arg(long, value_name = "DIGEST", env = "ANCHORECTL_IMAGE_DIGEST")]
    image_digest: Option<String>,
    /// Do not ask before deleting from a gateway
    #[arg(short, long, env = "ANCHORECTL_CONFIRM")]
    yes: bool,
    #[command(flatten)]
    pub(super) written: Written<Format>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    plugin: DecidingPlugin,
}

/// What a gateway is asked to preview.
#[derive(Serialize)]
struct Deletion<'a> {
    inventory_type: &'a str,
    context: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_digest: Option<&'a str>,
}

/// What came of it.
#[derive(Serialize)]
struct Deleted {
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

impl Delete {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        match &self.state {
            Some(state) => self.run_on_state(state),
            None => {
                let gateway = self.remote.gateway()?.ok_or(Failure::NowhereToLook)?;
                if self.change.is_dry_run() { self.preview(&gateway) } else { self.run_on_gateway(&gateway) }
            }
        }
    }

    /// Has the gateway say what would go.
    fn preview(&self, gateway: &Gateway<'_>) -> Result<Exit, Failure> {
        let deletion = Deletion {
            inventory_type: &self.inventory_type,
            context: &self.context,
            image_digest: self.image_digest.as_deref(),
        };
        let body = serde_json::json!({ "delete": deletion }).to_string();
        let previewed: Previewed = gateway.post("/v2/keepset/preview", body.as_bytes())?;
        let mut results = Results::new();
        match self.written.output {
            Format::Json => {
                results.json(&serde_json::json!({ "deleted": false, "removed": previewed.removed }))?;
            }
            Format::Text => {
                writeln!(results, "dry run: the gateway's inventory stays as it is")?;
                preview::write_removed(previewed.removed, &mut results)?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }

    fn run_on_gateway(&self, gateway: &Gateway<'_>) -> Result<Exit, Failure> {
        let what = match &self.image_digest {
            Some(digest) => format!("the image {digest} in {}", self.context),
            None => format!("all of {}", self.context),
        };
        confirm(self.yes, &format!("Delete {what} ({})", self.inventory_type))?;
        let mut query = vec![("inventory_type", &*self.inventory_type), ("context", &*self.context)];
        query.extend(self.image_digest.as_deref().map(|digest| ("image_digest", digest)));
        let rows = gateway.delete("/v2/inventories", &query)?;
        let mut results = Results::new();
        match self.written.output {
            Format::Json => results.json(&Deleted { deleted: true, rows })?,
            Format::Text => match rows {
                Some(rows) => writeln!(results, "deleted {rows}")?,
                None => writeln!(results, "deleted")?,
            },
        }
        results.finish()?;
        Ok(Exit::Success)
    }

    fn run_on_state(&self, state: &Path) -> Result<Exit, Failure> {
        let plugin = self.plugin.load()?;
        let selector = Selector {
            inventory_type: self.inventory_type.clone(),
            context: self.context.clone(),
            image_digest: self.image_digest.clone(),
        };
        let state = self.change.open(state, Missing::IsAnError)?;
        let prior = state.read()?;
        let purged = plugin.purge(&prior, &selector)?;
        state.replace(purged.retained.iter())?;
        let mut results = Results::new();
        match self.written.output {
            Format::Json => results.json(&purged)?,
            Format::Text => {
                summary::write_dry_run(&state, &mut results)?;
                summary::write_kept(purged.retained.len(), 0, &[], &mut results)?;
                summary::write_removed(&purged.removed, &mut results)?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }
}
