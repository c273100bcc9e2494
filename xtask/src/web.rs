//! Builds the playground's engine: WebAssembly, and the JavaScript around it.
use std::fs;

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::guest::core_modules;
use crate::prove;
use crate::toolchain::{TARGET, Toolchain, cargo_home};
use crate::workspace::{root, shown, target};

/// Builds `keepset-web` to `target/web/`: `keepset_web.js`, `keepset_web_bg.wasm` and their declarations.
pub(crate) fn build(toolchain: &Toolchain) -> Result<()> {
    let mut cargo = toolchain.cargo(&root())?;
    cargo.args(["build", "--package", "keepset-web", "--profile", "playground", "--target", TARGET]);
    let modules = core_modules(&mut cargo)?;
    let [(_, module)] = modules.as_slice() else {
        bail!("keepset-web makes {} modules, expected one (crate-type cdylib)", modules.len());
    };
    let folder = target().join("web");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).web(true)?.typescript(false).out_name("keepset_web");
    // Names are for people with a debugger; a page that waits has none.
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(&folder).context("wasm-bindgen makes no JavaScript for keepset-web")?;
    // Ours says more than what could be made out of the Rust.
    let declarations = root().join("engine/web/keepset_web.d.ts");
    fs::copy(&declarations, folder.join("keepset_web.d.ts"))
        .with_context(|| format!("cannot copy {}", declarations.display()))?;
    let path = folder.join("keepset_web_bg.wasm");
    let wasm = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    prove::no_folder(&wasm, &[&root(), &cargo_home()?])?;
    eprintln!("web: wrote {} ({} bytes)", shown(&folder), wasm.len());
    Ok(())
}
