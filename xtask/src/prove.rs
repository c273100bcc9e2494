//! What is promised of the component, proved on its bytes.
//!
//! A component that imports nothing can reach nothing: no clock, no files, no network, no random numbers. Nor does it
//! use what would make it answer differently from one machine to the next.
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

/// The component model's own means to handle the resources that a component exports.
const RESOURCE_INTRINSICS: [&str; 3] = ["[resource-new]", "[resource-rep]", "[resource-drop]"];

/// Proves that a core module, as the compiler made it, imports at most the intrinsics of resources it exports itself.
pub(crate) fn core_module(bytes: &[u8]) -> Result<()> {
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::ImportSection(imports) = payload.context("the module cannot be read")? else {
            continue;
        };
        for import in imports.into_imports() {
            let import = import?;
            let is_own = import.module.starts_with("[export]");
            let is_intrinsic = RESOURCE_INTRINSICS.iter().any(|name| import.name.starts_with(name));
            if !(is_own && is_intrinsic) {
                bail!(
                    "the module imports `{}` `{}`: the plugin must import nothing",
                    import.module,
                    import.name
                );
            }
        }
    }
    Ok(())
}

/// Proves that a component is valid, imports nothing, and uses neither threads nor SIMD nor 64-bit memories.
pub(crate) fn component(bytes: &[u8]) -> Result<()> {
    let features = WasmFeatures::WASM2.difference(WasmFeatures::SIMD) | WasmFeatures::COMPONENT_MODEL;
    Validator::new_with_features(features).validate_all(bytes).context("the component is not valid")?;
    let mut nesting = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding, .. } => {
                if nesting.is_empty() && encoding != Encoding::Component {
                    bail!("this is a core module, not a component");
                }
                nesting.push(encoding);
            }
            Payload::End(_) => drop(nesting.pop()),
            // What is nested gets its imports from the component around it; only that one's reach outside.
            Payload::ComponentImportSection(imports) if nesting.len() == 1 => {
                if let Some(import) = imports.into_iter().next() {
                    bail!("the component imports `{}`: it must import nothing", import?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Proves that none of these folders is named in the bytes, which are to be the same on every machine.
pub(crate) fn no_folder(bytes: &[u8], folders: &[&Path]) -> Result<()> {
    for folder in folders {
        let name = folder.as_os_str().as_encoded_bytes();
        if bytes.windows(name.len().max(1)).any(|window| window == name) {
            bail!("the component names the folder {}: its bytes depend on the machine", folder.display());
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn refusal(proof: fn(&[u8]) -> Result<()>, text: &str) -> String {
        format!("{:#}", proof(&wat::parse_str(text).unwrap()).unwrap_err())
    }

    #[test]
    fn a_component_without_imports_is_accepted() {
        let text = r#"(component
            (core module $m (func (export "f") (result i32) i32.const 7))
            (core instance $i (instantiate $m))
            (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;
        component(&wat::parse_str(text).unwrap()).unwrap();
    }

    #[test]
    fn a_component_with_an_import_is_refused_by_name() {
        let text = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#;
        let refusal = refusal(component, text);
        assert!(refusal.contains("imports `wasi:clocks/wall-clock@0.2.0`"), "{refusal}");
    }

    #[test]
    fn a_nested_component_may_import_from_the_one_around_it() {
        let text = r#"(component
            (component $inner (import "t" (func)) (export "u" (func 0)))
            (component $outer (component $c (import "x" (func)))))"#;
        component(&wat::parse_str(text).unwrap()).unwrap();
    }

    #[test]
    fn an_import_after_a_nested_component_is_still_found() {
        let text = r#"(component (component $inner (import "t" (func))) (import "late" (func)))"#;
        let refusal = refusal(component, text);
        assert!(refusal.contains("imports `late`"), "{refusal}");
    }

    #[test]
    fn a_core_module_is_no_component() {
        let refusal = refusal(component, "(module)");
        assert!(refusal.contains("not valid") || refusal.contains("core module"), "{refusal}");
    }

    #[test]
    fn threads_and_simd_are_refused() {
        for body in ["(memory 1 1 shared)", "(func (result v128) v128.const i64x2 0 0)", "(memory i64 1)"] {
            let text = format!("(component (core module {body}))");
            let refusal = refusal(component, &text);
            assert!(refusal.contains("not valid"), "{body}: {refusal}");
        }
    }

    #[test]
    fn a_module_may_import_the_intrinsics_of_its_own_resources_only() {
        let own = r#"(module
            (import "[export]keepset:retention/session@0.1.0" "[resource-new]session" (func (param i32) (result i32)))
            (import "[export]keepset:retention/session@0.1.0" "[resource-drop]session" (func (param i32))))"#;
        core_module(&wat::parse_str(own).unwrap()).unwrap();
        for (module, name) in [
            ("wasi:clocks/wall-clock@0.2.0", "now"),
            ("keepset:retention/session@0.1.0", "[resource-drop]session"),
            ("[export]keepset:retention/session@0.1.0", "[task-return]apply"),
            ("env", "abort"),
        ] {
            let refusal = refusal(core_module, &format!(r#"(module (import "{module}" "{name}" (func)))"#));
            assert!(refusal.contains(&format!("imports `{module}` `{name}`")), "{refusal}");
        }
    }

    #[test]
    fn a_folder_in_the_bytes_is_found() {
        let folder = Path::new("/home/someone/keepset");
        no_folder(b"/keepset/engine/src/lib.rs", &[folder]).unwrap();
        no_folder(b"at /home/someone/keepset/engine/src/lib.rs", &[folder]).unwrap_err();
    }
}
