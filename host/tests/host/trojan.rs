//! Plugins that do harm before anybody calls them: a module with a start function beside the real plugin.

use keepset_host::Plugin;
use wasm_encoder::{ComponentBuilder, ComponentExportKind, ModuleArg};

use crate::scene::{engine, file};

/// The interfaces that a plugin exports, those first that others use.
const INTERFACES: [&str; 5] = ["types", "policy", "reports", "bulk", "session"];

/// A plugin that answers as the hostile one does, but for what `module`, in WebAssembly's text format, does when it starts.
pub(crate) fn starting_with(module: &str) -> Plugin {
    let mut outer = ComponentBuilder::default();
    let module = outer.core_module_raw(None, &wat::parse_str(module).unwrap());
    outer.core_instantiate(None, module, Vec::<(&str, ModuleArg)>::new());
    let inner = outer.component_raw(None, &std::fs::read(file("hostile")).unwrap());
    let inner = outer.instantiate(None, inner, Vec::<(&str, ComponentExportKind, u32)>::new());
    for interface in INTERFACES {
        let name = format!("keepset:retention/{interface}@0.1.0");
        let instance = outer.alias_export(inner, &name, ComponentExportKind::Instance);
        outer.export(name.as_str(), ComponentExportKind::Instance, instance, None);
    }
    Plugin::from_bytes(engine(), &outer.finish()).unwrap()
}
