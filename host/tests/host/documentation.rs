//! docs/embedding.md shows the example as it is, and the example says what the page says that it does.

use std::path::Path;
use std::process::Command;

use keepset_host::{Limits, PluginError};

const PAGE: &str = include_str!("../../../docs/embedding.md");

/// What stands between three backquotes and that word, and the next three.
fn block(language: &str) -> &'static str {
    let start = format!("```{language}\n");
    PAGE.split_once(&start).and_then(|(_, rest)| rest.split_once("```")).unwrap().0
}

#[test]
fn the_page_shows_the_example() {
    let example = include_str!("../../examples/embed.rs");
    assert_eq!(block("rust"), example);
    assert!(example.lines().count() <= 40, "short enough to be read");
}

#[test]
fn the_example_prints_what_the_page_shows() {
    // Beside the folder of this test's program.
    let here = std::env::current_exe().unwrap();
    let program = here.ancestors().nth(2).unwrap().join("examples/embed");
    let program = Path::new(&program).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.is_file(), "`cargo test -p keepset-host` builds {}", program.display());
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), block("text"));
}

#[test]
fn the_page_knows_every_limit_and_its_default() {
    let Limits { memory, table_elements, instances, time, fuel, result, input } = Limits::default();
    let rows = [
        ("memory", format!("{} GiB", memory >> 30), PluginError::MemoryLimit(0)),
        ("table_elements", table_elements.to_string(), PluginError::TableLimit(0)),
        ("instances", instances.to_string(), PluginError::InstanceLimit(0)),
        ("time", format!("{} s", time.as_secs()), PluginError::TimeLimit(time)),
        ("fuel", format!("{} G", fuel / 1_000_000_000), PluginError::FuelLimit(0)),
        ("result", format!("{} GiB", result >> 30), PluginError::ResultLimit(0)),
        ("input", format!("{} GiB", input >> 30), PluginError::InputLimit { size: 0, limit: 0 }),
    ];
    for (name, default, error) in rows {
        let row = format!("| `{name}` | {default} | `{}` |", error.code());
        assert!(PAGE.contains(&row), "docs/embedding.md does not have `{row}`");
    }
}
