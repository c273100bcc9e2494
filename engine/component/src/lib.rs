//! The engine as a WebAssembly component without imports: a thin shell that decides nothing. Each module has one exported
//! interface of `wit/retention.wit`.

mod bindings;
mod bulk;
mod policy;
mod reports;
mod session;
mod types;

/// What implements the world.
struct Plugin;
