//! The settings of retention: gathered here, judged by the plugin (section 5 of docs/semantics.md).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use keepset_host::{Config, Error, ErrorCode, Layer, Origin, Plugin, PluginError};
use keepset_types::{Setting, pointer_token};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use serde_saphyr::{MessageFormatter, SnippetMode, Spanned, UserMessageFormatter, render_options};

use crate::failure::Failure;
use crate::output::warning;
use crate::serving::file::ServeFile;

/// Where the settings stand in a configuration file (C4).
const SECTION: &str = "/services/catalog/runtime_inventory";

/// A configuration file.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigFile {
    /// YAML file with the settings of retention under services.catalog.runtime_inventory, those of the gateway under
    /// keepset; other keys are ignored
    #[arg(long = "config", value_name = "FILE", env = "KEEPSET_CONFIG", hide_env_values = true)]
    path: Option<PathBuf>,
}

impl ConfigFile {
    /// What it says of the gateway; nothing if there is no file.
    pub(crate) fn serve(&self) -> Result<ServeFile, Failure> {
        self.path.as_deref().map_or_else(|| Ok(ServeFile::default()), ServeFile::read)
    }
}

// Values stay texts, and the variables in the help are read elsewhere: the plugin refuses what is wrong, not the command
// line.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Retention")]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) file: ConfigFile,
    /// Days after which what was not seen any more is removed; 0: never [default: 120] [env:
    /// ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_IMAGE_TTL_DAYS]
    #[arg(long, value_name = "DAYS", visible_alias = "inventory-ttl-days", allow_hyphen_values = true)]
    image_ttl_days: Option<String>,
    /// Whether a report removes what its namespaces or its cluster no longer contain [default: false] [env:
    /// ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_IMAGE_INGEST_OVERWRITE]
    #[arg(long, value_name = "BOOL", visible_alias = "inventory-ingest-overwrite")]
    image_ingest_overwrite: Option<String>,
    /// Whether an ECS report of exactly 100 tasks counts as cut off and removes nothing [default: true] [env:
    /// KEEPSET_ECS_TRUNCATION_GUARD]
    #[arg(long, value_name = "BOOL")]
    ecs_truncation_guard: Option<String>,
}

impl Settings {
    /// What the plugin makes of flags, environment and file, in this order of precedence (C3).
    pub(crate) fn judged_by(&self, plugin: &Plugin) -> Result<Config, Failure> {
        let file = self.file.path.as_deref().map(Section::read).transpose()?;
        let layers = vec![layer(Origin::Flag, self.flags()), layer(Origin::Environment, environment())];
        judged(layers, file.as_ref(), &|layers| plugin.configure(layers))
    }

    /// What the plugin makes of a file alone.
    pub(crate) fn of_file(path: &Path, plugin: &Plugin) -> Result<Config, Failure> {
        judged(Vec::new(), Some(&Section::read(path)?), &|layers| plugin.configure(layers))
    }

    /// What the engine makes of a file alone, where no plugin decides.
    pub(crate) fn of_file_by_engine(path: &Path) -> Result<Config, Failure> {
        judged(Vec::new(), Some(&Section::read(path)?), &by_engine)
    }

    /// What the engine makes of `name=value,name=value` on the command line.
    pub(crate) fn of_text(text: &str) -> Result<Config, Failure> {
        let mut settings = Map::new();
        for setting in text.split(',') {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            settings.insert(name.trim().to_owned(), Setting::value_of(value.trim()));
        }
        judged(vec![layer(Origin::Flag, settings)], None, &by_engine)
    }

    /// The TTL as the command line gives it.
    pub(crate) fn image_ttl_days(&self) -> Option<&str> {
        self.image_ttl_days.as_deref()
    }

    fn flags(&self) -> Map<String, Value> {
        let flags = [
            ("image_ttl_days", &self.image_ttl_days),
            ("image_ingest_overwrite", &self.image_ingest_overwrite),
            ("ecs_truncation_guard", &self.ecs_truncation_guard),
        ];
        let given = flags.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        given.map(|(name, text)| (name.to_owned(), Setting::value_of(text))).collect()
    }
}

/// Whoever judges settings.
type Judge<'a> = dyn Fn(&[Layer]) -> Result<Config, PluginError> + 'a;

fn by_engine(layers: &[Layer]) -> Result<Config, PluginError> {
    keepset_engine::configure(layers).map_err(PluginError::Refused)
}

fn judged(mut layers: Vec<Layer>, file: Option<&Section<'_>>, judge: &Judge<'_>) -> Result<Config, Failure> {
    layers.extend(file.map(|section| layer(Origin::File, section.settings())));
    judge(&layers).map_err(|error| match error {
        PluginError::Refused(error) => {
            let at_fault = layers.iter().find(|layer| {
                let alone = judge(std::slice::from_ref(layer));
                matches!(alone, Err(PluginError::Refused(_)))
            });
            refused(error, at_fault.map(|layer| layer.origin), file)
        }
        other => other.into(),
    })
}

/// Says where the setting that was refused came from.
fn refused(error: Error, origin: Option<Origin>, file: Option<&Section<'_>>) -> Failure {
    let (origin, error) = match (origin, file) {
        (Some(Origin::File), Some(section)) => (section.path.display().to_string(), section.place(error)),
        (Some(Origin::Environment), _) => ("environment".to_owned(), error),
        (Some(Origin::Flag), _) => ("command line".to_owned(), error),
        _ => return PluginError::Refused(error).into(),
    };
    Failure::Refused { origin, error }
}

fn layer(origin: Origin, settings: Map<String, Value>) -> Layer {
    Layer { origin, settings: Value::Object(settings).to_string() }
}

fn environment() -> Map<String, Value> {
    let given = |name: &'static str| Some((name, env::var_os(name)?));
    let texts = Setting::environment_variables().filter_map(given);
    texts.map(|(name, text)| (name.to_owned(), text.to_string_lossy().into())).collect()
}

/// The settings in a configuration file, and where they stand in it.
struct Section<'a> {
    path: &'a Path,
    values: BTreeMap<String, Spanned<Value>>,
}

impl<'a> Section<'a> {
    fn read(path: &'a Path) -> Result<Self, Failure> {
        #[derive(Default, Deserialize)]
        struct File {
            services: Option<Services>,
            keepset: Option<IgnoredAny>,
        }
        #[derive(Default, Deserialize)]
        struct Services {
            catalog: Option<Catalog>,
        }
        #[derive(Default, Deserialize)]
        struct Catalog {
            runtime_inventory: Option<BTreeMap<String, Spanned<Value>>>,
        }
        let file: Option<File> = read_yaml(path)?;
        let says_something = file.is_some();
        let File { services, keepset } = file.unwrap_or_default();
        let catalog = services.and_then(|services| services.catalog);
        if says_something && catalog.is_none() && keepset.is_none() {
            let expected = "expected services.catalog.runtime_inventory, or keepset";
            warning(&format!("{}: it sets nothing; {expected}", path.display()));
        }
        let catalog = catalog.unwrap_or_default();
        Ok(Self { path, values: catalog.runtime_inventory.unwrap_or_default() })
    }

    fn settings(&self) -> Map<String, Value> {
        self.values.iter().map(|(name, spanned)| (name.clone(), spanned.value.clone())).collect()
    }

    /// The error, with its place in the whole file.
    fn place(&self, error: Error) -> Error {
        let pointer = error.pointer.unwrap_or_default();
        let name = pointer.strip_prefix('/').unwrap_or_default();
        let message = match self.values.get(name) {
            Some(spanned) => format!("{} (line {})", error.message, spanned.referenced.line()),
            None => error.message,
        };
        Error::new(error.code, message).at(format!("{SECTION}{pointer}"))
    }
}

/// Reads a configuration file, as docs/semantics.md 8 has YAML.
pub(crate) fn read_yaml<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    let mut pointer = String::new();
    let read = serde_saphyr::with_deserializer_from_str_with_options(&text, options, |yaml| {
        serde_path_to_error::deserialize(yaml).map_err(|error| {
            pointer = json_pointer(error.path());
            error.into_inner()
        })
    });
    read.map_err(|error| {
        let options = render_options! { formatter: &Words, snippets: SnippetMode::Off };
        let error = Error::new(ErrorCode::InvalidConfig, error.render_with_options(options)).at(pointer);
        Failure::Refused { origin: path.display().to_string(), error }
    })
}

/// The JSON pointer of a path. Ends at the mapping where a key of it cannot be read.
fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let token = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } | Segment::Enum { variant: key } => Some(format!("/{}", pointer_token(key))),
        Segment::Unknown => None,
    };
    path.iter().map_while(token).collect()
}

/// What is wrong with a file, in words of whoever writes it, who knows of no types.
struct Words;

impl MessageFormatter for Words {
    fn format_message<'a>(&self, error: &'a serde_saphyr::Error) -> Cow<'a, str> {
        use serde_saphyr::Error as Yaml;
        let expected = match error {
            Yaml::InvalidScalar { ty: "bool", .. } => "expected true or false",
            Yaml::InvalidScalar { ty, .. } if ty.starts_with(['u', 'i']) => "expected a whole number",
            Yaml::InvalidScalar { ty, .. } if ty.starts_with('f') => "expected a number",
            Yaml::Unexpected { expected: "string scalar", .. } => "expected a single value",
            Yaml::Unexpected { expected: "mapping start", .. } => "expected keys with values",
            Yaml::SerdeUnknownField { field, expected, .. } => {
                return format!("`{field}` is no setting; they are {}", expected.join(", ")).into();
            }
            other => return UserMessageFormatter.format_message(other),
        };
        expected.into()
    }
}
