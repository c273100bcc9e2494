//! Compiles what runs inside WebAssembly: the component of the engine, and the plugins of the host's tests.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use wit_component::ComponentEncoder;

use crate::debian;
use crate::playground;
use crate::process::{output, probe, run};
use crate::prove;
use crate::toolchain::{TARGET, Toolchain, cargo_home};
use crate::workspace::{cargo, root, shown, target, write_if_changed};

/// Builds the component from this checkout to `target/keepset.wasm`.
pub(crate) fn build_component(toolchain: &Toolchain) -> Result<Vec<u8>> {
    let component = component(toolchain, &root(), &target().join("guest"))?;
    let path = target().join("keepset.wasm");
    let verb = if write_if_changed(&path, &component)? { "wrote" } else { "kept" };
    eprintln!("component: {verb} {} ({} bytes, imports nothing)", shown(&path), component.len());
    Ok(component)
}

/// Builds the component from the sources in `source`, and proves what is promised of it.
pub(crate) fn component(toolchain: &Toolchain, source: &Path, target: &Path) -> Result<Vec<u8>> {
    let mut cargo = toolchain.cargo(source)?;
    cargo.env("CARGO_TARGET_DIR", target).args(["build", "--package", "keepset-component"]);
    cargo.args(["--profile", "component", "--target", TARGET]);
    let modules = core_modules(&mut cargo)?;
    let [(_, module)] = modules.as_slice() else {
        bail!("keepset-component makes {} modules, expected one (crate-type cdylib)", modules.len());
    };
    let core = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    prove::core_module(&core)?;
    let component = componentize(&core)?;
    prove::component(&component)?;
    prove::no_folder(&component, &[source, &cargo_home()?])?;
    Ok(component)
}

/// The workspace of the host's test plugins.
pub(crate) fn plugins() -> PathBuf {
    root().join("host/tests/plugins")
}

/// Builds each crate of `host/tests/plugins` to `target/plugins/<name>.wasm`. Those may import: hosts must refuse some.
pub(crate) fn build_plugins(toolchain: &Toolchain) -> Result<()> {
    let mut cargo = toolchain.cargo(&root())?;
    cargo.current_dir(plugins()).args(["build", "--workspace", "--release", "--target", TARGET]);
    let modules = core_modules(&mut cargo)?;
    for (name, module) in &modules {
        let core = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
        let component = componentize(&core).with_context(|| format!("plugin {name}"))?;
        write_if_changed(&target().join("plugins").join(format!("{name}.wasm")), &component)?;
    }
    eprintln!("plugins: {} in target/plugins", modules.len());
    Ok(())
}

/// Turns a core module into a component, by the WIT that wit-bindgen left in it.
pub(crate) fn componentize(core: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(core)?.encode().context("the module is no component")
}

/// Builds the `keepset` command in release mode, with the playground in its gateway, and says where it is.
pub(crate) fn build_command(toolchain: &Toolchain) -> Result<PathBuf> {
    playground::build_if_possible(toolchain)?;
    provide_make()?;
    run(cargo().args(["build", "--release", "--package", "keepset"]))?;
    Ok(target().join("release").join(format!("keepset{}", std::env::consts::EXE_SUFFIX)))
}

/// Sees to it that there is what builds the C of the command's allocator.
pub(crate) fn provide_make() -> Result<()> {
    let is_there = || probe(Command::new("make").arg("--version")).is_some();
    debian::provide("make", &["make"], "the command's allocator is built by it", is_there)
}

/// Runs a cargo build and lists the WebAssembly modules it made, with the names of their crates.
pub(crate) fn core_modules(cargo: &mut Command) -> Result<Vec<(String, PathBuf)>> {
    let messages = output(cargo.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit()))?;
    let mut modules = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("cargo's messages are JSON")?;
        if message.get("reason").and_then(Value::as_str) != Some("compiler-artifact") {
            continue;
        }
        let name = message.pointer("/target/name").and_then(Value::as_str).unwrap_or_default();
        let files = message.get("filenames").and_then(Value::as_array).into_iter().flatten();
        for file in files.filter_map(Value::as_str).filter(|file| file.ends_with(".wasm")) {
            modules.push((name.replace('_', "-"), PathBuf::from(file)));
        }
    }
    Ok(modules)
}
