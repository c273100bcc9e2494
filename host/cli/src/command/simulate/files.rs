//! Files with reports.

use std::fs;
use std::path::{Path, PathBuf};

use keepset_conformance::yaml;
use keepset_engine::simulate::{History, Reader, Scenario, Text, Unreadable};
use keepset_types::DocumentError;

use super::Progress;
use crate::failure::Failure;

/// A file as JSON.
struct Json {
    name: String,
    bytes: Vec<u8>,
}

/// The history in these files and folders.
pub(super) fn history(paths: &[PathBuf]) -> Result<History, Failure> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::NotFound("no .json, .ndjson, .jsonl, .yaml or .log file was found".to_owned()));
    }
    let mut reader = Reader::new();
    let mut progress = Progress::new("reading", u32::try_from(files.len()).unwrap_or(u32::MAX), "files");
    for (done, path) in (0..).zip(&files) {
        progress.tell(done);
        let Json { name, bytes } = json(path)?;
        reader.read(Text { name: &name, bytes: &bytes }).map_err(Failure::NoHistory)?;
    }
    Ok(reader.finish())
}

/// The scenario in a file.
pub(super) fn scenario(path: &Path) -> Result<Scenario, Failure> {
    let file = json(path)?;
    Scenario::read(Text { name: &file.name, bytes: &file.bytes }).map_err(Failure::NoHistory)
}

/// The file itself, or of a folder all that look like reports, by name.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |source| Failure::Read { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(unreadable)?;
    let mut entries =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().map_err(unreadable)?;
    entries.sort();
    for entry in entries {
        let extension = entry.extension().and_then(|extension| extension.to_str());
        if entry.is_dir() || matches!(extension, Some("json" | "ndjson" | "jsonl" | "yaml" | "yml" | "log")) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

fn json(path: &Path) -> Result<Json, Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    let name = path.display().to_string();
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("yaml" | "yml")) {
        return Ok(Json { name, bytes });
    }
    let refuse = |message: String| {
        let error = DocumentError::at("", message);
        Failure::NoHistory(Unreadable { code: "invalid_document", file: name.clone(), error })
    };
    let text = String::from_utf8(bytes).map_err(|error| refuse(error.to_string()))?;
    let value = yaml::read(&text).map_err(refuse)?;
    Ok(Json { name, bytes: value.to_string().into_bytes() })
}
