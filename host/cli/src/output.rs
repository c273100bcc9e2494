//! Results go to standard output, everything else to standard error.

use std::io::{self, BufWriter, StdoutLock, Write};

use clap::{Args, ValueEnum};
use keepset_host::Outcome;
use keepset_types::printable;
use serde::Serialize;

use crate::failure::Failure;

/// How results are written. The other names are what anchorectl's environment may say for `list`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    #[value(alias = "id")]
    Text,
    /// One JSON document
    #[value(alias = "json-raw")]
    Json,
}

/// How a command that may ask a gateway writes its answer: anchorectl's environment counts too.
#[derive(Args, Debug)]
pub(crate) struct Written<F: ValueEnum + Default + Send + Sync + 'static> {
    /// How to write the answer
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        env = "ANCHORECTL_FORMAT",
        hide_env_values = true
    )]
    pub(crate) output: F,
}

/// Where results are written to. To be finished, so that a full disk is noticed.
pub(crate) struct Results(BufWriter<StdoutLock<'static>>);

impl Results {
    pub(crate) fn new() -> Self {
        Self(BufWriter::with_capacity(1 << 16, io::stdout().lock()))
    }

    pub(crate) fn json(&mut self, document: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, document)?;
        self.0.write_all(b"\n")
    }

    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What somebody should know, for people.
pub(crate) fn warn(outcome: &Outcome) {
    for warning in &outcome.warnings {
        note(format_args!("warning: {}: {warning}", warning.code));
    }
}

/// Why nothing came of it.
pub(crate) fn complain(format: Format, failure: &Failure) {
    match format {
        Format::Text => note(format_args!("error: {failure}")),
        Format::Json => {
            note(format_args!("{}", serde_json::to_string(&failure.document()).unwrap_or_default()));
        }
    }
}

/// What somebody should know of a file: in the log where one is kept, else on standard error.
pub(crate) fn warning(text: &str) {
    match tracing::dispatcher::has_been_set() {
        true => tracing::warn!("{text}"),
        false => note(format_args!("warning: {text}")),
    }
}

/// Lines on standard error. If nobody can read it, nobody can be told so either.
pub(crate) fn note(text: std::fmt::Arguments<'_>) {
    let mut stderr = io::stderr().lock();
    for line in text.to_string().lines() {
        let _ = writeln!(stderr, "{}", printable(line));
    }
}
