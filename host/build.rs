//! Finds the component that [`Plugin::builtin`] embeds: `target/keepset.wasm`, or the file that `KEEPSET_WASM` names.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=KEEPSET_WASM");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wasm =
        env::var_os("KEEPSET_WASM").map_or_else(|| workspace.join("target/keepset.wasm"), PathBuf::from);
    println!("cargo:rerun-if-changed={}", wasm.display());
    assert!(
        wasm.is_file(),
        "{} is not there: build it with `cargo xtask build --component-only`",
        wasm.display()
    );
    println!("cargo:rustc-env=KEEPSET_WASM_FILE={}", wasm.display());
}
