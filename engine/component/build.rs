//! How the component is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        // The heap that a decision on ten thousand rows takes is there at the start: growing is a call into the system for
        // each 64 KiB, and a pool takes it back at the end of each call. A page that is not touched costs nothing.
        println!("cargo::rustc-link-arg-cdylib=--initial-memory={}", 1536 << 10);
    }
}
