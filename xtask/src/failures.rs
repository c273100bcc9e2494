//! What of a test run is said again at its very end: which tests failed, and what each of them said first.
use std::fmt;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::run_and_read;

/// Runs tests on this terminal. The error names those that failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let mut failures = Failures::default();
    let ran = run_and_read(command, |line| failures.read(line));
    match failures.tests.is_empty() {
        true => ran, // whatever failed, it was no test
        false => ran.with_context(|| failures.to_string()),
    }
}

/// The tests that failed, as cargo's harness and libtest-mimic, `keepset conformance` and the tests in the browser print them.
#[derive(Default)]
struct Failures {
    tests: Vec<Failure>,
    /// Whether what is printed next is what the last of them said.
    is_said: bool,
}

struct Failure {
    name: String,
    said: Vec<String>,
}

/// Of what a test said, as many lines as a summary has room for.
const LINES: usize = 6;

impl Failures {
    fn read(&mut self, line: &str) {
        let of_cargo = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----"));
        let of_cargo = of_cargo.map(|name| name.trim_end_matches(" stdout"));
        let of_ours = || line.strip_prefix("FAILED  ").or_else(|| line.strip_prefix("FAIL  "));
        if let Some(name) = of_cargo.or_else(of_ours) {
            self.tests.push(Failure { name: name.to_owned(), said: Vec::new() });
            self.is_said = true;
        } else if ["failures:", "ok  "].iter().any(|end| line.starts_with(end)) || line.ends_with(" failed") {
            self.is_said = false;
        } else if let Some(test) = self.tests.last_mut()
            && self.is_said
            && test.said.len() < LINES
            && !line.trim().is_empty()
        {
            test.said.push(line.trim().to_owned());
        }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.tests.len())?;
        for Failure { name, said } in &self.tests {
            write!(f, "\n    {name}")?;
            for line in said {
                write!(f, "\n        {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(printed: &str) -> String {
        let mut failures = Failures::default();
        printed.lines().for_each(|line| failures.read(line));
        failures.to_string()
    }

    #[test]
    fn tests_of_cargo_are_named_with_what_they_said() {
        let printed = "test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\n\n\
            thread 'b' panicked at b.rs:1:2:\nno\n\n\nfailures:\n    b\n\ntest result: FAILED. 1 passed\n";
        assert_eq!(summary(printed), "1 failed\n    b\n        thread 'b' panicked at b.rs:1:2:\n        no");
    }

    #[test]
    fn cases_are_named_with_what_they_said() {
        let printed = "test a::b ... FAILED\n\nfailures:\n\n---- a::b ----\ntest panicked: no\n\n\nfailures:\n    a::b\n";
        assert_eq!(summary(printed), "1 failed\n    a::b\n        test panicked: no");
    }

    #[test]
    fn ours_are_named_with_what_they_said() {
        let printed = "ok      a (1 s)\nFAILED  b\n        no\nok      c\nFAIL  d.yaml\n      step 1\n1 passed, 2 failed\n";
        assert_eq!(summary(printed), "2 failed\n    b\n        no\n    d.yaml\n        step 1");
    }
}
