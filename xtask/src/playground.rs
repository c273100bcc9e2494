//! The playground: its page around its engine, and the browser that tests both.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{probe, run};
use crate::toolchain::Toolchain;
use crate::workspace::{root, shown, target, write_if_changed};
use crate::{bench, debian, failures, web};

/// The oldest Node.js that runs the tools of the page.
const NODE: (u32, u32) = (20, 19);

/// Where Debian puts its Chromium.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What the tests in a browser need of Debian: a browser, its driver, and a font that every machine has alike.
const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "fonts-dejavu-core"];

/// Builds the page: `target/playground/`, to be served, with `keepset-playground.html` in it, which opens by itself.
pub(crate) fn build(toolchain: &Toolchain) -> Result<()> {
    web::build(toolchain)?;
    install(&page())?;
    run(npm(&page()).args(["run", "--silent", "build"]))?;
    let folder = target().join("playground");
    eprintln!("playground: wrote {}", shown(&folder));
    // The gateway embeds it, and is only built again if it changed.
    let page = folder.join("keepset-playground.html");
    let page = fs::read(&page).with_context(|| format!("cannot read {}", page.display()))?;
    write_if_changed(&target().join("keepset-playground.html"), &page).map(drop)
}

/// The same where Node.js is there; says so where it is not, for the gateway then comes without the page.
pub(crate) fn build_if_possible(toolchain: &Toolchain) -> Result<()> {
    if let Err(obstacle) = check_node() {
        eprintln!("playground: left out of the gateway: {obstacle:#}");
        return Ok(());
    }
    build(toolchain)
}

/// Serves the page on the loopback until it is stopped.
pub(crate) fn serve(port: u16) -> Result<()> {
    run(npm(&page()).args(["run", "--silent", "preview", "--", "--port", &port.to_string()]))
}

/// Types, tests of what needs no browser, and the build, which fails above the budget of its sizes.
pub(crate) fn check(toolchain: &Toolchain) -> Result<()> {
    build(toolchain)?;
    run(npm(&page()).args(["run", "--silent", "check"]))?;
    run(npm(&page()).args(["run", "--silent", "test"]))
}

/// The page in a real browser, and its answers beside those of that command. Both have to be built.
pub(crate) fn test_in_browser(command: &Path) -> Result<()> {
    let chromium = chromium()?;
    install(&tests())?;
    failures::run(
        npm(&tests()).env("CHROMIUM", chromium).env("KEEPSET_BIN", command).args(["run", "--silent", "test"]),
    )
}

/// What the page costs a reader, measured in a real browser with these arguments.
pub(crate) fn bench(toolchain: &Toolchain, arguments: &[String]) -> Result<()> {
    build(toolchain)?;
    let bench = bench::folder().join("www");
    let chromium = chromium()?;
    // The bench drives the browser as the tests do.
    install(&tests())?;
    install(&bench)?;
    let mut npm = npm(&bench);
    run(npm.env("CHROMIUM", chromium).args(["run", "--silent", "bench", "--"]).args(arguments))
}

/// The folder of the browser's tests.
fn tests() -> PathBuf {
    root().join("tests/browser")
}

/// The folder of the page.
fn page() -> PathBuf {
    root().join("www")
}

/// npm in a folder.
fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder);
    npm
}

/// Installs the packages of a folder as its lock file has them, if they are not there.
fn install(folder: &Path) -> Result<()> {
    check_node()?;
    let lock = folder.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let digest: String = Sha256::digest(lock).iter().map(|byte| format!("{byte:02x}")).collect();
    // Inside the folder that npm empties first: an installation that was cut short leaves none.
    let stamp = folder.join("node_modules/.keepset-lock");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == digest) {
        return Ok(());
    }
    eprintln!("packages: installing those of {}", shown(folder));
    run(npm(folder).args(["ci", "--silent"]))?;
    fs::write(&stamp, digest).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Fails in words where Node.js is missing or too old.
fn check_node() -> Result<()> {
    let (major, minor) = NODE;
    let wanted = format!("Node.js {major}.{minor} or newer, with npm, builds the playground's page");
    let Some(version) = probe(Command::new("node").arg("--version")) else {
        bail!("{wanted}, and there is none: install it, see https://nodejs.org");
    };
    if release(&version) < Some(NODE) {
        bail!("{wanted}, and here is {}: install it, see https://nodejs.org", version.trim());
    }
    if probe(Command::new("npm").arg("--version")).is_none() {
        bail!("{wanted}, and there is no npm: install it (on Debian: apt-get install npm)");
    }
    Ok(())
}

/// Reads `v20.19.1`.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Finds Chromium, or installs Debian's.
fn chromium() -> Result<PathBuf> {
    let chromium = PathBuf::from(CHROMIUM);
    let purpose = "the playground is tested in a real browser";
    debian::provide("Chromium", &PACKAGES, purpose, || chromium.exists())?;
    Ok(chromium)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_node_are_compared_by_number() {
        for fit in ["v20.19.0\n", "v20.20.2", "v22.1.0", "v100.0.0"] {
            assert!(release(fit) >= Some(NODE), "{fit}");
        }
        for old in ["v20.9.0", "v18.20.8", "v8.19.0", "node", ""] {
            assert!(release(old) < Some(NODE), "{old}");
        }
    }
}
