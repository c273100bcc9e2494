//! Debian's rustc, for machines where rustup may not install the target.
//!
//! Debian has no standard library for `wasm32-unknown-unknown`, but its source: it is built once, into a cache outside
//! the checkout, so that the next checkout finds it.
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{probe, run};
use crate::toolchain::{Attempt, TARGET, Toolchain, has_std, library, remapped};
use crate::workspace::Scratch;

/// The packages, without the linker, whose name has the version of LLVM in it.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];

/// The oldest compiler that builds the workspace.
const MSRV: &str = env!("CARGO_PKG_RUST_VERSION");

/// Raised when [`build_std`] changes: what an older one built is then not taken.
const RECIPE: u32 = 1;

/// Takes Debian's packages, and installs them where that is allowed and of use.
pub(crate) fn find() -> Result<Attempt> {
    if !is_complete() {
        if let Some(obstacle) = obstacle() {
            return Ok(Attempt::Unfit(obstacle));
        }
        if let Some(obstacle) = install()? {
            return Ok(Attempt::Unfit(obstacle));
        }
    }
    let version = probe(rustc().arg("-vV")).context("Debian's rustc does not run")?;
    let sysroot = sysroot(&version)?;
    let release = value(&version, "release:").unwrap_or("of unknown version");
    eprintln!("wasm32: Debian's rustc {release}, standard library in {}", sysroot.display());
    Ok(Attempt::Found(Toolchain::Debian { sysroot }))
}

/// Whether all that is needed is installed: compiler, cargo, linker and the source of the standard library.
fn is_complete() -> bool {
    let Some(version) = probe(rustc().arg("--version")) else {
        return false;
    };
    let Some(sysroot) = probe(rustc().args(["--print", "sysroot"])) else {
        return false;
    };
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    let release = version.split_whitespace().nth(1).unwrap_or_default();
    is_recent(release)
        && ["/usr/bin/cargo", "/usr/bin/rust-lld"].iter().all(|file| Path::new(file).exists())
        && source.exists()
}

/// Why packages cannot be installed here, if so.
fn obstacle() -> Option<String> {
    if probe(Command::new("apt-get").arg("--version")).is_none() {
        return Some("this is no Debian".into());
    }
    let user = probe(Command::new("id").arg("-u")).unwrap_or_default();
    (user.trim() != "0").then(|| "only root may install Debian's packages".into())
}

/// Installs the packages. Says why not, if Debian's compiler is too old.
fn install() -> Result<Option<String>> {
    eprintln!("wasm32: looking for Debian's packages, for the tool chain at hand lacks the target");
    update()?;
    let policy = probe(Command::new("apt-cache").args(["policy", "rustc-web"])).unwrap_or_default();
    let offered = value(&policy, "Candidate:").unwrap_or("none");
    if !is_recent(offered) {
        return Ok(Some(format!("Debian offers rustc-web {offered}, needed is {MSRV}")));
    }
    let depends = probe(Command::new("apt-cache").args(["depends", "rust-web-llvm"])).unwrap_or_default();
    let Some(linker) = linker(&depends) else {
        return Ok(Some("Debian's rust-web-llvm names no LLVM".into()));
    };
    eprintln!("wasm32: installing {} {linker}", PACKAGES.join(" "));
    let linker: [&str; 1] = [&linker];
    install_packages(&[&PACKAGES[..], &linker[..]].concat())?;
    if !is_complete() {
        bail!(
            "Debian's packages were installed, but the compiler, its linker or its source is still missing"
        );
    }
    Ok(None)
}

/// Sees to it that something is there that packages bring; `purpose` says what for.
pub(crate) fn provide(
    what: &str,
    packages: &[&str],
    purpose: &str,
    is_there: impl Fn() -> bool,
) -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let names = packages.join(" ");
    if let Some(obstacle) = obstacle() {
        bail!("{what} is missing, and {obstacle}: install it (on Debian: apt-get install {names})");
    }
    eprintln!("{what}: installing Debian's {names}, for {purpose}");
    update()?;
    install_packages(packages)?;
    if is_there() { Ok(()) } else { bail!("Debian's {names} was installed, but {what} is still missing") }
}

/// Installs packages of which the lists are known.
fn install_packages(packages: &[&str]) -> Result<()> {
    run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

/// Learns what packages there are.
fn update() -> Result<()> {
    run(apt_get().args(["update", "-qq"]))
}

/// apt-get that asks nothing, waits for another one, and prints errors only.
fn apt_get() -> Command {
    let mut apt_get = Command::new("apt-get");
    apt_get
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"])
        .stdout(Stdio::null());
    apt_get
}

/// The value after a label, on a line of its own.
fn value<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim)
}

/// The linker that fits the LLVM of `rust-web-llvm`.
fn linker(depends: &str) -> Option<String> {
    let version = value(depends, "Depends: llvm-")?;
    Some(format!("lld-{version}"))
}

/// Whether a version is one that builds the workspace. `1.96.0+dfsg1-1` is read as 1.96.
fn is_recent(version: &str) -> bool {
    fn numbers(version: &str) -> Option<(u32, u32)> {
        let mut parts = version.split(|character: char| !character.is_ascii_digit());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
    numbers(version) >= numbers(MSRV)
}

/// Debian's compiler.
pub(crate) fn rustc() -> Command {
    tool("/usr/bin/rustc")
}

/// Debian's cargo.
pub(crate) fn cargo() -> Command {
    tool("/usr/bin/cargo")
}

/// One of Debian's tools. What rustup and the cargo around this task have set would lead it back to theirs.
fn tool(program: &str) -> Command {
    let mut tool = Command::new(program);
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        tool.env_remove(name);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(PathBuf::from("/usr/bin")).chain(env::split_paths(&path));
    // A folder that stands in PATH already can be joined again.
    if let Ok(path) = env::join_paths(folders) {
        tool.env("PATH", path);
    }
    tool
}

/// The folder with the target's standard library, built if it is not there.
fn sysroot(version: &str) -> Result<PathBuf> {
    let digest = Sha256::digest(format!("{version}\n{TARGET}\n{RECIPE}"));
    let key: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let cache = cache()?;
    let sysroot = cache.join(format!("wasm32-std-{key}"));
    if !has_std(&sysroot) {
        eprintln!("wasm32: building the standard library, once");
        let scratch = Scratch::new(&cache, "wasm32-std-build")?;
        let fresh = scratch.path().join("sysroot");
        build_std(scratch.path(), &fresh)?;
        // In one step: whatever interrupts this leaves nothing that looks complete. Another run may have been first.
        if let Err(error) = fs::rename(&fresh, &sysroot)
            && !has_std(&sysroot)
        {
            return Err(error).with_context(|| format!("cannot create {}", sysroot.display()));
        }
    }
    Ok(sysroot)
}

/// Builds the standard library in `folder` and copies it to `sysroot`.
fn build_std(folder: &Path, sysroot: &Path) -> Result<()> {
    let name = "empty";
    let source = folder.join(name);
    fs::create_dir_all(source.join("src"))?;
    fs::write(source.join("src/lib.rs"), "#![no_std]\n")?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n[profile.release]\npanic = \"abort\"\n"
    );
    fs::write(source.join("Cargo.toml"), manifest)?;
    let mut flags = remapped(&source)?;
    // Link-time optimisation reads it.
    flags.push("-Cembed-bitcode=yes".into());
    run(cargo()
        .current_dir(&source)
        // Debian's compiler is a stable one, and -Zbuild-std is not.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .args(["build", "--quiet", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET]))?;

    let built = folder.join("target").join(TARGET).join("release/deps");
    let library = library(sysroot);
    fs::create_dir_all(&library)?;
    for entry in fs::read_dir(&built)? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = file.starts_with(&format!("lib{name}-"));
        if path.extension().is_some_and(|extension| extension == "rlib") && !is_ours {
            fs::copy(&path, library.join(&*file))?;
        }
    }
    if !has_std(sysroot) {
        bail!("cargo built no standard library in {}", built.display());
    }
    Ok(())
}

/// The folder for what outlives a checkout.
fn cache() -> Result<PathBuf> {
    let cache = match env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(cache) => cache,
        None => env::home_dir().context("neither XDG_CACHE_HOME nor HOME is set")?.join(".cache"),
    };
    Ok(cache.join("keepset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for recent in [MSRV, "1.96.0+dfsg1-1~deb12u2", "1.100.0", "2.0.0"] {
            assert!(is_recent(recent), "{recent}");
        }
        for old in ["1.85.0+dfsg3-1~deb12u3", "1.9.0", "(none)", "none", ""] {
            assert!(!is_recent(old), "{old}");
        }
    }

    #[test]
    fn the_linker_is_the_one_of_the_compilers_llvm() {
        let depends = "rust-web-llvm\n  Depends: libc6\n  Depends: llvm-22\n  Conflicts: <rust-llvm>\n";
        assert_eq!(linker(depends).as_deref(), Some("lld-22"));
        assert_eq!(linker("rust-web-llvm\n  Depends: libc6\n"), None);
    }
}
