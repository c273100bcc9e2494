//! The engine as a WebAssembly component without imports.
