use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use keepset_host::{Config, InventoryType, Key, Row, Timestamp};
use keepset_types::{
    Context, Id, Image, ItemKind, RemovalReason, Removed, Retained, RetainedReason, Rule, printable,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::clock::Clock;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, Written, warn};
use crate::remote::{Gateway, Remote};
use crate::report::evaluate;
use crate::settings::Settings;
use crate::state;

/// Say why each row of a state file or of a gateway is kept, and until when
///
/// Changes nothing. A key is the whole of an id, an image tag, an image digest or a context, as it
/// is or as TYPE/CONTEXT. A gateway is asked about contexts: each key is TYPE/CONTEXT; it goes by its own
/// settings, but for --image-ttl-days.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset explain --state inventory.json --config keepset.yaml
  keepset explain --state inventory.json prod/default docker.io/library/nginx:1.29.1
  keepset explain --state inventory.json --image-ttl-days 7 -o json kubernetes/prod/default
  keepset explain --url http://localhost:8228 --username admin kubernetes/prod/default --image-ttl-days 7"
)]
pub(crate) struct Explain {
    /// Inventory to explain: a JSON file, {"version":1,"items":[...]}
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// What to explain [default: every row of the state file]
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    clock: Clock,
    #[command(flatten)]
    pub(super) written: Written<Format>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    plugin: DecidingPlugin,
}

/// What a sweep would do to the rows that were asked for.
#[derive(Serialize)]
struct Explanation {
    version: u32,
    retained: Vec<Retained>,
    removed: Vec<Removed>,
}

impl Explain {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let (explanation, config) = match &self.state {
            Some(state) => self.ask_plugin(state)?,
            None => self.ask_gateway(&self.remote.gateway()?.ok_or(Failure::NowhereToLook)?)?,
        };
        let mut results = Results::new();
        match self.written.output {
            Format::Json => results.json(&explanation)?,
            Format::Text => write(&explanation, &config, &mut results)?,
        }
        results.finish()?;
        Ok(Exit::Success)
    }

    fn ask_gateway(&self, gateway: &Gateway<'_>) -> Result<(Explanation, Config), Failure> {
        let mut all = Explanation { version: 1, retained: Vec::new(), removed: Vec::new() };
        let mut config = Config::default();
        let days = self.settings.image_ttl_days();
        if self.keys.is_empty() {
            return Err(Failure::NoContext);
        }
        for key in &self.keys {
            let known = key
                .split_once('/')
                .filter(|(name, context)| InventoryType::from_name(name).is_some() && !context.is_empty());
            let Some((inventory_type, context)) = known else {
                return Err(Failure::WrongContext(key.clone()));
            };
            let mut query = vec![("inventory_type", inventory_type), ("context", context)];
            query.extend(days.map(|days| ("image_ttl_days", days)));
            let answer: GatewayExplanation = gateway.get("/v2/keepset/explain", &query)?;
            config = answer.config;
            // One that does not know of it answers under its own TTL.
            if days.is_some_and(|days| days.parse() != Ok(config.image_ttl_days)) {
                return Err(gateway.failed(None, "this gateway explains under no TTL but its own".to_owned()));
            }
            all.removed.extend(answer.removed.into_iter().map(Removed::from));
            all.retained.extend(answer.items.into_iter().map(|item| Retained {
                row: item.row,
                reason: item.why.reason,
                expires_at: item.why.expires_at,
            }));
        }
        Ok((all, config))
    }

    fn ask_plugin(&self, state: &Path) -> Result<(Explanation, Config), Failure> {
        let plugin = self.plugin.load()?;
        let config = self.settings.judged_by(&plugin)?;
        let inventory = state::read(state)?;
        let keys_of = |key: &String| !inventory.rows().iter().any(|row| is_meant(&row.key, key));
        let unmatched: Vec<_> = self.keys.iter().filter(|key| keys_of(key)).collect();
        if let [first, ..] = unmatched[..] {
            let others = match unmatched.len() {
                1 => String::new(),
                several => format!(", and nor do {} others", several - 1),
            };
            let path = state.display();
            return Err(Failure::NotFound(format!(
                "{path}: `{first}` matches no id, image tag, image digest or context{others}; keys match whole"
            )));
        }
        let outcome = evaluate(&plugin, inventory, None, &config, self.clock.now())?;
        if self.written.output == Format::Text {
            warn(&outcome);
        }
        let wanted = |key: &Key| self.keys.is_empty() || self.keys.iter().any(|text| is_meant(key, text));
        let mut explanation =
            Explanation { version: 1, retained: outcome.retained, removed: outcome.removed };
        explanation.retained.retain(|retained| wanted(&retained.row.key));
        explanation.removed.retain(|removed| wanted(&removed.key));
        Ok((explanation, config))
    }
}

/// `GET /v2/keepset/explain`.
#[derive(Deserialize)]
struct GatewayExplanation {
    config: Config,
    items: Vec<ExplainedRow>,
    #[serde(default)]
    removed: Vec<GoneRow>,
}

/// A row that would go.
#[derive(Deserialize)]
struct GoneRow {
    inventory_type: InventoryType,
    context: String,
    kind: ItemKind,
    id: Option<Box<str>>,
    image_tag: Option<Box<str>>,
    image_digest: Option<Box<str>>,
    last_seen: Timestamp,
    reason: RemovalReason,
    rule: Rule,
}

impl From<GoneRow> for Removed {
    fn from(gone: GoneRow) -> Self {
        let GoneRow { inventory_type, kind, last_seen, reason, rule, .. } = gone;
        let id = match gone.image_tag {
            Some(tag) => Id::Image(Image { tag, digest: gone.image_digest.unwrap_or_default() }),
            None => Id::Plain(gone.id.unwrap_or_default()),
        };
        let key = Key { inventory_type, context: Context::new(&gone.context), kind, id };
        Self { key, last_seen, reason, rule }
    }
}

/// A row, and beside its fields why it is kept.
struct ExplainedRow {
    row: Row,
    why: Why,
}

#[derive(Deserialize)]
struct Why {
    reason: RetainedReason,
    expires_at: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for ExplainedRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let item = Value::deserialize(deserializer)?;
        let row = Row::deserialize(&item).map_err(de::Error::custom)?;
        let why = Why::deserialize(&item).map_err(de::Error::custom)?;
        Ok(Self { row, why })
    }
}

/// Whether a text on the command line names this row: as a whole, there are no wildcards.
fn is_meant(key: &Key, text: &str) -> bool {
    let context = key.context.as_str();
    let is_context = |text: &str| text == context;
    let qualified = text.strip_prefix(key.inventory_type.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let is_id = match &key.id {
        Id::Plain(id) => **id == *text,
        Id::Image(image) => *image.tag == *text || (!text.is_empty() && *image.digest == *text),
    };
    is_id || is_context(text) || qualified.is_some_and(is_context)
}

/// The rows in key order, under a heading for each context.
fn write(explanation: &Explanation, config: &Config, to: &mut impl Write) -> io::Result<()> {
    let retained = explanation.retained.iter();
    let kept = retained.map(|retained| (&retained.row.key, why_kept(retained, config)));
    let gone = explanation.removed.iter().map(|removed| (&removed.key, why_gone(removed, config)));
    let mut rows: Vec<_> = kept.chain(gone).collect();
    rows.sort_by_key(|(key, _)| *key);
    let mut before: Option<&Key> = None;
    for (key, why) in &rows {
        let is_next =
            |before: &Key| (before.inventory_type, &before.context) == (key.inventory_type, &key.context);
        if !before.is_some_and(is_next) {
            let gap = if before.is_some() { "\n" } else { "" };
            writeln!(to, "{gap}{} ({})", printable(key.context.as_str()), key.inventory_type)?;
        }
        writeln!(to, "  {} {}\n    {why}", key.kind, printable(&key.id.to_string()))?;
        before = Some(key);
    }
    Ok(())
}

fn why_kept(retained: &Retained, config: &Config) -> String {
    let last_seen = retained.row.last_seen;
    match (retained.reason, retained.expires_at) {
        (RetainedReason::TtlDisabled, _) => {
            format!("kept for ever: the TTL is 0 (A5); last seen {last_seen}")
        }
        (_, None) => format!("kept: last seen {last_seen}, within the TTL of {} (A5)", days(config)),
        (_, Some(until)) if matches!(retained.row.key.id, Id::Image(_)) => {
            format!("kept until {until}, as its containers are (I3); last seen {last_seen}")
        }
        (_, Some(until)) => match counts_as_seen(until, config).filter(|seen| *seen > last_seen) {
            Some(seen) => format!(
                "kept until {until}: something in it was seen {seen}, within the TTL of {} (A5); itself last seen {last_seen}",
                days(config)
            ),
            None => {
                format!("kept until {until}: last seen {last_seen}, within the TTL of {} (A5)", days(config))
            }
        },
    }
}

fn why_gone(removed: &Removed, config: &Config) -> String {
    format!(
        "a sweep under the TTL of {} removes it: {} ({}), last seen {}",
        days(config),
        removed.reason.as_str(),
        removed.rule,
        removed.last_seen
    )
}

/// The sighting that a row's expiry counts from: it expires in the first second after the TTL (E1).
fn counts_as_seen(expires_at: Timestamp, config: &Config) -> Option<Timestamp> {
    Timestamp::from_unix(expires_at.unix().checked_sub(config.ttl_seconds()?)?.checked_sub(1)?)
}

fn days(config: &Config) -> String {
    match config.image_ttl_days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
