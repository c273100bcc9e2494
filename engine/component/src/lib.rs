//! The engine as a WebAssembly component without imports: a thin shell that decides nothing. Each module has one exported
//! interface of `wit/retention.wit`.

mod bindings;
mod bulk;
#[cfg(any(target_family = "wasm", test))]
mod compare;
mod policy;
mod reports;
mod session;
mod types;

/// Allocates from the memory that the component starts with before it asks for more: see `build.rs`.
#[cfg(target_family = "wasm")]
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// What implements the world.
struct Plugin;
