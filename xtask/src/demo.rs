//! Six days of three clusters: what their agents report, what Keepset keeps of it, what it removes, and why.
//!
//! Every answer comes from the `keepset` command that was just built, on the reports of `tests/reports`.
use std::collections::BTreeMap;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::guest;
use crate::process::output;
use crate::toolchain::Toolchain;
use crate::workspace::{Scratch, root};

/// The settings of the demo: both rules on, and few enough days to watch.
const CONFIG: &str = "\
services:
  catalog:
    runtime_inventory:
      image_ttl_days: 3
      image_ingest_overwrite: true
";

const INTRODUCTION: &str = "\
Keepset keeps the list of what runs in your clusters, so that a scanner knows which images matter.
Agents in the clusters report every few minutes what they see. They never report that something is
gone, and a report may be late, cut short, or not come at all. So what may be forgotten, and when?

Two settings decide (keepset.yaml):

";

const SETTINGS: &str = "
What was not seen for more than 3 days expires (the TTL). And with overwrite, a report replaces the
pods and containers that were known of the namespaces that it names, and of nothing else.

The inventory is a file of rows: clusters, nodes, namespaces, services, tasks, pods, containers and
images. The commands below are run as they stand here; the lines under each sum up its answer.
";

const CONCLUSION: &str = "
Nothing was forgotten that an agent still saw: a report removed things from the namespaces that it
named, silence counted only after 3 days, and each removal has a rule (A2, A5, ...) that is written
down in docs/semantics.md. To go on: target/release/keepset --help
";

/// Runs the demo.
pub(crate) fn run(toolchain: &Toolchain) -> Result<()> {
    guest::build_component(toolchain)?;
    Demo::new(guest::build_command(toolchain)?)?.tell()
}

/// What the demo works with.
struct Demo {
    keepset: PathBuf,
    folder: Scratch,
}

impl Demo {
    fn new(keepset: PathBuf) -> Result<Self> {
        let folder = Scratch::new(&std::env::temp_dir(), "keepset-demo")?;
        fs::write(folder.path().join("keepset.yaml"), CONFIG)?;
        Ok(Self { keepset, folder })
    }

    fn tell(&self) -> Result<()> {
        say(INTRODUCTION)?;
        say(&indented(CONFIG))?;
        say(SETTINGS)?;

        chapter(
            "Day 1, 09:00. Three agents report for the first time.",
            "Two Kubernetes clusters, prod-eu-1 and edge-us-2, and one ECS cluster.",
        )?;
        self.report("prod-eu-1.json", "k8s-report.json", "2026-08-06T09:00:00Z", 0)?;
        self.report("edge-us-2.json", "demo/edge-us-2-first.json", "2026-08-06T09:00:00Z", 0)?;
        self.report("ecs.json", "ecs-report.json", "2026-08-06T09:00:00Z", 0)?;
        self.list()?;

        chapter(
            "Day 1, 09:05. A new release in prod-eu-1.",
            "The shop went from 2.8.1 to 2.9.0, and the report names payments, which is empty now.\n\
             What ran before in these two namespaces is forgotten at once; edge-us-2 still runs 2.8.1.",
        )?;
        self.report("prod-eu-1.json", "k8s-report-next-poll.json", "2026-08-06T09:05:00Z", 16)?;

        chapter(
            "Day 2. A namespace disappears, and the ECS agent falls silent.",
            "edge-us-2 no longer names price-trial. That namespace may be deleted, or the agent may not\n\
             see it any more: the report does not say, so nothing is removed.",
        )?;
        self.report("prod-eu-1.json", "k8s-report-next-poll.json", "2026-08-07T09:00:00Z", 0)?;
        self.report("edge-us-2.json", "demo/edge-us-2-namespace-deleted.json", "2026-08-07T09:00:00Z", 0)?;

        chapter(
            "Day 4, 08:00. Why is price-trial still there?",
            "Each row can say why it is kept, and until when.",
        )?;
        self.report("prod-eu-1.json", "k8s-report-next-poll.json", "2026-08-09T08:00:00Z", 0)?;
        self.report("edge-us-2.json", "demo/edge-us-2-namespace-deleted.json", "2026-08-09T08:00:00Z", 0)?;
        let now = "2026-08-09T08:00:00Z";
        let explain =
            format!("explain --state inventory.json edge-us-2/price-trial --config keepset.yaml --now {now}");
        say(&indented(&shortened(&self.keepset(&explain)?)))?;

        chapter(
            "Day 4, 09:30. More than three days are over.",
            "A sweep needs no report. It removes what nobody has seen for too long: price-trial, and the\n\
             whole ECS cluster, whose agent has been silent since the first day.",
        )?;
        let now = "2026-08-09T09:30:00Z";
        let sweep = format!("sweep --state inventory.json -o json --config keepset.yaml --now {now}");
        self.decide(&sweep, 22)?;

        chapter(
            "Day 6. The ECS agent is back.",
            "Nothing remembers that its rows were removed: what it reports is simply there again.",
        )?;
        self.report("ecs.json", "ecs-report-next-poll.json", "2026-08-11T09:00:00Z", 0)?;
        self.list()?;
        say(CONCLUSION)
    }

    /// An agent posts one of the shipped reports at a simulated time, and so many rows are removed.
    fn report(&self, name: &str, shipped: &str, time: &str, removed: usize) -> Result<()> {
        let path = root().join("tests/reports").join(shipped);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut report: Value = serde_json::from_str(&text).with_context(|| format!("{shipped} is JSON"))?;
        let fields = report.as_object_mut().with_context(|| format!("{shipped} is an object"))?;
        fields.insert("timestamp".into(), time.into());
        fs::write(self.folder.path().join(name), report.to_string())?;
        let files = format!("--state inventory.json --report {name}");
        self.decide(&format!("apply {files} -o json --config keepset.yaml --now {time}"), removed)
    }

    /// A command that decides, and the sum of its answer. It fails if the text around it would be wrong.
    fn decide(&self, command: &str, removed: usize) -> Result<()> {
        let outcome: Outcome = serde_json::from_str(&self.keepset(command)?).context("not an outcome")?;
        say(&indented(&outcome.sum()))?;
        if outcome.removed.len() != removed {
            bail!("{} rows were removed; the demo tells of {removed}", outcome.removed.len());
        }
        Ok(())
    }

    /// The images in use, by context.
    fn list(&self) -> Result<()> {
        let answer = self.keepset("list --state inventory.json -o json-raw")?;
        let images: Images = serde_json::from_str(&answer).context("not a list of images")?;
        let mut text = String::new();
        let mut context = "";
        for image in &images.items {
            if image.context != context {
                context = &image.context;
                text += &format!("{context}\n");
            }
            text += &format!("    {:<64} last seen {}\n", shortened(&image.image_tag), image.last_seen);
        }
        say(&indented(&text))
    }

    /// Shows a command as one would type it, and runs it.
    fn keepset(&self, command: &str) -> Result<String> {
        let line = command.replace(" --config", " \\\n        --config");
        say(&format!("\n  $ keepset {line}\n"))?;
        output(Command::new(&self.keepset).current_dir(self.folder.path()).args(command.split(' ')))
    }
}

/// What `keepset list` answers.
#[derive(Deserialize)]
struct Images {
    items: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    context: String,
    image_tag: String,
    last_seen: String,
}

/// What `keepset apply` and `keepset sweep` answer.
#[derive(Deserialize)]
struct Outcome {
    retained: Vec<Retained>,
    removed: Vec<Removed>,
    next_expiry: Option<String>,
}

#[derive(Deserialize)]
struct Retained {
    reason: String,
}

#[derive(Deserialize)]
struct Removed {
    context: String,
    kind: String,
    reason: String,
    rule: String,
    image_tag: Option<String>,
}

impl Outcome {
    /// The outcome in a few lines: what is kept, and what is removed where and why.
    fn sum(&self) -> String {
        let reported = self.retained.iter().filter(|row| row.reason == "reported").count();
        let silent = self.retained.len() - reported;
        let mut text = match (reported, silent) {
            (_, 0) => format!("kept {reported} rows, all of them reported now\n"),
            (0, _) => format!("kept {silent} rows, seen within the last 3 days\n"),
            _ => format!(
                "kept {reported} rows that are reported now, and {silent} seen within the last 3 days\n"
            ),
        };
        let mut groups: BTreeMap<_, BTreeMap<&str, usize>> = BTreeMap::new();
        for row in &self.removed {
            let group = groups.entry((&row.context, &row.rule, &row.reason)).or_default();
            *group.entry(row.image_tag.as_deref().unwrap_or(&row.kind)).or_default() += 1;
        }
        for ((context, rule, reason), removed) in groups {
            text += &format!("removed from {context}: {}\n", why(rule, reason));
            for (what, count) in removed {
                text += &match (rule.as_str(), count) {
                    ("A6", _) => format!("    image {}\n", shortened(what)),
                    (_, 1) => format!("    1 {what}\n"),
                    _ => format!("    {count} {what}s\n"),
                };
            }
        }
        if let Some(time) = self.next_expiry.as_ref().filter(|_| silent > 0) {
            text += &format!("the next row expires at {time}\n");
        }
        text
    }
}

/// A rule in words.
fn why(rule: &str, reason: &str) -> String {
    let words = match rule {
        "A2" => "the report names it, without these",
        "A5" => "not seen for more than 3 days",
        "A6" => "no container uses these images any more",
        _ => reason,
    };
    format!("{words} ({rule})")
}

fn chapter(title: &str, text: &str) -> Result<()> {
    say(&format!("\n{title}\n{}\n{text}\n", "-".repeat(title.chars().count())))
}

/// Long hexadecimal numbers cut short: a person compares their first digits anyway.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_hexdigit() {
            digits.push(character);
            continue;
        }
        match digits.get(..12).filter(|_| digits.len() >= 32) {
            Some(first) => short += &format!("{first}..."),
            None => short += &digits,
        }
        digits.clear();
        short.push(character);
    }
    short.pop();
    short
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}

fn say(text: &str) -> Result<()> {
    Ok(stdout().write_all(text.as_bytes())?)
}
