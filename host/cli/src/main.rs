//! The keepset command.
fn main() {}
