//! Looking after a gateway's store.

use std::fs;

use crate::gateway::{Gateway, PASSWORD};
use crate::scene::{Ran, Scene};

const DATA: [&str; 2] = ["--data-dir", "data"];

/// Runs a command on the store, with a password for whom it adds.
fn run(scene: &Scene, arguments: &[&str], store: &[&str]) -> Ran {
    let mut command = scene.command(&[arguments, store].concat());
    command.env("KEEPSET_USER_PASSWORD", PASSWORD).output().unwrap().into()
}

#[test]
fn a_store_that_is_not_there_is_named_and_not_made() {
    let scene = Scene::new();
    fs::create_dir(scene.path("empty")).unwrap();
    for command in [
        &["store", "backup", "copy.db"][..],
        &["store", "check"],
        &["store", "dump"],
        &["user", "list"],
        &["user", "add", "x", "--role", "read-only"],
        &["user", "passwd", "x"],
        &["user", "role", "x", "read-only"],
        &["user", "remove", "x", "--yes"],
        &["account", "list"],
        &["account", "add", "x"],
        &["account", "remove", "x", "--yes"],
    ] {
        for (store, path) in [
            (["--data-dir", "typo"], "typo/keepset.db"),
            (["--data-dir", "empty"], "empty/keepset.db"),
            (["--store", "sqlite://typo.db"], "typo.db"),
        ] {
            let ran =
                run(&scene, command, &store).failed(5, &format!("{path}: there is no store of a gateway"));
            assert!(ran.stderr.contains("--data-dir or KEEPSET_DATA_DIR"), "{}", ran.stderr);
        }
    }
    run(&scene, &["store", "restore", "nowhere.dump"], &["--data-dir", "typo"]).failed(5, "nowhere.dump");
    fs::remove_dir(scene.path("empty")).unwrap();
    assert_eq!(fs::read_dir(scene.path("")).unwrap().count(), 0, "nothing was made");
    // Nor is a file that holds nothing a store.
    scene.write("nothing.db", "");
    run(&scene, &["store", "check"], &["--store", "sqlite://nothing.db"])
        .failed(5, "nothing.db: there is no store");
}

#[test]
fn copies_name_their_files() {
    let scene = Scene::new();
    drop(Gateway::start(&scene, &[]));
    run(&scene, &["store", "backup", "copy.db"], &DATA).succeeded();
    run(&scene, &["store", "backup", "copy.db"], &DATA).failed(5, "copy.db: cannot be written");
    scene.write("store.dump", &run(&scene, &["store", "dump"], &DATA).succeeded().stdout);
    run(&scene, &["store", "restore", "store.dump"], &["--data-dir", "new"]).succeeded();
    run(&scene, &["store", "check"], &["--data-dir", "new"]).succeeded();
    run(&scene, &["store", "restore", "copy.db"], &["--data-dir", "newer"])
        .failed(3, "this is a copy of a SQLite store, no dump: put it in the place of keepset.db");
    assert!(!scene.path("newer").exists());
    scene.write("no.dump", "nothing");
    run(&scene, &["store", "restore", "no.dump"], &["--data-dir", "newer"]).failed(3, "no.dump: line 1");
}

/// Wherever either is named: the image of the gateway names a folder in its environment.
#[test]
fn a_database_counts_before_any_folder() {
    let scene = Scene::new();
    drop(Gateway::start(&scene, &[]));
    let url = format!("sqlite://{}", scene.path("data/keepset.db").display());
    scene.write("keepset.yaml", &format!("keepset: {{ store: '{url}' }}"));
    let list = ["user", "list", "--config", "keepset.yaml"];
    let ran = run(&scene, &list, &["--data-dir", "nowhere"]).succeeded();
    assert!(ran.stdout.contains("admin"), "{}", ran.stdout);
}

#[test]
fn passwords_are_one_line() {
    let scene = Scene::new();
    drop(Gateway::start(&scene, &[]));
    scene.write("two", "two lines\nin one file\n");
    let mut command = scene.command(&[&["user", "passwd", "admin"][..], &DATA].concat());
    let ran: Ran = command.stdin(fs::File::open(scene.path("two")).unwrap()).output().unwrap().into();
    ran.failed(3, "standard input has several lines: expected the password alone");
}

#[test]
fn removals_are_confirmed_and_leave_an_admin() {
    let scene = Scene::new();
    drop(Gateway::start(&scene, &[]));
    let run = |arguments: &[&str]| run(&scene, arguments, &DATA);
    run(&["account", "add", "b"]).succeeded();
    run(&["user", "add", "bob", "--account", "b", "--role", "read-only"]).succeeded();
    for command in [["user", "remove", "bob"], ["account", "remove", "b"]] {
        run(&command).failed(2, "there is nobody to ask whether to go on");
    }
    for command in [
        &["user", "remove", "admin", "--yes"][..],
        &["account", "remove", "admin", "--yes"],
        &["user", "role", "admin", "read-write"],
    ] {
        run(command).failed(3, "`admin` is the last user with the role admin: add another one first");
    }
    let removed = run(&["account", "remove", "b", "--yes"]).succeeded().stdout;
    assert_eq!(removed, "removed the account b, with 1 user and 0 contexts\n");
    run(&["user", "list", "--account", "b"]).failed(4, "there is no account `b`");
    run(&["user", "add", "ann", "--role", "admin"]).succeeded();
    let removed = run(&["user", "remove", "admin", "-y"]).succeeded().stdout;
    assert_eq!(removed, "removed the user admin of the account admin, whose role is admin\n");
    run(&["user", "remove", "admin", "-y"]).failed(4, "there is no user `admin`");
}
