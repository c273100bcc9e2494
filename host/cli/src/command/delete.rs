use clap::Args;
use keepset_host::Selector;

use super::summary;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};
use crate::state::{Missing, StateArguments};

/// Delete a context from a state file, or one image in it
///
/// Contexts match whole. With a digest, only the containers of that context with that digest and
/// their images are deleted. The next report brings back what still runs.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    alias = "del",
    after_help = "\
Examples:
  keepset delete --state inventory.json --type kubernetes --context prod/default
  keepset delete --state inventory.json --type kubernetes --context prod/default --image-digest unknown"
)]
pub(crate) struct Delete {
    #[command(flatten)]
    state: StateArguments,
    /// `kubernetes` or `ecs`
    #[arg(long = "type", value_name = "TYPE")]
    inventory_type: String,
    /// CLUSTER/NAMESPACE, or the ARN of an ECS cluster
    #[arg(long)]
    context: String,
    /// Digest of an image; `unknown` for images without one
    #[arg(long, value_name = "DIGEST")]
    image_digest: Option<String>,
    /// How to write the outcome
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    plugin: DecidingPlugin,
}

impl Delete {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.plugin.load()?;
        let selector = Selector {
            inventory_type: self.inventory_type.clone(),
            context: self.context.clone(),
            image_digest: self.image_digest.clone(),
        };
        let state = self.state.open(Missing::IsAnError)?;
        let prior = state.read()?;
        let purged = plugin.purge(&prior, &selector)?;
        state.replace(purged.retained.iter())?;
        let mut results = Results::new();
        match self.output {
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
