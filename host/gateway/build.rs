//! Finds the playground that the gateway serves at `/`: `target/keepset-playground.html`, or the file that
//! `KEEPSET_PLAYGROUND` names. An empty file stands for none.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=KEEPSET_PLAYGROUND");
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/keepset-playground.html");
    let page = env::var_os("KEEPSET_PLAYGROUND").map_or(built, PathBuf::from);
    if !page.is_file() {
        // Cargo would run this again and again for a file that is not there.
        fs::create_dir_all(page.parent().unwrap_or(Path::new(".")))?;
        fs::write(&page, "")?;
    }
    println!("cargo:rerun-if-changed={}", page.display());
    println!("cargo:rustc-env=KEEPSET_PLAYGROUND_FILE={}", page.display());
    Ok(())
}
