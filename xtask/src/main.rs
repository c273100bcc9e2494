//! Set-up, builds, demo, test, bench and generated files, behind one door.
fn main() {}
