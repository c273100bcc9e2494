//! Finds the playground that the gateway serves at `/`: `target/keepset-playground.html`, or the file that
//! `KEEPSET_PLAYGROUND` names. An empty file stands for none.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=KEEPSET_PLAYGROUND");
    let page = match env::var_os("KEEPSET_PLAYGROUND").map(PathBuf::from) {
        Some(named) => {
            assert!(named.is_file(), "KEEPSET_PLAYGROUND names {}, which is no file", named.display());
            named
        }
        None => built()?,
    };
    println!("cargo:rerun-if-changed={}", page.display());
    println!("cargo:rustc-env=KEEPSET_PLAYGROUND_FILE={}", page.display());
    Ok(())
}

/// The page that was built in this checkout. Cargo would run this again and again for a file that is not there.
fn built() -> io::Result<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let page = target.join("keepset-playground.html");
    if !page.is_file() {
        fs::create_dir_all(target)?;
        fs::write(&page, "")?;
    }
    Ok(page)
}
