//! A folder of its own for each test, and the command that was just built in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Scene {
    folder: TempDir,
}

/// What a run of the command left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }

    /// The error as `-o json` writes it.
    pub(crate) fn error(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error} in {}", self.stderr));
        document.get("error").unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn code_is(&self, code: i32) {
        assert_eq!(self.code, code, "{}", self.stderr);
    }

    #[track_caller]
    pub(crate) fn failed(self, code: i32, with: &str) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(self.stderr.contains(with), "`{with}` is not in: {}", self.stderr);
        assert_eq!(self.stdout, "");
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, with nothing in its environment that this machine happens to have there.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepset"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear();
        // Compiled once for all tests.
        command.env("KEEPSET_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Applies a shipped report to `state.json`.
    pub(crate) fn apply(&self, report: &str, more: &[&str]) -> Ran {
        let report = shipped(report);
        let mut arguments = vec!["apply", "--state", "state.json", "--report", report.to_str().unwrap()];
        arguments.extend(more);
        self.run(&arguments)
    }
}

/// A report that agents really send.
pub(crate) fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reports").join(name)
}

/// A report of one namespace with that many containers in one pod.
pub(crate) fn report(cluster: &str, timestamp: &str, prefix: &str, containers: usize) -> String {
    let containers: Vec<Value> = (0..containers)
        .map(|number| {
            json!({"id": format!("{prefix}{number}"), "name": "c", "pod_uid": "p",
                "image_tag": format!("{prefix}:{number}"), "image_digest": ""})
        })
        .collect();
    let report = json!({
        "cluster_name": cluster, "timestamp": timestamp, "containers": containers,
        "namespaces": [{"uid": "n", "name": "default"}],
        "pods": [{"uid": "p", "name": "pod", "namespace_uid": "n"}],
    });
    report.to_string()
}
