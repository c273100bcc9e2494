//! How the component is linked.

#[expect(clippy::disallowed_methods, reason = "cargo says by the environment what it builds for")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        // The heap that a decision on some thousand rows takes is there at the start: growing is a call into the system for
        // each 64 KiB, and a pool takes it back at the end of each call. No more than that, for the pool wipes at the end of
        // each call what any call before has touched of it.
        println!("cargo::rustc-link-arg-cdylib=--initial-memory={}", 1536 << 10);
    }
}
