//! Six days of three clusters: what their agents report, what Keepset keeps of it, what it removes, and why.
//!
//! Every answer comes from the `keepset` command that was just built, on the reports of `tests/reports`.
use std::fs;
use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::guest;
use crate::process::output;
use crate::toolchain::Toolchain;
use crate::workspace::{Scratch, root};

/// The settings of the demo: both rules on, and days short enough to watch.
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
gone: a report may be late, cut short, or not come at all. So what may be forgotten, and when?

Two settings decide (keepset.yaml):
";

const SETTINGS: &str = "
A thing that was not seen for more than 3 days expires. And with overwrite, a report replaces what
was known of the namespaces that it names, and of nothing else.
";

const CONCLUSION: &str = "
In six days nothing was forgotten that still ran where an agent was watching: a report only ever
removed things from the namespaces it named, and silence only counted after 3 days. Every removal
names its rule; docs/semantics.md has all of them. The same decisions run in a WebAssembly component
of your own program (docs/embedding.md).
";

/// Runs the demo.
pub(crate) fn run(toolchain: &Toolchain) -> Result<()> {
    guest::build_component(toolchain)?;
    Demo::new(guest::build_command()?)?.tell()
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
        self.report("prod-eu-1.json", "k8s-report.json", "2026-08-06T09:00:00Z")?;
        self.report("edge-us-2.json", "demo/edge-us-2-first.json", "2026-08-06T09:00:00Z")?;
        self.report("ecs.json", "ecs-report.json", "2026-08-06T09:00:00Z")?;
        self.keepset(&["list", "--state", "inventory.json"])?;

        chapter(
            "Day 1, 09:05. A new release in prod-eu-1.",
            "The shop went from 2.8.1 to 2.9.0, and the namespace payments is named, but empty now.\n\
             Overwrite forgets the old containers at once; edge-us-2 still runs 2.8.1, and keeps it.",
        )?;
        self.report("prod-eu-1.json", "k8s-report-next-poll.json", "2026-08-06T09:05:00Z")?;

        chapter(
            "Day 2. A namespace is deleted, and the ECS agent falls silent.",
            "edge-us-2 no longer names its namespace price-trial. It may be gone, or the agent may not\n\
             see it any more: the report does not say, so nothing is removed.",
        )?;
        self.report("prod-eu-1.json", "k8s-report-next-poll.json", "2026-08-07T09:00:00Z")?;
        self.report("edge-us-2.json", "demo/edge-us-2-namespace-deleted.json", "2026-08-07T09:00:00Z")?;

        chapter(
            "Day 4. Why is all that still here?",
            "The ECS agent has been silent for almost three days. Each row says until when it is kept.",
        )?;
        self.report("prod-eu-1.json", "k8s-report-next-poll.json", "2026-08-09T08:00:00Z")?;
        self.report("edge-us-2.json", "demo/edge-us-2-namespace-deleted.json", "2026-08-09T08:00:00Z")?;
        self.keepset(&[
            "explain",
            "--state",
            "inventory.json",
            "--config",
            "keepset.yaml",
            "--now",
            "2026-08-09T08:30:00Z",
            "kubernetes/edge-us-2/price-trial",
        ])?;

        chapter(
            "Day 4, one hour later. Three days are over.",
            "A sweep needs no report. It removes what nobody has seen for more than 3 days.",
        )?;
        self.keepset(&[
            "sweep",
            "--state",
            "inventory.json",
            "--config",
            "keepset.yaml",
            "--now",
            "2026-08-09T09:30:00Z",
        ])?;

        chapter(
            "Day 6. The ECS agent is back.",
            "Nothing remembers that its rows were removed: what it reports is simply there again.",
        )?;
        self.report("ecs.json", "ecs-report-next-poll.json", "2026-08-11T09:00:00Z")?;
        self.keepset(&["list", "--state", "inventory.json"])?;
        say(CONCLUSION)
    }

    /// An agent posts one of the shipped reports at a simulated time.
    fn report(&self, name: &str, shipped: &str, time: &str) -> Result<()> {
        let path = root().join("tests/reports").join(shipped);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut report: Value = serde_json::from_str(&text).with_context(|| format!("{shipped} is JSON"))?;
        let fields = report.as_object_mut().with_context(|| format!("{shipped} is an object"))?;
        fields.insert("timestamp".into(), time.into());
        fs::write(self.folder.path().join(name), report.to_string())?;
        self.keepset(&[
            "apply",
            "--state",
            "inventory.json",
            "--report",
            name,
            "--config",
            "keepset.yaml",
            "--now",
            time,
        ])
    }

    /// Shows a command as one would type it, and what it answers.
    fn keepset(&self, arguments: &[&str]) -> Result<()> {
        say(&format!("\n  $ keepset {}\n", arguments.join(" ")))?;
        let answer = output(Command::new(&self.keepset).current_dir(self.folder.path()).args(arguments))?;
        say(&indented(&answer))
    }
}

fn chapter(title: &str, text: &str) -> Result<()> {
    say(&format!("\n{title}\n{}\n{text}\n", "-".repeat(title.chars().count())))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}

fn say(text: &str) -> Result<()> {
    Ok(stdout().write_all(text.as_bytes())?)
}
