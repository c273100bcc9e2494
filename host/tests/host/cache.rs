//! Compiled code is kept between runs, and only taken from where nobody else can put it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use keepset_host::{Engine, EngineOptions, Plugin};

use crate::scene::file;

/// The name of what runs as the built-in plugin, with that cache.
fn name(cache: &Path) -> String {
    let options = EngineOptions { cache: Some(cache.to_owned()), ..EngineOptions::default() };
    let engine = Engine::with_options(options).unwrap();
    Plugin::builtin(&engine).unwrap().describe().unwrap().name
}

fn cached(cache: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A cache that has the hostile plugin's code under the name of the built-in one's: so one sees which of them was taken.
fn swapped(folder: &Path) -> (PathBuf, PathBuf) {
    let cache = folder.join("a/cache");
    assert_eq!(name(&cache), "keepset");
    let [builtin] = cached(&cache).try_into().unwrap();
    let options = EngineOptions { cache: Some(cache.clone()), ..EngineOptions::default() };
    Plugin::from_file(&Engine::with_options(options).unwrap(), &file("hostile")).unwrap();
    let hostile = cached(&cache).into_iter().find(|file| *file != builtin).unwrap();
    fs::rename(hostile, &builtin).unwrap();
    (cache, builtin)
}

#[test]
fn the_second_load_comes_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, code) = swapped(folder.path());
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700, "nobody else can write");
    assert_eq!(name(&cache), "hostile");
    // Code that was cut off is not code: it is compiled again, and kept again.
    let whole = fs::metadata(&code).unwrap().len();
    fs::write(&code, &fs::read(&code).unwrap()[..100]).unwrap();
    assert_eq!(name(&cache), "keepset");
    assert!(fs::metadata(&code).unwrap().len() > whole / 2);
    // An engine that counts fuel compiles otherwise, and does not take what this one left.
    let options = EngineOptions { cache: Some(cache.clone()), metered: true, ..EngineOptions::default() };
    Plugin::builtin(&Engine::with_options(options).unwrap()).unwrap();
    assert_eq!(cached(&cache).len(), 2);
}

#[test]
fn what_others_can_write_to_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, code) = swapped(folder.path());
    let not_used = |why: &str| assert_eq!(name(&cache), "keepset", "{why}");
    set_mode(&cache, 0o777);
    let planted = fs::read(&code).unwrap();
    not_used("a directory that everybody can write to");
    assert_eq!(fs::read(&code).unwrap(), planted, "nor is anything put there");
    set_mode(&cache, 0o720);
    not_used("a directory that a group can write to");
    set_mode(&cache, 0o700);
    let link = folder.path().join("link");
    symlink(&cache, &link).unwrap();
    assert_eq!(name(&link), "keepset", "a link, which somebody else may turn");
    // Only root can give files away; elsewhere there is nothing to see.
    if chown(&cache, Some(1), None).is_ok() {
        not_used("a directory of somebody else");
        chown(&cache, Some(0), None).unwrap();
    }
    assert_eq!(name(&cache), "hostile", "as it was");
    set_mode(&code, 0o666);
    not_used("a file that everybody can write to");
    assert_eq!(fs::metadata(&code).unwrap().permissions().mode() & 0o022, 0, "it was replaced");

    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, &planted).unwrap();
    fs::remove_file(&code).unwrap();
    symlink(&elsewhere, &code).unwrap();
    not_used("a file that is a link");
    assert_eq!(fs::read(&elsewhere).unwrap(), planted, "nor is it followed");
}

#[test]
fn a_cache_that_cannot_be_made_costs_nothing_but_time() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    assert_eq!(name(&blocked.join("cache")), "keepset");
}
