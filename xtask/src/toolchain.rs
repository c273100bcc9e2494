//! Finds a tool chain that compiles to `wasm32-unknown-unknown`, and sets one up where there is none.
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::debian;
use crate::process::{probe, run};
use crate::workspace::{cargo, root, target};

/// What the guest is compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A tool chain with the standard library of [`TARGET`].
pub(crate) enum Toolchain {
    /// The one that builds everything else.
    Own,
    /// Debian's rustc, with a standard library that was built once into a cache.
    Debian {
        /// The folder for `--sysroot`.
        sysroot: PathBuf,
    },
}

/// An attempt to find a tool chain.
pub(crate) enum Attempt {
    /// There it is.
    Found(Toolchain),
    /// Not this way, because.
    Unfit(String),
}

/// Finds a tool chain, or sets one up. Says on standard error which it took.
pub(crate) fn find() -> Result<Toolchain> {
    let mut reasons = Vec::new();
    for attempt in [own, debian::find, rustup] {
        match attempt()? {
            Attempt::Found(toolchain) => return Ok(toolchain),
            Attempt::Unfit(reason) => reasons.push(reason),
        }
    }
    bail!(
        "nothing here compiles to {TARGET}:\n  {}\nWith rustup, type: rustup target add {TARGET}",
        reasons.join("\n  ")
    )
}

/// The tool chain at hand, if it has the target.
fn own() -> Result<Attempt> {
    let Some(sysroot) = probe(rustc().args(["--print", "sysroot"])) else {
        return Ok(Attempt::Unfit("rustc does not run".into()));
    };
    let sysroot = Path::new(sysroot.trim());
    Ok(if has_std(sysroot) {
        eprintln!("wasm32: the tool chain at hand has the target");
        Attempt::Found(Toolchain::Own)
    } else {
        Attempt::Unfit(format!("{} has no standard library for it", sysroot.display()))
    })
}

/// rustup may be asked for the target, unless its user forbids it to install anything by itself.
fn rustup() -> Result<Attempt> {
    if env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0") {
        return Ok(Attempt::Unfit("RUSTUP_AUTO_INSTALL=0 forbids to ask rustup".into()));
    }
    if probe(Command::new("rustup").arg("--version")).is_none() {
        return Ok(Attempt::Unfit("rustup is not here".into()));
    }
    eprintln!("wasm32: asking rustup, for the tool chain at hand lacks the target");
    Ok(match run(Command::new("rustup").current_dir(root()).args(["target", "add", TARGET])) {
        Ok(()) => Attempt::Found(Toolchain::Own),
        Err(error) => Attempt::Unfit(error.to_string()),
    })
}

/// Whether a sysroot holds the target's standard library.
pub(crate) fn has_std(sysroot: &Path) -> bool {
    let Ok(entries) = fs::read_dir(library(sysroot)) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Where a sysroot holds the target's standard library.
pub(crate) fn library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

/// The compiler at hand, as this workspace chooses it.
fn rustc() -> Command {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")));
    rustc.current_dir(root());
    rustc
}

impl Toolchain {
    /// Cargo that compiles the sources in `source` to [`TARGET`]: the same bytes wherever that folder is.
    pub(crate) fn cargo(&self, source: &Path) -> Result<Command> {
        let mut flags = remapped(source)?;
        let mut cargo = match self {
            Self::Own => cargo(),
            Self::Debian { sysroot } => {
                flags.push("--sysroot".into());
                flags.push(text(sysroot)?);
                debian::cargo()
            }
        };
        cargo
            .current_dir(source)
            // Another compiler than the host's would spoil what the host has in its own folder.
            .env("CARGO_TARGET_DIR", target().join("guest"))
            // The form that stands spaces in paths; it also outranks whatever else sets flags.
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        Ok(cargo)
    }

    /// Names the compiler with its version.
    pub(crate) fn version(&self) -> Result<String> {
        let version = match self {
            Self::Own => probe(rustc().arg("-vV")),
            Self::Debian { .. } => probe(debian::rustc().arg("-vV")),
        };
        version.context("rustc does not run")
    }
}

/// Flags that leave no folder of this machine in the bytes.
pub(crate) fn remapped(source: &Path) -> Result<Vec<String>> {
    let mut flags = Vec::new();
    let mut remap = |from: &Path, to: &str| -> Result<()> {
        flags.push(format!("--remap-path-prefix={}={to}", text(from)?));
        Ok(())
    };
    // The last prefix that fits counts, hence from the outermost inwards.
    let home = cargo_home()?;
    remap(&home, "/cargo")?;
    // Where crates are unpacked is named after the registry: a mirror would be another one.
    let unpacked = home.join("registry/src");
    let mut registries: Vec<PathBuf> = match fs::read_dir(&unpacked) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    registries.sort();
    for registry in registries {
        remap(&registry, "/crates")?;
    }
    remap(source, "/keepset")?;
    Ok(flags)
}

/// Where cargo keeps the crates it unpacks.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        return Ok(home.into());
    }
    let home = env::home_dir().context("neither CARGO_HOME nor HOME is set")?;
    Ok(home.join(".cargo"))
}

/// A path in a flag.
fn text(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}
