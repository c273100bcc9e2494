//! Embed a retention plugin with wasmtime.
