use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use keepset_host::{Context, InventoryType, Row, Timestamp};
use keepset_types::Id;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};
use crate::state;
use crate::table::Table;

/// What stands for an empty digest.
const UNKNOWN: &str = "unknown";

/// List the images in a state file
///
/// Lists what the file contains, be it past its TTL or not: see `explain` and `sweep`. Of several
/// filters a row must match all.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset list --state inventory.json
  keepset list --state inventory.json --type ecs -o json
  keepset list --state inventory.json --context prod/default -o id"
)]
pub(crate) struct List {
    /// Inventory to list: a JSON file, {"version":1,"items":[...]}
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Only this inventory type
    #[arg(long = "type", value_name = "TYPE", value_parser = inventory_type())]
    inventory_type: Option<InventoryType>,
    /// Only this context: CLUSTER/NAMESPACE, or the ARN of an ECS cluster
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    context: Option<String>,
    /// Only this digest; `unknown` for images without one
    #[arg(long, value_name = "DIGEST", value_parser = NonEmptyStringValueParser::new())]
    image_digest: Option<String>,
    /// How to write the list
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: ListFormat,
}

/// A row as clients of the API know it.
#[derive(Serialize)]
struct ApiImage<'a> {
    inventory_type: InventoryType,
    context: &'a Context,
    image_tag: &'a str,
    image_digest: &'a str,
    created_at: Timestamp,
    last_updated: Timestamp,
    last_seen: Timestamp,
}

/// The same as anchorectl prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CtlImage<'a> {
    inventory_type: InventoryType,
    context: &'a Context,
    image_tag: &'a str,
    image_digest: &'a str,
    created_at: Timestamp,
    last_updated: Timestamp,
    last_seen: Timestamp,
}

impl<'a> ApiImage<'a> {
    fn of(row: &'a Row) -> Option<Self> {
        let Id::Image(image) = &row.key.id else { return None };
        Some(Self {
            inventory_type: row.key.inventory_type,
            context: &row.key.context,
            image_tag: &image.tag,
            image_digest: &image.digest,
            created_at: row.created_at,
            last_updated: row.last_updated,
            last_seen: row.last_seen,
        })
    }

    /// The digest for people.
    fn digest(&self) -> &'a str {
        if self.image_digest.is_empty() { UNKNOWN } else { self.image_digest }
    }
}

impl<'a> From<ApiImage<'a>> for CtlImage<'a> {
    fn from(image: ApiImage<'a>) -> Self {
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
        let inventory = state::read(&self.state)?;
        let images = inventory.rows().iter().filter_map(ApiImage::of);
        let images: Vec<_> = images.filter(|image| self.matches(image)).collect();
        let mut results = Results::new();
        match self.output {
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

    fn matches(&self, image: &ApiImage<'_>) -> bool {
        self.inventory_type.is_none_or(|wanted| image.inventory_type == wanted)
            && self.context.as_deref().is_none_or(|wanted| image.context.as_str() == wanted)
            && self.image_digest.as_deref().is_none_or(|wanted| image.digest() == wanted)
    }
}

/// `GET /v2/inventories`.
#[derive(Serialize)]
struct Answer<'a> {
    items: Vec<ApiImage<'a>>,
}

fn write_table(images: &[ApiImage<'_>], to: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["IMAGE TAG", "IMAGE DIGEST", "CONTEXT", "LAST SEEN AT", "INVENTORY TYPE"]);
    for image in images {
        table.push([
            image.image_tag.to_owned(),
            image.digest().to_owned(),
            image.context.as_str().to_owned(),
            image.last_seen.to_string(),
            image.inventory_type.to_string(),
        ]);
    }
    table.write(to)
}
