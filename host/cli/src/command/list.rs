use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use keepset_host::{InventoryType, Row, Timestamp};
use keepset_types::Id;
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, Written};
use crate::remote::{Gateway, Remote};
use crate::state;
use crate::table::Table;

/// What stands for an empty digest.
const UNKNOWN: &str = "unknown";

/// List the images in a state file, or of a gateway
///
/// Of a file it lists what is in there, be it past its TTL or not: see `explain` and `sweep`. Of several
/// filters a row must match all.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset list --state inventory.json
  keepset list --state inventory.json --type ecs -o json
  keepset list --state inventory.json --context prod/default -o id
  keepset list --url http://localhost:8228 --username admin"
)]
pub(crate) struct List {
    /// Inventory to list: a JSON file, {"version":1,"items":[...]}
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Only this inventory type
    #[arg(long = "type", value_name = "TYPE", value_parser = inventory_type(), env = "ANCHORECTL_INVENTORY_TYPE")]
    inventory_type: Option<InventoryType>,
    /// Only this context: CLUSTER/NAMESPACE, or the ARN of an ECS cluster
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), env = "ANCHORECTL_INVENTORY_CONTEXT")]
    context: Option<String>,
    /// Only this digest; `unknown` for images without one
    #[arg(
        long,
        value_name = "DIGEST",
        value_parser = NonEmptyStringValueParser::new(),
        env = "ANCHORECTL_INVENTORY_IMAGE_DIGEST"
    )]
    image_digest: Option<String>,
    #[command(flatten)]
    pub(super) written: Written<ListFormat>,
    #[command(flatten)]
    remote: Remote,
}

/// A row as clients of the API know it.
#[derive(Deserialize, Serialize)]
struct ApiImage {
    inventory_type: InventoryType,
    context: String,
    image_tag: String,
    image_digest: String,
    created_at: Timestamp,
    last_updated: Timestamp,
    last_seen: Timestamp,
}

/// The same as anchorectl prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CtlImage {
    inventory_type: InventoryType,
    context: String,
    image_tag: String,
    image_digest: String,
    created_at: Timestamp,
    last_updated: Timestamp,
    last_seen: Timestamp,
}

impl ApiImage {
    fn of(row: &Row) -> Option<Self> {
        let Id::Image(image) = &row.key.id else { return None };
        Some(Self {
            inventory_type: row.key.inventory_type,
            context: row.key.context.as_str().to_owned(),
            image_tag: String::from(&*image.tag),
            image_digest: String::from(&*image.digest),
            created_at: row.created_at,
            last_updated: row.last_updated,
            last_seen: row.last_seen,
        })
    }

    /// The digest for people.
    fn digest(&self) -> &str {
        if self.image_digest.is_empty() { UNKNOWN } else { &self.image_digest }
    }
}

impl From<ApiImage> for CtlImage {
    fn from(image: ApiImage) -> Self {
        Self {
            inventory_type: image.inventory_type,
            context: image.context,
            image_tag: image.image_tag,
            image_digest: image.image_digest,
            created_at: image.created_at,
            last_updated: image.last_updated,
            last_seen: image.last_seen,
        }
    }
}

/// The formats that anchorectl has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    #[default]
    Text,
    /// A JSON array with camelCase keys
    Json,
    /// The JSON of the API: {"items":[...]} with snake_case keys
    JsonRaw,
    /// Digests, one per line
    Id,
}

impl ListFormat {
    pub(super) fn of_failures(self) -> Format {
        match self {
            Self::Json | Self::JsonRaw => Format::Json,
            Self::Text | Self::Id => Format::Text,
        }
    }
}

fn inventory_type() -> impl clap::builder::TypedValueParser<Value = InventoryType> {
    let names = [InventoryType::Ecs, InventoryType::Kubernetes].map(InventoryType::as_str);
    PossibleValuesParser::new(names).try_map(|name| InventoryType::from_name(&name).ok_or("unknown type"))
}

impl List {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let images = match &self.state {
            Some(state) => self.images_in(state)?,
            None => self.images_of(&self.remote.gateway()?.ok_or(Failure::NowhereToLook)?)?,
        };
        let mut results = Results::new();
        match self.written.output {
            ListFormat::Text => write_table(&images, &mut results)?,
            ListFormat::Json => {
                results.json(&images.into_iter().map(CtlImage::from).collect::<Vec<_>>())?;
            }
            ListFormat::JsonRaw => results.json(&Answer { items: images })?,
            ListFormat::Id => {
                for image in &images {
                    writeln!(results, "{}", image.digest())?;
                }
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }

    fn images_in(&self, state: &Path) -> Result<Vec<ApiImage>, Failure> {
        let inventory = state::read(state)?;
        let images = inventory.rows().iter().filter_map(ApiImage::of);
        Ok(images.filter(|image| self.matches(image)).collect())
    }

    fn images_of(&self, gateway: &Gateway<'_>) -> Result<Vec<ApiImage>, Failure> {
        let filters = [
            ("inventory_type", self.inventory_type.map(InventoryType::as_str)),
            ("context", self.context.as_deref()),
            ("image_digest", self.image_digest.as_deref()),
        ];
        let query: Vec<_> = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let answer: Answer = gateway.get("/v2/inventories", &query)?;
        Ok(answer.items)
    }

    fn matches(&self, image: &ApiImage) -> bool {
        self.inventory_type.is_none_or(|wanted| image.inventory_type == wanted)
            && self.context.as_deref().is_none_or(|wanted| image.context == wanted)
            && self.image_digest.as_deref().is_none_or(|wanted| image.digest() == wanted)
    }
}

/// `GET /v2/inventories`.
#[derive(Deserialize, Serialize)]
struct Answer {
    items: Vec<ApiImage>,
}

fn write_table(images: &[ApiImage], to: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["IMAGE TAG", "IMAGE DIGEST", "CONTEXT", "LAST SEEN AT", "INVENTORY TYPE"]);
    for image in images {
        table.push([
            image.image_tag.clone(),
            image.digest().to_owned(),
            image.context.clone(),
            image.last_seen.to_string(),
            image.inventory_type.to_string(),
        ]);
    }
    table.write(to)
}
