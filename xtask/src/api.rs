//! The gateway held to its own OpenAPI document: schemathesis makes requests of it, valid ones and others, and judges the answers.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::debian;
use crate::process::{probe, run};
use crate::workspace::{Scratch, root, target};

/// Of the admin, for as long as this takes.
const PASSWORD: &str = "correct horse battery";

/// What it says before the address that it listens on.
const LISTENING: &str = "listening on ";

/// Starts that command as a gateway on an empty inventory, and has its API judged.
pub(crate) fn check(command: &Path) -> Result<()> {
    let schemathesis = set_up()?;
    let scratch = Scratch::new(&std::env::temp_dir(), "keepset-api")?;
    let gateway = Gateway::start(command, scratch.path())?;
    let document = format!("{}/openapi.json", gateway.url);
    let login = format!("admin:{PASSWORD}");
    run(Command::new(schemathesis)
        .current_dir(root().join("tests/api"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["--config-file", "schemathesis.toml", "run", &document, "--auth", &login]))
}

/// An environment of its own with the versions that the requirements name, made once.
fn set_up() -> Result<PathBuf> {
    let requirements = root().join("tests/api/requirements.txt");
    let wanted = fs::read_to_string(&requirements).context("cannot read tests/api/requirements.txt")?;
    let folder = target().join("schemathesis");
    let (program, made) = (folder.join("bin/schemathesis"), folder.join("made-of.txt"));
    if program.is_file() && fs::read_to_string(&made).is_ok_and(|known| known == wanted) {
        return Ok(program);
    }
    eprintln!("API: installing schemathesis in {}", folder.display());
    make_environment(&folder)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(folder.join("bin/python")).args(pip).arg(&requirements))?;
    fs::write(&made, wanted).with_context(|| format!("cannot write {}", made.display()))?;
    Ok(program)
}

fn make_environment(folder: &Path) -> Result<()> {
    let is_there = || probe(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_some();
    debian::provide(
        "Python with venv",
        &["python3-venv"],
        "schemathesis has an environment of its own",
        is_there,
    )?;
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))
}

/// Ends with this value.
struct Gateway {
    child: Child,
    url: String,
}

impl Gateway {
    fn start(command: &Path, folder: &Path) -> Result<Self> {
        let mut child = Command::new(command)
            // Wrong credentials are among what is tried.
            .args(["serve", "--listen", "127.0.0.1:0", "--login-failures", "1000000", "--data-dir"])
            .arg(folder)
            .env("KEEPSET_ADMIN_PASSWORD", PASSWORD)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", command.display()))?;
        let log = child.stderr.take().context("its log is a pipe")?;
        let mut gateway = Self { child, url: String::new() };
        let mut lines = BufReader::new(log).lines();
        for line in &mut lines {
            let line = line.context("cannot read the gateway's log")?;
            if let Some((_, rest)) = line.split_once(LISTENING) {
                gateway.url = rest.split_whitespace().next().unwrap_or_default().to_owned();
                // Who does not read on stops it at its next line.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(gateway);
            }
            eprintln!("{line}");
        }
        bail!("the gateway ended before it listened")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
